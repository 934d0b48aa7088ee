import Foundation

extension JSON {
  /// The first key that stands again in its object, such as `losses.temperature`; nil where none does.
  ///
  /// Foundation's decoders take the first value of such a key and say nothing.
  ///
  /// - Parameter text: JSON in UTF-8 that was decoded before, so that its syntax is right; of other text anything may be said.
  package static func repeatedKey(in text: Data) -> String? {
    let bytes = [UInt8](text)
    /// The keys so far of each object, and none of each list, from the outermost in; with the key that is being read.
    var open: [(keys: Set<String>, current: String)] = []
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): open.append(([], ""))
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
      case UInt8(ascii: "\""):
        let start = index
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
          index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        let next = bytes.dropFirst(index + 1).first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard next == UInt8(ascii: ":"), index < bytes.count, !open.isEmpty else { break }
        // Two ways to write a key, as with an escape, are one key.
        let key = (try? JSONDecoder().decode(String.self, from: Data(bytes[start...index]))) ?? ""
        open[open.count - 1].current = key
        guard open[open.count - 1].keys.insert(key).inserted else {
          return open.map(\.current).filter { !$0.isEmpty }.joined(separator: ".")
        }
      default: break
      }
      index += 1
    }
    return nil
  }
}
