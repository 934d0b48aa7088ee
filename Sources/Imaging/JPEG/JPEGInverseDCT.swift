/// From the coefficients of a block to its 8 × 8 samples (T.81, A.3.3 and A.3.4).
///
///     s(y, x) = 128 + ¼ Σ(v, u) C(v) C(u) S(v, u) cos((2y + 1) v π / 16) cos((2x + 1) u π / 16),   C(0) = 1/√2, else 1
///
/// S is coefficient × quantisation factor. The sum separates into eight-point transforms of the columns and then of the
/// rows. Each is the algorithm of C. Loeffler, A. Ligtenberg, G. S. Moschytz, "Practical Fast 1-D DCT Algorithms with 11
/// Multiplications", ICASSP 1989, in 32-bit fixed point with 13 fraction bits; between the two, values keep 2 fraction bits
/// in 16 bits. Rounding is the same as in libjpeg's "islow" method, which nearly all programs decode with: for the same
/// file the samples are the same numbers.
///
///     columns: lane c of row vector r is S(r, c)         ┐ 8 vectors of 8 lanes each, nothing but adds, shifts
///     transpose                                          │ and products of two 16-bit numbers, which add up in pairs
///     rows: lane r of vector c                           │ (one instruction on x86 and arm64)
///     transpose, + 128, clamp to 0…255, store            ┘
///
/// Products are distributed over sums, z₁·a + z₂·b where the paper has (z₁ + z₂)·c and one more term, which takes more
/// multiplications but only 16-bit operands. Integer sums don't depend on the order.
enum JPEGInverseDCT {
  /// Fraction bits of the constants.
  static let constantBits = 13
  /// Fraction bits between columns and rows.
  static let passBits = 2

  /// A constant with 13 fraction bits.
  @inline(__always)
  static func fixed(_ value: Double) -> Int32 { Int32((value * 8192).rounded()) }

  typealias Lanes = SIMD8<Int16>
  private typealias Wide = SIMD8<Int32>

  /// Eight vectors: the rows or the columns of a block.
  private struct Block {
    var v0, v1, v2, v3, v4, v5, v6, v7: Lanes
  }

  /// Makes the samples of a block.
  ///
  /// - Parameters:
  ///   - coefficients: 64, row by row, aligned to 16 bytes.
  ///   - factors: the quantisation table, laid out likewise. Products keep 16 bits.
  ///   - samples: the block's first sample.
  ///   - stride: from one row of samples to the next.
  static func transform(
    _ coefficients: UnsafePointer<Int16>, _ factors: UnsafePointer<Int16>, into samples: UnsafeMutablePointer<UInt8>,
    stride: Int
  ) {
    let values = UnsafeRawPointer(coefficients).assumingMemoryBound(to: Lanes.self)
    let table = UnsafeRawPointer(factors).assumingMemoryBound(to: Lanes.self)
    var block = Block(
      v0: values[0] &* table[0], v1: values[1] &* table[1], v2: values[2] &* table[2], v3: values[3] &* table[3],
      v4: values[4] &* table[4], v5: values[5] &* table[5], v6: values[6] &* table[6], v7: values[7] &* table[7])
    pass(&block, descaling: Int32(constantBits - passBits))
    transpose(&block)
    // 3 bits are the factor 8 = √8 · √8, as each pass is larger than the formula's by √8.
    pass(&block, descaling: Int32(constantBits + passBits + 3))
    transpose(&block)
    let target = UnsafeMutableRawPointer(samples)
    store(block.v0, target)
    store(block.v1, target + stride)
    store(block.v2, target + 2 &* stride)
    store(block.v3, target + 3 &* stride)
    store(block.v4, target + 4 &* stride)
    store(block.v5, target + 5 &* stride)
    store(block.v6, target + 6 &* stride)
    store(block.v7, target + 7 &* stride)
  }

  /// Makes the samples of a block that has no coefficient but DC: all are 128 + S(0, 0) / 8.
  @inline(__always)
  static func fill(
    _ coefficient: Int16, _ factor: Int16, into samples: UnsafeMutablePointer<UInt8>, stride: Int
  ) {
    let value = 128 &+ (Int32(coefficient &* factor) &+ 4) &>> 3
    let row = UInt64(truncatingIfNeeded: min(max(value, 0), 255)) &* 0x0101_0101_0101_0101
    let target = UnsafeMutableRawPointer(samples)
    for y in 0..<8 { target.storeBytes(of: row, toByteOffset: y &* stride, as: UInt64.self) }
  }

