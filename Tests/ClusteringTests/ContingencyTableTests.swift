import Basics
import Testing

@testable import Clustering

@Suite struct ContingencyTableTests {
  @Test func countsPairsOfLabels() throws {
    let table = try ContingencyTable(clusterLabels: [7, 0, 7, 7, 0, 2], classLabels: [1, 1, 4, 1, 1, 4])
    #expect(table.clusters == [0, 2, 7])
    #expect(table.classes == [1, 4])
    #expect(table.clusterSizes == [2, 1, 3])
    #expect(table.classSizes == [4, 2])
    #expect(table.total == 6)
    #expect(table.cells.map { [$0.row, $0.column, $0.count] } == [[0, 0, 2], [1, 1, 1], [2, 0, 2], [2, 1, 1]])
  }

  @Test func labelsAreNamesOfAnySize() throws {
    let table = try ContingencyTable(clusterLabels: [.max, 0, .max], classLabels: [.max - 1, .max, .max - 1])
    #expect(table.clusters == [0, .max])
    #expect(table.classes == [.max - 1, .max])
    #expect(table.clusterSizes == [1, 2])
  }

  @Test func thousandsOfClustersAndClassesKeepOnlyOccupiedCells() throws {
    let n = 20_000
    let table = try ContingencyTable(
      clusterLabels: (0..<n).map { $0 % 5_000 }, classLabels: (0..<n).map { $0 % 4_000 })
    #expect(table.clusters.count == 5_000)
    #expect(table.classes.count == 4_000)
    #expect(table.cells.count == 20_000)
    #expect(table.cells.allSatisfy { $0.count == 1 })
  }

  @Test func countsAndLabelsGiveTheSameTable() throws {
    let table = try ContingencyTable(counts: [[2, 0, 1], [0, 0, 0], [0, 0, 3]])
    #expect(try table == ContingencyTable(clusterLabels: [0, 0, 0, 2, 2, 2], classLabels: [0, 0, 2, 2, 2, 2]))
  }

  @Test func labelsThatCannotBeCountedAreRefused() {
    let lengths = #expect(throws: SeCuError.self) {
      try ContingencyTable(clusterLabels: [0, 1], classLabels: [0])
    }
    #expect(lengths?.problem == "expected one class for each of 2 clustered samples, found 1")
    let empty = #expect(throws: SeCuError.self) { try ContingencyTable(clusterLabels: [], classLabels: []) }
    #expect(empty?.kind == .badData)
    let negative = #expect(throws: SeCuError.self) {
      try ContingencyTable(clusterLabels: [0, 1, 2], classLabels: [0, 3, -1])
    }
    #expect(negative?.place == "class labels")
    #expect(negative?.position == "sample 2")
    #expect(negative?.problem == "expected a label of 0 or more, found -1")
  }

  @Test(arguments: [
    [], [[]], [[0, 0]], [[1, 2], [3]], [[1, -1]], [[Int.max, Int.max]], [[ContingencyTable.largestTotal], [1]],
  ])
  func countsThatMakeNoTableAreRefused(counts: [[Int]]) {
    let error = #expect(throws: SeCuError.self) { try ContingencyTable(counts: counts) }
    #expect(error?.kind == .badData)
  }
}
