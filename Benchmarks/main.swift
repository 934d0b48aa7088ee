import Basics
import Foundation

CurrentProcess.ignoreBrokenPipes()
exit(BenchmarkProgram(cases: Benchmark.all).run(Array(CommandLine.arguments.dropFirst())))
