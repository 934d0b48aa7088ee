import Basics
import Foundation
import Training

/// What people read of a run.
extension TrainCommand {
  func introduction(_ trainer: Trainer, _ folder: RunFolder) throws -> String {
    let s = trainer.settings
    let memory = try s.memory(for: trainer.images, threads: engine.cores.threads)
    let classes = trainer.images.classCount.map { ", \(counted($0, "class")) (for scores only)" } ?? ""
    let heads = s.heads.map(String.init).joined(separator: ", ")
    let build =
      CurrentProcess.isDebugBuild
      ? "\na debug build, somewhat slower than one by 'swift build -c release'" : ""
    return """
      \(printable(trainer.images.name)): \(counted(trainer.images.count, "image")) of \(trainer.images.shapeText)\(classes)
      \(counted(s.heads.count, "head")) of \(heads) clusters; \(counted(s.epochs, "epoch")) of \(counted(s.passesPerEpoch, "pass")); seed \(s.seed)
      \(counted(engine.cores.threads, "thread")), \(engine.instructionSet.rawValue); run folder \(printable(folder.url.relativePath))\(build)
      needs \(memory.text)

      """
  }

  static func line(_ report: StepReport) -> String {
    let left = QuantityText.secondsLeft(
      done: Double(report.stepsHere), total: Double(report.stepsHere + report.stepsInAll - report.stepsDone),
      elapsed: report.seconds)
    let rate = QuantityText.rate(Double(report.imagesDone), per: report.seconds)
    let percent = 100 * report.stepsDone / max(1, report.stepsInAll)
    return "epoch \(report.epoch + 1)/\(report.epochs)  \(percent) %  \(rate)  \(QuantityText.time(left)) left"
  }

  static func line(_ report: EpochReport, epochs: Int) -> String {
    var parts = [
      "epoch \(report.epoch + 1)/\(epochs)",
      report.kept.map { String(format: "loss %.3f  kept %.1f %%", report.representationLoss, 100 * $0) }
        ?? String(format: "loss_x %.3f  loss_c %.3f", report.representationLoss, report.centerLoss),
      "sizes \(report.smallestCluster)…\(report.largestCluster)"
        + (report.emptyClusters > 0 ? " (\(report.emptyClusters) empty)" : ""),
      QuantityText.rate(report.imagesPerSecond, per: 1),
    ]
    if let acc = report.acc { parts.append("ACC \(Subcommand.score(acc))") }
    return parts.joined(separator: "  ")
  }

  /// Why self-labelling ended before its last epoch.
  static func exhaustion(_ report: EpochReport, _ settings: TrainingSettings) -> String {
    String(
      format:
        "No label passed the threshold of %.4g in this epoch (the surest reached %.4g): there is nothing to learn "
        + "from, and the run ends here. Lower --threshold, or train the run in --init for longer.",
      Double(settings.selfLabelling?.threshold ?? 0), report.highestConfidence ?? 0)
  }

  func report(
    _ evaluation: Evaluation, _ baseline: PixelBaseline?, _ trainer: Trainer, _ folder: RunFolder
  ) throws {
    let sizes = evaluation.sizes
    try output.print("")
    try output.print(
      "Head \(evaluation.head) with \(evaluation.clusters) clusters, clean images, after \(QuantityText.time(trainer.seconds)) of training:"
    )
    if let ours = evaluation.scores, let theirs = baseline?.scores {
      try output.print("                      ACC    NMI    ARI")
      for (name, scores) in [("SeCu             ", ours), ("k-means on pixels", theirs)] {
        try output.print(
          "  \(name)   \(Subcommand.score(scores.accuracy))  \(Subcommand.score(scores.nmi))  \(Subcommand.score(scores.ari))"
        )
      }
    }
    if let wait = trainer.dataWait {
      try output.print(String(format: "  waiting for views   %.1f %% of the training", 100 * wait))
    }
    if let baseline { try output.print("  k-means clustered   \(baseline.points)") }
    try output.print("  cluster sizes       \(sizes.map(String.init).joined(separator: " "))")
    try output.print("")
    try output.print("Each image's cluster: \(printable(folder.assignments.relativePath))")
    try output.print("The encoder:          \(printable(folder.encoder.relativePath))")
  }
}
