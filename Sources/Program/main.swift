import Foundation

Interruption.ignoreBrokenPipes()
let program = Dispatcher(
  subcommands: Subcommand.all, isa: Platform.architecture, output: .standardOutput, errors: .standardError)
exit(program.run(Array(CommandLine.arguments.dropFirst())))
