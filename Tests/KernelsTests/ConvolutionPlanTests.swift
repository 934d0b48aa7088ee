import Basics
import Kernels
import Testing

/// What the planner chooses, and what it says about it.
@Suite struct ConvolutionPlanTests {
  private static func shape(
    _ inputs: Int, _ outputs: Int, _ pixels: Int, kernel: Int = 3, stride: Int = 1, padding: Int? = nil
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: 8, height: pixels, width: pixels, inputChannels: inputs, outputChannels: outputs, kernel: kernel,
      stride: stride, padding: padding ?? kernel / 2)
  }

  private static let choices: [(ConvolutionPass, ConvolutionShape, ConvolutionAlgorithm, String)] = [
    (.forward, shape(64, 64, 32), .winograd, "saves a factor 3.8 of the multiplications"),
    (.inputGradient, shape(512, 512, 4), .winograd, "saves a factor 2.8 of the multiplications"),
    (.weightGradient, shape(32, 64, 16), .winograd, "saves a factor 3.7 of the multiplications"),
    (.forward, shape(15, 64, 32), .direct, "15 channels: Winograd's transforms pay from 16 on"),
    (.forward, shape(16, 64, 32), .winograd, "saves a factor 3.8 of the multiplications"),
    (.inputGradient, shape(64, 15, 32), .direct, "15 channels: Winograd's transforms pay from 16 on"),
    (.weightGradient, shape(15, 64, 32), .direct, "15 channels: Winograd's transforms pay from 16 on"),
    (.weightGradient, shape(64, 16, 32), .winograd, "saves a factor 3.8 of the multiplications"),
    // One tile of 36 for the 7·7 products inside 3×3 pixels, and four for the 13·13 of 5×5.
    (
      .forward, shape(64, 64, 3), .direct,
      "Winograd would save a factor 1.4 of the multiplications, and pays from 1.75 on"
    ),
    (
      .weightGradient, shape(64, 64, 5), .direct,
      "Winograd would save a factor 1.2 of the multiplications, and pays from 1.75 on"
    ),
    // Without padding, 4×4 outputs read 6×6 inputs: one tile forward, four for the input gradient.
    (.forward, shape(64, 64, 6, padding: 0), .winograd, "saves a factor 4.0 of the multiplications"),
    (
      .inputGradient, shape(64, 64, 6, padding: 0), .direct,
      "Winograd would save a factor 1.0 of the multiplications, and pays from 1.75 on"
    ),
    // 47·47 products inside 32×32 pixels and 16 tiles of 81; 23·23 and 4; 11·11 and one.
    (.forward, shape(64, 128, 32, stride: 2), .winograd, "saves a factor 1.7 of the multiplications"),
    (.inputGradient, shape(128, 256, 16, stride: 2), .winograd, "saves a factor 1.6 of the multiplications"),
    (.weightGradient, shape(64, 128, 32, stride: 2), .winograd, "saves a factor 1.7 of the multiplications"),
    (.weightGradient, shape(256, 512, 8, stride: 2), .winograd, "saves a factor 1.5 of the multiplications"),
    (.weightGradient, shape(128, 256, 8, stride: 2), .winograd, "saves a factor 1.5 of the multiplications"),
    (
      .inputGradient, shape(256, 512, 8, stride: 2), .direct,
      "Winograd would save a factor 1.5 of the multiplications, and pays from 1.6 on"
    ),
    (
      .weightGradient, shape(64, 128, 8, stride: 2), .direct,
      "Winograd would save a factor 1.5 of the multiplications, and pays from 1.6 on"
    ),
    (
      .forward, shape(64, 64, 33, stride: 2, padding: 0), .direct,
      "Winograd with stride 2 is for padding 1, this is padding 0"
    ),
    (.forward, shape(64, 64, 32, stride: 3), .direct, "Winograd is for strides 1 and 2, this is stride 3"),
    (.forward, shape(64, 64, 32, kernel: 5), .direct, "Winograd is for 3×3 kernels, this one is 5×5"),
    (
      .forward, shape(64, 64, 32, kernel: 1), .product,
      "a 1×1 kernel with stride 1 is a product of pixels and weights"
    ),
  ]

  @Test(arguments: choices)
  func choosesByShape(
    pass: ConvolutionPass, shape: ConvolutionShape, algorithm: ConvolutionAlgorithm, reason: String
  ) {
    let plan = ConvolutionPlan(pass, shape)
    #expect(plan.algorithm == algorithm)
    #expect(plan.reason == reason)
  }

  /// The caller's wish comes before the engine's, and both before the planner's, as far as they fit.
  @Test func pinnedAlgorithmsAreTakenWhereTheyFit() {
    let engine = Engine(
      instructionSet: .portable, cores: Cores(threads: 1), convolutionAlgorithm: .direct)
    let large = Self.shape(64, 64, 32), strided = Self.shape(64, 64, 32, stride: 3)
    let planned = Convolution(large).plan(.forward, on: poisonedEngine(.portable))
    #expect(planned.algorithm == .winograd)
    let byEngine = Convolution(large).plan(.forward, on: engine)
    #expect(byEngine.algorithm == .direct && byEngine.reason == "pinned")
    let byCaller = Convolution(large, algorithm: .winograd).plan(.forward, on: engine)
    #expect(byCaller.algorithm == .winograd && byCaller.reason == "pinned")
    let misfit = Convolution(strided, algorithm: .winograd).plan(.weightGradient, on: engine)
    #expect(misfit.algorithm == .direct && misfit.reason == "winograd is pinned, but does not fit this pass and shape")
    // Pixels and weights make a product, which the weight gradient is none of.
    let pointwise = Convolution(Self.shape(64, 64, 32, kernel: 1), algorithm: .product)
    for pass in [ConvolutionPass.forward, .inputGradient] {
      #expect(pointwise.plan(pass, on: engine).algorithm == .product)
    }
    let gradient = pointwise.plan(.weightGradient, on: engine)
    #expect(gradient.algorithm == .direct)
    #expect(gradient.reason == "product is pinned, but does not fit this pass and shape")
  }

  @Test func theEnvironmentPinsAnAlgorithm() throws {
    #expect(try ConvolutionAlgorithm.pinned(environment: [:]) == nil)
    #expect(try ConvolutionAlgorithm.pinned(environment: ["SECU_CONVOLUTION": ""]) == nil)
    #expect(try ConvolutionAlgorithm.pinned(environment: ["SECU_CONVOLUTION": "Direct"]) == .direct)
    let error = #expect(throws: SeCuError.self) {
      try ConvolutionAlgorithm.pinned(environment: ["SECU_CONVOLUTION": "fft"])
    }
    #expect(error?.kind == .usage)
    #expect(
      error?.description
        == "SECU_CONVOLUTION: 'fft' is not a convolution algorithm. Set it to one of direct, product, winograd, "
        + "or leave it unset.")
    let misspelt = #expect(throws: SeCuError.self) {
      try ConvolutionAlgorithm.pinned(environment: ["SECU_CONVOLUTION": "Winogard"])
    }
    #expect(misspelt?.remedy == "Did you mean 'winograd'?")
  }
}
