extension String {
  /// The text as one argument of a command that a message shows: in single quotes where a POSIX shell would take it apart.
  package var asArgument: String {
    let plain = Set("%+,-./:=@_")
    if !isEmpty, allSatisfy({ $0.isLetter || $0.isNumber || plain.contains($0) }) { return self }
    return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }
}
