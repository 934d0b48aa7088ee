import Testing

@testable import Training

@Suite struct ScheduleTests {
  /// (rate, steps an epoch, epochs, warm-up, epoch, step, rate there), as the PyTorch program computes it in Double.
  static let published: [(rate: Float, steps: Int, epochs: Int, warmup: Int, epoch: Int, step: Int, expected: Double)] =
    [
      (0.2, 391, 401, 11, 0, 390, 0),
      (0.2, 391, 401, 11, 1, 0, 5.11508959028727e-05),
      (0.2, 391, 401, 11, 1, 1, 5.11508959028727e-05),
      (0.2, 391, 401, 11, 10, 390, 0.19994885208432936),
      (0.2, 391, 401, 11, 11, 0, 0.20000000298023224),
      (0.2, 391, 401, 11, 206, 195, 0.09959826437376547),
      (0.2, 391, 401, 11, 400, 390, 2.1222035556475544e-11),
      (0.1, 210, 30, 4, 3, 209, 0.0998412713290207),
      (0.1, 210, 30, 4, 17, 105, 0.046981075828958274),
      (0.1, 210, 30, 4, 29, 209, 8.276647574065079e-09),
      (0.05, 3, 6, 2, 1, 2, 0.033333333830038704),
      (0.05, 3, 6, 2, 5, 2, 0.0008518543554669138),
      (0.05, 1, 5, 1, 1, 0, 0.05000000074505806),
      (0.05, 1, 5, 1, 4, 0, 0.0073223305794475405),
    ]

  /// The last operation rounds to a Float: half a unit in the last place, and one of Double for another library's cosine,
  /// which counts where 1 + cos is nearly 0.
  @Test(arguments: published) func `rates are those of the published program`(
    rate: Float, steps: Int, epochs: Int, warmup: Int, epoch: Int, step: Int, expected: Double
  ) {
    let schedule = Schedule(rate: rate, epochs: epochs, warmupEpochs: warmup, stepsPerEpoch: steps, centerRate: 1)
    let found = Double(schedule.rate(epoch: epoch, step: step))
    #expect(abs(found - expected) <= expected * 0x1p-24 + Double(rate) * 0x1p-53)
  }

  @Test func `the first epoch stands still, then the rate rises to the end of warm-up and falls from there`() {
    let schedule = Schedule(rate: 0.3, epochs: 9, warmupEpochs: 4, stepsPerEpoch: 5, centerRate: 1)
    let rates = (0..<9).map { epoch in (0..<5).map { schedule.rate(epoch: epoch, step: $0) } }
    #expect(rates[0] == [0, 0, 0, 0, 0])
    let rising = Array(rates[1..<4].joined()), falling = Array(rates[4...].joined())
    // The first two steps share a rate: a step at 0 would be lost.
    #expect(rising[0] == rising[1])
    #expect(zip(rising.dropFirst(), rising.dropFirst(2)).allSatisfy { $0 < $1 })
    #expect(rising.allSatisfy { $0 > 0 && $0 < 0.3 })
    #expect(falling[0] == 0.3)
    #expect(zip(falling, falling.dropFirst()).allSatisfy { $0 > $1 })
    #expect(falling.allSatisfy { $0 > 0 })
  }

  @Test func `without warm-up the rate falls from the second epoch on`() {
    for warmup in [0, 1] {
      let schedule = Schedule(rate: 1, epochs: 3, warmupEpochs: warmup, stepsPerEpoch: 2, centerRate: 1)
      let rates = (0..<3).flatMap { epoch in (0..<2).map { schedule.rate(epoch: epoch, step: $0) } }
      #expect(rates[..<2] == [0, 0])
      #expect(zip(rates.dropFirst(2), rates.dropFirst(3)).allSatisfy { $0 > $1 })
    }
  }

  /// (step counted from the start of the run, clr·(1 − cos(π·t/T))/2), as Python computes it for clr = 4.2 and T = 1001·1252.
  static let rising: [(at: Int, expected: Double)] = [
    (0, 0), (1, 6.598055435347305e-12), (13772, 0.0012513048427521434), (626626, 2.0999999999999996),
    (1_253_251, 4.199999999993402),
  ]

  @Test(arguments: rising) func `the centers' rate rises as published`(at: Int, expected: Double) {
    let steps = 1252
    let schedule = Schedule(
      rate: 1.6, epochs: 1001, warmupEpochs: 11, stepsPerEpoch: steps, centerRate: 4.2, centers: .cosineRise)
    let found = Double(schedule.centerRate(epoch: at / steps, step: at % steps))
    // 4.2 is rounded to a Float, as is the result; 1 − cos loses all but the last bits where it is nearly 0.
    #expect(abs(found - expected) <= expected * 0x1p-23 + 4.2 * 0x1p-53)
  }

  @Test func `a constant rate is the same in every step`() {
    let schedule = Schedule(rate: 1, epochs: 2, warmupEpochs: 1, stepsPerEpoch: 3, centerRate: 0.7)
    for epoch in 0..<2 { for step in 0..<3 { #expect(schedule.centerRate(epoch: epoch, step: step) == 0.7) } }
  }

  @Test func `one epoch is all standstill`() {
    let schedule = Schedule(rate: 1, epochs: 1, warmupEpochs: 4, stepsPerEpoch: 3, centerRate: 1)
    #expect((0..<3).map { schedule.rate(epoch: 0, step: $0) } == [0, 0, 0])
  }
}
