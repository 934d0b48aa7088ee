import Basics
import Interchange
import Kernels

/// To and from PyTorch: a network's tensors under PyTorch's names, shapes and orders.
///
/// Convolutions are out × in × ky × kx in a file and tap × in × out in memory; everything else is the same. Every batch norm has
/// a `num_batches_tracked`, which PyTorch expects when it loads strictly.
extension Network {
  /// The parameters, running statistics and batch counts as PyTorch's `state_dict` has them.
  ///
  /// - Throws: what `SafeTensors.Tensor` throws for a shape that does not fit; those of a network do.
  public func stateDictionary() throws -> [String: SafeTensors.Tensor] {
    var tensors: [String: SafeTensors.Tensor] = [:]
    for (entries, memory) in [(layout.parameters, parameters), (layout.statistics, statistics)] {
      for entry in entries {
        let values = Array(UnsafeBufferPointer(start: memory.base + entry.offset, count: entry.count))
        tensors[entry.name] = try SafeTensors.Tensor(
          ParameterLayout.pyTorchOrder(values, shape: entry.shape), shape: entry.shape)
      }
    }
    for name in layout.batchNorms {
      tensors["\(name).num_batches_tracked"] = try SafeTensors.Tensor([Int64(batchesTracked)], shape: [])
    }
    return tensors
  }

  /// Takes every parameter and statistic from `file`.
  ///
  /// Leading `module.`, `encoder.` and `_orig_mod.` of names are ignored, as wrappers in PyTorch add them. What torchvision calls `downsample` is the
  /// `shortcut`. Centers, labels, duals and counters of the published program's heads, which its state holds too, are not the network's.
  ///
  /// - Throws: `SeCuError` of kind `.badData` that names the tensors which are missing, unknown or of another shape, a running variance below 0,
  ///   or a batch count out of range; nothing is changed then.
  public func load(_ file: SafeTensors, name: String) throws {
    let file = try file.droppingWrapperPrefixes().renamed(difference: "the word for a shortcut") {
      Self.isOfHeads($0) ? nil : $0.replacing(".downsample.", with: ".shortcut.")
    }
    let entries = layout.parameters + layout.statistics
    let missing = entries.map(\.name).filter { file.tensors[$0] == nil }
    let counters = Set(layout.batchNorms.map { "\($0).num_batches_tracked" })
    let unknown = file.tensors.keys.filter { name in !counters.contains(name) && !entries.contains { $0.name == name } }
    guard missing.isEmpty, unknown.isEmpty else {
      let parts = [("missing", missing), ("unknown", unknown.sorted())].filter { !$0.1.isEmpty }
      throw SeCuError(
        .badData, parts.map { "\($0.0): \(Self.some($0.1))" }.joined(separator: "; "), at: name,
        remedy: Self.remedy(missing: missing, unknown: unknown))
    }
    var loaded: [[Float]] = []
    for entry in entries {
      let (shape, values) = try file.floats(entry.name)
      guard shape == entry.shape else {
        throw SeCuError(
          .badData, "tensor \(entry.name) has shape \(shape), expected \(entry.shape)", at: name,
          remedy: entry.name == "conv1.weight" && shape.count == 4 && shape[1] != entry.shape[1]
            ? "The file's network is for images of \(counted(shape[1], "channel")), this one for \(entry.shape[1])"
            : Self.otherNetwork)
      }
      if entry.name.hasSuffix(".running_var"), let wrong = values.first(where: { $0 < 0 }) {
        throw SeCuError(
          .badData, "tensor \(entry.name) holds the variance \(wrong), expected 0 or more", at: name,
          remedy: "Make the file anew from the network that was trained")
      }
      loaded.append(ParameterLayout.memoryOrder(values, shape: shape))
    }
    let tracked = try trackedBatches(in: file, name: name)
    for (i, values) in loaded.enumerated() {
      let isParameter = i < layout.parameters.count
      let target = (isParameter ? parameters : statistics).base + entries[i].offset
      values.withUnsafeBufferPointer { if let start = $0.baseAddress { target.update(from: start, count: $0.count) } }
    }
    batchesTracked = tracked ?? batchesTracked
  }

  private static let otherNetwork =
    "The file belongs to another network: choose that by --network, --widths, --blocks and --dimension"

  /// What to do where names differ: a wrapper's prefix and tensors that are too many can go.
  private static func remedy(missing: [String], unknown: [String]) -> String {
    let own = ["conv", "bn", "layer", "fc.", "predictor."]
    if missing.isEmpty, !unknown.contains(where: { own.contains(where: $0.hasPrefix) }) {
      return "Remove what the network does not have"
    }
    if unknown.isEmpty, missing.allSatisfy({ $0.contains(".running_") }) {
      return "Save the network's state_dict(), which has them"
    }
    let prefixes = Set(unknown.map { $0.prefix { $0 != "." } + "." })
    if !missing.isEmpty, prefixes.count == 1, let prefix = prefixes.first,
      Set(missing).isSubset(of: unknown.map { String($0.dropFirst(prefix.count)) })
    {
      return "Remove '\(prefix)' from the names"
    }
    return otherNetwork
  }

  /// Whether the published program calls a head's tensor so: `center_0` and the like.
  private static func isOfHeads(_ name: String) -> Bool {
    ["center_", "counter_", "ldual_", "assign_labels_"].contains { prefix in
      name.hasPrefix(prefix) && name.dropFirst(prefix.count).allSatisfy(\.isNumber)
    }
  }

  /// The first batch norm's count of batches, if the file has it.
  private func trackedBatches(in file: SafeTensors, name: String) throws -> Int? {
    guard let key = layout.batchNorms.first.map({ "\($0).num_batches_tracked" }), file.tensors[key] != nil else {
      return nil
    }
    let values = try file.integers(key).values
    guard values.count == 1, (0...1 << 53).contains(values[0]) else {
      throw SeCuError(
        .badData, "tensor \(key) holds no count of batches", at: name,
        remedy: "Make it one whole number, 0 or more, or leave it out")
    }
    return Int(values[0])
  }

  /// The first few of a list of names.
  private static func some(_ names: [String]) -> String {
    names.prefix(4).map { $0.count <= 80 ? $0 : $0.prefix(80) + "…" }.joined(separator: ", ")
      + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }
}
