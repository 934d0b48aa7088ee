import Foundation
import Kernels

/// One step of all heads on one batch: assign, move the duals, store the labels, then both losses with their gradients.
///
/// Order within a head, which the published program fixes: the whole batch is assigned against the OLD duals or counts; then they move;
/// then the labels are stored; then come the losses. `SeCuReference` has the formulas for one image.
extension ClusterHeads {
  /// The losses of a step, each the mean over heads, views and images.
  package struct StepLosses: Sendable, Equatable {
    /// ℓ_x.
    package var representation: Double
    /// ℓ_w.
    package var center: Double
  }

  /// - Parameters:
  ///   - features: unit rows [2b, d]: view a of every image, then view b.
  ///   - ids: the b images' places in the data set.
  ///   - firstEpoch: uses the fresh label in ℓ_x, as nothing else is known yet.
  ///   - featureGradient: receives ∂L/∂features, [2b, d].
  /// - Returns: the losses; `gradients` holds ∂L/∂centers.
  package func step(
    on engine: Engine, features: UnsafePointer<Float>, ids: [Int], firstEpoch: Bool,
    featureGradient: UnsafeMutablePointer<Float>
  ) -> StepLosses {
    let b = ids.count
    let z = Matrix(features, rows: 2 * b, columns: dimension)
    normalize.forward(on: engine, x: centers.base, y: unit.base, lengths: lengths.base, rows: total)
    engine.gemm(z, Matrix(unit.base, rows: total, columns: dimension).t, into: memory.current.base)
    engine.gemm(z, Matrix(frozen.base, rows: total, columns: dimension).t, into: memory.logits.base)

    assign(ids, on: engine)
    let chunk = 8
    engine.run((b + chunk - 1) / chunk, flops: 60 * 2 * b * total) { task, _ in
      for i in task * chunk..<min(b, (task + 1) * chunk) {
        memory.imageLosses[2 * i] = 0
        memory.imageLosses[2 * i + 1] = 0
        for h in clusters.indices {
          addCenterLoss(image: i, head: h, batch: b, on: engine)
          addRepresentationLoss(image: i, head: h, batch: b, firstEpoch: firstEpoch, on: engine)
        }
      }
    }
    engine.gemm(
      Matrix(memory.logits.base, rows: 2 * b, columns: total), Matrix(frozen.base, rows: total, columns: dimension),
      into: featureGradient)
    gatherCenterGradient(features, batch: b, on: engine)

    var losses = StepLosses(representation: 0, center: 0)
    for i in 0..<b {
      losses.representation += memory.imageLosses[2 * i]
      losses.center += memory.imageLosses[2 * i + 1]
    }
    let share = 1 / Double(2 * clusters.count * b)
    losses.representation *= share
    losses.center *= share
    return losses
  }

  /// The labels that the last step assigned in head `h`, in the order of its batch of `count` images.
  package func lastLabels(head h: Int, count: Int) -> [Int] {
    (0..<count).map { Int(memory.newLabels[h * count + $0]) }
  }

  // MARK: - Assignment

  private func assign(_ ids: [Int], on engine: Engine) {
    let b = ids.count
    engine.run(clusters.count, flops: 6 * b * total) { h, _ in
      let rows = memory.current.base + rowOffsets[h], k = clusters[h]
      func put(_ assignment: (_ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ id: Int) -> Int) {
        for (i, id) in ids.enumerated() {
          memory.oldLabels[h * b + i] = labels[h][id]
          memory.newLabels[h * b + i] = Int32(assignment(rows + i * total, rows + (b + i) * total, id))
        }
      }
      switch constraint {
      case .size(let constraint):
        put { first, second, _ in
          constraint.assign(first, second, duals: duals.base + rowOffsets[h], clusters: k)
        }
      case .entropy(let constraint):
        let joining = constraint.costs(counts[h], isFirst: true, images: images)
        let moving = constraint.costs(counts[h], isFirst: false, images: images)
        put { first, second, id in
          constraint.assign(
            first, second, old: Int(labels[h][id]), costs: isAssigned[id] ? moving : joining, clusters: k)
        }
      }
    }
    for h in clusters.indices { moveState(head: h, ids) }
    for id in ids { isAssigned[id] = true }
  }

  /// Moves the duals or counts of a head by what the batch was assigned to, and stores the labels.
  private func moveState(head h: Int, _ ids: [Int]) {
    let b = ids.count
    var batchCounts = [Int](repeating: 0, count: clusters[h])
    for (i, id) in ids.enumerated() {
      let label = memory.newLabels[h * b + i]
      batchCounts[Int(label)] += 1
      if case .entropy = constraint, isAssigned[id] { counts[h][Int(labels[h][id])] -= 1 }
      labels[h][id] = label
    }
    if case .size(let constraint) = constraint {
      constraint.update(duals.base + rowOffsets[h], counts: batchCounts, batch: b)
    }
    for j in batchCounts.indices { counts[h][j] += batchCounts[j] }
  }

