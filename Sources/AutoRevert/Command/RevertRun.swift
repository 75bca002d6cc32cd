import AWSClients
import DeploymentConfig
import JSONValues
import Records
import Reporting
import RollbackPlan
import StepCommand
import SystemInterfaces

/// One run of the step: what to go back to, whether it may begin, the engine, health, messages, the revert commit.
struct RevertRun {
  let command: RevertCommand
  let session: StepSession

  func outcome() async throws -> StepOutcome<RevertPart> {
    if command.gitOnly { return try GitOnlyDoor.outcome(command, session) }
    let options = try planOptions()
    let deadline = try deadline()
    let targets = session.config.stacks.map { TargetStack(role: $0.role, name: $0.name) }
    guard !targets.isEmpty else {
      throw StepFailure(
        .data, "\(session.config.path) names no stack",
        advice: "write API_STACK=… and the like into the configuration")
    }
    // What was not confirmed changes nothing and asks nobody.
    var continued = try unfinished()
    let confirmation = judgeConfirmation(isContinued: continued != nil)
    if case .refused(let reason, let advice) = confirmation, !command.dryRun {
      throw StepFailure(.refused, reason, advice: advice)
    }
    let lock = command.dryRun ? nil : try takeLock()
    defer { withExtendedLifetime(lock) {} }
    // Whoever held the lock may have ended what was unfinished.
    continued = try unfinished()
    try SafetyLimits(command: command, session: session).check(isContinued: continued != nil)

    do {
      return try await run(options, targets, continued, confirmation, deadline)
    } catch let failure as OperationFailure {
      let hasBegun = try !command.dryRun && unfinished() != nil
      throw RevertRun.stepFailure(failure, session.environment, hasBegun: hasBegun)
    }
  }

  private func run(
    _ options: PlanOptions, _ targets: [TargetStack], _ continued: ContinuedRevert?,
    _ confirmation: RollbackConfirmation, _ deadline: Duration
  ) async throws -> StepOutcome<RevertPart> {
    let aws = try session.aws()
    let cloudFormation = AWSOperations(CloudFormationClient(aws), clock: session.context.clock)
    let chosen = try await RestorePointFinder(session: session, aws: aws, operations: cloudFormation)
      .find(named: command.to, continued: continued, targets: targets)
    let journal = RevertJournal(
      records: session.records.root, restorePoint: chosen.loaded?.point.id, files: session.context.files,
      clock: session.context.clock, redactor: session.redactor)

    var task = RevertTask(
      targets: targets, restorePoint: chosen.loaded, options: options,
      deadline: session.context.clock.now + deadline)
    task.firstSeen = try journal.unfinished().map(RevertJournal.firstSeen) ?? [:]
    task.breakingMigrations = try BreakingMigrations.find(session)
    task.accepted = try journal.acceptedTokens()
    task.judgedAt =
      command.operator == nil ? try JudgedDeployment.time(session, after: chosen.loaded?.point) : nil
    task.estimates = try EarlierRuns.estimates(session)
    let resources = chosen.loaded.map { AWSResources(aws, restorePoint: $0) }
    let engine = RevertEngine(
      task, cloudFormation: cloudFormation, resources: resources, clock: session.context.clock,
      journal: journal,
      teller: teller(), keepExports: ExportKeeper.keep)

    let notifier = Notifier(session: session)
    var notices: [PlanFinding] = chosen.findings
    let result = try await engine.run(dryRun: command.dryRun) { plan, facts in
      PlanText.show(plan, facts, chosen.loaded?.point, session)
      guard !plan.isBlocked, plan.changesSomething else { return true }
      try SafetyLimits(command: command, session: session).checkAge(facts, isContinued: continued != nil)
      if case .ask(let word) = confirmation, !ask(word) {
        return false
      }
      notices += await notifier.send(message(plan, "In progress"))
      return true
    }
    return try await finish(result, chosen, journal, notices, notifier)
  }

  // MARK: - The end

