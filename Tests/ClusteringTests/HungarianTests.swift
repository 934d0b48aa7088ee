import Basics
import Testing

@testable import Clustering

@Suite struct HungarianTests {
  /// The lowest cost over all ways to use min(rows, columns) pairs.
  private func lowestCost(_ rows: Int, _ columns: Int, _ costs: [Int]) -> Int {
    func lowest(_ row: Int, _ free: [Int], _ skips: Int) -> Int? {
      if row == rows { return 0 }
      var best = skips > 0 ? lowest(row + 1, free, skips - 1) : nil
      for (place, column) in free.enumerated() {
        var rest = free
        rest.remove(at: place)
        guard let tail = lowest(row + 1, rest, skips) else { continue }
        let cost = costs[row * columns + column] + tail
        best = best.map { min($0, cost) } ?? cost
      }
      return best
    }
    return lowest(0, Array(0..<columns), max(0, rows - columns))!
  }

  /// The cost of an assignment that uses min(rows, columns) pairs and no column twice; nil for any other.
  private func cost(_ assignment: [Int?], _ rows: Int, _ columns: Int, _ costs: [Int]) -> Int? {
    let used = assignment.compactMap(\.self)
    guard assignment.count == rows, used.count == min(rows, columns), Set(used).count == used.count else { return nil }
    return assignment.enumerated().reduce(0) { sum, pair in
      sum + (pair.element.map { costs[pair.offset * columns + $0] } ?? 0)
    }
  }

  /// Small ranges make ties, which is where an augmenting path can go astray.
  @Test(arguments: 0...6, 0...6)
  func costIsTheLowestOfAllAssignments(rows: Int, columns: Int) throws {
    var random = RandomStream(seed: 11, purpose: .benchmark, UInt32(rows), UInt64(columns))
    for range in [0...1, -3...3, -1_000_000...1_000_000, -(Int.max / 64)...(Int.max / 64)] {
      let costs = (0..<rows * columns).map { _ in Int.random(in: range, using: &random) }
      let found = try Hungarian.assignment(rows: rows, columns: columns, costs: costs)
      #expect(cost(found, rows, columns, costs) == lowestCost(rows, columns, costs))
    }
  }

  /// c_ij = −(i + 1)(j + 1) is cheapest on the diagonal (rearrangement inequality), and greedy choices must be undone
  /// for its negative, which is cheapest on the opposite diagonal.
  @Test func manyRowsFindTheKnownAssignment() throws {
    let n = 150
    let product = (0..<n * n).map { ($0 / n + 1) * ($0 % n + 1) }
    #expect(try Hungarian.assignment(rows: n, columns: n, costs: product.map { -$0 }) == Array(0..<n))
    #expect(try Hungarian.assignment(rows: n, columns: n, costs: product) == Array((0..<n).reversed()))
  }

  @Test func largestCostsDoNotOverflow() throws {
    let c = Int.max / 16
    let costs = [c, -c, c, -c, c, -c, -c, -c, c]
    let found = try Hungarian.assignment(rows: 3, columns: 3, costs: costs)
    #expect(cost(found, 3, 3, costs) == -3 * c)
  }

  @Test func costsThatCannotBeMatchedAreRefused() {
    #expect(throws: SeCuError.self) { try Hungarian.assignment(rows: 2, columns: 2, costs: [1, 2, 3]) }
    #expect(throws: SeCuError.self) { try Hungarian.assignment(rows: -1, columns: -1, costs: [1]) }
    #expect(throws: SeCuError.self) { try Hungarian.assignment(rows: .max, columns: 2, costs: [1]) }
    let error = #expect(throws: SeCuError.self) {
      try Hungarian.assignment(rows: 2, columns: 2, costs: [0, 0, .min, 0])
    }
    #expect(error?.position == "row 1, column 0")
  }
}
