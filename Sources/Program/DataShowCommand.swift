import Basics
import Datasets
import Foundation
import Imaging
import Interchange
import Training

extension Subcommand {
  /// `secu data show`: images as a picture.
  static let dataShow = Subcommand(
    name: "data show", summary: "Write a picture of images, or of what the network sees of them",
    abstract: """
      Writes a PNG file with images of a data set in rows, and prints which they are. With --views it shows two augmented views of \
      each side by side, as the network sees them under the preset and the other settings that are given.
      """,
    groups: [.init("picture", picture, count, images, views, json)] + SettingsOptions.comparisonGroups
      + [.init("chance", SettingsOptions.seed)],
    examples: [
      .init(purpose: "Some of the built-in digits", command: "secu data show --data digits --output digits.png"),
      .init(
        purpose: "What augmentation makes of CIFAR-10",
        command: "secu data show --data cifar10 --views --output views.png"),
    ], run: { values, output in try DataShowCommand(values: values, output: output).run() })

  fileprivate static let picture = Option.path(
    "output", "file.png", help: "The picture; no file of this name may be there."
  ).required()
  fileprivate static let count = Option.integer(
    "count", in: 1...1000, help: "How many images, chosen by --seed from all."
  ).defaulting(to: 64)
  fileprivate static let images = Option.integers(
    "images", "i,i,…", count: 1...1000, in: 0...Int.max, help: "These images instead, by their numbers from 0.")
  fileprivate static let views = Option.flag("views", help: "Show two augmented views of each image.")
}

private struct DataShowCommand {
  let values: ParsedOptions
  let output: Output

  /// An image in `--json`, with its place in the picture from 0.
  private struct Shown: Encodable {
    var image: Int
    @OrNull var file: String?
    @OrNull var `class`: String?
    var row: Int
    var column: Int
  }

  private struct Summary: Encodable {
    var data: String
    var picture: String
    var width: Int
    var height: Int
    var views: Int
    var images: [Shown]
  }

  func run() throws {
    let path = values[Subcommand.picture]
    // It may be the name of one of the images.
    try checkIsFree(URL(fileURLWithPath: path))
    let settings = try SettingsOptions.resolve(values)
    let place = URL(fileURLWithPath: path).componentsWithoutLinks
    if let folder = try DataCatalog.imageFolder(settings.data),
      place.starts(with: URL(fileURLWithPath: folder).componentsWithoutLinks)
    {
      throw SeCuError.amongImages("the picture", of: folder, at: "--output", remedy: "Name a file outside")
    }
    let set = try Subcommand.images(settings, values, output)
    let ids = try chosen(set, seed: settings.seed)
    let isViews = values[Subcommand.views]
    // About as wide as high; the views of an image stay together.
    let each = isViews ? 2 : 1
    let columns = (Int((Double(ids.count * each)).squareRoot().rounded(.up)) + each - 1) / each
    try checkSize(of: ids.count * each, shownShape(set, settings), columns: columns * each)
    let pictures = isViews ? try views(of: ids, set, settings) : try plain(ids, set)
    let grid = try ImageGrid(pictures, columns: columns * each)
    try AtomicFile.create(Data(PNGEncoder.encode(grid.image)), at: URL(fileURLWithPath: path))

    let shown = ids.enumerated().map { index, id in
      Shown(
        image: id, file: set.fileNames?[id], class: Subcommand.className(id, of: set), row: index / columns,
        column: index % columns * each)
    }
    try output.printJSON(
      Summary(
        data: set.name, picture: path, width: grid.image.shape.width, height: grid.image.shape.height,
        views: isViews ? 2 : 0,
        images: shown))
    let what = isViews ? "two views of each of \(counted(ids.count, "image"))" : counted(ids.count, "image")
    try output.print(printable("\(path): \(what) of \(set.name), from left to right:"))
    for row in 0..<grid.rows {
      let names = shown.filter { $0.row == row }.map { shown in
        ["\(shown.image)", shown.file ?? shown.class].compactMap(\.self).joined(separator: " ")
      }
      try output.print(printable("row \(row + 1): \(names.joined(separator: ", "))"))
    }
  }

