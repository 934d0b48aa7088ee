import Foundation

#if canImport(Darwin)
  import Darwin
#endif

extension Machine {
  /// Bytes of the second-level data cache of the first processor: on Linux from its folder in `/sys`, all of it even if other cores share
  /// it, on macOS the share of one core. 512 KiB where it isn't told.
  package static let secondLevelCache: Int = {
    #if canImport(Darwin)
      var value: Int64 = 0
      for name in ["hw.perflevel0.l2cachesize", "hw.l2cachesize"] {
        var size = MemoryLayout<Int64>.size
        if sysctlbyname(name, &value, &size, nil, 0) == 0, value > 0 {
          // Apple's performance cores share theirs by four or more.
          return Int(value) / (name.contains("perflevel") ? 4 : 1)
        }
      }
      return unknownCache
    #else
      return secondLevelCache(root: URL(fileURLWithPath: "/")) ?? unknownCache
    #endif
  }()

  private static let unknownCache = 512 << 10

  /// What `/sys` says; nil where it says nothing that makes sense.
  ///
  /// - Parameter root: what stands for `/`.
  package static func secondLevelCache(root: URL) -> Int? {
    let caches = root.appending(path: "sys/devices/system/cpu/cpu0/cache")
    func text(_ index: Int, _ file: String) -> String? {
      let url = caches.appending(path: "index\(index)/\(file)")
      return (try? String(contentsOf: url, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    for index in 0..<8 where text(index, "level") == "2" && text(index, "type") != "Instruction" {
      // Such as 1024K.
      guard let size = text(index, "size"), size.hasSuffix("K"), let kibibytes = Int(size.dropLast()),
        (16...1 << 20).contains(kibibytes)
      else { return nil }
      return kibibytes << 10
    }
    return nil
  }
}
