import Basics
import Datasets
import Foundation
import Imaging

extension Subcommand {
  /// `secu data`: what can be clustered.
  static let dataSets = Subcommand(
    name: "data", summary: "List what can be clustered, check files, and look at an image",
    abstract: """
      Lists the data sets that are known by name, where they can be had, and which of them are found: in the folder that the \
      environment variable SECU_DATA names, in data, and in the working directory. With --data it tells about one of them, or about \
      what a file or folder holds; with --image it draws one of its images in characters.
      """,
    groups: [.init("data", data, split, image, verify, json)],
    examples: [
      .init(purpose: "Everything there is", command: "secu data"),
      .init(purpose: "Whether the files of CIFAR-10 are whole", command: "secu data --data cifar10 --verify"),
      .init(purpose: "What a folder holds", command: "secu data --data ~/downloads/images"),
      .init(purpose: "The first handwritten digit", command: "secu data --data digits --image 0"),
    ], run: { values, output in try DataCommand(values: values, output: output).run() })

  fileprivate static let data = Option.path(
    "data", "name|path", help: "A data set, or a file or folder, to tell about.")
  fileprivate static let split = Option.splits(help: "The part of the data set.").showing(
    default: "the one for training")
  fileprivate static let image = Option.integer(
    "image", "i", in: 0...Int.max, help: "The number of an image to draw, from 0; needs --data.")
  fileprivate static let verify = Option.flag(
    "verify",
    help:
      "Check files that are found: numbers, labels, sizes of classes, and the checksums of archives that lie beside them."
  )
}

private struct DataCommand {
  let values: ParsedOptions
  let output: Output

  func run() throws {
    guard let name = values[Subcommand.data] else {
      if let option = values.firstGiven(of: [Subcommand.image, Subcommand.split]) {
        throw SeCuError(
          .usage, "the data set is missing", at: option.spelling, remedy: "Name it with --data")
      }
      return try list()
    }
    if let path = try DataCatalog.imageFolder(name) { return try tell(folder: path) }
    if values[Subcommand.image] != nil, values[Subcommand.verify] {
      throw SeCuError(.usage, "given together with --image", at: "--verify", remedy: "Give one of them")
    }
    let files = try Subcommand.files(name)
    for warning in files.warnings { output.messages.tell("Warning: \(printable(warning)).\n") }
    if let index = values[Subcommand.image] { return try draw(index, of: files) }
    try tell(files)
  }

  // MARK: - All

  /// A known data set in `--json`.
  private struct Listed: Encodable {
    struct Archive: Encodable {
      var address: String
      var bytes: Int
      var md5: String
    }

    var name: String
    var summary: String
    var images: [String: Int]
    var height: Int
    var width: Int
    var channels: Int
    var classes: [String]
    var source: String
    var licence: String
    var archives: [Archive]
    /// Where its files are; null if they are not found or damaged, which `problem` tells.
    @OrNull var path: String?
    @OrNull var problem: String?
    @OrNull var checks: [Check]?
  }

  private struct Check: Encodable {
    var subject: String
    var result: String
    var good: Bool
  }

