/// Clustering of images with SeCu, as a library.
///
///     import SeCu
///
///     let images = try DataCatalog.entry(named: "digits").load()      // or any ImageSource of your own
///     let trainer = try Trainer(.digits, images: images, engine: Engine())
///     try trainer.run { event in
///       if case .epochEnded(let report) = event { print(report.epoch, report.representationLoss) }
///     }
///     let clusters = try trainer.evaluate().assignments.map(\.cluster)
///
/// The public parts of the modules below are re-exported; what they share among themselves is not.
@_exported import Basics
@_exported import Clustering
@_exported import Datasets
@_exported import Imaging
@_exported import Interchange
@_exported import Kernels
@_exported import Networks
@_exported import Training
