import Basics
import Foundation
import Interchange
import Kernels
import Testing

@testable import Imaging

/// The operations against pixels that Pillow and torchvision made: all of them to the bit.
@Suite struct PillowTests {
  /// A 5×7 image whose pixel in row y, column x, channel c is ((37 y + 59 x + 83 c + 11 x y) mod 256) / 2 + 40.
  static func image(channels: Range<Int>) throws -> Image {
    try ImagingReference.image(5, 7, channels.count) { y, x, c in
      let channel = c + channels.lowerBound
      return UInt8((37 * y + 59 * x + 83 * channel + 11 * x * y) % 256 / 2 + 40)
    }
  }

  /// Results for the image's three channels, HWC, as torchvision 0.28 and Pillow give them.
  static let colours: [(OperationCase, String)] = [
    (
      .resizedCrop(1, 2, 3, 4, to: 5, 6),
      "802a53923c6593537c566a9358826b69933c8c365f8549727761825d7a79697a637b724e9e4771725c854d778a689151836d"
        + "5697416a6359825f6f72637f607f695b766070665d863b658e527c657185448f4f626e5881456f98"
    ),
    (
      .resizedCrop(0, 0, 5, 7, to: 3, 2),
      "5e60666d60646c6e696e696d74675a6f6f69"
    ),
    (
      .brightness(1.7),
      "4489d175bcffa8ee5bd9478dff78c064abf197dd4a62aaef9ee551d9478dff82c877beffb2f966ee5ba182c8ffc6ff7aff78"
        + "c077beffbcff70ff6eb46cb2f9a1e855ef5da364abf1b2f966ff6eb475bcffc3ff77c1ff75ff86cc97dd4aee5ba16cb2f9c3"
        + "ff77ff88cf"
    ),
    (
      .contrast(1.9),
      "003b8b2474c25dab0894003fcd28781161af4a98000f5fad52a20094003fd733812676c469b813ab08563381d17fcf2acd28"
        + "782676c474c21ec01d6a1b69b856a500ad0a571161af69b813c01d6a2474c27ccb267ac824db37854a9800ab08561b69b87c"
        + "cb26de3989"
    ),
    (
      .contrast(0.3),
      "55616e5e6a776773596f5662785e6b5b67746470565a67736572576f56627a606c5e6b7769755b735966606c796c795f785e"
        + "6b5e6b776a775d765d695c6975667258735a665b677469755b765d695e6a776c785e6b785e7b616d6470567359665c69756c"
        + "785e7b616e"
    ),
    (
      .saturation(1.8),
      "0c56a22975bf539d02ac125bca2e791f6bb54993001e6ab44d9800ac125bcf357e2a76c059a408b81e67317bc765b014ca2e"
        + "792a76c05fa90ec32972246eba4f9a00b91f681f6bb559a408c329722975bf63ae1262ac11d13780499300b81e67246eba63"
        + "ae12d33782"
    ),
    (
      .hue(-0.07),
      "28727b459198878c36802a779e47953b878e7d822c3a868d808730802a77a34d9a4692998c933d8c36834d97a0989f489e47"
        + "9546929993984297418e418a938289338d37843b878e8c933d97418e459198969d46969b45a5509c7d822c8c3683418a9396"
        + "9d46a7519e"
    ),
    (
      .hue(0.4),
      "7b283098454f36428c34802a519e478e3b452c38828d3a44303a8734802a57a34d9946503d4793408c36a04d5548539f519e"
        + "47994650424e984b9741934148333d89418d378e3b453d47934b974198454f46509d45519b5aa5502c3882408c3693414846"
        + "509d5ba751"
    ),
    (
      .greyscale,
      "4a4a4a6767677676764848486666665d5d5d6c6c6c5c5c5c7171714848486b6b6b6868687d7d7d5454546f6f6f8989896666"
        + "666868688282825f5f5f6262627373735555555d5d5d7d7d7d5f5f5f6767678787878585856d6d6d6c6c6c54545462626287"
        + "87876f6f6f"
    ),
    (
      .gaussianBlur(0.6),
      "315a7f486e7b686f4c81405b834f725369745c74414069805d76517c4a57855172646c7b6a765a77525c537883717f598058"
        + "6e646d7b6f7a5f7a5f6b5a677d667f497d57605b6570697559795e6a626f7a6f855f768c4a8f5f65676d4977515d5b667d70"
        + "856095646e"
    ),
    (
      .gaussianBlur(1.9),
      "54676e5b656c6363696a62666c62656b64626967615a6a6b5f676a6666686b64666d64656c66646b6864616d66656a666a68"
        + "666d66666e67666e68676f6a666971616a6d616d6b636e6865706967716a69726c696e735c6e6f5e6f6c616f6965706a6773"
        + "6b6a756d6a"
    ),
    (
      .gaussianBlur(5),
      "626a64646a64656a636769626869626969616b6961636b64656b64666a63686a626969626a69616c6961646b64666b63676a"
        + "63686a626a6a626b69616d6961656b64666b63686a63696a626b6a626c69626d6961666c63676c63696a636a6a626c6a636d"
        + "6a626e6962"
    ),
    (
      .solarise(128),
      "28517b456f676373367f2a536147713b6571597d2c3a64725d78307f2a535c4d76467066696c3c73365f4d765f7560486147"
        + "714670666f674268416a40696c5f76327237603b6571696c3c68416a456f677362467264455a4f78597d2c73365f40696c73"
        + "624658507a"
    ),
    (
      .flip,
      "59822c3b658e9e4771802a53638c36456f9828517b8c365f69933c467099a34d76802a535d87303a648d40699397416a6f98"
        + "424670999e4771759f484d76a0739d46456f9897416a69933c3b658e8d37605f8932a7507a739d464069938c365f59822ca5"
        + "4f78729b45"
    ),
    (
      .autocontrast,
      "0054ad3a96ed76d515b00055ec3f972680d762bf00247ed56aca08b00055f64ca23c98ef82e423c81a704aa5fe9afe3dec3f"
        + "973c98ef8eef30de32883089e26ecf0dca1c722680d782e423de32883a96ed96fa3994f636fa50a762bf00c81a703089e296"
        + "fa39ff52ab"
    ),
    (
      .equalise,
      "28517b456f98638c36802a539e47713b658e59822c3a648d5d8730802a53a34d7646709969933c8c365f4d76a0759f489e47"
        + "714670996f984297416a4069935f89328d37603b658e69933c97416a456f98739d46729b45a54f7859822c8c365f40699373"
        + "9d46a7507a"
    ),
    (
      .posterise(5),
      "285078406898608830802850984070386088588028386088588030802850a048704070986890388830584870a07098489840"
        + "70407098689840904068406890588830883060386088689038904068406898709840709840a0487858802888305840689070"
        + "9840a05078"
    ),
    (
      .sharpness(0.4),
      "28517b456f98638c36802a539e47713b658e59822c3a648d5d7b487a4159915370586a8769814e8c365f4d76a06f87548c53"
        + "6b586a876f865385526a4069935f8932814e6052657c69814e85526a576f86739d46729b45a54f7859822c8c365f40699373"
        + "9d46a7507a"
    ),
    (
      .rotate(17.3),
      "000000000000802a539e47713b658e8c365f8c365f28517b456f98802a53a34d7646709997416a4069933a648d5d87309e47"
        + "714670996f9842456f98739d464d76a0759f483b658e69933c97416a739d46a7507a5f89325f8932a54f7859822c8c365f00"
        + "0000000000"
    ),
    (
      .rotate(-23.8),
      "0000003a648d5d8730638c36802a530000000000004d76a0759f48802a53a34d764670999e47713b658e5f89328d37609e47"
        + "714670996f984269933c8c365fa54f7859822c3b658e69933c97416a97416a4069930000000000008c365f406993456f9873"
        + "9d46000000"
    ),
    (
      .shearX(0.29),
      "28517b456f98638c36802a539e47713b658e59822c3a648d5d8730802a53a34d7646709969933c8c365f759f489e47714670"
        + "996f984297416a4069930000008d37603b658e69933c97416a456f98739d46000000a54f7859822c8c365f406993739d46a7"
        + "507a000000"
    ),
    (
      .shearY(-0.27),
      "28517b456f980000000000000000000000000000003a648d5d8730638c36802a539e47713b658e0000004d76a0759f48802a"
        + "53a34d7646709969933c59822c5f89328d37609e47714670996f984297416a8c365f729b45a54f783b658e69933c97416a45"
        + "6f98406993"
    ),
    (
      .translate(x: -1.6, y: 0),
      "00000000000028517b456f98638c36802a539e47710000000000003a648d5d8730802a53a34d764670990000000000004d76"
        + "a0759f489e47714670996f98420000000000005f89328d37603b658e69933c97416a000000000000729b45a54f7859822c8c"
        + "365f406993"
    ),
    (
      .translate(x: 0, y: 2.4),
      "4d76a0759f489e47714670996f984297416a4069935f89328d37603b658e69933c97416a456f98739d46729b45a54f785982"
        + "2c8c365f406993739d46a7507a00000000000000000000000000000000000000000000000000000000000000000000000000"
        + "0000000000"
    ),
  ]

