import Basics
import Foundation
import Testing

@testable import Program

@Suite struct ParsedOptionsTests {
  private func parse(_ arguments: String...) throws -> ParsedOptions {
    try ParsedOptions(["--data", "digits"] + arguments, of: Sample.options)
  }

  @Test func `options that are left out have their defaults`() throws {
    let values = try parse()
    #expect(values[Sample.epochs] == 100)
    #expect(values[Sample.seed] == nil)
    #expect(values[Sample.rate] == 0.05)
    #expect(values[Sample.clusters] == [10, 20, 30])
    #expect(values[Sample.pair] == nil)
    #expect(values[Sample.output] == nil)
    #expect(values[Sample.optimizer] == "sgd")
    #expect(values[Sample.resume] == false)
    #expect(!values.isGiven("epochs"))
  }

  @Test func `values follow as the next argument`() throws {
    let values = try parse(
      "--epochs", "7", "--seed", "0", "--learning-rate", "1e-3", "--momentum", "0", "--crop", "1", "--clusters",
      "2,1000",
      "--pair", "5, 6", "--output", "a b", "--optimizer", "lars", "--resume")
    #expect(values[Sample.epochs] == 7)
    #expect(values[Sample.seed] == 0)
    #expect(values[Sample.rate] == 0.001)
    #expect(values[Sample.momentum] == 0)
    #expect(values[Sample.crop] == 1)
    #expect(values[Sample.clusters] == [2, 1000])
    #expect(values[Sample.pair] == [5, 6])
    #expect(values[Sample.output] == "a b")
    #expect(values[Sample.optimizer] == "lars")
    #expect(values[Sample.resume])
    #expect(values[Sample.data] == "digits")
    #expect(values.isGiven("epochs"))
  }

  @Test func `values follow an equals sign`() throws {
    let values = try parse("--epochs=7", "--output=a=b", "--clusters=2", "--seed=\(Int.max)")
    #expect(values[Sample.epochs] == 7)
    #expect(values[Sample.output] == "a=b")
    #expect(values[Sample.clusters] == [2])
    #expect(values[Sample.seed] == .max)
  }

  @Test func `a value may start with dashes after an equals sign`() throws {
    #expect(try parse("--output=--odd")[Sample.output] == "--odd")
    #expect(try parse("--output", "-odd")[Sample.output] == "-odd")
  }

  @Test func `the home folder is expanded in paths`() throws {
    #expect(try parse("--output=~/run")[Sample.output] == NSString(string: "~").appendingPathComponent("run").expanded)
    #expect(try parse("--output=run/~")[Sample.output] == "run/~")
  }

  @Test func `two dashes at the end are allowed`() throws {
    #expect(try parse("--epochs", "3", "--")[Sample.epochs] == 3)
  }

  @Test(arguments: [["--help"], ["-h"], ["--epochs", "0", "-h"], ["x", "--help", "--"]])
  func `help is asked for`(arguments: [String]) {
    #expect(ParsedOptions.askForHelp(arguments))
  }

  @Test(arguments: [[], ["--", "--help"], ["help"], ["--output=--help"]])
  func `help is not asked for`(arguments: [String]) {
    #expect(!ParsedOptions.askForHelp(arguments))
  }

