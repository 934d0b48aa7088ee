import Testing

@testable import Basics

@Suite struct CountedTests {
  @Test(arguments: [
    (0, "head", "0 heads"), (1, "head", "1 head"), (3, "head", "3 heads"), (1, "pass", "1 pass"),
    (2, "pass", "2 passes"),
  ])
  func `things are counted as people say it`(number: Int, noun: String, text: String) {
    #expect(counted(number, noun) == text)
  }
}
