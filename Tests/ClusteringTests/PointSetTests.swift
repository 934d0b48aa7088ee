import Basics
import Testing

@testable import Clustering

@Suite struct PointSetTests {
  @Test(arguments: [1, 3, 7, 8, 9, 16, 67], [1, 2, 4, 5, 11])
  func assignFindsTheNearestCenter(d: Int, k: Int) {
    let points = normals(50 * d, seed: 1), centers = normals(k * d, seed: 2)
    var labels = [Int](repeating: -1, count: 50)
    var distances = [Float](repeating: -1, count: 50)
    withPoints(points, d) { $0.assign(to: centers, labels: &labels, distances: &distances) }
    for i in 0..<50 {
      let truth = (0..<k).map { distance(row(points, i, d), row(centers, $0, d)) }
      #expect(truth[labels[i]] <= truth.min()! * (1 + 2 * tolerance(d)))
      #expect(abs(Double(distances[i]) - truth[labels[i]]) <= tolerance(d) * truth[labels[i]])
    }
  }

  @Test func equallyNearCentersGoToTheFirst() {
    var labels = [0, 0], distances: [Float] = [0, 0]
    withPoints([0, 10], 1) { $0.assign(to: [20, 1, -1, 1, 20, -1], labels: &labels, distances: &distances) }
    #expect(labels == [1, 1])
    #expect(distances == [1, 81])
  }

  @Test func centersMoveToMeansOfTheirPoints() {
    var centers: [Float] = [0, 0, 9, 9, 5, 5]
    let movement = withPoints([1, 2, 3, 4, 5, 9, 8, 8], 2) { $0.moveToMeans(&centers, labels: [0, 2, 0, 2]) }
    #expect(centers == [3, 5.5, 9, 9, 5.5, 6])
    #expect(movement == 9 + 30.25 + 0.25 + 1)
  }

  /// Of a coordinate with a variance of 1 and one with 25.
  @Test func varianceIsThatOfACoordinate() {
    #expect(withPoints([0, 0, 2, 10], 2) { $0.meanVariance() } == 13)
  }

  /// Small pieces cut every pass into many.
  @Test(arguments: [1, 2, 5], [1, 100, 1 << 20])
  func passesDoNotDependOnThreadsOrPieces(threads: Int, pieceSize: Int) {
    let n = 211, d = 5, k = 9
    let points = normals(n * d, seed: 3), start = normals(k * d, seed: 4)
    func passes(_ set: PointSet) -> ([Int], [Float], [Float], Double) {
      var labels = [Int](repeating: 0, count: n), distances = [Float](repeating: 0, count: n)
      var centers = start
      set.assign(to: centers, labels: &labels, distances: &distances)
      set.lower(&distances, toCenter: 17)
      let movement = set.moveToMeans(&centers, labels: labels)
      return (labels, distances, centers, movement)
    }
    let whole = withPoints(points, d) { passes($0) }
    let cut = withPoints(points, d, threads: threads) { set in
      var set = set
      set.pieceSize = pieceSize
      return passes(set)
    }
    #expect(cut == whole)
    #expect(whole.1[17] == 0)
  }
}
