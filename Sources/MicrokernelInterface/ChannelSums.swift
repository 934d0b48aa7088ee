/// Sums over values of some channels, one of each a channel, that a kernel adds to:
///
///     sums[c] += Σ v,   squares[c] += Σ v²
package struct ChannelSums {
  package var sums: UnsafeMutablePointer<Float>
  package var squares: UnsafeMutablePointer<Float>

  package init(sums: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>) {
    (self.sums, self.squares) = (sums, squares)
  }

  /// Those of the channels from `first` on.
  package func advanced(by first: Int) -> ChannelSums { ChannelSums(sums: sums + first, squares: squares + first) }
}
