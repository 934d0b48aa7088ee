import Basics
import Foundation
import Imaging

/// Reads image files, several at a time, in bounded memory: each is decoded once, made smaller and handed on in order.
///
/// A decoder needs about four times the decoded bytes. Half of the memory for decoding is shared by all workers; a file that
/// does not fit a worker's share is tried again with the other half, by one worker at a time.
struct ImageDecoding: Sendable {
  /// Where the paths of files begin; nil for paths that stand for themselves.
  let root: String?
  /// The shorter side that an image keeps.
  let side: Int
  let channels: Int
  /// Bytes.
  let memory: Double
  let cores: Cores

  /// Files that are decoded before any is handed on.
  private static let perRound = 64

  private func limits(_ share: Double) -> DecodingLimits {
    let bytes = Int(min(Double(DecodingLimits().mostBytes), max(65_536, share / 4)))
    return DecodingLimits(mostPixels: min(DecodingLimits().mostPixels, bytes / 3), mostBytes: bytes)
  }

  /// Calls `body` with each file's place and its image, or why there is none, in the order of `files`.
  ///
  /// - Throws: what `body` throws.
  func each(_ files: [FolderScan.File], _ body: (Int, Result<Image, any Error>) throws -> Void) throws {
    let shared = limits(memory / 2 / Double(cores.threads)), alone = limits(memory / 2)
    let shrinkers = try (0..<cores.threads).map { _ in try ImageShrinker() }
    let turn = NSLock()
    for first in stride(from: 0, to: files.count, by: Self.perRound) {
      let round = first..<min(files.count, first + Self.perRound)
      let results = Results<Result<Image, any Error>>(round.count)
      cores.run(round.count) { task, worker in
        let file = files[first + task]
        results[task] = Result {
          do {
            return try decode(file, shared, shrinkers[worker])
          } catch let error as SeCuError where error.kind == .tooLarge {
            return try turn.withLock { try decodeAlone(file, alone, shrinkers[worker]) }
          }
        }
      }
      for (task, result) in results.values.enumerated() {
        if let result { try body(first + task, result) }
      }
    }
  }

  /// The last try: what is too large now, and would not be with more memory, is told so.
  private func decodeAlone(
    _ file: FolderScan.File, _ limits: DecodingLimits, _ shrinker: ImageShrinker
  ) throws -> Image {
    do {
      return try decode(file, limits, shrinker)
    } catch var error as SeCuError where error.kind == .tooLarge && limits != DecodingLimits() {
      error.problem += ", for which there is not enough --memory"
      throw error
    }
  }

  private func decode(_ file: FolderScan.File, _ limits: DecodingLimits, _ shrinker: ImageShrinker) throws -> Image {
    try limits.check(fileSize: file.size, name: file.path)
    let whole = root.map { FolderScan.join($0, file.path) } ?? file.path
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: whole)))
    } catch {
      throw SeCuError.unreadable(error, at: file.path)
    }
    let image = try ImageFile.decode(bytes, name: file.path, limits: limits).image(channels: channels)
    return try shrinker.shrink(image, shorterSide: side)
  }
}
