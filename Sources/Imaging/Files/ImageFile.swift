import Basics

/// Reading image files of any kind that is known.
public enum ImageFile {
  /// Decodes a file. Its first bytes say its kind; its name plays no part.
  ///
  /// A JPEG image is turned as its Exif data say, as viewers show it and OpenCV reads it. Pillow and torchvision's loaders leave it as it is
  /// stored unless asked (`ImageOps.exif_transpose`): to see the pixels that they see, say `applyingOrientation: false`. Orientations in PNG
  /// files are ignored, as by all of these.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what messages call the file.
  ///   - limits: how large the image may be.
  ///   - applyingOrientation: whether to turn a JPEG image as its Exif data say.
  /// - Throws: `SeCuError` of kind `.badData`, with the byte at fault, for a file that is damaged or of a kind that is not read, or has a side
  ///   above 65,535; of kind `.tooLarge` for an image above a limit.
  public static func decode(
    _ bytes: [UInt8], name: String, limits: DecodingLimits = DecodingLimits(), applyingOrientation: Bool = true
  ) throws(SeCuError) -> DecodedImage {
    switch ImageFormat.detect(bytes) {
    case .png: return try PNGDecoder.decode(bytes, name: name, limits: limits)
    case .jpeg:
      return try JPEGDecoder.decode(bytes, name: name, limits: limits, applyingOrientation: applyingOrientation)
    case .pnm: return try PNMDecoder.decode(bytes, name: name, limits: limits)
    case .bmp: return try BMPDecoder.decode(bytes, name: name, limits: limits)
    case let format?:
      throw unreadable("expected \(readable), found \(format.rawValue)", name, remedy: "Convert it to PNG")
    case nil where bytes.isEmpty:
      throw unreadable("expected \(readable), found an empty file", name, remedy: "Copy it again, or leave it out")
    case nil:
      let found = bytes.prefix(8).map { hex($0) }.joined(separator: " ")
      throw unreadable("expected \(readable), found the bytes \(found)", name, remedy: "Leave it out")
    }
  }

  private static var readable: String {
    let names = ImageFormat.allCases.filter(\.isReadable).map(\.rawValue)
    return "an image file (\(names.joined(separator: ", ")))"
  }

  private static func unreadable(_ problem: String, _ name: String, remedy: String) -> SeCuError {
    SeCuError(.badData, problem, at: name, position: "byte 0", remedy: remedy)
  }
}
