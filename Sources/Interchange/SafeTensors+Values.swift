import Basics
import Foundation

extension SafeTensors {
  /// The tensor called `name`.
  ///
  /// - Throws: `SeCuError` of kind `.badData` where there is none, with the nearest name that there is.
  public func tensor(_ name: String) throws(SeCuError) -> Tensor {
    guard let tensor = tensors[name] else {
      let nearest = nearestName(to: name, in: tensors.keys.sorted())
      throw SeCuError(
        .badData, "expected the tensor \(quoted(name)), found none of that name", at: self.name,
        remedy: nearest.map { "The nearest name is \(quoted($0))" })
    }
    return tensor
  }

  /// The shape and the elements of a tensor of type F32, F16, BF16 or F64. Elements of F64 are rounded to the nearest
  /// `Float`, and are infinite where they exceed its range; all others are exact.
  ///
  /// - Throws: `SeCuError` of kind `.badData` where there is no such tensor or its type is another.
  public func floats(_ name: String) throws(SeCuError) -> (shape: [Int], values: [Float]) {
    let tensor = try tensor(name)
    guard let values = tensor.floats() else { throw wrongType(name, tensor, "floating-point numbers") }
    return (tensor.shape, values)
  }

  /// The shape and the elements of a tensor of an integer type or BOOL (0 or 1).
  ///
  /// - Throws: `SeCuError` of kind `.badData` where there is no such tensor, its type is another, or an element of U64
  ///   exceeds `Int64`.
  public func integers(_ name: String) throws(SeCuError) -> (shape: [Int], values: [Int64]) {
    let tensor = try tensor(name)
    guard let values = tensor.integers() else {
      throw wrongType(name, tensor, "integers that fit in 64 bits with sign")
    }
    return (tensor.shape, values)
  }

  private func wrongType(_ name: String, _ tensor: Tensor, _ expected: String) -> SeCuError {
    SeCuError(
      .badData, "tensor \(quoted(name)): expected \(expected), found \(tensor.dataType.rawValue)", at: self.name,
      remedy: "Save it in another type")
  }
}

extension SafeTensors.Tensor {
  /// The elements; nil unless they are floating-point numbers.
  func floats() -> [Float]? {
    switch dataType {
    case .float32: elements { (bits: UInt32) in Float(bitPattern: bits) }
    case .float64: elements { (bits: UInt64) in Float(Double(bitPattern: bits)) }
    case .bfloat16: elements { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
    case .float16: elements(float(half:))
    case .bool, .uint8, .int8, .int16, .uint16, .int32, .uint32, .int64, .uint64: nil
    }
  }

  /// The elements; nil unless they are integers within `Int64` or truth values.
  func integers() -> [Int64]? {
    switch dataType {
    case .bool: elements { (byte: UInt8) in byte == 0 ? 0 : 1 }
    case .uint8: elements { (value: UInt8) in Int64(value) }
    case .int8: elements { (value: Int8) in Int64(value) }
    case .int16: elements { (value: Int16) in Int64(value) }
    case .uint16: elements { (value: UInt16) in Int64(value) }
    case .int32: elements { (value: Int32) in Int64(value) }
    case .uint32: elements { (value: UInt32) in Int64(value) }
    case .int64: elements { (value: Int64) in value }
    case .uint64:
      elements { (value: UInt64) in value }.allSatisfy { $0 <= Int64.max }
        ? elements { (value: UInt64) in Int64(bitPattern: value) } : nil
    case .float16, .bfloat16, .float32, .float64: nil
    }
  }

  /// All elements, each converted from its little-endian bits.
  private func elements<Bits: FixedWidthInteger, Value>(_ convert: (Bits) -> Value) -> [Value] {
    bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: MemoryLayout<Bits>.size).map { offset in
        convert(Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Bits.self)))
      }
    }
  }
}

/// The value of an IEEE 754 half-precision number; `Float16` is missing on Macs with Intel processors.
///
/// A half has 5 exponent bits with bias 15 and 10 fraction bits, a `Float` 8 with bias 127 and 23. Shifted by 13 bits the
/// fractions agree and the value is 2¹¹² times too small, for subnormal halves too.
private func float(half: UInt16) -> Float {
  let magnitude = UInt32(half & 0x7FFF) << 13
  let isFinite = half & 0x7C00 != 0x7C00
  let value = isFinite ? Float(bitPattern: magnitude) * 0x1p112 : Float(bitPattern: magnitude | 0x7F80_0000)
  return half & 0x8000 == 0 ? value : -value
}
