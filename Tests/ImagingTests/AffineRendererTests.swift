import Basics
import Foundation
import Testing

@testable import Imaging

@Suite struct AffineRendererTests {
  /// Renders one view of 0…1 without normalisation.
  func render(
    _ image: Image, _ view: AffineParameters, height: Int? = nil, width: Int? = nil, background: Float = 0,
    noise: Float = 0
  ) throws -> [Float] {
    let (height, width) = (height ?? image.shape.height, width ?? image.shape.width)
    let channels = image.shape.channels
    let (zeros, ones) = ([Float](repeating: 0, count: channels), [Float](repeating: 1, count: channels))
    return try floats(height * width * channels) { output in
      try image.pixels.withUnsafeBufferPointer { pixels in
        try zeros.withUnsafeBufferPointer { zeros in
          try ones.withUnsafeBufferPointer { ones in
            let buffer = PixelBuffer(
              pixels: try #require(pixels.baseAddress), height: image.shape.height, width: image.shape.width,
              channels: channels)
            AffineRenderer(
              viewHeight: height, viewWidth: width, background: background * 255, noise: noise,
              mean: try #require(zeros.baseAddress), inverseDeviation: try #require(ones.baseAddress)
            ).render(buffer, view, into: output)
          }
        }
      }
    }
  }

  /// The documented formulas in Double, pixel by pixel.
  func reference(
    _ image: Image, _ view: AffineParameters, height: Int, width: Int, background: Double
  ) -> [Double] {
    let shape = image.shape
    let (h, w) = (Double(shape.height), Double(shape.width))
    let cropWidth = w * min(1, sqrt(view.area * view.aspect)), cropHeight = h * min(1, sqrt(view.area / view.aspect))
    let centerX = cropWidth / 2 + view.place.x * (w - cropWidth), tx = view.shift.x * w
    let centerY = cropHeight / 2 + view.place.y * (h - cropHeight), ty = view.shift.y * h
    var values: [Double] = []
    for i in 0..<height {
      for j in 0..<width {
        let u = ((Double(j) + 0.5) / Double(width) - 0.5) * cropWidth * (view.isFlipped ? -1 : 1)
        let v = ((Double(i) + 0.5) / Double(height) - 0.5) * cropHeight
        let x = centerX + tx + cos(view.angle) * u - sin(view.angle) * v - 0.5
        let y = centerY + ty + sin(view.angle) * u + cos(view.angle) * v - 0.5
        let nearX = min(max(x, 0), w - 1), nearY = min(max(y, 0), h - 1)
        let coverage = min(1, max(0, 2 - 2 * abs(x - nearX))) * min(1, max(0, 2 - 2 * abs(y - nearY)))
        for c in 0..<shape.channels {
          // Bilinear weights as a tent over all pixels.
          var sum = 0.0
          for row in 0..<shape.height {
            for column in 0..<shape.width {
              let weight = max(0, 1 - abs(nearX - Double(column))) * max(0, 1 - abs(nearY - Double(row)))
              sum += weight * Double(image.pixels[(row * shape.width + column) * shape.channels + c])
            }
          }
          values.append(coverage * sum / 255 + (1 - coverage) * background)
        }
      }
    }
    let mean = values.reduce(0, +) / Double(values.count)
    let (b, c) = (Double(view.brightness), Double(view.contrast))
    return values.map { b * (mean + c * ($0 - mean)) }
  }

