import Basics
import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite struct CheckpointFileTests {
  private let file: CheckpointFile
  private let bytes: Data

  init() throws {
    file = CheckpointFile(
      version: 3, tensors: SafeTensors(tensors: ["step": try .init([Int64(7)], shape: [])], metadata: ["seed": "1"]))
    bytes = try file.serialized()
  }

  private func read(_ data: Data, newestVersion: UInt32 = 3) throws -> CheckpointFile {
    try CheckpointFile(data: data, name: "checkpoint", newestVersion: newestVersion)
  }

  @Test func layout() throws {
    let payload = try file.tensors.serialized()
    #expect(bytes.prefix(8) == Data("SeCuCkpt".utf8))
    #expect(bytes[8..<12] == Data([3, 0, 0, 0]))
    #expect(bytes[16..<24] == littleEndianBytes([UInt64(payload.count)]))
    #expect(bytes[24...] == payload)
    #expect(bytes[12..<16] == littleEndianBytes([CRC32.checksum(bytes[8..<12] + bytes[16...])]))
  }

  @Test func roundTrip() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "checkpoint")
    try file.write(to: url)
    var expected = file
    expected.tensors.metadata["format"] = "pt"
    #expect(try CheckpointFile(contentsOf: url, newestVersion: 3) == expected)
    #expect(try CheckpointFile(contentsOf: url, newestVersion: 4) == expected)
    #expect(try read((Data([9]) + bytes).dropFirst()) == expected)
    #expect(try failure { try CheckpointFile(contentsOf: folder, newestVersion: 3) }.kind == .inputOutput)
  }

  @Test func newerVersionIsKnownAsSuch() throws {
    let error = try failure { try read(bytes, newestVersion: 2) }
    #expect(error.kind == .badData)
    #expect(error.problem.contains("has version 3"))
  }

  @Test(arguments: ["PK\u{3}\u{4}", "SeCuCkpx", "{", "SeCuCkpx and more than thirty bytes of text"])
  func foreignFileIsKnownAsSuch(text: String) throws {
    let error = try failure { try read(Data(text.utf8)) }
    #expect(error.problem.hasPrefix("expected a checkpoint"))
    #expect(error.place == "checkpoint")
  }

  @Test func everyTruncationIsKnownAsSuch() throws {
    for length in 0..<bytes.count {
      #expect(try failure { try read(bytes.prefix(length)) }.problem.contains("is truncated"))
    }
  }

  @Test func everyFlippedBitIsRefused() throws {
    for bit in 0..<8 * bytes.count {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      let problem = try failure { try read(damaged) }.problem
      switch bit / 8 {
      case 0..<8: #expect(problem.hasPrefix("expected a checkpoint"))
      case 16..<24: #expect(problem.contains("is truncated") || problem.contains("is corrupted"))
      default: #expect(problem.contains("is corrupted"))
      }
    }
  }

  @Test func trailingBytesAreRefused() throws {
    #expect(try failure { try read(bytes + [0]) }.problem.contains("is corrupted"))
  }
}
