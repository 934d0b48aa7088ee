extension BenchmarkOptions {
  /// What `--help` prints.
  static let help = """
    OVERVIEW: Measures this project's kernels, losses and training steps.

    USAGE: swift run -c release Benchmarks [FILTER ...] [options]
           swift run -c release Benchmarks profile --network NAME [options]

    Runs the cases whose name contains a FILTER (all without one), such as
    gemm, conv, conv/fwd, norm, loss, step or gemm/1024x1024x1024.
    'profile' runs training steps of a network and shows where their time goes,
    layer by layer: \(StepNetwork.all.map(\.name).joined(separator: ", ")).

    WHAT IS MEASURED:
      --skip PART,…      Leave out cases whose name contains a PART
      --batch N          Images in a batch, 2 to 4096 (default: 128; large
                         networks take fewer)
      --threads N,…      Threads, 1 to 1024; several make a sweep (default: all
                         processors)
      --isa NAME,…       portable, avx2, avx512; several make a sweep, 'all' is
                         all that this machine has (default: the widest)
      --cold             Empty the caches before each call
      --list             Print the names of the cases
      --explain          Print which algorithm each case takes, and why

    FOR HOW LONG:
      --precision P%     Until the median is known to ± P %, by its 95 % interval
                         (default: 1)
      --seconds S        But for S seconds at most, and at least 7 samples
                         (default: 1)
      --repeats N        Exactly N samples instead
      --no-peaks         Don't measure the machine first: no percentages

    RESULTS:
      --json FILE        Write a JSON line for each case, after each case; '-' is
                         standard output, the table then goes to standard error
      --roofline F.svg   Draw the cases under the machine's roofline
      --compare FILE     Compare with the JSON lines of an earlier run
      --fail-on P%       Exit with 1 if a case is slower than there by more than
                         P % and by more than the noise, also when measured
                         again, three times
      -h, --help         Print this

    ENVIRONMENT:
      SECU_ISA           The instruction set to measure, unless '--isa' is given
      SECU_CONVOLUTION   direct, product or winograd: the algorithm of all
                         convolutions that it fits (default: the planner's)
      SECU_JPEGS         A folder of JPEG files: the cases 'decode'

    EXIT CODES: 0; 1 slower than --fail-on allows; 64 usage; 65 bad data; 66 no
    such file; 70 a case failed; 73 cannot create; 74 I/O; 129, 130, 143 stopped.

    """
}
