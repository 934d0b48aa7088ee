import Basics
import Clustering
import Foundation
import Interchange
import Kernels
import Testing

/// Tensors that a PyTorch program made, and how close this project's must come.
///
/// The folder is `SECU_GOLDEN` where that is set, else the files beside these tests. Shapes and settings are read from the files,
/// so that others of the same kind, made from other seeds, can be checked.
enum Golden {
  static let folder: URL =
    ProcessInfo.processInfo.environment["SECU_GOLDEN"].map { URL(fileURLWithPath: $0) }
    ?? committed

  private static let committed = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  /// Whether there is a file of this name; says that its tests are skipped where there is none.
  static func isPresent(_ name: String) -> Bool {
    if find(name) != nil { return true }
    print("skipped: \(name).safetensors is not in the folder of golden tensors; set SECU_GOLDEN to one that has it")
    return false
  }

  static func file(_ name: String) throws -> SafeTensors {
    try SafeTensors(contentsOf: find(name) ?? folder.appendingPathComponent("\(name).safetensors"))
  }

  /// The file of this name in the folder, or where `SECU_GOLDEN` names one without it the committed one.
  private static func find(_ name: String) -> URL? {
    [folder, committed].map { $0.appendingPathComponent("\(name).safetensors") }.first {
      FileManager.default.fileExists(atPath: $0.path)
    }
  }
}

extension SafeTensors {
  func number(_ key: String) throws -> Double { try #require(Double(metadata[key] ?? ""), "metadata \(key)") }

  /// The constraint of a head's or a run's file.
  func constraint() throws -> AssignmentConstraint {
    if metadata["constraint"] == "entropy" { return .entropy(EntropyConstraint(alpha: Float(try number("alpha")))) }
    if metadata["constraint"] == "instance" { return .instance }
    return .size(SizeConstraint(dualRate: Float(try number("dual_lr")), ratio: Float(try number("ratio"))))
  }

  /// A list such as `[4, 8, 12]` in the metadata.
  func list(_ key: String) throws -> [Int] {
    try JSONDecoder().decode([Int].self, from: Data(try #require(metadata[key], "metadata \(key)").utf8))
  }

  /// The tensors whose names begin with `prefix` and are wanted, without it.
  func subset(_ prefix: String, where isWanted: (String) -> Bool = { _ in true }) -> SafeTensors {
    var chosen: [String: Tensor] = [:]
    for (key, tensor) in tensors where key.hasPrefix(prefix) {
      let name = String(key.dropFirst(prefix.count))
      if isWanted(name) { chosen[name] = tensor }
    }
    return SafeTensors(tensors: chosen)
  }

  /// An NCHW tensor in NHWC order.
  func nhwc(_ key: String) throws -> (shape: [Int], values: [Float]) {
    let (shape, values) = try floats(key)
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    var ordered = [Float](repeating: 0, count: values.count)
    for i in 0..<n {
      for j in 0..<c {
        for p in 0..<h * w { ordered[(i * h * w + p) * c + j] = values[(i * c + j) * h * w + p] }
      }
    }
    return (shape, ordered)
  }

  /// A matrix [d, K] as [K, d].
  func transposed(_ key: String) throws -> [Float] {
    let (shape, values) = try floats(key)
    return (0..<shape[1]).flatMap { k in (0..<shape[0]).map { values[$0 * shape[1] + k] } }
  }
}

/// The largest difference as a share of the largest expected value.
func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
  let scale = expected.map { abs($0) }.max() ?? 0
  let most = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
  return scale == 0 ? Double(most) : Double(most / scale)
}

func makeEngine(_ instructionSet: InstructionSet, _ threads: Int) -> Engine {
  Engine(instructionSet: instructionSet, cores: Cores(threads: threads))
}

extension FloatBuffer {
  convenience init(_ values: [Float]) {
    self.init(values.count)
    fill(with: values)
  }

  /// Moves every value by some units in the last place, up, down or not at all, by random numbers of this seed: by one for seeds 1 to
  /// 8, by two for the next eight, then by four and by eight; 0 moves none.
  func nudge(_ seed: Int) {
    if seed == 0 { return }
    let size = Float(Self.units(seed)) * 0x1p-23
    var stream = RandomStream(seed: UInt64(seed), purpose: .benchmark)
    for i in 0..<count { base[i] *= 1 + Float(Int(stream.nextWord() % 3) - 1) * size }
  }

  /// The units in the last place that `nudge` moves by, and 1 where it moves none: what a tolerance counts.
  static func units(_ seed: Int) -> Int { seed == 0 ? 1 : 1 << ((seed - 1) / 8) }

  /// The seeds of `nudge`.
  static let nudges = 0...32

  func copy(_ values: ArraySlice<Float>, to offset: Int) {
    values.withUnsafeBufferPointer {
      if let start = $0.baseAddress { (base + offset).update(from: start, count: $0.count) }
    }
  }
}
