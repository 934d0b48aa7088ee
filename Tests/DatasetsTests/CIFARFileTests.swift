import Basics
import Foundation
import Testing

@testable import Datasets

/// The binary files of CIFAR against what numpy reads from them.
@Suite struct CIFARFileTests {
  private static let part = ProcessInfo.processInfo.environment["SECU_CIFAR10_PART"]

  /// A folder with the first file for training and a fifth of a file for testing.
  @Test(.enabled(if: part != nil, "SECU_CIFAR10_PART names no folder"))
  func `a part of CIFAR-10 is read as numpy reads it`() throws {
    let files = try DataCatalog.find(try #require(Self.part))
    #expect(files.splits == [.train, .test])
    #expect(files.format == "CIFAR-10, binary version")
    #expect(
      files.warnings == ["this is a part of CIFAR-10: 10000 of 50000 images in train, 2000 of 10000 images in test"])

    let train = try files.load()
    #expect((train.count, train.labels?.prefix(5)) == (10_000, [3, 8, 1, 0, 4]))
    #expect(train.classNames?[3] == "cat")
    #expect(train.pixels.reduce(0) { $0 + Int($1) } == 3_717_219_661)
    func pixel(_ image: Int, _ y: Int, _ x: Int) -> [UInt8] {
      let first = ((image * 32 + y) * 32 + x) * 3
      return Array(train.pixels[first..<first + 3])
    }
    #expect(pixel(0, 0, 0) == [193, 195, 194])
    #expect(pixel(17, 5, 9) == [99, 123, 127])
    #expect(pixel(9_999, 31, 30) == [141, 156, 177])

    let test = try files.load(Splits(.test), limit: 1_999)
    #expect((test.count, test.labels?.prefix(5)) == (1_999, [2, 6, 1, 4, 0]))
    let both = try files.load(Splits("test+train"))
    #expect((both.count, both.labels?.prefix(5)) == (12_000, [2, 6, 1, 4, 0]))
    let sum = both.pixels.prefix(2_000 * 3_072).reduce(0) { $0 + Int($1) }
    #expect(sum == 745_847_648)
  }

  // MARK: - Made here

