import Basics
import Kernels
import Testing

@testable import Clustering

@Suite struct NearestNeighborsTests {
  /// The numbers that were told right by scikit-learn 1.9.1, KNeighborsClassifier(metric="cosine", weights=exp((1 − distance)/0.07)):
  /// 30 by 60 others, and 90 by all others. Votes differ by 1 % or more, far above the rounding.
  @Test(arguments: [(1, 23, 63), (5, 23, 66), (20, 23, 66)])
  func `as many are told as by scikit-learn`(k: Int, byReference: Int, leaveOneOut: Int) throws {
    let features = try gridFeatures(90, 6), classes = gridClasses(features), neighbors = NearestNeighbors(neighbors: k)
    for instructionSet in InstructionSet.available {
      let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 2))
      let told = try neighbors.accuracy(
        features.subset(Array(60..<90)), labels: Array(classes[60...]), reference: features.subset(Array(0..<60)),
        referenceLabels: Array(classes[..<60]), on: engine)
      #expect(told == Double(byReference) / 30)
      #expect(try neighbors.accuracy(features, labels: classes, on: engine) == Double(leaveOneOut) / 90)
    }
  }

  /// Similarities 1, 0.8, 0.8 and 0.6 to the query (1, 0): e^(s/t) decides between one near and several far ones.
  @Test func `votes are weighed by temperature and ties go to the lower class`() throws {
    let reference = try Features(normalizing: [1, 0, 4, 3, 4, -3, 3, 4], dimension: 2)
    let query = try Features(normalizing: [1, 0], dimension: 2), engine = makeEngine()
    func told(_ k: Int, _ t: Float, _ classes: [Int]) throws -> [Int] {
      try (0..<10).filter {
        try NearestNeighbors(neighbors: k, temperature: t).accuracy(
          query, labels: [$0], reference: reference, referenceLabels: classes, on: engine) == 1
      }
    }
    // e^(1/0.07) against 2·e^(0.8/0.07): e^2.86 = 17 is more than 2; at t = 1, e^0.2 = 1.2 is not.
    #expect(try told(3, 0.07, [5, 2, 2, 2]) == [5])
    #expect(try told(3, 1, [5, 2, 2, 2]) == [2])
    #expect(try told(1, 1, [5, 2, 2, 2]) == [5])
    // At t = 0.001 the nearest decides alone.
    #expect(try told(2, 0.001, [7, 3, 4, 4]) == [7])
    // Of two votes that are equal, the lower class wins.
    #expect(
      try NearestNeighbors(neighbors: 2).accuracy(
        try Features(normalizing: [0, 1], dimension: 2), labels: [3],
        reference: try Features(normalizing: [1, 0, -1, 0, 1, 0], dimension: 2), referenceLabels: [4, 3, 3], on: engine)
        == 1)
    // Of the two at 0.8, the first stays when nearer ones come after them.
    let later = try Features(normalizing: [4, 3, 4, -3, 1, 0, 12, 5], dimension: 2)
    #expect(
      try NearestNeighbors(neighbors: 3, temperature: 1).accuracy(
        query, labels: [2], reference: later, referenceLabels: [2, 9, 9, 2], on: engine) == 1)
    // More neighbours than there are images: all of them.
    #expect(try told(100, 1000, [5, 2, 2, 1]) == [2])
  }

  @Test func `an image is not its own neighbour`() throws {
    let engine = makeEngine()
    let pair = try Features(normalizing: [1, 0, 0, 1], dimension: 2)
    #expect(try NearestNeighbors().accuracy(pair, labels: [0, 1], on: engine) == 0)
    #expect(try NearestNeighbors().accuracy(pair, labels: [1, 1], on: engine) == 1)
    #expect(try NearestNeighbors().accuracy(pair.subset([0]), labels: [1], on: engine) == nil)
    let (features, labels) = try bunches([[1, 0, 0], [0, 1, 0], [0, 0, 1]], count: 25, spread: 0.05, seed: 2)
    #expect(try NearestNeighbors().accuracy(features, labels: labels, on: engine) == 1)
  }

  @Test func `properties out of range are refused`() throws {
    let engine = makeEngine(), pair = try Features(normalizing: [1, 0, 0, 1], dimension: 2)
    for wrong in [
      NearestNeighbors(neighbors: 0), .init(neighbors: -1), .init(temperature: 0), .init(temperature: .nan),
    ] {
      let error = #expect(throws: SeCuError.self) { try wrong.accuracy(pair, labels: [0, 1], on: engine) }
      #expect(error?.kind == .usage)
    }
    // Labels are counted before anything is made of them.
    let few = #expect(throws: SeCuError.self) { try FeatureScores(pair.subset([0]), labels: [0, 1, 1], on: engine) }
    #expect(few?.kind == .badData)
  }

  /// More images than one block of rows holds: 2²² similarities are 2,048 rows of 2,048.
  @Test func `threads and blocks change nothing`() throws {
    let (features, labels) = try bunches([[1, 0, 0, 0], [0, 1, 0, 0]], count: 1100, spread: 0.8, seed: 3)
    let one = try #require(try NearestNeighbors().accuracy(features, labels: labels, on: makeEngine()))
    #expect(one > 0.6 && one < 0.99)
    #expect(try NearestNeighbors().accuracy(features, labels: labels, on: makeEngine(threads: 3)) == one)
    // Two equal images of two classes: behind the first block, too, each sees the other and not itself.
    let pairs = features.subset((0..<2200).map { $0 / 2 })
    let mixed = (0..<2200).map { $0 % 2 }
    #expect(try NearestNeighbors(neighbors: 1).accuracy(pairs, labels: mixed, on: makeEngine()) == 0)
    let firstHalf = Array(0..<2200).filter { $0 % 2 == 0 }
    let half = try NearestNeighbors().accuracy(
      features.subset(firstHalf), labels: firstHalf.map { labels[$0] }, reference: features.subset([3]),
      referenceLabels: [0], on: makeEngine())
    #expect(half == 0.5)
  }

  @Test func `what does not fit is refused`() throws {
    let features = try gridFeatures(4, 3), engine = makeEngine()
    #expect(throws: SeCuError.self) { try NearestNeighbors().accuracy(features, labels: [0, 1], on: engine) }
    let negative = #expect(throws: SeCuError.self) {
      try NearestNeighbors().accuracy(features, labels: [0, 1, -1, 0], on: engine)
    }
    #expect(negative?.position == "vector 2")
    let other = try gridFeatures(4, 2)
    let error = #expect(throws: SeCuError.self) {
      try NearestNeighbors().accuracy(
        features, labels: [0, 0, 1, 1], reference: other, referenceLabels: [0, 0, 1, 1], on: engine)
    }
    #expect(error?.problem == "expected reference features of 3 numbers, found 2")
  }
}
