import Basics
import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite struct JSONTests {
  private struct Settings: Codable, Equatable {
    struct Layer: Codable, Equatable { var width: Int }
    var name: String
    var layers: [Layer]
    var loss: Double?
  }

  private let settings = Settings(name: "a/b", layers: [.init(width: 1), .init(width: 2)], loss: 0.5)

  @Test func filesAreIndentedAndLinesAreNot() throws {
    let line = #"{"layers":[{"width":1},{"width":2}],"loss":0.5,"name":"a/b"}"#
    #expect(String(decoding: try JSON.line(settings), as: UTF8.self) == line + "\n")
    let file = String(decoding: try JSON.file(settings), as: UTF8.self)
    #expect(file.hasPrefix("{\n  \"layers\" : [\n"))
    #expect(file.hasSuffix("}\n"))
  }

  @Test func numbersThatAreNotFiniteAreNull() throws {
    let numbers: [Float] = [1, .nan, .infinity, -.infinity, -.nan, 2]
    #expect(String(decoding: try JSON.line(numbers), as: UTF8.self) == "[1,null,null,null,null,2]\n")
    let line = try JSON.line(Settings(name: "nan", layers: [], loss: .nan))
    #expect(String(decoding: line, as: UTF8.self) == "{\"layers\":[],\"loss\":null,\"name\":\"nan\"}\n")
    #expect(try JSON.decode(Settings.self, from: line, name: "f").loss == nil)
  }

  @Test func fileRoundTrip() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "settings.json")
    try JSON.write(settings, to: url)
    #expect(try JSON.read(Settings.self, contentsOf: url) == settings)
    #expect(try failure { try JSON.read(Int.self, contentsOf: url) }.place == url.relativePath)
  }

  @Test(arguments: [
    (#"{"layers":[]}"#, "name is missing"),
    (#"{"name":null,"layers":[]}"#, "name: expected String, found null"),
    (#"{"name":"x","layers":[{"width":1},{}]}"#, "layers[1].width is missing"),
    (#"{"name":"x","layers":[{"width":1},{"width":"q"}]}"#, "layers[1].width: "),
    (#"{"name":"x","layers":[{"width":1e30}]}"#, "layers[0].width: "),
    (#"{"name":"x","layers":[{"width":7},{"width":1.5}],"loss":0.25}"#, "layers[1].width: expected a number that fits"),
    (#"[]"#, "the value: "),
    (#"{"name":"x","layers":[}"#, "expected JSON, found something else ("),
    (#"{"name":"x","layers":[],"loss":1e999}"#, "expected JSON, found something else (number 1e999"),
    ("", "expected JSON, found something else ("),
    (String(repeating: "[", count: 100_000), "expected JSON, found something else ("),
  ])
  func problemsNameTheKeyAndTheFile(text: String, problem: String) throws {
    let error = try failure {
      try JSON.decode(Settings.self, from: Data(text.utf8), name: "settings.json", position: "line 3")
    }
    #expect(error.kind == .badData)
    #expect(error.place == "settings.json")
    #expect(error.position == "line 3")
    #expect(error.problem.hasPrefix(problem) && !error.problem.hasSuffix("."), "\(error)")
  }

  /// Each is found with others in place of the rest, but for truth values, which no number stands for.
  @Test func severalNumbersThatDoNotFitAreNamed() throws {
    struct Frame: Decodable { var width: Int, height: Int, depth: Int, isFilled: Bool, isShown: Bool }
    let text = #"{"width": 1.5, "height": 7, "depth": 2.5, "isFilled": true, "isShown": false}"#
    let error = try failure { try JSON.decode(Frame.self, from: Data(text.utf8), name: "f") }
    #expect(error.problem.hasPrefix("depth, width: expected a number that fits"), "\(error)")
  }

  @Test func errorsOfOwnDecodingKeepTheirKind() throws {
    struct Strict: Decodable {
      init(from decoder: any Decoder) throws {
        throw SeCuError(.usage, "expected 1", at: "width", remedy: "Say 1")
      }
    }
    let error = try failure { try JSON.decode(Strict.self, from: Data("1".utf8), name: "f") }
    #expect(error == SeCuError(.usage, "width: expected 1", at: "f", remedy: "Say 1"))
    let told = try failure {
      try JSON.decode(Strict.self, from: Data("1".utf8), name: "f", position: "line 2", remedy: "Copy it again")
    }
    #expect(told == SeCuError(.usage, "width: expected 1", at: "f", position: "line 2", remedy: "Say 1"))
  }

  /// What the value's own decoding leaves open is filled in, and no more.
  @Test func errorsOfOwnDecodingAreCompleted() throws {
    struct Silent: Decodable {
      init(from decoder: any Decoder) throws { throw SeCuError(.badData, "expected 1", position: "byte 4") }
    }
    let error = try failure {
      try JSON.decode(Silent.self, from: Data("1".utf8), name: "f", position: "line 2", remedy: "Copy it again")
    }
    #expect(error == SeCuError(.badData, "expected 1", at: "f", position: "byte 4", remedy: "Copy it again"))
  }

  @Test(arguments: [
    ("{}", nil), ("3", nil), (#"{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": "a"}, ["a", "a"]]}"#, nil),
    (#"{"a": 1, "b": 2, "a" : 3}"#, "a"), (#"{"x": {"a": [1, {"q": 2}], "a": 1}}"#, "x.a"),
    (#"{"l": [{}, {"k": 1, "\u006b": 2}]}"#, "l.k"), (#"{"a\"": "a\": 1", "a\"": 2}"#, "a\""),
    (#"{"a": ":", "b": "a"}"#, nil), (#"{"a": "x\"#, nil), ("}}]{\"a\":", nil),
  ])
  func aKeyThatStandsTwiceIsFound(text: String, key: String?) {
    #expect(JSON.repeatedKey(in: Data(text.utf8)) == key)
  }

  @Test func valuesThatRefuseToBeEncodedAreReported() throws {
    struct Refusing: Encodable {
      func encode(to encoder: any Encoder) throws { throw CancellationError() }
    }
    #expect(try failure { try JSON.line(Refusing()) }.kind == .internal)
  }
}