  @Test func `records are read`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let bytes = cifarRecords([[3], [0], [9]])
    try folder.write(bytes, to: "cifar-10-batches-bin/data_batch_1.bin")
    try folder.write(cifarRecords([[8]]), to: "cifar-10-batches-bin/data_batch_2.bin")
    try folder.write(cifarRecords([[1]]), to: "cifar-10-batches-bin/test_batch.bin")
    try folder.write(Array("airplane\n".utf8), to: "cifar-10-batches-bin/batches.meta.txt")
    let files = try folder.files()
    #expect(files.paths.map { $0.suffix(9) } == ["tch_1.bin", "tch_2.bin", "batch.bin"])
    let set = try files.load()
    #expect((set.count, set.labels, set.classNames) == (4, [3, 0, 9, 8], CIFARNames.ten))
    for (image, y, x, c) in [(0, 0, 0, 0), (1, 2, 3, 1), (2, 31, 31, 2), (2, 0, 31, 0)] {
      #expect(
        set.pixels[((image * 32 + y) * 32 + x) * 3 + c] == bytes[image * 3_073 + 1 + c * 1_024 + y * 32 + x])
    }
    #expect(try files.load(limit: 1).pixels == Array(set.pixels.prefix(3_072)))
    // What a file is called matters only for its split.
    try folder.write(cifarRecords([[3], [7]]), to: "mine")
    #expect(try folder.files("mine").load().labels == [3, 7])
  }

  /// 8 + 3,065 bytes are a record's 3,073, and the zero that such a file begins with is a label of any data set.
  @Test(arguments: [3_065, 2 * 3_073 - 8]) func `labels of an IDX file are no records`(count: Int) throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let labels = (0..<count).map { UInt8($0 % 10) }
    try folder.write(idx(8, [count, 1, 1], [UInt8](repeating: 7, count: count)), to: "images-idx3-ubyte")
    try folder.write(idx(8, [count], labels), to: "labels-idx1-ubyte")
    let files = try folder.files()
    #expect(files.format == "IDX")
    #expect(try files.load().labels == labels.map { Int($0) })
    // Images with black borders pass as well.
    let shape = [941, 28, 28], black = [UInt8](repeating: 0, count: 941 * 784)
    try folder.write(idx(8, shape, black), to: "alone/images-idx3-ubyte")
    #expect(try folder.files("alone").format == "IDX")
  }

  @Test func `CIFAR-100 has two labels`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(cifarRecords([[4, 0], [11, 98]]), to: "train.bin")
    let files = try folder.files()
    #expect(files.format == "CIFAR-100, binary version")
    #expect(try files.load().labels == [0, 98])
    #expect(files.classNames?[98] == "woman")
    let coarse = files.named(try DataCatalog.entry(named: "cifar100-20"))
    #expect(try coarse.labels() == [4, 11])
    #expect(coarse.classNames?[4] == "fruit_and_vegetables")
  }

  @Test func `faults are named`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(Array(cifarRecords([[3], [0]]).dropLast(73)), to: "short/test_batch.bin")
    #expect(
      try folder.failure("short")
        == "short/test_batch.bin, byte 3073: expected records of 3073 bytes (CIFAR-10), found 6073 bytes: 1 records and "
        + "3000 bytes more. The file is truncated or is something else: download the archive again and unpack it.")
    try folder.write([], to: "empty/data_batch_4.bin")
    #expect(try folder.failure("empty").hasPrefix("empty/data_batch_4.bin, byte 0: expected records of 3073 bytes"))
    // Labels of some records only are looked at to recognise a file; all when it is read.
    var records = cifarRecords((0..<40).map { [UInt8($0 % 10)] })
    records[3_073] = 200
    try folder.write(records, to: "labels/data_batch_1.bin")
    #expect(
      try folder.failure("labels")
        == "labels/data_batch_1.bin, byte 3073: expected a label of 0…9, found 200. Download the archive again and "
        + "unpack it.")
    try folder.write(gzip(cifarRecords([[3]])), to: "packed/test_batch.bin.gz")
    #expect(
      try folder.failure("packed")
        == "packed/test_batch.bin.gz: expected records of CIFAR-10, found a compressed file. Unpack it: gunzip.")
    try folder.write(cifarRecords([[3]]), to: "both/data_batch_1.bin")
    try folder.write(cifarRecords([[3, 9]]), to: "both/train.bin")
    #expect(
      try folder.failure("both")
        == "both: expected one data set, found CIFAR-10 and CIFAR-100. Name one of the files, or put them in folders of "
        + "their own.")
    try folder.write(cifarRecords([[3]]), to: "two/a/data_batch_1.bin")
    try folder.write(cifarRecords([[3, 9]]), to: "two/b/train.bin")
    #expect(
      try folder.failure("two")
        == "two: expected one data set, found CIFAR-10, binary version, CIFAR-100, binary version. Name one of the folders "
        + "two/a, two/b.")
    #expect(try folder.failure("nothing") == "nothing: there is no such file or folder. Check the path.")
    #expect(
      try folder.failure("two/a", Splits(.test))
        == "split: there is no split 'test' in two/a. There is train.")
  }

  @Test func `a split has the classes that are published`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(cifarRecords([[0], [1], [1]]), to: "test_batch.bin")
    var files = try folder.files()
    files.classSizes = [.test: [1, 2]]
    #expect(try files.load().count == 3)
    files.classSizes = [.test: [2, 1]]
    let error = try #require(throws: SeCuError.self) { try files.load() }
    #expect(error.problem == "expected 2 images of class 0 in test, found 1")
    // Of a part nothing is published.
    #expect(try files.load(limit: 2).labels == [0, 1])
  }
}
