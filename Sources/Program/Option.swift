import Basics

/// What a subcommand's options share once the type of their value is set aside: enough to parse and to explain them.
struct OptionDeclaration: Sendable {
  /// The long name without its dashes, such as `epochs`.
  let name: String
  /// What stands for the value in help, such as `n`; nil for a flag, which takes no value.
  let placeholder: String?
  /// One or two sentences on what the option does, without the default.
  let help: String
  /// The default as shown in help; nil shows none.
  var shownDefault: String?
  /// All values that are allowed, where they are few enough to be listed.
  var choices: [String] = []
  /// Whether leaving the option out is an error.
  var isRequired = false
  /// Turns the argument into the value, or throws `SeCuError` (`.usage`) that says what was expected and found.
  let read: @Sendable (_ argument: String) throws -> any Sendable

  /// The option as written on the command line, such as `--epochs`.
  var spelling: String { "--\(name)" }
  /// The option and its value as shown in help, such as `--epochs <n>`.
  var label: String { placeholder.map { "\(spelling) <\($0)>" } ?? spelling }
}

/// An option of any type.
protocol DeclaredOption: Sendable {
  var declaration: OptionDeclaration { get }
}

/// One option of a subcommand, declared as a value: its name, its help, the values it allows and their type.
///
///     static let epochs = Option.integer("epochs", in: 1...1000, help: "Epochs to train.").defaulting(to: 100)
///     …
///     let count: Int = values[epochs]
///
/// `Value` is what `ParsedOptions` returns for it: `Bool` for a flag, an optional for an option that may be left out,
/// and the plain type after `defaulting(to:)` or `required()`.
struct Option<Value: Sendable>: DeclaredOption {
  fileprivate(set) var declaration: OptionDeclaration
  /// The value of an option that was left out; nil if it can't be.
  let fallback: Value?

  init(_ declaration: OptionDeclaration, fallback: Value?) {
    self.declaration = declaration
    self.fallback = fallback
  }

  /// This option with `value` where it is left out; help shows `value`.
  func defaulting<Wrapped>(to value: Wrapped) -> Option<Wrapped> where Value == Wrapped? {
    var option = Option<Wrapped>(declaration, fallback: value)
    option.declaration.shownDefault = argumentText(value)
    return option
  }

  /// This option as one that can't be left out.
  func required<Wrapped>() -> Option<Wrapped> where Value == Wrapped? {
    var option = Option<Wrapped>(declaration, fallback: nil)
    option.declaration.isRequired = true
    return option
  }

  /// This option with `text` as the default shown in help, for defaults that depend on other options.
  func showing(default text: String) -> Self {
    var option = self
    option.declaration.shownDefault = text
    return option
  }
}

/// `value` as one would type it: lists with commas, whole numbers without a fraction.
private func argumentText(_ value: some Sendable) -> String {
  switch value {
  case let list as [Int]: list.map(String.init).joined(separator: ",")
  case let number as Double: shortText(number)
  default: "\(value)"
  }
}

/// `number` without the fraction `.0`: `10`, `0.05`, `1e-06`.
func shortText(_ number: Double) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// `argument` in quotes for a message, shortened where it is longer than a message should be.
func quoted(_ argument: String) -> String {
  argument.count > 60 ? "'\(argument.prefix(59))…'" : "'\(argument)'"
}