  /// Results for the second channel alone.
  static let greys: [(OperationCase, String)] = [
    (
      .resizedCrop(1, 2, 3, 4, to: 5, 6),
      "2a3c536a82933649617a7a72475c77916d41596f7f69605d657c854f586f"
    ),
    (
      .contrast(1.9),
      "3b74ab002861985fa2003376b80881cf2876c21d69a50a61b81d74cbc837980869cb39"
    ),
    (
      .gaussianBlur(1.1),
      "65675f575a656a6c69605d626766736c6465696b6a776d66676b6f717a6e6564697272"
    ),
    (
      .equalise,
      "516f8c2a47658264872a4d709336769f477098416989376593416f9d9b4f8236699d50"
    ),
  ]

  @Test(arguments: InstructionSet.available)
  func coloursArePillows(instructionSet: InstructionSet) throws {
    let image = try Self.image(channels: 0..<3)
    for (operation, expected) in Self.colours {
      #expect(try hex(operation.fast(image, instructionSet)) == expected, "\(operation)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func greysArePillows(instructionSet: InstructionSet) throws {
    let image = try Self.image(channels: 1..<2)
    for (operation, expected) in Self.greys {
      #expect(try hex(operation.fast(image, instructionSet)) == expected, "\(operation)")
    }
  }

  /// Equalisation leaves images of fewer than 255 pixels alone, so this one has 24×24; every fifth row and third column.
  @Test func equalisationIsPillows() throws {
    let image = try ImagingReference.image(24, 24, 1) { y, x, _ in UInt8((y * x / 3 + 2 * y) % 97 + 50) }
    let found = try OperationCase.equalise.fast(image, .portable)
    let part = try ImagingReference.image(5, 8, 1) { y, x, _ in found[5 * y, 3 * x, 0] }
    let expected = "00000000000000002d3e5164768696a8517696b7d2ecffff76a8d2f7ff235c9196d2ff115ca1d9ff"
    #expect(hex(part) == expected)
  }

  private func hex(_ image: Image) -> String {
    image.pixels.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The parameters of a case of the golden file.
  private struct Case: Decodable {
    let op: String
    var top, left, height, width, size, threshold: Int?
    var factor, sigma: Double?

    func operation() throws -> OperationCase {
      func number(_ value: Double?) throws -> Float { Float(try #require(value, "\(op)")) }
      switch op {
      case "resized_crop":
        let size = try #require(size)
        return .resizedCrop(
          try #require(top), try #require(left), try #require(height), try #require(width), to: size, size)
      case "brightness": return .brightness(try number(factor))
      case "contrast": return .contrast(try number(factor))
      case "saturation": return .saturation(try number(factor))
      case "hue": return .hue(try number(factor))
      case "greyscale": return .greyscale
      case "gaussian_blur": return .gaussianBlur(try number(sigma))
      case "solarise": return .solarise(try #require(threshold))
      case "horizontal_flip": return .flip
      default: throw SeCuError(.badData, "no operation is called \(op)")
      }
    }
  }

  private static let golden = ProcessInfo.processInfo.environment["SECU_GOLDEN"].map {
    URL(fileURLWithPath: $0).appendingPathComponent("augment.safetensors")
  }

  /// `augment.safetensors` in the folder that SECU_GOLDEN names: `N.in` and `N.out`, HWC, with a JSON object under N in the
  /// metadata.
  @Test(
    .enabled(
      if: golden.map { FileManager.default.fileExists(atPath: $0.path) } == true,
      "SECU_GOLDEN names no folder that has augment.safetensors"),
    arguments: InstructionSet.available)
  func goldenPixels(instructionSet: InstructionSet) throws {
    let file = try SafeTensors(contentsOf: #require(Self.golden))
    func image(_ key: String) throws -> Image {
      let tensor = try file.tensor(key)
      return try Image(
        shape: ImageShape(height: tensor.shape[0], width: tensor.shape[1], channels: tensor.shape[2]),
        pixels: Array(tensor.bytes))
    }
    /// Samples of each operation by how many grey levels they are off.
    var differences: [String: [Int: Int]] = [:]
    for (key, json) in file.metadata where Int(key) != nil {
      let description = try JSONDecoder().decode(Case.self, from: Data(json.utf8))
      let found = try description.operation().fast(image("\(key).in"), instructionSet)
      let expected = try image("\(key).out")
      #expect(found.shape == expected.shape)
      for (a, b) in zip(found.pixels, expected.pixels) {
        differences[description.op, default: [:]][abs(Int(a) - Int(b)), default: 0] += 1
      }
    }
    #expect(differences.count == 9)
    for (operation, counts) in differences.sorted(by: { $0.key < $1.key }) {
      print(
        "\(instructionSet) \(operation):",
        counts.sorted { $0.key < $1.key }.map { "\($0.value) samples off by \($0.key)" }.joined(separator: ", "))
      #expect(Set(counts.keys) == [0], "\(operation)")
    }
  }
}
