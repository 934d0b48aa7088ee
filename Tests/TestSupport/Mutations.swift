import Basics

/// Damages valid inputs in the ways in which files get damaged or forged, for tests of code that has to survive any bytes.
///
/// The same seed gives the same inputs. A fuzzer that is led by coverage finds more; this one runs in every test run.
public struct Mutations {
  private let corpus: [[UInt8]]
  private var random: RandomStream

  /// - Parameters:
  ///   - corpus: valid inputs, at least one, none empty. Small ones are damaged in more telling places.
  ///   - seed: selects the damage.
  public init(of corpus: [[UInt8]], seed: UInt64) {
    precondition(!corpus.isEmpty && corpus.allSatisfy { !$0.isEmpty })
    self.corpus = corpus
    random = RandomStream(seed: seed, purpose: .benchmark)
  }

  /// Calls `decode` with damaged inputs. A decoder that traps ends the test run, one that hangs its time limit.
  ///
  /// - Parameters:
  ///   - count: how many inputs.
  ///   - decode: says whether it accepted the input.
  /// - Returns: how many inputs were accepted. A test should expect some, and fewer than all.
  public mutating func run(_ count: Int, _ decode: (_ input: [UInt8]) throws -> Bool) rethrows -> Int {
    var accepted = 0
    for _ in 0..<count where try decode(next()) { accepted += 1 }
    return accepted
  }

  /// The next damaged input: one of the corpus after one to four changes.
  private mutating func next() -> [UInt8] {
    var bytes = corpus[below(corpus.count)]
    for _ in 0...below(4) { change(&bytes) }
    return bytes
  }

  /// A number in 0..<`bound`.
  private mutating func below(_ bound: Int) -> Int { Int(random.nextWord() % UInt32(bound)) }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let place = below(bytes.count)
    switch below(10) {
    case 0, 1: bytes[place] ^= 1 << UInt8(below(8))
    case 2: bytes[place] = UInt8(truncatingIfNeeded: random.nextWord())
    case 3: bytes[place] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][below(6)]
    case 4, 5: putInteger(in: &bytes, at: place)
    case 6: bytes.removeLast(bytes.count - place)
    case 7: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(8)))
    case 8: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + below(16))], at: place)
    default:
      let other = corpus[below(corpus.count)]
      bytes.replaceSubrange(place..., with: other[min(other.count, place)...])
    }
  }

  /// Writes a size of the kind that overflows: 2 or 4 bytes, in either order.
  private mutating func putInteger(in bytes: inout [UInt8], at place: Int) {
    let values: [UInt32] = [0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]
    let value = values[below(values.count)]
    let width = below(2) == 0 ? 2 : 4
    var field = (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    if below(2) == 0 { field.reverse() }
    for (offset, byte) in field.enumerated() where place + offset < bytes.count { bytes[place + offset] = byte }
  }
}