  private func finish(
    _ result: EngineResult, _ chosen: RestorePointFinder.Choice, _ journal: RevertJournal,
    _ notices: [PlanFinding], _ notifier: Notifier
  ) async throws -> StepOutcome<RevertPart> {
    if result.ending == .declined {
      throw StepFailure(.refused, "the plan was not confirmed: nothing was changed")
    }
    var findings = (notices + result.findings + RevertRun.triggersLeft(result, chosen.loaded)).map(
      Finding.init)
    var verdict = RevertRun.verdict(result)
    var health: RevertPart.HealthEntry?
    var branch: String?
    // What was deleted on purpose has no health and no version to go back to in git.
    let isTeardown = command.method == PlanOptions.Method.delete.rawValue
    if !isTeardown, result.ending == .restored || result.ending == .nothingToDo {
      session.progress.say("checking health")
      let checked = try await HealthCheck(session: session).check(against: chosen.loaded?.point.id)
      health = checked.health
      findings += checked.findings
      verdict = checked.health.verdict
      let made = try GitOnlyDoor.revertCommit(command, session, restored: chosen.loaded?.point.commit)
      branch = made.branch
      findings += made.findings.map(Finding.init)
    }
    if !result.actions.isEmpty {
      let status = verdict == .go ? "Complete" : "Needs a person"
      findings += await notifier.send(message(result.plan, status)).map(Finding.init)
    }
    if result.ending != .interrupted, result.ending != .planned, try journal.unfinished() != nil,
      !result.findings.contains(where: { $0.code == .deadline })
    {
      try journal.write(.end, [("result", .string(RevertRun.word(result.ending)))])
    }
    if !command.dryRun, session.isProduction {
      findings.append(
        Finding(
          PlanFinding(
            .lockIsLocal, .note,
            "the lock keeps out other runs on this machine only: see that no other runner reverts "
              + "\(session.environment) at the same time.")))
    }
    var summary = RevertPart.Summary(outcome: RevertRun.word(result.ending))
    summary.restorePoint = chosen.loaded?.point.id
    summary.restoredCommit = chosen.loaded?.point.commit
    summary.reason = command.reason
    summary.operator = command.operator
    summary.estimatedSeconds = result.plan.estimate
    if let first = result.actions.map(\.startedAt).min(), let last = result.actions.map(\.finishedAt).max() {
      summary.tookSeconds = (last - first).inSeconds
    }
    summary.branch = branch
    let hasJournal = try !journal.lines().isEmpty
    return StepOutcome(
      verdict: verdict, findings: findings, summary: summary,
      part: RevertPart(
        plan: result.plan.actions.map(RevertPart.PlanEntry.init), journal: hasJournal ? journal.path : nil,
        actions: result.actions.map(RevertPart.ActionEntry.init), health: health))
  }

  /// Danger 3: a restore runs without rollback triggers; where the stack had some, a person is told to set them again.
  static func triggersLeft(_ result: EngineResult, _ loaded: LoadedRestorePoint?) -> [PlanFinding] {
    let restored = Set(
      result.actions.filter { $0.action.operation == .restore && $0.ending == .done }.map(\.action.target))
    return (loaded?.point.stacks ?? []).compactMap { stack in
      let triggers = (stack.rollbackConfiguration?["triggers"]?.array ?? []).compactMap { $0["arn"]?.string }
      guard restored.contains(stack.name), !triggers.isEmpty else { return nil }
      return PlanFinding(
        .rollbackConfigurationLeft, .warning, target: stack.name,
        "\(stack.name) was restored without its rollback triggers (\(triggers.joined(separator: ", "))), which the bad "
          + "version could have set off. The next deployment has to name them again.")
    }
  }

  private static func verdict(_ result: EngineResult) -> Verdict {
    switch result.ending {
    case .restored, .nothingToDo: .go
    case .planned: result.plan.isBlocked ? .stop : .go
    case .stopped, .declined: .stop
    case .interrupted: .inconclusive
    }
  }

  private static func word(_ ending: EngineResult.Ending) -> String {
    switch ending {
    case .restored: "restored"
    case .nothingToDo: "nothing-to-do"
    case .stopped: "stopped"
    case .planned: "planned"
    case .declined: "declined"
    case .interrupted: "interrupted"
    }
  }

