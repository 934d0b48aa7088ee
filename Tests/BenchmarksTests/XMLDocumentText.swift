import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of an XML text, counted by name; throws where it is not well formed.
struct XMLDocumentText {
  let elements: [String: Int]

  init(contentsOf url: URL) throws {
    let counter = Counter(), parser = XMLParser(data: try Data(contentsOf: url))
    parser.delegate = counter
    guard parser.parse() else { throw parser.parserError ?? CocoaError(.fileReadCorruptFile) }
    elements = counter.elements
  }

  private final class Counter: NSObject, XMLParserDelegate {
    var elements: [String: Int] = [:]

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      elements[name, default: 0] += 1
    }
  }
}
