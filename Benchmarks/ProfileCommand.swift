import Basics
import Foundation
import Kernels

/// `Benchmarks profile --network NAME`.
struct ProfileCommand {
  private let options: BenchmarkOptions

  init(_ options: BenchmarkOptions) {
    self.options = options
  }

  /// - Throws: `SeCuError` (`.usage`) for a network that there is not; what the steps and the output throw.
  func run(_ name: String) throws {
    guard let step = StepNetwork.all.first(where: { $0.name == name }) else {
      let names = StepNetwork.all.map(\.name)
      let nearest = nearestName(to: name, in: names)
      throw SeCuError(
        .usage, "there is no network '\(name)'", at: "--network",
        remedy: nearest.map { "Did you mean '\($0)'?" } ?? "There are \(names.joined(separator: ", "))")
    }
    let output = try JSONOutput(options.json), provenance = Provenance.current()
    let people = output.takesStandardOutput ? FileHandle.standardError : .standardOutput
    for engine in try options.engines() {
      let peaks = options.measuresPeaks ? MachinePeaks.measured(on: engine) : nil
      try people.tell(Table.header(provenance, isCold: false, settings: [(engine, peaks)]))
      let result = try StepProfiler(step: step, batch: options.batch, budget: options.budget).run(
        on: engine, peaks: peaks)
      let common: [(name: String, value: any Encodable)] =
        [
          ("network", step.name), ("size", step.network.height), ("batch", result.images), ("steps", result.steps),
          ("threads", engine.cores.threads), ("isa", engine.instructionSet.rawValue),
        ] + (peaks?.fields ?? []) + provenance.fields + [
          ("step_s", rounded(result.report.whole)), ("unwatched_step_s", rounded(result.unwatched)),
        ]
      let lines = try result.report.jsonLines(common)
      if output.takesStandardOutput { try FileHandle.standardOutput.tell(lines.map { $0 + "\n" }.joined()) }
      try output.save(lines)
      try people.tell(title(step, result) + result.report.text)
    }
  }

  private func title(_ step: StepNetwork, _ result: StepProfiler.Result) -> String {
    let rate = Table.number(Double(result.images) / result.unwatched)
    return """
      \(step.name): \(result.images) images of \(step.network.height)×\(step.network.width)×\(step.network.channels) in \
      two views, augmentation included; the mean of \(result.averaged) of \(counted(result.steps, "step")), the middle ones
      A step takes \(Table.time(result.unwatched)) unwatched (median, \(rate) images/s) and \
      \(Table.time(result.watched)) watched


      """
  }
}
