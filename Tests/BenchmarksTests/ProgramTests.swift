import Foundation
import TestSupport
import Testing

@testable import Benchmarks

/// The built program, run as a process.
@Suite struct BenchmarkProgramTests {
  private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramResult {
    let result = try await ProgramRunner.run(
      arguments, environment: environment, executable: ProgramRunner.built("Benchmarks"))
    #expect(!result.isKilled)
    return result
  }

  private func objects(_ lines: String) throws -> [[String: Any]] {
    try lines.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `measures one case with the machine's peaks`() async throws {
    let file = URL.temporary()
    defer { file.remove() }
    let result = try await run(
      ["gemm/64", "--repeats", "1", "--threads", "1", "--json", file.path(percentEncoded: false)],
      environment: ["SECU_ISA": "portable"])
    #expect(result.exitCode == 0)
    #expect(result.stderr.isEmpty)
    let starts = [
      "Processor  ", "System     ", "Kernels    portable, threads: 1", "FMA peak   ", "Copy peak  ", "case ",
      "gemm/64x64x64  portable  1 ",
    ]
    let lines = result.stdout.split(separator: "\n"),
      told = starts.compactMap { start in lines.first { $0.hasPrefix(start) } }
    #expect(told.count == starts.count, "\(result.stdout)")
    #expect(told[3].contains(" GFLOP/s one core, ") && told[4].contains(" GB/s all threads "))
    #expect(told[6].contains(" GFLOP/s "))
    #expect(result.stdout.contains("\nLoad       ") == (Platform.loadAverage != nil))

    let measured = try #require(try objects(try String(contentsOf: file, encoding: .utf8)).first)
    #expect(measured["isa"] as? String == "portable")
    #expect(measured["threads"] as? Int == 1)
    #expect(try #require(measured["percent_of_peak"] as? Double) > 0)
    #expect(try #require(measured["median_s"] as? Double) > 0)
    #expect(try #require(measured["peak_gflops"] as? Double) > 0)
    #expect(try #require(measured["copy_gbs"] as? Double) > 0)
  }

  @Test func `JSON lines on standard output, the table on standard error`() async throws {
    let result = try await run(
      ["gemm/64", "loss/soft", "--batch=2", "--repeats=1", "--threads=2", "--no-peaks", "--json=-"])
    #expect(result.exitCode == 0)
    #expect(
      try objects(result.stdout).map { $0["case"] as? String } == ["gemm", "loss", "loss", "loss"])
    #expect(result.stderr.contains("\ngemm/64x64x64  "))
    // Uncertainty and spread are percentages of a case's own time.
    #expect(!result.stderr.contains("lost"))
  }

