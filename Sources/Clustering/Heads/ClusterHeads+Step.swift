import Foundation
import Kernels

/// One step of all heads on one batch: assign, move the duals, store the labels, then both losses with their gradients.
///
/// Order within a head, which the published program fixes: the whole batch is assigned against the OLD duals or counts; then they move;
/// then the labels are stored; then come the losses. `SeCuReference` has the formulas for one image.
///
/// An image has one unit row for each view, its projection, or, in the ImageNet recipe, two: its prediction as well. Then all four
/// rows are averaged in the assignment and have their share in both losses; the soft targets of ℓ_x come from the projections alone.
/// Source: the published program for ImageNet.
extension ClusterHeads {
  /// The losses of a step, each the mean over heads, images and their rows.
  package struct StepLosses: Sendable, Equatable {
    /// ℓ_x.
    package var representation: Double
    /// ℓ_w, as `Discrimination` defines it.
    package var center: Double

    package init(representation: Double, center: Double) {
      (self.representation, self.center) = (representation, center)
    }
  }

  /// Assigns a batch and differentiates its losses; the centers stay where they are until an optimiser moves them.
  ///
  /// - Parameters:
  ///   - features: unit rows [2b, d], the projections: view a of every image, then view b.
  ///   - predictions: unit rows in the same order, or nil; only for heads that were made to use them.
  ///   - ids: the b images' places in the data set.
  ///   - firstEpoch: uses the fresh label in ℓ_x, as nothing else is known yet.
  ///   - featureGradient: receives ∂L/∂features, [2b, d].
  ///   - predictionGradient: receives ∂L/∂predictions, [2b, d]; not nil if `predictions` isn't.
  /// - Returns: the losses; `gradients` holds ∂L/∂centers.
  package func step(
    on engine: Engine, features: UnsafePointer<Float>, predictions: UnsafePointer<Float>? = nil, ids: [Int],
    firstEpoch: Bool, featureGradient: UnsafeMutablePointer<Float>,
    predictionGradient: UnsafeMutablePointer<Float>? = nil
  ) -> StepLosses {
    let batch = Batch(
      ids: ids, outputs: [features, predictions].compactMap(\.self), heads: clusters.count, firstEpoch: firstEpoch)
    precondition(batch.rows * total <= memory.logits.count, "the heads were made for smaller batches or no predictions")
    let block = 2 * ids.count
    normalize.forward(on: engine, x: centers.base, y: unit.base, lengths: lengths.base, rows: total)
    for (o, output) in batch.outputs.enumerated() {
      let z = Matrix(output, rows: block, columns: dimension), first = o * block * total
      engine.gemm(z, Matrix(unit.base, rows: total, columns: dimension).t, into: memory.current.base + first)
      engine.gemm(z, Matrix(frozen.base, rows: total, columns: dimension).t, into: memory.logits.base + first)
    }

    assign(batch, on: engine)
    addLosses(batch, on: engine)
    for (o, gradient) in [featureGradient, predictionGradient].compactMap(\.self).enumerated() {
      engine.gemm(
        Matrix(memory.logits.base + o * block * total, rows: block, columns: total),
        Matrix(frozen.base, rows: total, columns: dimension), into: gradient)
    }
    gatherCenterGradient(batch, on: engine)

    var losses = StepLosses(representation: 0, center: 0)
    for i in ids.indices {
      losses.representation += memory.imageLosses[2 * i]
      losses.center += memory.imageLosses[2 * i + 1]
    }
    let share = 1 / Double(batch.terms)
    losses.representation *= share
    losses.center *= share
    return losses
  }

  /// What a step is given. Image i has the rows i, b + i and, with predictions, 2b + i and 3b + i.
  private struct Batch {
    let ids: [Int]
    /// The projections and, if there are any, the predictions, each [2b, d].
    let outputs: [UnsafePointer<Float>]
    let heads: Int
    let firstEpoch: Bool

    /// b.
    var images: Int { ids.count }
    var rows: Int { 2 * ids.count * outputs.count }
    /// How many terms both losses are the mean of.
    var terms: Int { rows * heads }
  }

  // MARK: - Assignment

