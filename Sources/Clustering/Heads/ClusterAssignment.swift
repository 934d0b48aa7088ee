/// One image's cluster in one head, from a clean view and without duals.
public struct ClusterAssignment: Sendable, Equatable {
  /// 0..<K of the head.
  public var cluster: Int
  /// Its soft-max probability at temperature t_x, 0 to 1.
  public var confidence: Float
  /// The next best cluster; the same one if there is no other.
  public var second: Int
}
