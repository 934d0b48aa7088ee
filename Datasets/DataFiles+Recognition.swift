import Basics
import Foundation
import Imaging

extension DataFiles {
  /// Recognises the data set that a file or folder holds, by content and sizes. Names play a part only where content can't tell:
  /// which split a file is, which labels belong to which images, what a damaged file was meant to be, and whether a file among pictures
  /// belongs to a data set. A folder of pictures in which a file of records or an array happens to lie stays a folder of pictures, unless
  /// the files are those of a known data set by their names or labels.
  ///
  /// - Parameters:
  ///   - path: of a file, or of a folder.
  ///   - levels: how far below the folder to look, where it holds no such files itself: archives unpack to sub-folders.
  /// - Returns: nil for anything else, such as a folder of image files.
  /// - Throws: `SeCuError` of kind `.noInput` for a path where nothing is; of kind `.badData` for files of a known kind that are
  ///   damaged, or for folders that hold several data sets.
  static func recognised(at path: String, levels: Int = 2) throws -> DataFiles? {
    guard try Path.isFolder(existing: path) else {
      let file = try DataFile(contentsOf: path)
      if let found = try recognised([file] + companions(of: file), only: path, at: path) { return found }
      try refuseForeign([file])
      return nil
    }
    var seen = Result { try look(into: path, levels: levels) }
    if seen.refusesPictures, FolderScan.findsPicture(below: path) {
      seen = Result { try look(into: path, levels: levels, hasPictures: true) }
    }
    let (data, hasPictures) = try seen.get()
    guard var found = data, !hasPictures || found.isOfficial else { return nil }
    found.name = URL(fileURLWithPath: path).lastPathComponent
    return found
  }

  /// The data set that `files` make up together.
  ///
  /// - Parameters:
  ///   - files: those of a folder, or one with its companions.
  ///   - only: the file whose images are wanted; nil for those of all.
  ///   - path: what was named.
  static func recognised(_ files: [DataFile], only: String? = nil, at path: String) throws -> DataFiles? {
    // Where a file lies unpacked beside its archive, the archive is not another one.
    let names = Set(files.filter { !$0.isCompressed }.map(\.name))
    let files = files.filter { !$0.isCompressed || !names.contains($0.name) }
    return try cifar(files, at: path) ?? stl(files, only: only, at: path) ?? arrays(files, only: only, at: path)
  }

  /// The data set that files in memory make up together, each with its name.
  ///
  /// - Returns: nil if they are none that is known.
  /// - Throws: `SeCuError` of kind `.badData` for files of a known kind that are damaged.
  package static func recognised(_ files: [(name: String, content: [UInt8])]) throws -> DataFiles? {
    try recognised(files.map { DataFile(path: $0.name, contents: $0.content) }, at: files.first?.name ?? "")
  }

  /// The files that may hold the labels of the images in `file`: those that are called alike in its folder.
  private static func companions(of file: DataFile) throws -> [DataFile] {
    let url = URL(fileURLWithPath: file.path)
    let name = url.lastPathComponent
    let pairs = [
      ("images-idx3", "labels-idx1"), ("images", "labels"), ("_X", "_y"), ("_x", "_y"), ("X", "y"), ("x", "y"),
    ]
    var companions: [DataFile] = []
    for (images, labels) in pairs where name.contains(images) {
      let other = name.replacingOccurrences(of: images, with: labels)
      let alternatives = [other, other.hasSuffix(".gz") ? String(other.dropLast(3)) : other + ".gz"]
      for path in alternatives.map({ url.deletingLastPathComponent().appendingPathComponent($0).relativePath })
      where Path.isPlainFile(path) {
        companions.append(try DataFile(contentsOf: path))
      }
      if !companions.isEmpty { break }
    }
    return companions
  }

  /// Says what files are that people take for a data set and that can't be read, unless there are image files among them.
  static func refuseForeign(_ files: [DataFile]) throws {
    guard !files.contains(where: { ImageFormat.detect($0.head) != nil }) else { return }
    for file in files {
      guard let (kind, remedy) = foreignKind(file) else { continue }
      throw SeCuError(.badData, "expected images, found \(kind)", at: file.path, position: "byte 0", remedy: remedy)
    }
  }

