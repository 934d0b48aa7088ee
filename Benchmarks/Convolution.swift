import Kernels

/// `conv`: the three passes of a convolution, NHWC, padded by half the kernel. Each costs 2·N·H'·W'·Cin·Cout·k² FLOPs, with
/// taps on padding counted although the kernels skip them, and Winograd takes a quarter of the multiplications, with stride 2 nine of sixteen:
/// more than 100 % of the peak is possible.
extension Benchmark {
  /// The layers of ResNet-18 at 32×32 pixels, then those of the compact network (16-32-64 channels).
  static func convolutions(batch: Int) -> [Benchmark] {
    let layers = [
      (3, 64, 32, 3, 1), (64, 64, 32, 3, 1), (64, 128, 32, 3, 2), (128, 128, 16, 3, 1), (128, 256, 16, 3, 2),
      (256, 256, 8, 3, 1), (256, 512, 8, 3, 2), (512, 512, 4, 3, 1), (64, 128, 32, 1, 2), (128, 256, 16, 1, 2),
      (256, 512, 8, 1, 2), (3, 16, 32, 3, 1), (16, 16, 32, 3, 1), (16, 32, 32, 3, 2), (32, 32, 16, 3, 1),
      (32, 64, 16, 3, 2), (64, 64, 8, 3, 1),
    ]
    return ConvolutionPass.allCases.flatMap { pass in
      layers.map { inputs, outputs, size, kernel, stride in
        convolution(
          pass,
          ConvolutionShape(
            batch: batch, height: size, width: size, inputChannels: inputs, outputChannels: outputs, kernel: kernel,
            stride: stride, padding: kernel / 2))
      }
    }
  }

  /// - Parameter shape: square, as `size` in a JSON line is its height.
  static func convolution(_ pass: ConvolutionPass, _ shape: ConvolutionShape) -> Benchmark {
    let (size, kernel) = (shape.height, shape.kernel)
    let layer = "\(shape.inputChannels)x\(shape.outputChannels)-\(size)px-\(kernel)x\(kernel)-s\(shape.stride)"
    return Benchmark(
      "conv/\(pass.rawValue)/\(layer)",
      [
        "pass": pass.rawValue, "batch": shape.batch, "cin": shape.inputChannels, "cout": shape.outputChannels,
        "size": size, "kernel": kernel, "stride": shape.stride,
      ], work: .flops(shape.flops, bytes: shape.bytes(pass)),
      plan: { engine in Plan(Convolution(shape).plan(pass, on: engine), pass, shape) }
    ) { engine in
      let convolution = Convolution(shape), count = shape.batch
      // The pass's two operands are random, the third buffer is its result.
      let x = FloatBuffer.random(shape.inputCount, stream: 0)
      let w = FloatBuffer.random(shape.weightCount, stream: 1)
      let y = FloatBuffer.random(shape.outputCount, stream: 2)
      switch pass {
      case .forward:
        return Prepared(result: y) { convolution.forward(on: engine, x: x.base, w: w.base, y: y.base, count: count) }
      case .inputGradient:
        return Prepared(result: x) {
          convolution.inputGradient(on: engine, dy: y.base, w: w.base, dx: x.base, count: count, accumulate: false)
        }
      case .weightGradient:
        return Prepared(result: w) {
          convolution.weightGradient(on: engine, x: x.base, dy: y.base, dw: w.base, count: count, accumulate: false)
        }
      }
    }
  }
}
