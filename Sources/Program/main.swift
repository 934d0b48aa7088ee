import Basics
import Foundation
import Kernels

Platform.holdStandardStreams()
CurrentProcess.ignoreBrokenPipes()
let program = Dispatcher(
  subcommands: Subcommand.all, isa: { try InstructionSet.chosen().rawValue }, output: .standardOutput,
  errors: .standardError)
exit(program.run(Array(CommandLine.arguments.dropFirst())))
