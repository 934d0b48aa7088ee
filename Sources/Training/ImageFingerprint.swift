import Basics
import Imaging

/// What identifies the images of a run, which can only go on with the same ones in the same order.
struct ImageFingerprint: Sendable {
  /// Their number, their shape and a checksum of all pixels: `1797 × 8×8×1, 9f3b2c01`.
  let text: String
  /// `runningChecksums()`, to tell which image is another one now. Checkpoints of older versions have none.
  let checksums: [UInt32]

  init(text: String, checksums: [UInt32]) {
    self.text = text
    self.checksums = checksums
  }

  /// Looks at every pixel.
  ///
  /// - Throws: what reading an image throws.
  init(of images: any ImageSource) throws {
    checksums = try images.runningChecksums()
    let shape = images.commonShape?.description ?? "…×\(images.channels)"
    text = "\(images.count) × \(shape), \(String(checksums.last ?? 0, radix: 16))"
  }

  /// In words for a message, in what way `images` are others than these.
  ///
  /// - Parameter now: the fingerprint of `images`.
  func difference(to images: any ImageSource, _ now: ImageFingerprint) -> String {
    let count = String(text.prefix { $0 != " " }), isAsMany = count == "\(images.count)"
    let counts = "\(count) then, \(isAsMany ? "as many" : "\(images.count)") now"
    if checksums.isEmpty { return counts + (isAsMany ? ", but not the same or in another order" : "") }
    if let first = zip(checksums, now.checksums).enumerated().first(where: { $1.0 != $1.1 })?.offset {
      return "\(counts); the first that is another one is image \(first)"
        + (images.fileNames.map { ", which now is \($0[first])" } ?? "")
    }
    return isAsMany ? "\(counts), but in another shape" : "\(counts), of which the first are the same"
  }
}
