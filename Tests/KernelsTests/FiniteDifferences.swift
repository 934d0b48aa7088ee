/// The gradient of Σ dy·f(x) with respect to x by central differences in Double:
///
///     ∂/∂x[i] ≈ ( Σ dy·f(x + h·e[i]) − Σ dy·f(x − h·e[i]) ) / 2h
///
/// With h = 1e-5 the formula's own error is of the order of h²·f‴ = 1e-10 and the roundings' about 1e-16/h = 1e-11: far
/// below one rounding of a float.
func centralDifferences(_ x: [Float], dy: [Float], _ f: ([Double]) -> [Double]) -> [Double] {
  let h = 1e-5
  var point = x.map(Double.init)
  func loss() -> Double { zip(f(point), dy).reduce(0) { $0 + $1.0 * Double($1.1) } }
  return point.indices.map { i in
    let middle = point[i]
    point[i] = middle + h
    let after = loss()
    point[i] = middle - h
    let before = loss()
    point[i] = middle
    return (after - before) / (2 * h)
  }
}
