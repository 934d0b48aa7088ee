import Basics

extension SafeTensors {
  /// The metadata key of the checksum.
  static let checksumKey = "crc32"

  /// The CRC-32 of metadata and tensors as eight hex digits.
  ///
  /// It runs over, in order of the keys' UTF-8 bytes,
  /// - each metadata entry but the checksum: key, FF, value, FF;
  /// - one more FF;
  /// - each tensor: name, FF, dtype, FF, the dimensions in decimal with a comma after each, FF, its bytes.
  ///
  /// FF occurs nowhere in UTF-8, so that the fields can't run into one another.
  var checksum: String {
    var check = CRC32()
    func update(_ field: String) {
      check.update(Array(field.utf8) + [0xFF])
    }
    for (key, value) in Self.sorted(metadata) where key != Self.checksumKey {
      update(key)
      update(value)
    }
    update("")
    for (name, tensor) in Self.sorted(tensors) {
      update(name)
      update(tensor.dataType.rawValue)
      update(tensor.shape.map { "\($0)," }.joined())
      check.update(tensor.bytes)
    }
    let digits = String(check.value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Entries in order of their keys' UTF-8 bytes, which is the same everywhere.
  static func sorted<Value>(_ entries: [String: Value]) -> [(key: String, value: Value)] {
    entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  /// Whether `key` is the checksum's with one byte changed.
  static func isDamagedChecksumKey(_ key: String) -> Bool {
    key.utf8.count == checksumKey.utf8.count && zip(key.utf8, checksumKey.utf8).count { $0 != $1 } == 1
  }
}
