import Basics

extension SeCuError {
  /// A run's numbers grew beyond all bounds, or are none.
  ///
  /// - Parameters:
  ///   - problem: what is not finite.
  ///   - position: the step at fault, such as `epoch 2, step 5`.
  ///   - settings: those of the run, which the remedy names.
  static func divergence(_ problem: String, at position: String, _ settings: TrainingSettings) -> SeCuError {
    SeCuError(.badData, problem, at: "training", position: position, remedy: settings.remedyForDivergence)
  }
}

extension TrainingSettings {
  /// What to do about numbers that grew beyond all bounds.
  var remedyForDivergence: String {
    let rates = selfLabelling == nil ? "rates (rate \(rate), centerRate \(centerRate))" : "rate (\(rate))"
    return "Begin a new run with lower learning \(rates) or less weight decay (\(weightDecay))"
  }
}
