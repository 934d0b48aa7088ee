import Basics
import Foundation

extension SafeTensors {
  /// Reads the file at `url`.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` or `inputOutput` where it can't be read; as `init(data:name:)`.
  public init(contentsOf url: URL) throws(SeCuError) {
    try self.init(data: FileContents.read(url), name: url.displayName)
  }

  /// Reads the bytes of a safetensors file.
  ///
  /// Strict: the header holds what the format defines and nothing else, no key twice, and the tensors cover the data
  /// exactly, without hole, overlap or trailing byte.
  ///
  /// - Parameters:
  ///   - data: the whole file.
  ///   - name: what messages call it.
  /// - Throws: `SeCuError` of kind `.badData` with the byte and the tensor at fault.
  public init(data: Data, name: String) throws(SeCuError) {
    let headerLength = try Self.headerLength(data, name)
    let tensorData = data.dropFirst(8 + headerLength)
    var parser = SafeTensorsHeaderParser(header: data.dropFirst(8).prefix(headerLength), file: name)
    let header = try parser.parse()
    self.init(metadata: header.metadata)
    self.name = name
    var end = 0
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      func fault(_ problem: String) -> SeCuError {
        Self.damaged("tensor \(quoted(entry.name)): " + problem, name, entry.position)
      }
      guard entry.begin >= end else {
        throw fault("expected data from offset \(end) on, found offset \(entry.begin), which another tensor covers")
      }
      guard entry.begin == end else {
        throw fault("expected data from offset \(end) on, found offset \(entry.begin), which leaves a hole")
      }
      guard entry.end >= entry.begin else {
        throw fault("expected an end offset from \(entry.begin) up, found \(entry.end)")
      }
      let shape = entry.shape.count <= 16 ? "\(entry.shape)" : "of \(entry.shape.count) dimensions"
      guard let expected = entry.dataType.byteCount(shape: entry.shape) else {
        throw fault("expected a shape whose bytes can be counted in 64 bits, found \(shape)")
      }
      guard entry.end - entry.begin == expected else {
        throw fault(
          "expected \(expected) bytes for \(entry.dataType.rawValue) of shape \(shape), found \(entry.end - entry.begin)"
        )
      }
      guard entry.end <= tensorData.count else {
        throw fault("expected data up to offset \(entry.end), found only \(tensorData.count) bytes of data")
      }
      let start = tensorData.startIndex
      let bytes = data.subdata(in: start + entry.begin..<start + entry.end)
      tensors[entry.name] = try Tensor(dataType: entry.dataType, shape: entry.shape, bytes: bytes)
      end = entry.end
    }
    guard end == tensorData.count else {
      throw Self.damaged(
        "expected the end of the file, found \(tensorData.count - end) more bytes that belong to no tensor", name,
        8 + headerLength + end)
    }
    try verifyChecksum()
  }

  private static func damaged(_ problem: String, _ name: String, _ byte: Int) -> SeCuError {
    SeCuError(
      .badData, problem, at: name, position: "byte \(byte)",
      remedy: "The file is damaged or not a safetensors file: copy it again")
  }

  /// Checks the first 8 bytes and returns the length that they state.
  private static func headerLength(_ data: Data, _ name: String) throws(SeCuError) -> Int {
    guard data.count >= 8 else {
      throw damaged("expected a header length of 8 bytes, found \(data.count) bytes", name, 0)
    }
    let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= UInt64(longestHeader) else {
      try refuseOtherKinds(data, name)
      throw damaged("expected a header length up to \(longestHeader), found \(length)", name, 0)
    }
    guard length <= UInt64(data.count - 8) else {
      throw damaged("expected a header of \(length) bytes, found only \(data.count - 8)", name, 8)
    }
    return Int(length)
  }

  /// Throws for the kinds of files that are most easily taken for safetensors. Their first bytes would make absurd headers.
  private static func refuseOtherKinds(_ data: Data, _ name: String) throws(SeCuError) {
    let kind: (found: String, remedy: String)? =
      if data.starts(with: [0x50, 0x4B, 3, 4]) || data.starts(with: [0x80, 2]) {
        ("a file of torch.save", "Load it in PyTorch, and save its tensors by safetensors.torch.save_file")
      } else if data.starts(with: CheckpointFile.magic) {
        ("a run's checkpoint", "Name the run's folder")
      } else {
        nil
      }
    guard let kind else { return }
    throw SeCuError(
      .badData, "expected safetensors, found \(kind.found)", at: name, position: "byte 0", remedy: kind.remedy)
  }

  /// Checks the checksum, if there is one, and takes it out of the metadata.
  private mutating func verifyChecksum() throws(SeCuError) {
    if let stated = metadata.removeValue(forKey: Self.checksumKey), stated != checksum {
      throw SeCuError(
        .badData, "expected contents with the checksum \(quoted(stated)), found \(checksum)", at: name,
        remedy: "The file is damaged: copy it again. If a program changed it on purpose, let it drop the metadata entry"
      )
    }
    if let key = metadata.keys.filter(Self.isDamagedChecksumKey).min() {
      throw SeCuError(
        .badData, "expected the metadata key \(quoted(Self.checksumKey)), found \(quoted(key))", at: name,
        remedy: "The file is damaged: copy it again")
    }
  }
}
