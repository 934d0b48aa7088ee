import Basics

/// A file of a folder that gives no image, and why.
public struct SkippedFile: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable {
    /// An image that can't be read: broken, too large, of a kind that is not read, without permission.
    case unreadable
    /// Something else than an image.
    case other
  }

  /// The path as messages name it.
  public let path: String
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
