import Kernels
import Testing

@testable import Networks

@Suite struct InitializationTests {
  private static let description = ResNet(
    height: 8, width: 8, channels: 3, widths: [32, 64], blocks: [1, 1], dimension: 128)

  private func initialized(_ description: ResNet = description, seed: UInt64 = 1) throws -> Network {
    let network = try Network(description, batch: 2)
    network.initialize(seed: seed)
    return network
  }

  private func values(_ network: Network, _ entry: ParameterLayout.Entry) -> [Float] {
    Array(network.parameters.values[entry.offset..<entry.offset + entry.count])
  }

  /// Mean and variance as the sums of n independent draws have them, within five standard errors.
  ///
  /// - Parameter excess: E x⁴ / (E x²)² of the distribution, which sets the variance's own: (excess − 1)/n.
  private func expectMoments(_ values: [Float], variance: Double, excess: Double, _ name: String) {
    let n = Double(values.count)
    let mean = values.reduce(0) { $0 + Double($1) } / n
    let square = values.reduce(0) { $0 + Double($1) * Double($1) } / n
    #expect(abs(mean) <= 5 * (variance / n).squareRoot(), "\(name)")
    #expect(abs(square / variance - 1) <= 5 * ((excess - 1) / n).squareRoot(), "\(name)")
  }

  /// Convolutions: normal with σ² = 2 / (out · kernel²). Linear layers: uniform in ±1/√in, whose variance is 1/(3·in).
  @Test func weightsHaveTheirDistributions() throws {
    let network = try initialized()
    var fanIn = 0
    for entry in network.layout.parameters {
      let values = values(network, entry)
      switch entry.shape.count {
      case 4:
        let variance = 2 / Double(entry.shape[0] * entry.shape[2] * entry.shape[3])
        expectMoments(values, variance: variance, excess: 3, entry.name)
        // Normal, not uniform: about 4.6 % lie beyond 2σ.
        let beyond = Double(values.filter { Double($0 * $0) > 4 * variance }.count) / Double(values.count)
        #expect(abs(beyond - 0.0455) < 5 * (0.0455 / Double(values.count)).squareRoot(), "\(entry.name)")
      case 2:
        fanIn = entry.shape[1]
        expectUniform(values, fanIn: fanIn, entry.name)
      default:
        if entry.name.hasPrefix("fc.0") || entry.name.hasPrefix("fc.3") {
          expectUniform(values, fanIn: fanIn, entry.name)
        } else {
          let wanted: Float = entry.name.hasSuffix(".weight") ? 1 : 0
          #expect(values.allSatisfy { $0 == wanted }, "\(entry.name)")
        }
      }
    }
  }

  /// Within the bounds, and up to them: the largest of n lies within 12/n of the bound but for one case in e¹².
  private func expectUniform(_ values: [Float], fanIn: Int, _ name: String) {
    let bound = 1 / Double(fanIn).squareRoot(), n = Double(values.count)
    expectMoments(values, variance: bound * bound / 3, excess: 1.8, name)
    let most = Double(values.map(abs).max() ?? 0)
    #expect(most <= bound * (1 + 0x1p-23) && most >= bound * (1 - 12 / n), "\(name)")
  }

  @Test func runningStatisticsStartAtZeroAndOne() throws {
    let network = try initialized()
    network.statistics.base.update(repeating: 5, count: network.statistics.count)
    network.batchesTracked = 3
    network.initialize(seed: 1)
    for entry in network.layout.statistics {
      let wanted: Float = entry.name.hasSuffix("running_var") ? 1 : 0
      #expect(network.statistics.values[entry.offset..<entry.offset + entry.count].allSatisfy { $0 == wanted })
    }
    #expect(network.batchesTracked == 0)
  }

  @Test func theSeedDecides() throws {
    let first = try initialized(), again = try initialized(), other = try initialized(seed: 2)
    #expect(first.parameters.values == again.parameters.values)
    let weights = first.layout.parameters[0]
    #expect(Set(values(first, weights)).isDisjoint(with: values(other, weights)))
  }

  /// Two tensors of one shape are uncorrelated, as are two seeds of one tensor: |r| ≤ 5/√n.
  @Test func tensorsAreIndependent() throws {
    let network = try initialized(), other = try initialized(seed: 2)
    let layout = network.layout.parameters.filter { $0.name.hasPrefix("layer1.0.conv") }
    let samples = [values(network, layout[0]), values(network, layout[1]), values(other, layout[0])]
    for (x, y) in [(samples[0], samples[1]), (samples[0], samples[2]), (samples[1], samples[2])] {
      let correlation =
        zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } / (length(x) * length(y))
      #expect(abs(correlation) <= 5 / Double(x.count).squareRoot())
    }
  }

  /// Widening the last stage leaves every tensor of the earlier ones as it was.
  @Test func aWiderLayerDoesNotChangeTheOthers() throws {
    var wider = Self.description
    wider.widths[1] = 72
    let (narrow, wide) = (try initialized(), try initialized(wider))
    for (a, b) in zip(narrow.layout.parameters, wide.layout.parameters) where a.name.hasPrefix("layer1") {
      #expect(a.name == b.name && values(narrow, a) == values(wide, b))
    }
  }
}
