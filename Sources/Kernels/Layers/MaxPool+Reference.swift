/// Max-pooling, written as it reads: what `MaxPool` is tested against. Sizes and formula stand there.
package enum MaxPoolReference {
  /// The maxima, and for each the place in x of its window's first one, in reading order: where backward sends its gradient.
  ///
  /// - Parameter x: [batch, height, width, channels].
  /// - Returns: y and the places, [batch, outputHeight, outputWidth, channels].
  package static func forward(_ s: ConvolutionShape, _ x: [Float]) -> (y: [Float], places: [Int]) {
    var y: [Float] = [], places: [Int] = []
    for n in 0..<s.batch {
      for oy in 0..<s.outputHeight {
        for ox in 0..<s.outputWidth {
          for c in 0..<s.inputChannels {
            var best = -Float.infinity, place = 0
            for iy in oy * s.stride - s.padding..<oy * s.stride - s.padding + s.kernel {
              for ix in ox * s.stride - s.padding..<ox * s.stride - s.padding + s.kernel {
                guard (0..<s.height).contains(iy), (0..<s.width).contains(ix) else { continue }
                let i = ((n * s.height + iy) * s.width + ix) * s.inputChannels + c
                if x[i] > best { (best, place) = (x[i], i) }
              }
            }
            y.append(best)
            places.append(place)
          }
        }
      }
    }
    return (y, places)
  }

  /// dx: each dy added where its maximum was.
  ///
  /// - Returns: [batch, height, width, channels].
  package static func backward(_ s: ConvolutionShape, dy: [Float], places: [Int]) -> [Float] {
    var dx = [Float](repeating: 0, count: s.inputCount)
    for (i, place) in places.enumerated() { dx[place] += dy[i] }
    return dx
  }
}
