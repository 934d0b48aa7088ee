import Basics
import Kernels

/// One case: a piece of work whose time is worth knowing, and how much work it is.
///
/// Operands are made by `prepare`, right before the case is measured, so that listing hundreds of cases costs nothing.
struct Benchmark {
  /// What filters look at: parts between slashes from the general to the particular, such as `conv/fwd/64x128-32px-3x3-s2`.
  let name: String
  /// The fields that tell this case from others in a JSON line, in order, without `case`.
  let fields: KeyValuePairs<String, any Encodable & Sendable>
  let work: Work
  /// Whether the process's peak memory belongs to the result. Such a case gets a process of its own, as memory that an
  /// earlier case held would count as well.
  let measuresMemory: Bool
  /// For an operation with several algorithms, which one it takes on an engine, and why.
  let plan: ((Engine) -> Plan)?
  /// Makes the operands. Throws what the operation's own set-up throws.
  let prepare: (Engine) throws -> Prepared

  init(
    _ name: String, _ fields: KeyValuePairs<String, any Encodable & Sendable>, work: Work, measuresMemory: Bool = false,
    plan: ((Engine) -> Plan)? = nil,
    prepare: @escaping (Engine) throws -> Prepared
  ) {
    self.name = name
    self.fields = fields
    self.work = work
    self.measuresMemory = measuresMemory
    self.plan = plan
    self.prepare = prepare
  }

  /// Every case there is, for a batch of so many images: what the program measures and the tests run.
  static func all(batch: Int) -> [Benchmark] {
    matrixProducts + convolutions(batch: batch) + normalizations(batch: batch) + losses(batch: batch)
      + augmentations(batch: batch) + decodings() + steps(batch: batch)
  }

  /// The first part of the name: the field `case` of a JSON line.
  var family: String { String(name.prefix { $0 != "/" }) }

  /// The algorithm that an operation takes.
  struct Plan {
    let algorithm: String
    /// Why, as part of a sentence.
    let reason: String
    /// The multiplications and additions of this algorithm: fewer than `Work` counts where it saves some.
    let flops: Int
    /// Which of its ways the algorithm goes, where it has several.
    var way: String?
    /// How many times the FMA peak the algorithm can reach at most, by the FLOPs that `Work` counts and apart from padding.
    var mostOfPeak = 1.0

    /// What people read: the algorithm and its way.
    var label: String { way.map { "\(algorithm), \($0)" } ?? algorithm }
  }

  /// What one call does, and with it the unit of its rate. FLOPs are additions and multiplications as the operation is defined;
  /// bytes those that it must at least read and write.
  enum Work: Equatable {
    /// The rate is compared with the measured peak of the multiply-add.
    case flops(Int, bytes: Int)
    /// The rate is compared with the measured copy bandwidth. The FLOPs only place it in a roofline; 0 leaves it out. Where the rate counts
    /// less than has to be read and written, `moved` has all of it.
    case bytes(Int, flops: Int = 0, moved: Int? = nil)
    /// Images: decoded, or each of them seen in two views.
    case images(Int)

    /// The FLOPs of the definition, and the bytes that have to be read and written; nil for images.
    var counted: (flops: Int, bytes: Int)? {
      switch self {
      case .flops(let flops, let bytes): (flops, bytes)
      case .bytes(let bytes, let flops, let moved): (flops, moved ?? bytes)
      case .images: nil
      }
    }
  }

  /// Work that is ready to run.
  struct Prepared {
    /// Where `run` leaves its result. The program checks it after the last call, so that the work can't be left out.
    let result: FloatBuffer
    /// Does the work once. Keeps its operands alive.
    let run: () -> Void

    init(result: FloatBuffer, run: @escaping () -> Void) {
      self.result = result
      self.run = run
    }

    /// - Throws: `SeCuError` (`.internal`) if the result holds an infinity or a NaN: arithmetic on those may take another
    ///   time than arithmetic on numbers.
    func checkResult() throws {
      for i in 0..<result.count where !result.base[i].isFinite {
        throw SeCuError(.internal, "expected a finite result, found \(result.base[i]) at index \(i)")
      }
    }
  }
}

extension FloatBuffer {
  /// A buffer of uniform numbers in [−1, 1).
  ///
  /// - Parameter stream: operands of different streams have different values; the same stream always has the same.
  static func random(_ count: Int, stream: UInt32) -> FloatBuffer {
    let buffer = FloatBuffer(count)
    buffer.fillAtRandom(stream: stream)
    return buffer
  }

  /// Replaces the content by uniform numbers in [−1, 1).
  func fillAtRandom(stream: UInt32) {
    var random = RandomStream(seed: 0, purpose: .benchmark, stream)
    for i in 0..<count { base[i] = random.uniform(in: -1...1) }
  }
}
