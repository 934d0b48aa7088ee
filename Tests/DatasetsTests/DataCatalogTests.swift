import Basics
import Datasets
import Testing

@Suite struct DataCatalogTests {
  @Test func entriesTellTheTruth() throws {
    #expect(DataCatalog.entries.map(\.name) == ["digits"])
    for entry in DataCatalog.entries {
      let images = try entry.load()
      #expect(images.name == entry.name)
      #expect(images.count == entry.count)
      #expect(images.shape == entry.shape)
      #expect(images.classNames == entry.classNames)
      #expect(!entry.attribution.licence.isEmpty)
      #expect(entry.name == entry.name.lowercased())
    }
  }

  @Test func namesAreFoundOrExplained() throws {
    #expect(try DataCatalog.entry(named: "Digits").name == "digits")
    let misspelt = try #require(throws: SeCuError.self) { try DataCatalog.entry(named: "digit") }
    #expect(misspelt.kind == .noInput)
    #expect(misspelt.place == "digit")
    #expect(misspelt.remedy == "The nearest known name is digits")
    let unknown = try #require(throws: SeCuError.self) { try DataCatalog.entry(named: "photographs") }
    #expect(unknown.remedy == "Known are digits")
  }
}
