import Foundation

/// The shape of a setting's points in a roofline, so that settings differ in print as well.
enum RooflineMarker: Int, CaseIterable {
  case circle, square, triangle, diamond

  /// - Parameter index: the setting's; from the fifth on, shapes come again.
  init(_ index: Int) { self = Self.allCases[index % Self.allCases.count] }

  /// - Parameters:
  ///   - attributes: how it is painted.
  ///   - content: elements inside, such as its title.
  func svg(_ x: Double, _ y: Double, _ attributes: String, content: String = "") -> String {
    let corners: [(Double, Double)] =
      switch self {
      case .circle: []
      case .square: [(-4, -4), (4, -4), (4, 4), (-4, 4)]
      case .triangle: [(0, -5.5), (5, 4), (-5, 4)]
      case .diamond: [(0, -6), (6, 0), (0, 6), (-6, 0)]
      }
    if corners.isEmpty {
      let center = String(format: "cx=\"%.1f\" cy=\"%.1f\"", x, y)
      return "<circle \(center) r=\"4.5\" \(attributes)>\(content)</circle>\n"
    }
    let points = corners.map { String(format: "%.1f,%.1f", x + $0, y + $1) }.joined(separator: " ")
    return "<polygon points=\"\(points)\" \(attributes)>\(content)</polygon>\n"
  }
}
