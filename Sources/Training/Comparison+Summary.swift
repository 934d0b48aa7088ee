extension Comparison {
  /// One method's results over several seeds.
  public struct Summary: Codable, Sendable, Equatable {
    /// A score's mean over seeds and its standard deviation, that of a sample (n − 1); 0 for a single seed.
    public struct Score: Codable, Sendable, Equatable {
      /// In the score's own range.
      public var mean: Double
      /// In the unit of the mean, 0 or more.
      public var deviation: Double

      init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        (self.mean, deviation) = (mean, values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0)
      }
    }

    /// Whose results these are.
    public var method: ComparedMethod
    /// How many runs there were.
    public var runs: Int
    /// How many of them have no result because they diverged.
    public var diverged: Int
    /// Clustering accuracy; nil, as the other scores, without classes or without a run that has a result.
    public var acc: Score?
    /// Normalised mutual information.
    public var nmi: Score?
    /// Adjusted Rand index.
    public var ari: Score?
    /// Images in the smallest cluster of any run.
    public var smallest: Int?
    /// Images in the largest cluster of any run.
    public var largest: Int?
    /// Clusters without an image, the mean over runs.
    public var empty: Double?
    /// Degrees that centers turn in an epoch, the mean over runs.
    public var centerMovement: Double?
    /// The last epoch's loss, the mean over runs.
    public var loss: Double?
    /// Seconds of a run, the mean over runs.
    public var seconds: Double

    enum CodingKeys: String, CodingKey {
      case method, runs, diverged, acc, nmi, ari, smallest, largest, empty, loss, seconds
      case centerMovement = "center_movement"
    }

    /// - Parameter results: of one method; nil if there are none.
    public init?(_ results: [Result]) {
      guard let method = results.first?.method else { return nil }
      func mean(_ values: [Double]) -> Double? { Score(values)?.mean }
      self.method = method
      runs = results.count
      diverged = results.count { $0.diverged != nil }
      acc = Score(results.compactMap(\.acc))
      nmi = Score(results.compactMap(\.nmi))
      ari = Score(results.compactMap(\.ari))
      smallest = results.compactMap(\.smallest).min()
      largest = results.compactMap(\.largest).max()
      empty = mean(results.compactMap(\.empty).map(Double.init))
      centerMovement = mean(results.compactMap(\.centerMovement))
      loss = mean(results.compactMap(\.loss))
      seconds = mean(results.map(\.seconds)) ?? 0
    }
  }
}