  private func assign(_ batch: Batch, on engine: Engine) {
    let b = batch.images
    engine.reserveWorkerScratch(clusters.max() ?? 0)
    engine.run(clusters.count, flops: 6 * b * total) { h, worker in
      let mean = engine.workerScratch(worker), k = clusters[h]
      /// Keeps each image's label as the old one, and notes what `assignment` says as the new one.
      func assignEach(by assignment: (_ similarities: UnsafePointer<Float>, _ id: Int) -> Int) {
        for (i, id) in batch.ids.enumerated() {
          averageSimilarities(image: i, head: h, batch, on: engine, into: mean)
          memory.oldLabels[h * b + i] = labels[h][id]
          memory.newLabels[h * b + i] = Int32(assignment(mean, id))
        }
      }
      switch constraint {
      case .size(let constraint):
        assignEach { similarities, _ in
          constraint.assign(similarities, duals: duals.base + rowOffsets[h], clusters: k)
        }
      case .entropy(let constraint):
        let joining = constraint.costs(counts[h], isFirst: true, images: images)
        let moving = constraint.costs(counts[h], isFirst: false, images: images)
        assignEach { similarities, id in
          constraint.assign(
            similarities, old: Int(labels[h][id]), costs: isAssigned[id] ? moving : joining, clusters: k)
        }
      case .instance:
        assignEach { _, id in id }
      }
    }
    for h in clusters.indices { moveState(head: h, batch.ids) }
    for id in batch.ids { isAssigned[id] = true }
  }

