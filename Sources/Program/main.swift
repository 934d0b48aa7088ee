import Basics
import Foundation
import Kernels

CurrentProcess.holdStandardStreams()
CurrentProcess.ignoreWriteSignals()
let program = Dispatcher(
  subcommands: Subcommand.all, isa: { try InstructionSet.chosen().rawValue }, output: .standardOutput,
  errors: .standardError)
exit(program.run(Array(CommandLine.arguments.dropFirst())))
