/// One subcommand of the program: what help says about it, the options it takes, and what it does.
struct Subcommand: Sendable {
  /// Options that help shows together.
  struct Group: Sendable {
    /// The heading, in lower case, such as `training`.
    let title: String
    let options: [any DeclaredOption]

    init(_ title: String, _ options: any DeclaredOption...) {
      self.init(title, options)
    }

    init(_ title: String, _ options: [any DeclaredOption]) {
      self.title = title
      self.options = options
    }
  }

  /// A command line worth copying.
  struct Example: Sendable {
    /// What it does, as a sentence.
    let purpose: String
    /// The whole line, such as `secu train --epochs 20`.
    let command: String
  }

  /// Words that help explains, below the options.
  struct Glossary: Sendable {
    /// The heading, in lower case, such as `scores`.
    let title: String
    let entries: [(term: String, meaning: String)]
  }

  let name: String
  /// What it does in a few words, for the list of subcommands.
  let summary: String
  /// What it does, in one paragraph.
  let abstract: String
  let groups: [Group]
  /// What stands for arguments without an option, such as `file …`; nil if there are none.
  let operands: String?
  let glossary: Glossary?
  let examples: [Example]
  /// Does it. Errors that a user can cause are thrown as `SeCuError`. Work that `Interruption` stopped early returns as
  /// if it were done: the exit code tells.
  let run: @Sendable (_ values: ParsedOptions, _ output: Output) throws -> Void

  init(
    name: String, summary: String, abstract: String, groups: [Group], operands: String? = nil,
    glossary: Glossary? = nil,
    examples: [Example] = [],
    run: @escaping @Sendable (_ values: ParsedOptions, _ output: Output) throws -> Void
  ) {
    self.name = name
    self.summary = summary
    self.abstract = abstract
    self.groups = groups
    self.operands = operands
    self.glossary = glossary
    self.examples = examples
    self.run = run
    precondition(Set(options.map(\.name)).count == options.count, "'\(name)' declares an option twice")
  }

  /// The options of all groups.
  var options: [OptionDeclaration] { groups.flatMap(\.options).map(\.declaration) }

  /// `--json`, for every subcommand that has results.
  static let json = Option.flag(
    "json", help: "Write one JSON object with the results to standard output, and nothing else there.")
}
