import ArgumentParser
import DeploymentConfig
import HTTPTransport
import JSONValues
import Records
import Reporting
import SystemInterfaces

/// Runs a step from its arguments to its exit code.
public enum StepMain<Command: StepCommand> {
  /// Parses, runs, writes the record and the reports, and prints the result; returns the exit code.
  ///
  /// This is the whole of an executable; a test calls it with other dependencies.
  public static func run(
    arguments: [String], context: StepContext, interruption: Interruption = Interruption()
  ) async -> Int32 {
    let redactor = Redactor()
    let terminal = RedactingTerminal(base: context.terminal, redactor: redactor)
    let command: Command
    switch parse(arguments, context.environment) {
    case .success(let parsed): command = parsed
    case .failure(let answer):
      terminal.write(answer.text, to: answer.isHelp ? .standardOutput : .standardError)
      return answer.isHelp ? ExitStatus.go.rawValue : ExitStatus.usage.rawValue
    }
    let startedAt = context.clock.now
    do {
      let session = try StepSession(
        context: context, common: command.common, redactor: redactor, startedAt: startedAt,
        needsConfig: command.needsConfig)
      if command.common.showConfig {
        terminal.write(ShownConfig(session).document.serialized(pretty: true) + "\n", to: .standardOutput)
        return ExitStatus.go.rawValue
      }
      defer { session.progress.finish() }
      if command.readsRestorePoints { try await session.fetchStore() }
      if let answer = try await command.answerInstead(in: session) {
        session.progress.finish()
        terminal.write(answer, to: .standardOutput)
        return ExitStatus.go.rawValue
      }
      let record: Record<Command.Part>
      let failure: StepFailure?
      do {
        (record, failure) = try await work(command, session, interruption)
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
    _ command: Command, _ session: StepSession, _ interruption: Interruption
  ) async throws -> (Record<Command.Part>, StepFailure?) {
    // Before the work: a repository that cannot be read must not cost a result of half an hour.
    let commit = try session.commitId()
    let executor = Command.sendsRequests ? session.http().preferredExecutor : nil
    let outcome = try await interruption.run(on: executor) { try await command.run(in: session) }
    session.progress.finish()
    return (try await finish(outcome, session, commit: commit), outcome.failure)
  }

  private static func verdict(_ choice: InconclusiveChoice) -> Verdict { choice == .go ? .go : .stop }

  // MARK: - Arguments

  private struct ParserAnswer: Error {
    let text: String
    let isHelp: Bool
  }

  private static func parse(_ arguments: [String], _ environment: Environment) -> Result<
    Command, ParserAnswer
  > {
    let names = EnvironmentArguments(
      options: CommonOptions.environmentOptions + Command.environmentOptions,
      flags: CommonOptions.environmentFlags + Command.environmentFlags)
    do {
      let added = names.additions(to: arguments, environment: environment)
      guard let parsed = try ParsedStep<Command>.parseAsRoot(arguments + added) as? ParsedStep<Command> else {
        return .failure(ParserAnswer(text: ParsedStep<Command>.helpMessage() + "\n", isHelp: true))
      }
      let common = parsed.command.common
      guard isEnvironmentName(common.environment) else {
        throw ValidationError(
          "'\(common.environment)' names no environment: letters, digits, '.', '_' and '-' do")
      }
      return .success(parsed.command)
    } catch {
      let isHelp = ParsedStep<Command>.exitCode(for: error) == .success
      let text = ParsedStep<Command>.fullMessage(for: error)
      return .failure(ParserAnswer(text: text.hasSuffix("\n") ? text : text + "\n", isHelp: isHelp))
    }
  }

  /// The name goes into file names.
  private static func isEnvironmentName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.hasPrefix("-") && name.utf8.count <= 100
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
  }

  // MARK: - Results

  private static func finish(
    _ outcome: StepOutcome<Command.Part>, _ session: StepSession, commit: String?
  ) async throws -> Record<Command.Part> {
    let record = Record<Command.Part>(
      environment: session.environment, commit: commit, verdict: outcome.verdict,
      startedAt: session.startedAt, finishedAt: session.context.clock.now,
      inputs: session.configInputs + outcome.inputs, findings: outcome.findings, summary: outcome.summary,
      part: outcome.part)
    let redacted = try session.records.redacted(record)
    let report = Command.report(redacted.record)
    do {
      let path = try session.records.write(redacted.document, of: Command.Part.step)
      await session.addToLedger(redacted)
      try ReportFiles.write(report, session)
      session.progress.detail("record: \(path)")
    } catch  where record.verdict == .stop {
      // A full disk must not turn an outage that was seen into "could not run".
      session.context.terminal.write(
        "\(Command.Part.step.rawValue): \(StepFailure(describing: error))\n", to: .standardError)
      await session.releaseEnvironment()
    }
    let result =
      session.format == .json
      ? String(decoding: redacted.document, as: UTF8.self)
      : TextReport.render(report, color: session.usesColor)
    session.context.terminal.write(result, to: .standardOutput)
    return record
  }
}
