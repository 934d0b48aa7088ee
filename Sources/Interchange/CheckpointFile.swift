import Basics
import Foundation

/// A checkpoint: tensors in a file that tells a foreign, a newer, a truncated and a corrupted one apart.
///
///     0   8 bytes  "SeCuCkpt"
///     8   u32 LE   version of what the payload means
///     12  u32 LE   CRC-32 of everything else but the first 8 bytes: version, payload length, payload
///     16  u64 LE   payload length
///     24           payload: a safetensors file
///
/// The frame is the same for all versions, so that a file from a newer program is known as such.
package struct CheckpointFile: Sendable, Equatable {
  /// What the tensors and their names mean; later versions are higher.
  package var version: UInt32
  package var tensors: SafeTensors

  package init(version: UInt32, tensors: SafeTensors) {
    self.version = version
    self.tensors = tensors
  }

  /// Reads the file at `url`.
  ///
  /// - Parameter newestVersion: the highest version that the caller understands.
  /// - Throws: as `FileContents.read(_:)` and `init(data:name:newestVersion:)`.
  package init(contentsOf url: URL, newestVersion: UInt32) throws(SeCuError) {
    try self.init(data: FileContents.read(url), name: url.displayName, newestVersion: newestVersion)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - data: the whole file.
  ///   - name: what messages call it.
  ///   - newestVersion: the highest version that the caller understands.
  /// - Throws: `SeCuError` of kind `.badData` that says which: not a checkpoint, truncated, corrupted or too new.
  package init(data: Data, name: String, newestVersion: UInt32) throws(SeCuError) {
    guard data.prefix(Self.magic.count) == Self.magic.prefix(data.count) else {
      throw SeCuError(
        .badData, "expected a checkpoint, found another kind of file", at: name, position: "byte 0",
        remedy: "Name the file called checkpoint in a run's folder")
    }
    guard data.count >= Self.frameLength else {
      throw Self.truncated("expected \(Self.frameLength) bytes or more, found \(data.count)", name, data.count)
    }
    let version: UInt32 = Self.integer(data, at: 8)
    let check: UInt32 = Self.integer(data, at: 12)
    let length: UInt64 = Self.integer(data, at: 16)
    let payload = data.dropFirst(Self.frameLength)
    guard length <= UInt64(payload.count) else {
      throw Self.truncated("expected a payload of \(length) bytes, found \(payload.count)", name, data.count)
    }
    guard length == UInt64(payload.count), check == Self.check(version, payload) else {
      throw SeCuError(
        .badData, "this checkpoint is corrupted: its checksum doesn't fit its content", at: name, position: "byte 12",
        remedy: "Copy the file again, or start the run anew")
    }
    guard version <= newestVersion else {
      throw SeCuError(
        .badData, "this checkpoint has version \(version), and this program knows versions up to \(newestVersion)",
        at: name, position: "byte 8", remedy: "Use the program that wrote it, or a newer one")
    }
    self.init(version: version, tensors: try SafeTensors(data: payload, name: name))
  }

  /// The bytes of the file.
  ///
  /// - Throws: as `SafeTensors.serialized()`.
  package func serialized() throws(SeCuError) -> Data {
    let payload = try tensors.serialized()
    return Self.magic + littleEndianBytes([version, Self.check(version, payload)])
      + littleEndianBytes([UInt64(payload.count)]) + payload
  }

  /// Replaces the file at `url` in one step.
  ///
  /// - Throws: as `serialized()` and `AtomicFile.write(_:to:)`.
  package func write(to url: URL) throws(SeCuError) {
    try AtomicFile.write(serialized(), to: url)
  }

  /// What every such file begins with.
  static let magic = Data("SeCuCkpt".utf8)
  private static let frameLength = 24

  private static func check(_ version: UInt32, _ payload: Data) -> UInt32 {
    var check = CRC32()
    check.update(littleEndianBytes([version]))
    check.update(littleEndianBytes([UInt64(payload.count)]))
    check.update(payload)
    return check.value
  }

  private static func integer<Value: FixedWidthInteger>(_ bytes: Data, at offset: Int) -> Value {
    bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
  }

  private static func truncated(_ problem: String, _ name: String, _ byte: Int) -> SeCuError {
    SeCuError(
      .badData, "this checkpoint is truncated: \(problem)", at: name, position: "byte \(byte)",
      remedy: "Copy the file again, or start the run anew")
  }
}
