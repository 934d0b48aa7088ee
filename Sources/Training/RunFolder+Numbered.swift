import Basics
import Foundation

/// Runs that got no name of their own: `base/name-1`, `base/name-2`, …
extension RunFolder {
  /// Makes the folder of the next run of `name`: numbered after all that are there, and never shared with a run that is
  /// started at the same moment.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate` if it can't be made.
  public static func create(named name: String, in base: URL) throws -> RunFolder {
    try make(base, withIntermediateDirectories: true)
    var number = (numbered(name, in: base).last?.number ?? 0) + 1
    while true {
      let url = base.appendingPathComponent("\(name)-\(number)")
      // Making one folder either succeeds or finds it there, for one process of all that try.
      if try make(url, withIntermediateDirectories: false) { return RunFolder(url) }
      number += 1
    }
  }

  /// The run of `name` with the highest number.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` if there is none.
  public static func latest(named name: String, in base: URL) throws -> RunFolder {
    let runs = numbered(name, in: base).map(\.folder)
    guard let last = runs.last(where: { FileManager.default.fileExists(atPath: $0.configuration.path) }) else {
      throw SeCuError(
        .noInput, "no run of \(name) is there to resume", at: base.relativePath, remedy: "Name its folder with --output"
      )
    }
    return last
  }

  /// The run that was worked on last.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` if there is none.
  public static func latest(in base: URL) throws -> RunFolder {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    let runs = names.map { RunFolder(base.appendingPathComponent($0)) }
      .compactMap { run in run.lastChange.map { (run: run, change: $0) } }
    guard let last = runs.max(by: { $0.change < $1.change }) else {
      throw SeCuError(
        .noInput, "no run is there to resume", at: base.relativePath, remedy: "Name its folder with --output")
    }
    return last.run
  }

  /// When the run began or wrote anything; nil if there is none.
  private var lastChange: Date? {
    func change(_ url: URL) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: url.path))?[.modificationDate] as? Date
    }
    return change(configuration).map { began in [checkpoint, metrics].compactMap(change).reduce(began, max) }
  }

  /// The folders `name-N` in `base` by N, which has up to nine digits.
  private static func numbered(_ name: String, in base: URL) -> [(number: Int, folder: RunFolder)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    let runs = names.compactMap { entry -> (number: Int, folder: RunFolder)? in
      let digits = entry.dropFirst(name.count + 1)
      guard entry.hasPrefix("\(name)-"), digits.count <= 9, digits.allSatisfy("0123456789".contains),
        let number = Int(digits)
      else { return nil }
      return (number, RunFolder(base.appendingPathComponent(entry)))
    }
    return runs.sorted { $0.number < $1.number }
  }
}
