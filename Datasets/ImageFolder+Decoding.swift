import Basics
import Foundation
import Imaging

/// Reads image files, several at a time, in bounded memory: each is decoded once, made smaller and handed on in order.
///
/// A decoder needs about four times the decoded bytes, for a progressive JPEG file in CMYK five times; the file itself is
/// there twice while it is read. Half of the memory for decoding is shared by all workers; a file that does not fit a
/// worker's share is tried again with the other half, by one worker at a time.
struct ImageDecoding: Sendable {
  /// Where the paths of files begin; nil for paths that stand for themselves.
  let root: String?
  /// The shorter side that an image keeps.
  let side: Int
  let channels: Int
  /// Bytes.
  let memory: Double
  /// The bytes of which `memory` is a share: what a message that asks for more has to name.
  private let budget: Double
  let cores: Cores

  /// - Parameters:
  ///   - root: where the paths of files begin; nil for paths that stand for themselves.
  ///   - side: the shorter side that an image keeps, 1…65,535.
  ///   - channels: 1 for grey, 3 for RGB.
  ///   - memory: bytes that decoding may take, above 0.
  ///   - budget: the bytes that were given (`--memory`), of which `memory` is a share.
  ///   - cores: decode.
  /// - Throws: `SeCuError` of kind `.usage` for a side or a number of channels that image files are not read with, or for no memory.
  init(
    root: String?, side: Int, channels: Int, memory: Double, of budget: Double, cores: Cores
  ) throws(SeCuError) {
    let sides = 1...ImageShape.largestDimension
    guard sides.contains(side) else {
      throw SeCuError(
        .usage, "expected a side of \(sides.lowerBound) to \(sides.upperBound), found \(side)", at: "side")
    }
    guard channels == 1 || channels == 3 else {
      throw SeCuError(
        .usage, "expected 1 channel (grey) or 3 (RGB), as image files are read, found \(channels)", at: "channels",
        remedy: "Images of \(channels) channels are read from arrays, such as numpy's .npy files")
    }
    guard memory > 0 else {
      throw SeCuError(.usage, "expected a number of bytes above 0, found \(budget)", at: "memory")
    }
    (self.root, self.side, self.channels, self.cores) = (root, side, channels, cores)
    (self.memory, self.budget) = (memory, budget)
  }

  /// Files that are decoded before any is handed on.
  private static let perRound = 64
  /// The bytes that a decoder needs for each that it makes: usually, and at most.
  private static let perDecodedByte = 4.0, mostPerDecodedByte = 5.0

  private func limits(_ share: Double) -> DecodingLimits {
    let bytes = Int(min(Double(DecodingLimits().mostBytes), max(65_536, share / Self.perDecodedByte)))
    var limits = DecodingLimits(mostPixels: min(DecodingLimits().mostPixels, bytes / 3), mostBytes: bytes)
    limits.memoryPerByte = Self.perDecodedByte * budget / share
    return limits
  }

  /// An image that was decoded and made smaller, and what it was before that.
  struct Kept: Sendable {
    let image: Image
    let decodedBytes: Int
  }

  private func keep(_ decoded: DecodedImage, _ shrinker: ImageShrinker) throws -> Kept {
    Kept(
      image: try shrinker.shrink(decoded.image(channels: channels), shorterSide: side),
      decodedBytes: decoded.pixels.count)
  }

  /// The most memory for decoding images of these sizes at the same time.
  ///
  /// - Parameter sizes: decoded bytes of each.
  func bytes(for sizes: [Int]) -> Double { sizes.reduce(0) { $0 + Self.mostPerDecodedByte * Double($1) } }

  /// Calls `body` with each file's place and its image, or why there is none, in the order of `files`.
  ///
  /// - Throws: what `body` throws.
  func each(_ files: [FolderScan.File], _ body: (Int, Result<Kept, any Error>) throws -> Void) throws {
    try each(files, making: keep, body)
  }

  /// Calls `body` with each file's place and what `make` makes of its image, or why there is none, in the order of `files`.
  ///
  /// - Parameters:
  ///   - files: to be decoded.
  ///   - make: runs concurrently with itself; no other call has its shrinker.
  /// - Throws: what `body` throws.
  func each<Value: Sendable>(
    _ files: [FolderScan.File], making make: (DecodedImage, ImageShrinker) throws -> Value,
    _ body: (Int, Result<Value, any Error>) throws -> Void
  ) throws {
    let shared = limits(memory / 2 / Double(cores.threads)), alone = limits(memory / 2)
    let shrinkers = try (0..<cores.threads).map { _ in try ImageShrinker() }
    for first in stride(from: 0, to: files.count, by: Self.perRound) {
      let round = first..<min(files.count, first + Self.perRound)
      let results = Results<Result<Value, any Error>>(round.count)
      cores.run(round.count) { task, worker in
        let file = files[first + task]
        results[task] = Result {
          do {
            return try make(decode(file, shared), shrinkers[worker])
          } catch let error as SeCuError where error.kind == .tooLarge {
            return try Self.turn.withLock { try make(decode(file, alone), shrinkers[worker]) }
          }
        }
      }
      for (task, result) in results.values.enumerated() {
        if let result { try body(first + task, result) }
      }
    }
  }

  /// The image of one file, as `each` gives it: for one now and then, since others wait meanwhile.
  func image(_ file: FolderScan.File) throws -> Image {
    try Self.turn.withLock { try keep(decode(file, limits(memory / 2)), ImageShrinker()).image }
  }

  /// Lets one worker at a time have the half of the memory that is not shared.
  private static let turn = NSLock()

  private func decode(_ file: FolderScan.File, _ limits: DecodingLimits) throws -> DecodedImage {
    try limits.check(fileSize: file.size, name: file.path)
    let whole = root.map { Path.join($0, file.path) } ?? file.path
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: whole)))
    } catch {
      throw SeCuError.unreadable(error, at: file.path)
    }
    return try ImageFile.decode(bytes, name: file.path, limits: limits)
  }
}
