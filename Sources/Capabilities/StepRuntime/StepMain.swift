import AWSClients
import CIEnvironment
import CommandArguments
import DeploymentConfig
import DeploymentEvidence
import DeploymentRecords
import HTTPTransport
import JSONValues
import Redaction
import Reporting
import StepResults
import SystemInterfaces

/// Runs a step from its arguments to its exit code.
public enum StepMain<Command: StepCommand> {
  /// Parses, runs, writes the record and the reports, and prints the result; returns the exit code.
  ///
  /// This is the whole of an executable; a test calls it with other dependencies.
  public static func run(
    arguments: [String], context: StepContext, interruption: Interruption = Interruption()
  ) async -> Int32 {
    var retained: (any Sendable)?
    return await run(
      arguments: arguments, context: context, interruption: interruption, leaving: &retained)
  }

  /// As `run(arguments:context:interruption:)`; `retained` is what need not be taken apart before the process ends.
  static func run(
    arguments: [String], context: StepContext, interruption: Interruption,
    leaving retained: inout (any Sendable)?
  ) async -> Int32 {
    let redactor = Redactor()
    let terminal = RedactingTerminal(base: context.terminal, redactor: redactor)
    var outputs = RunOutputs()
    var status = await run(
      arguments: arguments, context: context, interruption: interruption, redactor: redactor,
      terminal: terminal, outputs: &outputs, leaving: &retained)
    if let lost = terminal.lostOutput {
      terminal.write(
        "\(Command.Part.step.rawValue): the result could not be written to standard output: \(lost.reason)\n",
        to: .standardError)
      // A yes that nobody can read is none; a no stays one.
      if [ExitStatus.go, .inconclusive].map(\.rawValue).contains(status) {
        status = ExitStatus.unavailable.rawValue
      }
    }
    outputs.write(status: status, context, redactor, terminal)
    return status
  }

  private static func run(
    arguments: [String], context: StepContext, interruption: Interruption, redactor: Redactor,
    terminal: RedactingTerminal, outputs: inout RunOutputs, leaving retained: inout (any Sendable)?
  ) async -> Int32 {
    let command: Command
    switch answer(to: arguments, context) {
    case .run(let asked): command = asked
    case .print(let text):
      terminal.write(text, to: .standardOutput)
      return ExitStatus.go.rawValue
    case .refuse(let text):
      terminal.write(text, to: .standardError)
      return ExitStatus.usage.rawValue
    }
    let startedAt = context.clock.now
    do {
      if let code = command.common.explain {
        let explanation = try FindingExplanation(
          code, step: Command.Part.step, catalog: Command.catalog + SharedFindings.catalog)
        terminal.write(explanation.text(command.common.format ?? .text), to: .standardOutput)
        return ExitStatus.go.rawValue
      }
      let session = try StepSession(
        context: context, common: command.common, redactor: redactor, startedAt: startedAt,
        needsConfig: command.needsConfig, policySource: command.policySource)
      defer { session.endLocalLock() }
      if command.common.showConfig {
        terminal.write(ShownConfig(session).document.serialized(pretty: true) + "\n", to: .standardOutput)
        return ExitStatus.go.rawValue
      }
      if command.common.iamPolicy {
        let policy = session.iamPolicy(of: Command.Part.step.rawValue)
        terminal.write(policy.document.serialized(pretty: true) + "\n", to: .standardOutput)
        return ExitStatus.go.rawValue
      }
      session.output.stopCommands(isGitHub: session.ci.provider == .github)
      defer {
        session.progress.finish()
        session.output.resumeCommands()
      }
      if command.readsRestorePoints { try await session.fetchStore() }
      if let answer = try await command.answerInstead(in: session) {
        session.trust.survey()
        for finding in session.remarkedFindings { session.progress.say("warning: \(finding.message)") }
        session.progress.finish()
        terminal.write(answer, to: .standardOutput)
        return ExitStatus.go.rawValue
      }
      let record: Record<Command.Part>
      let failure: StepFailure?
      do {
        (record, failure) = try await work(
          command, session, interruption, outputs: &outputs, leaving: &retained)
      } catch {
        await session.releaseEnvironment()
        throw error
      }
      if let signal = interruption.signal { return signal.rawValue }
      if let failure { throw failure }
      return ExitStatus(record.verdict, inconclusiveAs: command.common.inconclusive.map(verdict)).rawValue
    } catch {
      let failure =
        interruption.signal.map { StepFailure($0, "interrupted") } ?? StepFailure(describing: error)
      terminal.write("\(Command.Part.step.rawValue): \("\(failure)".printable)\n", to: .standardError)
      return failure.status.rawValue
    }
  }

