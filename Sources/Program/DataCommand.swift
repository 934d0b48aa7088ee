import Basics
import Datasets
import Foundation
import Imaging

extension Subcommand {
  /// `secu data`: what can be clustered.
  static let dataSets = Subcommand(
    name: "data", summary: "List what can be clustered, and look at an image",
    abstract: """
      Lists the data sets that are known by name. With --data it tells more about one, and with --image it draws one of its images \
      in characters.
      """,
    groups: [.init("data", data, image, json)],
    examples: [
      .init(purpose: "Everything there is", command: "secu data"),
      .init(purpose: "The first handwritten digit", command: "secu data --data digits --image 0"),
    ], run: showData)

  fileprivate static let data = Option.string("data", "name", help: "The data set to tell about.")
  fileprivate static let image = Option.integer(
    "image", "i", in: 0...Int.max, help: "The number of an image to draw, from 0; needs --data.")

  private struct Description: Encodable {
    var name: String
    var summary: String
    var images: Int
    var height: Int
    var width: Int
    var channels: Int
    var classes: [String]
    var source: String
    var licence: String

    init(_ entry: DataCatalog.Entry) {
      (name, summary, images) = (entry.name, entry.summary, entry.count)
      (height, width, channels) = (entry.shape.height, entry.shape.width, entry.shape.channels)
      classes = entry.classNames
      (source, licence) = (entry.attribution.source, entry.attribution.licence)
    }
  }

  @Sendable
  private static func showData(_ values: ParsedOptions, _ output: Output) throws {
    guard let name = values[data] else {
      guard values[image] == nil else {
        throw SeCuError(.usage, "the data set is missing", at: "--image", remedy: "Name it with --data")
      }
      try output.printJSON(["data": DataCatalog.entries.map(Description.init)])
      for entry in DataCatalog.entries {
        try output.print("\(entry.name)  \(entry.count) images of \(entry.shape), \(entry.classNames.count) classes")
        try output.print("  \(entry.summary). \(entry.attribution.licence).")
      }
      return
    }
    let entry = try DataCatalog.entry(named: name)
    try output.printJSON(Description(entry))
    let set = try DataCatalog.find(entry.name).load()
    guard let index = values[image] else {
      try output.print("\(entry.name): \(entry.summary)")
      try output.print("\(entry.count) images of \(entry.shape)")
      let labels = set.labels ?? []
      for (label, name) in entry.classNames.enumerated() {
        try output.print("  class \(name): \(labels.count { $0 == label }) images")
      }
      let a = entry.attribution
      try output.print("\(a.title). \(a.authors). \(a.source). \(a.licence).")
      return
    }
    guard index < set.count else {
      throw SeCuError(
        .usage, "\(entry.name) has no image \(index)", at: "--image", remedy: "Its images are 0 to \(set.count - 1)")
    }
    let label = set.labels.flatMap { labels in
      entry.classNames.indices.contains(labels[index]) ? entry.classNames[labels[index]] : nil
    }
    try output.print("\(entry.name) \(index)" + (label.map { ", class \($0)" } ?? ""))
    for line in drawing(try set.image(at: index)) { try output.print(line) }
  }

  /// An image as rows of characters, two for each pixel, darker ones for larger values.
  private static func drawing(_ image: Image) -> [String] {
    let shades = Array(" .:-=+*#%@")
    let shape = image.shape
    return (0..<shape.height).map { y in
      (0..<shape.width).map { x in
        let first = (y * shape.width + x) * shape.channels
        let sum = image.pixels[first..<first + shape.channels].reduce(0) { $0 + Int($1) }
        let shade = shades[sum * (shades.count - 1) / (255 * shape.channels)]
        return String([shade, shade])
      }.joined()
    }
  }
}
