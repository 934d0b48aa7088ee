import Synchronization

/// The parts of a product whose panels each core packs itself, and their rows, handed out as cores become free:
///
///     core 0   pack part 0 │ rows │ rows │ rows │ pack part 2 │ rows │ rows │ rows │ rows of part 3
///     core 1   pack part 1 │  rows  │  rows  │  rows  │ pack part 3 │  rows  │  rows  │  rows
///
/// A core that finds no part left takes over rows of the others', whose panels it has to fetch, so that all end at about the same time.
///
/// Panels stay where they are while somebody may read them, though a core packs its next part over its last: a part is handed out only
/// before any core helps another, and after all rows of the one before.
final class GEMMPartQueue: Sendable {
  private let parts: [Part]
  private let partsBegun = Atomic<Int>(0)

  private final class Part: Sendable {
    let blocks: [Range<Int>]
    let blocksBegun = Atomic<Int>(0)
    /// The worker that has the panels; −1 before they are packed.
    let owner = Atomic<Int>(-1)

    init(_ blocks: [Range<Int>]) { self.blocks = blocks }
  }

  /// - Parameter blocks: the rows of each part, block by block.
  init(_ blocks: [[Range<Int>]]) {
    parts = blocks.map(Part.init)
  }

  /// A part that nobody has begun.
  func nextPart() -> Int? {
    let part = partsBegun.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
    return part < parts.count ? part : nil
  }

  /// All rows of a part, block by block.
  func blocks(of part: Int) -> [Range<Int>] { parts[part].blocks }

  /// Lets cores take rows of a part whose panels `worker` has packed.
  func open(_ part: Int, by worker: Int) {
    parts[part].owner.store(worker, ordering: .releasing)
  }

  /// Rows of an open part that nobody has taken.
  func nextRows(of part: Int) -> Range<Int>? {
    let part = parts[part], block = part.blocksBegun.wrappingAdd(1, ordering: .relaxed).oldValue
    return block < part.blocks.count ? part.blocks[block] : nil
  }

  /// Rows of any open part that nobody has taken, and the worker that has its panels; to be asked for when there is no next part.
  func nextRows() -> (part: Int, owner: Int, rows: Range<Int>)? {
    for part in parts.indices {
      let owner = parts[part].owner.load(ordering: .acquiring)
      if owner >= 0, let rows = nextRows(of: part) { return (part, owner, rows) }
    }
    return nil
  }
}
