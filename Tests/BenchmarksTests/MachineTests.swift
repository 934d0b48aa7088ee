import Basics
import Foundation
import Kernels
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct MachineTests {
  /// Cache, memory and the size of an array, in MiB.
  private static let sizes: [(Int, Int, Int)] = [
    (32, 65_536, 128), (1, 65_536, 64), (1 << 20, 65_536, 1024), (Int.max >> 20, 65_536, 1024), (32, 512, 64),
    (32, 0, 1),
  ]

  @Test(arguments: sizes)
  func `the arrays to copy are larger than the caches and fit in memory`(cache: Int, memory: Int, size: Int) {
    #expect(MachinePeaks.copyBytes(cacheBytes: cache << 20, memoryBytes: memory << 20) == size << 20)
  }

  @Test func `unknown caches`() {
    #expect(MachinePeaks.copyBytes(cacheBytes: nil, memoryBytes: 1 << 40) == 64 << 20)
  }

  @Test func `a peak of all threads that the cores don't promise is doubted`() {
    func doubt(_ times: Double, threads: Int, processors: Int) -> String? {
      MachinePeaks(oneCoreFlops: 1e9, allThreadsFlops: times * 1e9, copyBandwidth: 1, copyBytes: 1).doubt(
        threads: threads, processors: processors)
    }
    #expect(doubt(1.7, threads: 2, processors: 2) == nil)
    #expect(doubt(1.7, threads: 8, processors: 2) == nil)
    #expect(doubt(1, threads: 1, processors: 8) == nil)
    #expect(doubt(1.5, threads: 2, processors: 2)?.hasPrefix("all threads reach 1.50 times one core") == true)
  }

  @Test func `peaks are the work of all threads at the speed of the fastest run`() {
    // Every third run takes a second, the others two; the clock is read before and after each.
    var now = 0.0, readings = 0
    let peaks = MachinePeaks.measured(on: Engine(instructionSet: .portable, cores: Cores(threads: 2))) {
      readings += 1
      if readings % 2 == 0 { now += readings % 6 == 0 ? 1 : 2 }
      return now
    }
    let step = InstructionSet.portable.microkernels.peakFlopsPerStep, run = 100_000_000 / step * step
    #expect(peaks.oneCoreFlops == Double(run))
    #expect(peaks.allThreadsFlops == Double(2 * run))
    // What is copied is read and written.
    #expect(peaks.copyBandwidth == Double(2 * peaks.copyBytes))
  }

  #if !canImport(Darwin)
    private static let processors = [
      (
        "processor\t: 0\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n\nmodel\t\t: 2\n",
        "AMD EPYC (family 25, model 1)"
      ),
      ("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", "\(Machine.architecture) (implementer 0x41, part 0xd0c)"),
      ("model name : A: B\n", "A: B"), ("", Machine.architecture),
    ]

    @Test(arguments: processors)
    func `a processor's name and model`(text: String, name: String) {
      #expect(Platform.processorName(of: text) == name)
    }
  #endif

  @Test func `the system tells of the processor`() throws {
    #expect(!Platform.processorName.isEmpty)
    if let cache = Platform.lastLevelCacheBytes { #expect(cache >= 1 << 14) }
    if let load = Platform.loadAverage { #expect(load >= 0) }
  }
}

@Suite struct JSONOutputTests {
  @Test func `lines replace what the file held`() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let file = folder.appending(path: "a.jsonl")
    for lines in [["{}", "{\"a\": 1}", "{}"], ["{}"]] {
      let output = try JSONOutput(file.path(percentEncoded: false))
      #expect(!output.takesStandardOutput)
      try output.save(lines)
      #expect(try String(contentsOf: file, encoding: .utf8) == lines.joined(separator: "\n") + "\n")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) == ["a.jsonl"])
  }

  @Test func `a link is written through`() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let (file, link) = (folder.appending(path: "file"), folder.appending(path: "link"))
    try Data("old".utf8).write(to: file)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
    try JSONOutput(link.path(percentEncoded: false)).save(["new"])
    #expect(try String(contentsOf: file, encoding: .utf8) == "new\n")
  }

  @Test func `a folder that isn't there, and one in the file's place`() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let path = folder.path(percentEncoded: false)
    for wrong in [path, path + "none/a.jsonl", path + String(repeating: "a", count: 300)] {
      let error = #expect(throws: SeCuError.self) { try JSONOutput(wrong) }
      #expect(error?.kind == .cannotCreate)
      #expect(error?.place == wrong)
      #expect(error?.remedy != nil)
    }
  }

  @Test func `trying a file out leaves everything as it was`() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let (old, new) = (folder.appending(path: "old"), folder.appending(path: "new"))
    try Data("old".utf8).write(to: old)
    for file in [old, new] { _ = try JSONOutput(file.path(percentEncoded: false)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) == ["old"])
    #expect(try String(contentsOf: old, encoding: .utf8) == "old")
  }

  @Test func `nowhere and standard output write no file`() throws {
    try JSONOutput(nil).save(["{}"])
    let output = try JSONOutput("-")
    #expect(output.takesStandardOutput)
    try output.save(["{}"])
    #expect(!FileManager.default.fileExists(atPath: "-"))
  }
}