  /// s_ij of one image: the mean of its rows' similarities to the current centers of head `h`.
  private func averageSimilarities(
    image i: Int, head h: Int, _ batch: Batch, on engine: Engine, into mean: UnsafeMutablePointer<Float>
  ) {
    let b = batch.images, k = clusters[h], count = 2 * batch.outputs.count
    let first = memory.current.base + i * total + rowOffsets[h]
    mean.update(from: first, count: k)
    for block in 1..<count - 1 { engine.kernels.scaleAndAdd(1, first + block * b * total, 1, mean, k) }
    let share = 1 / Float(count)
    engine.kernels.scaleAndAdd(share, first + (count - 1) * b * total, share, mean, k)
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

  private func addLosses(_ batch: Batch, on engine: Engine) {
    let b = batch.images, chunk = 8, widest = clusters.max() ?? 0
    engine.reserveWorkerScratch(3 * widest)
    engine.run((b + chunk - 1) / chunk, flops: 30 * batch.rows * total) { task, worker in
      let scratch = engine.workerScratch(worker)
      for i in task * chunk..<min(b, (task + 1) * chunk) {
        memory.imageLosses[2 * i] = 0
        memory.imageLosses[2 * i + 1] = 0
        for h in clusters.indices {
          addCenterLoss(image: i, head: h, batch, on: engine)
          addRepresentationLoss(image: i, head: h, batch, on: engine, scratch: scratch)
        }
      }
    }
  }

  /// ℓ_w of all rows of one image. Leaves what the centers' gradient needs: the weight with which a row pulls its center, (1 − p_y)/t_w or
  /// 1/t_w, or for cross-entropy, in the place of the similarities, ∂L/∂(x·w_j) = (p_j − [j = y])/(t_w·terms), where `terms`, rows × heads, is
  /// what the mean divides by. (SeCu's own leaves exponentials there, which nobody reads.)
  private func addCenterLoss(image i: Int, head h: Int, _ batch: Batch, on engine: Engine) {
    let b = batch.images, k = clusters[h], label = Int(memory.newLabels[h * b + i])
    let scale = 1 / losses.centerTemperature, share = scale / Float(batch.terms)
    for row in stride(from: i, to: batch.rows, by: b) {
      let s = memory.current.base + row * total + rowOffsets[h]
      let own = s[label]
      if losses.discrimination == .uniform {
        memory.imageLosses[2 * i + 1] -= Double(scale * own)
        memory.centerWeights.base[h * batch.rows + row] = scale
        continue
      }
      let (most, sum) = engine.kernels.exponentialsAndSum(s, scale, k, s)
      memory.imageLosses[2 * i + 1] += log(Double(sum)) - Double(scale * (own - most))
      if losses.discrimination == .stable {
        memory.centerWeights.base[h * batch.rows + row] = (1 - s[label] / sum) * scale
      } else {
        engine.kernels.scale(s, share / sum, k, s)
        s[label] -= share
      }
    }
  }

  /// e_j = e^((l_j − max l)/t_x) of one row of logits l, max l, and Σe.
  private typealias Exponentials = (values: UnsafeMutablePointer<Float>, most: Float, sum: Float)

  /// ℓ_x of all rows of one image. Replaces their logits l_j = x·w⁻_j by ∂L/∂l = (q − target)/(t_x·terms). With e = exp((l − max l)/t_x) and
  /// q = e/Σe, the cross-entropy of view a needs only
  ///
  ///     Σ_k q^b_k · log q^a_k = (Σ_k e^b_k · l^a_k)/(t_x · Σe^b) − logsumexp(l^a/t_x)
  ///
  /// `scratch` has room for three rows of exponentials, so that they stay in L1.
  private func addRepresentationLoss(
    image i: Int, head h: Int, _ batch: Batch, on engine: Engine, scratch: UnsafeMutablePointer<Float>
  ) {
    let kernels = engine.kernels
    let b = batch.images, k = clusters[h], tau = losses.hardLabelWeight
    let label = Int(batch.firstEpoch ? memory.newLabels[h * b + i] : memory.oldLabels[h * b + i])
    let scale = 1 / losses.representationTemperature, share = scale / Float(batch.terms)
    func logits(_ block: Int) -> UnsafeMutablePointer<Float> {
      memory.logits.base + (block * b + i) * total + rowOffsets[h]
    }
    func exponentials(_ block: Int, in place: Int) -> Exponentials {
      let values = scratch + place * k
      let (most, sum) = kernels.exponentialsAndSum(logits(block), scale, k, values)
      return (values, most, sum)
    }

    var hard = 0.0, soft = 0.0
    func addRow(_ l: UnsafeMutablePointer<Float>, _ own: Exponentials, target other: Exponentials) {
      let logSum = Double(scale * own.most) + log(Double(own.sum))
      hard += Double(scale * l[label]) - logSum
      soft += Double(scale * kernels.dotProduct(other.values, l, k) / other.sum) - logSum
      l.update(from: own.values, count: k)
      kernels.scaleAndAdd(-(1 - tau) * share / other.sum, other.values, share / own.sum, l, k)
      l[label] -= tau * share
    }
    // The target of each view is the other one's soft-max; predictions learn from the same targets as the projections.
    let viewA = exponentials(0, in: 0), viewB = exponentials(1, in: 1)
    addRow(logits(0), viewA, target: viewB)
    addRow(logits(1), viewB, target: viewA)
    if batch.outputs.count == 2 {
      addRow(logits(2), exponentials(2, in: 2), target: viewB)
      addRow(logits(3), exponentials(3, in: 2), target: viewA)
    }
    memory.imageLosses[2 * i] -= Double(tau) * hard + Double(1 - tau) * soft
  }

  /// ∂L/∂w_j, divided by `terms`, then through w_j = v_j/‖v_j‖ to the raw centers v_j. Where only the assigned center is moved it is −Σ over
  /// the rows assigned to j of their weight times x_i, the paper's hardness-aware centers; for cross-entropy the product Pᵀ·X of all rows,
  /// with P what `addCenterLoss` left.
  private func gatherCenterGradient(_ batch: Batch, on engine: Engine) {
    let b = batch.images, block = 2 * b
    switch losses.discrimination {
    case .stable, .uniform:
      let kernels = engine.kernels
      let share = -1 / Float(batch.terms)
      engine.run(clusters.count, flops: 8 * batch.terms * dimension) { h, _ in
        let rows = gradients.base + rowOffsets[h] * dimension
        rows.update(repeating: 0, count: clusters[h] * dimension)
        for (o, output) in batch.outputs.enumerated() {
          let weights = memory.centerWeights.base + h * batch.rows + o * block
          for row in 0..<block {
            let label = Int(memory.newLabels[h * b + row % b])
            kernels.scaleAndAdd(
              share * weights[row], output + row * dimension, 1, rows + label * dimension, dimension)
          }
        }
      }
    case .crossEntropy:
      for (o, output) in batch.outputs.enumerated() {
        engine.gemm(
          Matrix(memory.current.base + o * block * total, rows: block, columns: total).t,
          Matrix(output, rows: block, columns: dimension), into: gradients.base, accumulate: o > 0)
      }
    }
    normalize.backward(
      on: engine, dy: gradients.base, y: unit.base, lengths: lengths.base, dx: gradients.base, rows: total)
  }
}
