import Basics
import Foundation
import Testing

@testable import Imaging

/// The fast inverse transform and upsampling against their formulas.
@Suite struct JPEGKernelTests {
  /// Coefficients of blocks whose samples lie in 0…255, mostly: quantised and taken from noise of many strengths.
  private func coefficients(_ random: inout RandomStream, strength: Int, kept: Int) -> [Int16] {
    (0..<64).map { place in
      guard place / 8 + place % 8 <= kept else { return 0 }
      return Int16(Int(random.nextWord() % UInt32(2 * strength + 1)) - strength) / Int16(1 + place / 16)
    }
  }

  /// A sample differs from the formula's by rounding:
  /// - ½ at the end;
  /// - ⅛ for the 2 fraction bits between the passes: ⅛ for each of 8 values of scale √8, which the second pass adds with
  ///   orthonormal factors, whose magnitudes sum to √8 at most, and divides by √8 · √8 in all: ⅛ · √8 · √8 / 8;
  /// - the constants, each off by 2⁻¹⁴ at most: up to 3 of them weigh a coefficient in either pass, and the other pass
  ///   takes at most √2 of it, with 1/8 for the scale: 2 · 3 · 2⁻¹⁴ · √2 / 8 of the sum of all magnitudes.
  @Test(arguments: [8, 60, 400], [0, 1, 3, 7, 14])
  func inverseTransformIsTheFormula(_ strength: Int, kept: Int) throws {
    var random = RandomStream(seed: UInt64(strength), purpose: .benchmark)
    let memory = JPEGMemory()
    let (block, factors) = (memory.zeros(64, of: Int16.self), memory.zeros(64, of: Int16.self))
    let samples = memory.zeros(8 * 24, of: UInt8.self)
    for _ in 0..<40 {
      let values = coefficients(&random, strength: strength, kept: kept)
      let table = (0..<64).map { Int16(1 + $0 % 3) }
      block.update(from: values, count: 64)
      factors.update(from: table, count: 64)
      JPEGInverseDCT.transform(block, factors, into: samples, stride: 24)
      let expected = JPEGInverseDCT.reference(values, table)
      let magnitude = zip(values, table).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
      let tolerance = 0.5 + 0.125 + 6 * 0x1p-14 * 2.0.squareRoot() / 8 * magnitude
      let largest = (0..<64).map { abs(Double(samples[$0 / 8 * 24 + $0 % 8]) - min(max(expected[$0], 0), 255)) }.max()
      #expect(try #require(largest) <= tolerance)
      if kept == 0 {
        let full = (0..<64).map { samples[$0 / 8 * 24 + $0 % 8] }
        JPEGInverseDCT.fill(block[0], factors[0], into: samples, stride: 24)
        #expect((0..<64).map { samples[$0 / 8 * 24 + $0 % 8] } == full)
      }
    }
  }

  /// A code word of each length from 1 to 16: a 0 after as many ones as there are shorter words. Behind each come eight bits.
  @Test func everyLengthOfCodeWordIsDecoded() throws {
    let memory = JPEGMemory()
    var table = JPEGHuffmanTable(memory: memory)
    let symbols = (0..<16).map { UInt8($0 << 4) }, counts = [UInt8](repeating: 1, count: 16)
    #expect(table.define(.ac, counts: counts[...], symbols: symbols[...]) == nil)
    for run in 0..<16 {
      for rest in [0x00, 0xA5, 0x7F] {
        let bits = [Bool](repeating: true, count: run) + [false] + (0..<8).map { rest >> (7 - $0) & 1 == 1 }
        let all = bits + [Bool](repeating: false, count: 16)
        let bytes = stride(from: 0, to: all.count - 7, by: 8).flatMap { (start: Int) -> [UInt8] in
          let byte = all[start..<start + 8].reduce(0 as UInt8) { $0 << 1 | ($1 ? 1 : 0) }
          return byte == 0xFF ? [0xFF, 0] : [byte]
        }
        try bytes.withUnsafeBufferPointer { bytes in
          let start = try #require(bytes.baseAddress)
          var reader = JPEGBitReader(start, end: start + bytes.count)
          // A run of 15 without a value is sixteen zeros, any other the end of blocks.
          #expect(JPEGHuffmanTable.run(try table.next(&reader)) == Int32(run < 15 ? run + 64 : run))
          #expect(reader.receive(8) == Int32(rest))
        }
      }
    }
  }

  /// A row of a component with an edge: `width` × `height` samples, and what lies behind them in its blocks is 255.
  private func plane(_ height: Int, _ width: Int, across: Int, down: Int, _ memory: JPEGMemory) -> JPEGPlane {
    let (stride, rows) = (8 * ceilingDivision(width, 8), 8 * ceilingDivision(height, 8))
    let samples = memory.zeros(stride * rows, of: UInt8.self)
    samples.update(repeating: 255, count: stride * rows)
    for y in 0..<height {
      for x in 0..<width { samples[y * stride + x] = UInt8((97 * y + 57 * x + x * x) % 256) }
    }
    return JPEGPlane(
      samples: samples, stride: stride, width: width, height: height, horizontal: (1, across), vertical: (1, down))
  }

