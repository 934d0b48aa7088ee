#if os(Linux) && arch(x86_64)
  import Foundation
  import TestSupport
  import Testing

  /// Only the AVX builds of the microkernels may hold AVX code: everything else has to run on any x86-64 processor.
  @Suite struct GeneratedCodeTests {
    /// objdump, if PATH leads to one.
    private static let disassembler = ProgramRunner.installed("objdump")

    /// Integer instructions that x86-64-v3 adds (BMI1, BMI2, LZCNT, MOVBE), without their size suffix. TZCNT is missing because
    /// every processor reads it as BSF, and compilers use it as such.
    private static let integerExtensions: Set<String> = [
      "andn", "bextr", "blsi", "blsmsk", "blsr", "bzhi", "lzcnt", "movbe", "mulx", "pdep", "pext", "rorx", "sarx",
      "shlx", "shrx",
    ]

    /// The functions of a module, by what its mangled names begin with.
    private static let (portable, avx2, avx512) = (
      "$s12Microkernels", "$s16MicrokernelsAVX2", "$s18MicrokernelsAVX512"
    )

    /// The executable of this test, which holds all of the package's code, and those that SECU_EXECUTABLES names, separated by
    /// colons: a release build shares specialisations between modules that a debug build has one by one.
    private static let executables =
      ["/proc/self/exe"]
      + (ProcessInfo.processInfo.environment["SECU_EXECUTABLES"] ?? "").split(separator: ":").map(String.init)

    /// No function but the AVX builds' own may use an instruction of x86-64-v3 or v4: neither the portable microkernels, nor
    /// their callers (by inlining), nor a specialisation that modules share.
    @Test(.enabled(if: disassembler != nil, "no objdump on PATH"), arguments: executables)
    func onlyTheAVXBuildsHoldAVXCode(path: String) throws {
      let executable = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      var leaks: [String: String] = [:]
      var wideFunctions: Set<String> = []
      let functions = try forEachExtension(in: executable) { function, instruction in
        if instruction.contains("%zmm") || instruction.contains("%ymm") { wideFunctions.insert(function) }
        if !function.contains("MicrokernelsAVX") { leaks[function] = instruction }
      }
      #expect(leaks == [:])
      // What was looked for is there to be found.
      #expect(functions.contains { $0.hasPrefix(Self.portable) })
      #expect(wideFunctions.contains { $0.hasPrefix(Self.avx2) })
      #expect(wideFunctions.contains { $0.hasPrefix(Self.avx512) })
    }

    /// All of AVX, AVX2, FMA and AVX-512 begins with v, or with k if it works on masks.
    private func isExtension(_ mnemonic: String) -> Bool {
      mnemonic.hasPrefix("v") || mnemonic.hasPrefix("k") || Self.integerExtensions.contains(mnemonic)
        || Self.integerExtensions.contains(String(mnemonic.dropLast()))
    }

    /// Disassembles a program, calls `body` with each instruction of an extension, and returns all functions.
    private func forEachExtension(
      in program: String, _ body: (_ function: String, _ instruction: String) -> Void
    ) throws -> Set<String> {
      let process = Process(), pipe = Pipe()
      process.executableURL = Self.disassembler
      process.arguments = ["--disassemble", "--no-show-raw-insn", program]
      process.standardOutput = pipe
      try process.run()
      let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      // Functions start with "0000000000401000 <name>:", instructions with "  401000:\tmnemonic operands".
      var functions: Set<String> = [], function = ""
      // There are millions of instructions, of some hundred kinds.
      var known: [ArraySlice<UInt8>: Bool] = [:]
      var rest = [UInt8](output)[...]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = rest[..<end]
        rest = rest[(end + 1)...]
        if line.first != UInt8(ascii: " ") {
          let text = String(decoding: line, as: UTF8.self)
          guard let start = text.firstIndex(of: "<"), text.hasSuffix(">:") else { continue }
          function = String(text[text.index(after: start)...].dropLast(2))
          functions.insert(function)
          continue
        }
        guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { continue }
        let instruction = line[(tab + 1)...]
        let mnemonic = instruction.prefix { $0 != UInt8(ascii: " ") }
        let isOfInterest = known[mnemonic] ?? isExtension(String(decoding: mnemonic, as: UTF8.self))
        known[mnemonic] = isOfInterest
        if isOfInterest { body(function, String(decoding: instruction, as: UTF8.self)) }
      }
      return functions
    }
  }
#endif
