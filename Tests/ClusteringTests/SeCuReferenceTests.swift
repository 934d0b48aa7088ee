import Testing

@testable import Clustering

/// The plain text of the method against itself: its gradients are the derivatives of its losses.
@Suite struct SeCuReferenceTests {
  private let first = [0.31, -0.42, 0.77, 0.05, -0.9], second = [0.11, 0.52, 0.4, -0.35, -0.2]

  @Test func `probabilities`() {
    let p = SeCuReference.softmax([1, 2, 3], temperature: 1)
    #expect(zip(p, [0.09003057317038046, 0.24472847105479764, 0.6652409557748219]).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(SeCuReference.softmax([5, 5], temperature: 0.01) == [0.5, 0.5])
    #expect(SeCuReference.softmax([1000, 0], temperature: 0.001) == [1, 0])
    #expect(SeCuReference.softmax([0.3], temperature: 0.05) == [1])
  }

  /// p_1 = e^0.2/(e^0.2 + e^0.4) for the similarities 0.1 and 0.2 at temperature 1/2.
  @Test func `the center loss by hand`() {
    let (loss, gradient) = SeCuReference.centerLoss(similarities: [0.1, 0.2], label: 0, temperature: 0.5)
    #expect(abs(loss - 0.7981388693815918) < 1e-15)
    #expect(abs(gradient[0] - -2 * (1 - 0.45016600268752216)) < 1e-15)
    #expect(gradient[1] == 0)
  }

  @Test(arguments: 0..<5, [0.05, 0.3, 1]) func `the center loss moves the assigned center alone`(
    label: Int, temperature: Double
  ) {
    func loss(_ own: Double) -> Double {
      var s = first
      s[label] = own
      return SeCuReference.centerLoss(similarities: s, label: label, temperature: temperature).loss
    }
    let h = 1e-5, own = first[label]
    let expected = (loss(own + h) - loss(own - h)) / (2 * h)
    let gradient = SeCuReference.centerLoss(similarities: first, label: label, temperature: temperature).gradient
    #expect(abs(gradient[label] - expected) <= 1e-6 * max(1, abs(expected)))
    #expect(gradient[label] <= 0)
    #expect(gradient.indices.allSatisfy { $0 == label || gradient[$0] == 0 })
  }

  /// Nothing is held still: the derivatives with respect to all similarities.
  @Test(arguments: [Discrimination.crossEntropy, .uniform], [0.05, 0.3, 1])
  func `the other center losses are their gradients' integrals`(discrimination: Discrimination, temperature: Double) {
    func both(_ s: [Double]) -> (loss: Double, gradient: [Double]) {
      SeCuReference.centerLoss(similarities: s, label: 3, temperature: temperature, discrimination: discrimination)
    }
    let expected = centralDifferences(at: first) { both($0).loss }, gradient = both(first).gradient
    for (x, y) in zip(gradient, expected) { #expect(abs(x - y) <= 1e-6 / temperature) }
    // Cross-entropy shifts probability and moves every center; k-means pulls one, as hard as 1/t.
    if discrimination == .crossEntropy {
      #expect(abs(gradient.reduce(0, +)) < 1e-12 && gradient.allSatisfy { $0 != 0 })
    } else {
      #expect(gradient == [0, 0, 0, -1 / temperature, 0])
    }
  }

  /// For the assigned center SeCu's gradient is that of cross-entropy; k-means' is their limit for an image without any probability.
  @Test func `the center losses agree on the assigned center`() {
    func gradient(_ s: [Double], _ discrimination: Discrimination) -> Double {
      SeCuReference.centerLoss(similarities: s, label: 0, temperature: 0.05, discrimination: discrimination).gradient[0]
    }
    #expect(gradient(first, .stable) == gradient(first, .crossEntropy))
    let hopeless = [-1.0, 1, 0]
    #expect(abs(gradient(hopeless, .stable) - gradient(hopeless, .uniform)) < 1e-13)
    #expect(abs(gradient(first, .stable)) < abs(gradient(first, .uniform)))
  }

  @Test(arguments: [0.0, 0.2, 1], [0.05, 0.3]) func `the representation loss holds its targets still`(
    tau: Double, temperature: Double
  ) {
    func both(_ a: [Double], _ b: [Double]) -> (losses: (Double, Double), gradients: ([Double], [Double])) {
      SeCuReference.representationLoss(
        first: a, second: b, label: 3, hardLabelWeight: tau, temperature: temperature)
    }
    let (_, gradients) = both(first, second)
    let expectedA = centralDifferences(at: first) { both($0, second).losses.0 }
    let expectedB = centralDifferences(at: second) { both(first, $0).losses.1 }
    for (found, expected) in [(gradients.0, expectedA), (gradients.1, expectedB)] {
      for (x, y) in zip(found, expected) { #expect(abs(x - y) <= 1e-6 / temperature) }
      // A cross-entropy's gradient shifts probability: it sums to zero.
      #expect(abs(found.reduce(0, +)) < 1e-12)
    }
    // The mirror image.
    let mirrored = both(second, first)
    #expect(mirrored.losses.0 == both(first, second).losses.1)
    #expect(mirrored.gradients.0 == gradients.1)
  }

  @Test func `equal views with no hard label teach nothing`() {
    let (_, gradients) = SeCuReference.representationLoss(
      first: first, second: first, label: 0, hardLabelWeight: 0, temperature: 0.05)
    #expect(gradients.0.allSatisfy { abs($0) < 1e-14 } && gradients.0 == gradients.1)
  }
}
