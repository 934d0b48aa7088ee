extension Subcommand {
  /// Every subcommand of the program, in the order that help lists them.
  static let all: [Subcommand] = [.train, .compare, .evaluate, .predict, .dataSets, .dataShow]
}
