import Basics

/// Minimum-cost assignment: pairs the rows of a cost matrix with its columns so that the sum of the chosen costs is
/// smallest. Each row and column is used at most once, and min(rows, columns) pairs are made.
///
/// One row after the other enters the matching along a shortest augmenting path. Potentials u of rows and v of columns
/// keep every reduced cost c_ij − u_i − v_j at 0 or above and that of matched pairs at 0, which proves the matching
/// optimal and lets Dijkstra's algorithm find the path. O(n²·m) for n = min(rows, columns), m = max(rows, columns);
/// contingency tables need far less, because most rows find a free column at once.
///
/// Sources: H. W. Kuhn, "The Hungarian Method for the Assignment Problem", Naval Research Logistics Quarterly 2, 1955;
/// R. Jonker, A. Volgenant, "A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems",
/// Computing 38, 1987; D. F. Crouse, "On Implementing 2D Rectangular Assignment Algorithms", IEEE Transactions on
/// Aerospace and Electronic Systems 52, 2016 (the rectangular form). Checked against all permutations.
package enum Hungarian {
  /// - Parameters:
  ///   - costs: rows × columns, row-major; each between ±Int.max/16, so that no potential overflows.
  /// - Returns: the column of each row, nil for a row that stays alone because there are fewer columns. Of several
  ///   optimal assignments always the same one.
  /// - Throws: `SeCuError` of kind `.badData` if `costs` does not have rows × columns elements or one is out of range.
  package static func assignment(rows: Int, columns: Int, costs: [Int]) throws -> [Int?] {
    try check(rows, columns, costs)
    return solve(rows, columns, costs)
  }

  private static func check(_ rows: Int, _ columns: Int, _ costs: [Int]) throws {
    let (size, overflows) = rows.multipliedReportingOverflow(by: columns)
    guard rows >= 0, columns >= 0, !overflows, size == costs.count else {
      throw SeCuError(
        .badData, "expected \(rows) × \(columns) costs, found \(costs.count)", at: "cost matrix",
        remedy: "Give one cost for every row and column")
    }
    let most = Int.max / 16
    guard let bad = costs.firstIndex(where: { !(-most...most).contains($0) }) else { return }
    throw SeCuError(
      .badData, "expected a cost between ±\(most), found \(costs[bad])", at: "cost matrix",
      position: "row \(bad / columns), column \(bad % columns)", remedy: "Scale the costs down")
  }

  /// Brings the shorter side into the rows: every row can then be matched.
  private static func solve(_ rows: Int, _ columns: Int, _ costs: [Int]) -> [Int?] {
    if rows == 0 || columns == 0 { return [Int?](repeating: nil, count: rows) }
    if rows <= columns {
      return costs.withUnsafeBufferPointer { costs in
        var matching = Matching(costs: costs.baseAddress!, rows: rows, columns: columns)
        for row in 0..<rows { matching.insert(row) }
        return matching.columnOfRow.map(\.self)
      }
    }
    var transposed: [Int] = []
    transposed.reserveCapacity(costs.count)
    for column in 0..<columns {
      for row in 0..<rows { transposed.append(costs[row * columns + column]) }
    }
    var result = [Int?](repeating: nil, count: rows)
    for (column, row) in solve(columns, rows, transposed).enumerated() {
      if let row { result[row] = column }
    }
    return result
  }
}

/// A matching that is optimal for the rows entered so far; rows ≤ columns.
///
/// Bounds: a free column has v = 0 and v never rises, so −c ≤ u ≤ c and −2c ≤ v ≤ 0 for the largest magnitude c of a
/// cost; path lengths stay below 8c.
private struct Matching {
  let costs: UnsafePointer<Int>
  let columns: Int
  /// −1: not yet.
  var columnOfRow: [Int]
  var rowOfColumn: [Int]
  private var u: [Int]
  private var v: [Int]
  /// Dijkstra's tree: the length of the shortest path to a column and the row it comes from.
  private var length: [Int]
  private var parent: [Int]
  /// A permutation of the columns: those at the end have a final length.
  private var open: [Int]

  init(costs: UnsafePointer<Int>, rows: Int, columns: Int) {
    self.costs = costs
    self.columns = columns
    columnOfRow = [Int](repeating: -1, count: rows)
    rowOfColumn = [Int](repeating: -1, count: columns)
    u = [Int](repeating: 0, count: rows)
    v = [Int](repeating: 0, count: columns)
    length = [Int](repeating: 0, count: columns)
    parent = [Int](repeating: -1, count: columns)
    open = Array(0..<columns)
  }

  /// Matches `newRow` along the shortest path to a free column.
  mutating func insert(_ newRow: Int) {
    for column in 0..<columns {
      parent[column] = -1
      open[column] = column
    }
    var row = newRow
    var lowest: Int = 0
    var openCount = columns
    var end = -1
    while end < 0 {
      let nearest = extendPaths(through: row, from: lowest, among: openCount)
      let column = open[nearest]
      lowest = length[column]
      openCount -= 1
      open.swapAt(nearest, openCount)
      row = rowOfColumn[column]
      if row < 0 { end = column }
    }
    u[newRow] += lowest
    for column in open[openCount...] where column != end {
      u[rowOfColumn[column]] += lowest - length[column]
      v[column] -= lowest - length[column]
    }
    augment(to: end, from: newRow)
  }

  /// Relaxes the edges of `row`, whose shortest path has length `start`, and returns the place in `open` of the nearest
  /// of the first `openCount` columns. Ties go to a free column, which ends the search, then to the lowest one.
  private mutating func extendPaths(through row: Int, from start: Int, among openCount: Int) -> Int {
    let line = costs + row * columns
    let base = start - u[row]
    var nearest = 0
    for place in 0..<openCount {
      let column = open[place]
      let candidate = base + line[column] - v[column]
      if parent[column] < 0 || candidate < length[column] {
        length[column] = candidate
        parent[column] = row
      }
      let best = open[nearest]
      if length[column] > length[best] || column == best { continue }
      let isFree = rowOfColumn[column] < 0, bestIsFree = rowOfColumn[best] < 0
      if length[column] < length[best] || (isFree == bestIsFree ? column < best : isFree) { nearest = place }
    }
    return nearest
  }

  /// Flips the edges of the path: every row on it takes the column that it reached.
  private mutating func augment(to end: Int, from newRow: Int) {
    var column = end
    while true {
      let row = parent[column]
      rowOfColumn[column] = row
      swap(&columnOfRow[row], &column)
      if row == newRow { return }
    }
  }
}
