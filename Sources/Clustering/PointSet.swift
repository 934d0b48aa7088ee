import Basics

/// The points of a clustering problem and the passes over them, each spread over cores.
///
/// A pass is cut into pieces by the sizes of the problem alone. A piece writes only its own points or clusters, and
/// whatever is summed is summed in the order of the points, so no pass depends on the number of threads.
struct PointSet {
  /// n × d, row-major; must outlive this value.
  let values: UnsafePointer<Float>
  /// n
  let count: Int
  /// d
  let dimensions: Int
  let cores: Cores

  /// The operations of one piece, some 100 µs of work: less is not worth waking a core for.
  var pieceSize = 1 << 20
  /// The points that meet a group of centers before the next group is loaded.
  private static let tile = 16

  subscript(point: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: values + point * dimensions, count: dimensions)
  }

  /// Calls `body` with consecutive ranges that make up 0..<`items`, each item worth `cost` operations; all but the last
  /// have `atLeast` items or more.
  private func spread(_ items: Int, cost: Int, atLeast: Int = 1, _ body: (Range<Int>) -> Void) {
    let length = max(atLeast, pieceSize / max(1, cost))
    let pieces = (items + length - 1) / length
    cores.run(pieces) { piece, _ in
      body(piece * length..<min((piece + 1) * length, items))
    }
  }

  /// Finds the nearest center of every point, the lowest index among equals.
  ///
  ///                    4 centers → 4 centers → …    a group of centers stays in the L1 or L2 cache
  ///     16 points  ↓       ×            ×            while the points of a tile pass by it,
  ///     16 points  ↓                                 and the tile stays in L2 for the next group
  ///
  /// - Parameters:
  ///   - centers: k × d, row-major.
  ///   - labels: n; receives the index of the nearest center.
  ///   - distances: n; receives the squared distance from it.
  func assign(to centers: [Float], labels: inout [Int], distances: inout [Float]) {
    let clusters = centers.count / dimensions
    centers.withUnsafeBufferPointer { centers in
      labels.withUnsafeMutableBufferPointer { labels in
        distances.withUnsafeMutableBufferPointer { distances in
          let centers = centers.baseAddress!, labels = labels.baseAddress!, distances = distances.baseAddress!
          spread(count, cost: clusters * dimensions, atLeast: Self.tile) { range in
            var first = range.lowerBound
            while first < range.upperBound {
              let tile = first..<min(first + Self.tile, range.upperBound)
              assignTile(tile, centers, clusters, labels, distances)
              first = tile.upperBound
            }
          }
        }
      }
    }
  }

  private func assignTile(
    _ tile: Range<Int>, _ centers: UnsafePointer<Float>, _ clusters: Int, _ labels: UnsafeMutablePointer<Int>,
    _ distances: UnsafeMutablePointer<Float>
  ) {
    let d = dimensions
    var point = tile.lowerBound
    while point < tile.upperBound {
      distances[point] = .infinity
      labels[point] = 0
      point += 1
    }
    var center = 0
    while center + 4 <= clusters {
      point = tile.lowerBound
      while point < tile.upperBound {
        let four = squaredDistances(values + point * d, fourCenters: centers + center * d, d)
        var j = 0
        while j < 4 {
          if four[j] < distances[point] {
            distances[point] = four[j]
            labels[point] = center + j
          }
          j += 1
        }
        point += 1
      }
      center += 4
    }
    while center < clusters {
      point = tile.lowerBound
      while point < tile.upperBound {
        let distance = squaredDistance(values + point * d, centers + center * d, d)
        if distance < distances[point] {
          distances[point] = distance
          labels[point] = center
        }
        point += 1
      }
      center += 1
    }
  }

  /// Lowers `distances[i]` to the squared distance between point i and point `center` where that is smaller.
  func lower(_ distances: inout [Float], toCenter center: Int) {
    distances.withUnsafeMutableBufferPointer { distances in
      let distances = distances.baseAddress!, d = dimensions
      spread(count, cost: d) { range in
        var i = range.lowerBound
        while i < range.upperBound {
          distances[i] = min(distances[i], squaredDistance(values + i * d, values + center * d, d))
          i += 1
        }
      }
    }
  }

  /// Moves each center that has a point to the mean of its points, summed in Double in the order of the points.
  ///
  /// - Parameters:
  ///   - centers: k × d, row-major.
  ///   - labels: the cluster of each point, 0..<k.
  /// - Returns: the sum over centers of the squared distance moved.
  func moveToMeans(_ centers: inout [Float], labels: [Int]) -> Double {
    let clusters = centers.count / dimensions, d = dimensions
    // The points of cluster j, ascending, are members[starts[j]..<starts[j + 1]].
    var starts = [Int](repeating: 0, count: clusters + 1)
    for label in labels { starts[label + 1] += 1 }
    for cluster in 0..<clusters { starts[cluster + 1] += starts[cluster] }
    var next = starts
    var members = [Int](repeating: 0, count: count)
    for (point, label) in labels.enumerated() {
      members[next[label]] = point
      next[label] += 1
    }
    var movements = [Double](repeating: 0, count: clusters)
    centers.withUnsafeMutableBufferPointer { centers in
      movements.withUnsafeMutableBufferPointer { movements in
        let centers = centers.baseAddress!, movements = movements.baseAddress!
        spread(clusters, cost: count / clusters * d) { range in
          withUnsafeTemporaryAllocation(of: Double.self, capacity: d) { sum in
            for cluster in range where starts[cluster] < starts[cluster + 1] {
              sum.initialize(repeating: 0)
              for member in starts[cluster]..<starts[cluster + 1] {
                add(values + members[member] * d, to: sum.baseAddress!, d)
              }
              let size = Double(starts[cluster + 1] - starts[cluster])
              let center = centers + cluster * d
              for i in 0..<d {
                let mean = Float(sum[i] / size)
                let step = Double(mean) - Double(center[i])
                movements[cluster] += step * step
                center[i] = mean
              }
            }
          }
        }
      }
    }
    return movements.reduce(0, +)
  }

  /// The variance of a coordinate over the points, averaged over the coordinates.
  func meanVariance() -> Double {
    var mean = [Float](repeating: 0, count: dimensions)
    var labels = [Int](repeating: 0, count: count)
    var distances = [Float](repeating: 0, count: count)
    _ = moveToMeans(&mean, labels: labels)
    assign(to: mean, labels: &labels, distances: &distances)
    return KMeans.sum(distances) / Double(count) / Double(dimensions)
  }
}
