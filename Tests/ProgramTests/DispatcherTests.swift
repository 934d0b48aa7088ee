import Basics
import Foundation
import Testing

@testable import Program

@Suite struct DispatcherTests {
  struct Odd: Error, CustomStringConvertible {
    let description = "odd failure"
  }

  struct Score: Encodable {
    let path = "a/b"
    let accuracy: Double
  }

  private func run(
    _ arguments: String..., isTerminal: Bool = false,
    body: @escaping @Sendable (ParsedOptions, Output) throws -> Void = { _, _ in }
  ) -> (code: Int32, stdout: String, stderr: String) {
    let (output, errors) = (Recorder(), Recorder())
    let predict = Subcommand(
      name: "predict", summary: "Assign images.", abstract: "Assigns images to clusters.", groups: [], run: body)
    let dispatcher = Dispatcher(
      subcommands: [Sample.train(run: body), predict], isa: { "NEON" }, output: output.stream(),
      errors: errors.stream(isTerminal: isTerminal))
    let code = dispatcher.run(arguments)
    return (code, output.text, errors.text)
  }

  @Test func `a subcommand gets its values`() {
    let result = run("train", "--data", "digits", "--epochs=7") { values, output in
      try output.print("\(values[Sample.epochs]) \(values[Sample.data])")
    }
    #expect(result == (0, "7 digits\n", ""))
  }

  @Test func `the version names the instruction set`() {
    #expect(run("--version") == (0, "secu 0.1.0\ninstruction set: NEON\n", ""))
    #expect(run("--version", "x").code == 64)
  }

  @Test func `help is shown at each level`() {
    let program = run("--help")
    #expect(program.code == 0)
    #expect(program.stderr.isEmpty)
    #expect(program.stdout.contains("predict                 Assign images."))
    #expect(run("-h") == program)
    #expect(run() == program)

    let train = run("train", "--epochs", "0", "--help") { _, _ in Issue.record("help runs nothing") }
    #expect(train.code == 0)
    #expect(train.stdout.contains("USAGE: secu train"))
    #expect(run("train", "-h") == train)
  }

  static let mistakes: [(arguments: [String], stderr: String)] = [
    (["tarin"], "secu: unknown subcommand 'tarin'. Did you mean 'train'?\nSee 'secu --help'.\n"),
    (["frobnicate"], "secu: unknown subcommand 'frobnicate'.\nSee 'secu --help'.\n"),
    (
      ["help", "train"],
      "secu: unknown subcommand 'help'. Write 'secu --help', or --help behind a subcommand.\nSee 'secu --help'.\n"
    ),
    (["data", "shwo"], "secu: unknown subcommand 'data shwo'. Did you mean 'data show'?\nSee 'secu --help'.\n"),
    (
      ["data", "x"],
      "secu data: unexpected argument 'x'. Every value follows its option, as in '--name value'.\nSee 'secu data --help'.\n"
    ),
    ([""], "secu: unknown subcommand ''.\nSee 'secu --help'.\n"),
    (["--verson"], "secu: unknown option '--verson'. Did you mean '--version'?\nSee 'secu --help'.\n"),
    (
      ["--epochs=3", "train"],
      "secu: expected a subcommand, found the option '--epochs'. Write 'secu train --epochs'.\nSee 'secu --help'.\n"
    ),
    (
      ["train", "--epoch=3"],
      "secu train: unknown option '--epoch'. Did you mean '--epochs'?\nSee 'secu train --help'.\n"
    ),
    (
      ["predict", "--epochs", "3"],
      "secu predict: unknown option '--epochs'.\nSee 'secu predict --help'.\n"
    ),
    (
      ["train", "--data", "x", "--epochs", "0"],
      "secu train: --epochs: expected a whole number from 1 to 100000, found '0'.\nSee 'secu train --help'.\n"
    ),
  ]

  @Test(arguments: mistakes) func `wrong usage ends with 64 and a hint`(arguments: [String], stderr: String) {
    let errors = Recorder()
    let dispatcher = Dispatcher(
      subcommands: [
        Sample.train(),
        Subcommand(name: "predict", summary: "", abstract: "", groups: [], run: { _, _ in }),
        Subcommand(name: "data", summary: "", abstract: "", groups: [], run: { _, _ in }),
        Subcommand(name: "data show", summary: "", abstract: "", groups: [], run: { _, _ in }),
      ], isa: { "" }, output: Recorder().stream(), errors: errors.stream())
    #expect(dispatcher.run(arguments) == 64)
    #expect(errors.text == stderr)
  }

  @Test(arguments: SeCuError.Kind.allCases) func `an error's kind decides the exit code`(kind: SeCuError.Kind) {
    let result = run("predict") { _, _ in throw SeCuError(kind, "found 3", at: "x.bin", remedy: "Try again") }
    #expect(result.code == kind.exitCode)
    let hint = kind == .usage ? "See 'secu predict --help'.\n" : ""
    #expect(result.stderr == "secu predict: x.bin: found 3. Try again.\n" + hint)
    #expect(result.stdout.isEmpty)
  }

  @Test func `any other error is a defect`() {
    #expect(run("predict") { _, _ in throw Odd() } == (70, "", "secu predict: odd failure\n"))
  }

  @Test func `names can't command the terminal`() {
    let result = run("\u{1B}[2Jtrain\r\u{9B}")
    #expect(result.stderr.contains("'\\u{1B}[2Jtrain\\r\\u{009B}'"))
    #expect(run("a\nsecu: b").stderr.hasPrefix("secu: unknown subcommand 'a\\nsecu: b'."))
  }

  @Test func `the program's name stands out on a terminal`() {
    #expect(run("tarin", isTerminal: true).stderr.hasPrefix("\u{1B}[1;31msecu:\u{1B}[0m unknown"))
  }

  @Test func `with JSON nothing else goes to standard output`() {
    let body: @Sendable (ParsedOptions, Output) throws -> Void = { _, output in
      output.messages.tell("epoch 1\n")
      try output.print("accuracy 50 %")
      try output.printJSON(Score(accuracy: 0.5))
    }
    #expect(run("train", "--data=x", body: body) == (0, "accuracy 50 %\n", "epoch 1\n"))
    #expect(
      run("train", "--data=x", "--json", body: body) == (0, "{\"accuracy\":0.5,\"path\":\"a/b\"}\n", "epoch 1\n"))
  }

  /// What was computed with it is not thrown away at the end.
  @Test func `a number that is not finite is null in JSON`() {
    let result = run("train", "--data=x", "--json") { _, output in try output.printJSON(Score(accuracy: .nan)) }
    #expect(result == (0, "{\"accuracy\":null,\"path\":\"a/b\"}\n", ""))
  }
}
