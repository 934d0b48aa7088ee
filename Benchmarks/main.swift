import Basics
import Foundation

CurrentProcess.holdStandardStreams()
CurrentProcess.ignoreWriteSignals()
exit(BenchmarkProgram(cases: Benchmark.all).run(Array(CommandLine.arguments.dropFirst())))
