import Basics
import Testing

@testable import Datasets

@Suite struct STLFileTests {
  private static let length = 27_648

  /// An image whose value at channel c, column x and row y is 80c + 2x + y, stored as STL-10 does.
  private static let image: [UInt8] = (0..<length).map { place in
    let (c, x, y) = (place / 9_216, place / 96 % 96, place % 96)
    return UInt8(truncatingIfNeeded: 80 * c + 2 * x + y)
  }

  @Test func `planes are stored by columns`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(Self.image + Self.image.map { $0 &+ 1 }, to: "stl10_binary/train_X.bin")
    try folder.write([10, 1], to: "stl10_binary/train_y.bin")
    try folder.write(Self.image, to: "stl10_binary/unlabeled_X.bin")
    try folder.write(Array("airplane\n".utf8), to: "stl10_binary/class_names.txt")
    // What macOS leaves beside files on disks of others.
    try folder.write([0, 5, 22, 7], to: "stl10_binary/._train_X.bin")
    let files = try folder.files()
    #expect(files.splits == [.train, .unlabelled])
    #expect(files.format == "STL-10, binary version")
    #expect(
      files.warnings == [
        "this is a part of STL-10: 2 of 5000 images in train, 0 of 8000 images in test, 1 of 100000 images in unlabelled"
      ])
    let set = try files.load()
    #expect((set.count, set.labels, set.classNames?[9]) == (2, [9, 0], "truck"))
    for (y, x, c) in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (95, 94, 2), (7, 60, 1)] {
      #expect(set.pixels[(y * 96 + x) * 3 + c] == UInt8(truncatingIfNeeded: 80 * c + 2 * x + y))
      #expect(set.pixels[Self.length + (y * 96 + x) * 3 + c] == UInt8(truncatingIfNeeded: 80 * c + 2 * x + y + 1))
    }
    let all = try files.load(Splits("train+unlabelled"))
    #expect((all.count, all.labels) == (3, nil))
    #expect(try folder.files("stl10_binary/train_X.bin").load().labels == [9, 0])
  }

  /// The sizes of classes are published of whole splits only, the checksum of each file.
  @Test func `a part is checked as far as it can be`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(Self.image, to: "train_X.bin")
    try folder.write([10], to: "train_y.bin")
    let checks = try folder.files().verify()
    #expect(checks.map(\.isGood) == [false, true, false, false])
    #expect(
      checks.map(\.result) == [
        "1 of 5000 images of 96×96×3", "10 classes of 0…1 images",
        "MD5 \(MD5.digest(Self.image)), expected 918c2871b30a85fa023e0c44e0bee87f",
        "MD5 \(MD5.digest([10] as [UInt8])), expected 5a34089d4802c674881badbb80307741",
      ])
  }

  @Test func `faults are named`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(Self.image + [1], to: "short/train_X.bin")
    #expect(
      try folder.failure("short")
        == "short/train_X.bin, byte 27648: expected images of 27648 bytes (STL-10), found 27649 bytes: 1 images and 1 "
        + "bytes more. The file is truncated or is something else: download the archive again and unpack it.")
    try folder.write([UInt8](repeating: 1, count: 5_000), to: "swapped/train_X.bin")
    #expect(
      try folder.failure("swapped")
        == "swapped/train_X.bin, byte 0: expected images of 27648 bytes (STL-10), found 5000 bytes: 0 images and 5000 "
        + "bytes more. This is the size of a file of labels: images and labels may be swapped.")
    try folder.write(Self.image, to: "labels/test_X.bin")
    try folder.write([0], to: "labels/test_y.bin")
    #expect(
      try folder.failure("labels")
        == "labels/test_y.bin, byte 0: expected a label of 1…10, found 0. Download the archive again and unpack it.")
    try folder.write([1, 2], to: "labels/test_y.bin")
    #expect(
      try folder.failure("labels")
        == "labels/test_y.bin: expected 1 labels, a byte for each image of test_x.bin, found 2 bytes. "
        + "Download the archive again and unpack it.")
    try folder.write(gzip([2]), to: "packed/test_y.bin.gz")
    try folder.write(Self.image, to: "packed/test_X.bin")
    #expect(
      try folder.failure("packed")
        == "packed/test_y.bin.gz: expected labels of STL-10, found a compressed file. Unpack it: gunzip.")
    try folder.write(gzip(Self.image), to: "images/test_X.bin.gz")
    #expect(
      try folder.failure("images")
        == "images/test_X.bin.gz: expected images of STL-10, found a compressed file. Unpack it: gunzip.")
    try folder.write(Self.image, to: "alone/test_X.bin")
    #expect(
      try folder.files("alone").warnings[0].hasSuffix("alone/test_X.bin has no labels beside it: test_y.bin is missing")
    )
    #expect(try folder.files("alone").load().labels == nil)
  }
}
