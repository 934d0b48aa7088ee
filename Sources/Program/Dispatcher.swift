import Basics

/// The program from its arguments to its exit code: finds the subcommand, runs it and reports what went wrong.
struct Dispatcher: Sendable {
  static let version = "0.1.0"

  let subcommands: [Subcommand]
  /// The name of the instruction set that computations run on; throws if one is asked for that this machine lacks.
  let isa: @Sendable () throws -> String
  let output: StandardStream
  let errors: StandardStream

  /// Does what `arguments` (those after the program's name) ask for.
  ///
  /// - Returns: the exit code: 0; that of the `SeCuError` that ended the run; 70 after any other error; 129, 130 or
  ///   143 after a run that SIGHUP, SIGINT or SIGTERM stopped early.
  func run(_ arguments: [String]) -> Int32 {
    var place = "secu"
    do {
      guard let name = arguments.first, !ParsedOptions.helpSpellings.contains(name) else {
        try output.write(help.text(of: subcommands))
        return 0
      }
      if name == "--version" {
        _ = try ParsedOptions(Array(arguments.dropFirst()), of: [])
        try output.write(Self.versionText(isa: isa()))
        return 0
      }
      let (subcommand, words) = try find(arguments)
      place += " \(subcommand.name)"
      try run(subcommand, Array(arguments.dropFirst(words)))
      return Interruption.exitCode ?? 0
    } catch {
      return report(error, from: place)
    }
  }

  /// The answer to `--version`: the version, and the instruction set that computations run on.
  static func versionText(isa: String) -> String {
    "secu \(version)\ninstruction set: \(isa)\n"
  }

  private var help: Help { Help(width: output.width()) }

  private func run(_ subcommand: Subcommand, _ arguments: [String]) throws {
    if ParsedOptions.askForHelp(arguments) {
      return try output.write(help.text(of: subcommand))
    }
    let values = try ParsedOptions(
      arguments, of: subcommand.options, takesOperands: subcommand.operands != nil)
    _ = try isa()
    let isJSON = values.isGiven(Subcommand.json.declaration.name)
    try subcommand.run(values, Output(isJSON: isJSON, results: output, messages: errors))
  }

  /// The subcommand that `arguments` begin with, and how many of them are its name: one, or two as in `data show`.
  private func find(_ arguments: [String]) throws -> (Subcommand, words: Int) {
    let two = arguments.prefix(2).joined(separator: " ")
    if arguments.count > 1, let subcommand = subcommands.first(where: { $0.name == two }) { return (subcommand, 2) }
    let subcommand = try find(arguments[0])
    let start = "\(subcommand.name) "
    let second = subcommands.map(\.name).filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
    if arguments.count > 1, !arguments[1].hasPrefix("-"), let nearest = nearestName(to: arguments[1], in: second) {
      throw SeCuError(.usage, "unknown subcommand \(quoted(two))", remedy: "Did you mean '\(start)\(nearest)'?")
    }
    return (subcommand, 1)
  }

  private func find(_ name: String) throws -> Subcommand {
    if let subcommand = subcommands.first(where: { $0.name == name }) { return subcommand }
    guard name.hasPrefix("-") else {
      if name == "help" {
        throw SeCuError(
          .usage, "unknown subcommand 'help'", remedy: "Write 'secu --help', or --help behind a subcommand")
      }
      throw SeCuError(
        .usage, "unknown subcommand \(quoted(name))",
        remedy: nearestName(to: name, in: subcommands.map(\.name)).map { "Did you mean '\($0)'?" })
    }
    let spelling = String(name.prefix { $0 != "=" })
    if let owner = subcommands.first(where: { $0.options.contains { $0.spelling == spelling } }) {
      throw SeCuError(
        .usage, "expected a subcommand, found the option \(quoted(spelling))",
        remedy: "Write 'secu \(owner.name) \(spelling)'")
    }
    let nearest = nearestName(to: String(spelling.drop { $0 == "-" }), in: ["help", "version"])
    throw SeCuError(.usage, "unknown option \(quoted(spelling))", remedy: nearest.map { "Did you mean '--\($0)'?" })
  }

  /// Tells `error` to the person and returns the exit code that tells it to a program.
  private func report(_ error: any Error, from place: String) -> Int32 {
    let known = error as? SeCuError
    let message = known?.description ?? String(describing: error)
    errors.tell("\(errors.emphasized("\(place):")) \(printable(message))\n")
    if known?.kind == .usage { errors.tell("See '\(place) --help'.\n") }
    return (known?.kind ?? .internal).exitCode
  }
}

/// `text` with its control characters spelt out, so that an argument or file name can't command the terminal or forge a line.
func printable(_ text: String) -> String {
  text.unicodeScalars.reduce(into: "") { result, scalar in
    let isControl = scalar.properties.generalCategory == .control
    result += isControl ? scalar.escaped(asASCII: true) : String(scalar)
  }
}
