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
    #expect(try DataFiles.recognised(mnist, among: folder.url.path)?.entryName == "mnist")
    // Arrays of other shapes, records, other labels: whatever lies there.
    try folder.write(npy("|u1", "(2, 3, 4)", Array(pixels.prefix(24))), to: "mine.npy")
    try folder.write(idx(8, [3], [1, 2, 3]), to: "labels-idx1-ubyte")
    try folder.write([1, 2, 3], to: "train.bin")
    for i in 0..<100 { try folder.write([], to: "a\(i).txt") }
    let found = try #require(try DataFiles.recognised(mnist, among: folder.url.path))
    #expect(found.entryName == "mnist" && found.paths.count == 2)
    // Its own ones have to be sound.
    try folder.write(Array(idx(8, [10, 28, 28], pixels).dropLast()), to: "train-images.idx3-ubyte")
    #expect(throws: SeCuError.self) { try DataFiles.recognised(mnist, among: folder.url.path) }
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
