import Basics
import Foundation

/// Named tensors as a safetensors file holds them: the format in which PyTorch and other tools exchange weights.
///
/// Layout: a header length (u64 LE), a header in JSON, then the tensors' bytes without a gap, little-endian and in C
/// order. Source: github.com/huggingface/safetensors, "Format".
///
/// ## The checksum
/// A file written here carries eight hex digits under the key `crc32` of its metadata. They are the CRC-32 of the file's
/// meaning rather than of its bytes: every other metadata entry, each tensor's name, type and shape, and all data bytes
/// (see `checksum`). What is left of the header (syntax, offsets, padding) has one way of being right, and the reader
/// refuses any other. A key that differs from `crc32` in a single byte counts as damaged. Together: any one flipped bit,
/// wherever in the file, is refused. Files without the entry are accepted; a program that moves tensors about but keeps
/// them and the metadata leaves the checksum right.
public struct SafeTensors: Sendable {
  /// Free text about the file, without the checksum. Written files always have "format": "pt" on top.
  public var metadata: [String: String]
  /// The tensors by name.
  public var tensors: [String: Tensor]
  /// What messages call this file.
  var name = "safetensors"

  /// - Parameters: as the properties have them.
  public init(tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The type of a tensor's elements; the raw value is the format's `dtype`.
  public enum DataType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8", int8 = "I8"
    case int16 = "I16", uint16 = "U16", float16 = "F16", bfloat16 = "BF16"
    case int32 = "I32", uint32 = "U32", float32 = "F32"
    case int64 = "I64", uint64 = "U64", float64 = "F64"

    /// The size of an element, which is also its alignment.
    public var byteCount: Int {
      switch self {
      case .bool, .uint8, .int8: 1
      case .int16, .uint16, .float16, .bfloat16: 2
      case .int32, .uint32, .float32: 4
      case .int64, .uint64, .float64: 8
      }
    }

    /// The bytes of a tensor of this type; nil for a negative dimension or where the product exceeds `Int`.
    func byteCount(shape: [Int]) -> Int? {
      var count = byteCount
      for dimension in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        guard dimension >= 0, !overflow else { return nil }
        count = product
      }
      return count
    }
  }

  /// An array of numbers of one type. A scalar has the shape []; a dimension may be 0.
  public struct Tensor: Sendable, Equatable {
    /// The type of every element.
    public let dataType: DataType
    /// The extent of each dimension; the last one varies fastest.
    public let shape: [Int]
    /// The elements, little-endian.
    public let bytes: Data

    /// - Throws: `SeCuError` of kind `.usage` unless `bytes` has the size that `dataType` and `shape` call for.
    public init(dataType: DataType, shape: [Int], bytes: Data) throws(SeCuError) {
      guard bytes.count == dataType.byteCount(shape: shape) else {
        let expected = dataType.byteCount(shape: shape).map { "\($0) bytes" } ?? "a smaller shape"
        throw SeCuError(
          .usage, "expected \(expected) for \(dataType.rawValue) of shape \(shape), found \(bytes.count) bytes",
          at: "tensor", remedy: "Give as many elements as the shape has")
      }
      self.dataType = dataType
      self.shape = shape
      self.bytes = bytes
    }

    /// A tensor of type F32.
    ///
    /// - Throws: `SeCuError` of kind `.usage` unless `shape` has as many elements as `values`.
    public init(_ values: [Float], shape: [Int]) throws(SeCuError) {
      try self.init(dataType: .float32, shape: shape, bytes: littleEndianBytes(values.map(\.bitPattern)))
    }

    /// A tensor of type I64.
    ///
    /// - Throws: `SeCuError` of kind `.usage` unless `shape` has as many elements as `values`.
    public init(_ values: [Int64], shape: [Int]) throws(SeCuError) {
      try self.init(dataType: .int64, shape: shape, bytes: littleEndianBytes(values))
    }
  }

  /// The same tensors under names without what PyTorch code puts before them, in any order: "module." (its DataParallel wrapper), "encoder."
  /// and "_orig_mod." (`torch.compile`).
  ///
  /// - Throws: `SeCuError` of kind `.badData` where two names become one.
  public func droppingWrapperPrefixes() throws(SeCuError) -> SafeTensors {
    try renamed(difference: "their prefix") { name in
      var short = name[...]
      while let prefix = ["module.", "encoder.", "_orig_mod."].first(where: short.hasPrefix) {
        short = short.dropFirst(prefix.count)
      }
      return String(short)
    }
  }

  /// The same tensors under other names.
  ///
  /// - Parameters:
  ///   - difference: what two names that become one differed in, for the message.
  ///   - newName: a tensor's name from the one that it has; nil leaves it out.
  /// - Throws: `SeCuError` of kind `.badData` where two names become one.
  package func renamed(difference: String, _ newName: (String) -> String?) throws(SeCuError) -> SafeTensors {
    var result = self
    result.tensors = [:]
    for (name, tensor) in Self.sorted(tensors) {
      guard let name = newName(name) else { continue }
      guard result.tensors.updateValue(tensor, forKey: name) == nil else {
        throw SeCuError(
          .badData, "two tensors are called \(quoted(name)) but for \(difference)", at: self.name,
          remedy: "Remove or rename one of them")
      }
    }
    return result
  }
}

extension SafeTensors: Equatable {
  /// Whether both hold the same tensors and metadata, wherever they were read from.
  public static func == (a: SafeTensors, b: SafeTensors) -> Bool {
    a.metadata == b.metadata && a.tensors == b.tensors
  }
}

/// A name from a file as messages show it: quoted, control characters escaped, and cut where it is long.
func quoted(_ name: String) -> String {
  name.count <= 80 ? name.debugDescription : name.prefix(80).debugDescription + "…"
}

/// The bytes of `values`, each little-endian.
func littleEndianBytes(_ values: [some FixedWidthInteger]) -> Data {
  values.map(\.littleEndian).withUnsafeBytes { Data($0) }
}
