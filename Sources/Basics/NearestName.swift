/// The candidate that a misspelt name most likely means, or nil when none is close.
///
/// Closeness is the number of edits between both names without regard to case. Up to a third of the longer name's
/// letters, rounded up, may be wrong, and at least one must be right. Hyphens that both begin with, as options do, are no letters.
///
/// - Returns: the first of the closest candidates, as it is spelt in `candidates`.
package func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
  let typed = name.lowercased()
  var best: (name: String, edits: Int)?
  for candidate in candidates {
    let hyphens = zip(typed, candidate).prefix { $0 == "-" && $1 == "-" }.count
    let wanted = Array(typed.dropFirst(hyphens)), letters = Array(candidate.lowercased().dropFirst(hyphens))
    let longer = max(wanted.count, letters.count)
    let tolerated = min((longer + 2) / 3, longer - 1)
    guard abs(wanted.count - letters.count) <= tolerated else { continue }
    let edits = editDistance(wanted, letters)
    if edits <= tolerated, edits < best?.edits ?? .max { best = (candidate, edits) }
  }
  return best?.name
}

/// The least number of insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`, where no
/// part is edited twice (the Damerau–Levenshtein distance in its "optimal string alignment" form).
///
/// Cost: |a| · |b| steps. Source: F. J. Damerau, "A technique for computer detection and correction of spelling
/// errors", Communications of the ACM 7 (3), 1964.
package func editDistance<Letter: Equatable>(_ a: [Letter], _ b: [Letter]) -> Int {
  // Row i holds the distances from a's first i letters to every prefix of b; a swap looks two rows back.
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in b.indices {
      var edits = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { edits = min(edits, beforeLast[j - 1] + 1) }
      row.append(edits)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
