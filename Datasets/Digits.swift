import Basics
import Imaging

/// 1,797 handwritten digits of 8×8 pixels, built into the program.
///
/// "Optical Recognition of Handwritten Digits", test part, by E. Alpaydin and C. Kaynak (1998), from the UCI Machine
/// Learning Repository, as scikit-learn distributes it; licence CC BY 4.0. The authors counted ink in blocks of 4×4
/// pixels of a 32×32 bitmap, so there are 17 grey levels v = 0…16. Pixels here are round(v · 255 / 16).
public enum Digits {
  /// Whose work the digits are and how they may be used.
  public static let attribution = Attribution(
    title: "Optical Recognition of Handwritten Digits", authors: "E. Alpaydin, C. Kaynak, 1998",
    source: "UCI Machine Learning Repository (doi.org/10.24432/C50P49), test part, as scikit-learn distributes it",
    licence: "CC BY 4.0")

  /// All digits with labels 0…9 and class names "0"…"9", decoded at first use.
  public static let images: ImageSet = {
    do {
      return try decode(text)
    } catch {
      fatalError("The digits built into this program are damaged. \(error)")
    }
  }()

  /// CRC-32 of all labels, then all pixels, taken from the published file.
  private static let checksum: UInt32 = 0x97DE_DAE4

  /// Reads lines of one label and 64 grey levels, base-17 digits all.
  ///
  /// - Throws: `SeCuError` of kind `.internal` for anything but the published 1,797 digits.
  static func decode(_ text: StaticString) throws -> ImageSet {
    let (count, pixelsPerImage, highest) = (1_797, 64, 16)
    var labels: [Int] = []
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * pixelsPerImage)
    let lines = text.withUTF8Buffer { Array($0) }.split(separator: UInt8(ascii: "\n"))
    for (number, line) in lines.enumerated() {
      func damage(_ problem: String) -> SeCuError {
        SeCuError(.internal, problem, at: "digits", position: "line \(number + 1)")
      }
      guard line.count == 1 + pixelsPerImage else {
        throw damage("expected a label and \(pixelsPerImage) grey levels, found \(line.count) characters")
      }
      for (place, character) in line.enumerated() {
        let letter = String(UnicodeScalar(character))
        guard let value = Int(letter, radix: 17), value <= (place == 0 ? 9 : highest) else {
          throw damage("expected a base-17 digit, found \(letter)")
        }
        if place == 0 {
          labels.append(value)
        } else {
          pixels.append(UInt8((value * 255 + highest / 2) / highest))
        }
      }
    }
    let found = CRC32.checksum(labels.map { UInt8($0) } + pixels)
    guard labels.count == count, found == checksum else {
      throw SeCuError(
        .internal, "expected \(count) images with checksum \(checksum), found \(labels.count) with \(found)",
        at: "digits")
    }
    return try ImageSet(
      name: "digits", shape: ImageShape(height: 8, width: 8, channels: 1), pixels: pixels, labels: labels,
      classNames: (0...9).map(String.init))
  }
}
