#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Android's C library calls the fields of `fenv_t` otherwise.

/// Numbers below 1.2·10⁻³⁸, which have fewer digits than others. Many processors take a hundred times as long over them.
///
/// A soft-max or a gradient that fades away produces them; read as zeros they change no result that matters. A processor
/// does so for a thread at a time. Here that is x86-64 (MXCSR's bits 6, operands, and 15, results) and arm64 (FPCR's bit
/// 24); elsewhere they stay as they are.
package enum Denormals {
  /// From here to the matching `restore`, denormal operands and results are zeros in this thread and in all that help it in
  /// `Cores.run`.
  ///
  /// - Returns: whether they already were, which `restore` wants to know.
  package static func flush() -> Bool {
    let before = areFlushed
    if !before { areFlushed = true }
    return before
  }

  /// Ends what `flush` began and answered with `before`.
  package static func restore(_ before: Bool) {
    if !before { areFlushed = false }
  }

  #if arch(x86_64) && !os(Windows) && !os(Android)
    /// Whether `flush` does anything on this processor.
    package static let canBeFlushed = true
    private typealias Word = UInt32
    private static let bits: Word = 1 << 15 | 1 << 6
    private static let field = \fenv_t.__mxcsr
  #elseif arch(arm64) && !os(Windows) && !os(Android)
    /// Whether `flush` does anything on this processor.
    package static let canBeFlushed = true
    private static let bits = UInt64(1 << 24)
    private static let field = \fenv_t.__fpcr
  #else
    /// Whether `flush` does anything on this processor.
    package static let canBeFlushed = false
  #endif

  /// Whether this thread takes them as zeros.
  static var areFlushed: Bool {
    get {
      #if (arch(x86_64) || arch(arm64)) && !os(Windows) && !os(Android)
        var environment = fenv_t()
        fegetenv(&environment)
        return environment[keyPath: field] & numericCast(bits) == numericCast(bits)
      #else
        false
      #endif
    }
    set {
      #if (arch(x86_64) || arch(arm64)) && !os(Windows) && !os(Android)
        var environment = fenv_t()
        fegetenv(&environment)
        if newValue {
          environment[keyPath: field] |= numericCast(bits)
        } else {
          environment[keyPath: field] &= ~numericCast(bits)
        }
        fesetenv(&environment)
      #endif
    }
  }
}
