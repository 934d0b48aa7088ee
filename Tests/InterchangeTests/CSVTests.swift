import Basics
import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite struct CSVTests {
  private static let table = [
    ["index", "file", "cluster"], ["0", "a,b.png", "3"], ["1", "say \"hi\"", ""],
    ["2", "two\nlines\r\nthree\rfour", " 7 "],
    ["é", "\"", ","],
  ]

  @Test func fieldsAreQuotedWhereTheyMustBe() {
    let expected =
      "index,file,cluster\r\n0,\"a,b.png\",3\r\n1,\"say \"\"hi\"\"\",\r\n2,\"two\nlines\r\nthree\rfour\", 7 \r\n"
      + "é,\"\"\"\",\",\"\r\n"
    #expect(CSV.text(Self.table) == expected)
    #expect(CSV.text([[""], ["x"]]) == "\"\"\r\nx\r\n")
    #expect(CSV.text([["a\rb", "c"]]) == "\"a\rb\",c\r\n")
    // An accent above a quote makes another Character of it, but no other byte.
    #expect(CSV.text([["a\"\u{301}", "c"]]).utf8.elementsEqual("\"a\"\"\u{301}\",c\r\n".utf8))
  }

  @Test(arguments: [table, [], [[""]], [["", ""]], [["a"], [""]], [["\r"], ["\n"], ["\r\n"]]])
  func roundTrip(rows: [[String]]) throws {
    #expect(try CSV.rows(in: Data(CSV.text(rows).utf8), name: "t.csv") == rows)
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "t.csv")
    try CSV.write(rows, to: url)
    #expect(try CSV.read(contentsOf: url) == rows)
  }

  @Test(arguments: ["a,b\nc,d\n", "a,b\r\nc,d", "a,b\n\"c\",d", "\"a\",\"b\"\r\nc,\"d\"\r\n"])
  func lineBreaksMayDiffer(text: String) throws {
    #expect(try CSV.rows(in: Data(text.utf8), name: "t.csv") == [["a", "b"], ["c", "d"]])
  }

  @Test(arguments: [
    ("a,b\nc", "line 2", "expected 2 fields, as in the first row, found 1"),
    ("a\nb,c\n", "line 2", "expected 1 fields, as in the first row, found 2"),
    ("a\n\"b\nc\n\"\nd\"\n", "line 5", "quote in a plain one"),
    ("a\n\"b\n\n", "line 2", "expected a closing quote"),
    ("\"a\"b\n", "line 1", "behind a closing quote"),
    ("\"a\n\"b\n", "line 2", "behind a closing quote"),
    ("\"a\n\n\"\nb,c", "line 4", "expected 1 fields"),
  ])
  func faultsAreReportedWithTheirLine(text: String, position: String, problem: String) throws {
    let error = try failure { try CSV.rows(in: Data(text.utf8), name: "t.csv") }
    #expect(error.kind == .badData)
    #expect(error.place == "t.csv")
    #expect(error.position == position)
    #expect(error.problem.contains(problem), "\(error)")
  }

  @Test func textThatIsNotUTF8IsReported() throws {
    #expect(try failure { try CSV.rows(in: Data([0x61, 0x0A, 0xFF]), name: "t.csv") }.position == "line 2")
  }

  @Test func randomBytesNeverTrap() {
    var random = RandomStream(seed: 1, purpose: .order)
    let alphabet = Array("a,\"\n\r".utf8) + [0xC3]
    var accepted = 0
    for _ in 0..<5000 {
      let bytes = (0..<Int(random.nextWord() % 12)).map { _ in alphabet[Int(random.nextWord() % 6)] }
      guard let rows = try? CSV.rows(in: Data(bytes), name: "t.csv") else { continue }
      accepted += 1
      #expect((try? CSV.rows(in: Data(CSV.text(rows).utf8), name: "t.csv")) == rows)
    }
    #expect((1..<5000).contains(accepted))
  }
}
