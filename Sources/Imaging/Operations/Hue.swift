/// A turn of the colour wheel, to the bit as torchvision's `adjust_hue` on Pillow's 8-bit HSV.
///
/// To HSV: with M and m the largest and smallest of R, G, B and c = M − m,
///
///     H = ⌊255 · h/6⌋,   h/6 in [0, 1) around the wheel: h = (G − B)/c where R = M, 2 + (B − R)/c where G = M, else 4 + (R − G)/c
///     S = ⌊255 · c/M⌋    V = M
///
/// H ← H + shift modulo 256, and back: 6·H = 255·k + r with 0 ≤ r < 255 gives the sector k, and with the nearest whole numbers
///
///     p = V·(1 − S/255)    q = V·(1 − S/255 · r/255)    t = V·(1 − S/255 · (1 − r/255))
///     (R, G, B) = (V,t,p) (q,V,p) (p,V,t) (p,q,V) (t,p,V) (V,p,q) for k = 0…5; k = 6 is sector 0
///
/// The microkernel `turnHue` computes the same without sectors. Checked against `ImagingReference.hue` and Pillow's own pixels.
enum Hue {
  /// Images without three channels stay as they are.
  ///
  /// - Parameter shift: of H, in 1/256 of a turn; 255 is one back.
  static func apply(_ view: Planes, shift: UInt8, _ workspace: Workspace) {
    guard view.channels == 3 else { return }
    workspace.kernels.turnHue(view.plane(0), view.plane(1), view.plane(2), view.planeCount, Int32(shift))
  }

  /// What torchvision adds to H for a share of a turn, −0.5…0.5: the whole part of 255 · share, modulo 256.
  static func shift(turn share: Float) -> UInt8 {
    UInt8(truncatingIfNeeded: Int(Double(share) * 255))
  }
}
