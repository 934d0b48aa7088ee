import Basics
import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite struct SafeTensorsTests {
  /// A few tensors of several types and ranks, in a file of some hundred bytes.
  private static func sample() throws -> SafeTensors {
    SafeTensors(
      tensors: [
        "conv.weight": try .init((0..<12).map { Float($0) / 8 }, shape: [3, 2, 2]),
        "steps/\u{1}\"\\é": try .init([Int64.min, 7], shape: [2]),
        "scalar": try .init([Float.nan], shape: []), "empty": try .init([Float](), shape: [2, 0, 3]),
        "bytes": try .init(dataType: .uint8, shape: [3], bytes: Data([1, 2, 255])),
      ], metadata: ["note": "a \"quoted\"\nnote", "format": "pt"])
  }

  @Test func roundTripThroughAFile() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "encoder.safetensors")
    let sample = try Self.sample()
    try sample.write(to: url)
    let read = try SafeTensors(contentsOf: url)
    #expect(read == sample)
    #expect(try read.serialized() == FileContents.read(url))
    #expect(try SafeTensors(data: (Data([9]) + read.serialized()).dropFirst(), name: "slice") == sample)
    #expect(try failure { try SafeTensors(contentsOf: folder.appending(path: "x")) }.kind == .noInput)
  }

  @Test func layoutOfAWrittenFile() throws {
    let tensors: [String: SafeTensors.Tensor] = [
      "b": try .init([Float(1)], shape: [1]), "a": try .init([Float(2)], shape: []),
      "c": try .init([Int64(3)], shape: [1, 1]), "d": try .init(dataType: .bool, shape: [1], bytes: Data([1])),
    ]
    let file = SafeTensors(tensors: tensors)
    var stated = file
    stated.metadata = ["format": "pt"]
    let header =
      #"{"__metadata__":{"crc32":"\#(stated.checksum)","format":"pt"},"#
      + #""c":{"dtype":"I64","shape":[1,1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"#
      + #""b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},"d":{"dtype":"BOOL","shape":[1],"data_offsets":[16,17]}}"#
    let padded = header + String(repeating: " ", count: -header.utf8.count & 7)
    let data = Data([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0x80, 0x3F, 1])
    #expect(try file.serialized() == littleEndianBytes([UInt64(padded.utf8.count)]) + Data(padded.utf8) + data)
  }

  /// The fields that the documentation of `checksum` lists, spelt out.
  @Test func checksumCoversWhatItsDocumentationSays() throws {
    let file = SafeTensors(
      tensors: ["w": try .init([Float(1), 2], shape: [2, 1]), "s": try .init([Int64(5)], shape: [])],
      metadata: ["format": "pt", "crc32": "ignored", "a": "é"])
    var text: [UInt8] = []
    for field in ["a", "é", "format", "pt", "", "s", "I64", ""] { text += Array(field.utf8) + [0xFF] }
    text += [5, 0, 0, 0, 0, 0, 0, 0]
    for field in ["w", "F32", "2,1,"] { text += Array(field.utf8) + [0xFF] }
    text += [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]
    let checksum = try #require(UInt32(file.checksum, radix: 16))
    #expect(checksum == CRC32.checksum(text))
    #expect(file.checksum.utf8.count == 8)
  }

  @Test func everyFlippedBitIsRefused() throws {
    let bytes = try Self.sample().serialized()
    for bit in 0..<8 * bytes.count {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: SeCuError.self, "bit \(bit)") { try SafeTensors(data: damaged, name: "f") }
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try Self.sample().serialized()
    for length in 0..<bytes.count {
      #expect(throws: SeCuError.self, "length \(length)") { try SafeTensors(data: bytes.prefix(length), name: "f") }
    }
    #expect(throws: SeCuError.self) { try SafeTensors(data: bytes + [0], name: "f") }
  }

  /// Several random changes at a time: contents that are accepted are those that were written.
  @Test func randomDamageNeverTraps() throws {
    let sample = try Self.sample()
    let bytes = try sample.serialized()
    let alphabet = Array("{}[]\",:\\0123456789eE+-. \0u".utf8) + [0xFF]
    var random = RandomStream(seed: 1, purpose: .order)
    func below(_ bound: Int) -> Int { Int(random.nextWord()) % bound }
    var refused = 0
    for _ in 0..<20_000 {
      var damaged = bytes
      for _ in 0...below(4) {
        let position = below(damaged.count)
        switch below(3) {
        case 0: damaged[position] = alphabet[below(alphabet.count)]
        case 1: damaged.insert(alphabet[below(alphabet.count)], at: position)
        default: damaged.removeSubrange(position..<min(damaged.count, position + 1 + below(8)))
        }
      }
      do {
        let read = try SafeTensors(data: damaged, name: "f")
        #expect(read == sample)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 19_000)
  }

  @Test func checksumThatDoesNotFitIsReported() throws {
    var bytes = try Self.sample().serialized()
    bytes[bytes.count - 1] ^= 1
    let error = try failure { try SafeTensors(data: bytes, name: "f") }
    #expect(error.kind == .badData)
    #expect(error.problem.contains("checksum"))
  }

  @Test func namesThatCannotBeReadBackAreRefused() throws {
    let tensor = try SafeTensors.Tensor([Float(1)], shape: [])
    #expect(try failure { try SafeTensors(tensors: ["__metadata__": tensor]).serialized() }.kind == .usage)
    #expect(try failure { try SafeTensors(metadata: ["crc3x": "a"]).serialized() }.kind == .usage)
    let other = try SafeTensors(metadata: ["model": "a", "crc31x": "b"]).serialized()
    #expect(try SafeTensors(data: other, name: "f").metadata == ["model": "a", "crc31x": "b", "format": "pt"])
    let rewritten = try SafeTensors(tensors: ["w": tensor], metadata: ["crc32": "a", "format": "np"]).serialized()
    #expect(try SafeTensors(data: rewritten, name: "f").metadata == ["format": "pt"])
  }

  @Test func bytesMustFitTheShape() throws {
    #expect(try failure { try SafeTensors.Tensor([Float(1), 2], shape: [3]) }.kind == .usage)
    #expect(try failure { try SafeTensors.Tensor([Int64](), shape: []) }.kind == .usage)
    #expect(try failure { try SafeTensors.Tensor([Float(1)], shape: [-1, -1]) }.kind == .usage)
    let huge = try failure { try SafeTensors.Tensor([Float](), shape: [.max, .max]) }
    #expect(huge.problem.contains("a smaller shape"))
  }

  @Test func wrapperPrefixesAreDropped() throws {
    let tensor = try SafeTensors.Tensor([Float(1)], shape: [])
    func short(_ names: String...) throws -> [String] {
      try SafeTensors(tensors: Dictionary(uniqueKeysWithValues: names.map { ($0, tensor) }))
        .droppingWrapperPrefixes().tensors.keys.sorted()
    }
    #expect(
      try short("module.encoder.a", "encoder.b", "module.c", "d", "e.module.f") == ["a", "b", "c", "d", "e.module.f"])
    #expect(try short("_orig_mod.module.a", "encoder.module._orig_mod.b", "module.module.c") == ["a", "b", "c"])
    #expect(try failure { try short("module.a", "a") }.problem.contains("\"a\""))
  }
}
