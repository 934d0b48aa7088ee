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

  /// Makes the folder if it isn't there.
  ///
  /// - Parameters:
  ///   - folder: where the folders of clusters are made.
  ///   - clusters: how many there are.
  ///   - inputs: the folders whose images are sorted.
  /// - Throws: `SeCuError` of kind `.usage` if copies would lie in one of `inputs`, where the next look would find them among the
  ///   images; of kind `.cannotCreate` or `.inputOutput` if the folder can't be made.
  init(_ folder: URL, clusters: Int, inputs: [String] = []) throws {
    self.folder = folder
    digits = String(max(0, clusters - 1)).count
    let place = folder.componentsWithoutLinks
    for input in inputs {
      let above = URL(fileURLWithPath: input).componentsWithoutLinks
      let isCluster = above.dropLast() == place[...] && (0..<clusters).contains { name(of: $0) == above.last }
      guard isCluster || place.starts(with: above) else { continue }
      throw SeCuError.amongImages("copies", of: input, at: "--sort-into", remedy: "Name a folder outside")
    }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw Self.failure("the folder can't be made", error, at: folder)
    }
  }

  private func name(of cluster: Int) -> String {
    let text = String(cluster)
    return "cluster-" + String(repeating: "0", count: digits - text.count) + text
  }

  private static func failure(_ problem: String, _ error: any Error, at place: URL) -> SeCuError {
    let isFull = systemCode(error).map { [ENOSPC, EFBIG, EIO].contains($0) } ?? false
    return SeCuError(
      isFull ? .inputOutput : .cannotCreate, "\(problem) (\(systemReason(error)))", at: place.relativePath,
      remedy: isFull
        ? "Make sure that the disk works and has space left" : "Name another --sort-into, or see to what is in the way")
  }

  /// Copies `file` to the folder of `cluster`, under its own name or, if that is taken, under that with a number.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate` if it can't be copied, `.inputOutput` where the disk is full; as `unreadable` where `file` is
  ///   gone or can't be read.
  func copy(_ file: String, to cluster: Int) throws {
    let place = folder.appendingPathComponent(name(of: cluster))
    let source = URL(fileURLWithPath: file).resolvingSymlinksInPath()
    let named = URL(fileURLWithPath: file)
    do {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      // A copy gets its name when it is whole. A part of one, left by a process that was killed, would pass for a file.
      let whole = AtomicFile.temporary(in: place)
      defer { try? FileManager.default.removeItem(at: whole) }
      do {
        try FileManager.default.copyItem(at: source, to: whole)
      } catch {
        throw FileManager.default.isReadableFile(atPath: source.path) ? error : SeCuError.unreadable(error, at: file)
      }
      let stem = named.deletingPathExtension().lastPathComponent
      let ending = named.pathExtension.isEmpty ? "" : "." + named.pathExtension
      let first = place.appendingPathComponent(named.lastPathComponent)
      var target = first, number = untried[first] ?? 1
      while true {
        if number > 1 { target = place.appendingPathComponent(Self.fitting(stem, "-\(number)\(ending)")) }
        number += 1
        if try AtomicFile.give(target, to: whole) { break }
      }
      untried[first] = number
      count += 1
    } catch let error as SeCuError {
      throw error
    } catch {
      throw Self.failure("\(file) can't be copied", error, at: place)
    }
  }

  /// A name of as much of `stem` as file systems have room for before `ending`: 255 bytes in all.
  private static func fitting(_ stem: String, _ ending: String) -> String {
    var stem = stem
    while stem.utf8.count + ending.utf8.count > 255, !stem.isEmpty { stem.removeLast() }
    return stem + ending
  }
}
