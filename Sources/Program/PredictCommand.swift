import Basics
import Datasets
import Foundation
import Imaging
import Interchange
import Kernels
import Training

extension Subcommand {
  /// `secu predict`: tells the cluster of each image.
  static let predict = Subcommand(
    name: "predict", summary: "Tell the cluster of each image",
    abstract: """
      Prints a line for each image, as CSV: its file (or its number in a data set), its cluster, the confidence (0 to 1) and the next \
      best cluster. Images may have any size. Folders are looked through with all that lies below them; files are read some at a \
      time, so that there may be any number. Image files that can't be read are told, each with the reason, and left out, and the exit \
      code is then 65.
      """,
    groups: [
      .init(
        "prediction", model, data, split, images, head, jsonLines, sortInto, FolderOptions.memory, FolderOptions.strict,
        threads, json)
    ],
    operands: "file|folder …",
    examples: [
      .init(purpose: "New files", command: "secu predict --model runs/birds-1 new/ one.jpg > clusters.csv"),
      .init(
        purpose: "Copies of them, a folder for each cluster",
        command: "secu predict --model runs/birds-1 new/ --sort-into sorted"),
      .init(
        purpose: "Three images of the run's data set", command: "secu predict --model runs/digits-1 --images 0,17,1796"),
    ], run: { values, output in try PredictCommand(values, output).run() })

  fileprivate static let data = Option.path(
    "data", "name|path",
    help: "The images, if no files are named: a data set that 'secu data' lists, or a file or folder."
  ).showing(default: "the run's own")
  fileprivate static let split = Option.splits(help: "The part of the data set.").showing(
    default: "the run's own, or the usual one")
  fileprivate static let images = Option.integers(
    "images", "i,i,…", count: 1...100_000, in: 0...Int.max, help: "The numbers of the images, from 0."
  ).showing(
    default: "all")
  fileprivate static let head = Option.integer(
    "head", in: 0...99, help: "The head to judge by, counted from 0."
  ).showing(default: usualHead)
  fileprivate static let jsonLines = Option.flag(
    "json-lines", help: "Print a line of JSON for each image instead of CSV.")
  fileprivate static let sortInto = Option.path(
    "sort-into", "folder",
    help:
      "Also copy each file to the sub-folder of its cluster in this folder, which is made and must lie outside the folders that are looked through. No file is moved or replaced: where a name is taken, a number is added."
  )
}

private struct PredictCommand {
  let values: ParsedOptions
  let output: Output
  let engine: Engine
  let model: TrainedModel

  /// One image's result: of a file, or of an image that has a number.
  private struct Line: Encodable {
    var image: Int?
    var file: String?
    var cluster: Int
    var confidence: Float
    var second: Int
  }

  private struct Predictions: Encodable {
    var data: String
    var head: Int
    var clusters: Int
    var predictions: [Line]
    var left_out: [LeftOutFile]
  }

  init(_ values: ParsedOptions, _ output: Output) throws {
    self.values = values
    self.output = output
    let folder = try RunFolder.open(URL(fileURLWithPath: values[Subcommand.model]))
    engine = try Subcommand.engine(values)
    model = try TrainedModel(folder, engine: engine)
    if values[Subcommand.jsonLines], output.isJSON {
      throw SeCuError(.usage, "given together with --json", at: "--json-lines", remedy: "Give one of them")
    }
  }

  func run() throws {
    if !values.operands.isEmpty {
      if let option = values.firstGiven(of: [Subcommand.data, Subcommand.split, Subcommand.images]) {
        throw SeCuError(
          .usage, "given together with files", at: option.spelling, remedy: "Give one or the other")
      }
      return try predict(files: values.operands.map(Platform.throughLinks))
    }
    let name = values[Subcommand.data] ?? model.settings.data
    if values[Subcommand.images] == nil {
      if let given = values[Subcommand.data], values[Subcommand.split] == nil, ImageFormat.ofFile(at: given) != nil {
        return try predict(files: [given])
      }
      if let folder = try Subcommand.imageFolder(name, values[Subcommand.split]) {
        return try predict(files: [folder])
      }
    } else if values[Subcommand.sortInto] != nil {
      throw SeCuError(
        .usage, "given together with --images", at: "--sort-into", remedy: "Leave --images out, or name the files")
    }
    guard values[Subcommand.sortInto] == nil else {
      throw SeCuError(
        .usage, "there are no files to sort in \(name)", at: "--sort-into", remedy: "Name files or a folder")
    }
    try predict(dataSet: name)
  }

  // MARK: - Files

  /// Images that are decoded before the network looks at them.
  private static let batch = 256

