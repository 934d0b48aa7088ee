import MicrokernelInterface

/// LLVM's name for the processor's prefetch instruction, for which Swift has none. A hint: it changes no result, may name any address, and
/// does not wait, where a load would hold up all that comes after it.
///
/// - Parameters:
///   - access: 0 to read, 1 to write.
///   - locality: 0 … 3; with 3, the line is wanted in all levels of the cache.
///   - cache: 1 for data, 0 for instructions.
@_silgen_name("llvm.prefetch.p0")
private func prefetch(_ address: UnsafePointer<Float>, _ access: Int32, _ locality: Int32, _ cache: Int32)

/// Asks for the cache line of a value that is about to be read.
@inline(__always) func prefetchLine(_ x: UnsafePointer<Float>) { prefetch(x, 0, 3, 1) }

extension EntryPoints {
  /// Asks for the cache lines of `count` floats from `x` on: for that of every 16th, which can leave out the last line if x lies within one.
  @inline(never)
  package static func prefetchLines(_ x: Floats, _ count: Int) {
    var i = 0
    while i < count {
      prefetchLine(x + i)
      i += 16
    }
  }
}
