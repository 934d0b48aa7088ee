import Basics
import Foundation
import Kernels
import Testing

@testable import Imaging

@Suite struct StrongAugmentationTests {
  /// A recipe of these operations alone.
  private func recipe(
    _ operations: [StrongAugmentation.Operation], count: Int = 1, flip: Double = 0, cutout: Int = 0
  ) -> StrongAugmentation {
    var recipe = StrongAugmentation()
    (recipe.operations, recipe.count, recipe.flipProbability, recipe.cutout) = (operations, count, flip, cutout)
    return recipe
  }

  /// The first view is the clean one and the second a strong one of the same image.
  @Test func eachViewHasItsRecipe() throws {
    let set = try sampleSet(count: 6, height: 11, width: 11, channels: 3)
    let maker = try ViewMaker(set, recipe: .cifar10, first: .clean, second: .strong(.cifar))
    let ids = [5, 0, 3], views = try maker.random(ids), half = views.count / 2
    let clean = try maker.clean(ids)
    #expect(Array(views[..<half]) == clean)
    #expect(Array(views[half...]) != clean)
    let neutral = try ViewMaker(set, recipe: .cifar10, first: .strong(recipe([], count: 0)), second: .clean)
    #expect(try neutral.random(ids) == clean + clean)
    let flipped = try ViewMaker(set, recipe: .cifar10, first: .strong(recipe([.identity], flip: 1)), second: .clean)
    let pixel = Array(try flipped.random([5])[..<3])
    #expect(pixel == Array(clean[30..<33]))
  }

