/// What is wrong with compressed bytes, and where. Whoever knows the file makes a `SeCuError` of it.
struct CompressionFault: Error, Sendable, Equatable {
  /// What was expected and what was found, without a final full stop.
  var problem: String
  /// The byte at fault, from the start of the compressed bytes.
  var offset: Int
}
