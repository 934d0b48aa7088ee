import Basics

/// The feature vectors of a set of images, each of unit length: what silhouettes, neighbours and probes look at.
public struct Features: Sendable, Equatable {
  /// n × d, row-major. A vector without any length stays zero.
  public let values: [Float]
  /// d
  public let dimension: Int

  /// n
  public var count: Int { values.count / dimension }

  /// Takes vectors that have unit length already, such as those of an encoder.
  package init(unit values: [Float], dimension: Int) {
    precondition(dimension >= 1 && values.count.isMultiple(of: dimension), "\(values.count) numbers of \(dimension)")
    self.values = values
    self.dimension = dimension
  }

  /// Scales vectors to unit length.
  ///
  /// - Parameters:
  ///   - vectors: n × d, row-major, finite.
  ///   - dimension: d, at least 1.
  /// - Throws: `SeCuError` of kind `.badData` for numbers that are no such vectors.
  public init(normalizing vectors: [Float], dimension: Int) throws {
    guard dimension >= 1, vectors.count.isMultiple(of: dimension) else {
      throw SeCuError(
        .badData, "expected vectors of \(dimension) numbers each, found \(vectors.count) numbers", at: "features",
        remedy: "Give n × d numbers for n vectors of d numbers")
    }
    if let bad = vectors.firstIndex(where: { !$0.isFinite }) {
      throw SeCuError(
        .badData, "expected finite numbers, found \(vectors[bad])", at: "features",
        position: "vector \(bad / dimension), number \(bad % dimension)",
        remedy: "Take the weights of a run that did not diverge, or leave the vector out")
    }
    self.init(unit: Self.unitLength(vectors, dimension), dimension: dimension)
  }

  /// Vectors of `dimension` numbers scaled to unit length; one without length stays zero.
  static func unitLength(_ vectors: [Float], _ dimension: Int) -> [Float] {
    var unit = vectors
    for start in stride(from: 0, to: vectors.count, by: dimension) {
      var squares = 0.0
      for i in start..<start + dimension { squares += Double(vectors[i]) * Double(vectors[i]) }
      guard squares > 0 else { continue }
      let length = squares.squareRoot()
      for i in start..<start + dimension { unit[i] = Float(Double(vectors[i]) / length) }
    }
    return unit
  }

  /// The vectors of some images, in the order of `ids`, each below `count`.
  package func subset(_ ids: [Int]) -> Features {
    var chosen: [Float] = []
    chosen.reserveCapacity(ids.count * dimension)
    for id in ids { chosen += values[id * dimension..<(id + 1) * dimension] }
    return Features(unit: chosen, dimension: dimension)
  }

  /// Calls `body` with the first number of the first vector.
  package func withPointer<Result>(_ body: (UnsafePointer<Float>) throws -> Result) rethrows -> Result {
    try values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return try withUnsafePointer(to: 0, body) }
      return try body(base)
    }
  }

  /// Throws unless there is a label of 0 or more for each vector.
  func check(_ labels: [Int], name: String) throws {
    guard labels.count == count else {
      throw SeCuError(
        .badData, "expected \(count) labels, one a vector, found \(labels.count)", at: name,
        remedy: "Give the labels of the same images, in their order")
    }
    if let wrong = labels.firstIndex(where: { $0 < 0 }) {
      throw SeCuError(
        .badData, "expected a label of 0 or more, found \(labels[wrong])", at: name, position: "vector \(wrong)",
        remedy: "Number the classes from 0")
    }
  }
}
