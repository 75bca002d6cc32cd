import CommandArguments
import CurlTransport
import Foundation
import GitHistory
import HTTPTransport
import MailTransport
import Redaction
import SystemInterfaces
import TestSupport

@testable import AutoRevert
@testable import StepRuntime

/// A session of `auto-revert` in this process, in a folder of its own.
struct SessionBench {
  let folder = TemporaryFolder()
  let terminal: CapturingTerminal
  let clock = ManualClock(Timestamp("2026-11-26T02:00:00Z")!)
  var variables: [String: String] = [:]
  var policy = ""
  var config = "ENVIRONMENT=prod\nAPI_STACK=Shop-Api\n"
  var transport: any HTTPTransport = ScriptedTransport { _ in
    throw TransferError(.connectionFailed, code: 7, message: "no network here")
  }
  var mail: (any MailTransport)?

  init(interactive: Bool = false, answers: [String] = []) {
    terminal = CapturingTerminal(interactive: interactive, answers: answers)
  }

  var context: StepContext {
    let transport = transport
    var context = StepContext(
      environment: Environment(variables), clock: clock, files: LocalFileSystem(), terminal: terminal,
      random: Randomness(), makeTransport: { _ in transport },
      openRepository: { try GitRepository(at: $0, environment: $1) },
      workingDirectory: folder.path, processId: 7)
    context.mail = mail
    return context
  }

  /// The command as it is written, and its session.
  func start(_ arguments: String...) throws -> (command: RevertCommand, session: StepSession) {
    try config.write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    if !policy.isEmpty {
      try policy.write(toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
    }
    let command = try RevertCommand.parse(["prod"] + arguments)
    let session = try StepSession(
      context: context, common: command.common, redactor: Redactor(), startedAt: clock.now, needsConfig: true)
    return (command, session)
  }

  /// Runs the whole step.
  func run(_ arguments: String...) async throws -> Int32 {
    try config.write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    if !policy.isEmpty {
      try policy.write(toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
    }
    return await StepMain<RevertCommand>.run(
      arguments: ["prod"] + arguments, context: context, interruption: Interruption())
  }
}
