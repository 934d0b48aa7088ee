import Basics
import Imaging
import Testing

@testable import Datasets

/// Arrays in IDX files and in numpy's.
@Suite struct ArrayFileTests {
  private static let pixels = (0..<24).map { UInt8($0 * 10) }

  // MARK: - What is read

  @Test(arguments: [false, true])
  func `an IDX pair is read, compressed or not`(isCompressed: Bool) throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let end = isCompressed ? ".gz" : ""
    func write(_ file: [UInt8], _ name: String) throws {
      try folder.write(isCompressed ? gzip(file) : file, to: "raw/\(name)\(end)")
    }
    try write(idx(8, [2, 3, 4], Self.pixels), "train-images-idx3-ubyte")
    try write(idx(8, [2], [7, 0]), "train-labels-idx1-ubyte")
    try write(idx(8, [1, 3, 4], Array(Self.pixels.reversed().prefix(12))), "t10k-images-idx3-ubyte")
    try write(idx(8, [1], [3]), "t10k-labels-idx1-ubyte")
    let files = try folder.files()
    #expect((files.splits, files.format) == ([.train, .test], "IDX"))
    let train = try files.load()
    #expect((train.count, train.labels, train.pixels) == (2, [7, 0], Self.pixels))
    #expect(train.shape == (try ImageShape(height: 3, width: 4, channels: 1)))
    #expect(try files.load(Splits(.test)).labels == [3])
    #expect(try files.load(Splits("test+train"), limit: 2).labels == [3, 7])
    #expect(try files.load(limit: -1).count == 0)
    // A file by itself finds its labels beside it.
    #expect(try folder.files("raw/t10k-images-idx3-ubyte\(end)").load().labels == [3])
  }

  @Test func `a file beside its compressed form counts once`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let file = idx(8, [2, 3, 4], Self.pixels)
    try folder.write(file, to: "images-idx3-ubyte")
    try folder.write(gzip(file), to: "images-idx3-ubyte.gz")
    #expect(try folder.files().load().count == 2)
  }

  @Test func `known sets are known by their first labels`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(idx(8, [10, 28, 28], [UInt8](repeating: 3, count: 7_840)), to: "t10k-images-idx3-ubyte")
    try folder.write(idx(8, [10], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]), to: "t10k-labels-idx1-ubyte")
    let files = try folder.files()
    #expect(files.entryName == "fashion-mnist")
    #expect(files.classNames?[9] == "Ankle boot")
    #expect(
      files.warnings == ["this is a part of Fashion-MNIST: 0 of 60000 images in train, 10 of 10000 images in test"])
    // The same labels of images of another size are of another set.
    try folder.write(idx(8, [10, 8, 8], [UInt8](repeating: 3, count: 640)), to: "t10k-images-idx3-ubyte")
    #expect(try folder.files().entryName == nil)
  }

  @Test func `numpy's arrays are read, bytes and floats`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    func set(_ file: [UInt8]) throws -> ImageSet {
      try folder.write(file, to: "x.npy")
      return try folder.files("x.npy").load()
    }
    let grey = try set(npy("|u1", "(2, 3, 4)", Self.pixels))
    #expect((grey.count, grey.pixels, grey.labels) == (2, Self.pixels, nil))
    let colour = try set(npy("|u1", "(2, 2, 2, 3)", Self.pixels))
    #expect(colour.shape == (try ImageShape(height: 2, width: 2, channels: 3)))
    #expect(colour.pixels == Self.pixels)
    #expect(try set(npy("|u1", "(1, 3, 2, 4)", Self.pixels)).shape == ImageShape(height: 3, width: 2, channels: 4))
    // 0…1 is full scale where no value is larger; a single larger one makes it 0…255.
    #expect(try set(npy("<f4", "(1, 1, 3)", floats([0, 0.5, 1]))).pixels == [0, 128, 255])
    #expect(try set(npy(">f4", "(1, 1, 3)", floats([0, 0.5, 254.6], isBigEndian: true))).pixels == [0, 1, 255])
    #expect(try set(npy("<f4", "(2, 1, 1)", floats([1, 200]))).prefix(1).pixels == [1])
    #expect(try folder.files("x.npy").load(limit: 1).pixels == [1])
    // Version 2 has two more bytes for the length of its header.
    var long = npy("|u1", "(2, 3, 4)", Self.pixels)
    long[6] = 2
    long.insert(contentsOf: [0, 0], at: 10)
    #expect(try set(long).pixels == Self.pixels)
  }

  @Test func `labels are whole numbers of any size`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(npy("|u1", "(2, 3, 4)", Self.pixels), to: "images.npy")
    for (descr, bytes) in [
      ("|u1", [5, 1]), ("<i2", [5, 0, 1, 0]), (">i4", [0, 0, 0, 5, 0, 0, 0, 1]),
      ("<i8", [5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(String, [UInt8])] {
      try folder.write(npy(descr, "(2,)", bytes), to: "labels.npy")
      #expect(try folder.files().load().labels == [5, 1])
    }
    try folder.write(npy("<i2", "(2,)", [5, 0, 0xFF, 0xFF]), to: "labels.npy")
    #expect(
      try folder.failure()
        == "labels.npy, byte 130: expected a label of 0…2147483647, found -1. Number the classes from 0.")
  }

  @Test func `a label beyond the classes of a known set is refused`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(idx(8, [11, 28, 28], [UInt8](repeating: 3, count: 11 * 784)), to: "t10k-images-idx3-ubyte")
    try folder.write(idx(8, [11], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 10]), to: "t10k-labels-idx1-ubyte")
    let files = try folder.files()
    #expect(files.entryName == "mnist")
    let message = "t10k-labels-idx1-ubyte, image 10: expected a label below 10, found 10. Download the file again."
    #expect(try folder.failure() == message)
    let error = try #require(throws: SeCuError.self) { try files.classSizes(of: .test) }
    #expect(error.description.hasSuffix(message))
    let check = try #require(try files.verify().last)
    #expect(
      check == DataCheck(subject: "test", result: "expected a label below 10, found 10 (image 10)", isGood: false))
  }

  // MARK: - Faults

  @Test func `faults of pairs are named`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(idx(8, [2, 3, 4], Self.pixels), to: "a/images-idx3-ubyte")
    try folder.write(idx(8, [3], [1, 2, 3]), to: "a/labels-idx1-ubyte")
    #expect(
      try folder.failure("a")
        == "a/labels-idx1-ubyte: expected 2 labels, one for each image of images-idx3-ubyte, found 3. "
        + "Put the files that belong together in a folder of their own.")
    #expect(
      try folder.failure("a/labels-idx1-ubyte")
        == "a/labels-idx1-ubyte: expected images, found an array of 3 whole numbers, which may be labels. "
        + "Name the file of images, or the folder of both.")
    try folder.write(idx(8, [2], [4, 5]), to: "b/train-images-idx3-ubyte")
    try folder.write(idx(8, [2, 3, 4], Self.pixels), to: "b/train-labels-idx1-ubyte")
    #expect(try folder.files("b").warnings[0].hasPrefix("the names of the files of images and labels are swapped in "))
    #expect(try folder.files("b").load().labels == [4, 5])
    try folder.write(idx(8, [2, 3, 4], Self.pixels), to: "c/train-images-idx3-ubyte")
    try folder.write(idx(8, [2, 4, 3], Self.pixels), to: "c/t10k-images-idx3-ubyte")
    #expect(
      try folder.failure("c")
        == "c/train-images-idx3-ubyte: expected images of 4×3×1, as in FOLDER, found 3×4×1. Name one of the files."
        .replacingOccurrences(of: "FOLDER", with: "c/t10k-images-idx3-ubyte"))
  }

  private static let faults: [(name: String, file: [UInt8], message: String)] = [
    (
      "x-idx3-ubyte", idx(8, [2, 3, 4], Array(pixels.dropLast())),
      ", byte 39: expected 40 bytes for 2×3×4 elements of uint8, found 39. The file is truncated: download or write it again."
    ),
    (
      "x-idx3-ubyte", idx(8, [2, 3, 4], pixels + [0]),
      ", byte 40: expected 40 bytes for 2×3×4 elements of uint8, found 41. The file has more than an array: download or write it again."
    ),
    (
      "x-idx3-ubyte", [0, 0, 8, 3, 0, 0],
      ", byte 6: expected 3 dimensions (16 bytes), found the end of the file after 6 bytes. The file is truncated: download it again."
    ),
    (
      "x-idx3-ubyte", idx(8, [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], []),
      ", byte 4: expected fewer than 2⁴⁸ elements, found 4294967295×4294967295×4294967295. The file is damaged: copy it again."
    ),
    (
      "x-idx3-ubyte", idx(0x0B, [1, 1, 2], [0, 1, 0, 1]),
      ": expected images of uint8 or float32, found int16. Convert the array and save it again."
    ),
    (
      "x-idx3-ubyte", idx(8, [1, 1, 65_536], [UInt8](repeating: 0, count: 65_536)),
      ": expected images of at most 65535 pixels a side, found 1×1×65536. Cut them or make them smaller."
    ),
    (
      "x-idx2-ubyte", idx(8, [2, 12], pixels),
      ": expected an array of N×H×W or N×H×W×C, found 2×12. Save the images as such an array."
    ),
    (
      "x-idx3-float", idx(0x0D, [1, 1, 2], floats([0.5, .nan], isBigEndian: true)),
      ", byte 20: expected a pixel of 0…1 or 0…255, found nan. Save images that are not normalised, in one of these ranges."
    ),
    (
      "x.npy", npy("<f4", "(1, 1, 2)", floats([0.5, -0.25])),
      ", byte 132: expected a pixel of 0…1 or 0…255, found -0.25. Save images that are not normalised, in one of these ranges."
    ),
    (
      "x.npy", npy("<f4", "(1, 1, 2)", floats([0.5, 1.25])),
      ": expected pixels of 0…1 or 0…255, found none above 1.25. Clip them to 0…1, or multiply them by 255."
    ),
    (
      "x.npy", npy("|O", "(2, 3, 4)", [0x80, 4]),
      ", byte 10: expected numbers, found Python objects (a pickle), which can run any program. Save an array of one shape, as with numpy.stack(images).astype(numpy.uint8)."
    ),
    (
      "x.npy", npy("<f8", "(1, 1, 1)", [0, 0, 0, 0, 0, 0, 0, 0]),
      ": expected images of uint8 or float32, found float64. Convert the array and save it again."
    ),
    (
      "x.npy", npy("<c8", "(1, 1, 1)", [0, 0, 0, 0, 0, 0, 0, 0]),
      ", byte 10: expected elements of uint8, float32 or whole numbers, found '<c8'. Convert the array with astype(numpy.uint8) or astype(numpy.float32)."
    ),
    (
      "x.npy", npy("|u1", "(2, 3, 4)", pixels, fortran: true),
      ", byte 10: expected an array in C order, found Fortran order. Save numpy.ascontiguousarray(images)."
    ),
    (
      "x.npy", npy("|u1", "(1, 3, 1, 8)", pixels),
      ": expected an array of N×H×W×C with 1 to 4 channels, found 1×3×1×8. Put the channels last, as with images.transpose(0, 2, 3, 1)."
    ),
    (
      "x.npy", npy("|u1", "()", [1]),
      ", byte 10: expected an array of images or labels, found a single number. Save the array again with numpy.save."
    ),
    (
      "x.npy", npy("|u1", "(2, 3, -4)", pixels),
      ", byte 10: expected a description of one array with 'descr', 'fortran_order' and 'shape', found another. Save the array again with numpy.save."
    ),
    (
      "x.npy", Array(npy("|u1", "(2, 3, 4)", pixels).prefix(60)),
      ", byte 8: expected a header of 118 bytes, found the end of the file after 50. Save the array again with numpy.save."
    ),
    (
      "x.npy", npy("|u1", "(65536, 65536, 65536)", []),
      ", byte 10: expected fewer than 2⁴⁸ elements, found 65536×65536×65536. The file is damaged: copy it again."
    ),
    (
      "x.npy", [0x93] + Array("NUMPY".utf8) + [9, 0, 4, 0, 0, 0, 0, 0],
      ", byte 6: expected version 1, 2 or 3, found 9. Save the array again with numpy.save."
    ),
  ]

  @Test(arguments: faults.indices)
  func `faults of files are named`(index: Int) throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let fault = Self.faults[index]
    try folder.write(fault.file, to: fault.name)
    #expect(try folder.failure(fault.name) == fault.name + fault.message)
  }

  @Test func `verification finds what only reading would`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let whole = gzip(idx(8, [2, 100, 100], (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }))
    // The first kilobyte, by which files are recognised, is as it was.
    var changed = whole
    changed[whole.count - 20] ^= 1
    try folder.write(whole, to: "whole-idx3.gz")
    try folder.write(changed, to: "changed-idx3.gz")
    try folder.write(npy("<f4", "(1, 1, 2)", floats([0.5, -1])), to: "low.npy")
    for (name, problem) in [("whole-idx3.gz", ""), ("changed-idx3.gz", ""), ("low.npy", "found -1.0 (byte 132)")] {
      let checks = try folder.files(name).verify().filter { !$0.isGood }
      #expect(checks.count == (name == "whole-idx3.gz" ? 0 : 1), "\(name): \(checks)")
      #expect(checks.allSatisfy { $0.result.hasSuffix(problem) }, "\(checks)")
    }
  }

  @Test func `a compressed file holds no more than it says`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(gzip(idx(8, [2, 3, 4], Self.pixels + [UInt8](repeating: 0, count: 100_000))), to: "more-idx3.gz")
    #expect(try folder.failure("more-idx3.gz").contains("expected at most 40 bytes after decompression, found more"))
    try folder.write(gzip(idx(8, [60_000, 280, 280], Self.pixels)), to: "large-idx3.gz")
    #expect(
      try folder.failure("large-idx3.gz")
        == "large-idx3.gz: expected 4704000016 bytes for 60000×280×280 elements of uint8, found 63 compressed bytes, "
        + "which hold less. The file is truncated or damaged: download it again.")
    try folder.write(gzip(idx(8, [2, 3, 4], Array(Self.pixels.prefix(5)))), to: "less-idx3.gz")
    #expect(
      try folder.failure("less-idx3.gz")
        == "less-idx3.gz: expected 40 bytes after decompression, found 21. The file is truncated: download it again.")
    try folder.write(Array(gzip(idx(8, [2, 3, 4], Self.pixels)).dropLast(9)), to: "cut-idx3.gz")
    #expect(try folder.failure("cut-idx3.gz").hasPrefix("cut-idx3.gz, byte "))
  }

  @Test(
    arguments: [
      ([0x80, 4, 0x95, 0], "a pickle of Python, which can run any program"),
      (Array("MATLAB 5.0 MAT-file".utf8), "a file of MATLAB"), ([0x50, 0x4B, 3, 4, 0], "a ZIP archive (.npz is one)"),
      ([UInt8](repeating: 0x61, count: 257) + Array("ustar  ".utf8), "a tar archive"),
      (gzip([UInt8](repeating: 0x61, count: 257) + Array("ustar  ".utf8)), "a tar archive, compressed"),
      ([0x89] + Array("HDF".utf8), "an HDF5 file"), (Array("PAR1".utf8), "a Parquet file"),
    ] as [([UInt8], String)])
  func `other files are called by their names`(bytes: [UInt8], kind: String) throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(bytes, to: "data_batch_1")
    for name in ["", "data_batch_1"] {
      #expect(try folder.failure(name).hasPrefix("data_batch_1, byte 0: expected images, found \(kind). "))
    }
  }
}