@Suite struct ProvenanceTests {
  @Test func `outside of a checkout there is no commit`() throws {
    let root = URL(filePath: "/")
    #expect(Provenance.commit(of: root) == nil)
    #expect(Provenance.commit(of: root.appending(path: "none")) == nil)
  }

  private static let git = ProgramRunner.installed("git")

  @Test(.enabled(if: git != nil, "no git on PATH"))
  func `a commit is told from one with changes`() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let file = folder.appending(path: "a")
    // Within a hook, git would work on the hook's repository.
    let foreign = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("GIT_") }.flatMap { ["-u", $0] }
    func git(_ arguments: String...) throws {
      let result = try ProgramRunner.run(
        foreign + [
          "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", #require(Self.git).path, "-C", folder.path, "-c",
          "user.name=a", "-c", "user.email=a@b.c",
        ] + arguments, executable: URL(filePath: "/usr/bin/env"))
      #expect(result.exitCode == 0, "\(arguments): \(result.stderr)")
    }
    try Data("old".utf8).write(to: file)
    try git("init", "--quiet")
    try git("add", "a")
    try git("commit", "--quiet", "--no-gpg-sign", "--message", "a")
    let clean = try #require(Provenance.commit(of: folder))
    #expect(clean.count >= 12 && clean.allSatisfy(\.isHexDigit))
    try Data("new".utf8).write(to: file)
    #expect(Provenance.commit(of: folder) == clean + "+")
    try Data("old".utf8).write(to: file)
    #expect(Provenance.commit(of: folder) == clean)
    // A new case is a file that the commit doesn't have.
    try Data().write(to: folder.appending(path: "b"))
    #expect(Provenance.commit(of: folder) == clean + "+")
  }

  @Test func `a machine is told from others of its name`() {
    let cpu = "AMD EPYC", end = Machine.architecture
    #expect(
      Provenance.machine(cpu, processors: 2, cacheBytes: 32 << 20) == "AMD EPYC, 2 processors, 32 MiB cache, \(end)")
    #expect(Provenance.machine(cpu, processors: 1, cacheBytes: nil) == "AMD EPYC, 1 processor, \(end)")
  }

  @Test func `what is known of this program`() {
    let provenance = Provenance.current()
    #expect(provenance.compiler.hasPrefix("Swift "))
    #expect(!provenance.machine.isEmpty && !provenance.system.isEmpty)
    #expect(provenance.commit?.contains(" ") != true)
  }
}

@Suite struct CacheEvictionTests {
  @Test(arguments: [(32, 65_536, 64), (1, 65_536, 16), (1 << 20, 65_536, 1024), (32, 256, 32)])
  func `what is read to empty the caches`(cache: Int, memory: Int, size: Int) {
    #expect(CacheEviction.blockBytes(cacheBytes: cache << 20, memoryBytes: memory << 20) == size << 20)
  }

  @Test func `emptying the caches ends`() {
    CacheEviction(cacheBytes: 1, cores: Cores(threads: 2)).run()
  }
}
