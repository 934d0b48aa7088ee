/// Clustering of images with SeCu, as a library. To learn from images, and keep the run in the folder at `url` (of Foundation):
///
///     let images = try DataCatalog.find("digits").load()              // or any ImageSource of your own
///     var settings = TrainingSettings.digits
///     settings.epochs = 12
///     let trainer = try Trainer(settings, images: images, engine: Engine())
///     let folder = try RunFolder.create(at: url)
///     let recorder = try RunRecorder(trainer, folder: folder)
///     try trainer.run(handle: recorder.handle)
///     try recorder.save(trainer.evaluate())                           // writes assignments.csv and the encoder
///
/// A run that is stopped, by `trainer.run(shouldStop:handle:)`, is kept by `recorder.save()` and goes on another day:
///
///     let trainer = try Trainer(resuming: RunFolder.open(url).readCheckpoint(), images: images, engine: Engine())
///
/// To cluster another image with that run, from the bytes of its file, a `[UInt8]`:
///
///     let model = try TrainedModel(RunFolder.open(url), engine: Engine())
///     let image = try ImageFile.decode(bytes, name: "new.png").image(channels: 1)
///     let one = try ImageSet(name: "new.png", shape: image.shape, pixels: image.pixels)
///     let cluster = try model.evaluate(one).assignments[0].cluster
///
/// The public parts of the modules below are re-exported; what they share among themselves is not. A trainer and a model are for one
/// thread at a time; an actor may own them.
@_exported import Basics
@_exported import Clustering
@_exported import Datasets
@_exported import Imaging
@_exported import Interchange
@_exported import Kernels
@_exported import Networks
@_exported import Training
