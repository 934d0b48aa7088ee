import Basics
import Foundation
import Interchange

/// A case of an earlier run: a JSON line that has times.
struct EarlierCase {
  private let fields: [String: JSONValue]
  let timing: TimingSummary

  /// The cases of a file, and whether its last line is cut off. Empty lines are passed over, and so are those without times,
  /// which are of cases that failed.
  ///
  /// - Throws: `SeCuError`: `.noInput` for a file that is not there, `.badData` for a line that is not JSON or whose times can't be, with
  ///   its number.
  static func read(contentsOf path: String) throws -> (cases: [EarlierCase], isCutOff: Bool) {
    let lines = try FileContents.read(URL(filePath: path)).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var cases: [EarlierCase] = [], isCutOff = false
    for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= UInt8(ascii: " ") }) {
      let value: JSONValue
      do {
        value = try JSON.decode(JSONValue.self, from: Data(line), name: path, position: "line \(index + 1)")
      } catch {
        guard index == lines.count - 1 else { throw error }
        // No newline follows: the end of a write that was interrupted.
        isCutOff = true
        continue
      }
      if let earlier = try EarlierCase(value.members ?? [:], file: path, line: index + 1) { cases.append(earlier) }
    }
    return (cases, isCutOff)
  }

  /// Nil for a line without times. One without an interval gets one from the minimum to as far above the median, and one
  /// that doesn't say how many samples there were is believed.
  private init?(_ fields: [String: JSONValue], file: String, line: Int) throws {
    func fault(_ problem: String) -> SeCuError {
      SeCuError(.badData, problem, at: file, position: "line \(line)", remedy: Self.remedy)
    }
    func time(_ key: String) throws -> Double? {
      guard let value = fields[key] else { return nil }
      guard let seconds = value.double, seconds > 0, seconds.isFinite else {
        throw fault("expected '\(key)' to be a number above 0")
      }
      return seconds
    }
    guard let median = try time("median_s") else { return nil }
    let (least, low, high) = (try time("min_s"), try time("median_low_s"), try time("median_high_s"))
    let inOrder = [least, low, median, high].compactMap(\.self)
    guard inOrder == inOrder.sorted() else {
      throw fault("expected min_s ≤ median_low_s ≤ median_s ≤ median_high_s, found another order")
    }
    let minimum = least ?? median
    self.fields = fields
    timing = TimingSummary(
      median: median, minimum: minimum, medianLow: low ?? minimum, medianHigh: high ?? 2 * median - minimum,
      firstQuartile: try time("q1_s") ?? minimum, thirdQuartile: try time("q3_s") ?? 2 * median - minimum,
      samples: fields["samples"]?.double.flatMap { Int(exactly: $0) } ?? Timing.fewestSamples, callsPerSample: 1,
      outliers: 0)
  }

  static let remedy = "Write the file with '--json FILE'"

  /// The case's name, which filters look at; files of before there was one leave it out.
  var name: String? { text("name") }

  /// The name with what it was measured under.
  var label: String {
    let threads = number("threads").flatMap { Int(exactly: $0) }.map { ", " + counted($0, "thread") } ?? ""
    return "\(name ?? text("case") ?? "a case") (\(text("isa") ?? "?")\(threads))"
  }

  func text(_ key: String) -> String? { fields[key]?.text }

  func number(_ key: String) -> Double? { fields[key]?.double }

  /// Whether this was the same case under the same setting.
  ///
  /// - Parameter identity: as `BenchmarkResult.identity(of:_:)` has it.
  func isOf(_ identity: [String: JSONValue]) -> Bool {
    identity.allSatisfy { key, value in
      // Files of before there was a choice leave it out.
      fields[key] == value || key == "cache" && fields[key] == nil && value == .string("hot")
    }
  }
}

extension JSONValue {
  /// The value of a number, whole or not.
  fileprivate var double: Double? {
    switch self {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }
}
