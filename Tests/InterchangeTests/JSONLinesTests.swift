import Basics
import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite struct JSONLinesTests {
  private struct Metrics: Codable, Equatable {
    var epoch: Int
    var loss: Double?
  }

  /// A file with metrics of epochs 1…4 and `tail` behind them.
  private func withMetrics(tail: String = "", _ body: (URL) throws -> Void) throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "metrics.jsonl")
    let text = (1...4).map { "{\"epoch\": \($0),  \"loss\": 0.5}\n" }.joined()
    try Data((text + tail).utf8).write(to: url)
    try body(url)
    #expect(try names(in: folder) == ["metrics.jsonl"])
  }

  private func epochs(_ url: URL) throws -> [Int] {
    try JSONLines<Metrics>.read(contentsOf: url).map(\.epoch)
  }

  @Test func eachLineIsInTheFileAtOnce() throws {
    try withMetrics { url in
      // What is there stays.
      let error = try #require(throws: SeCuError.self) { try JSONLines<Metrics>(creating: url) }
      #expect(error.kind == .cannotCreate)
      #expect(try epochs(url) == [1, 2, 3, 4])
      try FileManager.default.removeItem(at: url)
      let file = try JSONLines<Metrics>(creating: url)
      #expect(try FileContents.read(url) == Data())
      for epoch in 1...3 {
        try file.append(Metrics(epoch: epoch, loss: epoch == 2 ? .nan : 1))
        #expect(try epochs(url) == Array(1...epoch))
      }
      let text = String(decoding: try FileContents.read(url), as: UTF8.self)
      #expect(
        text == "{\"epoch\":1,\"loss\":1}\n{\"epoch\":2,\"loss\":null}\n{\"epoch\":3,\"loss\":1}\n")
    }
  }

  @Test func resumingDropsLaterLinesAndKeepsTheOthersBytes() throws {
    try withMetrics { url in
      let before = try FileContents.read(url)
      let file = try JSONLines<Metrics>(resuming: url) { _, line in line.epoch <= 2 }
      #expect(try FileContents.read(url) == before.prefix(before.count / 2))
      try file.append(Metrics(epoch: 3))
      #expect(try epochs(url) == [1, 2, 3])
      _ = try JSONLines<Metrics>(resuming: url) { index, _ in index < 1 }
      #expect(try epochs(url) == [1])
    }
  }

  @Test(arguments: ["{\"epoch\": 5, \"lo", "{\"epoch\": 5}", "\0\0\0", "\u{E9}"])
  func cutOffLineIsLeftOutAndRemoved(tail: String) throws {
    try withMetrics(tail: tail) { url in
      #expect(try epochs(url) == [1, 2, 3, 4])
      try JSONLines<Metrics>(resuming: url) { _, _ in true }.append(Metrics(epoch: 5))
      #expect(try epochs(url) == [1, 2, 3, 4, 5])
    }
  }

  @Test func resumingWithoutAFileCreatesIt() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "metrics.jsonl")
    _ = try JSONLines<Metrics>(resuming: url) { _, _ in true }
    #expect(try epochs(url) == [])
    let missing = folder.appending(path: "missing/metrics.jsonl")
    #expect(try failure { try JSONLines<Metrics>(creating: missing) }.kind == .cannotCreate)
    #expect(try failure { try epochs(missing) }.kind == .noInput)
  }

  @Test(arguments: ["{\"epoch\": \n", "\n", "{}\n", "{\"epoch\": \"5\"}\n"])
  func brokenLineIsReportedWithItsNumber(line: String) throws {
    try withMetrics(tail: line) { url in
      let before = try FileContents.read(url)
      for error in [
        try failure { try epochs(url) },
        try failure { try JSONLines<Metrics>(resuming: url) { _, _ in true } },
      ] {
        #expect(error.kind == .badData)
        #expect(error.position == "line 5")
        #expect(error.place == url.relativePath)
      }
      #expect(try failure { try JSONLines<Metrics>(resuming: url, remedy: "Go on") { _, _ in true } }.remedy == "Go on")
      #expect(try FileContents.read(url) == before)
    }
  }

  @Test func errorOfTheSelectionLeavesTheFile() throws {
    try withMetrics { url in
      let own = SeCuError(.badData, "expected other metrics")
      let error = try failure {
        try JSONLines<Metrics>(resuming: url) { _, _ throws(SeCuError) in throw own }
      }
      #expect(error == own)
      #expect(try epochs(url) == [1, 2, 3, 4])
    }
  }

  #if os(Linux)
    @Test func fullDiskIsReported() throws {
      let handle = try FileHandle(forUpdating: URL(filePath: "/dev/full"))
      let file = JSONLines<Metrics>(appendingTo: handle, name: "metrics.jsonl")
      let error = try failure { try file.append(Metrics(epoch: 1)) }
      #expect(error.kind == .inputOutput)
      #expect(error.place == "metrics.jsonl")
      #expect(error.problem.contains("No space left on device"))
    }
  #endif

  // Other C libraries call the limit otherwise.
  #if canImport(Glibc)
    /// A disk that is full half-way through a line, in a process of its own, as the limit on files stays.
    @Test func aLineThatIsCutOffIsTakenBack() async {
      await #expect(processExitsWith: .success) {
        let folder = try URL.temporaryFolder()
        defer { folder.remove() }
        let url = folder.appending(path: "metrics.jsonl")
        let file = try JSONLines<Int>(creating: url)
        try file.append(123_456)
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 10, rlim_max: 10)
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        #expect(try failure { try file.append(234_567) }.kind == .inputOutput)
        #expect(try FileContents.read(url) == Data("123456\n".utf8))
      }
    }
  #endif
}