  @Test func `a step runs in a process of its own among others, and in this one alone`() async throws {
    // Each thread has some memory of its own.
    let options = ["--batch", "2", "--repeats", "1", "--threads", "2", "--no-peaks", "--json", "-"]
    for (filters, options) in [
      (["step/digits", "gemm/64"], options), (["step/digits"], options),
      (["step/digits"], options.filter { $0 != "--no-peaks" }),
    ] {
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

  /// The other process ends with its input, which must not get the number of a stream that is closed here.
  @Test func `a step runs in a process of its own where standard input is closed`() async throws {
    let program = ProgramRunner.built("Benchmarks").path
    let result = try await ProgramRunner.run(
      ["-c", "exec \"$0\" \"$@\" <&-", program, "step/digits", "gemm/64", "--batch=2", "--repeats=1", "--no-peaks"],
      executable: URL(filePath: "/bin/sh"))
    #expect(result.exitCode == 0, "\(result.stderr)")
  }

  @Test func `sweeps, cold caches, a roofline, and a comparison with itself`() async throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let json = folder.appending(path: "a.jsonl"), svg = folder.appending(path: "a.svg")
    let common = ["gemm/64", "gemm/128x128x128", "--repeats=6", "--threads=1,2", "--isa=portable"]
    let first = try await run(common + ["--json", json.path, "--roofline", svg.path])
    #expect(first.exitCode == 0)
    let measured = try objects(try String(contentsOf: json, encoding: .utf8))
    #expect(measured.map { $0["threads"] as? Int } == [1, 2, 1, 2])
    #expect(measured.allSatisfy { ($0["machine"] as? String)?.isEmpty == false && $0["compiler"] != nil })
    #expect(first.stdout.contains("Time lost against the limit"))
    let document = try XMLDocumentText(contentsOf: svg)
    // A point a case and a sign at the roof; settings have shapes of their own.
    #expect(document.elements["circle"] == 2 + 1)
    #expect(document.elements["polygon"] == 2 + 1)

    let again = try await run(common + ["--no-peaks", "--compare", json.path, "--fail-on", "1000"])
    #expect(again.exitCode == 0)
    #expect(again.stdout.contains("Compared with \(json.path)"))
    #expect(again.stdout.contains("None of 4 cases slower by more than 1000.0 % and the noise"))

    var fast = try String(contentsOf: json, encoding: .utf8)
    fast.replace(#/"(median|min|median_low|median_high)_s": [^,]+/#) { "\"\($0.output.1)_s\": 1e-12" }
    try fast.write(to: json, atomically: true, encoding: .utf8)
    let told = try await run(
      ["gemm/64", "--repeats=6", "--threads=1", "--isa=portable", "--no-peaks", "--compare", json.path])
    #expect(told.exitCode == 0 && told.stdout.contains("  slower\n"), "\(told.stdout)")
    let now = folder.appending(path: "now.jsonl")
    let slower = try await run(
      common + ["--no-peaks", "--compare", json.path, "--json", now.path, "--fail-on", "5%"])
    #expect(slower.exitCode == 1)
    #expect(slower.stdout.contains("TOO SLOW"))
    #expect(slower.stdout.contains("4 of 4 cases slower by more than 5.0 %, also when measured again"))
    // The file has the times that were judged.
    let kept = try objects(try String(contentsOf: now, encoding: .utf8))
    for line in slower.stdout.split(separator: "\n") where line.hasSuffix("TOO SLOW") {
      let words = line.split(separator: " ").map(String.init)
      let earlier = try #require(
        kept.first { $0["name"] as? String == words[0] && "\($0["threads"] ?? "")" == words[2] })
      let unit = try #require(["µs": 1e-6, "ms": 1e-3, "s": 1][words[6]])
      let (now, median) = (try #require(Double(words[5])) * unit, try #require(earlier["median_s"] as? Double))
      #expect(abs(median / now - 1) < 1e-3, "\(line)")
    }

    // What was measured too few times must not pass for a good comparison.
    let few = try await run(["gemm/64", "--repeats=1", "--threads=1", "--no-peaks", "--json", json.path])
    #expect(few.exitCode == 0)
    let untold = try await run(
      ["gemm/64", "--repeats=6", "--threads=1", "--no-peaks", "--compare", json.path, "--fail-on", "5%"])
    #expect(untold.exitCode == 65)
    #expect(untold.stderr.contains("was measured too few times"))
    // Before anything was measured.
    #expect(untold.stdout.isEmpty)

    let cold = try await run(["gemm/64", "--repeats=1", "--threads=1", "--no-peaks", "--cold", "--json=-"])
    #expect(try objects(cold.stdout).first?["cache"] as? String == "cold")
    let other = try await run(["loss/soft", "--repeats=1", "--threads=1", "--no-peaks", "--compare", json.path])
    #expect(other.exitCode == 65)
    #expect(other.stderr.contains("holds none of these cases"))
    #expect(other.stdout.isEmpty)
  }

  @Test func `a case that fails is told, and its code is the run's, also where none is left to compare`() async throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    // A folder is no picture, whatever its name.
    try FileManager.default.createDirectory(at: folder.appending(path: "a.jpg"), withIntermediateDirectories: false)
    try Data("no picture".utf8).write(to: folder.appending(path: "B.JPG"))
    let old = folder.appending(path: "old.jsonl")
    let identity = #""operation": "decode", "images": 1, "file_bytes": 10, "threads": 1"#
    try Data("{\"case\": \"decode\", \(identity), \"isa\": \"portable\", \"median_s\": 1}\n".utf8).write(to: old)
    let result = try await run(
      ["decode", "--repeats", "6", "--no-peaks", "--json=-", "--threads=1", "--isa=portable", "--compare", old.path],
      environment: ["SECU_JPEGS": folder.path])
    #expect(result.exitCode == 65, "\(result.stderr)")
    let line = try #require(try objects(result.stdout).first)
    #expect(line["images"] as? Int == 1 && (line["error"] as? String)?.contains("B.JPG") == true, "\(line)")
    #expect(!result.stderr.contains("holds none of these cases"), "\(result.stderr)")

    // A case that is too slow beside it changes nothing.
    let product = #"{"case": "gemm", "m": 64, "n": 64, "k": 64, "threads": 1, "isa": "portable", "median_s": 1e-12}"#
    try Data("\(product)\n".utf8).write(to: old)
    let both = try await run(
      [
        "decode", "gemm/64", "--repeats", "6", "--no-peaks", "--threads=1", "--isa=portable", "--compare", old.path,
        "--fail-on", "5",
      ], environment: ["SECU_JPEGS": folder.path])
    #expect(both.exitCode == 65 && both.stdout.contains("TOO SLOW"), "\(both.stderr)")
  }

  @Test func `what was measured is kept, whatever ends the program`() async throws {
    let file = URL.temporary()
    defer { file.remove() }
    let result = try await ProgramRunner.run(
      ["gemm/64", "step/resnet50", "--batch=2", "--repeats=100", "--no-peaks", "--json", file.path],
      executable: ProgramRunner.built("Benchmarks")
    ) { program in
      try program.wait(for: "\ngemm/64x64x64  ", on: .stdout)
      program.send(SIGKILL)
    }
    #expect(result.isKilled)
    #expect(try objects(try String(contentsOf: file, encoding: .utf8)).map { $0["case"] as? String } == ["gemm"])
  }

  @Test func `a reader that goes away is told`() async throws {
    let result = try await ProgramRunner.run(
      ["gemm/64", "--repeats=1", "--no-peaks"], output: .abandoned, executable: ProgramRunner.built("Benchmarks"))
    #expect(result.exitCode == 74 && !result.isKilled)
    #expect(result.stderr.contains("Make sure that its reader goes on"), "\(result.stderr)")
  }

  /// The runner's programs have nothing on their standard input.
  @Test func `a process that measures for another one ends with its input`() async throws {
    let result = try await run(["step/digits", "--batch=2", "--repeats=1000000", "--no-peaks", "--ends-with-input"])
    #expect(result.exitCode == 74)
  }

  #if os(Linux)
    @Test func `the process that measures a step ends with the program, however that ends`() async throws {
      let result = try await ProgramRunner.run(
        ["step/digits", "step/compact", "--batch=2", "--repeats=1000000", "--no-peaks"],
        executable: ProgramRunner.built("Benchmarks")
      ) { program in
        var children: [String] = []
        try program.wait {
          children = measuringProcesses(of: program.processIdentifier)
          return !children.isEmpty
        }
        program.send(SIGKILL)
        // Nobody may be there to wait for a process whose parent is gone.
        try program.wait { state(of: children[0]).map { $0 == "Z" } ?? true }
      }
      #expect(result.isKilled)
    }

    /// The processes of `Benchmarks` that a process has started.
    private func measuringProcesses(of parent: Int32) -> [String] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return names.filter { name in
        guard Int32(name) != nil, let fields = statistics(of: name), fields.count > 1 else { return false }
        let arguments = (try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8)) ?? ""
        return fields[1] == "\(parent)" && arguments.contains("--ends-with-input")
      }
    }

    private func state(of process: String) -> String? { statistics(of: process)?.first }

    /// What follows the program's name in `stat`: the state, the parent and more.
    private func statistics(of process: String) -> [String]? {
      guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
      else { return nil }
      return text[text.index(after: end)...].split(separator: " ").map(String.init)
    }
  #endif

  @Test func `profiles a network, and the parts make up the step`() async throws {
    let result = try await run(
      ["profile", "--network", "digits", "--batch", "8", "--repeats", "2", "--no-peaks", "--json=-"])
    #expect(result.exitCode == 0)
    let parts = try objects(result.stdout)
    #expect(parts.first?["layer"] as? String == "augmentation")
    let whole = try #require(parts.first?["step_s"] as? Double)
    #expect(try #require(parts.first?["unwatched_step_s"] as? Double) > 0)
    let times = parts.compactMap { $0["mean_s"] as? Double }
    #expect(abs(times.reduce(0, +) / whole - 1) < 1e-3)
    #expect(parts.last?["layer"] as? String == "other")
    #expect(parts.contains { $0["layer"] as? String == "layer2.0.conv1" && $0["pass"] as? String == "dgrad" })
    let shares = parts.compactMap { $0["percent_of_step"] as? Double }
    #expect(abs(shares.reduce(0, +) - 100) < 0.1)
    #expect(result.stderr.contains("convolution wgrad"))
    #expect(try await run(["profile", "--network", "digit"]).stderr.contains("Did you mean 'digits'?"))
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
        step/resnet18-stl
        step/resnet50

        """)
    #expect(result.stderr.isEmpty)
  }

  @Test func `explains the choice of algorithms`() async throws {
    let cases = ["conv/fwd/64x64-8px", "gemm/64", "norm"]
    let planned = ["SECU_CONVOLUTION": ""]
    let one = try await run(["--explain", "--isa=portable", "--threads=1"] + cases, environment: planned)
    #expect(one.exitCode == 0 && one.stderr.isEmpty)
    let lines = one.stdout.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("gemm/64x64x64              in place  "), "\(one.stdout)")
    #expect(lines.last?.hasPrefix("conv/fwd/64x64-8px-3x3-s1  winograd  ") == true, "\(one.stdout)")
    let two = try await run(["--explain", "--isa=portable", "--threads=1,2"] + cases, environment: planned)
    #expect(two.stdout == "portable, 1 thread\n\(one.stdout)portable, 2 threads\n\(one.stdout)")
    #expect(try await run(["--explain", "norm"]).stdout == "None of these cases has a choice of algorithms.\n")
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
    (["gemm/64", "--compare", "no-such-file"], "", 66, "Benchmarks: no-such-file: "),
    (["gemm/64", "--roofline", String(repeating: "a", count: 300)], "", 73, "Benchmarks: aaa"),
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
