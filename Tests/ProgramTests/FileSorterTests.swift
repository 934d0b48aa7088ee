import Basics
import Dispatch
import Foundation
import Testing

@testable import Program

@Suite struct FileSorterTests {
  @Test func `a name that is taken is left alone, whatever has it`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.write(Data("new".utf8), to: "a.png")
    try workspace.makeFolder("sorted/cluster-3")
    // A link that leads nowhere is no file and yet somebody's.
    let link = workspace.url("sorted/cluster-3/a.png")
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "nowhere")
    try workspace.write(Data("old".utf8), to: "sorted/cluster-3/a-2.png")

    let sorter = try FileSorter(workspace.url("sorted"), clusters: 10)
    for _ in 0..<2 { try sorter.copy(workspace.url("a.png").path, to: 3) }
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "nowhere")
    #expect(try workspace.text("sorted/cluster-3/a-2.png") == "old")
    for copy in ["a-3.png", "a-4.png"] { #expect(try workspace.text("sorted/cluster-3/\(copy)") == "new") }
    #expect(sorter.count == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: workspace.url("sorted/cluster-3").path).count == 4)
  }

  @Test func `a name that has no room for a number loses its end`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let name = String(repeating: "n", count: 251) + ".png"
    try workspace.write(Data("new".utf8), to: name)
    let sorter = try FileSorter(workspace.url("sorted"), clusters: 2)
    for _ in 0..<2 { try sorter.copy(workspace.url(name).path, to: 0) }
    let copies = try FileManager.default.contentsOfDirectory(atPath: workspace.url("sorted/cluster-0").path)
    #expect(Set(copies) == [name, String(repeating: "n", count: 249) + "-2.png"])
  }

  @Test func `programs that sort into one folder at once lose none of each other's copies`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let file = workspace.url("a.png").path, sorted = workspace.url("sorted")
    try workspace.write(Data(repeating: 7, count: 100_000), to: "a.png")
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      guard let sorter = try? FileSorter(sorted, clusters: 2) else { return }
      for _ in 0..<10 { try? sorter.copy(file, to: 0) }
    }
    let copies = try FileManager.default.contentsOfDirectory(atPath: workspace.url("sorted/cluster-0").path)
    #expect(Set(copies) == Set(["a.png"] + (2...80).map { "a-\($0).png" }))
    for copy in copies { #expect(try workspace.data("sorted/cluster-0/\(copy)").count == 100_000) }
  }

  @Test func `folders sort by their numbers, and no file is replaced`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.makeFolder("b")
    for (i, name) in ["a.png", "b/a.png", "noending"].enumerated() {
      try workspace.write(Data([UInt8(i)]), to: name)
    }
    let sorter = try FileSorter(workspace.url("sorted"), clusters: 11)
    for (name, cluster) in [("a.png", 7), ("b/a.png", 7), ("a.png", 7), ("noending", 10), ("noending", 10)] {
      try sorter.copy(workspace.url(name).path, to: cluster)
    }
    #expect(sorter.count == 5)
    #expect(
      try workspace.contents().filter { $0.key.contains("/cluster-") && !$0.value.isEmpty } == [
        "sorted/cluster-07/a.png": Data([0]), "sorted/cluster-07/a-2.png": Data([1]),
        "sorted/cluster-07/a-3.png": Data([0]), "sorted/cluster-10/noending": Data([2]),
        "sorted/cluster-10/noending-2": Data([2]),
      ])
  }

  @Test(arguments: [(1, "cluster-0"), (2, "cluster-0"), (10, "cluster-0"), (101, "cluster-000")])
  func `numbers have as many digits as the largest`(clusters: Int, folder: String) throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.write(Data([1]), to: "a")
    try FileSorter(workspace.url("sorted"), clusters: clusters).copy(workspace.url("a").path, to: 0)
    #expect(try workspace.paths().contains("sorted/\(folder)/a"))
  }

  @Test func `a file that can't be copied is told, and leaves nothing`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let sorter = try FileSorter(workspace.url("sorted"), clusters: 2)
    let missing = workspace.url("missing.png").path
    let error = try #require(throws: SeCuError.self) { try sorter.copy(missing, to: 1) }
    #expect(error.kind == .noInput && error.place == missing, "\(error)")
    try workspace.write(Data([1]), to: "a.png")
    try workspace.write(Data([1]), to: "sorted/cluster-0")
    let other = try #require(throws: SeCuError.self) { try sorter.copy(workspace.url("a.png").path, to: 0) }
    #expect(other.kind == .cannotCreate && other.problem.contains("a.png can't be copied ("), "\(other)")
    #expect(other.remedy == "Name another --sort-into, or see to what is in the way")
    #expect(sorter.count == 0)
    #expect(try workspace.paths() == ["a.png", "sorted", "sorted/cluster-0", "sorted/cluster-1"])
  }

  @Test func `what can't be sorted into is told before anything is read`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.write(Data("precious".utf8), to: "file")
    for place in ["file", "file/below"] {
      let error = try #require(throws: SeCuError.self) { try FileSorter(workspace.url(place), clusters: 2) }
      #expect(error.kind == .cannotCreate && error.problem.hasPrefix("the folder can't be made ("), "\(error)")
    }
    #expect(try workspace.text("file") == "precious")
  }

  @Test(arguments: [
    ("in", true), ("in/sorted", true), ("link", true), ("in/../in", true), ("", false), ("other", false),
    ("in-sorted", false), ("in/cluster-1/..", true),
  ]) func `copies don't become images to sort`(place: String, isRefused: Bool) throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.makeFolder("in/cluster-1")
    try FileManager.default.createSymbolicLink(at: workspace.url("link"), withDestinationURL: workspace.url("in"))
    let before = try workspace.paths()
    func make(_ inputs: [String]) throws {
      _ = try FileSorter(workspace.url(place), clusters: 2, inputs: inputs.map { workspace.url($0).path })
    }
    if isRefused {
      let error = try #require(throws: SeCuError.self) { try make(["other", "in"]) }
      #expect(error.kind == .usage && error.place == "--sort-into", "\(error)")
      #expect(try workspace.paths() == before)
    } else {
      try make(["in"])
    }
    // One of the folders that an earlier call made.
    #expect(throws: SeCuError.self) {
      try FileSorter(workspace.url("in"), clusters: 2, inputs: [workspace.url("in/cluster-1").path])
    }
  }
}
