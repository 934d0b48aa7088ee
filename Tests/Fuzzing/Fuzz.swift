// The decoders of images and the loaders of data sets under libFuzzer, which comes with the toolchain and is led by the branches that inputs take:
//
//     SECU_FUZZ=1 swift build -c release --product Fuzz --scratch-path .build-fuzz
//     SWIFT_BACKTRACE=enable=no .build-fuzz/release/Fuzz -runs=5000000 -timeout=10 -malloc_limit_mb=256 FOLDER
//
// FOLDER keeps the inputs that reached something new, and the run starts from those that it holds: put a few image files, IDX and
// numpy files there, each after a byte that says what it is (`Target`). The package has this target only where SECU_FUZZ is set.

import Basics
import Datasets
import Foundation
import Imaging

/// What an input is given to, by its first byte modulo the number of targets.
private enum Target: UInt8, CaseIterable {
  /// A file of any format, as it is.
  case image
  /// The same with the checksums of PNG's chunks put right, so that the damage is not found by them.
  case chunks
  /// The rows of a PNG image before compression, after 13 bytes of header.
  case rows
  case gzip
  /// A data set of one file. The next byte says how the file is called.
  case dataFile
  /// A data set of two files. The next three bytes say how they are called and, as a share, where the second begins.
  case dataFiles
}

private let limits = DecodingLimits(mostPixels: 1 << 14, mostBytes: 1 << 16)

/// libFuzzer's loop. Swift's calling convention is C's for integers and pointers.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

@main private enum Fuzz {
  static func main() {
    var (count, arguments) = (CommandLine.argc, CommandLine.unsafeArgv)
    exit(runFuzzer(&count, &arguments) { fuzzOneInput($0, $1) })
  }
}

/// Takes one input: libFuzzer's own `main`, which may be linked too, asks for it by this name. Anything but an image or a
/// `SeCuError` about the data ends the run.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0, let target = Target(rawValue: start[0] % UInt8(Target.allCases.count)) else { return 0 }
  let input = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  do {
    switch target {
    case .image: try decode(input)
    case .chunks: try decode(resealed(input))
    case .rows: try decode(png(input))
    case .gzip:
      let content = try Gzip.decompress(input, name: "fuzz", limit: limits.mostBytes)
      precondition(content.count <= limits.mostBytes)
      precondition(content.starts(with: Gzip.head(input, count: 100)))
    case .dataFile:
      guard let name = input.first else { return 0 }
      try load([(fileName(name), Array(input.dropFirst()))])
    case .dataFiles:
      guard input.count >= 3 else { return 0 }
      let content = input.dropFirst(3)
      let first = content.count * Int(input[2]) / 255
      try load([
        (fileName(input[0]), Array(content.prefix(first))), (fileName(input[1]), Array(content.dropFirst(first))),
      ])
    }
  } catch let error as SeCuError {
    precondition(error.kind == .badData || error.kind == .tooLarge, "\(error)")
  } catch {
    preconditionFailure("\(error)")
  }
  return 0
}

private func decode(_ file: [UInt8]) throws {
  let image = try ImageFile.decode(file, name: "fuzz", limits: limits)
  precondition(image.pixels.count <= limits.mostBytes)
}

private func load(_ files: [(name: String, content: [UInt8])]) throws {
  guard let found = try DataFiles.recognised(files) else { return }
  // Compressed bytes make at most so many, and each byte at most one of a pixel.
  let most = Gzip.mostExpansion * files.reduce(0) { $0 + $1.content.count }
  let images = try found.load(found.splits.isEmpty ? nil : Splits(found.splits))
  precondition(images.pixels.count <= most)
}

private func fileName(_ byte: UInt8) -> String {
  let names = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz", "images.npy", "labels.npy",
    "data_batch_1.bin", "test_batch.bin", "train.bin", "train_X.bin", "train_y.bin", "unlabeled_X.bin", "anything",
  ]
  return names[Int(byte) % names.count]
}

// MARK: - PNG

private func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

private func chunk(_ type: String, _ content: some Collection<UInt8>) -> [UInt8] {
  let body = Array(type.utf8) + content
  return bigEndian(UInt32(content.count)) + body + bigEndian(CRC32.checksum(body))
}

private func resealed(_ file: [UInt8]) -> [UInt8] {
  var file = file
  var place = 8
  while place + 12 <= file.count {
    let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length <= file.count - place - 12 else { break }
    let end = place + 8 + length
    file.replaceSubrange(end..<end + 4, with: bigEndian(CRC32.checksum(file[place + 4..<end])))
    place = end + 4
  }
  return file
}

/// A PNG file whose header and rows are the input, in a zlib stream that is stored as it is.
private func png(_ input: [UInt8]) -> [UInt8] {
  let rows = input.dropFirst(13)
  var stream: [UInt8] = [0x78, 0x01]
  var rest = rows[...]
  repeat {
    let block = rest.prefix(65_535)
    rest = rest.dropFirst(block.count)
    let length = UInt16(block.count)
    stream.append(rest.isEmpty ? 1 : 0)
    for field in [length, ~length] { stream += [UInt8(field & 255), UInt8(field >> 8)] }
    stream += block
  } while !rest.isEmpty
  var (a, b): (UInt32, UInt32) = (1, 0)
  for byte in rows {
    a = (a + UInt32(byte)) % 65_521
    b = (b + a) % 65_521
  }
  stream += bigEndian(b << 16 | a)
  let palette = (0..<48).map { UInt8($0 * 5) }
  var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  file += chunk("IHDR", input.prefix(13))
  file += chunk("PLTE", palette)
  file += chunk("IDAT", stream)
  return file + chunk("IEND", [])
}
