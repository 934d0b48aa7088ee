import Basics
import Foundation
import Testing

@testable import Networks

@Suite struct ResNetTests {
  private static let valid = ResNet(height: 8, width: 8, channels: 1, widths: [16, 32], blocks: [1, 1], dimension: 64)

  /// A change that makes `valid` invalid, and what the error says.
  struct Mistake: CustomStringConvertible, Sendable {
    var description: String
    var place: String
    var change: @Sendable (inout ResNet) -> Void

    init(_ description: String, at place: String, _ change: @escaping @Sendable (inout ResNet) -> Void) {
      self.description = description
      self.place = place
      self.change = change
    }
  }

  static let mistakes = [
    Mistake("0 is outside 1 to 4096", at: "image size") { $0.height = 0 },
    Mistake("4097 is outside 1 to 4096", at: "image size") { $0.width = 4097 },
    Mistake("0 is outside 1 to 64", at: "channels") { $0.channels = 0 },
    Mistake("65 is outside 1 to 64", at: "channels") { $0.channels = 65 },
    Mistake("-1 is outside 1 to 16384", at: "widths") { $0.widths[1] = -1 },
    Mistake("\(Int.max) is outside 1 to 16384", at: "widths") { $0.widths[0] = .max },
    Mistake("0 is outside 1 to 1000", at: "blocks") { $0.blocks[0] = 0 },
    Mistake("\(Int.min) is outside 1 to 1000", at: "blocks") { $0.blocks[1] = .min },
    Mistake("0 is outside 1 to 16384", at: "dimension") { $0.dimension = 0 },
    Mistake("4097 is outside 1 to 4096", at: "widths") { ($0.block, $0.widths) = (.bottleneck, [4096, 4097]) },
    Mistake("0 is outside 1 to 16384", at: "predictor") { $0.predictor = 0 },
    Mistake("16385 is outside 1 to 16384", at: "predictor") { $0.predictor = 16_385 },
    Mistake(
      "an image of 8×8 pixels is too small: nothing is left of it to halve in stage 5", at: "image size"
    ) { ($0.widths, $0.blocks) = ([4, 4, 4, 4, 4], [1, 1, 1, 1, 1]) },
    Mistake(
      "an image of 1×1 pixels is too small: nothing is left of it to halve in the stem's pooling", at: "image size"
    ) { ($0.stem, $0.height, $0.width) = (.pooled, 1, 1) },
    Mistake(
      "an image of 1×1 pixels is too small: nothing is left of it to halve in the stem's convolution", at: "image size"
    ) { ($0.stem, $0.height, $0.width) = (.large, 1, 1) },
    Mistake(
      "an image of 2×1 pixels is too small: nothing is left of it to halve in the stem's pooling", at: "image size"
    ) { ($0.stem, $0.height, $0.width) = (.large, 2, 1) },
    Mistake(
      "an image of 16×16 pixels is too small: nothing is left of it to halve in stage 4", at: "image size"
    ) {
      $0 = .resNet50
      ($0.height, $0.width) = (16, 16)
    },
    Mistake("2 widths and 3 block counts", at: "widths, blocks") { $0.blocks.append(1) },
    Mistake("0 widths and 0 block counts", at: "widths, blocks") { ($0.widths, $0.blocks) = ([], []) },
    Mistake("17 widths and 17 block counts", at: "widths, blocks") {
      ($0.widths, $0.blocks) = (Array(repeating: 4, count: 17), Array(repeating: 1, count: 17))
    },
  ]

  @Test(arguments: mistakes)
  func mistakesAreNamed(mistake: Mistake) throws {
    var network = Self.valid
    mistake.change(&network)
    let error = try #require(throws: SeCuError.self) { try network.validate() }
    #expect(error.kind == .usage)
    #expect(error.place == mistake.place)
    #expect(error.problem == mistake.description)
    // The network itself refuses it with the same error.
    let refusal = try #require(throws: SeCuError.self) { try Network(network, batch: 2) }
    #expect(refusal == error)
  }