  /// 3/4 of the sample that a pixel belongs to and 1/4 of the next nearest one, in both directions where both are halved;
  /// the sum of the weights is 4 or 16, and the rounding constant is added before the division.
  @Test(arguments: [(2, 1), (1, 2), (2, 2), (4, 1), (1, 3), (4, 2)], 1...35)
  func upsamplingIsTheFormula(_ factors: (across: Int, down: Int), width: Int) {
    let (across, down, height) = (factors.across, factors.down, 5)
    let memory = JPEGMemory()
    let plane = plane(height, width, across: across, down: down, memory)
    let upsampler = JPEGUpsampler(plane, width: width * across, memory: memory)
    func sample(_ y: Int, _ x: Int) -> Int {
      Int(plane.samples[min(max(y, 0), height - 1) * plane.stride + min(max(x, 0), width - 1)])
    }
    let isSmooth = across <= 2 && down <= 2 && (across == 1 || width > 2)
    for y in 0..<height * down {
      let expected = (0..<width * across).map { x -> UInt8 in
        let (row, column) = (y / down, x / across)
        guard isSmooth else { return UInt8(sample(row, column)) }
        let (far, next) = (row + (y % 2 == 0 ? -1 : 1), column + (x % 2 == 0 ? -1 : 1))
        switch (across, down) {
        case (2, 1): return UInt8((3 * sample(row, column) + sample(row, next) + (x % 2 == 0 ? 1 : 2)) / 4)
        case (1, 2): return UInt8((3 * sample(row, column) + sample(far, column) + (y % 2 == 0 ? 1 : 2)) / 4)
        default:
          let sum = 9 * sample(row, column) + 3 * sample(far, column) + 3 * sample(row, next) + sample(far, next)
          return UInt8((sum + (x % 2 == 0 ? 8 : 7)) / 16)
        }
      }
      let row = upsampler.row(y)
      let found = (0..<width * across).map { row[$0] }
      #expect(found == expected)
    }
  }

  /// YCbCr to RGB for all values of Cr and many of Cb: within one level of the formula in Double.
  ///
  /// libjpeg's constants have 5 decimals, rounded to 16 fraction bits, and up to two weigh values up to 128: the sum is off
  /// by 2 · 128 · (5 · 10⁻⁶ + 2⁻¹⁷) at most. Rounding adds ½.
  @Test func colourIsTheFormula() {
    var worst = 0.0
    var pixels = [UInt8](repeating: 0, count: 3 * 256)
    let reds = (0..<264).map { UInt8(truncatingIfNeeded: $0) }
    for luma in [0, 100, 255] as [UInt8] {
      for blue in stride(from: 0, through: 255, by: 5) {
        let rows = [[UInt8](repeating: luma, count: 264), [UInt8](repeating: UInt8(blue), count: 264), reds]
        convert(rows, .yCbCr, into: &pixels)
        for red in 0...255 {
          let (y, cb, cr) = (Double(luma), Double(blue - 128), Double(red - 128))
          let exact = [y + 1.402 * cr, y - 0.344136286 * cb - 0.714136286 * cr, y + 1.772 * cb]
          for (channel, value) in exact.enumerated() {
            worst = max(worst, abs(min(max(value, 0), 255) - Double(pixels[3 * red + channel])))
          }
        }
      }
    }
    let constants: Double = 5e-6 + 0x1p-17
    #expect(worst <= 0.5 + 256 * constants)
  }

  /// All inks over all keys: (255 − k) − c (255 − k) / 255 of coverages, rounded.
  @Test func inksAreTheFormula() {
    var pixels = [UInt8](repeating: 0, count: 3 * 256)
    let inks = (0..<264).map { UInt8(truncatingIfNeeded: $0) }
    for key in 0...255 {
      convert([inks, inks, inks, [UInt8](repeating: UInt8(key), count: 264)], .cmyk, into: &pixels)
      let expected = (0...255).map { (ink: Int) -> UInt8 in
        let covered = Double((255 - ink) * key) / 255
        return UInt8(key) - UInt8(covered.rounded())
      }
      let found = (0...255).map { (ink: Int) -> UInt8 in pixels[3 * ink + 1] }
      #expect(found == expected)
    }
  }

  private func convert(_ rows: [[UInt8]], _ colour: JPEGColour, into pixels: inout [UInt8]) {
    let memory = JPEGMemory()
    let pointers = rows.map { row in
      let copy = memory.zeros(row.count, of: UInt8.self)
      copy.update(from: row, count: row.count)
      return UnsafePointer(copy)
    }
    pixels.withUnsafeMutableBufferPointer { target in
      guard let address = target.baseAddress else { return }
      withExtendedLifetime(memory) { colour.convert(pointers, width: target.count / 3, into: address) }
    }
  }
}
