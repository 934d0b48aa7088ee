extension Comparison {
  /// One method's results over several seeds.
  public struct Summary: Codable, Sendable, Equatable {
    /// A score's mean over seeds and its standard deviation, that of a sample (n − 1); 0 for a single seed.
    public struct Score: Codable, Sendable, Equatable {
      public var mean: Double
      public var deviation: Double

      init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        (self.mean, deviation) = (mean, values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0)
      }
    }

    public var method: ComparedMethod
    /// How many runs there were, and how many of them have no result because they diverged.
    public var runs: Int
    public var diverged: Int
    public var acc: Score?
    public var nmi: Score?
    public var ari: Score?
    /// The smallest and the largest cluster of any run.
    public var smallest: Int?
    public var largest: Int?
    /// Means over runs: clusters without an image, degrees that centers turn in an epoch, the last epoch's loss, seconds.
    public var empty: Double?
    public var centerMovement: Double?
    public var loss: Double?
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
