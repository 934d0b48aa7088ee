import Basics

extension Network {
  public static func bytes(_ description: ResNet, batch: Int, groups: Int = 2) throws -> Double {
    try description.validate()
    let plan = try NetworkPlan(
      description, batch: batch, groups: groups, limit: .init(bytes: 4e12, holder: "no more is planned for than"))
    return 4
      * (Double(plan.arenaFloats) + Double(plan.savedFloats) + 2 * Double(plan.layout.parameterCount)
        + Double(plan.layout.statisticsCount))
  }

  /// The number of a network's parameters, and of those in its largest tensor; nothing is allocated.
  ///
  /// - Throws: what `ResNet.validate` throws.
  public static func parameterCounts(_ description: ResNet) throws -> (all: Int, largest: Int) {
    try description.validate()
    let layout = try NetworkPlan(description, batch: 1, groups: 1).layout
    return (layout.parameterCount, layout.parameters.map(\.count).max() ?? 0)
  }
}