  /// The transform of eight points, in each lane.
  @inline(__always)
  private static func pass(_ b: inout Block, descaling bits: Int32) {
    // Even part: points 2 and 6 are rotated, 0 and 4 added and subtracted.
    let even2 = products(b.v2, fixed(0.541196100), b.v6, fixed(0.541196100) - fixed(1.847759065))
    let even3 = products(b.v2, fixed(0.541196100) + fixed(0.765366865), b.v6, fixed(0.541196100))
    let even0 = JPEGLanes.wide(b.v0 &+ b.v4) &<< Int32(constantBits)
    let even1 = JPEGLanes.wide(b.v0 &- b.v4) &<< Int32(constantBits)
    let (s0, s3) = (even0 &+ even3, even0 &- even3)
    let (s1, s2) = (even1 &+ even2, even1 &- even2)

    // Odd part: points 7, 5, 3 and 1.
    let (sum73, sum51) = (b.v7 &+ b.v3, b.v5 &+ b.v1)
    let c = fixed(1.175875602)
    let z3 = products(sum73, c - fixed(1.961570560), sum51, c)
    let z4 = products(sum73, c, sum51, c - fixed(0.390180644))
    let d0 = products(b.v7, fixed(0.298631336) - fixed(0.899976223), b.v1, -fixed(0.899976223)) &+ z3
    let d1 = products(b.v5, fixed(2.053119869) - fixed(2.562915447), b.v3, -fixed(2.562915447)) &+ z4
    let d2 = products(b.v3, fixed(3.072711026) - fixed(2.562915447), b.v5, -fixed(2.562915447)) &+ z3
    let d3 = products(b.v1, fixed(1.501321110) - fixed(0.899976223), b.v7, -fixed(0.899976223)) &+ z4

    (b.v0, b.v7) = (descaled(s0 &+ d3, bits), descaled(s0 &- d3, bits))
    (b.v1, b.v6) = (descaled(s1 &+ d2, bits), descaled(s1 &- d2, bits))
    (b.v2, b.v5) = (descaled(s2 &+ d1, bits), descaled(s2 &- d1, bits))
    (b.v3, b.v4) = (descaled(s3 &+ d0, bits), descaled(s3 &- d0, bits))
  }

  /// a · x + b · y. The constants fit 16 bits.
  @inline(__always)
  private static func products(_ x: Lanes, _ a: Int32, _ y: Lanes, _ b: Int32) -> Wide {
    JPEGLanes.wide(x) &* a &+ JPEGLanes.wide(y) &* b
  }

  /// value / 2^bits, rounded to the nearest, halves up.
  @inline(__always)
  private static func descaled(_ value: Wide, _ bits: Int32) -> Lanes {
    JPEGLanes.narrow((value &+ (1 &<< (bits &- 1))) &>> bits)
  }

  /// Three perfect shuffles of the vectors' lanes exchange rows and columns.
  @inline(__always)
  private static func transpose(_ block: inout Block) {
    for _ in 0..<3 {
      let b = block
      block.v0 = interleaved(b.v0.lowHalf, b.v4.lowHalf)
      block.v1 = interleaved(b.v0.highHalf, b.v4.highHalf)
      block.v2 = interleaved(b.v1.lowHalf, b.v5.lowHalf)
      block.v3 = interleaved(b.v1.highHalf, b.v5.highHalf)
      block.v4 = interleaved(b.v2.lowHalf, b.v6.lowHalf)
      block.v5 = interleaved(b.v2.highHalf, b.v6.highHalf)
      block.v6 = interleaved(b.v3.lowHalf, b.v7.lowHalf)
      block.v7 = interleaved(b.v3.highHalf, b.v7.highHalf)
    }
  }

  /// Even lanes of one, odd lanes of the other.
  @inline(__always)
  private static func interleaved(_ even: SIMD4<Int16>, _ odd: SIMD4<Int16>) -> Lanes {
    var lanes = Lanes()
    lanes.evenHalf = even
    lanes.oddHalf = odd
    return lanes
  }

  @inline(__always)
  private static func store(_ values: Lanes, _ target: UnsafeMutableRawPointer) {
    target.storeBytes(of: JPEGLanes.bytes(JPEGLanes.clamped(values &+ 128)), as: SIMD8<UInt8>.self)
  }
}
