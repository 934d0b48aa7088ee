import Basics
import Kernels
import Testing

@Suite struct ConvolutionScratchTests {
  /// Inputs, outputs, pixels of a side, kernel, stride and batch: sums of parts and by all cores, stems, shortcuts, little to do.
  static let shapes = [
    [64, 64, 8, 3, 1, 64], [128, 128, 8, 3, 1, 64], [512, 512, 4, 3, 1, 32], [64, 128, 16, 3, 2, 32],
    [256, 512, 8, 3, 2, 32], [3, 64, 32, 3, 1, 16], [256, 512, 8, 1, 2, 32], [48, 48, 5, 5, 1, 32],
    [64, 64, 2, 3, 1, 4], [1024, 256, 14, 1, 1, 36],
  ]

  @Test(arguments: shapes) func `a layer works in no more memory than it tells`(sizes: [Int]) {
    let shape = ConvolutionShape(
      batch: sizes[5], height: sizes[2], width: sizes[2], inputChannels: sizes[0], outputChannels: sizes[1],
      kernel: sizes[3], stride: sizes[4], padding: sizes[3] / 2)
    let convolution = Convolution(shape)
    let x = GuardedFloats(shape.inputCount), w = GuardedFloats(shape.weightCount), y = GuardedFloats(shape.outputCount)
    var most = 0.0
    for instructionSet in InstructionSet.available {
      let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 2))
      convolution.forward(on: engine, x: x.base, w: w.base, y: y.base, count: shape.batch)
      convolution.inputGradient(on: engine, dy: y.base, w: w.base, dx: x.base, count: shape.batch, accumulate: false)
      convolution.weightGradient(on: engine, x: x.base, dy: y.base, dw: w.base, count: shape.batch, accumulate: false)
      most = max(most, Double(engine.scratchBytes))
    }
    let told = convolution.scratchBytes(threads: 2)
    #expect(most <= told)
    // Where there is little to do, less is taken than each core and the parts of the weight gradient may.
    #expect(told <= 1.5 * most + min(8e6, 2e6 + 4 * 16 * Double(shape.weightCount)))
  }
}
