import Basics
import Testing

@testable import Imaging

@Suite struct GzipTests {
  /// Three members: "hello " with an extra field, name, comment and header checksum; nothing; "hello hello hello" with a name.
  /// Five zeros follow.
  private static let file = bytes(
    """
    1f8b081e000000000003030078797a612e74787400686900129dcb48cdc9c9570000f6f981ed06000000
    1f8b0800000000000003030000000000000000001f8b08080000000000036200cb48cdc9c957c84090008088f9e511000000
    0000000000
    """)

  private func error(_ file: [UInt8], limit: Int = 100) throws -> SeCuError {
    let error = try failure { _ = try Gzip.decompress(file, name: "a.gz", limit: limit) }
    #expect(error.kind == .badData)
    #expect(error.place == "a.gz")
    return error
  }

  @Test func membersFollowEachOther() throws {
    #expect(Gzip.isGzip(Self.file))
    #expect(!Gzip.isGzip([0x1F]))
    let content = try Gzip.decompress(Self.file, name: "a.gz", limit: 23)
    #expect(String(decoding: content, as: UTF8.self) == "hello hello hello hello")
  }

  @Test func everyTruncationIsRefused() throws {
    // The ends of the first two members and of the third are ends of sound files.
    let whole = [42, 62, 92]
    for count in 0..<92 where !whole.contains(count) {
      let error = try error(Array(Self.file[..<count]))
      #expect(error.problem.contains("end"), "\(count): \(error)")
    }
    for count in whole { _ = try Gzip.decompress(Array(Self.file[..<count]), name: "a.gz", limit: 100) }
  }

  @Test(arguments: [
    (0, 0x20, "expected a gzip member (1F 8B), found 20 8B", 0), (2, 7, "compression method 8 (deflate), found 7", 2),
    (3, 0x3E, "header flags below 20, found 3E", 3), (24, 0x13, "the header's CRC-16 9D12, found 9D13", 24),
    (34, 0xF7, "expected the CRC-32 ED81F9F6, found ED81F9F7", 34),
    (38, 7, "expected the length 6 (modulo 2³²), found 7", 38),
    (96, 1, "expected the header of a gzip member (10 bytes), found the end of the file after 5", 92),
  ])
  func damageIsNamed(place: Int, value: Int, problem: String, byte: Int) throws {
    var file = Self.file
    file[place] = UInt8(value)
    let error = try error(file)
    #expect(error.problem.contains(problem), "\(error)")
    #expect(error.position == "byte \(byte)")
  }

  @Test func theLimitIsKept() throws {
    let error = try error(Self.file, limit: 22)
    #expect(error.problem == "expected at most 22 bytes after decompression, found more")
  }

  /// The first bytes of a file say what it is, as far as they are there.
  @Test func theHeadIsReadOfWhatIsThere() throws {
    let long = (0..<3000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
    let stream = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255] + deflate(long)
    #expect(Gzip.head(stream, count: 100) == Array(long.prefix(100)))
    #expect(Gzip.head(stream, count: 5000) == long)
    let part = Gzip.head(Array(stream.prefix(stream.count / 2)), count: 5000)
    #expect(!part.isEmpty && long.starts(with: part) && part.count < long.count)
    #expect(Gzip.head(Self.file, count: 100) == Array("hello ".utf8))
    #expect(Gzip.head(Array(Self.file.prefix(12)), count: 100).isEmpty)
    #expect(Gzip.head([], count: 100).isEmpty)
  }
}
