import Testing

@testable import Basics

@Suite struct RandomStreamTests {
  /// The known answers that the authors publish with Random123 (kat_vectors, philox4x32-10).
  @Test func philoxMatchesPublishedVectors() {
    let zero = Philox.block(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
    #expect(zero == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    let ones = Philox.block(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
    #expect(ones == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    let pi = Philox.block(
      counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: SIMD2(0xA409_3822, 0x299F_31D0))
    #expect(pi == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func placesHaveTheirOwnNumbers() {
    var seen = Set<UInt64>()
    for a in 0..<10 as Range<UInt32> {
      for b in 0..<10 as Range<UInt64> {
        for purpose in [RandomPurpose.order, .augmentation] {
          var stream = RandomStream(seed: 7, purpose: purpose, a, b)
          seen.insert(stream.next())
        }
      }
    }
    #expect(seen.count == 200)
  }

  /// Frozen values: runs have the same numbers from one version to the next.
  @Test func placesKeepTheirNumbers() {
    var stream = RandomStream(seed: 0x1_0000_0007, purpose: .order, 3, 0x5_0000_0002)
    #expect([stream.nextWord(), stream.nextWord()] == [3_605_909_266, 1_437_124_772])
    #expect(stream.next() == 17_376_299_441_383_642_395)
    #expect([stream.uniform(), stream.uniform(in: -1...3)] == [0.8844816, 2.6553075])
    #expect((0..<3).map { _ in stream.normal() } == [-0.24730708, -0.40011027, -0.5582472])
    #expect(stream.permutation(6) == [2, 3, 5, 4, 1, 0])
  }

  /// Mean and variance of n standard normals lie within five standard errors: 5/√n and 5·√(2/n).
  @Test func normalHasUnitVariance() {
    var stream = RandomStream(seed: 3, purpose: .weights)
    let n = 100_000
    var sum = 0.0, squares = 0.0
    for _ in 0..<n {
      let x = Double(stream.normal())
      sum += x
      squares += x * x
    }
    #expect(abs(sum / Double(n)) < 5 / Double(n).squareRoot())
    #expect(abs(squares / Double(n) - 1) < 5 * (2 / Double(n)).squareRoot())
  }

  @Test func permutationHoldsEveryIndexOnce() {
    var stream = RandomStream(seed: 3, purpose: .order, 1)
    #expect(stream.permutation(257).sorted() == Array(0..<257))
  }
}
