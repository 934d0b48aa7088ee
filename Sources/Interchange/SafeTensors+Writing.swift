import Basics
import Foundation

extension SafeTensors {
  /// The longest header that readers of the format accept, in bytes.
  static let longestHeader = 100_000_000
  /// The header's key for metadata, which no tensor may have.
  static let metadataKey = "__metadata__"

  /// The bytes of a safetensors file: tensors by alignment from the largest down, then by name; the header padded with
  /// spaces to 8 bytes. The same tensors and metadata always give the same bytes.
  ///
  /// - Throws: `SeCuError` of kind `.usage` where a tensor is called "__metadata__", a metadata key differs from
  ///   "crc32" in a single byte, or the names are so long that no reader would accept the header.
  public func serialized() throws(SeCuError) -> Data {
    guard tensors[Self.metadataKey] == nil else {
      throw SeCuError(.usage, "a tensor can't be called \(quoted(Self.metadataKey))", at: name, remedy: "Rename it")
    }
    if let key = metadata.keys.filter(Self.isDamagedChecksumKey).min() {
      throw SeCuError(
        .usage, "the metadata key \(quoted(key)) would be taken for a damaged \(quoted(Self.checksumKey))", at: name,
        remedy: "Rename it")
    }
    // Stable: within an alignment, the order of the names stays.
    let ordered = Self.sorted(tensors).sorted { $0.value.dataType.byteCount > $1.value.dataType.byteCount }
    var header = try headerText(ordered)
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -header.count & 7))
    guard header.count <= Self.longestHeader else {
      throw SeCuError(
        .usage, "expected a header up to \(Self.longestHeader) bytes, found \(header.count)", at: name,
        remedy: "Use shorter names and less metadata")
    }
    var file = littleEndianBytes([UInt64(header.count)])
    file.reserveCapacity(file.count + header.count + ordered.reduce(0) { $0 + $1.value.bytes.count })
    file.append(header)
    for (_, tensor) in ordered { file.append(tensor.bytes) }
    return file
  }

  /// Replaces the file at `url` in one step.
  ///
  /// - Throws: as `serialized()`; `SeCuError` of kind `.cannotCreate` or `inputOutput` where it can't be written, and the
  ///   old file is then as it was.
  public func write(to url: URL) throws(SeCuError) {
    try AtomicFile.write(serialized(), to: url)
  }

  private func headerText(_ ordered: [(key: String, value: Tensor)]) throws(SeCuError) -> Data {
    var complete = self
    complete.metadata["format"] = "pt"
    complete.metadata[Self.checksumKey] = complete.checksum
    var fields: [String] = []
    for (key, value) in Self.sorted(complete.metadata) {
      fields.append("\(try Self.literal(key)):\(try Self.literal(value))")
    }
    var members = ["\"\(Self.metadataKey)\":{\(fields.joined(separator: ","))}"]
    var offset = 0
    for (name, tensor) in ordered {
      let end = offset + tensor.bytes.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        """
        \(try Self.literal(name)):{"dtype":"\(tensor.dataType.rawValue)","shape":[\(shape)],\
        "data_offsets":[\(offset),\(end)]}
        """)
      offset = end
    }
    return Data("{\(members.joined(separator: ","))}".utf8)
  }

  /// `text` as a JSON string.
  private static func literal(_ text: String) throws(SeCuError) -> String {
    String(decoding: try JSON.line(text).dropLast(), as: UTF8.self)
  }
}
