import Basics
import Foundation
import Testing

@Suite struct MachineCachesTests {
  /// What a file system of its own, with these files of the first processor's caches, tells.
  private func size(_ files: [String: String]) throws -> Int? {
    let root = FileManager.default.temporaryDirectory.appending(path: "machine-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let file = root.appending(path: "sys/devices/system/cpu/cpu0/cache/\(path)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return Machine.secondLevelCache(root: root)
  }

  @Test func theSecondLevelIsFoundAmongOthers() throws {
    let files = [
      "index0/level": "1\n", "index0/type": "Data\n", "index0/size": "32K\n", "index1/level": "1\n",
      "index1/type": "Instruction\n", "index2/level": "2\n", "index2/type": "Unified\n", "index2/size": "1024K\n",
    ]
    #expect(try size(files) == 1 << 20)
  }

  @Test(arguments: ["", "K", "-5K", "1M", "many K", "99999999999999999999K", "0K"])
  func sizesThatMakeNoSenseAreNone(text: String) throws {
    #expect(try size(["index2/level": "2", "index2/type": "Unified", "index2/size": text]) == nil)
  }

  @Test func nothingIsToldWithoutFiles() throws {
    #expect(try size([:]) == nil)
    #expect(Machine.secondLevelCache >= 16 << 10)
  }
}
