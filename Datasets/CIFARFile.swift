import Basics
import Foundation
import Imaging

/// A file of CIFAR-10 or CIFAR-100 in their binary versions: records of the labels and the planes R, G, B, row by row.
///
///     CIFAR-10    label, 3 × 32 × 32 bytes                     3,073 bytes a record
///     CIFAR-100   coarse label, fine label, 3 × 32 × 32 bytes  3,074 bytes a record
///
/// Source: "Binary version", A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html.
struct CIFARFile: DataPart {
  /// Which of them.
  enum Version: String, Sendable {
    case cifar10 = "CIFAR-10"
    case cifar100 = "CIFAR-100"

    /// How many values each of a record's labels has.
    var labelCounts: [Int] { self == .cifar10 ? [10] : [20, 100] }
    var recordLength: Int { labelCounts.count + CIFARFile.layout.count }
    /// What `DataCatalog` calls it.
    var entryName: String { self == .cifar10 ? "cifar10" : "cifar100" }
  }

  static let layout = PlanarLayout(height: 32, width: 32, channels: 3, isColumnMajor: false)

  let version: Version
  let file: DataFile
  let split: Split?
  /// Which of a record's labels counts: the last is the finest.
  let labelIndex: Int

  var paths: [String] { [file.path] }
  var count: Int { file.size / version.recordLength }
  var hasLabels: Bool { true }

  /// - Parameter isCoarse: whether to take the 20 super-classes of CIFAR-100.
  init(_ file: DataFile, _ version: Version, isCoarse: Bool = false) {
    (self.file, self.version) = (file, version)
    split = file.name.contains("test") ? .test : .train
    labelIndex = isCoarse ? 0 : version.labelCounts.count - 1
  }

  /// The version that `file` holds: its size is a whole number of records, the labels of some of them are in range, and it is no array.
  ///
  /// - Throws: as `DataFile.read`.
  static func version(of file: DataFile) throws -> Version? {
    if file.isCompressed { return nil }
    for version in [Version.cifar10, .cifar100] where file.size > 0 && file.size % version.recordLength == 0 {
      let records = file.size / version.recordLength
      // Sixteen records from first to last. Random bytes pass for that many labels of CIFAR-10 once in 10²², for one label once in 26.
      let places = Set((0..<16).map { $0 * (records - 1) / 15 })
      let isPlausible = try places.allSatisfy { record in
        let first = record * version.recordLength
        let labels = try file.bytes(first..<first + version.labelCounts.count)
        return zip(labels, version.labelCounts).allSatisfy { $0 < $1 }
      }
      guard isPlausible else { continue }
      // Labels of ten classes in an IDX file look the same. An array that is damaged is one, too, and is told by who reads arrays.
      guard case .success(nil) = Result(catching: { try ArrayHeader.read(file) }) else { return nil }
      return version
    }
    return nil
  }

  func labels(_ count: Int) throws -> [Int]? {
    var labels: [Int] = []
    labels.reserveCapacity(count)
    let classes = version.labelCounts[labelIndex]
    try forEachRecord(count) { record, bytes in
      let label = Int(bytes[labelIndex])
      guard label < classes else {
        throw SeCuError(
          .badData, "expected a label of 0…\(classes - 1), found \(label)", at: file.path,
          position: "byte \(record * version.recordLength + labelIndex)",
          remedy: "Download the archive again and unpack it")
      }
      labels.append(label)
    }
    return labels
  }

  func readPixels(_ count: Int, into pixels: UnsafeMutablePointer<UInt8>) throws {
    let planes = version.labelCounts.count
    try forEachRecord(count) { record, bytes in
      Self.layout.interleave(bytes + planes, into: pixels + record * Self.layout.count)
    }
  }

  /// Calls `body` with the number and the bytes of each of the first `count` records.
  private func forEachRecord(_ count: Int, _ body: (Int, UnsafePointer<UInt8>) throws -> Void) throws {
    let length = version.recordLength
    var record = 0
    try file.read(0..<count * length, inPiecesOf: 256 * length) { piece in
      let bytes = piece.assumingMemoryBound(to: UInt8.self)
      for first in stride(from: 0, to: piece.count, by: length) {
        guard let base = bytes.baseAddress else { return }
        try body(record, base + first)
        record += 1
      }
    }
  }
}

extension CIFARFile {
  /// The version of which a file of this name is one, as the archives call them: what is wrong with such a file is then told.
  static func customaryVersion(of name: String) -> Version? {
    switch name {
    case "test_batch.bin": .cifar10
    case _ where name.hasPrefix("data_batch_") && name.hasSuffix(".bin"): .cifar10
    case "train.bin", "test.bin": .cifar100
    default: nil
    }
  }
}
