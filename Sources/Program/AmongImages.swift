import Basics
import Foundation

extension SeCuError {
  /// What is to be written would lie in a folder of images, where the next look would find it among them.
  static func amongImages(_ thing: String, of folder: String, at option: String, remedy: String) -> SeCuError {
    SeCuError(
      .usage, "\(thing) would lie in \(folder), and be among its images the next time", at: option, remedy: remedy)
  }
}

extension URL {
  /// The components of a file's path without links, also where its end is not there yet.
  var componentsWithoutLinks: [String] {
    var there = standardizedFileURL, rest: [String] = []
    while !FileManager.default.fileExists(atPath: there.path), there.pathComponents.count > 1 {
      rest.insert(there.lastPathComponent, at: 0)
      there.deleteLastPathComponent()
    }
    return there.resolvingSymlinksInPath().pathComponents + rest
  }
}
