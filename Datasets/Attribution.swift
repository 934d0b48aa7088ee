/// Whose work a data set is and how it may be used.
public struct Attribution: Sendable, Hashable {
  /// The data set's name in the literature.
  public let title: String
  /// Authors and year.
  public let authors: String
  /// Where it comes from, and in what form it is here.
  public let source: String
  /// The licence, such as `CC BY 4.0`.
  public let licence: String
}
