import Foundation

exit(BenchmarkProgram(cases: Benchmark.all).run(Array(CommandLine.arguments.dropFirst())))
