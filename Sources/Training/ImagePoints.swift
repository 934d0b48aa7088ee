import Basics
import Clustering
import Imaging
import Kernels

/// Images as points in space, one row an image: what k-means clusters.
///
/// The pixels as they are where all images have one shape and there are not too many of them, which is what papers compare with. Else clean views,
/// small ones of a random sample, so that neither the memory nor the time of k-means grows with the data.
struct ImagePoints: Sendable {
  /// n × `dimensions`, row-major.
  let values: [Float]
  let dimensions: Int
  /// The numbers of the n images, in order; nil for all of the set.
  let ids: [Int]?
  /// What the points are, such as `the 8×8×1 raw pixels of all 1797 images`.
  let text: String

  /// The most raw pixels that are clustered: 800 MB of floats. CIFAR-10 has 154 million.
  static let mostValues = 200_000_000
  /// The side of the views that are clustered in place of raw pixels, and the most images of which there are some.
  static let viewSide = 32
  static let mostViews = 20_000

  /// Pixels, scaled to 0…1.
  ///
  /// - Parameters:
  ///   - seed: of the sample.
  ///   - cores: share the work.
  /// - Throws: `SeCuError` of kind `.badData` for labels that are not one an image; what reading an image throws.
  init(pixelsOf images: any ImageSource, seed: UInt64, cores: Cores) throws {
    try images.checkLabelsAndNames()
    if let shape = images.commonShape, images.count <= Self.mostValues / shape.count {
      let room = PixelRoom()
      var values: [Float] = []
      values.reserveCapacity(images.count * shape.count)
      for id in 0..<images.count {
        try images.withPixels(at: id, in: room) { image in
          try image.check(channels: shape.channels, shape: shape, of: images.name, id: id)
          values += UnsafeBufferPointer(start: image.pixels, count: shape.count).lazy.map { Float($0) / 255 }
        }
      }
      (self.values, dimensions, ids) = (values, shape.count, nil)
      text =
        images.areReduced
        ? "the \(shape) pixels of all \(images.count) images, as they were made smaller for this run"
        : "the \(shape) raw pixels of all \(images.count) images"
      return
    }
    var recipe = Augmentation()
    recipe.geometry = .resizedCrop
    let views = try ViewMaker(images, recipe: recipe, height: Self.viewSide, width: Self.viewSide)
    let shape = views.viewShape
    let sample = images.count <= Self.mostViews ? nil : Self.sample(of: images.count, seed: seed)
    let all = sample ?? Array(0..<images.count)
    values = try [Float](unsafeUninitializedCapacity: all.count * shape.count) { values, filled in
      // Without images there is no room to point to, and nothing to write.
      if let base = values.baseAddress { try views.cleanViews(of: all, cores: cores, into: base) }
      filled = all.count * shape.count
    }
    (dimensions, ids) = (shape.count, sample)
    text =
      "the \(shape) pixels of "
      + (sample == nil
        ? "all \(images.count) images, made smaller" : "\(all.count) of the \(images.count) images, made smaller")
  }

  /// Features of all images of a set.
  init(_ features: Features) {
    (values, dimensions, ids, text) = (
      features.values, features.dimension, nil, "features of all \(features.count) images"
    )
  }

  /// The labels of these images among those of the whole set.
  func labels(_ all: [Int]) -> [Int] { ids.map { ids in ids.map { all[$0] } } ?? all }

  /// The numbers of `mostViews` images, each as likely as any other, in ascending order.
  private static func sample(of count: Int, seed: UInt64) -> [Int] {
    var stream = RandomStream(seed: seed, purpose: .sample)
    return stream.permutation(count).prefix(mostViews).sorted()
  }

  /// The memory that the points of so many images take, of `valuesPerImage` each; nil where they differ.
  static func bytes(images count: Int, valuesPerImage: Double?, channels: Int) -> Double {
    let values = valuesPerImage.map { Double(count) * $0 } ?? .infinity
    if values <= Double(mostValues) { return 4 * values }
    return 4 * Double(min(count, mostViews)) * Double(viewSide * viewSide * channels)
  }
}

/// What every run is compared with: k-means on pixels.
public struct PixelBaseline: Sendable {
  /// Nil for images without classes.
  public var scores: ClusteringScores?
  /// Images of each cluster.
  public var sizes: [Int]
  /// What was clustered, such as `the 8×8×1 raw pixels of all 1797 images`.
  public var points: String

  /// k-means++ with ten restarts on the pixels of `images`, scaled to 0…1: the raw ones where all images have one shape and there are at
  /// most 200 million in all, else those of clean views of 32×32 pixels of at most 20,000 images.
  ///
  /// - Parameters:
  ///   - seed: of the starting centers and of the choice of images.
  /// - Throws: what `KMeans.fit` throws, such as for more clusters than images; what reading an image throws.
  public init(_ images: any ImageSource, clusters: Int, seed: UInt64, cores: Cores) throws {
    let points = try ImagePoints(pixelsOf: images, seed: seed, cores: cores)
    let solution = try KMeans(clusters: clusters, seed: seed)
      .fit(points.values, dimensions: points.dimensions, cores: cores)
    sizes = clusterSizes(solution.assignments, clusters: clusters)
    scores = try images.labels.map {
      try ClusteringScores(clusterLabels: solution.assignments, classLabels: points.labels($0))
    }
    self.points = points.text
  }

  /// The baseline to print beside a run's scores: nil without classes to score it by, or with more clusters than k-means has points.
  ///
  /// - Throws: what reading an image throws.
  public static func scored(
    _ images: any ImageSource, clusters: Int, seed: UInt64, cores: Cores
  ) throws -> PixelBaseline? {
    guard images.labels != nil, clusters <= min(images.count, ImagePoints.mostViews) else { return nil }
    return try PixelBaseline(images, clusters: clusters, seed: seed, cores: cores)
  }
}
