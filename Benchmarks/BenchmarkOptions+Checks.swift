import Basics
import Foundation

/// Options that make no sense together, without one another, or for what is asked.
extension BenchmarkOptions {
  /// - Parameters:
  ///   - given: the options on the command line.
  ///   - profiles: whether the first argument is `profile`.
  /// - Throws: `SeCuError` (`.usage`) at the option at fault.
  func checkCombination(_ given: Set<String>, profiles: Bool) throws {
    if asksHelp { return }
    try checkMode(given, profiles: profiles)
    for (option, other) in [("--repeats", "--seconds"), ("--repeats", "--precision"), ("--roofline", "--no-peaks")]
    where given.isSuperset(of: [option, other]) {
      throw SeCuError(.usage, "can't be given together with '\(other)'", at: option, remedy: "Give one of them")
    }
    try checkFiles()
    guard given.contains("--fail-on") else { return }
    if case .repeats(let count) = budget, count < Timing.fewestSamples {
      throw SeCuError(
        .usage, "can't tell a change from noise by \(counted(count, "sample"))", at: "--fail-on",
        remedy: "Use '--repeats \(Timing.fewestSamples)' or more")
    }
    if comparison == nil {
      throw SeCuError(
        .usage, "needs a file to compare with", at: "--fail-on", remedy: "Add '--compare FILE'")
    }
  }

  /// Refuses what has no meaning for `profile`, `--list` or `--explain`, rather than to ignore it.
  private func checkMode(_ given: Set<String>, profiles: Bool) throws {
    func allow(_ allowed: Set<String>, for mode: String) throws {
      guard let option = given.subtracting(allowed).min() else { return }
      throw SeCuError(.usage, "has no meaning for '\(mode)'", at: option, remedy: "Leave it out")
    }
    if profiles {
      try checkProfile()
      try allow(
        ["--network", "--batch", "--threads", "--isa", "--seconds", "--repeats", "--no-peaks", "--json"],
        for: "profile")
    } else if profiledNetwork != nil {
      throw SeCuError(
        .usage, "belongs to 'profile'", at: "--network", remedy: "Write 'Benchmarks profile --network NAME'")
    } else if lists {
      try allow(["--list", "--skip", "--batch"], for: "--list")
    } else if explains {
      try allow(["--explain", "--skip", "--batch", "--threads", "--isa"], for: "--explain")
    }
  }

  private func checkProfile() throws {
    guard profiledNetwork != nil else {
      let names = StepNetwork.all.map(\.name).joined(separator: ", ")
      throw SeCuError(
        .usage, "expected a network", at: "profile", remedy: "Add '--network NAME', which is one of \(names)")
    }
    if let filter = filters.first {
      throw SeCuError(.usage, "takes no filter, found '\(filter)'", at: "profile", remedy: "Leave it out")
    }
    if settingCount > 1 {
      throw SeCuError(
        .usage, "takes one number of threads and one instruction set", at: "profile",
        remedy: "Run it once for each")
    }
  }

  /// No two options name one file: what is written would replace what a later run is to be compared with.
  private func checkFiles() throws {
    if roofline == "-" {
      throw SeCuError(.usage, "is drawn in a file, not on standard output", at: "--roofline", remedy: "Name a file")
    }
    let written = [("--roofline", roofline), ("--json", json == "-" ? nil : json)]
    for ((option, file), (other, otherFile)) in [
      (written[0], written[1]), (written[0], ("--compare", comparison)), (written[1], ("--compare", comparison)),
    ] {
      guard let file, let otherFile, Self.wholePath(file) == Self.wholePath(otherFile) else { continue }
      throw SeCuError(.usage, "names the same file as '\(other)'", at: option, remedy: "Name another one")
    }
  }

  private static func wholePath(_ file: String) -> String { URL(filePath: file).resolvingSymlinksInPath().path }
}