  private static func foreignKind(_ file: DataFile) -> (kind: String, remedy: String)? {
    let head = file.head
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: bytes) }
    let binary = "Download the binary version of the data set"
    if head.count > 1, head[0] == 0x80, 2...5 ~= head[1] {
      return ("a pickle of Python, which can run any program", binary + ", or save the images with numpy.save")
    }
    if begins(Array("MATLAB".utf8)) { return ("a file of MATLAB", binary) }
    if begins([0x89] + Array("HDF".utf8)) { return ("an HDF5 file", "Save the images with numpy.save") }
    if begins(Array("PAR1".utf8)) { return ("a Parquet file", "Save the images with numpy.save, or as image files") }
    if begins([0x50, 0x4B, 3, 4]) { return ("a ZIP archive (.npz is one)", "Unpack it and name the folder") }
    if begins(Array("ustar".utf8), at: 257) {
      return (
        file.isCompressed ? "a tar archive, compressed" : "a tar archive", "Unpack it and name the folder: tar -xf"
      )
    }
    return nil
  }

  private static func refuseCompressed(_ file: DataFile, _ expected: String) throws {
    guard file.isCompressed else { return }
    throw SeCuError(
      .badData, "expected \(expected), found a compressed file", at: file.path, remedy: "Unpack it: gunzip")
  }

  /// The name that images at `path` have.
  private static func name(of path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }
}

// MARK: - CIFAR

extension DataFiles {
  private static func cifar(_ files: [DataFile], at path: String) throws -> DataFiles? {
    var found: [(file: DataFile, version: CIFARFile.Version)] = []
    for file in files {
      guard let version = try CIFARFile.version(of: file) ?? CIFARFile.customaryVersion(of: file.name) else { continue }
      try check(file, version)
      found.append((file, version))
    }
    guard let version = found.first?.version else { return nil }
    if let other = found.first(where: { $0.version != version }) {
      throw SeCuError(
        .badData, "expected one data set, found \(version.rawValue) and \(other.version.rawValue)", at: path,
        remedy: "Name one of the files, or put them in folders of their own")
    }
    let parts = found.map { CIFARFile($0.file, version) }
    return DataFiles(
      name: name(of: path), entryName: version.entryName,
      format: "\(version.rawValue), binary version", path: path,
      shape: try ImageShape(height: 32, width: 32, channels: 3),
      classNames: version == .cifar10 ? CIFARNames.ten : CIFARNames.hundred,
      usualSplits: Splits(parts.contains { $0.split == .train } ? .train : .test), parts: parts)
  }

  private static func check(_ file: DataFile, _ version: CIFARFile.Version) throws {
    let (records, rest) = file.size.quotientAndRemainder(dividingBy: version.recordLength)
    try refuseCompressed(file, "records of \(version.rawValue)")
    guard file.size > 0, rest == 0 else {
      throw SeCuError(
        .badData,
        "expected records of \(version.recordLength) bytes (\(version.rawValue)), found \(file.size) bytes: "
          + "\(records) records and \(rest) bytes more",
        at: file.path, position: "byte \(records * version.recordLength)",
        remedy: "The file is truncated or is something else: download the archive again and unpack it")
    }
  }
}

// MARK: - STL-10

extension DataFiles {
  private static func stl(_ files: [DataFile], only: String?, at path: String) throws -> DataFiles? {
    var parts: [STLFile] = [], warnings: [String] = []
    for file in files {
      if try !STLFile.isImages(file) || CIFARFile.version(of: file) != nil || ArrayHeader.read(file) != nil {
        guard file.name.hasSuffix("_x.bin") else { continue }
        try refuseCompressed(file, "images of STL-10")
        let rest = file.size % STLFile.layout.count
        throw SeCuError(
          .badData,
          "expected images of \(STLFile.layout.count) bytes (STL-10), found \(file.size) bytes: "
            + "\(file.size / STLFile.layout.count) images and \(rest) bytes more", at: file.path,
          position: "byte \(file.size - rest)",
          remedy: STLFile.counts.values.contains(file.size)
            ? "This is the size of a file of labels: images and labels may be swapped"
            : "The file is truncated or is something else: download the archive again and unpack it")
      }
      let name = file.name
      guard !name.hasSuffix("_y.bin") else {
        throw SeCuError(
          .badData, "expected labels of STL-10, a byte each, found \(file.size) bytes, as images have", at: file.path,
          remedy: "Images and labels may be swapped: download the archive again and unpack it")
      }
      let count = file.size / STLFile.layout.count
      let split: Split? =
        name.contains("unlab")
        ? .unlabelled
        : name.contains("test")
          ? .test
          : name.contains("train")
            ? .train
            : STLFile.counts.first { $0.value == count }?.key
      let partner = name.replacingOccurrences(of: "_x.bin", with: "_y.bin")
      let labels = partner == name ? nil : files.first { $0.name == partner }
      if let labels {
        try refuseCompressed(labels, "labels of STL-10")
        guard labels.size == count else {
          throw SeCuError(
            .badData, "expected \(count) labels, a byte for each image of \(name), found \(labels.size) bytes",
            at: labels.path,
            remedy: "Download the archive again and unpack it")
        }
      }
      if labels == nil, split == .train || split == .test {
        warnings.append("\(file.path) has no labels beside it: \(partner) is missing")
      }
      if only == nil || file.path == only {
        parts.append(STLFile(file: file, labelFile: labels, split: split ?? .train))
      }
    }
    guard !parts.isEmpty else { return nil }
    let splits = Split.allCases.filter { split in parts.contains { $0.split == split } }
    return DataFiles(
      name: name(of: path), entryName: "stl10", format: "STL-10, binary version", path: path,
      shape: try ImageShape(height: 96, width: 96, channels: 3), classNames: STLFile.classNames,
      usualSplits: splits.first.map { Splits($0) }, warnings: warnings, parts: parts)
  }
}

