import Basics
import Foundation

/// A kind of image file, recognised by its first bytes. The file's name plays no part.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"
  case pnm = "PNM"
  case bmp = "BMP"
  case gif = "GIF"
  case webp = "WebP"
  case tiff = "TIFF"
  case heif = "HEIF"

  /// Whether `ImageFile.decode` reads this kind. The others are recognised so that a message can say what a file is.
  public var isReadable: Bool {
    switch self {
    case .png, .jpeg, .pnm, .bmp: true
    case .gif, .webp, .tiff, .heif: false
    }
  }

  /// The kind of the file at `path`; nil for no known one, and for what can't be read or is no plain file, such as a pipe, which would be waited
  /// for.
  package static func ofFile(at path: String) -> ImageFormat? {
    guard (try? FileStatus(at: path))?.kind == .plain, let handle = FileHandle(forReadingAtPath: path) else {
      return nil
    }
    defer { handle.closeOnce() }
    return ((try? handle.read(upToCount: 12)) ?? nil).flatMap { detect($0) }
  }

  /// The kind of file that begins with `bytes`, or nil for no known one. The first 12 bytes are enough.
  public static func detect(_ bytes: some Collection<UInt8>) -> ImageFormat? {
    let head = Array(bytes.prefix(12))
    func begins(_ signature: UInt8...) -> Bool { head.starts(with: signature) }
    func begins(_ text: String, at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: text.utf8) }

    // One wrong byte is taken for a damaged PNG file, so that the message can say so.
    if zip(head, [0x89, 0x50, 0x4E, 0x47] as [UInt8]).count(where: ==) >= 3 { return .png }
    if begins(0xFF, 0xD8, 0xFF) { return .jpeg }
    if begins("BM") { return .bmp }
    if ["P1", "P2", "P3", "P4", "P5", "P6"].contains(where: { begins($0) }), head.count > 2,
      head[2] == UInt8(ascii: "#") || PNMDecoder.isSpace(head[2])
    {
      return .pnm
    }
    if begins("GIF8") { return .gif }
    if begins("RIFF"), begins("WEBP", at: 8) { return .webp }
    if begins(0x49, 0x49, 0x2A, 0) || begins(0x4D, 0x4D, 0, 0x2A) { return .tiff }
    if begins("ftyp", at: 4), ["hei", "hev", "mif", "msf", "avi"].contains(where: { begins($0, at: 8) }) {
      return .heif
    }
    return nil
  }
}
