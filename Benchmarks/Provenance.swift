import Basics
import Foundation

/// Where a result comes from: what else must be known to measure it again.
struct Provenance {
  /// The processor's name and its architecture.
  let machine: String
  /// The operating system with its version.
  let system: String
  /// The compiler that built this program.
  let compiler: String
  /// The commit that the sources are at, with `+` if they differ from it; nil outside of a Git checkout, or without Git.
  let commit: String?
  /// When the program started, in ISO 8601 and UTC.
  let date: String

  static func current() -> Provenance {
    Provenance(
      machine: "\(Platform.processorName), \(Machine.architecture)",
      system: ProcessInfo.processInfo.operatingSystemVersionString, compiler: compilerName,
      commit: commit(of: URL(filePath: #filePath).deletingLastPathComponent()),
      date: Date.now.formatted(.iso8601))
  }

  /// The commit of the checkout around `folder`, twelve digits; asked of `git`, as what is a change is its own affair.
  static func commit(of folder: URL) -> String? {
    let output = Pipe(), git = Process()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = [
      "git", "-C", folder.path(percentEncoded: false), "describe", "--always", "--abbrev=12", "--dirty=+",
      "--exclude=*",
    ]
    git.standardInput = FileHandle.nullDevice
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil, let text = try? output.fileHandleForReading.readToEnd() else { return nil }
    git.waitUntilExit()
    let commit = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return git.terminationStatus == 0 && !commit.isEmpty ? commit : nil
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

  static var isDebugBuild: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }
}
