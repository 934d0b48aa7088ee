import Basics
import Imaging
import Testing

/// Images of pseudo-random values.
func sampleSet(count: Int, height: Int, width: Int, channels: Int = 1) throws -> ImageSet {
  var stream = RandomStream(seed: 1, purpose: .benchmark)
  let pixels = (0..<count * height * width * channels).map { _ in UInt8(truncatingIfNeeded: stream.nextWord()) }
  return try ImageSet(
    name: "sample", shape: ImageShape(height: height, width: width, channels: channels), pixels: pixels)
}

/// Runs `body` on a buffer of `count` NaNs, so that what is not written shows, and returns its contents.
func floats(_ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Void) throws -> [Float] {
  var values = [Float](repeating: .nan, count: count)
  try values.withUnsafeMutableBufferPointer { try body(try #require($0.baseAddress)) }
  return values
}

extension ViewMaker {
  func clean(_ ids: [Int], threads: Int = 1) throws -> [Float] {
    try floats(ids.count * viewShape.count) { try cleanViews(of: ids, cores: Cores(threads: threads), into: $0) }
  }

  func random(_ ids: [Int], seed: UInt64 = 5, pass: Int = 0, threads: Int = 1) throws -> [Float] {
    try floats(2 * ids.count * viewShape.count) {
      try views(of: ids, seed: seed, pass: pass, cores: Cores(threads: threads), into: $0)
    }
  }
}

/// The kind of a decoder's refusal that says `problem`: an image above a limit is too large, all else is bad data.
func refusalKind(_ problem: String) -> SeCuError.Kind {
  problem.contains("expected an image of at most") ? .tooLarge : .badData
}

/// The problem and place of the `SeCuError` that `body` throws.
func failure(_ body: () throws -> Void) throws -> SeCuError {
  try #require(throws: SeCuError.self) { try body() }
}
