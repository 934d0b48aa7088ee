import Foundation

/// The measured cases under the machine's roofline, as an SVG picture with two logarithmic axes: FLOPs for each byte across, GFLOP/s
/// upwards.
///
/// The height of a point counts the operation's FLOPs, as everywhere; its place across counts those too. Winograd's convolutions, which
/// carry out fewer, may therefore lie above the solid roof, and have a dashed one of their own: four times as high, or 16/9 with stride 2.
/// Colours tell operations apart, shapes the settings.
struct RooflineChart {
  private struct Point {
    let result: BenchmarkResult
    let intensity: Double
    let gflops: Double
  }

  private let points: [Point]
  /// One for each setting: its name, GFLOP/s at most, and GB/s.
  private let roofs: [(name: String, gflops: Double, gbs: Double)]
  /// What was measured on.
  private let machine: String
  /// Cases that have no FLOPs, such as whole steps.
  private let leftOut: Int

  private static let width = 960.0, height = 640.0
  private static let left = 80.0, right = 270.0, top = 50.0, bottom = 60.0
  /// Distinguishable with any colour vision: Okabe and Ito, "Color Universal Design", 2008.
  private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]

  init(_ results: [BenchmarkResult]) {
    points = results.compactMap { result in
      guard result.limit != nil, let (flops, bytes) = result.benchmark.work.counted, flops > 0 else { return nil }
      return Point(
        result: result, intensity: Double(flops) / Double(max(1, bytes)), gflops: Double(flops) / result.median / 1e9)
    }
    leftOut = results.count - points.count
    machine =
      results.first?.setting.provenance.map { origin in
        origin.machine + (origin.commit.map { ", commit \($0)" } ?? "")
      } ?? "this machine"
    var roofs: [(name: String, gflops: Double, gbs: Double)] = []
    for result in results {
      let name = result.setting.label
      guard let peaks = result.setting.peaks, !roofs.contains(where: { $0.name == name }) else { continue }
      roofs.append((name, peaks.allThreadsFlops / 1e9, peaks.copyBandwidth / 1e9))
    }
    self.roofs = roofs.sorted { $0.gflops > $1.gflops }
  }

  private var families: [String] {
    points.reduce(into: []) { if !$0.contains($1.result.benchmark.family) { $0.append($1.result.benchmark.family) } }
  }

  /// How many times as high as the roof the dashed roofs are: what the algorithms that were taken can reach.
  private var factors: [Double] { Set(points.compactMap(\.result.plan?.mostOfPeak)).filter { $0 > 1 }.sorted() }

  /// Powers of two across and of ten upwards that hold all points and the corners of all roofs.
  private var axes: (across: ClosedRange<Double>, up: ClosedRange<Double>) {
    let corners = roofs.flatMap { roof in ([1] + factors).map { $0 * roof.gflops / roof.gbs } }
    let across = points.map(\.intensity) + corners + [0.25, 64]
    let up = points.map(\.gflops) + roofs.map { (factors.last ?? 1.5) * $0.gflops } + [1, 10]
    func power(_ value: Double, _ base: Double, _ rounding: FloatingPointRoundingRule) -> Double {
      pow(base, (log(max(value, 1e-9)) / log(base)).rounded(rounding))
    }
    return (
      power(across.min() ?? 1, 2, .down)...power(across.max() ?? 1, 2, .up),
      power(up.min() ?? 1, 10, .down)...power(up.max() ?? 1, 10, .up)
    )
  }

  var svg: String {
    let axes = axes
    let plotWidth = Self.width - Self.left - Self.right, plotHeight = Self.height - Self.top - Self.bottom
    func x(_ value: Double) -> Double {
      Self.left + plotWidth * log(value / axes.across.lowerBound) / log(axes.across.upperBound / axes.across.lowerBound)
    }
    func y(_ value: Double) -> Double {
      Self.top + plotHeight * (1 - log(value / axes.up.lowerBound) / log(axes.up.upperBound / axes.up.lowerBound))
    }
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
      font-family="Helvetica, Arial, sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(Int(Self.left))" y="28" font-size="16">Roofline: \(Self.escaped(machine))</text>

      """
    svg += grid(axes, x, y)
    let labels = Self.spread(roofs.map { y($0.gflops) })
    for (index, roof) in roofs.enumerated() { svg += line(of: roof, RooflineMarker(index), labels[index], axes, x, y) }
    for point in points { svg += mark(point, x(point.intensity), y(point.gflops)) }
    return svg + legend() + "</svg>\n"
  }

  private func grid(
    _ axes: (across: ClosedRange<Double>, up: ClosedRange<Double>), _ x: (Double) -> Double, _ y: (Double) -> Double
  ) -> String {
    var svg = ""
    let (x0, x1) = (Self.left, Self.width - Self.right), (y0, y1) = (Self.height - Self.bottom, Self.top)
    func rule(_ fromX: Double, _ fromY: Double, _ toX: Double, _ toY: Double) -> String {
      "<path d=\"M\(Self.place(fromX)) \(Self.place(fromY))L\(Self.place(toX)) \(Self.place(toY))\" stroke=\"#ddd\"/>\n"
    }
    var value = axes.across.lowerBound
    while value <= axes.across.upperBound {
      svg += rule(x(value), y0, x(value), y1)
      svg += Self.text(Self.tick(value), x(value), y0 + 18, anchor: "middle")
      value *= axes.across.upperBound / axes.across.lowerBound > 4096 ? 4 : 2
    }
    value = axes.up.lowerBound
    while value <= axes.up.upperBound {
      svg += rule(x0, y(value), x1, y(value))
      svg += Self.text(Self.tick(value), x0 - 8, y(value) + 4, anchor: "end")
      value *= 10
    }
    return svg + Self.text("FLOPs for each byte that must be read or written", (x0 + x1) / 2, y0 + 42, anchor: "middle")
      + Self.text("GFLOP/s", x0 - 8, y1 - 12, anchor: "end")
  }

  private func line(
    of roof: (name: String, gflops: Double, gbs: Double), _ marker: RooflineMarker, _ label: Double,
    _ axes: (across: ClosedRange<Double>, up: ClosedRange<Double>), _ x: (Double) -> Double, _ y: (Double) -> Double
  ) -> String {
    // The memory roof begins where it enters the picture.
    func path(_ factor: Double, _ style: String) -> String {
      let peak = factor * roof.gflops
      guard axes.up.contains(peak) else { return "" }
      let first = max(axes.across.lowerBound, axes.up.lowerBound / roof.gbs)
      let corner = min(axes.across.upperBound, max(first, peak / roof.gbs))
      let places = [
        (first, min(peak, first * roof.gbs)), (corner, min(peak, corner * roof.gbs)), (axes.across.upperBound, peak),
      ]
      let text = places.map { "\(Self.place(x($0.0))) \(Self.place(y($0.1)))" }.joined(separator: "L")
      return "<path d=\"M\(text)\" fill=\"none\" stroke=\"#333\" \(style)/>\n"
    }
    let rate = "\(Table.number(roof.gflops)) GFLOP/s, \(Table.number(roof.gbs)) GB/s"
    let x = Self.width - Self.right + 12
    return path(1, "stroke-width=\"1.5\"") + factors.map { path($0, "stroke-dasharray=\"5 4\"") }.joined()
      + marker.svg(x, label, "fill=\"#333\"") + Self.text("\(roof.name): \(rate)", x + 10, label + 4, size: 10)
  }

  private func mark(_ point: Point, _ x: Double, _ y: Double) -> String {
    let result = point.result, colour = Self.colour(families.firstIndex(of: result.benchmark.family) ?? 0)
    let algorithm = result.plan.map { ", \($0.label)" } ?? ""
    let limit = result.limit.map { Table.percent(100 * $0.seconds / result.median) + " of the limit" } ?? ""
    let title =
      "\(result.benchmark.name), \(result.setting.label)\(algorithm): \(Table.time(result.median)), "
      + "\(Table.number(point.gflops)) GFLOP/s, \(Table.number(point.intensity)) FLOP/byte, \(limit)"
    return RooflineMarker(roofs.firstIndex { $0.name == result.setting.label } ?? 0).svg(
      x, y, "fill=\"\(colour)\" fill-opacity=\"0.7\" stroke=\"white\"",
      content: "<title>\(Self.escaped(title))</title>")
  }

  private func legend() -> String {
    let x = Self.width - Self.right + 12
    var y = Self.height - Self.bottom - 18 * Double(families.count + 3), svg = ""
    for (i, family) in families.enumerated() {
      svg +=
        "<rect x=\"\(Self.place(x - 5))\" y=\"\(Self.place(y - 9))\" width=\"10\" height=\"10\" fill=\"\(Self.colour(i))\"/>\n"
      svg += Self.text(family, x + 12, y)
      y += 18
    }
    if !factors.isEmpty {
      let times = factors.map { $0 == 4 ? "4 ×" : "16/9 × (stride 2)" }.joined(separator: ", ")
      svg += Self.text("dashed: Winograd's, \(times) the peak", x - 4, y)
      y += 18
    }
    if leftOut > 0 { svg += Self.text("not drawn, without FLOPs: \(leftOut)", x - 4, y) }
    return svg
  }

  private static func colour(_ index: Int) -> String { colours[index % colours.count] }

  /// Moves labels that would lie on one another apart, downwards.
  private static func spread(_ places: [Double]) -> [Double] {
    var taken: [Double] = []
    return places.map { place in
      var place = place
      while taken.contains(where: { abs($0 - place) < 12 }) { place += 12 }
      taken.append(place)
      return place
    }
  }

  private static func place(_ value: Double) -> String { String(format: "%.1f", value) }

  private static func tick(_ value: Double) -> String {
    value >= 1 ? String(format: "%.0f", value) : String(format: "%g", value)
  }

  private static func text(
    _ text: String, _ x: Double, _ y: Double, anchor: String = "start", size: Int = 12
  ) -> String {
    "<text x=\"\(place(x))\" y=\"\(place(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">\(escaped(text))</text>\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
