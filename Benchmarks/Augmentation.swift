import Basics
import Imaging
import Kernels

/// `augment`: both random views of a batch by the published recipe, from pixels in memory to normalised floats.
extension Benchmark {
  static func augmentations(batch: Int) -> [Benchmark] {
    [
      augmentation("32px", .cifar10, size: 32, batch: batch),
      augmentation("96px", .stl10, size: 96, batch: batch),
    ]
  }

  /// - Parameters:
  ///   - size: height and width of the images and of the views.
  ///   - batch: images in a call, each in two views.
  private static func augmentation(_ name: String, _ recipe: Augmentation, size: Int, batch: Int) -> Benchmark {
    Benchmark("augment/\(name)", ["operation": "augment", "size": size, "batch": batch], work: .images(batch)) {
      engine in
      let shape = try ImageShape(height: size, width: size, channels: 3)
      let maker = try ViewMaker.ofNoise(name, shape, count: batch, recipe: recipe)
      let views = FloatBuffer(2 * batch * shape.count), ids = Array(0..<batch), cores = engine.cores
      var pass = 0
      return Prepared(result: views) {
        // Each call draws other crops and colours; what all of them cost evens out within a sample.
        do {
          try maker.views(of: ids, seed: 0, pass: pass, cores: cores, into: views.base)
        } catch {
          views.base[0] = .nan
        }
        pass += 1
      }
    }
  }
}

extension ViewMaker {
  /// Views of `count` images of random pixels.
  static func ofNoise(_ name: String, _ shape: ImageShape, count: Int, recipe: Augmentation) throws -> ViewMaker {
    var random = RandomStream(seed: 0, purpose: .benchmark)
    let pixels = (0..<count * shape.count).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
    return try ViewMaker(ImageSet(name: name, shape: shape, pixels: pixels), recipe: recipe)
  }
}
