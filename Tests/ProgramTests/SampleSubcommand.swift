import Basics

@testable import Program

/// A subcommand with an option of each kind.
enum Sample {
  static let epochs = Option.integer("epochs", in: 1...100_000, help: "Passes over the images.").defaulting(to: 100)
  static let seed = Option.integer("seed", in: 0...(.max), help: "Where random numbers start.")
  static let rate = Option.number("learning-rate", above: 0, upTo: 10, help: "Step size.").defaulting(to: 0.05)
  static let momentum = Option.number("momentum", in: 0...0.999, help: "Share of the last step.")
  static let crop = Option.number("crop", in: 0.1...1, help: "Smallest crop.")
  static let weight = Option.number("weight", in: 0...(.infinity), help: "Share of the constraint.")
  static let clusters = Option.integers("clusters", count: 1...3, in: 2...1000, help: "Sizes of the clusterings.")
    .defaulting(to: [10, 20, 30])
  static let pair = Option.integers("pair", count: 2...2, in: 1...(.max), help: "Two numbers.")
  static let data = Option.path("data", "name|path", help: "The images.").required()
  static let output = Option.path("output", "folder", help: "Where results go.").showing(default: "a new folder")
  static let optimizer = Option.choice("optimizer", of: ["sgd", "lars"], help: "Update rule.").defaulting(to: "sgd")
  static let resume = Option.flag("resume", help: "Go on with an interrupted run.")

  static let groups = [
    Subcommand.Group("data options", data, output),
    Subcommand.Group("training options", epochs, seed, rate, momentum, crop, weight, clusters, pair, optimizer, resume),
    Subcommand.Group("output options", Subcommand.json),
  ]

  static let options = groups.flatMap(\.options).map(\.declaration)

  /// A subcommand called `train` with these options.
  static func train(
    examples: [Subcommand.Example] = [], run: @escaping @Sendable (ParsedOptions, Output) throws -> Void = { _, _ in }
  ) -> Subcommand {
    Subcommand(
      name: "train", summary: "Learn clusters.",
      abstract: "Learns an encoder and clusters from images without labels and writes both to a folder.",
      groups: groups,
      examples: examples, run: run)
  }
}
