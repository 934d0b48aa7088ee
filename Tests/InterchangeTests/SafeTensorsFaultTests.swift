import Basics
import Foundation
import Testing

@testable import Interchange

/// What is wrong with a file is said with the file's name, the tensor's and the byte.
@Suite struct SafeTensorsFaultTests {
  private func error(_ header: [UInt8], dataBytes: Int, length: UInt64? = nil) throws -> SeCuError {
    let file = littleEndianBytes([length ?? UInt64(header.count)]) + header + Data(count: dataBytes)
    let error = try failure { try SafeTensors(data: file, name: "f.safetensors") }
    #expect(error.kind == .badData)
    #expect(error.place == "f.safetensors")
    return error
  }

  /// An entry of one dimension.
  private static func entry(_ name: String, _ count: Int, _ begin: Int, _ end: Int) -> String {
    "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[\(count)],\"data_offsets\":[\(begin),\(end)]}"
  }

  @Test(arguments: [
    ("{\(entry("a", 4, 0, 4)),\(entry("b", 4, 5, 9))}", 9, "leaves a hole", "b", 61),
    ("{\(entry("a", 4, 1, 5))}", 5, "leaves a hole", "a", 9),
    ("{\(entry("a", 4, 0, 4)),\(entry("b", 4, 3, 7))}", 7, "another tensor covers", "b", 61),
    ("{\(entry("a", 4, 0, 4)),\(entry("b", 4, 0, 4))}", 4, "another tensor covers", "b", 61),
    ("{\(entry("a", 4, 0, 4)),\(entry("b", 0, 2, 2))}", 4, "another tensor covers", "b", 61),
    ("{\(entry("a", 4, 0, 5))}", 5, "expected 4 bytes for U8 of shape [4], found 5", "a", 9),
    ("{\(entry("a", 0, 0, 5))}", 5, "expected 0 bytes", "a", 9),
    ("{\(entry("a", 5, 0, 5)),\(entry("b", 1, 5, 4))}", 5, "expected an end offset from 5 up, found 4", "b", 61),
    ("{\(entry("a", 5, 0, 5))}", 4, "expected data up to offset 5, found only 4 bytes", "a", 9),
    ("{\(entry("a", .max, 0, .max))}", 4, "found only 4 bytes", "a", 9),
    ("{\(entry("a", 1, .max, .max))}", 4, "leaves a hole", "a", 9),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}"#, 0, "counted in 64 bits", "a", 9),
    (#"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "counted in 64 bits", "a", 9),
  ])
  func layoutFaults(header: String, dataBytes: Int, problem: String, tensor: String, byte: Int) throws {
    let error = try error(Array(header.utf8), dataBytes: dataBytes)
    #expect(error.problem.contains(problem), "\(error)")
    #expect(error.problem.hasPrefix("tensor \"\(tensor)\": "))
    #expect(error.position == "byte \(byte)")
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{}}"#, "each key once, found \"a\" again", 60),
    (#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"\u0061":{}}"#, "found \"a\" again", 60),
    (#"{"a":{"dtype":"U8","dtype":"U8"}}"#, "tensor \"a\": expected each key once", 27),
    (#"{"__metadata__":{"k":"v","k":"v"}}"#, "header: expected each key once, found \"k\" again", 33),
    (#"{"__metadata__":{},"__metadata__":{}}"#, "found \"__metadata__\" again", 27),
    (#"{"__metadata__":{"k":1}}"#, "expected '\"', found '1'", 29),
    (#"{"a":{"dtype":"F8_E4M3"}}"#, "expected one of the types BOOL, U8", 22),
    (#"{"a":{"dtype":"U8","shape":[]}}"#, "tensor \"a\": expected a data_offsets, found none", 9),
    (#"{"a":{"shape":[],"data_offsets":[0,1]}}"#, "expected a dtype", 9),
    (#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, "expected a shape", 9),
    (#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0]}}"#, "expected two offsets, found 1", 53),
    (#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1,2]}}"#, "expected two offsets, found 3", 53),
    (#"{"a":{"size":1}}"#, "expected dtype, shape or data_offsets, found \"size\"", 14),
    (#"{"a":{"shape":[-1]}}"#, "expected a whole number from 0 up, found '-'", 23),
    (#"{"a":{"shape":[1.0]}}"#, "expected ']', found '.'", 24),
    (#"{"a":{"shape":[1e0]}}"#, "expected ']', found 'e'", 24),
    (#"{"a":{"shape":[01]}}"#, "without leading zeros", 23),
    (#"{"a":{"shape":[9223372036854775808]}}"#, "expected a number up to 9223372036854775807", 23),
    (#"{"a":{"shape":[1,]}}"#, "expected a whole number from 0 up, found ']'", 25),
    (#"{"a":{},}"#, "expected a dtype", 9),
    (#"{"a":1}"#, "tensor \"a\": expected '{', found '1'", 13),
    (#"[]"#, "expected '{', found '['", 8),
    ("", "expected '{', found the end of the header", 8),
    ("{", "expected '\"', found the end of the header", 9),
    ("{}x", "expected the end of the header, found 'x'", 10),
    ("{}\0", "found the byte 0", 10),
    (#"{"a"#, "expected a closing quote", 9),
    (#"{"a\"#, "expected a closing quote", 9),
    ("{\"a\n\":{}}", "without control characters", 11),
    (#"{"\q":{}}"#, "valid escapes", 10),
    (#"{"\ud800":{}}"#, "valid escapes", 10),
  ])
  func headerFaults(header: String, problem: String, byte: Int) throws {
    let error = try error(Array(header.utf8), dataBytes: 1)
    #expect(error.problem.contains(problem), "\(error)")
    #expect(error.position == "byte \(byte)")
  }

  @Test func invalidUTF8IsReported() throws {
    let error = try error([0x7B, 0x22, 0xC3, 0x28, 0x22], dataBytes: 0)
    #expect(error.problem.contains("expected UTF-8 text"))
    #expect(error.position == "byte 10")
    #expect(try self.error([0x7B, 0xEF, 0xBB, 0xBF], dataBytes: 0).problem.contains("found the byte 239"))
  }

  @Test func trailingBytesAreReported() throws {
    let header = "{\(Self.entry("a", 4, 0, 4))}"
    let error = try error(Array(header.utf8), dataBytes: 6)
    #expect(error.problem.contains("found 2 more bytes that belong to no tensor"))
    #expect(error.position == "byte \(8 + header.utf8.count + 4)")
  }

  @Test func headerLengthsAreChecked() throws {
    #expect(try error([], dataBytes: 0, length: 100_000_001).problem.contains("up to 100000000, found 100000001"))
    #expect(try error([], dataBytes: 0, length: .max).problem.contains("found 18446744073709551615"))
    #expect(try error([0x7B, 0x7D], dataBytes: 0, length: 3).problem.contains("a header of 3 bytes, found only 2"))
    let short = try failure { try SafeTensors(data: Data([1, 2]), name: "f") }
    #expect(short.problem.contains("found 2 bytes"))
    #expect(short.position == "byte 0")
  }

  @Test func `kinds of files that are taken for safetensors are known`() throws {
    func error(_ start: [UInt8]) throws -> SeCuError {
      try failure { try SafeTensors(data: Data(start + [UInt8](repeating: 0xFF, count: 60)), name: "f") }
    }
    for pickle in [[0x50, 0x4B, 3, 4], [0x80, 2, 0x8A, 0x0A]] as [[UInt8]] {
      let error = try error(pickle)
      #expect(error.problem == "expected safetensors, found a file of torch.save")
      #expect(error.remedy?.contains("save_file") == true)
    }
    #expect(try error(Array("SeCuCkpt".utf8)).remedy == "Name the run's folder")
    #expect(try error(Array("anything".utf8)).problem.contains("expected a header length"))
    let float8 = Array(#"{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}"#.utf8)
    #expect(try self.error(float8, dataBytes: 2).remedy == "Save it in one of these types")
  }

  @Test func longNamesAndShapesAreCutInMessages() throws {
    let name = String(repeating: "n", count: 100_000)
    #expect(try error(Array("{\(Self.entry(name, 1, 0, 2))}".utf8), dataBytes: 2).description.utf8.count < 400)
    let shape = Array(repeating: "1", count: 100_000).joined(separator: ",")
    let header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[\(shape)],\"data_offsets\":[0,2]}}"
    #expect(try error(Array(header.utf8), dataBytes: 2).description.utf8.count < 400)
  }

  @Test(arguments: [" {}", "{ } ", "{\t\"__metadata__\" : {\r\n} }  "])
  func whiteSpaceIsAccepted(header: String) throws {
    let file = littleEndianBytes([UInt64(header.utf8.count)]) + Data(header.utf8)
    #expect(try SafeTensors(data: file, name: "f") == SafeTensors())
  }

  /// As PyTorch's batch norm writes it, but in another order than the data's, without checksum.
  @Test func orderOfEntriesIsFree() throws {
    let header =
      #"{"num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[4,12]},"#
      + #""weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"z":{"data_offsets":[4,4],"shape":[0],"dtype":"F32"}}"#
    let data = littleEndianBytes([Float(2.5).bitPattern]) + littleEndianBytes([Int64(9)])
    let file = try SafeTensors(
      data: littleEndianBytes([UInt64(header.utf8.count)]) + Data(header.utf8) + data, name: "f")
    #expect(try file.floats("weight") == ([1], [2.5]))
    #expect(try file.integers("num_batches_tracked") == ([], [9]))
    #expect(try file.floats("z") == ([0], []))
    #expect(file.metadata == [:])
  }
}
