import Basics
import Datasets
import Testing

@Suite struct SplitTests {
  @Test func `splits are read and written`() throws {
    #expect(try Splits("train").parts == [.train])
    #expect(try Splits("Test+unlabeled").parts == [.test, .unlabelled])
    #expect(try Splits("test+unlabelled").description == "test+unlabelled")
  }

  @Test(arguments: [
    ("tets", "split: expected train, test, unlabelled or several joined by +, found 'tets'. Did you mean 'test'?"),
    ("", "split: expected train, test, unlabelled or several joined by +, found ''."),
    ("train+", "split: expected train, test, unlabelled or several joined by +, found ''."),
    ("train+train", "split: expected each split once, found 'train+train'. Name each once."),
  ])
  func `others are refused`(text: String, message: String) throws {
    #expect(try #require(throws: SeCuError.self) { try Splits(text) }.description == message)
  }
}