  /// Arguments after `--data digits`, and the whole message.
  static let mistakes: [(arguments: [String], message: String)] = [
    (["--epochs", "0"], "--epochs: expected a whole number from 1 to 100000, found '0'."),
    (["--epochs", "-5"], "--epochs: expected a whole number from 1 to 100000, found '-5'."),
    (["--epochs=100001"], "--epochs: expected a whole number from 1 to 100000, found '100001'."),
    (
      ["--epochs", "99999999999999999999"],
      "--epochs: expected a whole number from 1 to 100000, found '99999999999999999999'."
    ),
    (["--epochs", "ten"], "--epochs: expected a whole number from 1 to 100000, found 'ten'."),
    (["--epochs", "1.5"], "--epochs: expected a whole number from 1 to 100000, found '1.5'."),
    (["--epochs", "nan"], "--epochs: expected a whole number from 1 to 100000, found 'nan'."),
    (["--epochs", "inf"], "--epochs: expected a whole number from 1 to 100000, found 'inf'."),
    (["--epochs", ""], "--epochs: expected a whole number from 1 to 100000, found ''."),
    (["--epochs="], "--epochs: expected a whole number from 1 to 100000, found ''."),
    (["--epochs", "５"], "--epochs: expected a whole number from 1 to 100000, found '５'."),
    (["--seed", "-1"], "--seed: expected a whole number of at least 0, found '-1'."),
    (
      ["--seed", "9223372036854775808"],
      "--seed: expected a whole number of at least 0 and below 2⁶³, found '9223372036854775808'."
    ),
    (["--learning-rate", "0"], "--learning-rate: expected a number above 0, up to 10, found '0'."),
    (["--learning-rate", "-0.1"], "--learning-rate: expected a number above 0, up to 10, found '-0.1'."),
    (["--learning-rate", "nan"], "--learning-rate: expected a number above 0, up to 10, found 'nan'."),
    (["--learning-rate", "inf"], "--learning-rate: expected a number above 0, up to 10, found 'inf'."),
    (["--learning-rate", "1e999"], "--learning-rate: expected a number above 0, up to 10, found '1e999'."),
    (["--learning-rate", "fast"], "--learning-rate: expected a number above 0, up to 10, found 'fast'."),
    (["--learning-rate", "0,1"], "--learning-rate: expected a number above 0, up to 10, found '0,1'."),
    (["--momentum", "1"], "--momentum: expected a number from 0 to 0.999, found '1'."),
    (["--momentum", "-inf"], "--momentum: expected a number from 0 to 0.999, found '-inf'."),
    (["--weight", "-1"], "--weight: expected a number of at least 0, found '-1'."),
    (["--weight", "1e999"], "--weight: expected a number of at least 0, found '1e999'."),
    (["--crop", "0.09"], "--crop: expected a number from 0.1 to 1, found '0.09'."),
    (
      ["--clusters", "10,1"],
      "--clusters: expected whole numbers from 2 to 1000 separated by commas, 1 to 3 of them, found '10,1'."
    ),
    (
      ["--clusters", "10,,20"],
      "--clusters: expected whole numbers from 2 to 1000 separated by commas, 1 to 3 of them, found '10,,20'."
    ),
    (
      ["--clusters", "2,3,4,5"],
      "--clusters: expected whole numbers from 2 to 1000 separated by commas, 1 to 3 of them, found '2,3,4,5'."
    ),
    (
      ["--clusters=10;20"],
      "--clusters: expected whole numbers from 2 to 1000 separated by commas, 1 to 3 of them, found '10;20'."
    ),
    (
      ["--clusters", ""],
      "--clusters: expected whole numbers from 2 to 1000 separated by commas, 1 to 3 of them, found ''."
    ),
    (["--pair", "1"], "--pair: expected whole numbers of at least 1 separated by commas, 2 of them, found '1'."),
    (
      ["--pair", "1,99999999999999999999"],
      "--pair: expected whole numbers of at least 1 and below 2⁶³ separated by commas, 2 of them, "
        + "found '1,99999999999999999999'."
    ),
    (["--output", ""], "--output: expected a path, found ''."),
    (["--optimizer", "lasr"], "--optimizer: expected one of sgd, lars, found 'lasr'. Did you mean 'lars'?"),
    (["--optimizer", "quadratic"], "--optimizer: expected one of sgd, lars, found 'quadratic'."),
    (["--epochs"], "--epochs: expected a value, found the end of the line. Write '--epochs <n>'."),
    (
      ["--epochs", "--resume"],
      "--epochs: expected a value, found '--resume'. "
        + "Write '--epochs <n>', or '--epochs=…' for a value that starts with dashes."
    ),
    (
      ["--epochs", "--"],
      "--epochs: expected a value, found '--'. "
        + "Write '--epochs <n>', or '--epochs=…' for a value that starts with dashes."
    ),
    (["--epochs", "3", "--epochs=4"], "--epochs: given twice, as '3' and as '4'. Give it once."),
    (["--resume", "--resume"], "--resume: given twice. Give it once."),
    (["--resume=yes"], "--resume: takes no value, found 'yes'. Write '--resume' alone."),
    (["--resume="], "--resume: takes no value, found ''. Write '--resume' alone."),
    (["--epoch", "3"], "unknown option '--epoch'. Did you mean '--epochs'?"),
    (["-epochs=3"], "unknown option '-epochs'. Did you mean '--epochs'?"),
    (["--hlep"], "unknown option '--hlep'. Did you mean '--help'?"),
    (["--Epochs=3"], "unknown option '--Epochs'. Did you mean '--epochs'?"),
    (["--frobnicate"], "unknown option '--frobnicate'."),
    (["--=3"], "unknown option '--'."),
    (["-5"], "unknown option '-5'."),
    (["digits"], "unexpected argument 'digits'. Every value follows its option, as in '--name value'."),
    ([""], "unexpected argument ''. Every value follows its option, as in '--name value'."),
    (["-"], "unexpected argument '-'. Every value follows its option, as in '--name value'."),
    (["epochs", "3"], "unexpected argument 'epochs'. Did you mean '--epochs'?"),
    (["--resume", "true"], "unexpected argument 'true'. Every value follows its option, as in '--name value'."),
    (
      ["--", "--epochs=3"],
      "unexpected argument '--epochs=3'. Every value follows its option, as in '--name value'."
    ),
  ]

  @Test(arguments: mistakes) func `mistakes are explained`(arguments: [String], message: String) {
    let error = #expect(throws: SeCuError.self) {
      try ParsedOptions(["--data", "digits"] + arguments, of: Sample.options)
    }
    #expect(error?.kind == .usage)
    #expect(error?.description == message)
  }

  @Test func `a required option must be given and must not be empty`() {
    let missing = #expect(throws: SeCuError.self) { try ParsedOptions([], of: Sample.options) }
    #expect(missing?.description == "--data: missing, and there is no default. Give '--data <name|path>'.")
    let empty = #expect(throws: SeCuError.self) { try ParsedOptions(["--data="], of: Sample.options) }
    #expect(empty?.description == "--data: expected a path, found ''.")
  }

  @Test func `long arguments are shortened in messages`() {
    let error = #expect(throws: SeCuError.self) { try parse("--epochs", String(repeating: "9", count: 100_000)) }
    #expect(error?.problem.hasSuffix("found '" + String(repeating: "9", count: 59) + "…'") == true)
    let unknown = #expect(throws: SeCuError.self) { try parse("--" + String(repeating: "x", count: 100_000)) }
    #expect((unknown?.description.count ?? .max) < 100)
  }
}

extension String {
  /// With the home folder in place of a tilde.
  fileprivate var expanded: String { NSString(string: self).expandingTildeInPath }
}
