import Basics
import MicrokernelInterface

/// How a product is cut: into blocks of depth, and each into tasks; a function of its sizes, the instruction set and the machine's L2 alone,
/// but for `partsOfTheirOwn` and `rowBlocks`, which change no bit.
struct GEMMGrid {
  /// Steps of the sum between two visits to C.
  let depthBlock: Int
  let tasks: GEMMParts
  /// C is [m, n].
  let m: Int
  let n: Int
  private let tileRows: Int
  let tileColumns: Int

  init(_ a: Matrix, columns n: Int, kernels: any MicrokernelTable.Type) {
    (m, self.n) = (a.rows, n)
    (tileRows, tileColumns) = (kernels.tileRows, kernels.tileColumns)
    let most = Self.mostDepth(a, kernels), blocks = max(1, (a.columns + most - 1) / most)
    depthBlock = max(8, ((a.columns + blocks - 1) / blocks + 7) / 8 * 8)
    let tiles = (m + tileRows - 1) / tileRows, panelCount = (n + tileColumns - 1) / tileColumns
    // A task is a tile of rows and all panels; more tiles if that is too little to be worth handing out, or if there are plenty and B
    // stays in L2 beside their rows. Panels are shared out only where rows are few, since every group of panels reads its rows of A
    // again.
    let tileFlops = 2 * tileRows * n * depthBlock
    let plenty = tiles >= 4 * Self.fewTasks * Self.mostTiles && 4 * n * depthBlock <= Machine.secondLevelCache / 3
    let tilesPerTask = plenty ? Self.mostTiles : min(Self.mostTiles, max(1, Self.taskFlops / max(1, tileFlops)))
    let rowBlocks = (tiles + tilesPerTask - 1) / tilesPerTask
    let groups = max(1, min(Self.fewTasks / rowBlocks, panelCount, tilesPerTask * tileFlops / Self.taskFlops))
    tasks = GEMMParts(
      rows: m, rowsEach: tilesPerTask * tileRows, panels: panelCount, panelsEach: (panelCount + groups - 1) / groups)
  }

  /// About 3 µs of one core.
  private static let taskFlops = 400_000
  /// Tasks below which panels are shared out as well.
  private static let fewTasks = 16
  private static let mostTiles = 8
  /// Rows for which packing a panel that is used for no others costs a tenth of their products or less.
  private static let rowsWorthPacking = 96

  /// A tile's rows of A, copied, and a panel of B, both of this depth, take a fifth of L2: A stays there while all panels go by. With
  /// less the sums are interrupted more often than the copies cost; more than 1024 changes nothing.
  ///
  /// Rows that lie across memory are copied for a whole task at once, and get a quarter of that depth.
  private static func mostDepth(_ a: Matrix, _ kernels: any MicrokernelTable.Type) -> Int {
    let step = 4 * (kernels.tileRows + kernels.tileColumns)
    let depth = max(128, min(1024, Machine.secondLevelCache / (5 * step) / 8 * 8))
    return a.transposed ? max(128, depth / 4) : depth
  }

  /// The most rows of A by which a core multiplies its own panels at a time.
  var mostRowsPerBlock: Int { Self.mostTiles * tileRows }

  /// Cuts rows of a part for that. Each block reads the panels anew; where other cores may take some over, the last ones are small all the
  /// same, down to two tiles, so that nobody waits long for the last of all.
  func rowBlocks(of rows: Range<Int>, isShared: Bool) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    var row = rows.lowerBound
    while row < rows.upperBound {
      let third = (rows.upperBound - row) / (3 * tileRows)
      let tiles = isShared ? min(Self.mostTiles, max(2, third)) : Self.mostTiles
      blocks.append(row..<min(rows.upperBound, row + tiles * tileRows))
      row += tiles * tileRows
    }
    return blocks
  }

  /// How C is shared out so that each part is one core's from packing on, or nil where panels are too few to share out, or rows so many, or
  /// B so large, that sharing its panels costs nothing.
  ///
  /// By columns: two parts a core if each has eight panels or more, by which the copy of A that each may make is paid for, one a core
  /// else. Where that leaves a core idle for a tenth of the time and more (seven panels for two), by rows, of which each core must have
  /// enough to pay for packing all of B.
  ///
  /// This depends on the number of cores and changes no bit: an element is the same sum in the same order whatever its part is.
  func partsOfTheirOwn(threads: Int) -> GEMMParts? {
    let panels = tasks.panels
    guard panels >= 2 * threads, m <= 1024,
      4 * depthBlock * panels * tileColumns <= 2 * Machine.secondLevelCache
    else { return nil }
    let byColumns = panels >= 16 * threads ? 2 * threads : threads
    let panelsEach = (panels + byColumns - 1) / byColumns
    if 10 * byColumns * panelsEach * tileColumns > 11 * n, m >= Self.rowsWorthPacking * threads {
      let tiles = (m + tileRows - 1) / tileRows
      return GEMMParts(
        rows: m, rowsEach: (tiles + threads - 1) / threads * tileRows, panels: panels, panelsEach: panels)
    }
    return GEMMParts(rows: m, rowsEach: m, panels: panels, panelsEach: panelsEach)
  }

  /// Floats between the copied rows of A: an odd number of cache lines, at least `depthBlock`.
  var copiedRowStride: Int { (depthBlock + 15) / 16 * 16 | 16 }

  /// What a core needs to copy so many rows of A; nothing where they are read as they lie.
  func copyFloats(_ a: Matrix, rows: Int) -> Int {
    copiesA(a) ? rows * (a.transposed ? depthBlock : copiedRowStride) : 0
  }

  /// Whether to copy the rows of A of a task. It costs one pass over them, and pays where more than three rows of a tile are a multiple of
  /// 4 KiB apart, so that their lines have the same place in L1; or where rows lie across memory.
  func copiesA(_ a: Matrix) -> Bool {
    if a.columns <= 32 { return false }
    if a.transposed { return tasks.panelsEach > 2 || a.stride % 512 == 0 }
    let apart = max(1, 1024 >> a.stride.trailingZeroBitCount)
    return tileRows > 3 * apart
  }
}

/// Parts of C, each some rows × some panels of columns, numbered down the rows first.
struct GEMMParts {
  let rows: Int
  let rowsEach: Int
  let panels: Int
  let panelsEach: Int

  private var down: Int { (rows + rowsEach - 1) / rowsEach }
  var count: Int { down * ((panels + panelsEach - 1) / panelsEach) }

  func rows(of part: Int) -> Range<Int> {
    let start = part % down * rowsEach
    return start..<min(rows, start + rowsEach)
  }

  func panels(of part: Int) -> Range<Int> {
    let start = part / down * panelsEach
    return start..<min(panels, start + panelsEach)
  }
}
