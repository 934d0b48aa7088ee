import Basics
import Foundation
import Imaging
import Interchange
import Kernels

/// `decode`: all JPEG files of a folder, from bytes in memory to RGB pixels. There is such a case if the environment variable `SECU_JPEGS` names
/// the folder.
extension Benchmark {
  /// The environment variable that names the folder.
  static let decodedFolder = "SECU_JPEGS"

  static func decodings(
    of folder: String? = ProcessInfo.processInfo.environment[decodedFolder]
  ) -> [Benchmark] {
    guard let folder, let names = FileManager.default.enumerator(atPath: folder) else { return [] }
    let files = names.compactMap { $0 as? String }.filter { file in
      var isFolder: ObjCBool = false
      return ["jpg", "jpeg"].contains((file as NSString).pathExtension.lowercased())
        && FileManager.default.fileExists(atPath: "\(folder)/\(file)", isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
    if files.isEmpty { return [] }
    // Another folder's files are another case, however many they are.
    let bytes = files.reduce(0) { sum, file in
      let size = try? URL(fileURLWithPath: "\(folder)/\(file)").resolvingSymlinksInPath().resourceValues(
        forKeys: [.fileSizeKey]
      ).fileSize
      return sum + (size ?? 0)
    }
    return [
      Benchmark(
        "decode/jpeg", ["operation": "decode", "images": files.count, "file_bytes": bytes], work: .images(files.count)
      ) { engine in
        let contents = try files.map { try [UInt8](FileContents.read(URL(fileURLWithPath: "\(folder)/\($0)"))) }
        let firstValues = FloatBuffer(files.count), cores = engine.cores
        // What is broken is found before it is measured.
        for (file, bytes) in zip(files, contents) { _ = try ImageFile.decode(bytes, name: file) }
        return Prepared(result: firstValues) {
          cores.run(files.count) { task, _ in
            let image = try? ImageFile.decode(contents[task], name: files[task]).image(channels: 3)
            firstValues.base[task] = image.map { Float($0.pixels[0]) } ?? .nan
          }
        }
      }
    ]
  }
}
