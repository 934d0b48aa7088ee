import Basics

/// A file of a folder that gives no image, and why.
public struct SkippedFile: Sendable, Equatable, Codable {
  /// Whether the file was to be an image.
  public enum Kind: String, Sendable, Codable {
    /// An image that can't be read: broken, too large, of a kind that is not read, without permission.
    case unreadable
    /// Something else than an image.
    case other
  }

  /// The path as messages name it.
  public let path: String
  /// Whether it was to be an image.
  public let kind: Kind
  /// Such as `expected a chunk's length (4 bytes), found the end of the file after 2`.
  public let reason: String

  init(_ path: String, _ kind: Kind, _ reason: String) {
    (self.path, self.kind, self.reason) = (path, kind, reason)
  }

  /// An image that `error` kept from being read.
  init(_ path: String, _ error: any Error) {
    let known = error as? SeCuError
    let position = known?.position.map { "\($0): " } ?? ""
    self.init(path, .unreadable, known.map { position + $0.problem } ?? systemReason(error))
  }
}

extension SkippedFile {
  /// In the order of their paths.
  static func sorted(_ files: [SkippedFile]) -> [SkippedFile] {
    files.sorted { FolderScan.precedes($0.path, $1.path) }
  }

  /// The error that this file is where none may be left out.
  package var refusal: SeCuError {
    SeCuError(.badData, reason, at: path, remedy: "Repair or remove it, or leave --strict out")
  }

  /// The error where no file gave an image.
  ///
  /// - Parameters:
  ///   - path: where images were looked for.
  ///   - skipped: what was found there.
  package static func noImage(at path: String, _ skipped: [SkippedFile]) -> SeCuError {
    let unreadable = skipped.filter { $0.kind == .unreadable }
    let found =
      unreadable.first.map { "none that can be read; the first of \(unreadable.count) is \($0.path): \($0.reason)" }
      ?? (skipped.isEmpty ? "nothing" : "\(skipped.count) other files")
    return SeCuError(
      .badData, "expected images (PNG, JPEG, PNM or BMP files), found \(found)", at: path,
      remedy: unreadable.isEmpty ? "Name a folder of images" : "Repair them, or name a folder of images")
  }
}
