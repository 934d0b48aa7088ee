import Basics
import Datasets
import Testing

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
