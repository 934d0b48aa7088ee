import Foundation

extension JPEGInverseDCT {
  /// The formula as it stands, in Double: what `transform` is checked against.
  ///
  /// - Parameters:
  ///   - coefficients: 64 coefficients, row by row.
  ///   - factors: the quantisation table, laid out likewise.
  /// - Returns: 64 samples before rounding and clamping.
  static func reference(_ coefficients: [Int16], _ factors: [Int16]) -> [Double] {
    func scale(_ frequency: Int) -> Double { frequency == 0 ? 0.5.squareRoot() : 1 }
    func wave(_ place: Int, _ frequency: Int) -> Double {
      cos(Double(2 * place + 1) * Double(frequency) * .pi / 16)
    }
    return (0..<64).map { sample in
      let (y, x) = (sample / 8, sample % 8)
      var sum = 0.0
      for v in 0..<8 {
        for u in 0..<8 {
          let value = Double(coefficients[8 * v + u]) * Double(factors[8 * v + u])
          sum += scale(v) * scale(u) * value * wave(y, v) * wave(x, u)
        }
      }
      return 128 + sum / 4
    }
  }
}
