extension KeyedDecodingContainer {
  /// The case whose name stands under `key`; nil where nothing does, as in files of older versions.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a name that there is not, with the nearest that there is;
  ///   `DecodingError` for what is no name.
  package func choiceIfPresent<Choice: RawRepresentable<String> & CaseIterable>(
    _ type: Choice.Type, forKey key: Key
  ) throws -> Choice? {
    guard let name = try decodeIfPresent(String.self, forKey: key) else { return nil }
    if let choice = Choice(rawValue: name) { return choice }
    let known = Choice.allCases.map(\.rawValue)
    let path = (codingPath + [key]).map(\.stringValue).joined(separator: ".")
    throw SeCuError(
      .badData, "expected one of \(known.joined(separator: ", ")), found \(name.prefix(60).debugDescription)", at: path,
      remedy: nearestName(to: name, in: known).map { "Did you mean \"\($0)\"?" })
  }
}
