import MicrokernelInterface

/// The vector of this build and the few operations on it.
///
/// These sources are compiled three times: as `Microkernels` (portable: SSE2 on x86-64, NEON on arm64),
/// `MicrokernelsAVX2` (x86-64-v3) and `MicrokernelsAVX512` (x86-64-v4). Besides this file, the tiles (TileKernels.swift, and one
/// unrolling in TileSums.swift) and the measurement of the peak know which one it is.
#if AVX512
  typealias Lanes = SIMD16<Float>
  typealias LaneBits = SIMD16<UInt32>
#elseif AVX2
  typealias Lanes = SIMD8<Float>
  typealias LaneBits = SIMD8<UInt32>
#else
  typealias Lanes = SIMD4<Float>
  typealias LaneBits = SIMD4<UInt32>
#endif

/// Floats in one vector: 16, 8 or 4.
let lanes = Lanes.scalarCount

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Lanes {
  UnsafeRawPointer(p).loadUnaligned(as: Lanes.self)
}

@inline(__always) func store(_ v: Lanes, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: Lanes.self)
}

@inline(__always) func splat(_ x: Float) -> Lanes { Lanes(repeating: x) }

/// a · b + c: one rounding where the instruction set has a fused multiply-add, two where it has not.
///
/// Without FMA, `addingProduct` would be a library call for each lane.
@inline(__always) func multiplyAdd(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> Lanes {
  #if AVX512 || AVX2 || arch(arm64)
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

/// The scalar twin of the vector form, so that the tail of a row is rounded as its body is.
@inline(__always) func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float {
  #if AVX512 || AVX2 || arch(arm64)
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

@inline(__always) func positivePart(_ v: Lanes) -> Lanes {
  v.replacing(with: Lanes(), where: v .< Lanes())
}

// The standard library's `max()` and `sum()` become generic specialisations that all modules share: whoever else calls them
// would get this build's instructions. Hence these two.

/// The largest lane.
@inline(__always) func largest(_ v: Lanes) -> Float {
  var most = v[0]
  var i = 1
  while i < lanes {
    if v[i] > most { most = v[i] }
    i += 1
  }
  return most
}

/// The sum of all lanes, by halves.
@inline(__always) func total(_ v: Lanes) -> Float {
  #if AVX512
    let eight = v.lowHalf + v.highHalf
    let four = eight.lowHalf + eight.highHalf
  #elseif AVX2
    let four = v.lowHalf + v.highHalf
  #else
    let four = v
  #endif
  return (four[0] + four[2]) + (four[1] + four[3])
}

/// This build's functions, as the table that the program picks from.
package enum EntryPoints: MicrokernelTable {
  package static var lanes: Int { Lanes.scalarCount }
  package static var tileRows: Int { TileRows.most }
  package static var tileColumns: Int { 2 * Lanes.scalarCount }
}
