import Foundation

@testable import Clustering

/// What `ClusterHeads.step` should make of a `HeadProblem`, in Double and from the formulas of `SeCuReference`.
struct HeadReference {
  private let shape: HeadProblem.Shape
  private let centers: [Double]
  private let frozenCenters: [Double]
  private let raw: [Double]
  /// Similarities of each row to the centers and to the frozen ones: [head][row][center].
  private let current: [[[Double]]]
  private let frozen: [[[Double]]]
  /// Each head's first center.
  private let offsets: [Int]
  /// y of the batch's images by head: the best mean similarity plus ρ, or the image itself.
  let labels: [[Int]]
  /// The labels that ℓ_x takes.
  private let targets: [[Int]]

  init(_ problem: HeadProblem, firstEpoch: Bool) {
    let shape = problem.shape, offsets = problem.heads.rowOffsets, d = shape.dimension
    let (raw, centers) = (problem.raw.values.map(Double.init), problem.centersBefore.map(Double.init))
    func table(_ centers: [Double]) -> [[[Double]]] {
      shape.clusters.indices.map { h in
        (0..<shape.rows).map { row in
          (offsets[h]..<offsets[h + 1]).map { similarity(raw, row, centers, $0, d) }
        }
      }
    }
    let current = table(centers)
    labels = shape.clusters.indices.map { h in
      (0..<shape.batch).map { i in
        if shape.constraint == .instance { return problem.ids[i] }
        let rows = stride(from: i, to: shape.rows, by: shape.batch).map { current[h][$0] }
        let scores = rows[0].indices.map { j in
          rows.reduce(0) { $0 + $1[j] } / Double(rows.count) + Double(problem.dualsBefore[offsets[h] + j])
        }
        return scores.indices.max { scores[$0] < scores[$1] } ?? 0
      }
    }
    targets =
      firstEpoch
      ? labels : shape.clusters.indices.map { h in problem.ids.map { Int(problem.labelsBefore[h][$0]) } }
    frozenCenters = problem.frozenBefore.map(Double.init)
    frozen = table(frozenCenters)
    (self.shape, self.centers, self.raw, self.current, self.offsets) = (shape, centers, raw, current, offsets)
  }

  /// Everything is a mean over heads, images and rows.
  private var share: Double { 1 / Double(shape.clusters.count * shape.rows) }

  /// ℓ_w of the centers `moved`. Unless cross-entropy moves them all, the assigned center alone is taken from there: sg(w_k) of the
  /// others are those before the step, so that no derivative but that of the assigned center exists.
  private func centerLoss(_ moved: [Double]) -> Double {
    let d = shape.dimension
    let movedCenters = (0..<moved.count / d).filter { moved[$0 * d..<($0 + 1) * d] != centers[$0 * d..<($0 + 1) * d] }
    var sum = 0.0
    for h in shape.clusters.indices {
      for row in 0..<shape.rows {
        let label = labels[h][row % shape.batch]
        var s = current[h][row]
        for center in movedCenters where (offsets[h]..<offsets[h] + shape.clusters[h]).contains(center) {
          let j = center - offsets[h]
          guard j == label || shape.losses.discrimination == .crossEntropy else { continue }
          s[j] = similarity(raw, row, moved, center, d)
        }
        sum +=
          SeCuReference.centerLoss(
            similarities: s, label: label, temperature: Double(shape.losses.centerTemperature),
            discrimination: shape.losses.discrimination
          ).loss
      }
    }
    return sum * share
  }

  /// ℓ_x of the rows from `moved`, where each row's target sg(q) comes from the projections as they are.
  private func representationLoss(_ moved: [Double]) -> Double {
    var sum = 0.0
    for h in shape.clusters.indices {
      for row in 0..<shape.rows {
        let i = row % shape.batch, isFirstView = row / shape.batch % 2 == 0
        sum +=
          SeCuReference.rowLoss(
            similarities: similarities(moved, row, h), otherView: frozen[h][isFirstView ? shape.batch + i : i],
            label: targets[h][i], hardLabelWeight: Double(shape.losses.hardLabelWeight),
            temperature: Double(shape.losses.representationTemperature)
          ).loss
      }
    }
    return sum * share
  }

  /// Similarities of a row of `moved` to the frozen centers of head `h`: known already if the row is where it was.
  private func similarities(_ moved: [Double], _ row: Int, _ h: Int) -> [Double] {
    let d = shape.dimension, place = row * d..<(row + 1) * d
    if moved[place] == raw[place] { return frozen[h][row] }
    return (offsets[h]..<offsets[h + 1]).map { similarity(moved, row, frozenCenters, $0, d) }
  }

  /// Both losses before the step.
  var losses: (representation: Double, center: Double) { (representationLoss(raw), centerLoss(centers)) }

  /// ∂ℓ_w/∂centers and ∂ℓ_x/∂raw features, through their normalisations.
  var gradients: (centers: [Double], raw: [Double]) {
    (centralDifferences(at: centers, of: centerLoss), centralDifferences(at: raw, of: representationLoss))
  }
}

/// The cosine of row `i` of `x` and row `j` of `w`, each of `d` numbers.
private func similarity(_ x: [Double], _ i: Int, _ w: [Double], _ j: Int, _ d: Int) -> Double {
  var (product, xx, ww) = (0.0, 0.0, 0.0)
  for k in 0..<d {
    let (a, b) = (x[i * d + k], w[j * d + k])
    product += a * b
    xx += a * a
    ww += b * b
  }
  return product / (xx * ww).squareRoot()
}

/// ∂f/∂x by central differences. With h = 1e-5 the formula's own error is of the order of h²·f‴ ≈ 1e-10/t³·1/6, at the coldest
/// temperature 1e-7, and the roundings' 1e-16/h = 1e-11: below the errors of floats.
func centralDifferences(at x: [Double], of f: ([Double]) -> Double) -> [Double] {
  let h = 1e-5
  return x.indices.map { i in
    var (after, before) = (x, x)
    after[i] += h
    before[i] -= h
    return (f(after) - f(before)) / (2 * h)
  }
}

/// The largest difference as a share of the largest expected value; infinite if anything found is not finite.
func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
  let scale = expected.map(abs).max() ?? 0
  let most = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
  return scale == 0 ? most : most / scale
}
