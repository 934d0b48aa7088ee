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
  /// The loss is Σ projection · features, so that this is the features' gradient.
  let projection: [Float]

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
    projection = (0..<count * description.dimension).map { _ in stream.normal() }
    network.initialize(seed: 4)
    for name in network.layout.batchNorms {
      for entry in network.layout.parameters where entry.name == "\(name).weight" || entry.name == "\(name).bias" {
        for i in entry.offset..<entry.offset + entry.count { network.parameters.base[i] += 0.3 * stream.normal() }
      }
    }
    for i in 0..<network.statistics.count { network.statistics.base[i] += 0.5 * stream.uniform() }
  }

  /// Features of the images, [count, dimension].
  func features(training: Bool = true) -> [Float] {
    let features = network.forward(
      on: engine, images: images.base, count: count, groups: groups, training: training)
    return Array(UnsafeBufferPointer(start: features, count: projection.count))
  }

  /// Forward and backward; the features and the gradients of all parameters.
  @discardableResult func step() -> (features: [Float], gradients: [Float]) {
    let features = features()
    network.outputGradient.update(from: projection, count: projection.count)
    network.backward(on: engine, images: images.base, count: count, groups: groups)
    return (features, network.gradients.values)
  }

  /// The loss in Double at the network's parameters moved by `offset` along `direction`.
  private func plainLoss(_ plain: PlainNetwork, along direction: [(index: Int, value: Double)], offset: Double)
    -> Double
  {
    var moved = plain
    for (index, value) in direction { moved.parameters[index] += offset * value }
    let features = moved.features(images.values, count: count, groups: groups, training: true)
    return zip(features, projection).reduce(0) { $0 + $1.0 * Double($1.1) }
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
