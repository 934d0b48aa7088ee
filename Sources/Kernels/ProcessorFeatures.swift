import Foundation

#if canImport(Darwin)
  import Darwin
#endif

/// The features of this processor, under the names of Linux's /proc/cpuinfo; empty where they can't be told, which leaves
/// the portable instruction set.
func processorFeatures() -> Set<String> {
  #if arch(x86_64) && os(Linux)
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") }),
      let colon = line.firstIndex(of: ":")
    else { return [] }
    return Set(line[line.index(after: colon)...].split(separator: " ").map(String.init))
  #elseif arch(x86_64) && canImport(Darwin)
    let names = [
      "avx1_0": "avx", "fma": "fma", "movbe": "movbe", "f16c": "f16c", "avx2_0": "avx2", "bmi1": "bmi1",
      "bmi2": "bmi2", "avx512f": "avx512f", "avx512bw": "avx512bw", "avx512cd": "avx512cd",
      "avx512dq": "avx512dq", "avx512vl": "avx512vl",
    ]
    let found = names.compactMap { key, name in
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      return sysctlbyname("hw.optional.\(key)", &value, &size, nil, 0) == 0 && value != 0 ? name : nil
    }
    // LZCNT, which Darwin has no name for, came to Intel's processors together with BMI1.
    return Set(found).union(found.contains("bmi1") ? ["abm"] : [])
  #else
    return []
  #endif
}
