import Foundation
import Testing

/// What a run's files may have become: every program that reads them says which file and what is wrong.
@Suite struct DamagedRunTests {
  private static let resume = ["train", "--resume", "--output", "run"]
  private static let evaluate = ["evaluate", "--model", "run"]
  private static let predict = ["predict", "--model", "run"]

  /// Expects each of `commands` to refuse the run as it is, and to change nothing.
  private func expectRefusal(
    _ workspace: Workspace, _ commands: [[String]], code: Int32 = 65, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let before = try workspace.contents()
    for command in commands {
      let result = try await workspace.secu(command)
      #expect(result.exitCode == code, "\(command) \(result.stderr)", sourceLocation: sourceLocation)
      #expect(result.stdout.isEmpty, sourceLocation: sourceLocation)
      for word in words {
        #expect(result.stderr.contains(word), "\(word): \(result.stderr)", sourceLocation: sourceLocation)
      }
      #expect(try workspace.contents() == before, "\(command)", sourceLocation: sourceLocation)
    }
  }

  @Test func `a damaged checkpoint`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let file = "run/checkpoint", bytes = try workspace.data(file)
    for length in [0, 7, 23, bytes.count / 2, bytes.count - 1] {
      try workspace.write(bytes.prefix(length), to: file)
      try await expectRefusal(workspace, [Self.resume], file, "truncated")
    }
    for place in [4, 9, 13, 20, 30, 500, bytes.count / 2, bytes.count - 1] {
      var damaged = bytes
      damaged[place] ^= 0x10
      try workspace.write(damaged, to: file)
      try await expectRefusal(workspace, [Self.resume], file)
    }
    try workspace.write(Data("a poem\n".utf8), to: file)
    try await expectRefusal(workspace, [Self.resume, Self.evaluate, Self.predict], file, "another kind of file")
    try workspace.write(workspace.data("run/encoder.safetensors"), to: file)
    try await expectRefusal(workspace, [Self.resume, Self.evaluate], file, "another kind of file")
    try FileManager.default.removeItem(at: workspace.url(file))
    try await expectRefusal(workspace, [Self.resume, Self.evaluate, Self.predict], code: 66, file)
  }

  @Test func `a damaged encoder`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let file = "run/encoder.safetensors", bytes = try workspace.data(file)
    for length in [0, 100, bytes.count - 1] {
      try workspace.write(bytes.prefix(length), to: file)
      try await expectRefusal(workspace, [Self.evaluate], file, "damaged")
    }
    for place in [3, 60, 2000, bytes.count - 2] {
      var damaged = bytes
      damaged[place] ^= 0x04
      try workspace.write(damaged, to: file)
      try await expectRefusal(workspace, [Self.predict], file)
    }
    try workspace.write(workspace.data("run/checkpoint"), to: file)
    try await expectRefusal(workspace, [Self.evaluate], file)
    try FileManager.default.removeItem(at: workspace.url(file))
    try await expectRefusal(workspace, [Self.evaluate, Self.predict], code: 66, "the run has not ended", "--resume")
    // Resuming makes it again.
    let result = try await workspace.secu(Self.resume)
    #expect(result.exitCode == 0)
    #expect(try workspace.data(file) == bytes)
  }

  /// One field changed, or made what it can't be.
  static let edits: [(old: String, new: String, words: [String])] = [
    ("\"epochs\" : 2", "\"epochs\" : 3", ["epochs is 3 here and 2 in the checkpoint"]),
    ("\"epochs\" : 2", "\"epochs\" : -2", ["epochs: -2 is outside 1 to 1000000"]),
    ("\"epochs\" : 2", "\"epochs\" : 1e300", ["epochs"]), ("\"epochs\" : 2", "\"epochs\" : 2.5", ["epochs"]),
    ("\"epochs\" : 2", "\"epochs\" : \"two\"", ["epochs"]),
    ("\"epochs\" : 2", "\"epochs\" : null", ["epochs", "null"]),
    ("\"epochs\" : 2,", "", ["epochs is missing"]), ("\"epochs\"", "\"epoch\"", ["epochs is missing"]),
    ("\"batch\" : 20", "\"batch\" : 9223372036854775807", ["batch", "outside 2 to 1000000"]),
    ("\"seed\" : 0", "\"seed\" : -1", ["seed"]), ("\"limit\" : 60", "\"limit\" : 0", ["limit"]),
    ("\"dimension\" : 128", "\"dimension\" : 9223372036854775807", ["dimension"]),
    ("\"height\" : 8", "\"height\" : 0", ["image size"]),
    ("\"noise\" : 0.05", "\"noise\" : 0.06", ["augmentation.noise is 0.06 here and 0.05 in the checkpoint"]),
    ("\"noise\"", "\"nois\"", ["nois", "The nearest known field is noise"]),
    ("\"centerTemperature\" : 0.05", "\"centerTemperature\" : 0", ["losses.centerTemperature"]),
    ("{", "", ["expected JSON"]), ("\"data\" : \"digits\"", "\"data\" : \"../../x\"", ["data is ../../x here"]),
  ]

  @Test func `a settings file that was edited`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let file = "run/config.json", text = try workspace.text(file)
    for edit in Self.edits {
      let place = try #require(text.range(of: edit.old), "\(edit.old)")
      try workspace.write(Data(text.replacingCharacters(in: place, with: edit.new).utf8), to: file)
      for command in [Self.resume, Self.evaluate] {
        let before = try workspace.contents()
        let result = try await workspace.secu(command)
        #expect(result.exitCode == 65, "\(edit.new): \(result.stderr)")
        for word in edit.words + [file] { #expect(result.stderr.contains(word), "\(edit.new): \(result.stderr)") }
        #expect(try workspace.contents() == before)
      }
    }
    for bytes in [Data(), Data([0xFF, 0xFE, 0, 1]), Data("[]".utf8)] {
      try workspace.write(bytes, to: file)
      try await expectRefusal(workspace, [Self.resume, Self.predict], file)
    }
    try FileManager.default.removeItem(at: workspace.url(file))
    try await expectRefusal(workspace, [Self.resume, Self.evaluate], code: 66, "config.json is missing")
    // Nor is what is left taken for an empty folder.
    try await expectRefusal(
      workspace, [Workspace.training + ["--output", "run"]], code: 73,
      "a file metrics.jsonl is there, which the run would replace")
  }

  @Test func `metrics that are none`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let file = "run/metrics.jsonl", lines = try workspace.text(file).split(separator: "\n")
    try workspace.write(Data("\(lines[0])\nnonsense\n".utf8), to: file)
    try await expectRefusal(workspace, [Self.resume], "\(file), line 2", "Repair the line or remove it")
    // A line that was cut off as it was written is no line.
    try workspace.write(Data("\(lines[0])\n\(lines[1])\n{\"epoch\":".utf8), to: file)
    let result = try await workspace.secu(Self.resume)
    #expect(result.exitCode == 0)
    #expect(try workspace.text(file) == "\(lines[0])\n\(lines[1])\n")
  }
}
