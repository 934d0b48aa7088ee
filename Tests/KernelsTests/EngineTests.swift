import Basics
import Kernels
import Testing

@Suite struct EngineTests {
  private func order(_ engine: Engine, tasks: Int) -> [Int] {
    var order: [Int] = []
    engine.sweep(tasks, flops: 0) { task, _ in order.append(task) }
    return order
  }

  /// Forwards and backwards in turn, and backwards after an operation that had to go forwards.
  @Test func sweepsTakeTurns() {
    let engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))
    let first = order(engine, tasks: 5)
    #expect(first == [0, 1, 2, 3, 4] || first == [4, 3, 2, 1, 0])
    #expect(order(engine, tasks: 5) == first.reversed())
    #expect(order(engine, tasks: 5) == first)
    for _ in 0..<2 {
      engine.sweptForwards()
      #expect(order(engine, tasks: 3) == [2, 1, 0])
    }
    #expect(order(engine, tasks: 1) == [0] && order(engine, tasks: 0) == [])
  }
}