  private func list() throws {
    var listed: [Listed] = [], damaged: [String] = [], failures = 0
    for (index, entry) in DataCatalog.entries.enumerated() {
      let counts = (Split.allCases.map(Optional.some) + [nil]).compactMap { split in
        entry.counts[split].map { (split?.rawValue ?? "all", $0) }
      }
      var problem: String?, files: DataFiles?, checks: [DataCheck]?
      do {
        files = try DataCatalog.find(entry.name)
        if values[Subcommand.verify] { checks = try (files?.verify() ?? []) + DataCatalog.verifyArchives(of: entry) }
      } catch let error as SeCuError {
        files = nil
        problem = error.kind == .noInput ? error.problem : error.description
        if error.kind != .noInput { damaged.append(entry.name) }
      }
      failures += checks?.count { !$0.isGood } ?? 0
      listed.append(
        Listed(
          name: entry.name, summary: entry.summary, images: Dictionary(uniqueKeysWithValues: counts),
          height: entry.shape.height, width: entry.shape.width, channels: entry.shape.channels,
          classes: entry.classNames,
          source: entry.attribution.source, licence: entry.attribution.licence,
          archives: entry.archives.map { .init(address: $0.address, bytes: $0.bytes, md5: $0.md5) }, path: files?.path,
          problem: problem, checks: checks.map(Self.checks)))
      // Another name for the images, labels or splits of a data set that was told about already.
      let isAlias = DataCatalog.entries[..<index].contains { $0.archives == entry.archives && !entry.archives.isEmpty }
      let images = counts.map { $0.0 == "all" ? "\($0.1)" : "\($0.1) \($0.0)" }.joined(separator: ", ")
      try output.print("\(entry.name): \(images) images of \(entry.shape), \(entry.classNames.count) classes")
      try output.print("  \(entry.summary).\(isAlias ? "" : " Licence: \(entry.attribution.licence).")")
      if let files { try output.print("  found: \(printable(files.path ?? files.format))") }
      if let problem, !isAlias {
        let sentence = problem.hasSuffix(".") ? String(problem.dropLast()) : problem
        try output.print("  \(printable(sentence)); it can be had at")
      }
      if files == nil, !isAlias {
        for archive in entry.archives {
          try output.print("    \(archive.address)  \(archive.sizeText), MD5 \(archive.md5)")
        }
      }
      for check in checks ?? [] { try output.print("  \(Self.text(check))") }
    }
    try output.printJSON(["data": listed])
    guard damaged.isEmpty else {
      throw SeCuError(
        .badData, "the files of \(damaged.joined(separator: ", ")) are damaged",
        remedy: "Download them again and unpack them")
    }
    try refuse(failures)
  }

  private static func checks(_ checks: [DataCheck]) -> [Check] {
    checks.map { Check(subject: $0.subject, result: $0.result, good: $0.isGood) }
  }

  private static func text(_ check: DataCheck) -> String {
    "\(check.isGood ? "ok   " : "WRONG") \(printable(check.subject)): \(check.result)"
  }

  /// A script should notice that a check failed.
  private func refuse(_ failures: Int) throws {
    if failures > 0 {
      throw SeCuError(
        .badData, "\(failures) of the checks failed", at: "--verify", remedy: "Download the files again and unpack them"
      )
    }
  }

  // MARK: - One

  /// What `--data` tells as JSON.
  private struct Described: Encodable {
    struct Part: Encodable {
      var images: Int
      /// Images in each class; null without labels.
      @OrNull var class_sizes: [Int]?
    }

    var name: String
    var format: String
    @OrNull var path: String?
    @OrNull var known_as: String?
    var height: Int
    var width: Int
    var channels: Int
    @OrNull var classes: [String]?
    /// By split; `all` where there are none.
    var splits: [String: Part]
    /// What is used where no split is named.
    @OrNull var split: String?
    @OrNull var source: String?
    @OrNull var licence: String?
    var warnings: [String]
    @OrNull var checks: [Check]?
  }

