/// Batch normalisation as it is applied to a value v of channel c, one of each a channel:
///
///     (v − center[c]) · scale[c] + shift[c]            scale = γ/√(σ² + ε), shift = β
package struct ChannelNormalization {
  package var center: UnsafePointer<Float>
  package var scale: UnsafePointer<Float>
  package var shift: UnsafePointer<Float>

  package init(center: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>) {
    self.center = center
    self.scale = scale
    self.shift = shift
  }

  /// That of the channels from `first` on.
  package func advanced(by first: Int) -> ChannelNormalization {
    ChannelNormalization(center: center + first, scale: scale + first, shift: shift + first)
  }
}

/// Where the derivative of the ReLU after a batch norm is read from: 1 where its result is positive, else 0.
package enum ReLUMask {
  /// There was no ReLU.
  case none
  /// The result as it was stored.
  case output(UnsafePointer<Float>)
  /// The normalised input, computed again: what nothing was added to need not be stored.
  case input

  /// The mask of what lies `floats` floats further on.
  package func advanced(by floats: Int) -> ReLUMask {
    if case .output(let y) = self { return .output(y + floats) }
    return self
  }
}

/// One of two batch norms whose gradients are computed together: dx = g · scale[c] + (x − center[c]) · slope[c] + offset[c].
package struct NormGradient {
  package var x: UnsafePointer<Float>
  package var center: UnsafePointer<Float>
  package var scale: UnsafePointer<Float>
  package var slope: UnsafePointer<Float>
  package var offset: UnsafePointer<Float>
  /// May be the gradient that both are computed from.
  package var dx: UnsafeMutablePointer<Float>

  package init(
    x: UnsafePointer<Float>, center: UnsafePointer<Float>, scale: UnsafePointer<Float>, slope: UnsafePointer<Float>,
    offset: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>
  ) {
    (self.x, self.center, self.scale, self.slope, self.offset, self.dx) = (x, center, scale, slope, offset, dx)
  }
}