  private func predict(files operands: [String]) throws {
    let files = try ImageFiles(operands, cores: engine.cores)
    let head = values[Subcommand.head] ?? model.evaluatedHead
    let clusters = try model.clusters(ofHead: head)
    let isStrict = values[FolderOptions.strict]
    var skipped = files.skipped
    if isStrict, let first = skipped.first(where: { $0.kind == .unreadable }) { throw first.refusal }
    guard !files.paths.isEmpty || skipped.contains(where: { $0.kind == .unreadable }) else {
      throw SkippedFile.noImage(at: operands.joined(separator: ", "), skipped)
    }
    let sorter = try values[Subcommand.sortInto].map {
      try FileSorter(URL(fileURLWithPath: $0), clusters: clusters, inputs: operands)
    }
    var lines: [Line] = []
    tellHead(head, clusters)
    try begin("file")
    Interruption.watch()
    struct Interrupted: Error {}
    var done = 0
    do {
      try files.eachBatch(
        of: Self.batch, side: model.settings.keptSide, channels: model.settings.network.channels,
        memory: FolderOptions.memory(values), cores: engine.cores
      ) { batch, unread in
        if Interruption.isRequested { throw Interrupted() }
        if isStrict, let first = unread.first { throw first.refusal }
        skipped += unread
        done += batch.count + unread.count
        guard batch.count > 0 else { return }
        for (file, a) in zip(batch.names, try model.evaluate(batch, head: head).assignments) {
          let line = Line(file: file, cluster: a.cluster, confidence: a.confidence, second: a.second)
          if output.isJSON { lines.append(line) } else { try write(line) }
          try sorter?.copy(file, to: a.cluster)
        }
      }
    } catch is Interrupted {
      output.messages.tell("Interrupted after \(done) of \(files.paths.count) image files\n")
    }
    try output.printJSON(
      Predictions(
        data: operands.joined(separator: ", "), head: head, clusters: clusters, predictions: lines,
        left_out: skipped.map(LeftOutFile.init)))
    if let sorter {
      output.messages.tell("\(counted(sorter.count, "file")) copied to \(printable(sorter.folder.relativePath))\n")
    }
    if done < files.paths.count { return }
    FolderOptions.tell(skipped, most: .max, output)
    let unreadable = skipped.count { $0.kind == .unreadable }
    let all = files.paths.count + files.skipped.count { $0.kind == .unreadable }
    if unreadable > 0 {
      throw SeCuError(
        .badData,
        "\(unreadable) of \(counted(all, "image file")) can't be read"
          + (unreadable < all ? "; the others have their line" : ""),
        remedy: unreadable == 1 ? "Repair or remove it" : "Repair or remove them")
    }
  }

  // MARK: - Data sets

  private func predict(dataSet name: String) throws {
    let isOwn = values[Subcommand.data] == nil
    let splits = try values[Subcommand.split] ?? (isOwn ? model.settings.split.map { try Splits($0) } : nil)
    // To read the images may take minutes.
    if let head = values[Subcommand.head] { _ = try model.clusters(ofHead: head) }
    let all = try Subcommand.images(
      name, splits, limit: nil, hasClasses: isOwn && model.settings.classFolders == true, for: model.settings, values,
      output)
    let ids = values[Subcommand.images] ?? Array(0..<all.count)
    try Subcommand.check(ids, of: all)
    let evaluation = try model.evaluate(
      ImageSubset(all, ids: ids), head: values[Subcommand.head] ?? model.head(for: all))
    let lines = zip(ids, evaluation.assignments).map {
      Line(
        image: $0, file: all.fileNames?[$0], cluster: $1.cluster, confidence: $1.confidence, second: $1.second)
    }
    try output.printJSON(
      Predictions(
        data: name, head: evaluation.head, clusters: evaluation.clusters, predictions: lines,
        left_out: LeftOutFile.all(of: all)))
    tellHead(evaluation.head, evaluation.clusters)
    try begin("image", hasFiles: all.fileNames != nil)
    for line in lines { try write(line) }
  }

  // MARK: - Lines

  private func tellHead(_ head: Int, _ clusters: Int) {
    output.messages.tell("clusters of head \(head), which has \(clusters)\n")
  }

  /// - Parameter hasFiles: whether images that have numbers have names of files too.
  private func begin(_ first: String, hasFiles: Bool = false) throws {
    if !values[Subcommand.jsonLines] {
      try output.print("\(first),cluster,confidence,second" + (hasFiles ? ",file" : ""))
    }
  }

  private func write(_ line: Line) throws {
    let text: String
    if values[Subcommand.jsonLines] {
      text = String(decoding: try JSON.line(line), as: UTF8.self)
    } else {
      let result = ["\(line.cluster)", String(format: "%.4f", line.confidence), "\(line.second)"]
      let file = line.file.map { [$0] } ?? []
      text = CSV.text([line.image.map { ["\($0)"] + result + file } ?? file + result])
    }
    // Without the end of the line, one Character though CSV has CR LF: `print` writes its own.
    try output.print(String(text.dropLast()))
  }
}