  private func tell(_ files: DataFiles) throws {
    let chosen: [Split?] = values[Subcommand.split]?.parts ?? (files.splits.isEmpty ? [nil] : files.splits)
    let entry = files.entry
    try output.print("\(printable(files.name)): \(files.format), images of \(files.shape)")
    if let path = files.path { try output.print("in \(printable(path))") }
    let checks = values[Subcommand.verify] ? try files.verify() + (entry.map(DataCatalog.verifyArchives) ?? []) : nil
    for check in checks ?? [] { try output.print(Self.text(check)) }
    var parts: [String: Described.Part] = [:]
    for split in chosen {
      let images = try files.count(split.map { Splits($0) })
      // What is wrong with labels, a check has told.
      let sizes = checks == nil ? try files.classSizes(of: split) : try? files.unjudged.classSizes(of: split)
      let title = split.map { "\($0)" } ?? "all"
      parts[title] = .init(images: images, class_sizes: sizes)
      let isUsual = split.map { files.usualSplits?.parts.contains($0) ?? false } ?? false
      let isWrong = (checks ?? []).contains { $0.subject == title && !$0.isGood }
      let remarks = (sizes == nil && !isWrong ? ", no labels" : "") + (isUsual ? " (used if no split is named)" : "")
      try output.print("\(title): \(counted(images, "image"))\(remarks)")
      for (label, size) in (sizes ?? []).enumerated() {
        try output.print(
          "  class \(printable(Subcommand.className(of: label, in: files.classNames))): \(counted(size, "image"))")
      }
    }
    if let a = entry?.attribution { try output.print("\(a.title). \(a.authors). \(a.source). Licence: \(a.licence).") }
    try output.printJSON(
      Described(
        name: files.name, format: files.format, path: files.path, known_as: files.entryName, height: files.shape.height,
        width: files.shape.width, channels: files.shape.channels, classes: files.classNames, splits: parts,
        split: files.usualSplits?.description, source: entry?.attribution.source, licence: entry?.attribution.licence,
        warnings: files.warnings, checks: checks.map(Self.checks)))
    try refuse(checks?.count { !$0.isGood } ?? 0)
  }

  // MARK: - A folder of images

  /// What `--data` tells of a folder of images as JSON.
  private struct DescribedFolder: Encodable {
    var name: String
    var format: String
    var path: String
    var images: Int
    /// The median of a sample, in pixels, as the files have them.
    var shorter_side: Int
    var sub_folders: Int
  }

  private func tell(folder path: String) throws {
    if let option = values.firstGiven(of: [Subcommand.image, Subcommand.split, Subcommand.verify]) {
      throw SeCuError(
        .usage, "\(path) is a folder of images, which has no such thing", at: option.spelling,
        remedy: "See its images with 'secu data show'")
    }
    let survey = try ImageFolder.survey(path, memory: ImageFolder.usualMemory, cores: Cores())
    let name = DataCatalog.shortName(path)
    try output.printJSON(
      DescribedFolder(
        name: name, format: "folder of images", path: path, images: survey.images, shorter_side: survey.shorterSide,
        sub_folders: survey.folders))
    try output.print("\(printable(name)): a folder of images\nin \(printable(path))")
    try output.print(
      "\(counted(survey.images, "image file")), with a median shorter side of \(survey.shorterSide) pixels")
    if survey.folders > 0, survey.imagesOutside == 0 {
      try output.print(
        "\(counted(survey.folders, "sub-folder")) with images: 'secu train --class-folders' takes them for classes, for scores only"
      )
    }
  }

  // MARK: - An image in characters

  private func draw(_ index: Int, of files: DataFiles) throws {
    let splits = values[Subcommand.split]
    let (count, title) = (try files.count(splits), try files.title(splits))
    guard index < count else {
      throw SeCuError(
        .usage, "\(title) has no image \(index)", at: "--image", remedy: "Its images are 0 to \(count - 1)")
    }
    let set = try files.load(splits, limit: index + 1)
    let image = try set.image(at: index)
    try output.printJSON(
      DrawnImage(name: title, image: index, class: Subcommand.className(index, of: set), pixels: image.pixels))
    let remark = Subcommand.className(index, of: set).map { ", class \($0)" } ?? ""
    try output.print(printable("\(title) \(index)\(remark)"))
    for line in Self.drawing(image) { try output.print(line) }
  }

  private struct DrawnImage: Encodable {
    var name: String
    var image: Int
    @OrNull var `class`: String?
    var pixels: [UInt8]
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

extension Subcommand {
  /// The class of an image, by its name if it has one.
  static func className(_ index: Int, of images: any ImageSource) -> String? {
    images.labels.map { className(of: $0[index], in: images.classNames) }
  }

  /// What a class is called: by its name if it has one, else by its number.
  static func className(of label: Int, in names: [String]?) -> String {
    names.flatMap { $0.indices.contains(label) ? $0[label] : nil } ?? String(label)
  }
}
