import Basics
import Foundation
import Interchange

/// Copies files to a folder for each cluster. Nothing is moved, and no file is replaced.
final class FileSorter {
  let folder: URL
  /// The files that were copied.
  private(set) var count = 0
  private let digits: Int
  /// By the path under its own name, the number that a copy tries first; 1 is the name without a number.
  private var untried: [URL: Int] = [:]

  /// - Parameters:
  ///   - folder: where the folders of clusters are made.
  ///   - clusters: how many there are.
  init(_ folder: URL, clusters: Int) {
    self.folder = folder
    digits = String(max(0, clusters - 1)).count
  }

  /// Copies `file` to the folder of `cluster`, under its own name or, if that is taken, under that with a number.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate` if it can't be copied.
  func copy(_ file: String, to cluster: Int) throws {
    let text = String(cluster)
    let name = "cluster-" + String(repeating: "0", count: digits - text.count) + text
    let place = folder.appendingPathComponent(name)
    let source = URL(fileURLWithPath: file).resolvingSymlinksInPath()
    let named = URL(fileURLWithPath: file)
    do {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      // A copy gets its name when it is whole. A part of one, left by a process that was killed, would pass for a file.
      let whole = AtomicFile.temporary(in: place)
      defer { try? FileManager.default.removeItem(at: whole) }
      try FileManager.default.copyItem(at: source, to: whole)
      let stem = named.deletingPathExtension().lastPathComponent
      let ending = named.pathExtension.isEmpty ? "" : "." + named.pathExtension
      let first = place.appendingPathComponent(named.lastPathComponent)
      var target = first, number = untried[first] ?? 1
      while true {
        if number > 1 { target = place.appendingPathComponent("\(stem)-\(number)\(ending)") }
        number += 1
        if try give(target, to: whole) { break }
      }
      untried[first] = number
      count += 1
    } catch {
      throw SeCuError(
        .cannotCreate, "\(file) can't be copied (\(systemReason(error)))", at: place.relativePath,
        remedy: "Name another --sort-into, or make room")
    }
  }

  /// Gives a file the name `target` in one step.
  ///
  /// - Returns: false if anything has that name: a file, a link that leads nowhere, what another program made just now.
  private func give(_ target: URL, to file: URL) throws -> Bool {
    do {
      do {
        try FileManager.default.linkItem(at: file, to: target)
      } catch let error as CocoaError where error.code != .fileWriteFileExists {
        // Not every file system has links.
        try FileManager.default.moveItem(at: file, to: target)
      }
      return true
    } catch CocoaError.fileWriteFileExists {
      return false
    }
  }
}
