import Basics
import Testing

@testable import Datasets

/// What is read of files that are large, many or of one's own.
@Suite struct ReadingTests {
  private static let pixels = (0..<24).map { UInt8($0 * 10) }

  /// Of labels that are as many, those whose file is called alike belong to the images, compressed or not.
  @Test func `as many labels of another split are not taken`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let images = idx(8, [2, 3, 4], Self.pixels)
    for (name, labels) in [("t10k", [3, 4]), ("train", [5, 6])] as [(String, [UInt8])] {
      try folder.write(images, to: "\(name)-images-idx3-ubyte")
      try folder.write(gzip(idx(8, [2], labels)), to: "\(name)-labels-idx1-ubyte.gz")
    }
    #expect(try folder.files().load(Splits("train+test")).labels == [5, 6, 3, 4])
    for (name, labels) in [("t10k", [3, 4]), ("train", [5, 6])] {
      #expect(try folder.files("\(name)-images-idx3-ubyte").load().labels == labels)
    }
  }

  /// More than a megabyte, which is read in two pieces.
  @Test func `pieces of a file follow each other`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let pixels = (0..<1_400 * 784).map { UInt8(truncatingIfNeeded: $0 / 784 * 7 + $0) }
    try folder.write(idx(8, [1_400, 28, 28], pixels), to: "images-idx3-ubyte")
    #expect(try folder.files().load().pixels == pixels)
    let records = cifarRecords((0..<300).map { [UInt8($0 % 10)] })
    try folder.write(records, to: "cifar/data_batch_1.bin")
    let set = try folder.files("cifar").load()
    #expect(set.labels == (0..<300).map { $0 % 10 })
    for image in [0, 255, 256, 299] {
      #expect(set.pixels[image * 3_072] == records[image * 3_073 + 1], "image \(image)")
    }
  }

  @Test func `a file that becomes shorter is told`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let file = try DataFile(contentsOf: folder.write(Self.pixels, to: "x"))
    try folder.write(Array(Self.pixels.prefix(9)), to: "x")
    let error = try #require(throws: SeCuError.self) { try file.bytes(2..<24) }
    #expect(error.kind == .inputOutput && error.position == "byte 9")
  }

  /// A label may be any number: where classes are many more than images, they are not counted.
  @Test func `classes are counted where they are fewer than images`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(npy("|u1", "(2, 3, 4)", Self.pixels), to: "images.npy")
    try folder.write(npy("<i2", "(2,)", [1, 0, 1, 0]), to: "labels.npy")
    #expect(try folder.files().classSizes(of: nil) == [0, 2])
    try folder.write(npy("<i2", "(2,)", [1, 0, 2, 0]), to: "labels.npy")
    #expect(try folder.files().classSizes(of: nil) == nil)
  }
}