  static func stepFailure(_ failure: OperationFailure, _ environment: String, hasBegun: Bool) -> StepFailure {
    let goOn =
      hasBegun
      ? "what was begun goes on in AWS; then run auto-revert \(environment) --continue"
      : "nothing was begun: mend that, and run the same command again"
    switch failure.kind {
    case .credentials: return StepFailure(.refused, failure.message, advice: goOn)
    case .unreachable, .throttled, .uncertain: return StepFailure(.unavailable, failure.message, advice: goOn)
    case .refused, .alreadyAccepted: return StepFailure(.stop, failure.message, advice: goOn)
    }
  }

  // MARK: - Options

  private func planOptions() throws -> PlanOptions {
    var options = PlanOptions()
    if let text = command.method {
      guard let method = PlanOptions.Method(rawValue: text) else {
        let known = PlanOptions.Method.allCases.map(\.rawValue).joined(separator: ", ")
        throw StepFailure(.usage, "--method \(text): expected one of \(known)")
      }
      options.method = method
    }
    for path in command.skip + command.allowStateful where !path.contains("/") {
      throw StepFailure(.usage, "'\(path)' names no resource: expected STACK/RESOURCE")
    }
    options.only = Set(command.only.map { $0.lowercased() })
    options.allowReplace = command.allowReplace
    options.allowStateful = Set(command.allowStateful)
    options.skips = command.skip
    options.skipStuck = command.skipStuck
    options.acceptSchema = command.acceptSchema
    options.typedWords = Set(command.confirm)
    options.roleOrder = session.policy.order
    return options
  }

  private func deadline() throws -> Duration {
    guard let text = command.deadline ?? session.policy.options["deadline"] else {
      return session.policy.revert.deadline
    }
    guard let duration = Duration(text: text), duration > .zero else {
      throw StepFailure(.usage, "--deadline \(text): expected a duration such as 30m or 2h")
    }
    return duration
  }

  private func takeLock() throws -> RevertLock {
    try RevertLock(
      records: session.records.root, files: session.context.files,
      owner: "process \(session.context.processId), run \(session.records.run)",
      now: session.context.clock.now)
  }

  private func unfinished() throws -> ContinuedRevert? {
    let found = try RevertJournal.newestUnfinished(
      records: session.records.root, files: session.context.files, clock: session.context.clock,
      redactor: session.redactor)
    if command.continues, found == nil {
      throw StepFailure(
        .data, "--continue: there is no unfinished revert in \(session.records.root)",
        advice: "run auto-revert \(session.environment) without --continue")
    }
    guard let found, command.continues else { return nil }
    return ContinuedRevert(restorePoint: found.restorePoint)
  }

  private func judgeConfirmation(isContinued: Bool) -> RollbackConfirmation {
    RollbackConfirmation.judge(
      environment: session.environment, isProduction: session.isProduction, words: Set(command.confirm),
      isForced: command.force, isContinued: isContinued,
      canAsk: session.context.terminal.isInteractive(.standardError))
  }

  private func ask(_ word: String) -> Bool {
    session.context.terminal.write(
      "WARNING: ROLLING BACK PRODUCTION (\(session.environment))\nType '\(word)' to confirm: ",
      to: .standardError)
    return session.context.terminal.readAnswer() == word
  }

  private func teller() -> EngineTeller {
    let progress = session.progress
    return EngineTeller(say: { text in progress.say(text) }, update: { text in progress.update(text) })
  }

  private func message(_ plan: Plan, _ status: String) -> Notifier.Message {
    Notifier.Message(
      issue: command.reason ?? "the deployment did not pass its checks",
      impact: "\(session.environment): " + Set(plan.open.map(\.target)).sorted().joined(separator: ", "),
      action: plan.open.map { "\($0.kind.rawValue) \($0.target)" }.joined(separator: ", "),
      eta: RevertReport.minutes(plan.estimate), status: status)
  }
}

/// A revert that an earlier run began and did not end.
struct ContinuedRevert {
  /// Nil where there was none.
  var restorePoint: String?
}
