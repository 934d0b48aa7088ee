import Basics
import MicrokernelInterface

/// What runs an operation: the microkernels of one instruction set, the cores, and memory to work in.
///
/// An engine belongs to one computation at a time: its scratch memory is overwritten by every operation. Scratch memory grows
/// to what the largest operation needs and then stays, so that a training step allocates none after the first.
public final class Engine {
  /// Which microkernels run.
  public let instructionSet: InstructionSet
  /// What they run on.
  public let cores: Cores
  /// The algorithm that all convolutions take as far as it fits them; nil leaves the choice to the planner.
  public let convolutionAlgorithm: ConvolutionAlgorithm?
  package let kernels: any MicrokernelTable.Type
  private let shared = ScratchMemory()
  private let perWorker: [ScratchMemory]
  /// The direction of the last sweep.
  private var sweptBackwards = false

  /// - Throws: `SeCuError` of kind `.usage` if the environment pins an instruction set that this machine lacks, or a convolution
  ///   algorithm that there is not.
  public convenience init(cores: Cores = Cores()) throws {
    self.init(instructionSet: try .chosen(), cores: cores, convolutionAlgorithm: try .pinned())
  }

  package init(instructionSet: InstructionSet, cores: Cores, convolutionAlgorithm: ConvolutionAlgorithm? = nil) {
    self.instructionSet = instructionSet
    self.cores = cores
    self.convolutionAlgorithm = convolutionAlgorithm
    kernels = instructionSet.microkernels
    perWorker = (0..<cores.threads).map { _ in ScratchMemory() }
  }

  /// Bytes of all scratch memory so far.
  package var scratchBytes: Int { perWorker.reduce(shared.bytes) { $0 + $1.bytes } }

  /// Memory for `floats` floats that all cores see, aligned to a cache line; its content is undefined. Valid until the next call, which may
  /// give the same memory or, if it asks for more, free it: all that an operation needs must come from one call.
  package func sharedScratch(_ floats: Int) -> UnsafeMutablePointer<Float> {
    shared.reserve(floats)
  }

  /// Makes sure that `workerScratch` has `floats` floats for every core. May free what it had before.
  package func reserveWorkerScratch(_ floats: Int) {
    for memory in perWorker { _ = memory.reserve(floats) }
  }

  /// The memory of the task that runs as this worker, as large as the last `reserveWorkerScratch` asked for and aligned to a cache line; its
  /// content is undefined.
  package func workerScratch(_ worker: Int) -> UnsafeMutablePointer<Float> {
    perWorker[worker].reserve(0)
  }

  /// Runs `tasks` pieces over the cores, or on this one if all of them together are too small to wake another.
  ///
  /// - Parameter flops: the cost of all tasks together; a memory-bound pass counts about 4 a byte.
  package func run(_ tasks: Int, flops: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    if flops < Self.serialFlops {
      for task in 0..<tasks { body(task, 0) }
    } else {
      cores.run(tasks, body)
    }
  }

  /// As `run`, for tasks that go through the images of a batch from the first to the last.
  ///
  /// Every other sweep goes from the last to the first: it begins with what the one before it has touched last, which is still in the
  /// caches. Tasks are independent, so their order changes no bit.
  package func sweep(_ tasks: Int, flops: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    sweptBackwards.toggle()
    if sweptBackwards {
      run(tasks, flops: flops) { task, worker in body(tasks - 1 - task, worker) }
    } else {
      run(tasks, flops: flops, body)
    }
  }

  /// Tells that an operation which can't go backwards has gone through a batch, so that the next sweep does.
  package func sweptForwards() { sweptBackwards = false }

  /// Calls `body` for every row, 64 rows a task.
  ///
  /// - Parameters:
  ///   - flopsPerRow: the cost of a row, as `run` counts it.
  ///   - body: runs concurrently with itself and isn't told its worker, so it may use no scratch memory.
  package func runRows(_ rows: Int, flopsPerRow: Int, _ body: (_ row: Int) -> Void) {
    let chunk = 64
    run((rows + chunk - 1) / chunk, flops: flopsPerRow * rows) { task, _ in
      for row in task * chunk..<min(rows, (task + 1) * chunk) { body(row) }
    }
  }

  /// About 30 µs of one core. Operations that are cut as they please make tasks of that much or more: handing one over costs a few percent of it
  /// at most.
  package static let taskFlops = 4_000_000

  /// About 8 µs of work on one core; below this a second core brings little more than handing over costs.
  private static let serialFlops = 1_000_000
}

/// One growing block of floats.
private final class ScratchMemory {
  private var buffer = FloatBuffer(16)

  var bytes: Int { 4 * buffer.count }

  func reserve(_ floats: Int) -> UnsafeMutablePointer<Float> {
    if floats > buffer.count {
      // What there was goes first, so that the two never add up.
      buffer = FloatBuffer(0)
      buffer = FloatBuffer(floats)
    }
    return buffer.base
  }
}
