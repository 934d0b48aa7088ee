import Foundation
import TestSupport
import Testing

/// A folder of its own to run the program in; to be followed by `defer { workspace.remove() }`.
struct Workspace: Sendable {
  let folder: URL

  init() throws { folder = try .temporaryFolder() }

  func remove() { folder.remove() }

  /// Runs `secu` here.
  func secu(
    _ arguments: [String], environment: [String: String] = [:], output: ProgramRunner.Output = .captured,
    whileRunning: @escaping @Sendable (RunningProgram) throws -> Void = { _ in }
  ) async throws -> ProgramResult {
    try await ProgramRunner.run(
      arguments, environment: environment, folder: folder, output: output, whileRunning: whileRunning)
  }

  /// Runs a shell script here, in which `"$0" "$@"` is `secu` with these arguments.
  func shell(_ script: String, _ arguments: [String]) async throws -> ProgramResult {
    try await ProgramRunner.run(
      ["-c", script, ProgramRunner.secu.path] + arguments, folder: folder, executable: URL(filePath: "/bin/sh"))
  }

  /// Runs `secu` here, and sends it a signal once it has written `text` to standard error.
  func secu(_ arguments: [String], stoppedBy signal: Int32, after text: String) async throws -> ProgramResult {
    try await secu(arguments) { program in
      try program.wait(for: text, on: .stderr)
      program.send(signal)
    }
  }

  /// Runs a tiny training into the folder `run` and expects it to succeed.
  @discardableResult
  func train(
    _ arguments: [String] = [], epochs: Int = 2, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> ProgramResult {
    let result = try await secu(Self.training(epochs: epochs) + ["--output", "run"] + arguments)
    #expect(result.exitCode == 0, "\(result.stderr)", sourceLocation: sourceLocation)
    return result
  }

  /// A training of 2 epochs that takes a few hundredths of a second.
  static let training = training(epochs: 2)

  static func training(epochs: Int) -> [String] { tiny + ["--epochs", "\(epochs)", "--passes", "1"] }

  /// A tiny training without its length.
  static let tiny = [
    "train", "--limit", "60", "--batch", "20", "--heads", "10,4", "--widths", "4,6", "--blocks", "1,1",
  ]

  func url(_ path: String) -> URL { folder.appending(path: path) }

  func data(_ path: String) throws -> Data { try Data(contentsOf: url(path)) }

  func text(_ path: String) throws -> String { try String(contentsOf: url(path), encoding: .utf8) }

  /// Makes a folder, with those above it.
  @discardableResult func makeFolder(_ path: String) throws -> URL {
    try FileManager.default.createDirectory(at: url(path), withIntermediateDirectories: true)
    return url(path)
  }

  func write(_ data: Data, to path: String) throws { try data.write(to: url(path)) }

  /// The paths of everything in the folder.
  func paths() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() }

  /// All files with their content: what nothing may have been written to.
  func contents() throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for path in try paths() { contents[path] = (try? data(path)) ?? Data() }
    return contents
  }
}

/// The one JSON object that `text` is.
func jsonObject(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
  #expect(text.hasSuffix("}\n") && text.count { $0 == "\n" } == 1, "\(text)", sourceLocation: sourceLocation)
  let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
  return try #require(value as? [String: Any], sourceLocation: sourceLocation)
}
