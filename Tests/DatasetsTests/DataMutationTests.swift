import Basics
import TestSupport
import Testing

@testable import Datasets

/// Thousands of damaged files: each data set is read or refused, and none makes more than its files hold.
@Suite(.timeLimit(.minutes(10))) struct DataMutationTests {
  /// Runs damaged files of `corpus` through recognition and reading.
  ///
  /// - Parameters:
  ///   - name: what the damaged file is called.
  ///   - others: sound files beside it.
  ///   - count: how many damaged files.
  private func check(_ corpus: [[UInt8]], as name: String, beside others: [DataFile] = [], _ count: Int) throws {
    var mutations = Mutations(of: corpus, seed: 3)
    var wrong: [String] = []
    let accepted = mutations.run(count) { bytes in
      do {
        let file = DataFile(path: name, contents: bytes)
        guard let files = try DataFiles.recognised([file] + others, at: name) else { return false }
        _ = try files.load(files.splits.isEmpty ? nil : Splits(files.splits))
        return true
      } catch let error as SeCuError {
        if error.kind != .badData || error.place == nil { wrong.append("\(error)") }
      } catch {
        wrong.append("\(error)")
      }
      return false
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    #expect(accepted > 0)
    #expect(accepted < count)
  }

  @Test func `records of CIFAR`() throws {
    try check([cifarRecords([[3], [0]]), cifarRecords([[9]])], as: "data_batch_1.bin", 600)
    try check([cifarRecords([[3, 7], [19, 99]])], as: "train.bin", 400)
  }

  @Test func `images and labels of STL-10`() throws {
    let labels = DataFile(path: "train_y.bin", contents: [1])
    try check([[UInt8](repeating: 9, count: 27_648)], as: "train_X.bin", beside: [labels], 300)
  }

  @Test func `arrays of IDX`() throws {
    let pixels = (0..<24).map { UInt8($0) }
    let labels = DataFile(path: "labels-idx1-ubyte", contents: idx(8, [2], [0, 1]))
    try check(
      [
        idx(8, [2, 3, 4], pixels), idx(8, [2, 2, 2, 3], pixels), idx(13, [2, 1, 3], pixels),
        idx(12, [2], Array(pixels.prefix(8))),
      ],
      as: "images-idx3-ubyte", beside: [labels], 10_000)
  }

  @Test func `arrays of numpy`() throws {
    let pixels = (0..<24).map { UInt8($0) }
    let labels = DataFile(path: "labels.npy", contents: npy("<i8", "(2,)", [UInt8](repeating: 0, count: 16)))
    try check(
      [npy("|u1", "(2, 3, 4)", pixels), npy("<f4", "(2, 1, 3)", pixels), npy(">i4", "(2,)", Array(pixels.prefix(8)))],
      as: "images.npy", beside: [labels], 10_000)
  }
}
