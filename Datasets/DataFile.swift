import Basics
import Foundation
import Imaging

/// The bytes of a file, on disk, where they are read from in pieces, or in memory.
struct DataFile: Sendable {
  /// What messages call it: the path as it was given.
  let path: String
  /// The length of the file, or of the content in memory.
  let size: Int
  /// The first bytes, at most `headLength`; of a compressed file, those of what it holds.
  let head: [UInt8]
  /// Whether gzip has compressed what is on disk: `unpacked(to:)` has to come before any other reading.
  let isCompressed: Bool
  /// The content, where it isn't read from disk.
  private let contents: [UInt8]?

  /// Enough to recognise any format by.
  static let headLength = 1024

  /// The last component of the path, in lower case and without `.gz`.
  var name: String { Self.name(of: path) }

  static func name(of path: String) -> String {
    let name = URL(fileURLWithPath: path).lastPathComponent.lowercased()
    return name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
  }

  /// A file in memory.
  init(path: String, contents: [UInt8]) {
    self.path = path
    size = contents.count
    isCompressed = Gzip.isGzip(contents)
    head = Self.head(contents)
    self.contents = contents
  }

  /// The first bytes of a file that begins with `start`.
  private static func head(_ start: [UInt8]) -> [UInt8] {
    Gzip.isGzip(start) ? Gzip.head(start, count: headLength) : Array(start.prefix(headLength))
  }

  /// Looks at a file.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` where there is no file, `badData` for what is no plain file, `inputOutput` if it can't be read.
  init(contentsOf path: String) throws {
    self.path = path
    contents = nil
    let handle = try Self.open(path)
    defer { handle.closeOnce() }
    do {
      size = Int(clamping: try handle.seekToEnd())
      try handle.seek(toOffset: 0)
      var start = Array(try handle.read(upToCount: Self.headLength) ?? Data())
      isCompressed = Gzip.isGzip(start)
      if isCompressed {
        start += Array(try handle.read(upToCount: 1 << 17) ?? Data())
      }
      head = Self.head(start)
    } catch {
      throw SeCuError.unreadable(error, at: path)
    }
  }

  /// What a compressed file holds, in memory; any other file as it is.
  ///
  /// - Parameter length: the bytes that the content should have; a file that holds more is refused before they are made.
  /// - Throws: `SeCuError` of kind `.badData` for a file that is damaged.
  func unpacked(to length: Int) throws -> DataFile {
    guard isCompressed else { return self }
    return DataFile(path: path, contents: try Gzip.decompress(bytes(0..<size), name: path, limit: length))
  }

  /// Calls `body` with the bytes of `range`, in order and in pieces of `pieceLength` bytes; the last may be shorter.
  ///
  /// - Throws: `SeCuError` of kind `.inputOutput` if they can't be read, such as when the file has become shorter; what `body` throws.
  func read(
    _ range: Range<Int>, inPiecesOf pieceLength: Int = 1 << 20, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    if let contents {
      try contents.withUnsafeBytes { bytes in
        for first in stride(from: range.lowerBound, to: range.upperBound, by: pieceLength) {
          try body(UnsafeRawBufferPointer(rebasing: bytes[first..<min(first + pieceLength, range.upperBound)]))
        }
      }
      return
    }
    let handle = try Self.open(path)
    defer { handle.closeOnce() }
    var position = range.lowerBound
    do { try handle.seek(toOffset: UInt64(position)) } catch { throw SeCuError.unreadable(error, at: path) }
    while position < range.upperBound {
      let wanted = min(pieceLength, range.upperBound - position)
      // Each piece is freed before the next is read, also where objects live until a pool is drained.
      try releasing {
        let piece: Data
        do {
          piece = try handle.read(upToCount: wanted) ?? Data()
        } catch {
          throw SeCuError.unreadable(error, at: path)
        }
        guard piece.count == wanted else {
          throw SeCuError(
            .inputOutput, "expected \(size) bytes as before, found the end of the file", at: path,
            position: "byte \(position + piece.count)", remedy: "Don't change the file while it is read")
        }
        try piece.withUnsafeBytes(body)
      }
      position += wanted
    }
  }

  /// All bytes of `range`.
  ///
  /// - Throws: as `read(_:inPiecesOf:_:)`.
  func bytes(_ range: Range<Int>) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    try read(range) { bytes += $0 }
    return bytes
  }

  private func releasing(_ body: () throws -> Void) rethrows {
    #if canImport(ObjectiveC)
      try autoreleasepool(invoking: body)
    #else
      try body()
    #endif
  }

  private static func open(_ path: String) throws -> FileHandle {
    guard try FileStatus(at: path).kind == .plain else {
      throw SeCuError(.badData, "not a plain file", at: path, remedy: "Name a file or a folder of images")
    }
    do {
      return try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    } catch {
      throw SeCuError.unreadable(error, at: path)
    }
  }
}