  // MARK: - Losses

  /// ℓ_w of both views of one image; leaves (1 − p_iy)/t_w for the center's gradient.
  private func addCenterLoss(image i: Int, head h: Int, batch b: Int, on engine: Engine) {
    let k = clusters[h], label = Int(memory.newLabels[h * b + i])
    let scale = 1 / losses.centerTemperature
    for row in [i, b + i] {
      let s = memory.current.base + row * total + rowOffsets[h]
      let own = s[label]
      let (most, sum) = engine.kernels.exponentialsAndSum(s, scale, k, s)
      let p = s[label] / sum
      memory.imageLosses[2 * i + 1] += log(Double(sum)) - Double(scale * (own - most))
      memory.centerWeights.base[h * 2 * b + row] = (1 - p) * scale
    }
  }

  /// ℓ_x of both views of one image. Replaces their logits l = x·W⁻ by ∂L/∂l = (q − target)/t_x, shared by heads, views and
  /// images. With e = exp(l/t_x − max) and q = e/Σe, the cross-entropy of view a needs only
  ///
  ///     Σ_k q^b_k · log q^a_k = (Σ_k e^b_k · l^a_k)/(t_x · Σe^b) − logsumexp(l^a/t_x)
  private func addRepresentationLoss(
    image i: Int, head h: Int, batch b: Int, firstEpoch: Bool, on engine: Engine
  ) {
    let kernels = engine.kernels
    let k = clusters[h], tau = losses.hardLabelWeight
    let label = Int(firstEpoch ? memory.newLabels[h * b + i] : memory.oldLabels[h * b + i])
    let scale = 1 / losses.representationTemperature
    let atA = i * total + rowOffsets[h], atB = (b + i) * total + rowOffsets[h]
    let a = memory.logits.base + atA, bb = memory.logits.base + atB
    let ea = memory.exponentials.base + atA, eb = memory.exponentials.base + atB
    ea.update(from: a, count: k)
    eb.update(from: bb, count: k)
    let (mostA, sumA) = kernels.exponentialsAndSum(ea, scale, k, ea)
    let (mostB, sumB) = kernels.exponentialsAndSum(eb, scale, k, eb)
    let logSumA = Double(scale * mostA) + log(Double(sumA)), logSumB = Double(scale * mostB) + log(Double(sumB))

    let softA = Double(scale * kernels.dotProduct(eb, a, k) / sumB) - logSumA
    let softB = Double(scale * kernels.dotProduct(ea, bb, k) / sumA) - logSumB
    let hardA = Double(scale * a[label]) - logSumA, hardB = Double(scale * bb[label]) - logSumB
    memory.imageLosses[2 * i] -= Double(tau) * (hardA + hardB) + Double(1 - tau) * (softA + softB)

    let share = scale / Float(2 * clusters.count * b)
    for (gradient, own, ownSum, other, otherSum) in [(a, ea, sumA, eb, sumB), (bb, eb, sumB, ea, sumA)] {
      kernels.scaleAndAdd(share / ownSum, own, 0, gradient, k)
      kernels.scaleAndAdd(-(1 - tau) * share / otherSum, other, 1, gradient, k)
      gradient[label] -= tau * share
    }
  }

  /// ∂L/∂w_j = −Σ over images assigned to j and views of (1 − p_ij)·x_i/t_w, shared by heads, views and images: the paper's
  /// hardness-aware centers. Then through w_j = c_j/‖c_j‖ to the raw centers.
  private func gatherCenterGradient(_ features: UnsafePointer<Float>, batch b: Int, on engine: Engine) {
    let kernels = engine.kernels
    let share = -1 / Float(2 * clusters.count * b)
    engine.run(clusters.count, flops: 16 * clusters.count * b * dimension) { h, _ in
      let rows = gradients.base + rowOffsets[h] * dimension
      rows.update(repeating: 0, count: clusters[h] * dimension)
      for row in 0..<2 * b {
        let label = Int(memory.newLabels[h * b + row % b])
        kernels.scaleAndAdd(
          share * memory.centerWeights.base[h * 2 * b + row], features + row * dimension, 1, rows + label * dimension,
          dimension)
      }
    }
    normalize.backward(
      on: engine, dy: gradients.base, y: unit.base, lengths: lengths.base, dx: gradients.base, rows: total)
  }
}
