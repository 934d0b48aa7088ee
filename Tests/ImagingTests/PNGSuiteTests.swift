import Basics
import Foundation
import Testing

@testable import Imaging

/// Willem van Schaik's PngSuite: every colour type, bit depth, filter and interlacing, and files that are broken on purpose
/// (named x…). The environment variable SECU_PNGSUITE names the folder that holds its .png files.
@Suite struct PNGSuiteTests {
  private static let folder = ProcessInfo.processInfo.environment["SECU_PNGSUITE"]

  private static func read(_ name: String) throws -> [UInt8] {
    let folder = try #require(folder)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder).appending(path: "\(name).png")))
  }

  @Test(.enabled(if: folder != nil, "SECU_PNGSUITE names no folder")) func soundFilesHaveTheReferencesPixels() throws {
    #expect(Self.expected.count == 161)
    for (name, channels, checksum) in Self.expected {
      let image = try ImageFile.decode(Self.read(name), name: name)
      #expect(image.channels == channels, "\(name)")
      #expect(CRC32.checksum(image.pixels) == checksum, "\(name)")
    }
  }

  @Test(
    .enabled(if: folder != nil, "SECU_PNGSUITE names no folder"),
    arguments: [
      ("xc1n0g08", "colour type"), ("xc9n2c08", "colour type"), ("xcrn0g04", "line ends"), ("xcsn0g01", "CRC-32"),
      ("xd0n2c08", "bit depths"), ("xd3n2c08", "bit depths"), ("xd9n2c08", "bit depths"), ("xdtn0g01", "IDAT"),
      ("xhdn0g08", "CRC-32"), ("xlfn0g04", "line ends"), ("xs1n0g01", "signature"), ("xs2n0g01", "signature"),
      ("xs4n0g01", "signature"), ("xs7n0g01", "signature"),
    ])
  func brokenFilesAreRefused(name: String, problem: String) throws {
    let bytes = try Self.read(name)
    let error = try failure { _ = try ImageFile.decode(bytes, name: name) }
    #expect(error.kind == .badData)
    #expect(error.place == name)
    #expect(error.problem.contains(problem), "\(error)")
  }

