import Basics
import Kernels

@testable import Networks

/// One network with images, a gradient of the features, and an engine to run it.
struct Trial {
  let network: Network
  let engine: Engine
  let images: FloatBuffer
  let count: Int
  let groups: Int
  /// The loss is Σ outputGradient · projection + Σ predictionGradient · prediction; the latter are none without a predictor.
  let outputGradient: [Float]
  let predictionGradient: [Float]

  /// Random images and parameters; γ, β and the running statistics are moved off their initial values, where some terms
  /// vanish. The same arguments give the same values on every engine.
  init(
    _ description: ResNet, count: Int, groups: Int = 2, batch: Int? = nil,
    instructionSet: InstructionSet = .portable, threads: Int = 1
  ) throws {
    self.count = count
    self.groups = groups
    network = try Network(description, batch: batch ?? count, groups: groups)
    engine = Engine(instructionSet: instructionSet, cores: Cores(threads: threads))
    var stream = RandomStream(seed: 11, purpose: .benchmark)
    images = FloatBuffer(count * description.height * description.width * description.channels)
    images.fill(with: (0..<images.count).map { _ in stream.normal() })
    outputGradient = (0..<count * description.dimension).map { _ in stream.normal() }
    network.initialize(seed: 4)
    for name in network.layout.batchNorms {
      for entry in network.layout.parameters where entry.name == "\(name).weight" || entry.name == "\(name).bias" {
        for i in entry.offset..<entry.offset + entry.count { network.parameters.base[i] += 0.3 * stream.normal() }
      }
    }
    for i in 0..<network.statistics.count { network.statistics.base[i] += 0.5 * stream.uniform() }
    predictionGradient = outputGradient.prefix(description.predictor == nil ? 0 : .max).map { _ in stream.normal() }
  }

  /// The projection of the images, [count, dimension], and in training the prediction after it if there is one.
  func features(training: Bool = true) -> [Float] {
    let projection = network.forward(
      on: engine, images: images.base, count: count, groups: groups, training: training)
    let prediction = training ? network.prediction : nil
    return [projection, prediction].compactMap(\.self).flatMap {
      Array(UnsafeBufferPointer(start: $0, count: outputGradient.count))
    }
  }

  /// Forward and backward; the features and the gradients of all parameters.
  @discardableResult func step() -> (features: [Float], gradients: [Float]) {
    let features = features()
    backward(0..<count, images: images.base, groups: groups)
    return (features, network.gradients.values)
  }

  /// Backward of the images `range`, which went forward last.
  func backward(_ range: Range<Int>, images: UnsafePointer<Float>, groups: Int) {
    let dimension = network.description.dimension
    for (gradient, values) in [
      (network.outputGradient, outputGradient), (network.predictionGradient, predictionGradient),
    ] {
      gradient?.update(
        from: Array(values[range.lowerBound * dimension..<range.upperBound * dimension]), count: range.count * dimension
      )
    }
    network.backward(on: engine, images: images, count: range.count, groups: groups)
  }

  /// The loss in Double at the network's parameters moved by `offset` along `direction`.
  private func plainLoss(_ plain: PlainNetwork, along direction: [(index: Int, value: Double)], offset: Double)
    -> Double
  {
    var moved = plain
    for (index, value) in direction { moved.parameters[index] += offset * value }
    let (projection, prediction) = moved.outputs(images.values, count: count, groups: groups, training: true)
    return zip(projection + (prediction ?? []), outputGradient + predictionGradient).reduce(0) {
      $0 + $1.0 * Double($1.1)
    }
  }

  /// The derivative of the loss along `direction`, by central differences in Double.
  ///
  /// With h = 1e-7 the formula's error is of the order of h², the roundings' about 1e-16 · loss / h = 1e-8, and no more than
  /// one in a million ReLUs changes sides.
  func plainDerivative(_ plain: PlainNetwork, along direction: [(index: Int, value: Double)]) -> Double {
    let h = 1e-7
    return (plainLoss(plain, along: direction, offset: h) - plainLoss(plain, along: direction, offset: -h)) / (2 * h)
  }
}

func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// √Σx².
func length(_ values: [Float]) -> Double {
  values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// The largest distance between two arrays.
func distance<Wanted: BinaryFloatingPoint>(_ found: [Float], _ wanted: [Wanted]) -> Double {
  guard found.count == wanted.count else { return .infinity }
  // A NaN has to count as far away, which max() alone would not see.
  return zip(found, wanted).reduce(0) { far, pair in
    let d = abs(Double(pair.0) - Double(pair.1))
    return d <= far ? far : (d.isNaN ? .infinity : d)
  }
}
