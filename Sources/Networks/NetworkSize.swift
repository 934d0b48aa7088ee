import Basics

/// What a network takes, known without making it.
public struct NetworkSize: Sendable, Equatable {
  /// The number of parameters.
  public let parameters: Int
  /// Bytes of activations and their gradients, of parameters and their gradients, of running and saved statistics. An optimizer's
  /// velocities come on top.
  public let bytes: Double
  /// Bytes that an engine works in during a step, whatever its instruction set; they come on top, too. A product of a large fully connected
  /// layer can take some 20 MB more.
  public let scratchBytes: Double

  /// - Parameters:
  ///   - description, batch, groups: as `Network.init` has them.
  ///   - threads: the cores of the engine; brought into the range of `Cores`.
  /// - Throws: what `Network.init` throws, but not for a network that is merely too large for this machine.
  public init(_ description: ResNet, batch: Int, groups: Int = 2, threads: Int) throws {
    let plan = try Network.plan(description, batch: batch, groups: groups), threads = Cores(threads: threads).threads
    parameters = plan.layout.parameterCount
    bytes = plan.bytes
    // All layers share one memory, and each core has one for all of them: what the weights of a fully connected layer take, packed for tiles of
    // up to 32 columns, may be there together with what cores took for a convolution.
    let packed = plan.layout.parameters.filter { $0.shape.count == 2 }.map { $0.count + 31 * ($0.shape.max() ?? 0) }
    let convolutions = plan.layers.compactMap { ($0 as? ConvolutionLayer)?.convolution.scratchBytes(threads: threads) }
    scratchBytes = 4 * Double(packed.max() ?? 0) + (convolutions.max() ?? 0)
  }
}