// MARK: - Arrays: IDX and numpy

extension DataFiles {
  private static func arrays(_ files: [DataFile], only: String?, at path: String) throws -> DataFiles? {
    var images: [ArrayImages.File] = [], labels: [ArrayImages.File] = []
    for file in files {
      guard let header = try ArrayHeader.read(file) else { continue }
      let array = ArrayImages.File(file: file, header: header)
      if header.dimensions.count == 1, header.element.kind != .float {
        labels.append(array)
      } else {
        images.append(array)
      }
    }
    if let only {
      if let wrong = labels.first(where: { $0.file.path == only }) {
        throw SeCuError(
          .badData, "expected images, found an array of \(wrong.header.count) whole numbers, which may be labels",
          at: only,
          remedy: "Name the file of images, or the folder of both")
      }
      images.removeAll { $0.file.path != only }
    }
    guard !images.isEmpty else { return nil }
    let hasSeveral = images.count > 1
    let parts = try images.map { array in
      let name = array.file.name
      let named: Split? = name.contains("test") || name.contains("t10k") ? .test : name.contains("train") ? .train : nil
      return try ArrayImages(
        array, labels: partner(of: array, among: labels, hasSeveral: hasSeveral),
        split: named ?? (hasSeveral ? .train : nil))
    }
    for part in parts where part.shape != parts[0].shape {
      throw SeCuError(
        .badData, "expected images of \(parts[0].shape), as in \(parts[0].images.file.path), found \(part.shape)",
        at: part.images.file.path, remedy: "Name one of the files")
    }
    let isIDX = !(images[0].file.head.first == 0x93)
    let known = try knownDigits(parts)
    return DataFiles(
      name: name(of: path), entryName: known?.name, format: isIDX ? "IDX" : "numpy array", path: path,
      shape: parts[0].shape, classNames: known?.classNames,
      usualSplits: parts.contains { $0.split == .train }
        ? Splits(.train) : parts.compactMap(\.split).first.map { Splits($0) },
      warnings: isSwapped(images, labels) ? ["the names of the files of images and labels are swapped in \(path)"] : [],
      parts: parts)
  }

  /// The labels of `images`: of the files with as many, the one that is called most like it.
  private static func partner(
    of images: ArrayImages.File, among labels: [ArrayImages.File], hasSeveral: Bool
  ) throws -> ArrayImages.File? {
    let fitting = labels.filter { $0.header.count == images.header.dimensions[0] }
    func likeness(_ other: ArrayImages.File) -> Int {
      zip(images.file.name, other.file.name).prefix { $0 == $1 }.count
    }
    if let partner = fitting.max(by: { likeness($0) < likeness($1) }) { return partner }
    guard let other = labels.first, !hasSeveral || labels.count == 1 else { return nil }
    throw SeCuError(
      .badData,
      "expected \(images.header.dimensions[0]) labels, one for each image of \(images.file.name), found \(other.header.count)",
      at: other.file.path, remedy: "Put the files that belong together in a folder of their own")
  }

  private static func isSwapped(_ images: [ArrayImages.File], _ labels: [ArrayImages.File]) -> Bool {
    images.contains { $0.file.name.contains("labels") } && labels.contains { $0.file.name.contains("images") }
  }

  /// The known data set of handwritten digits or the like that `parts` are, as their first labels tell.
  private static func knownDigits(_ parts: [ArrayImages]) throws -> DataCatalog.Entry? {
    for part in parts where part.count >= 10 && part.hasLabels {
      guard let split = part.split, let labels = try part.labels(10) else { continue }
      if let entry = DataCatalog.entries.first(where: { $0.firstLabels[split] == labels && $0.shape == part.shape }) {
        return entry
      }
    }
    return nil
  }
}
