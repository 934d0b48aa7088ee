/// Canonical Huffman codes: the lengths alone say the codes (RFC 1951, 3.2.2).
enum CanonicalCode {
  /// The most bits of a code.
  static let longest = 15

  /// How many symbols have each length 0…15.
  static func counts(_ lengths: UnsafeBufferPointer<UInt8>) -> [Int] {
    var counts = [Int](repeating: 0, count: longest + 1)
    for length in lengths { counts[Int(length)] += 1 }
    return counts
  }

  /// Gives each symbol its code, with the first bit lowest, as deflate writes it; 0 where the length is 0. Codes of a length
  /// are consecutive numbers in order of the symbols, after all shorter codes.
  static func assign(_ lengths: UnsafeBufferPointer<UInt8>, _ codes: UnsafeMutableBufferPointer<UInt16>) {
    let counts = counts(lengths)
    var next = [UInt16](repeating: 0, count: longest + 1)
    for length in 2...longest { next[length] = (next[length - 1] &+ UInt16(counts[length - 1])) &<< 1 }
    for symbol in 0..<lengths.count {
      let length = Int(lengths[symbol])
      codes[symbol] = length == 0 ? 0 : reversed(next[length], length)
      next[length] &+= 1
    }
  }

  /// The lowest `count` bits of `bits`, 1…16, in reverse order.
  static func reversed(_ bits: UInt16, _ count: Int) -> UInt16 {
    var word = bits
    word = (word >> 1) & 0x5555 | (word & 0x5555) << 1
    word = (word >> 2) & 0x3333 | (word & 0x3333) << 2
    word = (word >> 4) & 0x0F0F | (word & 0x0F0F) << 4
    return word.byteSwapped >> UInt16(16 - count)
  }

  /// The lengths of at most `limit` bits that make the shortest text: the package-merge algorithm (L. L. Larmore, D. S.
  /// Hirschberg, "A Fast Algorithm for Optimal Length-Limited Huffman Codes", Journal of the ACM 37 (3), 1990).
  ///
  /// A coin of each of `limit` values stands for each symbol and is worth its frequency. From the smallest value up, coins
  /// are paired, cheapest first, to packages of the next value. Of the cheapest 2n − 2 items of the largest value, a
  /// symbol's length is the number of its coins.
  ///
  /// - Parameters:
  ///   - frequencies: how often each symbol occurs; at most 2^`limit` are above 0.
  ///   - limit: the most bits, at most 15.
  /// - Returns: a length per symbol: 0 where the frequency is 0, 1 for a symbol that is alone.
  static func lengths(frequencies: [Int], limit: Int) -> [UInt8] {
    var lengths = [UInt8](repeating: 0, count: frequencies.count)
    let coins = frequencies.indices.filter { frequencies[$0] > 0 }.sorted {
      (frequencies[$0], $0) < (frequencies[$1], $1)
    }
    guard coins.count > 1 else {
      for symbol in coins { lengths[symbol] = 1 }
      return lengths
    }
    // Per value, from the smallest: whether each item, cheapest first, is a package.
    var isPackage: [[Bool]] = []
    var packages: [Int] = []
    for _ in 0..<limit {
      var items: [Int] = []
      var kinds: [Bool] = []
      items.reserveCapacity(coins.count + packages.count)
      kinds.reserveCapacity(coins.count + packages.count)
      var package = 0
      for symbol in coins {
        let worth = frequencies[symbol]
        while package < packages.count, packages[package] < worth {
          items.append(packages[package])
          kinds.append(true)
          package += 1
        }
        items.append(worth)
        kinds.append(false)
      }
      items += packages[package...]
      kinds += repeatElement(true, count: packages.count - package)
      isPackage.append(kinds)
      packages = stride(from: 0, to: items.count - 1, by: 2).map { items[$0] + items[$0 + 1] }
    }
    var taken = 2 * coins.count - 2
    for kinds in isPackage.reversed() {
      let takenPackages = kinds.prefix(taken).count { $0 }
      for symbol in coins.prefix(taken - takenPackages) { lengths[symbol] += 1 }
      taken = 2 * takenPackages
    }
    return lengths
  }
}
