import Basics
import Foundation

/// Where a result comes from: what else must be known to measure it again.
struct Provenance {
  /// What tells the machine from others: the processor's name and model, the number of processors, their last-level caches and
  /// architecture.
  let machine: String
  /// The operating system with its version.
  let system: String
  /// The compiler that built this program.
  let compiler: String
  /// The commit that the sources are at, with `+` if files differ from it or are new; nil outside of a Git checkout, or without Git.
  let commit: String?
  /// When the program started, in ISO 8601 and UTC.
  let date: String
  /// The load average of the minute before, in processes that ran or wanted to; nil where the system doesn't tell.
  var load: Double?

  /// The fields of a JSON line, in order.
  var fields: [(name: String, value: any Encodable)] {
    var fields: [(name: String, value: any Encodable)] = [
      ("machine", machine), ("system", system), ("compiler", compiler),
    ]
    if let commit { fields.append(("commit", commit)) }
    if let load { fields.append(("load", rounded(load))) }
    return fields + [("date", date)]
  }

  static func current() -> Provenance {
    Provenance(
      machine: machine(
        Platform.processorName, processors: ProcessInfo.processInfo.processorCount,
        cacheBytes: Platform.lastLevelCacheBytes),
      system: ProcessInfo.processInfo.operatingSystemVersionString, compiler: compilerName,
      commit: commit(of: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()),
      date: Date.now.formatted(.iso8601), load: Platform.loadAverage)
  }

  /// Such as `AMD EPYC (family 25, model 1), 2 processors, 32 MiB cache, x86-64`.
  static func machine(_ processor: String, processors: Int, cacheBytes: Int?) -> String {
    let cache = cacheBytes.map { ["\($0 >> 20) MiB cache"] } ?? []
    return ([processor, counted(processors, "processor")] + cache + [Machine.architecture]).joined(separator: ", ")
  }

  /// The commit of the checkout around `folder`, twelve digits, with `+` if files below it differ or are new; asked of `git`, as what is a
  /// change is its own affair.
  static func commit(of folder: URL) -> String? {
    let output = Pipe(), git = Process()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = [
      "git", "-C", folder.path(percentEncoded: false), "status", "--porcelain=v2", "--branch",
      "--untracked-files=normal", "--", ".",
    ]
    // Within a hook, variables name the hook's repository.
    git.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
    git.standardInput = FileHandle.nullDevice
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil, let text = try? output.fileHandleForReading.readToEnd() else { return nil }
    git.waitUntilExit()
    // Lines about the branch, its commit among them, begin with '#', all others are changes.
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n"), title = "# branch.oid "
    guard let commit = lines.first(where: { $0.hasPrefix(title) })?.dropFirst(title.count),
      commit.allSatisfy(\.isHexDigit)
    else { return nil }
    return String(commit.prefix(12)) + (lines.allSatisfy { $0.hasPrefix("#") } ? "" : "+")
  }

  /// A program knows its compiler only by comparison.
  static var compilerName: String {
    #if compiler(>=6.4)
      "Swift 6.4 or newer"
    #elseif compiler(>=6.3.2)
      "Swift 6.3.2 or newer"
    #elseif compiler(>=6.3.1)
      "Swift 6.3.1"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #elseif compiler(>=6.2.1)
      "Swift 6.2.1 or newer"
    #else
      "Swift 6.2"
    #endif
  }
}
