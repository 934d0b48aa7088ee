import Kernels

/// Is told of each operation of a pass through a network as it ends.
package typealias NetworkObserver = (NetworkOperation) -> Void

/// What has just ended.
package struct NetworkOperation: Hashable, Sendable {
  /// Which pass, and which piece of it, by the names in the benchmark's tables.
  package enum Kind: String, Sendable {
    /// A layer's result.
    case forward = "fwd"
    /// The backward of a layer that computes all its gradients in one piece.
    case backward = "bwd"
    /// The gradient of a layer's input.
    case inputGradient = "dgrad"
    /// The gradients of a layer's parameters.
    case weightGradient = "wgrad"
    /// Making a layer's result once more for backward.
    case restoring = "again"
    /// Setting the parameters' gradients to zero, before backward.
    case clearing
  }

  /// Which piece it was.
  package var kind: Kind
  /// The value that the layer makes, by which `LayerDescription` names it; 0 for `clearing`.
  package var output: Int
}

/// What a layer is, for whoever counts its work.
package struct LayerDescription {
  /// The kinds of layers, with the sizes that their work depends on.
  package enum Kind {
    /// The shape is for the network's whole batch, all views together.
    case convolution(Convolution)
    /// - rows: pixels of an image, or 1 after pooling.
    /// - takesStatistics: whether forward takes those that the convolution before has summed up.
    /// - storesOutput: false if forward takes the statistics only, and the readers of the output compute it.
    /// - joinsResidual: whether backward makes the gradients of the batch norm that the residual comes from as well.
    case batchNorm(
      rows: Int, channels: Int, relu: Bool, hasResidual: Bool, takesStatistics: Bool, storesOutput: Bool,
      joinsResidual: Bool
    )
    /// Floats of an image before and after.
    case pooling(inputs: Int, outputs: Int)
    /// Floats of a row before and after.
    case linear(inputs: Int, outputs: Int)
  }

  /// PyTorch's name, such as `layer1.0.conv1`; pooling, which has no parameters, is `maxpool` or `mean`.
  package var name: String
  /// The value that the layer makes, which no other layer does.
  package var output: Int
  /// What it is.
  package var kind: Kind
}

extension Network {
  /// Every layer, in the order of forward.
  package var layerDescriptions: [LayerDescription] {
    plan.layers.map { layer in
      let name = layer.firstParameter.flatMap { offset in layout.parameters.first { $0.offset == offset }?.name }
      return LayerDescription(
        name: name.map { String($0.dropLast(".weight".count)) } ?? (layer is MaxPoolLayer ? "maxpool" : "mean"),
        output: layer.output, kind: layer.description)
    }
  }
}

// MARK: - The layers

extension ConvolutionLayer {
  var description: LayerDescription.Kind { .convolution(convolution) }
  var firstParameter: Int? { weight }
}

extension NormLayer {
  var description: LayerDescription.Kind {
    .batchNorm(
      rows: norm.pixels, channels: norm.batchNorm.channels, relu: norm.relu, hasResidual: residual != nil,
      takesStatistics: statistics != nil, storesOutput: storesOutput, joinsResidual: joinsResidual)
  }
  var firstParameter: Int? { norm.gamma }
}

extension MaxPoolLayer {
  var description: LayerDescription.Kind {
    .pooling(inputs: pool.shape.inputCount / pool.shape.batch, outputs: pool.shape.outputCount / pool.shape.batch)
  }
  var firstParameter: Int? { nil }
}

extension AveragePoolLayer {
  var description: LayerDescription.Kind { .pooling(inputs: pool.pixels * pool.channels, outputs: pool.channels) }
  var firstParameter: Int? { nil }
}

extension LinearLayer {
  var description: LayerDescription.Kind { .linear(inputs: linear.inputs, outputs: linear.outputs) }
  var firstParameter: Int? { weight }
}
