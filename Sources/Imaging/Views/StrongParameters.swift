import Basics

/// What chance decided about one strongly augmented view.
struct StrongParameters: Equatable {
  var isFlipped: Bool
  /// Where the view lies in the room that the resized image leaves, 0 (left, top) to 1 (right, bottom).
  var place: SIMD2<Float>
  /// Where the hole's center lies, in shares of the view's sides.
  var holePlace: SIMD2<Float>
  /// Half the side of the hole, in pixels.
  var holeRadius: Int
}

extension StrongParameters {
  /// Draws all but the operations, which are drawn one after the other when it is their turn.
  init(_ recipe: StrongAugmentation, drawing stream: inout RandomStream) {
    isFlipped = Double(stream.uniform()) < recipe.flipProbability
    place = SIMD2(stream.uniform(), stream.uniform())
    holePlace = SIMD2(stream.uniform(), stream.uniform())
    let side = stream.below(max(1, recipe.cutout)) + 1
    holeRadius = recipe.cutout == 0 ? 0 : side / 2
  }
}

extension StrongAugmentation.Operation {
  /// Draws a strength and a sign, two words whatever the operation, and carries the operation out.
  func apply(_ view: Planes, drawing stream: inout RandomStream, _ workspace: Workspace) {
    let share = Double(stream.uniform()), sign = stream.nextWord() >> 31 == 0 ? 1.0 : -1.0
    /// Uniform in [low, high).
    func strength(_ low: Double, _ high: Double) -> Double { low + (high - low) * share }
    apply(view, sign: sign, strength: strength, workspace)
  }

  private func apply(
    _ view: Planes, sign: Double, strength: (Double, Double) -> Double, _ workspace: Workspace
  ) {
    switch self {
    case .identity: break
    case .autocontrast: ValueMap.autocontrast(view, workspace)
    case .equalise: ValueMap.equalise(view, workspace)
    case .rotate:
      NearestMap.rotation(degrees: sign * strength(-30, 30), height: view.height, width: view.width)
        .apply(view, workspace)
    case .solarise: Solarise.apply(view, threshold: Int(strength(0, 256).rounded(.up)), workspace)
    case .colour: ColourJitter.saturation(view, factor: Float(strength(0.05, 0.95)), workspace)
    case .contrast: ColourJitter.contrast(view, factor: Float(strength(0.05, 0.95)), workspace)
    case .brightness: ColourJitter.brightness(view, factor: Float(strength(0.05, 0.95)), workspace)
    case .sharpness: Sharpness.apply(view, factor: Float(strength(0.05, 0.95)), workspace)
    case .shearX: NearestMap.shearX(sign * strength(-0.1, 0.1)).apply(view, workspace)
    case .translateX:
      NearestMap.translation(x: sign * strength(-0.1, 0.1) * Double(view.width), y: 0).apply(view, workspace)
    case .translateY:
      NearestMap.translation(x: 0, y: sign * strength(-0.1, 0.1) * Double(view.height)).apply(view, workspace)
    case .posterise: ValueMap.posterise(view, bits: Int(strength(4, 8)))
    case .shearY: NearestMap.shearY(sign * strength(-0.1, 0.1)).apply(view, workspace)
    }
  }
}
