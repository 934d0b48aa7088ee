import Foundation
import Testing

/// The example that the library shows is one that is run.
@Suite struct ExampleTests {
  private static func text(_ path: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test func `every line of the example is in the test that runs it`() throws {
    let example = try Self.text("Sources/SeCu/SeCu.swift").split(separator: "\n")
      .filter { $0.hasPrefix("///     ") }
      .map { $0.dropFirst(4).prefix(upTo: $0.firstRange(of: "  //")?.lowerBound ?? $0.endIndex) }
      .map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(example.count > 10)
    let run = try Self.text("Tests/SeCuTests/LibraryTests.swift").split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    for line in example { #expect(run.contains(line), "\(line)") }
  }
}
