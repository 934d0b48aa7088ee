import Basics

/// What a network takes, known without making it.
public struct NetworkSize: Sendable, Equatable {
  /// The number of parameters.
  public let parameters: Int
  /// Bytes of activations and their gradients, of parameters and their gradients, of running and saved statistics. An optimizer's
  /// velocities come on top.
  public let bytes: Double
  /// The most bytes that an engine works in during a step, whatever its instruction set; they come on top, too.
  public let scratchBytes: Double

  /// - Parameters:
  ///   - description, batch, groups: as `Network.init` has them.
  ///   - threads: the cores of the engine.
  /// - Throws: what `Network.init` throws, but not for a network that is merely too large for this machine.
  public init(_ description: ResNet, batch: Int, groups: Int = 2, threads: Int) throws {
    let plan = try Network.plan(description, batch: batch, groups: groups)
    parameters = plan.layout.parameterCount
    bytes = plan.bytes
    // A fully connected layer's weights, packed.
    let packed = 4 * Double(plan.layout.parameters.map(\.count).max() ?? 0)
    scratchBytes = plan.layers.reduce(packed) { most, layer in
      max(most, (layer as? ConvolutionLayer)?.convolution.scratchBytes(threads: threads) ?? 0)
    }
  }
}
