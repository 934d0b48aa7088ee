/// The sizes of a two-dimensional convolution. Activations are NHWC, weights tap × in × out:
///
///     x  [batch, height, width, inputChannels]
///     w  [kernel · kernel, inputChannels, outputChannels],  tap = ky · kernel + kx
///     y  [batch, outputHeight, outputWidth, outputChannels]
///
///     y[n, oy, ox, co] = Σ_ky Σ_kx Σ_ci  x[n, oy·stride − padding + ky, ox·stride − padding + kx, ci] · w[ky, kx, ci, co]
///
/// where pixels outside the image count as zero. This is PyTorch's `Conv2d` without bias (a cross-correlation).
package struct ConvolutionShape: Hashable, Sendable {
  /// Images, 1 or more.
  package var batch: Int
  /// Rows of an input image, in pixels, 1 or more.
  package var height: Int
  /// Columns of an input image, in pixels, 1 or more.
  package var width: Int
  /// Values a pixel of x, 1 or more.
  package var inputChannels: Int
  /// Values a pixel of y, 1 or more.
  package var outputChannels: Int
  /// The height and width of the kernel, in pixels, 1 or more.
  package var kernel: Int
  /// How many pixels the kernel moves from one output to the next, 1 or more.
  package var stride: Int
  /// Zeros around the image, on each side: 0 or more.
  package var padding: Int

  /// - Parameters: as the properties have them.
  package init(
    batch: Int, height: Int, width: Int, inputChannels: Int, outputChannels: Int, kernel: Int, stride: Int = 1,
    padding: Int = 0
  ) {
    self.batch = batch
    self.height = height
    self.width = width
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// Rows of an output image, in pixels, 0 where the kernel is larger than the padded input.
  package var outputHeight: Int { outputs(height) }
  /// Columns of an output image, as `outputHeight`.
  package var outputWidth: Int { outputs(width) }

  private func outputs(_ pixels: Int) -> Int {
    let room = pixels + 2 * padding - kernel
    return room < 0 ? 0 : room / stride + 1
  }

  /// Floats of x.
  package var inputCount: Int { batch * height * width * inputChannels }
  /// Floats of y.
  package var outputCount: Int { batch * outputHeight * outputWidth * outputChannels }
  /// Floats of w.
  package var weightCount: Int { kernel * kernel * inputChannels * outputChannels }

  /// Multiplications and additions of one pass, taps on padding counted.
  package var flops: Int { 2 * outputCount * inputChannels * kernel * kernel }
}
