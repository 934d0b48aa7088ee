/// The text of `--help`, in the form that Apple's swift-argument-parser gives it.
struct Help {
  /// The columns that a line may take.
  let width: Int

  /// Help of one subcommand.
  func text(of subcommand: Subcommand) -> String {
    let required = subcommand.options.filter(\.isRequired).map(\.label)
    let usage =
      ["USAGE: secu", subcommand.name] + required + ["[<options>]"]
      + (subcommand.operands.map { ["[<\($0)>]"] } ?? [])
    var sections = [
      wrap("OVERVIEW: \(subcommand.abstract)"),
      wrap(usage.joined(separator: " "), indent: 2),
    ]
    for group in subcommand.groups {
      sections.append(list(group.title.uppercased(), group.options.map { entry(of: $0.declaration) }))
    }
    sections.append(list("OPTIONS", [Self.helpEntry]))
    if let glossary = subcommand.glossary {
      sections.append(list(glossary.title.uppercased(), glossary.entries.map { ($0.term, $0.meaning) }))
    }
    if !subcommand.examples.isEmpty {
      let examples = subcommand.examples.map {
        wrap($0.purpose, first: 2, indent: 2) + "\n    \($0.command)"
      }
      sections.append("EXAMPLES:\n" + examples.joined(separator: "\n\n"))
    }
    return sections.joined(separator: "\n\n") + "\n"
  }

  /// Help of the whole program.
  func text(of subcommands: [Subcommand]) -> String {
    var sections = [
      wrap("OVERVIEW: Cluster images without labels: Stable Cluster Discrimination (SeCu)."),
      "USAGE: secu <subcommand> [<options>]",
      list("OPTIONS", [("--version", "Show the version."), Self.helpEntry]),
    ]
    if !subcommands.isEmpty {
      sections.append(list("SUBCOMMANDS", subcommands.map { ($0.name, $0.summary) }))
      sections.append(wrap("See 'secu <subcommand> --help' for detailed help.", first: 2, indent: 2))
    }
    return sections.joined(separator: "\n\n") + "\n"
  }

  private static let helpEntry = ("-h, --help", "Show help information.")

  private func entry(of option: OptionDeclaration) -> (label: String, help: String) {
    let values = option.choices.isEmpty ? nil : "values: \(option.choices.joined(separator: ", "))"
    let notes = [option.isRequired ? "required" : nil, values, option.shownDefault.map { "default: \($0)" }]
      .compactMap(\.self)
    return (option.label, notes.isEmpty ? option.help : "\(option.help) (\(notes.joined(separator: "; ")))")
  }

  /// A heading and a line or more for each entry. Labels stand at column 2 and texts at column 26 (8 where lines are
  /// short); a label that reaches into the texts' column has a line of its own.
  private func list(_ heading: String, _ entries: [(label: String, help: String)]) -> String {
    let column = width < 60 ? 8 : 26
    let lines = entries.map { entry in
      let label = "  \(entry.label)"
      let text = wrap(entry.help, first: column, indent: column)
      return label.count + 2 > column ? "\(label)\n\(text)" : label + text.dropFirst(label.count)
    }
    return "\(heading):\n" + lines.joined(separator: "\n")
  }

  /// `text` in lines of at most `width` columns, the first after `first` spaces and the others after `indent`. A word
  /// that is longer than a line stays whole.
  func wrap(_ text: String, first: Int = 0, indent: Int = 0) -> String {
    var lines: [String] = []
    var line = String(repeating: " ", count: first)
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = String(repeating: " ", count: indent)
        isEmpty = true
      }
      line += isEmpty ? word : " \(word)"
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
