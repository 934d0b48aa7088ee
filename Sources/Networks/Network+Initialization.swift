import Basics
import Kernels

extension Network {
  /// Fills the parameters as PyTorch does, from this seed's own random numbers:
  ///
  ///     convolution     normal, σ = √(2 / (out · kernel²))              Kaiming-normal, fan out, ReLU
  ///     Linear          weight and bias uniform in ±1/√in               PyTorch's default
  ///     batch norm      γ = 1, β = 0, running mean 0, running variance 1
  ///
  /// Each tensor has a stream of its own, so that a wider layer does not change the others. Source: K. He et al., "Delving
  /// Deep into Rectifiers", ICCV 2015.
  public func initialize(seed: UInt64) {
    var fanIn = 1
    for (i, entry) in layout.parameters.enumerated() {
      let values = parameters.base + entry.offset
      var stream = RandomStream(seed: seed, purpose: .weights, UInt32(i))
      switch entry.shape.count {
      case 4:
        let deviation = (2 / Float(entry.shape[0] * entry.shape[2] * entry.shape[3])).squareRoot()
        for j in 0..<entry.count { values[j] = deviation * stream.normal() }
      case 2:
        fanIn = entry.shape[1]
        fillUniform(values, entry.count, fanIn: fanIn, &stream)
      default:
        if isBatchNorm(entry.name) {
          values.update(repeating: entry.name.hasSuffix(".weight") ? 1 : 0, count: entry.count)
        } else {
          // A Linear's bias follows its weight.
          fillUniform(values, entry.count, fanIn: fanIn, &stream)
        }
      }
    }
    for entry in layout.statistics {
      (statistics.base + entry.offset)
        .update(repeating: entry.name.hasSuffix("running_var") ? 1 : 0, count: entry.count)
    }
    batchesTracked = 0
  }

  private func isBatchNorm(_ parameter: String) -> Bool {
    layout.batchNorms.contains { parameter == "\($0).weight" || parameter == "\($0).bias" }
  }

  private func fillUniform(
    _ values: UnsafeMutablePointer<Float>, _ count: Int, fanIn: Int, _ stream: inout RandomStream
  ) {
    let bound = 1 / Float(fanIn).squareRoot()
    for j in 0..<count { values[j] = stream.uniform(in: -bound...bound) }
  }
}
