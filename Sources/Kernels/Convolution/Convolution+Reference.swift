/// The three passes of a convolution as their formulas read, with sums in Double: the text to learn from, and what the fast
/// passes are tested against. `ConvolutionShape` has the layouts.
package enum ConvolutionReference {
  /// y = x ∗ w.
  package static func forward(
    _ s: ConvolutionShape, x: UnsafePointer<Float>, w: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>
  ) {
    for n in 0..<s.batch {
      for oy in 0..<s.outputHeight {
        for ox in 0..<s.outputWidth {
          for co in 0..<s.outputChannels {
            var sum = 0.0
            for (tap, pixel) in s.taps(n: n, oy: oy, ox: ox) {
              for ci in 0..<s.inputChannels {
                let weight = w[(tap * s.inputChannels + ci) * s.outputChannels + co]
                sum += Double(x[pixel * s.inputChannels + ci]) * Double(weight)
              }
            }
            y[((n * s.outputHeight + oy) * s.outputWidth + ox) * s.outputChannels + co] = Float(sum)
          }
        }
      }
    }
  }

  /// The gradient of the loss with respect to x, given dy, that with respect to y. From forward's line
  /// `sum += x[pixel, ci] · w[tap, ci, co]`: dx[pixel, ci] = Σ over all outputs that read the pixel of dy · w[tap, ci, co].
  package static func inputGradient(
    _ s: ConvolutionShape, dy: UnsafePointer<Float>, w: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>
  ) {
    var sums = [Double](repeating: 0, count: s.inputCount)
    for n in 0..<s.batch {
      for oy in 0..<s.outputHeight {
        for ox in 0..<s.outputWidth {
          let output = ((n * s.outputHeight + oy) * s.outputWidth + ox) * s.outputChannels
          for (tap, pixel) in s.taps(n: n, oy: oy, ox: ox) {
            for ci in 0..<s.inputChannels {
              for co in 0..<s.outputChannels {
                let weight = w[(tap * s.inputChannels + ci) * s.outputChannels + co]
                sums[pixel * s.inputChannels + ci] += Double(dy[output + co]) * Double(weight)
              }
            }
          }
        }
      }
    }
    for i in 0..<s.inputCount { dx[i] = Float(sums[i]) }
  }

  /// The gradient with respect to w. From the same line: dw[tap, ci, co] = Σ over all outputs of x[pixel, ci] · dy.
  package static func weightGradient(
    _ s: ConvolutionShape, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dw: UnsafeMutablePointer<Float>
  ) {
    var sums = [Double](repeating: 0, count: s.weightCount)
    for n in 0..<s.batch {
      for oy in 0..<s.outputHeight {
        for ox in 0..<s.outputWidth {
          let output = ((n * s.outputHeight + oy) * s.outputWidth + ox) * s.outputChannels
          for (tap, pixel) in s.taps(n: n, oy: oy, ox: ox) {
            for ci in 0..<s.inputChannels {
              for co in 0..<s.outputChannels {
                sums[(tap * s.inputChannels + ci) * s.outputChannels + co] +=
                  Double(x[pixel * s.inputChannels + ci]) * Double(dy[output + co])
              }
            }
          }
        }
      }
    }
    for i in 0..<s.weightCount { dw[i] = Float(sums[i]) }
  }
}

extension ConvolutionShape {
  /// The taps of one output pixel that lie inside the image, each with the input pixel that it reads.
  fileprivate func taps(n: Int, oy: Int, ox: Int) -> [(tap: Int, pixel: Int)] {
    var found: [(tap: Int, pixel: Int)] = []
    for ky in 0..<kernel {
      for kx in 0..<kernel {
        let iy = oy * stride - padding + ky
        let ix = ox * stride - padding + kx
        if iy >= 0, iy < height, ix >= 0, ix < width {
          found.append((ky * kernel + kx, (n * height + iy) * width + ix))
        }
      }
    }
    return found
  }
}
