import Foundation
import TestSupport
import Testing

/// The built program, run as a process.
@Suite struct ProgramTests {
  @Test func `the version`() async throws {
    let result = try await ProgramRunner.run(["--version"])
    #expect(result.exitCode == 0)
    let lines = result.stdout.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first == "secu 0.1.0")
    #expect(lines.last?.hasPrefix("instruction set: ") == true)
    #expect(result.stderr.isEmpty)
  }

  @Test(arguments: [["--help"], ["-h"], []]) func `help`(arguments: [String]) async throws {
    let result = try await ProgramRunner.run(arguments)
    #expect(result.exitCode == 0)
    #expect(result.stdout.hasPrefix("OVERVIEW: "))
    #expect(result.stdout.contains("USAGE: secu <subcommand>"))
    #expect(result.stderr.isEmpty)
  }

  @Test func `an unknown subcommand`() async throws {
    let result = try await ProgramRunner.run(["frobnicate", "--epochs", "3"])
    #expect(result.exitCode == 64)
    #expect(result.stdout.isEmpty)
    #expect(result.stderr == "secu: unknown subcommand 'frobnicate'.\nSee 'secu --help'.\n")
  }

  @Test func `an unknown option`() async throws {
    let result = try await ProgramRunner.run(["--hepl"])
    #expect(result.exitCode == 64)
    #expect(result.stdout.isEmpty)
    #expect(result.stderr == "secu: unknown option '--hepl'. Did you mean '--help'?\nSee 'secu --help'.\n")
  }

  @Test func `a reader that went away`() async throws {
    let result = try await ProgramRunner.run(["--help"], output: .abandoned)
    #expect(result.exitCode == 74)
    #expect(!result.isKilled)
    #expect(
      result.stderr == "secu: standard output: cannot write (Broken pipe). "
        + "Make sure that its reader goes on, and that the disk has space left.\n")
  }
}
