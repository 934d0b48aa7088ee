import Foundation
import Kernels

/// Self-labelling: a head that clusters well teaches itself with the images that it is sure of.
///
/// An image's weak view, here the clean one, is clustered; where the best probability p_y passes the threshold, y
/// becomes the label of its strong view, which is changed much:
///
///     p = softmax(x_weak·W/t_x)      y = argmax p      kept: the images with p_y > threshold
///     L = Σ_kept c_y·(−log q_y) / Σ_kept c_y           q = softmax(x_strong·W/t_x),  c_j = n/n_j
///
/// n images are kept, n_j of them in cluster j: each cluster that occurs weighs the same. Only q receives a gradient; it
/// reaches the encoder and the centers.
///
/// Source: W. Van Gansbeke et al., "SCAN: Learning to Classify Images without Labels", ECCV 2020, section 3.3, which the
/// best published results of SeCu and of others apply as a last stage. There the logits come from a linear layer; that
/// they are similarities to unit centers over t_x is this project's choice.
public struct SelfLabelling: Codable, Hashable, Sendable {
  /// The probability above which a label is believed, 0 to 1 (published: 0.99).
  public var threshold: Float

  /// - Parameter threshold: as the property has it.
  public init(threshold: Float = 0.99) {
    self.threshold = threshold
  }
}

extension ClusterHeads {
  /// What one step of self-labelling found.
  package struct SelfLabels: Sendable, Equatable {
    /// L; 0 if no image was kept.
    package var loss: Double
    /// n_j: how many images of each cluster were kept.
    package var keptIn: [Int]
    /// The highest probability of any label in the batch.
    package var highest: Float

    /// n: how many images were kept.
    package var kept: Int { keptIn.reduce(0, +) }
  }

  /// Labels a batch by its weak views, stores the labels of all, and leaves the gradients of L.
  ///
  /// - Parameters:
  ///   - weak, strong: unit rows [b, d], the features of the same images in the same order.
  ///   - ids: the b images' places in the data set, at most the heads' batch.
  ///   - head: which head teaches itself; the others are left alone.
  ///   - strongGradient: receives ∂L/∂strong, [b, d].
  /// - Returns: what was found; `gradients` holds ∂L/∂centers, which is 0 for the other heads. All gradients are 0 if no image
  ///   was kept.
  package func selfLabel(
    on engine: Engine, weak: UnsafePointer<Float>, strong: UnsafePointer<Float>, ids: [Int], head h: Int,
    _ settings: SelfLabelling, strongGradient: UnsafeMutablePointer<Float>
  ) -> SelfLabels {
    let b = ids.count, k = clusters[h], d = dimension
    normalize.forward(on: engine, x: centers.base, y: unit.base, lengths: lengths.base, rows: total)
    let w = Matrix(unit.base + rowOffsets[h] * d, rows: k, columns: d)
    engine.gemm(Matrix(weak, rows: b, columns: d), w.t, into: memory.current.base)
    engine.gemm(Matrix(strong, rows: b, columns: d), w.t, into: memory.logits.base)

    // Labels, and which of them are believed.
    let scale = 1 / losses.representationTemperature
    var found = SelfLabels(loss: 0, keptIn: [Int](repeating: 0, count: k), highest: 0)
    let isKept = ids.indices.map { i in
      let s = memory.current.base + i * k
      let label = (1..<k).reduce(0) { s[$1] > s[$0] ? $1 : $0 }
      // The best similarity is the row's maximum, whose exponential is 1.
      let p = 1 / engine.kernels.exponentialsAndSum(s, scale, k, s).sum
      memory.newLabels[i] = Int32(label)
      labels[h][ids[i]] = Int32(label)
      found.highest = max(found.highest, p)
      guard p > settings.threshold else { return false }
      found.keptIn[label] += 1
      return true
    }
    let present = found.keptIn.count { $0 > 0 }

    // L and (q − onehot(y))·c_y/Σc/t_x in the place of the logits; c_y/Σc = 1/(n_y·clusters present).
    for i in ids.indices {
      let row = memory.logits.base + i * k
      guard isKept[i] else {
        row.update(repeating: 0, count: k)
        continue
      }
      let label = Int(memory.newLabels[i])
      let share = 1 / Float(found.keptIn[label] * present)
      let own = row[label]
      let (most, sum) = engine.kernels.exponentialsAndSum(row, scale, k, row)
      found.loss += Double(share) * (log(Double(sum)) - Double(scale * (own - most)))
      engine.kernels.scale(row, share * scale / sum, k, row)
      row[label] -= share * scale
    }
    let g = Matrix(memory.logits.base, rows: b, columns: k)
    engine.gemm(g, w, into: strongGradient)
    gradients.setToZero()
    engine.gemm(g.t, Matrix(strong, rows: b, columns: d), into: gradients.base + rowOffsets[h] * d)
    normalize.backward(
      on: engine, dy: gradients.base, y: unit.base, lengths: lengths.base, dx: gradients.base, rows: total)
    return found
  }
}
