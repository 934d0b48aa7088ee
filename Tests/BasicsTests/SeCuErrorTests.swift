import Testing

@testable import Basics

@Suite struct SeCuErrorTests {
  /// Those of sysexits.h, which scripts tell apart.
  @Test func `each kind has its exit code`() {
    #expect(SeCuError.Kind.allCases.map(\.exitCode) == [64, 65, 65, 66, 73, 74, 70])
  }

  @Test(arguments: [
    (SeCuError(.badData, "a"), "a."), (SeCuError(.badData, "a", at: "f", position: "byte 3"), "f, byte 3: a."),
    (SeCuError(.usage, "a", position: "line 3", remedy: "Do"), "line 3: a. Do."),
    (SeCuError(.usage, "a", at: "", remedy: "Is it b?"), "a. Is it b?"),
  ])
  func `a description is made of sentences`(error: SeCuError, text: String) {
    #expect(error.description == text && error.errorDescription == text)
  }
}
