/// How many of `labels`, each 0..<`clusters`, name each cluster: [clusters].
package func clusterSizes(_ labels: [Int], clusters: Int) -> [Int] {
  labels.reduce(into: [Int](repeating: 0, count: clusters)) { $0[$1] += 1 }
}
