import Foundation

/// What went wrong, where, and what to do about it: the one error type that reaches a user. (Who decodes this project's settings with a
/// decoder of their own gets that decoder's `DecodingError` for malformed JSON.)
///
/// Everything a user can get wrong (an option, a file, a disk) arrives as a `SeCuError`. `kind` is what a program
/// branches on; `description` is what a person reads:
///
///     digits.bin, byte 16: expected 30730000 bytes, found 1200. Download the file again.
public struct SeCuError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The category of a failure. `exitCode` follows sysexits.h, so that scripts can tell the categories apart.
  public enum Kind: String, Sendable, CaseIterable {
    /// A wrong option, value or subcommand.
    case usage
    /// A file or value was read, and its content is wrong.
    case badData
    /// A file or image is larger than a limit allows; with a higher one it might be read.
    case tooLarge
    /// A file or data set that was named is not there.
    case noInput
    /// A file or folder can't be created.
    case cannotCreate
    /// Reading or writing failed half-way: a full disk, a lost device.
    case inputOutput
    /// A defect in this program.
    case `internal`

    /// The process exit code of this category: 64, 65, 65, 66, 73, 74 or 70.
    public var exitCode: Int32 {
      switch self {
      case .usage: 64
      case .badData, .tooLarge: 65
      case .noInput: 66
      case .cannotCreate: 73
      case .inputOutput: 74
      case .internal: 70
      }
    }
  }

  /// What kind of failure it is, and with that the program's exit code.
  public var kind: Kind
  /// What was found and what was expected, without the file's name and without a final full stop.
  public var problem: String
  /// The file, folder or option at fault.
  public var place: String?
  /// The byte (of a binary file) or line (of a text file) at fault, such as `byte 16`.
  public var position: String?
  /// What to do now, as a sentence without a final full stop; a question has its mark.
  public var remedy: String?

  /// - Parameters: as the properties have them.
  public init(_ kind: Kind, _ problem: String, at place: String? = nil, position: String? = nil, remedy: String? = nil)
  {
    self.kind = kind
    self.problem = problem
    self.place = place
    self.position = position
    self.remedy = remedy
  }

  public var description: String {
    let location = [place, position].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ", ")
    let sentence = location.isEmpty ? problem : "\(location): \(problem)"
    guard let remedy else { return "\(sentence)." }
    return "\(sentence). \(remedy)\(remedy.hasSuffix("?") ? "" : ".")"
  }
}

extension SeCuError: LocalizedError {
  /// The description, which programs with windows show.
  public var errorDescription: String? { description }
}
