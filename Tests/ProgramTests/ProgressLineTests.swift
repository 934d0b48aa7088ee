import Basics
import Foundation
import Synchronization
import Testing

@testable import Program
@testable import Training

@Suite struct ProgressLineTests {
  /// A clock that stands still until it is moved.
  final class Clock: Sendable {
    private let milliseconds = Atomic<Int>(0)

    func advance(milliseconds count: Int) {
      milliseconds.wrappingAdd(count, ordering: .relaxed)
    }

    var time: Duration { .milliseconds(milliseconds.load(ordering: .relaxed)) }
  }

  private let clock = Clock()
  private let recorder = Recorder()

  private func line(isTerminal: Bool, width: Int? = nil, isPatient: Bool = false) -> ProgressLine {
    ProgressLine(on: recorder.stream(isTerminal: isTerminal, width: width), isPatient: isPatient) { [clock] in
      clock.time
    }
  }

  @Test func `a terminal's line is redrawn in place`() {
    let progress = line(isTerminal: true)
    progress.update("epoch 1, 10 images")
    clock.advance(milliseconds: 100)
    progress.update("epoch 1, 9")
    clock.advance(milliseconds: 100)
    progress.update("epoch 1, 10")
    #expect(recorder.writes == ["epoch 1, 10 images", "\repoch 1, 9        ", "\repoch 1, 10"])
  }

  @Test func `a terminal's line is redrawn ten times a second at most`() {
    let progress = line(isTerminal: true)
    for count in 0..<100 {
      progress.update("\(count)")
      clock.advance(milliseconds: 10)
    }
    #expect(recorder.writes.count == 10)
  }

  @Test func `a terminal's line leaves the last column free`() {
    let progress = line(isTerminal: true, width: 30)
    progress.update(String(repeating: "x", count: 50))
    #expect(recorder.text.count == 29)
  }

  @Test func `a line to stay replaces the drawn one`() {
    let progress = line(isTerminal: true)
    progress.update("working hard")
    progress.print("done")
    progress.print("more")
    #expect(recorder.writes == ["working hard", "\rdone        \n", "more\n"])
  }

  @Test func `a cleared line is gone once`() {
    let progress = line(isTerminal: true)
    progress.clear()
    progress.update("abc")
    progress.clear()
    progress.clear()
    #expect(recorder.writes == ["abc", "\r   \r"])
  }

  @Test func `control characters don't reach the terminal`() {
    line(isTerminal: true).update("a\u{1B}[2Jb")
    #expect(!recorder.text.contains("\u{1B}"))
  }

  @Test func `elsewhere lines are plain and five seconds apart`() {
    let progress = line(isTerminal: false)
    for second in 0..<12 {
      progress.update("second \(second)")
      clock.advance(milliseconds: 1000)
    }
    #expect(recorder.text == "second 0\nsecond 5\nsecond 10\n")
  }

  @Test func `elsewhere lines to stay are written at once, whole`() {
    let progress = line(isTerminal: false)
    progress.update("a")
    clock.advance(milliseconds: 4000)
    progress.print(String(repeating: "x", count: 500))
    clock.advance(milliseconds: 4000)
    progress.update("too soon")
    progress.clear()
    #expect(recorder.text == "a\n" + String(repeating: "x", count: 500) + "\n")
  }

  @Test func `elsewhere the end follows what was written, if anything was`() {
    let progress = line(isTerminal: false)
    progress.end("3 of 3")
    progress.update("1 of 3")
    progress.update("2 of 3")
    progress.end("3 of 3")
    #expect(recorder.text == "1 of 3\n3 of 3\n")
  }

  @Test func `work that is soon done leaves no line in a log`() {
    let progress = line(isTerminal: false, isPatient: true)
    for second in 0..<5 {
      progress.update("second \(second)")
      clock.advance(milliseconds: 1000)
    }
    progress.end("all")
    #expect(recorder.text.isEmpty)
    progress.update("second 5")
    progress.end("all")
    #expect(recorder.text == "second 5\nall\n")
    let shown = line(isTerminal: true, isPatient: true)
    shown.update("0")
    #expect(recorder.writes.last == "0")
  }

  @Test func `a terminal's line is gone at the end`() {
    let progress = line(isTerminal: true)
    progress.update("2 of 3")
    progress.end("3 of 3")
    #expect(recorder.writes == ["2 of 3", "\r      \r"])
  }

  @Test func `the uptime moves forwards`() {
    let start = ProgressLine.uptime()
    #expect(start > .zero)
    #expect(ProgressLine.uptime() >= start)
  }
}

@Suite struct QuantityTextTests {
  @Test(arguments: [
    (0.0, 1.0, "0.00 images/s"), (33, 4, "8.25 images/s"), (9.996, 1, "10.0 images/s"), (99.96, 1, "100 images/s"),
    (2408, 2, "1204 images/s"), (5, 0, "– images/s"), (5, -1, "– images/s"), (.infinity, 1, "– images/s"),
    (.nan, 1, "– images/s"), (1, .nan, "– images/s"),
  ]) func `rates keep three digits`(count: Double, seconds: Double, text: String) {
    #expect(QuantityText.rate(count, per: seconds) == text)
  }

  @Test(arguments: [(1, "head", "1 head"), (2, "head", "2 heads"), (0, "pass", "0 passes")])
  func `counts name what they count`(number: Int, noun: String, text: String) {
    #expect(counted(number, noun) == text)
  }

  @Test(arguments: [
    (0.0, "0 s"), (0.4, "0 s"), (45, "45 s"), (59.4, "59 s"), (59.5, "1 min 0 s"), (80, "1 min 20 s"),
    (3599.4, "59 min 59 s"), (3599.5, "1 h 0 min"), (7500, "2 h 5 min"), (86_399, "1 d 0 h"), (86_400, "1 d 0 h"),
    (273_600, "3 d 4 h"), (-1, "–"), (.nan, "–"), (.infinity, "–"), (1e300, "–"),
  ]) func `times have two units`(seconds: Double, text: String) {
    #expect(QuantityText.time(seconds) == text)
  }

  @Test func `a run that goes on has the pace of this process`() {
    let report = StepReport(
      epoch: 2, epochs: 4, stepsDone: 300, stepsInAll: 400, stepsHere: 50, imagesDone: 6400, seconds: 10)
    #expect(TrainCommand.line(report) == "epoch 3/4  75 %  640 images/s  20 s left")
  }

  @Test func `the time left follows the pace so far`() {
    #expect(QuantityText.secondsLeft(done: 25, total: 100, elapsed: 10) == 30)
    #expect(QuantityText.secondsLeft(done: 100, total: 100, elapsed: 10) == 0)
    #expect(QuantityText.secondsLeft(done: 101, total: 100, elapsed: 10) == 0)
    #expect(QuantityText.secondsLeft(done: 0, total: 100, elapsed: 10) == .infinity)
  }
}
