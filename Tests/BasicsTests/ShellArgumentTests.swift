import Testing

@testable import Basics

@Suite struct ShellArgumentTests {
  @Test(arguments: [
    ("runs/digits-1", "runs/digits-1"), ("grüße/猫.png", "grüße/猫.png"), ("My Photos-1", "'My Photos-1'"), ("", "''"),
    ("it's", #"'it'\''s'"#), ("a;b", "'a;b'"), ("$HOME", "'$HOME'"), ("~x", "'~x'"), ("a\nb", "'a\nb'"), ("*", "'*'"),
    ("a'\u{301}", "'a'\\''\u{301}'"),
  ])
  func `a shell reads it as one word`(text: String, expected: String) {
    #expect(text.asArgument == expected)
  }
}
