import Basics
import Foundation

/// Copies files to a folder for each cluster. Nothing is moved, and no file is replaced.
final class FileSorter {
  let folder: URL
  /// The files that were copied.
  private(set) var count = 0
  private let digits: Int

  /// - Parameters:
  ///   - folder: where the folders of clusters are made.
  ///   - clusters: how many there are.
  init(_ folder: URL, clusters: Int) {
    self.folder = folder
    digits = String(max(0, clusters - 1)).count
  }

  /// Copies `file` to the folder of `cluster`, under its own name or, if that is taken, under that with a number.
  ///
  /// - Throws: `SeCuError` of kind `cannotCreate` if it can't be copied.
  func copy(_ file: String, to cluster: Int) throws {
    let number = String(cluster)
    let name = "cluster-" + String(repeating: "0", count: digits - number.count) + number
    let place = folder.appendingPathComponent(name)
    let source = URL(fileURLWithPath: file).resolvingSymlinksInPath()
    let named = URL(fileURLWithPath: file)
    do {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      var target = place.appendingPathComponent(named.lastPathComponent), copy = 2
      while FileManager.default.fileExists(atPath: target.path) {
        let stem = named.deletingPathExtension().lastPathComponent
        let ending = named.pathExtension.isEmpty ? "" : "." + named.pathExtension
        target = place.appendingPathComponent("\(stem)-\(copy)\(ending)")
        copy += 1
      }
      do {
        try FileManager.default.copyItem(at: source, to: target)
      } catch {
        // Half a file is worse than none.
        try? FileManager.default.removeItem(at: target)
        throw error
      }
      count += 1
    } catch {
      throw SeCuError(
        .cannotCreate, "\(file) can't be copied (\(systemReason(error)))", at: place.relativePath,
        remedy: "Name another --sort-into, or make room")
    }
  }
}
