import Basics

/// How often each cluster meets each class: the table that every score of a clustering is computed from.
///
/// Labels are names, not indices: gaps cost nothing, and only the cells that occur are kept. The memory needed grows
/// with the number of labels and not with clusters × classes, so thousands of either are fine.
///
///                  classes[0]  classes[1]  …
///     clusters[0]     n₀₀         n₀₁           clusterSizes[0]
///     clusters[1]     n₁₀         n₁₁           clusterSizes[1]
///         …
///                 classSizes[0] classSizes[1]      total
public struct ContingencyTable: Sendable, Equatable {
  /// The samples that one cluster and one class have in common.
  public struct Cell: Sendable, Equatable {
    /// Index into `clusters`.
    public let row: Int
    /// Index into `classes`.
    public let column: Int
    /// The number of samples, at least 1.
    public let count: Int
  }

  /// The labels of the clusters that have a sample, ascending.
  public let clusters: [Int]
  /// The labels of the classes that have a sample, ascending.
  public let classes: [Int]
  /// The cells that have a sample, by row and then by column.
  public let cells: [Cell]
  /// The number of samples of each of `clusters`.
  public let clusterSizes: [Int]
  /// The number of samples of each of `classes`.
  public let classSizes: [Int]
  /// The number of samples, 1…`largestTotal`.
  public let total: Int

  /// The most samples a table holds, 2³² − 1: products of four counts then fit 128 bits, so scores are exact.
  public static let largestTotal = Int(UInt32.max)

  /// Counts the pairs (`clusterLabels[i]`, `classLabels[i]`).
  ///
  /// - Parameters:
  ///   - clusterLabels: the cluster of each sample, 0 or more.
  ///   - classLabels: the class of each sample, 0 or more, in the same order.
  /// - Throws: `SeCuError` of kind `.badData` if the arrays differ in length, are empty, or hold a negative label.
  public init(clusterLabels: [Int], classLabels: [Int]) throws {
    guard clusterLabels.count == classLabels.count else {
      throw SeCuError(
        .badData, "expected one class for each of \(clusterLabels.count) clustered samples, found \(classLabels.count)",
        at: "class labels", remedy: "Give both labels of the same samples in the same order")
    }
    try Self.requireCountable(clusterLabels.count)
    let (clusters, rowOf) = try Self.distinct(clusterLabels, place: "cluster labels")
    let (classes, columnOf) = try Self.distinct(classLabels, place: "class labels")
    var counts: [UInt64: Int] = [:]
    for (cluster, class_) in zip(clusterLabels, classLabels) {
      counts[UInt64(rowOf[cluster]!) << 32 | UInt64(columnOf[class_]!), default: 0] += 1
    }
    let cells = counts.sorted { $0.key < $1.key }.map { key, count in
      Cell(row: Int(key >> 32), column: Int(key & 0xFFFF_FFFF), count: count)
    }
    self.init(clusters: clusters, classes: classes, cells: cells)
  }

  /// Takes counts that are known already, such as those of a confusion matrix.
  ///
  /// - Parameter counts: `counts[i][j]` samples have cluster i and class j; rows are equally long.
  /// - Throws: `SeCuError` of kind `.badData` if rows differ in length, a count is negative, or the sum is 0 or above
  ///   `largestTotal`.
  public init(counts: [[Int]]) throws {
    let width = counts.first?.count ?? 0
    var total = 0
    for (row, line) in counts.enumerated() {
      guard line.count == width else {
        throw SeCuError(
          .badData, "expected \(width) counts as in row 0, found \(line.count)", at: "counts", position: "row \(row)",
          remedy: "Give every row one count for each class")
      }
      for (column, count) in line.enumerated() {
        guard count >= 0 else {
          throw SeCuError(
            .badData, "expected a count of 0 or more, found \(count)", at: "counts",
            position: "row \(row), column \(column)", remedy: "Give the number of samples")
        }
        let (sum, overflows) = total.addingReportingOverflow(count)
        total = overflows ? .max : sum
      }
    }
    try Self.requireCountable(total)
    let clusters = counts.indices.filter { row in counts[row].contains { $0 > 0 } }
    let classes = (0..<width).filter { column in counts.contains { $0[column] > 0 } }
    var cells: [Cell] = []
    for (row, cluster) in clusters.enumerated() {
      for (column, class_) in classes.enumerated() where counts[cluster][class_] > 0 {
        cells.append(Cell(row: row, column: column, count: counts[cluster][class_]))
      }
    }
    self.init(clusters: clusters, classes: classes, cells: cells)
  }

  private init(clusters: [Int], classes: [Int], cells: [Cell]) {
    var clusterSizes = [Int](repeating: 0, count: clusters.count)
    var classSizes = [Int](repeating: 0, count: classes.count)
    for cell in cells {
      clusterSizes[cell.row] += cell.count
      classSizes[cell.column] += cell.count
    }
    self.clusters = clusters
    self.classes = classes
    self.cells = cells
    self.clusterSizes = clusterSizes
    self.classSizes = classSizes
    total = clusterSizes.reduce(0, +)
  }

  /// Whether clusters and classes are the same partition under different names.
  var isOneToOne: Bool {
    cells.count == clusters.count && cells.count == classes.count
  }

  private static func requireCountable(_ total: Int) throws {
    guard (1...largestTotal).contains(total) else {
      throw SeCuError(
        .badData, "expected 1 to \(largestTotal) samples, found \(total)", at: "labels",
        remedy: total == 0 ? "Give the labels of at least one sample" : "Score a part of the samples")
    }
  }

  /// The labels that occur, ascending, and the place of each among them.
  private static func distinct(_ labels: [Int], place: String) throws -> (names: [Int], index: [Int: Int]) {
    let names = Set(labels).sorted()
    guard names[0] >= 0 else {
      throw SeCuError(
        .badData, "expected a label of 0 or more, found \(names[0])", at: place,
        position: labels.firstIndex(of: names[0]).map { "sample \($0)" },
        remedy: "Leave samples without a label out of both arrays")
    }
    return (names, Dictionary(uniqueKeysWithValues: zip(names, names.indices)))
  }
}