  private static func work(
    _ command: Command, _ session: StepSession, _ interruption: Interruption, outputs: inout RunOutputs,
    leaving retained: inout (any Sendable)?
  ) async throws -> (Record<Command.Part>, StepFailure?) {
    // Before the work: a repository that cannot be read must not cost a result of half an hour.
    let commit = try session.commitId()
    let executor = Command.sendsRequests ? session.http().executors.first : nil
    let outcome = try await interruption.run(on: executor) { try await command.run(in: session) }
    session.progress.finish()
    retained = outcome.retained
    return (try await finish(outcome, session, commit: commit, outputs: &outputs), outcome.failure)
  }

  private static func verdict(_ choice: InconclusiveChoice) -> Verdict { choice == .go ? .go : .stop }

  // MARK: - Arguments

  private static func answer(
    to arguments: [String], _ context: StepContext
  ) -> CommandLineAnswer<Command> {
    let names = EnvironmentArguments(
      options: CommonOptions.environmentOptions + Command.environmentOptions,
      flags: CommonOptions.environmentFlags + Command.environmentFlags)
    let added = names.additions(to: arguments, environment: context.environment)
    return Command.answer(
      to: added + arguments, of: Command.description(columns: context.terminal.columns))
  }

  // MARK: - Results

  private static func finish(
    _ outcome: StepOutcome<Command.Part>, _ session: StepSession, commit: String?,
    outputs: inout RunOutputs
  ) async throws -> Record<Command.Part> {
    session.trust.survey()
    var record = Record<Command.Part>(
      environment: session.environment, commit: outcome.commit ?? commit, verdict: outcome.verdict,
      startedAt: session.startedAt, finishedAt: session.context.clock.now,
      inputs: session.configInputs + outcome.inputs,
      findings: outcome.findings + session.remarkedFindings, summary: outcome.summary,
      part: outcome.part)
    record.application = session.application
    record.deployment = outcome.deployment
    var redacted = try session.records.redacted(record)
    redacted.document = OutsideText.record(redacted.document)
    var report = Command.report(redacted.record)
    report.catalog += SharedFindings.catalog
    report.links.run = session.ci.runAddress
    report.links.commit = report.commit.flatMap(session.ci.address(ofCommit:))
    outputs.verdict = record.verdict
    outputs.values = Command.outputs(redacted.record)
    var unwritten: StepFailure?
    do {
      session.clearTheWay()
      let path = try session.records.write(redacted.document, of: Command.Part.step)
      outputs.values["record"] = path
      await session.addToLedger(redacted)
      try ReportFiles.write(report, session)
      session.progress.detail("record: \(path)")
    } catch {
      unwritten = StepFailure(describing: error)
    }
    // What was found or done is told whatever became of its record.
    let result =
      session.format == .json
      ? String(decoding: redacted.document, as: UTF8.self)
      : TextReport.render(
        report, color: session.usesColor,
        width: session.context.terminal.isInteractive(.standardOutput)
          ? session.context.terminal.columns : nil)
    session.context.terminal.write(result, to: .standardOutput)
    if let unwritten {
      let failure = StepFailure(
        unwritten.status, unwritten.message,
        advice: "the result stands" + (unwritten.advice.isEmpty ? "" : "; \(unwritten.advice)"))
      // A full disk must not turn an outage that was seen into "could not run".
      guard record.verdict == .stop else { throw failure }
      session.context.terminal.write(
        "\(Command.Part.step.rawValue): \(failure)\n", to: .standardError)
      await session.releaseEnvironment()
    }
    return record
  }
}