  /// Frozen values: runs have the same views from one version to the next.
  @Test func parametersStayWhatTheyAre() {
    var stream = RandomStream(seed: 3, purpose: .augmentation, 0, 15)
    #expect(
      StrongParameters(.cifar, drawing: &stream)
        == StrongParameters(
          isFlipped: false, place: SIMD2(0.3339734, 0.047397316), holePlace: SIMD2(0.49361408, 0.6620501),
          holeRadius: 1))
  }

  /// Each operation, in colour and in grey, from one pixel up: it is the same on all instruction sets and changes images. A third
  /// of shifts and shears of images this small round to nothing.
  @Test(arguments: StrongAugmentation.Operation.allCases)
  func operationsWork(operation: StrongAugmentation.Operation) throws {
    for (height, width, channels) in [(1, 1, 3), (20, 17, 3), (19, 16, 1)] {
      var plain = Augmentation()
      plain.geometry = .resizedCrop
      let set = try sampleSet(count: 10, height: height, width: width, channels: channels)
      func views(_ instructionSet: InstructionSet) throws -> [Float] {
        try ViewMaker(
          set, recipe: plain, first: .strong(recipe([operation])), second: .clean,
          kernels: instructionSet.microkernels
        ).random(Array(0..<10))
      }
      let portable = try views(.portable), half = portable.count / 2
      for instructionSet in InstructionSet.available { #expect(try views(instructionSet) == portable) }
      let size = height * width * channels
      let changed = (0..<10).count { id in
        portable[id * size..<(id + 1) * size] != portable[half + id * size..<half + (id + 1) * size]
      }
      // Random pixels fill 0…255 nearly, so that autocontrast may find nothing to do.
      let changesNothing = operation == .identity || operation == .colour && channels == 1
      if height > 1 { #expect(changesNothing ? changed == 0 : operation == .autocontrast || changed >= 3) }
    }
  }

  /// What shows an operation's strength in a view of a ramp, 0…255 in 16 rows of 16, and the range that it is uniform in.
  private static let strengths: [(StrongAugmentation.Operation, ClosedRange<Double>, @Sendable ([Int]) -> Double)] = [
    // 2ⁿ values remain of n bits: n = 4…7.
    (.posterise, 4...7, { log2(Double(Set($0).count)) }),
    // The share of values that are inverted.
    (.solarise, 0...1, { view in Double(view.indices.count { view[$0] != $0 }) / 256 }),
    // Black stays black, and the brightest value tells the factor.
    (.brightness, 0.05...0.95, { Double($0[255]) / 255 }),
    // What is left of the range.
    (.contrast, 0.05...0.95, { Double($0[255] - $0[0]) / 255 }),
  ]

  @Test(arguments: strengths.indices) func strengthsFillTheirRange(index: Int) throws {
    let (operation, range, strength) = Self.strengths[index]
    let shape = try ImageShape(height: 16, width: 16, channels: 1)
    let set = try ImageSet(
      name: "ramps", shape: shape, pixels: (0..<300).flatMap { _ in (0..<256).map { UInt8($0) } })
    var plain = Augmentation()
    plain.geometry = .resizedCrop
    let maker = try ViewMaker(set, recipe: plain, first: .strong(recipe([operation])), second: .clean)
    let views = try maker.random(Array(0..<300))
    let found = (0..<300).map { id in strength(views[id * 256..<(id + 1) * 256].map { Int(($0 * 255).rounded()) }) }
    // A value is off by a half at most, and the outermost 3 % of a range are missed by 300 draws once in 10,000 times.
    let rounding = 0.5 / 255, margin = 0.03 * (range.upperBound - range.lowerBound)
    let (least, most) = (try #require(found.min()), try #require(found.max()))
    #expect(range.lowerBound - rounding <= least && least <= range.lowerBound + margin)
    #expect(range.upperBound - margin <= most && most <= range.upperBound + rounding)
  }

  /// The views of 300 images of one pattern, each with one operation.
  private func views(
    _ operation: StrongAugmentation.Operation, _ height: Int, _ width: Int, _ pixels: [UInt8]
  ) throws -> [[Int]] {
    let shape = try ImageShape(height: height, width: width, channels: pixels.count / (height * width))
    let set = try ImageSet(name: "patterns", shape: shape, pixels: (0..<300).flatMap { _ in pixels })
    var plain = Augmentation()
    plain.geometry = .resizedCrop
    let views = try ViewMaker(set, recipe: plain, first: .strong(recipe([operation])), second: .clean)
      .random(Array(0..<300))
    return (0..<300).map { id in
      views[id * pixels.count..<(id + 1) * pixels.count].map { Int(($0 * 255).rounded()) }
    }
  }

  /// Red of 255 has the grey level 76; a white pixel on black is 98 where it is smoothed.
  @Test func strengthsOfColourAndSharpness() throws {
    let colour = try views(.colour, 1, 1, [255, 0, 0]).map { Double($0[0] - $0[1]) / 255 }
    let sharpness = try views(.sharpness, 3, 3, [0, 0, 0, 0, 255, 0, 0, 0, 0]).map { Double($0[4] - 98) / 157 }
    for found in [colour, sharpness] {
      // Values are rounded down, and 300 draws miss the outermost 3 % of a range once in 10,000 times.
      let (least, most) = (try #require(found.min()), try #require(found.max()))
      #expect(0.05 - 0.01 <= least && least <= 0.05 + 0.03)
      #expect(0.95 - 0.03 <= most && most <= 0.95 + 0.01)
    }
  }

  /// How much of a white image comes from outside tells how far a map went: nearly as far as it may, and no farther.
  @Test(arguments: [.rotate, .shearX, .shearY, .translateX, .translateY] as [StrongAugmentation.Operation])
  func mapsGoAsFarAsTheyMay(operation: StrongAugmentation.Operation) throws {
    let (height, width) = (80, 60)
    func black(_ view: [Int]) -> Int { view.count { $0 == 0 } }
    /// The pixels from outside at a share of the largest strength.
    func expected(_ share: Double) throws -> Int {
      let map: OperationCase =
        switch operation {
        case .rotate: .rotate(30 * share)
        case .shearX: .shearX(0.1 * share)
        case .shearY: .shearY(0.1 * share)
        case .translateX: .translate(x: 0.1 * Double(width) * share, y: 0)
        default: .translate(x: 0, y: 0.1 * Double(height) * share)
        }
      let white = try ImagingReference.image(height, width, 1) { _, _, _ in 255 }
      return black(try map.fast(white, .portable).pixels.map { Int($0) })
    }
    let found = try views(operation, height, width, [UInt8](repeating: 255, count: height * width)).map(black)
    // Both ends of the range reach as far, so that 300 draws miss the outermost 3 % of each once in 10⁸ times.
    let most = try #require(found.max())
    #expect(try expected(0.94) <= most && most <= expected(1))
    #expect(try #require(found.min()) <= expected(0.06))
  }

  /// On an image of ones, what is 0 is the hole: a square of at most 16 pixels, cut at the edges.
  @Test func holesAreSquares() throws {
    let shape = try ImageShape(height: 40, width: 30, channels: 1)
    let set = try ImageSet(name: "white", shape: shape, pixels: [UInt8](repeating: 255, count: 500 * shape.count))
    var plain = Augmentation()
    plain.geometry = .resizedCrop
    let maker = try ViewMaker(set, recipe: plain, first: .strong(recipe([], count: 0, cutout: 16)), second: .clean)
    let views = try maker.random(Array(0..<500))
    var sides: Set<Int> = [], touchesEdge = 0
    for id in 0..<500 {
      let view = views[id * shape.count..<(id + 1) * shape.count]
      let places = view.indices.filter { view[$0] == 0 }.map { $0 - view.startIndex }
      let rows = Set(places.map { $0 / 30 }), columns = Set(places.map { $0 % 30 })
      #expect(places.count == rows.count * columns.count && rows.count <= 16 && columns.count <= 16)
      let isCut = rows.contains(0) || rows.contains(39) || columns.contains(0) || columns.contains(29)
      if isCut { touchesEdge += 1 } else { #expect(rows.count == columns.count) }
      if !isCut { sides.insert(rows.count) }
    }
    #expect(sides == [0, 2, 4, 6, 8, 10, 12, 14, 16])
    #expect(touchesEdge > 50)
  }

  /// A view of 8 pixels lies anywhere in an image of 10, at the last place too. A pixel is the number of its place.
  @Test func viewsLieAnywhere() throws {
    let shape = try ImageShape(height: 10, width: 10, channels: 1)
    let set = try ImageSet(
      name: "places", shape: shape, pixels: (0..<200).flatMap { _ in (0..<100).map { UInt8($0) } })
    var plain = Augmentation()
    (plain.geometry, plain.cleanCrop) = (.resizedCrop, 0.8)
    let maker = try ViewMaker(
      set, recipe: plain, first: .strong(recipe([], count: 0)), second: .clean, height: 8, width: 8)
    let views = try maker.random(Array(0..<200))
    let corners = Set((0..<200).map { Int((views[$0 * 64] * 255).rounded()) })
    #expect(corners == [0, 1, 2, 10, 11, 12, 20, 21, 22])
  }

  @Test func recipesSurviveJSON() throws {
    let chosen = recipe([.rotate, .equalise], count: 2, flip: 0.25, cutout: 8)
    for recipe in [StrongAugmentation(), .stl10, chosen] {
      #expect(try JSONDecoder().decode(StrongAugmentation.self, from: JSONEncoder().encode(recipe)) == recipe)
    }
    let json = Data(#"{"operations": ["rotate", "equalise"], "count": 2, "flipProbability": 0.25, "cutout": 8}"#.utf8)
    #expect(try JSONDecoder().decode(StrongAugmentation.self, from: json) == chosen)
  }

  @Test(arguments: [
    (#"{"operation": []}"#, "operation", "operations"), (#"{"operations": ["spin"]}"#, "operations", "'spin'"),
    (#"{"operations": []}"#, "operations", "Set count to 0"), (#"{"count": 17}"#, "count", "found 17"),
    (#"{"count": 1.5}"#, "count", "a whole number"), (#"{"cutout": -1}"#, "cutout", "found -1"),
    (#"{"flipProbability": 2}"#, "flipProbability", "found 2"),
  ])
  func decodingNamesTheField(json: String, field: String, hint: String) throws {
    let error = try failure { _ = try JSONDecoder().decode(StrongAugmentation.self, from: Data(json.utf8)) }
    #expect(error.kind == .badData && error.place == field)
    #expect(error.description.contains(hint))
  }
}
