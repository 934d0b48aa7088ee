import Basics
import Synchronization
import Testing

@testable import Kernels

@Suite struct GEMMPartQueueTests {
  /// Every row of every part is handed out once, however cores share them; who helps does so while the panels are still there.
  @Test(arguments: [1, 2, 5])
  func allRowsAreHandedOutOnce(threads: Int) {
    let parts = (0..<7).map { part in (0..<part * 3).map { part * 100 + $0 * 2..<part * 100 + $0 * 2 + 2 } }
    for _ in 0..<200 {
      let queue = GEMMPartQueue(parts)
      let log = Mutex((begun: [Int](repeating: -1, count: threads), rows: [Int](), helpedLate: 0))
      Cores(threads: threads).run(threads) { _, worker in
        while let part = queue.nextPart() {
          log.withLock { $0.begun[worker] = part }
          queue.open(part, by: worker)
          while let rows = queue.nextRows(of: part) { log.withLock { $0.rows += rows } }
        }
        while let (part, owner, rows) = queue.nextRows() {
          log.withLock {
            $0.rows += rows
            if $0.begun[owner] != part { $0.helpedLate += 1 }
          }
        }
      }
      let (rows, late) = log.withLock { ($0.rows.sorted(), $0.helpedLate) }
      #expect(rows == parts.joined().flatMap(Array.init) && late == 0)
    }
  }

  /// Nobody helps with a part whose panels are not packed.
  @Test func rowsWaitForTheirPanels() throws {
    let queue = GEMMPartQueue([[0..<2, 2..<3]])
    #expect(queue.nextPart() == 0 && queue.nextPart() == nil)
    #expect(queue.nextRows() == nil)
    queue.open(0, by: 4)
    let help = try #require(queue.nextRows())
    #expect(help == (0, 4, 0..<2))
    #expect(queue.nextRows(of: 0) == 2..<3 && queue.nextRows() == nil && queue.blocks(of: 0) == [0..<2, 2..<3])
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func blocksCoverTheRows(instructionSet: InstructionSet, isShared: Bool) {
    let floats = GuardedFloats(16), matrix = Matrix(floats.base, rows: 4, columns: 4)
    let kernels = instructionSet.microkernels, grid = GEMMGrid(matrix, columns: 4, kernels: kernels)
    for rows in [0..<0, 3..<4, 0..<100, 48..<512, 7..<1001] {
      let blocks = grid.rowBlocks(of: rows, isShared: isShared), lengths = blocks.map(\.count)
      #expect(blocks.flatMap { Array($0) } == Array(rows))
      #expect(lengths.allSatisfy { $0 > 0 && $0 <= grid.mostRowsPerBlock })
      #expect(lengths.dropLast().allSatisfy { $0 % kernels.tileRows == 0 })
      #expect(lengths == lengths.sorted(by: >))
      if isShared, rows.count > 2 * grid.mostRowsPerBlock { #expect(lengths.last! <= 2 * kernels.tileRows) }
    }
  }
}
