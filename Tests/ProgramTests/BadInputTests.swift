import Foundation
import TestSupport
import Testing

/// Each mistake has an exit code and a message that says what is wrong, and writes and loses nothing.
@Suite struct BadInputTests {
  struct Mistake: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let code: Int32
    let words: [String]
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ line: String, _ code: Int32, _ words: String...) {
      arguments = line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
      (self.code, self.words) = (code, words)
    }
  }

  /// Refuses what `result` must not be: anything but one clear message.
  private func check(_ result: ProgramResult, _ mistake: Mistake) {
    #expect(result.exitCode == mistake.code, "\(result.stderr)")
    #expect(!result.isKilled)
    #expect(result.stdout.isEmpty)
    let message = result.stderr.split(separator: "\n")
    #expect(message.count == (mistake.code == 64 ? 2 : 1), "\(result.stderr)")
    #expect(message.first?.hasPrefix("secu") == true && message.first?.last.map { ".?".contains($0) } == true)
    for word in mistake.words { #expect(result.stderr.contains(word), "\(word): \(result.stderr)") }
  }

  static let withoutRun = [
    Mistake("trian", 64, "unknown subcommand 'trian'", "Did you mean 'train'?"),
    Mistake("train --epoch 3", 64, "unknown option '--epoch'", "Did you mean '--epochs'?"),
    Mistake("train epochs", 64, "unexpected argument 'epochs'", "'--epochs'"),
    Mistake("train --epochs", 64, "--epochs", "expected a value"),
    Mistake("train --show --try 3", 64, "--try", "given together with --show"),
    Mistake("data --data digits --image 3 --verify", 64, "--verify", "given together with --image"),
    Mistake("train --limit 9223372036854775808", 64, "--limit", "of at least 1 and below 2⁶³"),
    Mistake("train --try 0", 64, "--try", "from 1 to 1000"), Mistake("train --config nowhere", 66, "nowhere"),
    Mistake("train --network resnet19", 64, "--network", "Did you mean 'resnet18'?"),
    Mistake("train --center-schedule constnt", 64, "--center-schedule", "constant"),
    Mistake("train --epochs 3 --epochs 4", 64, "--epochs", "given twice"),
    Mistake("train --json=yes", 64, "--json", "takes no value"),
    Mistake("train --preset digit", 64, "--preset", "Did you mean 'digits'?"),
    Mistake("train --data digts", 66, "digts", "The nearest known name is digits"),
    Mistake("train --data cats", 66, "cats", "Known are digits"),
    Mistake("data --data digts", 66, "digits"),
    Mistake("data --image 3", 64, "--image", "--data"),
    Mistake("data --data digits --image 1797", 64, "--image", "0 to 1796"),

    Mistake("train --epochs -1", 64, "--epochs", "from 1 to 1000000", "'-1'"),
    Mistake("train --epochs 0", 64, "--epochs", "'0'"),
    Mistake("train --epochs 99999999999999999999", 64, "--epochs", "'99999999999999999999'"),
    Mistake("train --epochs 1e3", 64, "--epochs", "a whole number"),
    Mistake("train --epochs many", 64, "--epochs", "'many'"),
    Mistake("train --epochs ''", 64, "--epochs", "''"),
    Mistake("train --passes 0", 64, "--passes"),
    Mistake("train --epochs 1000000 --passes 1000000", 64, "--epochs, --passes", "4294967295"),
    Mistake("train --rate nan", 64, "--rate", "a number", "'nan'"),
    Mistake("train --rate inf", 64, "--rate"), Mistake("train --rate -0.1", 64, "--rate"),
    Mistake("train --rate 1e30", 64, "--rate"), Mistake("train --center-rate fast", 64, "--center-rate", "'fast'"),
    Mistake("train --momentum 1", 64, "--momentum", "0.999999"),
    Mistake("train --weight-decay -1", 64, "--weight-decay"),
    Mistake("train --seed -3", 64, "--seed"), Mistake("train --seed 1.5", 64, "--seed"),
    Mistake("train --threads 0", 64, "--threads"), Mistake("train --threads 99999", 64, "--threads", "1024"),
    Mistake("train --batch 1", 64, "--batch", "from 2"), Mistake("train --limit 0", 64, "--limit"),
    Mistake("train --tau 1.1", 64, "--tau"), Mistake("train --ratio 2", 64, "--ratio", "from 0 to 1"),
    Mistake("train --representation-temperature 0", 64, "--representation-temperature"),
    Mistake("train --heads 1", 64, "--heads", "from 2"), Mistake("train --heads 10,,2", 64, "--heads"),
    Mistake("train --heads -5", 64, "--heads"), Mistake("train --heads 99999999999999999999", 64, "--heads"),
    Mistake("train --widths 0", 64, "--widths"),
    Mistake("train --widths 8,8", 64, "--widths, blocks", "3 block counts"),
    Mistake("train --dimension 99999", 64, "--dimension"),
    Mistake("train --constraint entropie", 64, "--constraint", "Did you mean 'entropy'?"),
    Mistake("train --constraint size --alpha 3", 64, "--alpha", "--constraint entropy"),
    Mistake("train --constraint entropy --ratio 1", 64, "--ratio", "--constraint size"),
    Mistake("train --alpha 1 --alpha-per-image 9", 64, "--alpha", "given together with --alpha-per-image"),
    Mistake("train --class-folders", 64, "--class-folders", "digits is no folder of images"),
    Mistake("compare --data digits --class-folders", 64, "--class-folders"),
    Mistake("train --constraint entropy --alpha -1", 64, "--alpha"),

    Mistake("train --limit 50 --batch 20 --heads 51", 64, "--heads: 51 clusters for 50 images"),
    Mistake("train --limit 50 --heads 10 --batch 51", 64, "--batch: 51", "Use --batch 50"),
    Mistake("train --limit 1 --batch 2 --heads 2", 65, "expected 2 images or more, found one"),
    Mistake("train --limit 50 --batch 20 --clusters 51", 64, "--clusters: 51 clusters for 50 images"),
    Mistake("train --preset imagenet --data digits --limit 50 --show", 64, "batch of preset imagenet: 1024 is outside"),
    Mistake("compare --limit 50", 64, "batch of preset digits: 128 is outside"),
    Mistake("train --epochs 4 --warmup 4", 64, "--warmup: 4 of 4 epochs"),
    Mistake("train --widths 16384,16384,16384 --blocks 1000,1000,1000", 64, "GB of memory"),

    Mistake("train --output ''", 64, "--output", "expected a path"),
    Mistake("train --output /dev/null", 73, "/dev/null", "a file is in the way"),
    Mistake("train --resume", 66, "no run is there to resume", "--output"),
    Mistake("train --resume --output nowhere", 66, "nowhere: there is no such folder"),
    Mistake("evaluate", 64, "--model", "missing"), Mistake("predict", 64, "--model", "missing"),
    Mistake("evaluate --model nowhere", 66, "nowhere: there is no such folder"),
    Mistake("predict --model nowhere", 66, "nowhere: there is no such folder"),
  ]

  @Test(arguments: withoutRun) func `a mistake is explained`(mistake: Mistake) async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    check(try await workspace.secu(mistake.arguments), mistake)
    #expect(try workspace.paths().isEmpty)
  }

  static let withRun = [
    Mistake("train --output run", 73, "run: the folder holds another run (config.json)", "--resume"),
    // Said before the images are looked for.
    Mistake("train --output run --data digts", 73, "run: the folder holds another run (config.json)"),
    Mistake("train --output run/config.json", 73, "a file is in the way"),
    Mistake("train --output run/config.json/x", 73, "Not a directory"),
    Mistake("train --resume --output run/config.json", 66, "expected a run's folder, found a file"),
    Mistake("train --resume --output run --epochs 7", 64, "the run has epochs 2, the options say 7"),
    Mistake("train --resume --output run --heads 10", 64, "the run has heads 10,4, the options say 10"),
    Mistake("train --resume --output run --rate 0.2", 64, "the run has rate 0.1, the options say 0.2"),
    Mistake("train --resume --output run --center-temperature 1", 64, "losses.centerTemperature 0.05"),
    Mistake("train --resume --output run --limit 61", 64, "limit 60, the options say 61"),
    Mistake("predict --model run --images 1797", 64, "--images", "0 to 1796"),
    Mistake("predict --model run --images 3,-1", 64, "--images"),
    Mistake("predict --model run --head 2", 64, "--head", "Its heads are 0 to 1"),
    Mistake("predict --model run --json --json-lines", 64, "--json-lines: given together with --json"),
    Mistake("predict --model run new.png --images 3", 64, "--images: given together with files"),
    Mistake("predict --model run new.png --data digits", 64, "--data: given together with files"),
    Mistake("predict --model run --sort-into sorted", 64, "--sort-into: there are no files to sort in digits"),
    Mistake("evaluate --model run --head 99", 64, "--head", "Its heads are 0 to 1"),
    Mistake("evaluate --model run --data digts", 66, "digits"),
    Mistake("evaluate --model run --limit 0", 64, "--limit"),
    Mistake("evaluate --model run --class-folders", 64, "--class-folders", "digits is no folder of images"),
    Mistake("evaluate --model run/checkpoint", 66, "expected a run's folder, found a file"),
  ]

  @Test func `a mistake leaves a run as it is`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let before = try workspace.contents()
    for mistake in Self.withRun {
      check(try await workspace.secu(mistake.arguments), mistake)
      #expect(try workspace.contents() == before, "\(mistake.testDescription)")
    }
  }

  @Test(arguments: ["train", "evaluate --model run", "predict --model run", "data", "--version"])
  func `an instruction set that is none is refused everywhere`(line: String) async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let mistake = Mistake(line, 64, "SECU_ISA", "'garbage'", "Set it to one of portable")
    check(try await workspace.secu(mistake.arguments, environment: ["SECU_ISA": "garbage"]), mistake)
    #expect(try workspace.paths().isEmpty)
  }

  @Test func `numbers that grow beyond all bounds stop the run and keep its checkpoint`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let absurd = ["--epochs", "200", "--passes", "1", "--rate", "1e6", "--center-rate", "1e6", "--weight-decay", "1e6"]
    let result = try await workspace.secu(Workspace.tiny + absurd + ["--output", "run", "--json"])
    #expect(result.exitCode == 65)
    #expect(result.stdout.isEmpty)
    for word in ["training, epoch ", ", step ", "no longer a finite number", "lower learning rates", "run/checkpoint"] {
      #expect(result.stderr.contains(word), "\(word): \(result.stderr)")
    }
    #expect(try workspace.paths() == ["run", "run/checkpoint", "run/config.json", "run/metrics.jsonl"])
    let model = try await workspace.secu(["evaluate", "--model", "run"])
    #expect(model.exitCode == 66)
    #expect(model.stderr.contains("the run has not ended"))
  }
}
