import Basics

/// The values that a command line gives to a subcommand's options.
///
///     let values = try ParsedOptions(["--epochs", "20", "--data=digits"], of: train.options)
///     values[epochs]  // 20
struct ParsedOptions: Sendable {
  private let names: Set<String>
  private var values: [String: any Sendable] = [:]
  /// The arguments that belong to no option, for a subcommand that takes some.
  private(set) var operands: [String] = []

  /// The value given for `option`, or its default. `option` must be one of those that the arguments were parsed with.
  subscript<Value>(_ option: Option<Value>) -> Value {
    let name = option.declaration.name
    precondition(names.contains(name), "the subcommand doesn't declare '--\(name)'")
    guard let value = values[name] as? Value ?? option.fallback else {
      preconditionFailure("the parser refuses arguments without '--\(name)'")
    }
    return value
  }

  /// Whether `option` is one of those that the arguments were parsed with.
  func declares<Value>(_ option: Option<Value>) -> Bool { names.contains(option.declaration.name) }

  /// Whether `--name` is an option of the subcommand and was given.
  func isGiven(_ name: String) -> Bool {
    values[name] != nil
  }

  /// The first of `options` that was given, as it is declared.
  func firstGiven(of options: [any DeclaredOption]) -> OptionDeclaration? {
    options.map(\.declaration).first { isGiven($0.name) }
  }

  /// Reads `arguments`, those after the subcommand's name.
  ///
  /// An option's value follows as the next argument or after `=`. A value that starts with two dashes must follow `=`,
  /// so that a forgotten value doesn't swallow the next option. After `--` no argument is an option.
  ///
  /// - Parameter takesOperands: whether arguments that belong to no option are kept as `operands`, or refused.
  ///
  /// - Throws: `SeCuError` (`.usage`) at the option or argument at fault.
  init(_ arguments: [String], of options: [OptionDeclaration], takesOperands: Bool = false) throws {
    names = Set(options.map(\.name))
    var given: [String: String] = [:]
    var position = arguments.startIndex
    while position < arguments.endIndex {
      let argument = arguments[position]
      position += 1
      if argument == "--", position == arguments.endIndex { break }
      guard argument != "--", argument.hasPrefix("-"), argument != "-" else {
        if takesOperands {
          operands += argument == "--" ? Array(arguments[position...]) : [argument]
          if argument == "--" { break }
          continue
        }
        throw Self.unexpectedArgument(argument == "--" ? arguments[position] : argument, options: options)
      }

      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let spelling = String(parts[0])
      guard let option = options.first(where: { $0.spelling == spelling }) else {
        throw Self.unknownOption(spelling, options: options)
      }
      var value = parts.count == 2 ? String(parts[1]) : nil
      if option.placeholder == nil {
        if let value {
          throw SeCuError(
            .usage, "takes no value, found \(quoted(value))", at: spelling, remedy: "Write '\(spelling)' alone")
        }
      } else if value == nil {
        value = try Self.value(of: option, from: arguments, at: position)
        position += 1
      }

      let text = value ?? ""
      if let earlier = given.updateValue(text, forKey: option.name) {
        let detail = option.placeholder == nil ? "" : ", as \(quoted(earlier)) and as \(quoted(text))"
        throw SeCuError(.usage, "given twice\(detail)", at: spelling, remedy: "Give it once")
      }
      do {
        values[option.name] = try option.read(text)
      } catch var error as SeCuError {
        error.place = spelling
        throw error
      }
    }
    if let missing = options.first(where: { $0.isRequired && given[$0.name] == nil }) {
      throw SeCuError(
        .usage, "missing, and there is no default", at: missing.spelling, remedy: "Give '\(missing.label)'")
    }
  }

  /// Whether `arguments` ask for help: `--help` or `-h` anywhere before `--`.
  static func askForHelp(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains { helpSpellings.contains($0) }
  }

  static let helpSpellings = ["--help", "-h"]

  private static func value(of option: OptionDeclaration, from arguments: [String], at position: Int) throws -> String {
    guard position < arguments.endIndex else {
      throw SeCuError(
        .usage, "expected a value, found the end of the line", at: option.spelling, remedy: "Write '\(option.label)'")
    }
    guard !arguments[position].hasPrefix("--") else {
      throw SeCuError(
        .usage, "expected a value, found \(quoted(arguments[position]))", at: option.spelling,
        remedy: "Write '\(option.label)', or '\(option.spelling)=…' for a value that starts with dashes")
    }
    return arguments[position]
  }

  private static func unknownOption(_ spelling: String, options: [OptionDeclaration]) -> SeCuError {
    let name = String(spelling.drop { $0 == "-" })
    let nearest = nearestName(to: name, in: options.map(\.name) + ["help"])
    return SeCuError(
      .usage, "unknown option \(quoted(spelling))", remedy: nearest.map { "Did you mean '--\($0)'?" })
  }

  private static func unexpectedArgument(_ argument: String, options: [OptionDeclaration]) -> SeCuError {
    let isName = options.contains { $0.name == argument }
    return SeCuError(
      .usage, "unexpected argument \(quoted(argument))",
      remedy: isName ? "Did you mean '--\(argument)'?" : "Every value follows its option, as in '--name value'")
  }
}
