import MicrokernelInterface

/// Max-pooling over windows of kernel × kernel pixels, NHWC; pixels outside the image never win.
///
///     y[n, oy, ox, c] = max over ky, kx of x[n, oy·stride − padding + ky, ox·stride − padding + kx, c]
///
/// What `MaxPoolReference` does window by window, this does by whole rows of channels, spread over the cores by image.
/// `ConvolutionShape` gives the sizes (outputChannels = inputChannels). Backward sends dy to the window's first maximum in
/// reading order, as PyTorch does; it finds it again from x and y, so that no indices are stored.
package struct MaxPool {
  package let shape: ConvolutionShape
  private let rowAxis: AxisTaps
  private let columnAxis: AxisTaps

  package init(_ shape: ConvolutionShape) {
    self.shape = shape
    rowAxis = AxisTaps(
      input: shape.height, output: shape.outputHeight, kernel: shape.kernel, stride: shape.stride,
      padding: shape.padding, backward: false)
    columnAxis = AxisTaps(
      input: shape.width, output: shape.outputWidth, kernel: shape.kernel, stride: shape.stride,
      padding: shape.padding, backward: false)
  }

  /// Calls `body(output offset, input offset, is the window's first)` for every valid tap of one image, window by window.
  @inline(__always)
  private func forEachTap(image n: Int, _ body: (_ y: Int, _ x: Int, _ isFirst: Bool) -> Void) {
    let channels = shape.inputChannels
    for oy in 0..<shape.outputHeight {
      for ox in 0..<shape.outputWidth {
        let y = ((n * shape.outputHeight + oy) * shape.outputWidth + ox) * channels
        var isFirst = true
        for row in rowAxis[oy] {
          for column in columnAxis[ox] {
            body(y, ((n * shape.height + row.source) * shape.width + column.source) * channels, isFirst)
            isFirst = false
          }
        }
      }
    }
  }

  /// y of the first `count` images of the batch. Where a window has no pixel inside the image, as it can with padding ≥ kernel, y is left as
  /// it was.
  ///
  /// - Parameters:
  ///   - x: [count, height, width, channels].
  ///   - y: [count, outputHeight, outputWidth, channels]; may not overlap x.
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, count: Int
  ) {
    let kernels = engine.kernels, channels = shape.inputChannels
    engine.run(count, flops: 4 * count * shape.outputCount / max(1, shape.batch) * shape.kernel * shape.kernel) {
      n, _ in
      forEachTap(image: n) { to, from, isFirst in
        if isFirst {
          (y + to).update(from: x + from, count: channels)
        } else {
          kernels.maximums(x + from, channels, y + to)
        }
      }
    }
  }

  /// dx = dy sent to each window's first maximum.
  ///
  /// - Parameters:
  ///   - x, y, count: as forward had and left them.
  ///   - dy: gradient of y, as y is.
  ///   - dx: as x is, overwritten; may not overlap the others.
  package func backward(
    on engine: Engine, x: UnsafePointer<Float>, y: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, count: Int
  ) {
    let kernels = engine.kernels, channels = shape.inputChannels
    let imageFloats = shape.height * shape.width * channels
    engine.reserveWorkerScratch(channels)
    engine.run(count, flops: 8 * count * shape.outputCount / max(1, shape.batch) * shape.kernel * shape.kernel) {
      n, worker in
      let remaining = engine.workerScratch(worker)
      (dx + n * imageFloats).update(repeating: 0, count: imageFloats)
      forEachTap(image: n) { to, from, isFirst in
        if isFirst { remaining.update(from: dy + to, count: channels) }
        kernels.routeToMaximum(x + from, y + to, channels, remaining, dx + from)
      }
    }
  }
}

/// Global average pooling: y[n, c] = mean over all pixels of x[n, ·, c]. |Error| ≤ γ(pixels) · mean |x|, with γ as in Winograd.swift.
package struct GlobalAveragePool {
  /// Pixels of an image, 1 or more.
  package let pixels: Int
  package let channels: Int

  package init(pixels: Int, channels: Int) {
    self.pixels = pixels
    self.channels = channels
  }

  /// x is [count, pixels, channels], y [count, channels].
  package func forward(on engine: Engine, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, count: Int) {
    let kernels = engine.kernels
    engine.run(count, flops: 16 * count * pixels * channels) { n, _ in
      let mean = y + n * channels
      mean.update(repeating: 0, count: channels)
      kernels.channelSums(x + n * pixels * channels, pixels, channels, mean)
      for c in 0..<channels { mean[c] /= Float(pixels) }
    }
  }

  /// dx[n, p, c] = dy[n, c] / pixels, shapes as forward's.
  package func backward(on engine: Engine, dy: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, count: Int) {
    let kernels = engine.kernels
    engine.run(count, flops: 16 * count * pixels * channels) { n, _ in
      let first = dx + n * pixels * channels
      for c in 0..<channels { first[c] = dy[n * channels + c] / Float(pixels) }
      kernels.copyStretches(first, 0, first + channels, channels, channels, pixels - 1)
    }
  }
}
