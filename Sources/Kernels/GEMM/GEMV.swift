import MicrokernelInterface

/// Products with a single row: c (+)= a · B (+ bias), with B [depth, columns] in rows.
///
/// B is read once from wherever it lies and never packed. A row's sums have the order that they have among other rows: from zero, step
/// by step of the depth, then C, then the bias. An image alone gives the same bits as in a batch. Tasks are stretches of c, whose number
/// does not depend on the cores.
extension Engine {
  func multiplyRow(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, accumulate: Bool, bias: UnsafePointer<Float>?
  ) {
    let depth = b.rows, count = b.columns, kernels = kernels, xFloats = (depth + 15) / 16 * 16
    let sums = sharedScratch(xFloats + count) + xFloats
    var x = a.base
    if a.transposed {
      let gathered = sums - xFloats
      for k in 0..<depth { gathered[k] = a.base[k * a.stride] }
      x = UnsafePointer(gathered)
    }
    // 1 KiB of c: it stays in L1 while the matrix goes by.
    let chunk = 256
    run((count + chunk - 1) / chunk, flops: 16 * depth * count) { task, _ in
      let start = task * chunk, columns = min(chunk, count - start), sum = sums + start, target = c + start
      sum.update(repeating: 0, count: columns)
      kernels.addScaledRows(x, b.base + start, b.stride, depth, columns, sum)
      for j in 0..<columns {
        var value = sum[j]
        if accumulate { value += target[j] }
        if let bias { value += bias[start + j] }
        target[j] = value
      }
    }
  }
}
