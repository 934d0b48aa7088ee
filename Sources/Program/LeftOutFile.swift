import Datasets
import Imaging

/// A file of a folder that gave no image, in `--json`.
struct LeftOutFile: Encodable {
  var file: String
  /// `unreadable` for an image that can't be read, `other` for what is no image.
  var kind: String
  var reason: String

  init(_ skipped: SkippedFile) {
    (file, kind, reason) = (skipped.path, skipped.kind.rawValue, skipped.reason)
  }

  /// Those of a folder of images; other data has none.
  static func all(of images: any ImageSource) -> [LeftOutFile] {
    (images as? ImageFolder)?.skipped.map(LeftOutFile.init) ?? []
  }
}
