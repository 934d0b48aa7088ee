import Basics
import Foundation

/// How well clusters agree with known classes: ACC, NMI, ARI and purity, each 1 for perfect agreement whatever the names.
///
/// With n samples, n_ij of them in cluster i and class j, a_i = Σ_j n_ij and b_j = Σ_i n_ij:
///
///     ACC = (1/n) max_m Σ_i n_{i,m(i)}                over one-to-one matchings m of clusters with classes
///     NMI = I / ((H_a + H_b) / 2)                     I   = Σ_ij (n_ij/n) ln( n·n_ij / (a_i·b_j) )
///                                                     H_a = Σ_i (a_i/n) ln(n/a_i), H_b likewise
///     ARI = (S − A·B/T) / ((A + B)/2 − A·B/T)         S = Σ_ij C(n_ij,2), A = Σ_i C(a_i,2),
///                                                     B = Σ_j C(b_j,2),   T = C(n,2)
///     purity = (1/n) Σ_i max_j n_ij                   every cluster stands for its most frequent class
///
/// Purity is ACC with a many-to-one matching: several clusters may stand for one class, so more clusters than classes are no fault.
/// It never falls when a cluster is split and is 1 for a cluster each: compare it between equal numbers of clusters only.
///
/// Degenerate cases are decided as scikit-learn does: one cluster and one class, or a single sample, is perfect
/// agreement; otherwise a single cluster (or class) has NMI and ARI 0.
///
/// Sources: H. W. Kuhn, Naval Research Logistics Quarterly 2, 1955 (the matching); A. Strehl, J. Ghosh, JMLR 3, 2002,
/// and N. X. Vinh, J. Epps, J. Bailey, JMLR 11, 2010 (NMI and its normalisations); L. Hubert, P. Arabie, "Comparing
/// Partitions", Journal of Classification 2, 1985 (ARI); C. D. Manning, P. Raghavan, H. Schütze, "Introduction to Information
/// Retrieval", 2008, section 16.3 (purity). Checked against scikit-learn.
public struct ClusteringScores: Codable, Sendable, Equatable {
  /// A cluster, and the class that the matching behind `accuracy` gives it.
  public struct Match: Codable, Sendable, Equatable {
    /// 0 or more.
    public var cluster: Int
    /// Nil for a cluster left over because there are more clusters than classes.
    public var matchedClass: Int?
    /// The number of samples in the cluster.
    public var size: Int
    /// The number of those that are of the matched class; 0 without one.
    public var agreeing: Int
  }

  /// The share of samples whose cluster is matched with their class, in 0…1. Clusters or classes left over count as
  /// wrong.
  public var accuracy: Double
  /// Normalised mutual information, arithmetic mean, in 0…1.
  public var nmi: Double
  /// Adjusted Rand index, at most 1 and about 0 for independent labels; negative when agreement is below chance.
  public var ari: Double
  /// The share of samples that are of their cluster's most frequent class, in 0…1; at least `accuracy`.
  public var purity: Double
  /// One for each cluster that has a sample, ascending.
  public var matches: [Match]

  /// Scores clusters against classes.
  ///
  /// - Parameters:
  ///   - clusterLabels: the cluster of each sample, 0 or more; there may be more or fewer clusters than classes.
  ///   - classLabels: the class of each sample, 0 or more, in the same order.
  /// - Throws: `SeCuError` of kind `.badData` if the arrays differ in length, are empty, hold a negative label, or have
  ///   so many different labels that matching them is out of reach.
  public init(clusterLabels: [Int], classLabels: [Int]) throws {
    try self.init(ContingencyTable(clusterLabels: clusterLabels, classLabels: classLabels))
  }

  /// Scores the clusters of a table against its classes.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for more than 2²⁷ pairs of a cluster and a class (1 GiB to match).
  public init(_ table: ContingencyTable) throws {
    matches = try Self.matches(table)
    accuracy = Double(matches.reduce(0) { $0 + $1.agreeing }) / Double(table.total)
    nmi = Self.normalisedMutualInformation(table)
    ari = Self.adjustedRandIndex(table)
    purity = Self.purity(table)
  }

  private static func purity(_ table: ContingencyTable) -> Double {
    var most = [Int](repeating: 0, count: table.clusters.count)
    for cell in table.cells { most[cell.row] = max(most[cell.row], cell.count) }
    return Double(most.reduce(0, +)) / Double(table.total)
  }

  private static func matches(_ table: ContingencyTable) throws -> [Match] {
    let rows = table.clusters.count, columns = table.classes.count
    let (size, overflows) = rows.multipliedReportingOverflow(by: columns)
    guard !overflows, size <= 1 << 27 else {
      throw SeCuError(
        .badData, "expected at most \(1 << 27) pairs of a cluster and a class, found \(rows) clusters × \(columns)",
        at: "labels", remedy: "Check that labels are names of groups and not numbers of samples")
    }
    var costs = [Int](repeating: 0, count: size)
    for cell in table.cells { costs[cell.row * columns + cell.column] = -cell.count }
    return try Hungarian.assignment(rows: rows, columns: columns, costs: costs).enumerated().map { row, column in
      Match(
        cluster: table.clusters[row], matchedClass: column.map { table.classes[$0] }, size: table.clusterSizes[row],
        agreeing: column.map { -costs[row * columns + $0] } ?? 0)
    }
  }

  private static func normalisedMutualInformation(_ table: ContingencyTable) -> Double {
    if table.isOneToOne { return 1 }
    let n = Double(table.total)
    var information = 0.0
    for cell in table.cells {
      let n_ij = Double(cell.count)
      let a = Double(table.clusterSizes[cell.row]), b = Double(table.classSizes[cell.column])
      information += n_ij / n * log(n / a * (n_ij / b))
    }
    // Independent labels have I = 0, and what is left of them is the rounding of the logarithms.
    if information <= .ulpOfOne { return 0 }
    func entropy(_ sizes: [Int]) -> Double {
      sizes.reduce(0) { $0 + Double($1) / n * log(n / Double($1)) }
    }
    return min(1, information / ((entropy(table.clusterSizes) + entropy(table.classSizes)) / 2))
  }

  /// The formula times 2T above and below, in whole numbers: each product is at most n⁴/2, below 2¹²⁷ for the n a table
  /// can hold. The denominator is A(T−B) + B(T−A), which is 0 for one-to-one tables only.
  private static func adjustedRandIndex(_ table: ContingencyTable) -> Double {
    if table.isOneToOne { return 1 }
    func pairs(_ count: Int) -> Int128 { Int128(count) * Int128(count - 1) / 2 }
    let s = table.cells.reduce(Int128(0)) { $0 + pairs($1.count) }
    let a = table.clusterSizes.reduce(Int128(0)) { $0 + pairs($1) }
    let b = table.classSizes.reduce(Int128(0)) { $0 + pairs($1) }
    let t = pairs(table.total)
    return Double(2 * (s * t - a * b)) / Double(a * (t - b) + b * (t - a))
  }
}
