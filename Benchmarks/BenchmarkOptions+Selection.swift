import Basics

/// Which cases run, here or in a process of their own.
extension BenchmarkOptions {
  /// The options that make another process of this program measure `name` alone, with its JSON line on standard output.
  func arguments(forOnly name: String, threads: Int, isa: String) -> [String] {
    let repetition =
      switch budget {
      case .seconds(let seconds): ["--seconds", "\(seconds)", "--precision", "\(precision)"]
      case .repeats(let repeats): ["--repeats", "\(repeats)"]
      }
    return [name, "--threads", "\(threads)", "--isa", isa, "--batch", "\(batch)", "--json", "-", "--no-peaks"]
      + ["--ends-with-input"] + (isCold ? ["--cold"] : []) + repetition
  }

  /// The cases whose name contains a filter and nothing that is skipped; one whose whole name is a filter is what that filter means,
  /// alone.
  ///
  /// - Throws: `SeCuError` (`.usage`) if a filter fits no case, or nothing is left.
  func selected(from cases: [Benchmark]) throws -> [Benchmark] {
    let names = cases.map(\.name)
    for filter in filters where !names.contains(where: { $0.contains(filter) }) {
      guard filter != "profile" else {
        throw SeCuError(
          .usage, "has to come first", at: filter, remedy: "Write 'Benchmarks profile --network NAME'")
      }
      let nearest = nearestName(to: filter, in: ["profile"] + cases.map(\.family) + names)
      if filter.hasPrefix("decode") {
        throw SeCuError(
          .usage, "found no JPEG files to decode", at: filter,
          remedy: "Name a folder of some in the environment variable \(Benchmark.decodedFolder)")
      }
      throw SeCuError(
        .usage, "no case has '\(filter)' in its name",
        remedy: nearest.map { "Did you mean '\($0)'?" } ?? "See the names with '--list'")
    }
    let selected = cases.filter { selects($0.name, among: names) }
    guard !selected.isEmpty else {
      throw SeCuError(.usage, "skips every case", at: "--skip", remedy: "See the names with '--list'")
    }
    return selected
  }

  /// Whether the filters mean a case of this name, which there need not be any more, and don't skip it.
  ///
  /// - Parameter names: those of the cases that there are; a filter that is one of them means that case alone.
  func selects(_ name: String, among names: [String]) -> Bool {
    let isMeant = filters.isEmpty || filters.contains { $0 == name || !names.contains($0) && name.contains($0) }
    return isMeant && !skipped.contains { name.contains($0) }
  }
}
