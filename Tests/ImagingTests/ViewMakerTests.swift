import Basics
import Testing

@testable import Imaging

@Suite struct ViewMakerTests {
  static var everything: Augmentation {
    var recipe = Augmentation.digits
    recipe.flipProbability = 0.5
    recipe.contrast = 0.5
    recipe.background = 0.25
    return recipe
  }

  /// Small views fill one piece of work, large ones several; both must have the same bits on any number of threads.
  @Test(arguments: [2, 3, 7], [(8, 8, 1), (40, 33, 3)])
  func bitsDoNotDependOnThreads(threads: Int, shape: (Int, Int, Int)) throws {
    let set = try sampleSet(count: 30, height: shape.0, width: shape.1, channels: shape.2)
    let maker = try ViewMaker(set, recipe: Self.everything, height: shape.0 + 1)
    let ids = Array((0..<30).reversed())
    let random = try maker.random(ids)
    #expect(random.allSatisfy { $0.isFinite })
    #expect(try maker.random(ids, threads: threads) == random)
    let clean = try maker.clean(ids)
    #expect(try maker.clean(ids, threads: threads) == clean)
  }

  /// A view depends on its own place only, not on the batch that it is made in.
  @Test func viewsDoNotDependOnTheBatch() throws {
    let maker = try ViewMaker(sampleSet(count: 9, height: 6, width: 5), recipe: Self.everything)
    let size = maker.viewShape.count
    let batch = try maker.random([4, 7, 7])
    let alone = try maker.random([7])
    #expect(Array(batch[size..<2 * size]) == Array(alone[..<size]))
    #expect(Array(batch[2 * size..<3 * size]) == Array(alone[..<size]))
    #expect(Array(batch[4 * size..<5 * size]) == Array(alone[size...]))
    #expect(alone[..<size] != alone[size...])
    #expect(try maker.random([7], pass: 1) != alone)
    #expect(try maker.random([7], seed: 6) != alone)
  }

  /// Frozen values: a change of the draws, their order or the map shows here.
  @Test func viewsStayWhatTheyAre() throws {
    let view = try ViewMaker(sampleSet(count: 1, height: 2, width: 2), recipe: Self.everything).random([0])
    let frozen: [Float] = [
      0.35756728, -0.2867493, 0.2708821, 0.99263895, 0.6592521, 0.5596156, 0.36102098, 0.99979246,
    ]
    #expect(zip(view, frozen).allSatisfy { abs($0 - $1) < 1e-4 } && view.count == frozen.count, "\(view)")
  }

  @Test func nothingRandomIsTheCleanView() throws {
    var recipe = Augmentation()
    recipe.mean = [0.3, 0.4, 0.5]
    recipe.standardDeviation = [0.2, 0.3, 0.4]
    recipe.background = 0.7
    let set = try sampleSet(count: 5, height: 7, width: 4, channels: 3)
    for (height, width) in [(7, 4), (12, 3), (1, 1), (14, 8)] {
      let maker = try ViewMaker(set, recipe: recipe, height: height, width: width)
      let clean = try maker.clean([0, 1, 2, 3, 4])
      #expect(try maker.random([0, 1, 2, 3, 4]) == clean + clean)
    }
  }

  /// At the image's own size a clean view is (p/255 − mean) / deviation. Four roundings, of numbers up to 1 before and
  /// up to 5 after the division, are within 4 · 2⁻²⁴ / 0.2 of the exact value.
  @Test func cleanViewNormalises() throws {
    var recipe = Self.everything
    recipe.mean = [0.3, 0.4, 0.5]
    recipe.standardDeviation = [0.2, 0.3, 0.4]
    let set = try sampleSet(count: 3, height: 5, width: 6, channels: 3)
    let clean = try ViewMaker(set, recipe: recipe).clean([2, 0])
    let pixels = Array(set.pixels[180...]) + set.pixels[..<90]
    let expected = pixels.indices.map { (i: Int) -> Double in
      (Double(pixels[i]) / 255 - recipe.mean[i % 3]) / recipe.standardDeviation[i % 3]
    }
    #expect(zip(clean, expected).allSatisfy { abs(Double($0) - $1) < 4 * 0x1p-24 / 0.2 })
    #expect(clean.count == expected.count)
  }

  /// Enlarging by two puts samples at ¼ and ¾ between centers; the border repeats, without background.
  @Test func cleanViewEnlarges() throws {
    let shape = try ImageShape(height: 1, width: 2, channels: 1)
    let set = try ImageSet(name: "s", shape: shape, pixels: [0, 255])
    var recipe = Augmentation()
    recipe.background = 0.5
    let view = try ViewMaker(set, recipe: recipe, height: 2, width: 4).clean([0])
    #expect(zip(view, [0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1] as [Float]).allSatisfy { abs($0 - $1) <= Float(1).ulp })
  }

  @Test func wrongNumbersAndSizesAreErrors() throws {
    let set = try sampleSet(count: 3, height: 2, width: 2)
    let maker = try ViewMaker(set, recipe: .digits)
    for id in [-1, 3, .max] {
      #expect(try failure { _ = try maker.random([0, id]) }.kind == .usage)
      #expect(try failure { _ = try maker.clean([0, id]) }.kind == .usage)
    }
    #expect(try maker.random([]).isEmpty)
    #expect(try ViewMaker(set.prefix(0), recipe: .digits).clean([]).isEmpty)
    #expect(try failure { _ = try ViewMaker(set, recipe: .digits, height: 0) }.kind == .badData)
    var recipe = Augmentation()
    recipe.mean = [0, 0, 0]
    #expect(try failure { _ = try ViewMaker(set, recipe: recipe) }.place == "mean")
    // Those of the views as well.
    func refused(_ view: ViewRecipe) throws -> [String?] {
      try [(view, .clean), (.clean, view)].map { first, second in
        try failure { _ = try ViewMaker(set, recipe: .digits, first: first, second: second) }.place
      }
    }
    #expect(try refused(.random(recipe)) == ["mean", "mean"])
    var strong = StrongAugmentation()
    strong.operations = []
    #expect(try refused(.strong(strong)) == ["operations", "operations"])
  }
}
