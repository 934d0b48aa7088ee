/// A number of things, such as `1 head` or `3 passes`.
///
/// - Parameter noun: the singular.
package func counted(_ number: Int, _ noun: String) -> String {
  "\(number) \(noun)" + (number == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")
}
