import Testing
import Training

@testable import Program

@Suite struct HelpTests {
  static let examples = [
    Subcommand.Example(purpose: "Cluster the digits in 20 passes:", command: "secu train --data digits --epochs 20"),
    Subcommand.Example(purpose: "Go on:", command: "secu train --data digits --resume"),
  ]

  @Test func `help of a subcommand has every part`() {
    #expect(
      Help(width: 80).text(of: Sample.train(examples: Self.examples)) == """
        OVERVIEW: Learns an encoder and clusters from images without labels and writes
        both to a folder.

        USAGE: secu train --data <name|path> [<options>]

        DATA OPTIONS:
          --data <name|path>      The images. (required)
          --output <folder>       Where results go. (default: a new folder)

        TRAINING OPTIONS:
          --epochs <n>            Passes over the images. (default: 100)
          --seed <n>              Where random numbers start.
          --learning-rate <x>     Step size. (default: 0.05)
          --momentum <x>          Share of the last step.
          --crop <x>              Smallest crop.
          --weight <x>            Share of the constraint.
          --clusters <n,n,…>      Sizes of the clusterings. (default: 10,20,30)
          --pair <n,n,…>          Two numbers.
          --optimizer <name>      Update rule. (values: sgd, lars; default: sgd)
          --resume                Go on with an interrupted run.

        OUTPUT OPTIONS:
          --json                  Write one JSON object with the results to standard
                                  output, and nothing else there.

        OPTIONS:
          -h, --help              Show help information.

        EXAMPLES:
          Cluster the digits in 20 passes:
            secu train --data digits --epochs 20

          Go on:
            secu train --data digits --resume

        """)
  }

  /// Given as an option, the default that help shows changes nothing.
  @Test func `defaults in help are those of a run`() throws {
    let options = SettingsOptions.groups.flatMap(\.options).map(\.declaration)
    func settings(_ arguments: String...) throws -> TrainingSettings {
      try SettingsOptions.resolve(ParsedOptions(arguments, of: options))
    }
    var tried = 0
    // Others are told in words: "the preset's".
    for option in options where option.shownDefault?.contains(" ") == false {
      let value = try #require(option.shownDefault)
      switch option.name {
      case "dual-rate", "ratio":
        #expect(
          try settings("--constraint", "size", option.spelling, value) == settings("--constraint", "size"))
      case "threshold":
        #expect(try settings("--self-label", option.spelling, value) == settings("--self-label"))
      default: #expect(try settings(option.spelling, value) == settings(), "\(option.name)")
      }
      tried += 1
    }
    #expect(tried > 20)
  }

  /// Options with another value than help shows, what stands before them, and the field that they set.
  static let changes: [(options: String, before: String, field: String, value: String)] = [
    ("--limit 9", "", "limit", "9"), ("--seed 9", "", "seed", "9"), ("--epochs 9", "", "epochs", "9"),
    ("--passes 9", "", "passesPerEpoch", "9"), ("--batch 9", "", "batch", "9"), ("--warmup 1", "", "warmupEpochs", "1"),
    ("--rate 0.5", "", "rate", "0.5"), ("--center-rate 0.5", "", "centerRate", "0.5"),
    ("--momentum 0.5", "", "momentum", "0.5"), ("--weight-decay 0.5", "", "weightDecay", "0.5"),
    ("--optimizer lars", "", "optimizer.kind", "lars"), ("--smallest-crop 0.5", "", "augmentation.smallestCrop", "0.5"),
    ("--heads 3,4", "", "heads", "3,4"), ("--clusters 3", "", "heads", "3,6,9,12,15"),
    ("--tau 0.5", "", "losses.hardLabelWeight", "0.5"),
    ("--representation-temperature 0.5", "", "losses.representationTemperature", "0.5"),
    ("--center-temperature 0.5", "", "losses.centerTemperature", "0.5"),
    ("--discrimination uniform", "", "losses.discrimination", "uniform"),
    ("--dual-rate 0.5", "--constraint size", "constraint.dualRate", "0.5"),
    ("--ratio 0.5", "--constraint size", "constraint.ratio", "0.5"),
    ("--alpha 9", "--constraint entropy", "constraint.alpha", "9"),
    ("--alpha-per-image 9", "--constraint entropy", "constraint.alpha", "9"),
    ("--image-size 9", "", "network.height", "9"), ("--widths 3,4,5", "", "network.widths", "3,4,5"),
    ("--blocks 2,3,4", "", "network.blocks", "2,3,4"), ("--dimension 9", "", "network.dimension", "9"),
    ("--threshold 0.5", "--self-label", "selfLabelling.threshold", "0.5"),
  ]

  @Test(arguments: changes) func `an option sets its own field`(
    change: (options: String, before: String, field: String, value: String)
  ) throws {
    let options = SettingsOptions.groups.flatMap(\.options).map(\.declaration)
    func settings(_ line: String) throws -> TrainingSettings {
      try SettingsOptions.resolve(ParsedOptions(line.split(separator: " ").map(String.init), of: options))
    }
    let difference = try settings(change.before).firstDifference(from: settings("\(change.before) \(change.options)"))
    #expect(difference?.field == change.field)
    #expect(difference?.theirs == change.value)
  }

  @Test func `help of the program lists its subcommands`() {
    let text = Help(width: 80).text(of: [Sample.train()])
    #expect(text.contains("USAGE: secu <subcommand> [<options>]\n"))
    #expect(text.contains("SUBCOMMANDS:\n  train                   Learn clusters.\n"))
    #expect(text.hasSuffix("  See 'secu <subcommand> --help' for detailed help.\n"))
  }

  @Test(arguments: [20, 40, 59, 60, 80, 200]) func `lines keep to the width`(width: Int) {
    let text = Help(width: width).text(of: Sample.train())
    for line in text.split(separator: "\n") where line.count > width {
      // Only what can't be broken is longer: an indent and one word, or a label.
      #expect(line.split(separator: " ").count == 1 || line.hasPrefix("  -"), "\(line)")
    }
    #expect(!text.contains(" \n"))
  }

  @Test func `narrow terminals have the text below its label`() {
    let text = Help(width: 40).text(of: Sample.train())
    #expect(text.contains("  --epochs <n>\n        Passes over the images.\n        (default: 100)\n"))
  }

  @Test func `a long label has a line of its own`() {
    let option = Option.integer("learning-rate-warm-up", "epochs", in: 0...9, help: "Rising steps.")
    let subcommand = Subcommand(
      name: "x", summary: "", abstract: "", groups: [Subcommand.Group("options", option)], run: { _, _ in })
    let indent = String(repeating: " ", count: 26)
    #expect(
      Help(width: 80).text(of: subcommand).contains("  --learning-rate-warm-up <epochs>\n\(indent)Rising steps.\n"))
  }

  @Test func `text is wrapped at spaces`() {
    let help = Help(width: 10)
    #expect(help.wrap("one two three") == "one two\nthree")
    #expect(help.wrap("exactly 10") == "exactly 10")
    #expect(help.wrap("unbreakable-word is") == "unbreakable-word\nis")
    #expect(help.wrap("a unbreakable-word", indent: 2) == "a\n  unbreakable-word")
    #expect(help.wrap("aa bb cc", first: 6, indent: 4) == "      aa\n    bb cc")
    #expect(help.wrap("") == "")
  }
}
