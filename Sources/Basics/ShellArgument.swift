extension String {
  /// The text as one argument of a command that a message shows: in single quotes where a POSIX shell would take it apart.
  package var asArgument: String {
    let plain = Set("%+,-./:=@_")
    if !isEmpty, allSatisfy({ $0.isLetter || $0.isNumber || plain.contains($0) }) { return self }
    // Byte by byte, as a shell reads it: a quote with an accent above it is another Character.
    let escaped = utf8.flatMap { $0 == UInt8(ascii: "'") ? Array(#"'\''"#.utf8) : [$0] }
    return "'" + String(decoding: escaped, as: UTF8.self) + "'"
  }
}
