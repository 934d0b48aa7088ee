import Testing

@testable import Basics

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ac", 1),
    ("abc", "abxc", 1), ("abc", "bac", 1), ("ca", "abc", 3), ("kitten", "sitting", 3), ("epohcs", "epochs", 1),
  ])
  func editDistanceMatchesKnownPairs(a: String, b: String, edits: Int) {
    #expect(editDistance(Array(a), Array(b)) == edits)
    #expect(editDistance(Array(b), Array(a)) == edits)
  }

  @Test(arguments: [
    ("digts", "digits"), ("DIGITS", "digits"), ("cifar10", "cifar-10"), ("epohcs", "epochs"), ("stl", "stl-1"),
    ("seeed", "seed"), ("é", nil), ("", nil), ("photographs", nil), ("x", nil),
  ])
  func nearestOfKnownNames(typed: String, expected: String?) {
    #expect(nearestName(to: typed, in: ["digits", "cifar-10", "epochs", "seed", "stl-1", "y"]) == expected)
  }

  @Test func firstOfEquallyNearNamesWins() {
    #expect(nearestName(to: "bat", in: ["cat", "rat"]) == "cat")
    #expect(nearestName(to: "rut", in: ["cat", "rat"]) == "rat")
    #expect(nearestName(to: "bat", in: []) == nil)
  }

  @Test(arguments: [
    ("--verson", nil), ("--version", nil), ("--preicsion", "--precision"), ("--jsn", "--json"), ("json", "--json"),
    ("--", nil), ("-", nil),
  ])
  func `hyphens that both begin with make no name near`(typed: String, expected: String?) {
    #expect(nearestName(to: typed, in: ["--json", "--precision"]) == expected)
  }

  /// A name of a million letters is refused by its length: comparing it would fill minutes.
  @Test func hugeNamesAreNotCompared() {
    #expect(nearestName(to: String(repeating: "a", count: 1_000_000), in: ["aaa"]) == nil)
  }
}
