import Basics
import Datasets
import Foundation

extension Option where Value == Bool {
  /// An option without a value, such as `--resume`: true when it is given.
  static func flag(_ name: String, help: String) -> Self {
    Option(OptionDeclaration(name: name, placeholder: nil, help: help) { _ in true }, fallback: false)
  }
}

extension Option where Value == String? {
  /// A file or folder, which need not exist. `~/` at the start is the home folder also where the shell leaves it, as in
  /// `--output=~/run`.
  static func path(_ name: String, _ placeholder: String = "path", help: String) -> Self {
    Option(
      OptionDeclaration(name: name, placeholder: placeholder, help: help) { argument in
        if argument.isEmpty { throw unexpected(argument, expected: "a path") }
        return Platform.throughLinks(
          argument.hasPrefix("~/") ? NSString(string: argument).expandingTildeInPath : argument)
      }, fallback: .some(nil))
  }

  /// One of `choices`, spelt exactly; the nearest of them is offered for any other.
  static func choice(_ name: String, _ placeholder: String = "name", of choices: [String], help: String) -> Self {
    var declaration = OptionDeclaration(name: name, placeholder: placeholder, help: help) { argument in
      if choices.contains(argument) { return argument }
      throw unexpected(
        argument, expected: "one of \(choices.joined(separator: ", "))",
        remedy: nearestName(to: argument, in: choices).map { "Did you mean '\($0)'?" })
    }
    declaration.choices = choices
    return Option(declaration, fallback: .some(nil))
  }
}

extension Option where Value == [String]? {
  /// Some of `choices`, separated by commas and spelt exactly, each at most once; the nearest is offered for any other.
  static func choices(_ name: String, _ placeholder: String = "name,…", of choices: [String], help: String) -> Self {
    Option(
      OptionDeclaration(name: name, placeholder: placeholder, help: help) { argument in
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map {
          $0.trimmingCharacters(in: .whitespaces)
        }
        if let wrong = parts.first(where: { !choices.contains($0) }) {
          throw unexpected(
            wrong, expected: "some of \(choices.joined(separator: ", "))",
            remedy: nearestName(to: wrong, in: choices).map { "Did you mean '\($0)'?" })
        }
        guard Set(parts).count == parts.count else {
          throw unexpected(argument, expected: "each name once", remedy: "Name each once")
        }
        return parts
      }, fallback: .some(nil))
  }
}

extension Option where Value == Splits? {
  /// `--split`: one split of a data set, or several joined by `+`.
  static func splits(help: String) -> Self {
    Option(
      OptionDeclaration(
        name: "split", placeholder: Split.allCases.map(\.rawValue).joined(separator: "|"),
        help: "\(help) Several are joined by +, as in train+test."
      ) { argument in
        do {
          return try Splits(argument)
        } catch var error as SeCuError {
          error.place = nil
          throw error
        }
      }, fallback: .some(nil))
  }
}

extension Option where Value == Int? {
  /// A whole number in `range`, whose upper bound `Int.max` means none.
  static func integer(_ name: String, _ placeholder: String = "n", in range: ClosedRange<Int>, help: String) -> Self {
    Option(
      OptionDeclaration(name: name, placeholder: placeholder, help: help) { argument in
        guard let number = Int(argument), range.contains(number) else {
          throw unexpected(argument, expected: "a whole number \(boundsText(range, for: argument))")
        }
        return number
      }, fallback: .some(nil))
  }
}

extension Option where Value == [Int]? {
  /// Whole numbers separated by commas, such as `10,20,30`: as many as `count` allows, each in `range`.
  static func integers(
    _ name: String, _ placeholder: String = "n,n,…", count: ClosedRange<Int>, in range: ClosedRange<Int>, help: String
  ) -> Self {
    let isFixed = count.lowerBound == count.upperBound
    let amount = isFixed ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
    return Option(
      OptionDeclaration(name: name, placeholder: placeholder, help: help) { argument in
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }.filter(range.contains)
        guard numbers.count == parts.count, count.contains(numbers.count) else {
          let bounds = boundsText(range, for: argument)
          throw unexpected(argument, expected: "whole numbers \(bounds) separated by commas, \(amount) of them")
        }
        return numbers
      }, fallback: .some(nil))
  }
}

extension Option where Value == Double? {
  /// An amount of memory in bytes, 16 MB to 10⁶ GB: a number with MB or GB behind it.
  static func memory(_ name: String, help: String) -> Self {
    Option(
      OptionDeclaration(name: name, placeholder: "size", help: help) { argument in
        let text = argument.uppercased().replacingOccurrences(of: " ", with: "")
        let units = [("MB", 1e6), ("GB", 1e9), ("M", 1e6), ("G", 1e9)]
        guard let (unit, bytes) = units.first(where: { text.hasSuffix($0.0) }),
          let number = Double(text.dropLast(unit.count)), (16e6...1e15).contains(number * bytes)
        else { throw unexpected(argument, expected: "a size from 16MB to 1000000GB, such as 500MB or 4GB") }
        return number * bytes
      }, fallback: .some(nil))
  }

  /// A finite number in `range`, both ends included. The upper bound `.infinity` means none.
  static func number(_ name: String, _ placeholder: String = "x", in range: ClosedRange<Double>, help: String) -> Self {
    let lower = shortText(range.lowerBound)
    let bounds =
      range.upperBound.isInfinite ? "of at least \(lower)" : "from \(lower) to \(shortText(range.upperBound))"
    return number(name, placeholder, bounds: bounds, contains: range.contains, help: help)
  }

  /// A finite number greater than `lower` and at most `upper`.
  static func number(
    _ name: String, _ placeholder: String = "x", above lower: Double, upTo upper: Double, help: String
  ) -> Self {
    let bounds = "above \(shortText(lower)), up to \(shortText(upper))"
    return number(name, placeholder, bounds: bounds, contains: { $0 > lower && $0 <= upper }, help: help)
  }

  private static func number(
    _ name: String, _ placeholder: String, bounds: String, contains: @escaping @Sendable (Double) -> Bool, help: String
  ) -> Self {
    Option(
      OptionDeclaration(name: name, placeholder: placeholder, help: help) { argument in
        guard let number = Double(argument), number.isFinite, contains(number) else {
          throw unexpected(argument, expected: "a number \(bounds)")
        }
        return number
      }, fallback: .some(nil))
  }
}

/// The error for an argument that is not what its option takes; the parser adds the option's name.
private func unexpected(_ argument: String, expected: String, remedy: String? = nil) -> SeCuError {
  SeCuError(.usage, "expected \(expected), found \(quoted(argument))", remedy: remedy)
}

/// The numbers that an option takes; the largest of all only where `argument` may be beyond it.
private func boundsText(_ range: ClosedRange<Int>, for argument: String) -> String {
  if range.upperBound < .max { return "from \(range.lowerBound) to \(range.upperBound)" }
  let isLong = argument.split { !$0.isNumber }.contains { $0.count > 18 }
  return "of at least \(range.lowerBound)\(isLong ? " and below 2⁶³" : "")"
}
