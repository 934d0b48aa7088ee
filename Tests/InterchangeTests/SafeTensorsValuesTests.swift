import Basics
import Foundation
import Testing

@testable import Interchange

@Suite struct SafeTensorsValuesTests {
  /// Written by the Python package safetensors 0.8.0 from PyTorch tensors: [[0, 1, 100]] in every type (truth values:
  /// [[0, 1, 1]]), a scalar 7.5 and an empty array.
  private let fromPython = """
    wAMAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJub3RlIjoiYSBcImJcIiIsImZvcm1hdCI6InB0In0sIlU2NCI6eyJkdHlwZSI6IlU2NCIsInNoYX
    BlIjpbMSwzXSwiZGF0YV9vZmZzZXRzIjpbMCwyNF19LCJJNjQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzEsM10sImRhdGFfb2Zmc2V0cyI6
    WzI0LDQ4XX0sIkY2NCI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMSwzXSwiZGF0YV9vZmZzZXRzIjpbNDgsNzJdfSwiRjMyIjp7ImR0eXBlIj
    oiRjMyIiwic2hhcGUiOlsxLDNdLCJkYXRhX29mZnNldHMiOls3Miw4NF19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwwLDNd
    LCJkYXRhX29mZnNldHMiOls4NCw4NF19LCJsYXllci4wL8OpXG4iOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6Wz
    g0LDg4XX0sIlUzMiI6eyJkdHlwZSI6IlUzMiIsInNoYXBlIjpbMSwzXSwiZGF0YV9vZmZzZXRzIjpbODgsMTAwXX0sIkkzMiI6eyJkdHlwZSI6
    IkkzMiIsInNoYXBlIjpbMSwzXSwiZGF0YV9vZmZzZXRzIjpbMTAwLDExMl19LCJCRjE2Ijp7ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbMSwzXS
    wiZGF0YV9vZmZzZXRzIjpbMTEyLDExOF19LCJGMTYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzEsM10sImRhdGFfb2Zmc2V0cyI6WzExOCwx
    MjRdfSwiVTE2Ijp7ImR0eXBlIjoiVTE2Iiwic2hhcGUiOlsxLDNdLCJkYXRhX29mZnNldHMiOlsxMjQsMTMwXX0sIkkxNiI6eyJkdHlwZSI6Ik
    kxNiIsInNoYXBlIjpbMSwzXSwiZGF0YV9vZmZzZXRzIjpbMTMwLDEzNl19LCJJOCI6eyJkdHlwZSI6Ikk4Iiwic2hhcGUiOlsxLDNdLCJkYXRh
    X29mZnNldHMiOlsxMzYsMTM5XX0sIlU4Ijp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzEsM10sImRhdGFfb2Zmc2V0cyI6WzEzOSwxNDJdfSwiQk
    9PTCI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzEsM10sImRhdGFfb2Zmc2V0cyI6WzE0MiwxNDVdfX0AAAAAAAAAAAEAAAAAAAAAZAAAAAAA
    AAAAAAAAAAAAAAEAAAAAAAAAZAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAAWUAAAAAAAACAPwAAyEIAAPBAAAAAAAEAAABkAAAAAAAAAA
    EAAABkAAAAAACAP8hCAAAAPEBWAAABAGQAAAABAGQAAAFkAAFkAAEB
    """

  @Test func fileOfThePythonPackage() throws {
    let data = try #require(Data(base64Encoded: fromPython, options: .ignoreUnknownCharacters))
    let file = try SafeTensors(data: data, name: "python.safetensors")
    #expect(file.metadata == ["format": "pt", "note": "a \"b\""])
    #expect(file.tensors.count == 15)
    for type in SafeTensors.DataType.allCases {
      let tensor = try file.tensor(type.rawValue)
      #expect(tensor.dataType == type)
      #expect(tensor.shape == [1, 3])
      switch type {
      case .float16, .bfloat16, .float32, .float64:
        #expect(try file.floats(type.rawValue) == ([1, 3], [0, 1, 100]))
        #expect(try failure { try file.integers(type.rawValue) }.problem.contains(type.rawValue))
      default:
        #expect(try file.integers(type.rawValue) == ([1, 3], type == .bool ? [0, 1, 1] : [0, 1, 100]))
        #expect(try failure { try file.floats(type.rawValue) }.place == "python.safetensors")
      }
    }
    #expect(try file.floats("layer.0/é\n") == ([], [7.5]))
    #expect(try file.floats("empty") == ([2, 0, 3], []))
  }

  private func file(_ type: SafeTensors.DataType, _ values: [some FixedWidthInteger]) throws -> SafeTensors {
    SafeTensors(tensors: ["t": try .init(dataType: type, shape: [values.count], bytes: littleEndianBytes(values))])
  }

  @Test func extremesOfTheIntegerTypes() throws {
    #expect(try file(.int8, [Int8.min, .max]).integers("t").values == [-128, 127])
    #expect(try file(.int16, [Int16.min, .max]).integers("t").values == [-32_768, 32_767])
    #expect(try file(.int32, [Int32.min, .max]).integers("t").values == [-2_147_483_648, 2_147_483_647])
    #expect(try file(.int64, [Int64.min, .max]).integers("t").values == [.min, .max])
    #expect(try file(.uint8, [UInt8.max]).integers("t").values == [255])
    #expect(try file(.uint16, [UInt16.max]).integers("t").values == [65_535])
    #expect(try file(.uint32, [UInt32.max]).integers("t").values == [4_294_967_295])
    #expect(try file(.uint64, [UInt64(Int64.max)]).integers("t").values == [.max])
    #expect(try failure { try file(.uint64, [UInt64(Int64.max) + 1]).integers("t") }.kind == .badData)
    #expect(try file(.bool, [UInt8(0), 1, 2]).integers("t").values == [0, 1, 1])
  }

  @Test func wideAndShortFloats() throws {
    let doubles: [Double] = [0.1, -1e300, 1e-300, .infinity, 1]
    #expect(try file(.float64, doubles.map(\.bitPattern)).floats("t").values == [0.1, -.infinity, 0, .infinity, 1])
    #expect(try file(.bfloat16, [UInt16(0x3F80), 0xC049, 0xFF80]).floats("t").values == [1, -3.140625, -.infinity])
    let halves: [UInt16] = [0x3C00, 0xC248, 0x7BFF, 0x0001, 0x03FF, 0x8400, 0x7C00, 0xFC00]
    #expect(
      try file(.float16, halves).floats("t").values
        == [1, -3.140625, 65_504, 0x1p-24, 0x3FFp-24, -0x1p-14, .infinity, -.infinity])
    #expect(try #require(file(.float16, [UInt16(0x7E00)]).floats("t").values.first).isNaN)
    #expect(try #require(file(.float16, [UInt16(0x8000)]).floats("t").values.first).sign == .minus)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func everyHalfPrecisionNumber() throws {
      let halves = (0...UInt16.max).map { $0 }
      let values = try file(.float16, halves).floats("t").values
      let expected = halves.map { Float(Float16(bitPattern: $0)) }
      #expect(zip(values, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
  #endif

  @Test func missingTensorNamesTheNearest() throws {
    let file = SafeTensors(tensors: ["conv1.weight": try .init([Float(1)], shape: [])])
    let error = try failure { try file.floats("conv1.weigth") }
    #expect(error.kind == .badData)
    #expect(error.remedy == "The nearest name is \"conv1.weight\"")
    #expect(try failure { try file.integers("q") }.remedy == nil)
  }
}
