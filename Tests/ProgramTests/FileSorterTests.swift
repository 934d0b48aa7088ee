import Dispatch
import Foundation
import Testing

@testable import Program

@Suite struct FileSorterTests {
  @Test func `a name that is taken is left alone, whatever has it`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.write(Data("new".utf8), to: "a.png")
    try FileManager.default.createDirectory(at: workspace.url("sorted/cluster-3"), withIntermediateDirectories: true)
    // A link that leads nowhere is no file and yet somebody's.
    let link = workspace.url("sorted/cluster-3/a.png")
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "nowhere")
    try workspace.write(Data("old".utf8), to: "sorted/cluster-3/a-2.png")

    let sorter = FileSorter(workspace.url("sorted"), clusters: 10)
    for _ in 0..<2 { try sorter.copy(workspace.url("a.png").path, to: 3) }
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "nowhere")
    #expect(try workspace.text("sorted/cluster-3/a-2.png") == "old")
    for copy in ["a-3.png", "a-4.png"] { #expect(try workspace.text("sorted/cluster-3/\(copy)") == "new") }
    #expect(sorter.count == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: workspace.url("sorted/cluster-3").path).count == 4)
  }

  @Test func `programs that sort into one folder at once lose none of each other's copies`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let file = workspace.url("a.png").path, sorted = workspace.url("sorted")
    try workspace.write(Data(repeating: 7, count: 100_000), to: "a.png")
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let sorter = FileSorter(sorted, clusters: 2)
      for _ in 0..<10 { try? sorter.copy(file, to: 0) }
    }
    let copies = try FileManager.default.contentsOfDirectory(atPath: workspace.url("sorted/cluster-0").path)
    #expect(Set(copies) == Set(["a.png"] + (2...80).map { "a-\($0).png" }))
    for copy in copies { #expect(try workspace.data("sorted/cluster-0/\(copy)").count == 100_000) }
  }

  @Test func `a file that can't be copied leaves nothing`() throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let sorter = FileSorter(workspace.url("sorted"), clusters: 2)
    #expect(throws: (any Error).self) { try sorter.copy(workspace.url("missing.png").path, to: 1) }
    #expect(sorter.count == 0)
    #expect(try workspace.paths() == ["sorted", "sorted/cluster-1"])
  }
}
