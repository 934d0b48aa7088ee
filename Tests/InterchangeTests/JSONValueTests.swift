import Basics
import Foundation
import Testing

@testable import Interchange

@Suite struct JSONValueTests {
  private func value(_ text: String) throws -> JSONValue {
    try JSON.decode(JSONValue.self, from: Data(text.utf8), name: "text")
  }

  static let values: [(String, JSONValue)] = [
    ("null", .null), ("true", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("1", .integer(1)),
    ("18446744073709551615", .integer(.max)), ("-1", .number(-1)), ("0.1", .number(0.1)), ("1e-7", .number(1e-7)),
    (#""a\"b""#, .string("a\"b")), (#""1""#, .string("1")), ("[]", .array([])), ("{}", .object([:])),
    (
      #"[1,[null,"x"],{"a":{"b":false}}]"#,
      .array([
        .integer(1), .array([.null, .string("x")]), .object(["a": .object(["b": .bool(false)])]),
      ])
    ),
  ]

  @Test(arguments: values) func `every kind is read and written`(text: String, expected: JSONValue) throws {
    #expect(try value(text) == expected)
    #expect(try value(String(decoding: JSON.line(expected), as: UTF8.self)) == expected)
  }

  /// A Float that was written, read as a number of any kind and written again is still the same Float.
  @Test func `the digits of a Float stay`() throws {
    for float in [Float(0.1), 1e-4, 0.3, 4.2, .leastNormalMagnitude, .greatestFiniteMagnitude, 1 / 3, 16_777_216] {
      let once = try value(String(decoding: JSON.line([float]), as: UTF8.self))
      let again = try JSON.decode([Float].self, from: JSON.line(once), name: "text")
      #expect(again == [float])
    }
  }

  @Test func `a number that nothing holds is called so, with its place`() throws {
    for (text, place) in [(#"{"a": {"rate": 1e999}}"#, "a.rate: "), (#"{"heads": [10, -1e999]}"#, "heads[1]: ")] {
      let error = try #require(throws: SeCuError.self) { try value(text) }
      #expect(error.problem.hasPrefix(place) && error.problem.contains("number"), "\(error)")
      #expect(!error.problem.contains("ictionary"), "\(error)")
    }
  }

  /// Every value is tried as several types, each try as long as the value lies deep: without a bound this would take seconds.
  @Test func `lists in lists in lists are refused`() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + "1, 2" + String(repeating: "]", count: levels)
    }
    #expect(try value(nested(16)).kind == "a list")
    for levels in [17, 500] {
      let error = try #require(throws: SeCuError.self) { try value(nested(levels)) }
      #expect(error.problem.contains("at most 16 lists and objects in each other"), "\(error)")
    }
  }

  @Test func `kinds, members and texts`() throws {
    let kinds = ["null", "true", "1", "-1.5", #""x""#, "[2]", #"{"a": 1}"#].map { text in
      Result { try value(text).kind }
    }
    #expect(
      try kinds.map { try $0.get() } == [
        "null", "true or false", "a number", "a number", "a text", "a list", "an object",
      ])
    #expect(try value(#"{"a": 1}"#).members == ["a": .integer(1)])
    #expect(try value("[1]").members == nil)
    #expect(try value(#""x""#).text == "x")
    #expect(try value("1").text == nil)
  }
}
