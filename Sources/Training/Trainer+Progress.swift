extension Trainer {
  /// Where a run stands between two steps, apart from weights and labels.
  package struct Progress: Codable, Equatable {
    /// The next step's epoch, from 0; the number of epochs in a run that has ended.
    package var epoch = 0
    /// The next step's place in its epoch, from 0.
    package var step = 0
    /// ℓ_x, and in self-labelling its loss, summed over the steps of this epoch.
    package var representationLoss = 0.0
    /// ℓ_w likewise.
    package var centerLoss = 0.0
    /// Labels of the evaluated head that changed in this epoch.
    package var labelsMoved = 0
    /// Seconds of training so far.
    package var seconds = 0.0
    /// Those of them in which a batch's views were made; nil in older checkpoints.
    package var viewSeconds: Double? = 0
    /// In self-labelling, how often an image of each cluster of the evaluated head was kept in this epoch, [K].
    package var keptIn: [Int]?
    /// In self-labelling, the highest probability of any label in this epoch, 0 to 1.
    package var highest: Float?
    /// Whether, in self-labelling, an epoch went by in which no image was kept, which ends the run.
    package var isExhausted: Bool?

    /// The next step as people count, from 1.
    var place: String { "epoch \(epoch + 1), step \(step + 1)" }

    /// The step before, as people count; what went wrong in the weights went wrong there.
    func placeBefore(stepsPerEpoch: Int) -> String {
      step > 0 ? "epoch \(epoch + 1), step \(step)" : epoch > 0 ? "epoch \(epoch), step \(stepsPerEpoch)" : "the start"
    }
  }
}