  @Test func theExtremesAreValid() throws {
    try Self.valid.validate()
    try ResNet(height: 1, width: 1, channels: 1, widths: [1], blocks: [1], dimension: 1).validate()
    try ResNet(
      height: 4096, width: 4096, channels: 64, widths: Array(repeating: 16_384, count: 13),
      blocks: Array(repeating: 1000, count: 13), dimension: 16_384
    ).validate()
    try ResNet(
      height: 4096, width: 1, channels: 64, stem: .large, block: .bottleneck, widths: Array(repeating: 4096, count: 11),
      blocks: Array(repeating: 1000, count: 11), projector: .threeLayers, dimension: 16_384, predictor: 16_384
    ).validate()
    // A row of pixels is halved along the row; pooling with padding leaves two pixels of two.
    try ResNet(height: 1, width: 8, channels: 1, widths: [1, 1, 1, 1], blocks: [1, 1, 1, 1]).validate()
    try ResNet(height: 2, width: 2, channels: 1, stem: .pooled, widths: [1, 1], blocks: [1, 1]).validate()
    for network in [ResNet.resNet18(), .resNet18STL, .resNet50] { try network.validate() }
    try ResNet.resNet18(height: 8, width: 8, channels: 1).validate()
  }

  @Test(arguments: [(0, 1), (-1, 1), (4, 0), (2, 3), (Int.max, 2)])
  func batchesThatCannotBeAreRefused(batch: Int, groups: Int) throws {
    let error = try #require(throws: SeCuError.self) { try Network(Self.valid, batch: batch, groups: groups) }
    #expect(error.kind == .usage && error.place == "batch")
  }

  /// No machine has room for these; the sizes of the larger do not even fit an Int.
  @Test(arguments: [1 << 10, 1 << 24])
  func networksThatDoNotFitAreRefused(batch: Int) throws {
    let description = ResNet(height: 4096, width: 4096, channels: 3, widths: [16_384], blocks: [1])
    let error = try #require(throws: SeCuError.self) { try Network(description, batch: batch) }
    #expect(error.kind == .usage && error.place == "network")
    #expect(error.problem.hasPrefix("batches of \(batch) images need "))
    #expect(error.remedy == "Make the batch or the network smaller")
  }

  @Test func descriptionsSurviveAJSONRoundTrip() throws {
    let data = try JSONEncoder().encode(Self.valid)
    #expect(try JSONDecoder().decode(ResNet.self, from: data) == Self.valid)
    for network in [ResNet.resNet18(), .resNet18STL, .resNet50] {
      #expect(try JSONDecoder().decode(ResNet.self, from: JSONEncoder().encode(network)) == network)
    }
  }

  private func decoded(_ text: String) throws -> ResNet {
    try JSONDecoder().decode(ResNet.self, from: Data("{\(text)}".utf8))
  }

  /// Files of the first version have no stem, block, projector and predictor.
  @Test func olderDescriptionsMeanWhatTheyMeant() throws {
    let fields = #""height":8,"width":8,"channels":1,"widths":[16,32],"blocks":[1,1],"dimension":64"#
    #expect(try decoded(fields) == Self.valid)
    #expect(throws: DecodingError.self) { try decoded(#""height":8,"width":8,"channels":1,"widths":[16]"#) }
    #expect(throws: DecodingError.self) { try decoded(fields + #","stem":1"#) }
    #expect(throws: DecodingError.self) { try decoded(fields + #","predictor":"wide""#) }
    for (field, value, known, remedy) in [
      ("stem", "smal", "small, pooled, large", "Did you mean \"small\"?"),
      ("block", "botleneck", "basic, bottleneck", "Did you mean \"bottleneck\"?"),
      ("projector", "three-layers", "twoLayers, threeLayers", "Did you mean \"threeLayers\"?"),
      ("projector", "none", "twoLayers, threeLayers", nil),
    ] {
      let error = try #require(throws: SeCuError.self) { try decoded(fields + ",\"\(field)\":\"\(value)\"") }
      #expect(error.kind == .badData && error.place == field && error.remedy == remedy)
      #expect(error.problem == "expected one of \(known), found \"\(value)\"")
    }
  }
}
