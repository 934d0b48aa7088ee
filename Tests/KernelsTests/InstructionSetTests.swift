import Basics
import Kernels
import MicrokernelInterface
import Testing

@Suite struct InstructionSetTests {
  private func chosen(_ value: String?, available: [InstructionSet] = [.portable, .avx2]) throws -> InstructionSet {
    try InstructionSet.chosen(
      environment: value.map { [InstructionSet.variable: $0] } ?? [:], available: available)
  }

  @Test func theWidestIsChosenUnlessTheEnvironmentPinsOne() throws {
    #expect(try chosen(nil) == .avx2)
    #expect(try chosen("") == .avx2)
    #expect(try chosen(nil, available: InstructionSet.allCases) == .avx512)
    #expect(try chosen("portable") == .portable)
    #expect(try chosen("AVX2") == .avx2)
    #expect(try chosen("avx512", available: InstructionSet.allCases) == .avx512)
  }

  @Test func thisMachineIsAskedByDefault() throws {
    #expect(InstructionSet.available.first == .portable)
    #expect(try InstructionSet.chosen(environment: [:]) == InstructionSet.available.last)
    for instructionSet in InstructionSet.available {
      let environment = [InstructionSet.variable: instructionSet.rawValue]
      #expect(try InstructionSet.chosen(environment: environment) == instructionSet)
    }
  }

  @Test func anUnknownNameIsAnErrorThatListsTheKnownOnes() throws {
    let error = try #require(throws: SeCuError.self) { try chosen("sse9") }
    #expect(
      error.description
        == "SECU_ISA: 'sse9' is not an instruction set. Set it to one of portable, avx2, or leave it unset.")
    #expect(error.kind == .usage)
    let misspelt = try #require(throws: SeCuError.self) { try chosen("axv2") }
    #expect(misspelt.description == "SECU_ISA: 'axv2' is not an instruction set. Did you mean 'avx2'?")
  }

  @Test func anInstructionSetThatThisMachineLacksIsAnError() throws {
    let error = try #require(throws: SeCuError.self) { try chosen("avx512") }
    #expect(
      error.description
        == "SECU_ISA: 'avx512' is not there: this machine lacks it, or the program was built without it. "
        + "Set it to one of portable, avx2, or leave it unset.")
    #expect(error.kind == .usage)
  }

  /// The levels of the System V ABI for x86-64, whose every feature the compiler may use; the operating system's part apart.
  @Test func aLevelNeedsAllOfItsFeatures() {
    let v3: Set<String> = ["abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]
    let v4 = v3.union(["avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"])
    for (instructionSet, features) in [(InstructionSet.portable, Set<String>()), (.avx2, v3), (.avx512, v4)] {
      #expect(instructionSet.isSubset(of: features.union(["sse2"])))
      for missing in features { #expect(!instructionSet.isSubset(of: v4.subtracting([missing])), "\(missing)") }
    }
  }

  /// Each level is its own build: its vectors, its tiles, and as many sums in flight as it claims.
  @Test(arguments: InstructionSet.available)
  func microkernelsAreThoseOfTheLevel(instructionSet: InstructionSet) {
    let kernels = instructionSet.microkernels
    let lanes = [InstructionSet.portable: 4, .avx2: 8, .avx512: 16][instructionSet]
    #expect(kernels.lanes == lanes)
    #expect(kernels.tileColumns == 2 * kernels.lanes)
    #expect(bOverread >= kernels.tileColumns - 1)
    // Without a step, every lane of every sum, or of every product, still is the 0.999999 or 1 that it started from.
    let sums = Float(kernels.peakFlopsPerStep / 2)
    #expect(abs(kernels.multiplyAddPeak(0) - 0.999_999 * sums) < 1e-4 * sums)
  }
}
