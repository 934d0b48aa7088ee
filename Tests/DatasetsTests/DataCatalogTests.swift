import Basics
import Testing

@testable import Datasets

@Suite struct DataCatalogTests {
  @Test func `entries are whole`() throws {
    let names = DataCatalog.entries.map(\.name)
    #expect(names.first == "digits")
    #expect(Set(names).count == names.count)
    for entry in DataCatalog.entries {
      #expect(!entry.attribution.licence.isEmpty && !entry.attribution.source.isEmpty)
      #expect(entry.name == entry.name.lowercased())
      #expect(entry.count > 0)
      #expect(Set(entry.classNames).count == entry.classNames.count)
    }
  }

  @Test func `sizes are those of all usual splits and of the files`() throws {
    #expect(try DataCatalog.entry(named: "stl10-train-test").count == 13_000)
    #expect(try DataCatalog.entry(named: "mnist").archives.map(\.sizeText) == ["9.9 MB", "29 kB", "1.6 MB", "5 kB"])
  }

  @Test func `splits with each other's sizes may be swapped`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(cifarRecords([[3], [0]]), to: "data_batch_1.bin")
    try folder.write(cifarRecords([[9]]), to: "test_batch.bin")
    let known = try DataCatalog.entry(named: "cifar10"), files = try folder.files()
    func lack(_ train: Int, _ test: Int) -> String? {
      files.incompleteness(
        DataCatalog.Entry(
          name: known.name, summary: known.summary, counts: [.train: train, .test: test], shape: known.shape,
          classNames: known.classNames, usualSplits: known.usualSplits, attribution: known.attribution, archives: [],
          folders: [], content: known.content))
    }
    #expect(lack(2, 1) == nil)
    #expect(lack(2, 3) == "1 of 3 images in test")
    #expect(lack(1, 2) == "2 of 1 images in train, 1 of 2 images in test; the files of the splits may be swapped")
  }

  @Test func `digits need no files`() throws {
    let entry = try DataCatalog.entry(named: "digits")
    let files = try DataCatalog.find("Digits")
    #expect(try files.count() == entry.count)
    let images = try files.load()
    #expect((images.name, images.count, images.shape) == ("digits", entry.count, entry.shape))
    #expect(images.classNames == entry.classNames)
    let refused = try #require(throws: SeCuError.self) { try files.load(Splits(.test)) }
    #expect(refused.description == "split: digits has no splits, found 'test'. Leave the split out.")
  }

  @Test func `in a folder for everything only a set's own files count`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let mnist = try DataCatalog.entry(named: "mnist"), pixels = [UInt8](repeating: 3, count: 7_840)
    try folder.write(idx(8, [10, 28, 28], pixels), to: "train-images.idx3-ubyte")
    try folder.write(gzip(idx(8, [10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])), to: "train-labels-idx1-ubyte.gz")
    #expect(try DataFiles.recognised(mnist, among: folder.path)?.entryName == "mnist")
    // Arrays of other shapes, records, other labels: whatever lies there.
    try folder.write(npy("|u1", "(2, 3, 4)", Array(pixels.prefix(24))), to: "mine.npy")
    try folder.write(idx(8, [3], [1, 2, 3]), to: "labels-idx1-ubyte")
    try folder.write([1, 2, 3], to: "train.bin")
    for i in 0..<100 { try folder.write([], to: "a\(i).txt") }
    let found = try #require(try DataFiles.recognised(mnist, among: folder.path))
    #expect(found.entryName == "mnist" && found.paths.count == 2)
    // Its own ones have to be sound.
    try folder.write(Array(idx(8, [10, 28, 28], pixels).dropLast()), to: "train-images.idx3-ubyte")
    #expect(throws: SeCuError.self) { try DataFiles.recognised(mnist, among: folder.path) }
    for (name, file) in [
      ("cifar10", "data_batch_3.bin"), ("cifar100", "train.bin"), ("stl10", "unlabeled_x.bin"),
      ("fashion-mnist", "t10k-labels-idx1-ubyte"),
    ] {
      let entry = try DataCatalog.entry(named: name)
      #expect(entry.owns(file) && !entry.owns("x\(file).txt") && !entry.owns("mine.npy"))
    }
  }

  @Test func namesAreFoundOrExplained() throws {
    #expect(try DataCatalog.entry(named: "Digits").name == "digits")
    let misspelt = try #require(throws: SeCuError.self) { try DataCatalog.entry(named: "digit") }
    #expect(misspelt.kind == .noInput)
    #expect(misspelt.place == "digit")
    #expect(misspelt.remedy == "The nearest known name is digits")
    let unknown = try #require(throws: SeCuError.self) { try DataCatalog.entry(named: "photographs") }
    #expect(unknown.remedy == "Known are \(DataCatalog.entries.map(\.name).joined(separator: ", "))")
  }
}
