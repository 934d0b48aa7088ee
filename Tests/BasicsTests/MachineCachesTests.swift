import Basics
import Testing

@Suite struct MachineCachesTests {
  /// What these files of the first processor's caches tell.
  private func size(_ files: [String: String]) throws -> Int? {
    let paths = files.map { ("sys/devices/system/cpu/cpu0/cache/\($0)", $1) }
    return try withFiles(Dictionary(uniqueKeysWithValues: paths)) { Machine.secondLevelCache(root: $0) }
  }

  @Test func theSecondLevelIsFoundAmongOthers() throws {
    let files = [
      "index0/level": "1\n", "index0/type": "Data\n", "index0/size": "32K\n", "index1/level": "1\n",
      "index1/type": "Instruction\n", "index2/level": "2\n", "index2/type": "Unified\n", "index2/size": "1024K\n",
    ]
    #expect(try size(files) == 1 << 20)
    let divided = ["index3/level": "2", "index3/type": "Data", "index3/size": "256K", "index2/type": "Instruction"]
    #expect(try size(files.merging(divided) { $1 }) == 256 << 10)
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
