import Foundation
import Testing

/// The built program, run as a process.
@Suite(.timeLimit(.minutes(2))) struct BenchmarkProgramTests {
  private struct Result {
    let exitCode: Int32
    let stdout: String
    let stderr: String
  }

  /// Runs the program that SwiftPM built beside this test bundle. Its output goes through files, as a pipe that nobody
  /// empties would stop it.
  private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Result {
    #if os(macOS)
      let tests = (Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main).bundleURL
    #else
      let tests = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    #endif
    let folder = FileManager.default.temporaryDirectory.appending(path: "benchmarks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["stdout", "stderr"].map { folder.appending(path: $0) }
    for file in files { try Data().write(to: file) }

    let process = Process()
    process.executableURL = tests.deletingLastPathComponent().appending(path: "Benchmarks")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
    #expect(process.terminationReason == .exit)
    return Result(
      exitCode: process.terminationStatus, stdout: try String(contentsOf: files[0], encoding: .utf8),
      stderr: try String(contentsOf: files[1], encoding: .utf8))
  }

  private func objects(_ lines: String) throws -> [[String: Any]] {
    try lines.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `measures one case with the machine's peaks`() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "benchmarks-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    let result = try await run(
      ["gemm/64", "--repeats", "1", "--threads", "1", "--json", file.path(percentEncoded: false)],
      environment: ["SECU_ISA": "portable"])
    #expect(result.exitCode == 0)
    #expect(result.stderr.isEmpty)
    let lines = result.stdout.split(separator: "\n")
    #expect(lines.count == 7)
    for (line, start) in zip(lines, ["Processor  ", "System     ", "Kernels    portable, threads: 1"]) {
      #expect(line.hasPrefix(start))
    }
    #expect(lines[3].hasPrefix("FMA peak   ") && lines[3].contains(" GFLOP/s one core, "))
    #expect(lines[4].hasPrefix("Copy peak  ") && lines[4].contains(" GB/s all threads "))
    #expect(lines[6].hasPrefix("gemm/64x64x64  ") && lines[6].hasSuffix(" %"))

    let measured = try #require(try objects(try String(contentsOf: file, encoding: .utf8)).first)
    #expect(measured["isa"] as? String == "portable")
    #expect(measured["threads"] as? Int == 1)
    #expect(try #require(measured["percent_of_peak"] as? Double) > 0)
    #expect(try #require(measured["median_s"] as? Double) > 0)
  }

  @Test func `JSON lines on standard output, the table on standard error`() async throws {
    let result = try await run(["gemm/64", "loss/soft", "--batch=2", "--repeats=1", "--no-peaks", "--json=-"])
    #expect(result.exitCode == 0)
    #expect(
      try objects(result.stdout).map { $0["case"] as? String } == ["gemm", "loss", "loss", "loss"])
    #expect(result.stderr.contains("\ngemm/64x64x64  "))
    #expect(!result.stderr.contains("%"))
  }

  @Test func `a step runs in a process of its own among others, and in this one alone`() async throws {
    let options = ["--batch", "2", "--repeats", "1", "--no-peaks", "--json", "-"]
    for filters in [["step/digits", "gemm/64"], ["step/digits"]] {
      let result = try await run(filters + options)
      #expect(result.exitCode == 0)
      let step = try #require(try objects(result.stdout).first { $0["case"] as? String == "step" })
      #expect(step["network"] as? String == "digits")
      #expect(step["batch"] as? Int == 2)
      #expect(try #require(step["images_per_s"] as? Double) > 0)
      // A small network with two images needs no more than this, whatever the parent held.
      #expect(1..<200 ~= (try #require(step["peak_mb"] as? Double)))
    }
  }

  @Test func `lists the names`() async throws {
    let result = try await run(["--list", "conv/fwd/64x", "step"])
    #expect(result.exitCode == 0)
    #expect(
      result.stdout == """
        conv/fwd/64x64-32px-3x3-s1
        conv/fwd/64x128-32px-3x3-s2
        conv/fwd/64x128-32px-1x1-s2
        conv/fwd/64x64-8px-3x3-s1
        step/digits
        step/compact
        step/compact-wide
        step/resnet18

        """)
    #expect(result.stderr.isEmpty)
  }

  @Test func `help`() async throws {
    let result = try await run(["--help", "--list"])
    #expect(result.exitCode == 0)
    #expect(result.stdout.hasPrefix("OVERVIEW: "))
    #expect(result.stderr.isEmpty)
  }

  private static let mistakes: [([String], String, Int32, String)] = [
    (["--treads", "2"], "", 64, "Benchmarks: unknown option '--treads'. Did you mean '--threads'?\n"),
    (["gem/64"], "", 64, "Benchmarks: no case has 'gem/64' in its name."),
    (["gemm/64"], "mmx", 64, "Benchmarks: SECU_ISA: 'mmx' is not an instruction set."),
    (["gemm/64", "--json", "no-such-folder/a"], "", 73, "Benchmarks: no-such-folder/a: there is no folder "),
  ]

  @Test(arguments: mistakes)
  func `errors`(arguments: [String], isa: String, exitCode: Int32, message: String) async throws {
    let result = try await run(arguments, environment: ["SECU_ISA": isa])
    #expect(result.exitCode == exitCode)
    #expect(result.stdout.isEmpty)
    #expect(result.stderr.hasPrefix(message))
    #expect(result.stderr.hasSuffix("See 'Benchmarks --help'.\n") == (exitCode == 64))
  }
}
