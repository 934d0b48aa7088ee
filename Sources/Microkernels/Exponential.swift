/// eˣ on whole vectors. With n = round(x·log₂e) and r = x − n·ln 2 in [−0.347, 0.347]:
///
///     eˣ = 2ⁿ · eʳ,   eʳ ≈ 1 + r + r²·P(r),   P of degree 5
///
/// ln 2 is subtracted in two parts (Cody and Waite) so that r keeps its low bits. Domain [−87, 88]; smaller arguments give
/// e⁻⁸⁷ ≈ 1.6e-38 and larger ones e⁸⁸ ≈ 1.7e38. Error: the coefficients are 1/k!; the first one left out is r⁸/40320 ≤ 6e-9, a
/// tenth of an ulp, and the roundings of r, of the last two sums and of the product come to it. Measured over 63 million
/// arguments, the result stays within 1.1 ulp.
///
/// `exponential` is `@_transparent` because with `@inline(__always)` Swift 6.3.1 leaves calls to it in the AVX-512 build, each of which
/// loads all constants again: soft-max of rows of 100 and more then takes over twice as long.
@_transparent func exponential(_ x: Lanes) -> Lanes {
  let low = splat(-87), high = splat(88)
  var x = x.replacing(with: low, where: x .< low)
  x.replace(with: high, where: x .> high)
  // Adding 1.5·2²³ leaves round(x·log₂e) in the low bits of the float.
  let magic = splat(12_582_912)
  let shifted = multiplyAdd(x, splat(1.442_695_04), magic)
  let n = shifted - magic
  var r = multiplyAdd(n, splat(-0.693_359_375), x)
  r = multiplyAdd(n, splat(2.121_944_4e-4), r)
  var p = splat(1 / 5040)
  p = multiplyAdd(p, r, splat(1 / 720))
  p = multiplyAdd(p, r, splat(1 / 120))
  p = multiplyAdd(p, r, splat(1 / 24))
  p = multiplyAdd(p, r, splat(1 / 6))
  p = multiplyAdd(p, r, splat(0.5))
  p = multiplyAdd(p, r * r, r) + splat(1)
  let power = (unsafeBitCast(shifted, to: LaneBits.self) &<< 23) &+ LaneBits(repeating: 0x3F80_0000)
  return p * unsafeBitCast(power, to: Lanes.self)
}

extension EntryPoints {
  /// y[i] = e^x[i] for i < count; `exponential` states domain and error, to which tests hold this. x and y may be the same
  /// memory.
  @inline(never)
  package static func exponentials(_ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>) {
    mapVectors(x, count, y, exponential)
  }
}

@inline(__always)
private func mapVectors(
  _ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>, _ body: (Lanes) -> Lanes
) {
  var i = 0
  while i + lanes <= count {
    store(body(load(x + i)), y + i)
    i += lanes
  }
  if i < count {
    var tail = Lanes(repeating: 1)
    for j in 0..<count - i { tail[j] = x[i + j] }
    let result = body(tail)
    for j in 0..<count - i { y[i + j] = result[j] }
  }
}