  private func chosen(_ set: any ImageSource, seed: UInt64) throws -> [Int] {
    if let ids = values[Subcommand.images] {
      try Subcommand.check(ids, of: set)
      return ids
    }
    guard set.count > 0 else {
      throw SeCuError(.badData, "expected images, found none", at: set.name, remedy: "Name another data set or --split")
    }
    var stream = RandomStream(seed: seed, purpose: .order)
    return Array(stream.permutation(set.count).prefix(values[Subcommand.count]).sorted())
  }

  /// Larger images, and those of many sizes, are shown as squares of so many pixels.
  private static let largestSide = 128

  /// The shape of images that are small enough to be shown as they are.
  private func smallShape(_ set: any ImageSource) -> ImageShape? {
    set.commonShape.flatMap { max($0.height, $0.width) <= Self.largestSide ? $0 : nil }
  }

  /// The shape that each image or view is shown in.
  private func shownShape(_ set: any ImageSource, _ settings: TrainingSettings) throws -> ImageShape {
    if values[Subcommand.views] {
      return try ImageShape(height: settings.network.height, width: settings.network.width, channels: set.channels)
    }
    return try smallShape(set)
      ?? ImageShape(height: Self.largestSide, width: Self.largestSide, channels: set.channels)
  }

  /// Refuses a picture that is too large for its format or for the memory, before any of it is made.
  private func checkSize(of count: Int, _ shape: ImageShape, columns: Int) throws {
    let place = values[Subcommand.images] == nil ? "--count" : "--images"
    let remedy = "Show fewer images" + (values[Subcommand.views] ? ", or smaller ones by --image-size" : "")
    let (height, width) = ImageGrid.sides(of: count, shape, columns: columns)
    let largest = ImageShape.largestDimension
    guard max(height, width) <= largest else {
      throw SeCuError(
        .usage, "a picture of \(width)×\(height) pixels has more than \(largest) on a side", at: place, remedy: remedy)
    }
    // Each value as a number and as a colour; the picture, its filtered rows, and what they are compressed to.
    let bytes = 5 * Double(count) * Double(shape.count) + 3 * Double(height * width * shape.channels)
    try Machine.checkMemory(bytes, for: "its images", at: place, remedy: remedy)
  }

  /// The images as they are; of large ones and of those of many sizes, the middle square, resized.
  private func plain(_ ids: [Int], _ set: any ImageSource) throws -> [Image] {
    if smallShape(set) != nil { return try ids.map { try set.image(at: $0) } }
    var recipe = Augmentation()
    recipe.geometry = .resizedCrop
    let maker = try ViewMaker(set, recipe: recipe, height: Self.largestSide, width: Self.largestSide)
    let values = try floats(ids.count * maker.viewShape.count) {
      try maker.cleanViews(of: ids, cores: Cores(), into: $0)
    }
    return try images(values, maker.viewShape, recipe)
  }

  private func floats(_ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Void) throws -> [Float] {
    try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      try body(base)
      initialized = count
    }
  }

  /// What normalised values look like in colours.
  private func images(_ values: [Float], _ shape: ImageShape, _ recipe: Augmentation) throws -> [Image] {
    func perChannel(_ list: [Double]) -> [Float] { (0..<shape.channels).map { Float(list[list.count == 1 ? 0 : $0]) } }
    let (mean, deviation) = (perChannel(recipe.mean), perChannel(recipe.standardDeviation))
    return try stride(from: 0, to: values.count, by: shape.count).map { first in
      try Image(
        shape: shape,
        pixels: values[first..<first + shape.count].enumerated().map { index, value in
          let channel = index % shape.channels
          return UInt8((255 * min(1, max(0, value * deviation[channel] + mean[channel]))).rounded())
        })
    }
  }

  /// Views 0 and 1 of each image, one after the other, in colours again.
  private func views(of ids: [Int], _ set: any ImageSource, _ settings: TrainingSettings) throws -> [Image] {
    try settings.checkChannels(set.channels, of: set.name)
    let maker = try ViewMaker(set, settings)
    let values = try floats(2 * ids.count * maker.viewShape.count) {
      try maker.views(of: ids, seed: settings.seed, pass: 0, cores: Cores(), into: $0)
    }
    let views = try images(values, maker.viewShape, settings.augmentation)
    return ids.indices.flatMap { [views[$0], views[ids.count + $0]] }
  }
}
