import Basics
import Foundation
import Interchange
import TestSupport
import Testing

@testable import Training

@Suite struct RunFolderTests {
  private let files = FileManager.default

  // MARK: - Making and finding

  @Test func `a new run gets a folder, with those above it`() throws {
    let base = URL.temporary()
    defer { base.remove() }
    let url = base.appending(path: "a/b/run")
    let folder = try RunFolder.create(at: url)
    #expect(try files.contentsOfDirectory(atPath: url.path).isEmpty)
    // A folder that is empty or holds other things will do.
    try Data("notes".utf8).write(to: url.appending(path: "notes.txt"))
    #expect(try RunFolder.create(at: url).url == folder.url)
  }

  @Test(arguments: [
    "config.json", "metrics.jsonl", "checkpoint", "assignments.csv", "left-out.csv", "encoder.safetensors",
    "centers.safetensors",
  ]) func `a folder with any file of a run is not taken`(file: String) throws {
    let url = try URL.temporaryFolder()
    defer { url.remove() }
    try Data("precious".utf8).write(to: url.appending(path: file))
    let error = try failure(.cannotCreate) { try RunFolder.create(at: url) }
    // Only a folder with settings can be resumed.
    let isRun = file == "config.json"
    #expect(
      error.problem
        == (isRun ? "the folder holds another run (\(file))" : "a file \(file) is there, which the run would replace"))
    #expect(error.remedy?.contains("--resume") == isRun)
    #expect(try String(contentsOf: url.appending(path: file), encoding: .utf8) == "precious")
  }

  @Test func `a list of files left out goes when there are none, and nothing else by its name`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url), list = url.appending(path: "left-out.csv")
    try Data("file".utf8).write(to: list)
    try folder.write(skipped: [])
    #expect(!files.fileExists(atPath: list.path))
    try files.createDirectory(at: list.appending(path: "mine"), withIntermediateDirectories: true)
    try folder.write(skipped: [])
    #expect(files.fileExists(atPath: list.appending(path: "mine").path))
  }

  @Test func `a file in the way is not taken`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    try Data("precious".utf8).write(to: url)
    #expect(try failure(.cannotCreate) { try RunFolder.create(at: url) }.problem.contains("a file is in the way"))
    let below = try failure(.cannotCreate) { try RunFolder.create(at: url.appending(path: "run")) }
    #expect(below.problem.contains("Not a directory"), "\(below)")
    #expect(try String(contentsOf: url, encoding: .utf8) == "precious")
  }

  @Test func `a run is opened by its settings file`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    #expect(try failure(.noInput) { try RunFolder.open(url) }.problem == "there is no such folder")
    let folder = try RunFolder.create(at: url)
    #expect(try failure(.noInput) { try RunFolder.open(url) }.problem.contains("holds no run"))
    try folder.write(TinyRun.settings)
    #expect(try RunFolder.open(url).readSettings() == TinyRun.settings)
    let file = try failure(.noInput) { try RunFolder.open(folder.configuration) }
    #expect(file.problem == "expected a run's folder, found a file")
  }

  @Test func `runs without a name are numbered`() throws {
    let base = URL.temporary()
    defer { base.remove() }
    #expect(try failure(.noInput) { try RunFolder.latest(named: "digits", in: base) }.place == base.relativePath)
    func create() throws -> String { try RunFolder.create(named: "digits", in: base).url.lastPathComponent }
    #expect(try create() == "digits-1")
    #expect(try create() == "digits-2")
    // Numbered by number and not by letter; others' names, and numbers beyond all counting, are passed over.
    for name in ["digits-9", "digits-10", "digits-x", "digits-+99", "digits-9223372036854775807", "other-50"] {
      try files.createDirectory(at: base.appending(path: name), withIntermediateDirectories: true)
    }
    #expect(try create() == "digits-11")
    // The latest is the last that was begun.
    #expect(throws: SeCuError.self) { try RunFolder.latest(named: "digits", in: base) }
    for name in ["digits-2", "digits-9", "digits-10"] {
      try RunFolder(base.appending(path: name)).write(TinyRun.settings)
    }
    #expect(try RunFolder.latest(named: "digits", in: base).url.lastPathComponent == "digits-10")
  }

  @Test func `the latest of all runs is the one that was worked on last`() throws {
    let base = URL.temporary()
    defer { base.remove() }
    #expect(try failure(.noInput) { try RunFolder.latest(in: base) }.problem == "no run is there to resume")
    for (i, name) in ["photos-1", "digits-2", "digits-1", "empty"].enumerated() {
      let run = RunFolder(base.appending(path: name))
      try files.createDirectory(at: run.url, withIntermediateDirectories: true)
      if name == "empty" { continue }
      try run.write(TinyRun.settings)
      func setDate(_ url: URL, _ seconds: Int) throws {
        try files.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: Double(seconds))], ofItemAtPath: url.path)
      }
      try setDate(run.configuration, 1000 + i)
      if name == "digits-2" {
        try Data().write(to: run.checkpoint)
        try setDate(run.checkpoint, 2000)
      }
    }
    #expect(try RunFolder.latest(in: base).url.lastPathComponent == "digits-2")
    try files.removeItem(at: base.appending(path: "digits-2"))
    #expect(try RunFolder.latest(in: base).url.lastPathComponent == "digits-1")
    // An epoch's line is work, too.
    try Data().write(to: RunFolder(base.appending(path: "photos-1")).metrics)
    #expect(try RunFolder.latest(in: base).url.lastPathComponent == "photos-1")
  }

  @Test func `runs that begin at once get folders of their own`() async throws {
    let base = URL.temporary()
    defer { base.remove() }
    let names = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<12 { group.addTask { try RunFolder.create(named: "run", in: base).url.lastPathComponent } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(names == Set((1...12).map { "run-\($0)" }))
  }

  // MARK: - A run's files

  @Test func `a run leaves its files, and nothing else`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let (trainer, evaluation) = try TinyRun.finished(in: url)
    let folder = try RunFolder.open(url)
    #expect(
      try files.contentsOfDirectory(atPath: url.path).sorted() == [
        "assignments.csv", "centers.safetensors", "checkpoint", "config.json", "encoder.safetensors", "metrics.jsonl",
      ])
    #expect(try folder.readCheckpoint().epochsDone == 3)

    let lines = try JSONLines<EpochReport>.read(contentsOf: folder.metrics)
    #expect(lines.map(\.epoch) == [0, 1, 2])
    #expect(try folder.lastReport() == lines.last)
    #expect(try RunFolder(url.appending(path: "none")).lastReport() == nil)

    let table = try String(contentsOf: folder.assignments, encoding: .utf8)
    let rows = table.split(separator: "\r\n").map { $0.split(separator: ",").map(String.init) }
    #expect(rows[0] == ["image", "cluster", "confidence", "second", "label"])
    let columns = (0..<5).map { (column: Int) -> [String] in rows.dropFirst().map { $0[column] } }
    #expect(columns[0] == (0..<13).map { "\($0)" })
    #expect(columns[1] == evaluation.assignments.map { "\($0.cluster)" })
    #expect(columns[2].allSatisfy { $0.count == 6 })
    for (text, assignment) in zip(columns[2], evaluation.assignments) {
      #expect(abs((Float(text) ?? .nan) - assignment.confidence) < 1e-4)
    }
    #expect(columns[3] == evaluation.assignments.map { "\($0.second)" })
    #expect(columns[4] == (0..<13).map { "\($0 % 3)" })

    let encoder = try SafeTensors(contentsOf: folder.encoder)
    #expect(try encoder.tensors == trainer.learner.network.stateDictionary())

    // What PyTorch would make of both files: the cluster of an image is that of the center at the smallest angle.
    let (shape, centers) = try SafeTensors(contentsOf: folder.centers).floats("center_\(evaluation.head)")
    #expect(shape == [8, evaluation.clusters])
    let features = try TrainedModel(folder, engine: makeEngine(TinyRun.widest, 1)).features(of: TinyRun.images())
    for (i, assignment) in evaluation.assignments.enumerated() {
      let cosines = (0..<evaluation.clusters).map { j in
        let center = (0..<8).map { centers[$0 * evaluation.clusters + j] }
        let product = zip(features.values[i * 8..<(i + 1) * 8], center).reduce(0) { $0 + $1.0 * $1.1 }
        return product / center.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
      #expect(cosines.indices.max { cosines[$0] < cosines[$1] } == assignment.cluster)
    }
  }

  @Test func `a list of files left out goes when nothing is left out any more`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url)
    try folder.write(skipped: [])
    try Data("file,kind,reason".utf8).write(to: folder.leftOut)
    try folder.write(skipped: [])
    #expect(try files.contentsOfDirectory(atPath: url.path).isEmpty)
  }

  @Test func `settings and checkpoint must agree`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    try TinyRun.finished(in: url)
    let folder = try RunFolder.open(url)
    try folder.write(TinyRun.settings { $0.losses.centerTemperature = 1 })
    let error = try failure(.badData) { try folder.readCheckpoint() }
    #expect(error.problem == "losses.centerTemperature is 1 here and 0.05 in the checkpoint")
    #expect(error.place == folder.configuration.relativePath)
    try folder.write(TinyRun.settings)
    #expect(try folder.readCheckpoint().settings == TinyRun.settings)
  }

  @Test(arguments: ["", "{", "[]", "null", "\u{0}\u{1}", "{\"epochs\": 3}"])
  func `a settings file that is none is refused`(text: String) throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url)
    try Data(text.utf8).write(to: folder.configuration)
    #expect(try failure(.badData) { try folder.readSettings() }.place == folder.configuration.relativePath)
  }

  @Test func `a run that was killed before its first checkpoint is unbegun`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url)
    try folder.write(TinyRun.settings)
    #expect(folder.isUnbegun)
    try Data().write(to: folder.metrics)
    #expect(folder.isUnbegun)
    for file in [folder.metrics, folder.checkpoint, folder.encoder, folder.assignments] {
      try Data("x".utf8).write(to: file)
      #expect(!folder.isUnbegun, "\(file.lastPathComponent)")
      try files.removeItem(at: file)
    }
  }
}
