import Basics

/// A part of a data set that its authors keep apart from the others.
public enum Split: String, Sendable, Hashable, CaseIterable {
  /// What models learn from.
  case train
  /// What they are judged by.
  case test
  /// Images without labels, to learn from.
  case unlabelled
}

/// The splits whose images are used, one after the other: `test`, or `train+unlabelled`.
public struct Splits: Sendable, Hashable, CustomStringConvertible {
  /// At least one, none twice.
  public let parts: [Split]

  /// Just one split.
  public init(_ split: Split) { parts = [split] }

  /// - Parameter parts: at least one, none twice.
  package init(_ parts: [Split]) { self.parts = parts }

  /// Reads one split, or several joined by `+`, in which order images are to come.
  ///
  /// - Throws: `SeCuError` of kind `.usage` that says what there is.
  public init(_ text: String) throws {
    let known = Split.allCases.map(\.rawValue)
    parts = try text.split(separator: "+", omittingEmptySubsequences: false).map { word in
      // The American spelling, which file names have.
      let name = word.lowercased() == "unlabeled" ? Split.unlabelled.rawValue : word.lowercased()
      guard let split = Split(rawValue: name) else {
        throw SeCuError(
          .usage, "expected \(known.joined(separator: ", ")) or several joined by +, found '\(word)'", at: "split",
          remedy: nearestName(to: name, in: known).map { "Did you mean '\($0)'?" })
      }
      return split
    }
    guard Set(parts).count == parts.count else {
      throw SeCuError(.usage, "expected each split once, found '\(text)'", at: "split", remedy: "Name each once")
    }
  }

  /// Such as `train+test`.
  public var description: String { parts.map(\.rawValue).joined(separator: "+") }
}
