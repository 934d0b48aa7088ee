import Foundation

let program = BenchmarkProgram { batch in
  Benchmark.matrixProducts
    + Benchmark.convolutions(batch: batch)
    + Benchmark.normalizations(batch: batch)
    + Benchmark.losses(batch: batch)
    + Benchmark.augmentations(batch: batch)
    + Benchmark.decodings()
    + Benchmark.steps(batch: batch)
}
exit(program.run(Array(CommandLine.arguments.dropFirst())))