  /// Name, channels and the CRC-32 of the pixels.
  ///
  /// The pixels are Pillow 13's after `convert` to L, LA, RGB or RGBA, with two exceptions, where Pillow does not do what the
  /// file says: grey of 16 bits is the high byte of Pillow's own 16-bit pixels (its `convert` clips them at 255), and the
  /// transparent grey of tbbn0g04 and tbwn0g16 is compared in the file's bits.
  private static let expected: [(name: String, channels: Int, checksum: UInt32)] = """
    basi0g01 1 7238C005  basi0g02 1 74C9BBB5  basi0g04 1 03735DE8  basi0g08 1 784B4A4E  basi0g16 1 0611C324
    basi2c08 3 7855B9BF  basi2c16 3 FFCC1ED1  basi3p01 3 31EC284B  basi3p02 3 279A463A  basi3p04 3 3A9E038E
    basi3p08 3 FF6E2940  basi4a08 2 B076606C  basi4a16 2 50A2A384  basi6a08 4 A74DF32C  basi6a16 4 285BE560
    basn0g01 1 7238C005  basn0g02 1 74C9BBB5  basn0g04 1 03735DE8  basn0g08 1 784B4A4E  basn0g16 1 0611C324
    basn2c08 3 7855B9BF  basn2c16 3 FFCC1ED1  basn3p01 3 31EC284B  basn3p02 3 279A463A  basn3p04 3 3A9E038E
    basn3p08 3 FF6E2940  basn4a08 2 B076606C  basn4a16 2 50A2A384  basn6a08 4 A74DF32C  basn6a16 4 285BE560
    bgai4a08 2 B076606C  bgai4a16 2 50A2A384  bgan6a08 4 A74DF32C  bgan6a16 4 285BE560  bgbn4a08 2 B076606C
    bggn4a16 2 50A2A384  bgwn6a08 4 A74DF32C  bgyn6a16 4 285BE560  ccwn2c08 3 61B69E8E  ccwn3p08 3 2E1D8EF1
    cdfn2c08 3 99AF40A3  cdhn2c08 3 84A4EF40  cdsn2c08 3 82B26DAF  cdun2c08 3 EE50E3CA  ch1n3p04 3 3A9E038E
    ch2n3p08 3 FF6E2940  cm0n0g04 1 0A65FDE8  cm7n0g04 1 0A65FDE8  cm9n0g04 1 0A65FDE8  cs3n2c16 3 7306351C
    cs3n3p08 3 C47263E3  cs5n2c08 3 1B16D169  cs5n3p08 3 1B16D169  cs8n2c08 3 7306351C  cs8n3p08 3 7306351C
    ct0n0g04 1 0A65FDE8  ct1n0g04 1 0A65FDE8  cten0g04 1 0FCC7D31  ctfn0g04 1 D404C1F8  ctgn0g04 1 62D13AC8
    cthn0g04 1 EE9649E2  ctjn0g04 1 EBBC52D4  ctzn0g04 1 0A65FDE8  exif2c08 3 1A5022EF  f00n0g08 1 1F18265F
    f00n2c08 3 3F1D66AD  f01n0g08 1 1868217F  f01n2c08 3 11C1B27E  f02n0g08 1 79B9C9DE  f02n2c08 3 7F1CA785
    f03n0g08 1 A373C644  f03n2c08 3 31645D89  f04n0g08 1 B8006228  f04n2c08 3 77056A6F  f99n0g04 1 3CFFC235
    g03n0g16 1 2EDCDA2E  g03n2c08 3 3633021F  g03n3p04 3 7E90C30C  g04n0g16 1 62CE7FD3  g04n2c08 3 AE824F12
    g04n3p04 3 E00F20F2  g05n0g16 1 FE5B6FEC  g05n2c08 3 3C168B7D  g05n3p04 3 D0D3C65B  g07n0g16 1 E2D0CDE8
    g07n2c08 3 6D9B8873  g07n3p04 3 6F2E7B73  g10n0g16 1 64152946  g10n2c08 3 FA142827  g10n3p04 3 25AEEF89
    g25n0g16 1 373059E8  g25n2c08 3 E5914131  g25n3p04 3 71C1B931  oi1n0g16 1 0611C324  oi1n2c16 3 FFCC1ED1
    oi2n0g16 1 0611C324  oi2n2c16 3 FFCC1ED1  oi4n0g16 1 0611C324  oi4n2c16 3 FFCC1ED1  oi9n0g16 1 0611C324
    oi9n2c16 3 FFCC1ED1  pp0n2c16 3 FFCC1ED1  pp0n6a08 4 0EE05C61  ps1n0g08 1 784B4A4E  ps1n2c16 3 FFCC1ED1
    ps2n0g08 1 784B4A4E  ps2n2c16 3 FFCC1ED1  s01i3p01 3 D243369F  s01n3p01 3 D243369F  s02i3p01 3 9E931D85
    s02n3p01 3 9E931D85  s03i3p01 3 6916380E  s03n3p01 3 6916380E  s04i3p01 3 C2E0D49B  s04n3p01 3 C2E0D49B
    s05i3p02 3 1242B6FB  s05n3p02 3 1242B6FB  s06i3p02 3 D7589540  s06n3p02 3 D7589540  s07i3p02 3 D2CCF489
    s07n3p02 3 D2CCF489  s08i3p02 3 2BA1B03E  s08n3p02 3 2BA1B03E  s09i3p02 3 9762D2ED  s09n3p02 3 9762D2ED
    s32i3p04 3 AD01F44D  s32n3p04 3 AD01F44D  s33i3p04 3 D2F4AE68  s33n3p04 3 D2F4AE68  s34i3p04 3 BBEDA3F7
    s34n3p04 3 BBEDA3F7  s35i3p04 3 99293ACF  s35n3p04 3 99293ACF  s36i3p04 3 F51A96E0  s36n3p04 3 F51A96E0
    s37i3p04 3 920758A4  s37n3p04 3 920758A4  s38i3p04 3 EB3BF324  s38n3p04 3 EB3BF324  s39i3p04 3 C06D7DA1
    s39n3p04 3 C06D7DA1  s40i3p04 3 0D4658A0  s40n3p04 3 0D4658A0  tbbn0g04 2 8D94CBAC  tbbn2c16 4 0370EF89
    tbbn3p08 4 9D56CD67  tbgn2c16 4 0370EF89  tbgn3p08 4 9D56CD67  tbrn2c08 4 0370EF89  tbwn0g16 2 9BC854F9
    tbwn3p08 4 9D56CD67  tbyn3p08 4 9D56CD67  tm3n3p02 4 E7DAA7F5  tp0n0g08 1 C3DDA42E  tp0n2c08 3 B426B350
    tp0n3p08 3 15493236  tp1n3p08 4 9D56CD67  z00n2c08 3 F8F7D651  z03n2c08 3 F8F7D651  z06n2c08 3 F8F7D651
    z09n2c08 3 F8F7D651
    """.split(whereSeparator: \.isNewline).flatMap { line in
      let words = line.split(separator: " ")
      return stride(from: 0, to: words.count, by: 3).map { (i: Int) -> (String, Int, UInt32) in
        let channels = Int(words[i + 1]) ?? 0, checksum = UInt32(words[i + 2], radix: 16) ?? 0
        return (String(words[i]), channels, checksum)
      }
    }
}