  /// Ten steps of 2⁻³³ pixel across and down are 2⁻²⁹; the fade outside changes by 2 a pixel in each direction, and jitter
  /// at most quadruples it. Each of about ten Float operations on values up to 4 rounds by 2⁻²². The sum stays below 10⁻⁵.
  @Test func rendererMatchesTheFormula() throws {
    var recipe = Augmentation.digits
    recipe.smallestCrop = 0.2
    recipe.smallestAspect = 0.5
    recipe.largestAspect = 2
    recipe.largestRotation = 180
    recipe.largestShift = 0.3
    recipe.flipProbability = 0.5
    recipe.brightness = 1
    recipe.contrast = 1
    let set = try sampleSet(count: 1, height: 7, width: 10, channels: 3)
    let image = try set.image(at: 0)
    for place in 0..<50 as Range<UInt64> {
      var stream = RandomStream(seed: 4, purpose: .augmentation, 0, place)
      let view = AffineParameters(recipe, drawing: &stream)
      let found = try render(image, view, height: 9, width: 6, background: 0.25)
      let expected = reference(image, view, height: 9, width: 6, background: 0.25)
      #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    }
  }

  /// A 4×4 image whose pixel in row r, column c is 10 r + c, and what maps that only move pixels make of it.
  @Test func knownMapsMovePixels() throws {
    let shape = try ImageShape(height: 4, width: 4, channels: 1)
    let image = try Image(shape: shape, pixels: (0..<4).flatMap { r in (0..<4).map { UInt8(10 * r + $0) } })
    /// Each view's pixel as the image's row and column that it must show; nil is the background, 200.
    func expect(_ view: AffineParameters, _ source: (Int, Int) -> (Int, Int)?, _ name: Comment) throws {
      let found = try render(image, view, background: 200 / 255).map { ($0 * 255).rounded() }
      let expected = (0..<4).flatMap { i in
        (0..<4).map { j in source(i, j).map { Float(10 * $0 + $1) } ?? 200 }
      }
      #expect(found == expected, name)
    }
    try expect(AffineParameters(), { i, j in (i, j) }, "identity")
    try expect(AffineParameters(angle: .pi / 2), { i, j in (j, 3 - i) }, "quarter turn, counterclockwise")
    try expect(AffineParameters(angle: -.pi / 2), { i, j in (3 - j, i) }, "quarter turn, clockwise")
    try expect(AffineParameters(angle: .pi), { i, j in (3 - i, 3 - j) }, "half turn")
    try expect(AffineParameters(isFlipped: true), { i, j in (i, 3 - j) }, "mirror")
    try expect(AffineParameters(shift: [0.25, -0.5]), { i, j in i < 2 || j > 2 ? nil : (i - 2, j + 1) }, "shift")
    // A quarter of the area, at the right and bottom end, pixel by pixel.
    let crop = try render(image, AffineParameters(area: 0.25, place: [1, 1]), height: 2, width: 2)
    #expect(crop.map { ($0 * 255).rounded() } == [22, 23, 32, 33])
  }

  @Test func jitterScalesValuesAndDistances() throws {
    let image = try Image(shape: ImageShape(height: 1, width: 2, channels: 1), pixels: [51, 153])
    let brighter = try render(image, AffineParameters(brightness: 1.5))
    #expect(abs(brighter[0] - 0.3) < 1e-6 && abs(brighter[1] - 0.9) < 1e-6)
    let flatter = try render(image, AffineParameters(contrast: 0.5))
    #expect(abs(flatter[0] - 0.3) < 1e-6 && abs(flatter[1] - 0.5) < 1e-6)
  }

  /// n values of standard deviation σ and kurtosis 2.7 (four uniforms): within five standard errors the mean is 0 ±
  /// 5σ/√n, the variance σ² ± 5σ²·√(1.7/n), the product of neighbours 0 ± 5σ²/√n. None passes 510/√21845 = 3.451 σ.
  @Test func noiseHasItsStandardDeviation() throws {
    let (height, width) = (199, 333)
    let shape = try ImageShape(height: height, width: width, channels: 1)
    let image = try Image(shape: shape, pixels: [UInt8](repeating: 102, count: shape.count))
    let view = AffineParameters(noiseKey: [7, 8])
    let sigma = 0.05
    let added = try render(image, view, noise: Float(sigma)).map { Double($0) - 0.4 }
    let n = Double(added.count)
    #expect(abs(added.reduce(0, +) / n) < 5 * sigma / n.squareRoot())
    let variance = added.reduce(0) { $0 + $1 * $1 } / n
    #expect(abs(variance - sigma * sigma) < 5 * sigma * sigma * (1.7 / n).squareRoot())
    let products = zip(added, added.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / n
    #expect(abs(products) < 5 * sigma * sigma / n.squareRoot())
    #expect(added.allSatisfy { abs($0) < 3.4507 * sigma })
    #expect(try render(image, AffineParameters(), noise: 0.05).allSatisfy { abs($0 - 0.4) < 1e-6 })
  }

  /// Every length modulo 4 gets all of its noise, and the same numbers at the same places.
  @Test func noiseReachesEveryValue() throws {
    let view = AffineParameters(noiseKey: [1, 2])
    var longest: [Float] = []
    for width in (1...9).reversed() {
      let shape = try ImageShape(height: 1, width: width, channels: 1)
      let noise = try render(Image(shape: shape, pixels: [UInt8](repeating: 0, count: width)), view, noise: 1)
      if longest.isEmpty { longest = noise }
      #expect(noise == Array(longest.prefix(width)))
    }
    #expect(Set(longest).count == 9)
  }
}
