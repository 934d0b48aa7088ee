import Basics

/// Mean and standard deviation of every channel, in units of full scale (0…1).
public struct ChannelStatistics: Sendable, Equatable {
  /// One number a channel.
  public let mean: [Double]
  /// Of the whole population: the squares are divided by the number of values, not by one less.
  public let standardDeviation: [Double]
}

extension ImageSet {
  /// Mean and standard deviation of each channel over all pixels of all images.
  ///
  /// Values are counted first, so that both sums have 256 terms and no rounding builds up however large the set is.
  ///
  /// - Throws: `SeCuError` of kind `.badData` if there are no images.
  public func channelStatistics() throws -> ChannelStatistics {
    guard count > 0 else {
      throw SeCuError(.badData, "expected images to take the mean of, found none", at: name)
    }
    let perChannel = Double(pixels.count / shape.channels)
    var mean: [Double] = [], deviation: [Double] = []
    for channel in 0..<shape.channels {
      let histogram = histogram(ofChannel: channel)
      let average = histogram.enumerated().reduce(0) { $0 + Double($1.element) * Double($1.offset) } / perChannel
      let variance =
        histogram.enumerated().reduce(0) { sum, bin in
          let distance = Double(bin.offset) - average
          return sum + Double(bin.element) * distance * distance
        } / perChannel
      mean.append(average / 255)
      deviation.append(variance.squareRoot() / 255)
    }
    return ChannelStatistics(mean: mean, standardDeviation: deviation)
  }

  /// How often each of the 256 values occurs in a channel.
  private func histogram(ofChannel channel: Int) -> [Int] {
    var bins = [Int](repeating: 0, count: 256)
    pixels.withUnsafeBufferPointer { pixels in
      var index = channel
      while index < pixels.count {
        bins[Int(pixels[index])] += 1
        index += shape.channels
      }
    }
    return bins
  }
}
