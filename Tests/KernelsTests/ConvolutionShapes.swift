import Kernels

/// The shapes that convolutions are tested on.
enum ConvolutionShapes {
  /// Shapes that networks have, and the odd ones out.
  private static let chosen: [ConvolutionShape] = [
    // 1×1 products, with and without stride; padding around a 1×1 kernel gives a border of zeros.
    shape(13, 5, 3, 16, 33, kernel: 1),
    shape(3, 9, 7, 65, 8, kernel: 1),
    shape(5, 6, 7, 17, 19, kernel: 1, stride: 2),
    shape(2, 3, 4, 5, 8, kernel: 1, padding: 1),
    shape(1, 5, 5, 3, 3, kernel: 1, stride: 3, padding: 2),
    // 1×1 with whole panels of outputs: a few images at a time, and bands of one, with and without a border of zeros.
    shape(13, 5, 7, 17, 64, kernel: 1, stride: 2),
    shape(9, 6, 4, 40, 32, kernel: 1, padding: 1),
    shape(3, 40, 37, 33, 64, kernel: 1, stride: 2),
    shape(2, 19, 20, 8, 32, kernel: 1, padding: 2),
    // The 3×3 layers of a residual network, and its stems.
    shape(12, 4, 4, 16, 16, kernel: 3, padding: 1),
    shape(25, 8, 8, 3, 16, kernel: 3, padding: 1),
    shape(13, 7, 9, 16, 32, kernel: 3, stride: 2, padding: 1),
    shape(5, 2, 2, 64, 65, kernel: 3, padding: 1),
    shape(5, 15, 14, 3, 17, kernel: 7, stride: 2, padding: 3),
    shape(1, 9, 9, 1, 19, kernel: 5, padding: 2),
    // One pixel: all but one tap fall on padding.
    shape(12, 1, 1, 33, 17, kernel: 3, padding: 1),
    shape(1, 1, 1, 1, 1, kernel: 1),
    shape(25, 1, 1, 5, 8, kernel: 7, padding: 3),
    // More padding than kernel: whole windows outside the image, on either path.
    shape(5, 2, 3, 3, 8, kernel: 2, padding: 3),
    shape(5, 2, 3, 16, 8, kernel: 2, stride: 2, padding: 3),
    shape(2, 4, 3, 8, 5, kernel: 3, stride: 3, padding: 3),
    // Strides larger than the kernel leave input pixels that no output reads.
    shape(5, 7, 8, 8, 5, kernel: 2, stride: 3),
    // Windows of even size, images as large as the window.
    shape(5, 5, 5, 5, 65, kernel: 5),
    shape(13, 6, 4, 19, 3, kernel: 2, stride: 2),
    // Large enough to be cut in tasks: by images, by bands of rows, by panels, by input channels.
    shape(25, 9, 10, 33, 40, kernel: 3, padding: 1),
    shape(2, 24, 20, 33, 64, kernel: 3, padding: 1),
    shape(3, 31, 18, 3, 65, kernel: 7, stride: 2, padding: 3),
    shape(1, 20, 21, 40, 72, kernel: 1, stride: 2),
    shape(11, 12, 12, 132, 20, kernel: 3, stride: 2, padding: 1),
    // Weights so large that several rows and images share a pass over them.
    shape(2, 7, 8, 64, 128, kernel: 3, padding: 1),
  ]

  /// `chosen`, and forty drawn from all combinations of the sizes of interest.
  static let all: [ConvolutionShape] = {
    var samples = Samples(2023)
    var drawn: [ConvolutionShape] = []
    while drawn.count < 40 {
      let channels = [1, 3, 5, 8, 16, 17, 19, 33, 64, 65]
      let s = shape(
        samples.pick([1, 5, 12, 13, 25]), samples.pick([1, 2, 3, 5, 8, 11]), samples.pick([1, 2, 4, 7, 9, 12]),
        samples.pick(channels), samples.pick(channels), kernel: samples.pick([1, 2, 3, 5, 7]),
        stride: samples.pick([1, 2, 3]), padding: samples.pick([0, 1, 2, 3]))
      let fits = min(s.height, s.width) + 2 * s.padding >= s.kernel
      if fits, s.flops < 3_000_000, !drawn.contains(s) { drawn.append(s) }
    }
    return chosen + drawn
  }()

  /// Those with enough work to be shared between cores.
  static let large = chosen.filter { $0.flops > 8_000_000 }

  private static func shape(
    _ batch: Int, _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1,
    padding: Int = 0
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, height: height, width: width, inputChannels: inputs, outputChannels: outputs, kernel: kernel,
      stride: stride, padding: padding)
  }
}
