import AWSClients
import DeploymentConfig
import DeploymentEvidence
import DeploymentRecords
import GitHistory
import JSONValues
import Redaction
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// One run of the step: what to go back to, whether it may begin, the engine, health, messages, the revert commit.
struct RevertRun {
  let command: RevertCommand
  let session: StepSession

  func outcome() async throws -> StepOutcome<RevertPart> {
    if let branch = command.branch, !GitRepository.isBranchName(branch) {
      throw StepFailure(
        .usage, "--branch \(branch): git takes no branch of that name",
        advice: "git check-ref-format says which names it takes")
    }
    if command.gitOnly { return try GitOnlyAdapter.outcome(command, session) }
    if let commits = command.revert {
      // It would roll the stacks back, whatever commits these are.
      throw StepFailure(
        .usage, "--revert \(commits) is for --git-only: stacks go back to a restore point",
        advice:
          "add --git-only to revert in git alone, or leave it out; --to names a restore point or its commit")
    }
    var options = try planOptions(mayBeTyped: canAsk || command.dryRun)
    let limit = TimeLimit(try deadline(), clock: session.context.clock)
    let hidden = try HiddenParameters.requests(command.parameter)
    let reliefs = try reliefs()
    let targets = session.confirmedStacks.map { TargetStack(role: $0.role, name: $0.name) }
    guard !targets.isEmpty else {
      throw StepFailure(
        .data, "\(session.config.path) names no stack",
        advice: "write API_STACK=… and the like into the configuration")
    }
    try checkRoles(targets)
    try JournalCare(
      session: session, mayGoWithout: command.withoutJournal,
      commandWithout: CommandText(command, session).text(adding: ["--without-journal"])
    ).look()
    // What was not confirmed changes nothing and asks nobody.
    var continued = try unfinished()
    let confirmation = judgeConfirmation(isContinued: continued != nil)
    if case .refused(let reason, let advice) = confirmation, !command.dryRun {
      throw StepFailure(.refused, reason, advice: advice)
    }
    if !command.dryRun {
      try await session.lockEnvironment(
        for: .autoRevert, takeOver: command.takeLock, mayGoWithoutShared: command.skipSharedLock)
    }
    // Whoever held the lock may have ended what was unfinished.
    continued = try unfinished()
    if let continued { options.only = try continued.roles(options.only) }
    // The same command again goes on in the thread of the run that was killed, too.
    let notifier = Notifier(session, isContinued: try newestUnfinished() != nil)
    let evidence = try RevertEvidence(session)
    if command.dryRun { await notifier.check() }
    do {
      let request = RevertRequest(
        options: options, reliefs: reliefs, hidden: hidden, targets: targets, continued: continued,
        confirmation: confirmation)
      return try await limit.run { [self] in try await run(request, limit, notifier, evidence) }
    } catch  where limit.isOver && (error is CancellationError || error is OperationFailure) {
      let ended = try outOfTime(error)
      await tellOfEnd("\(ended.message); \(ended.advice)", notifier, evidence)
      throw ended
    } catch  where error is OperationFailure || error is FileError {
      let hasBegun = try !command.dryRun && newestUnfinished() != nil
      let ended = RevertRun.stepFailure(error, session.environment, hasBegun: hasBegun)
      await tellOfEnd("\(ended.message); \(ended.advice)", notifier, evidence)
      throw ended
    } catch let failure as SafetyRefusal {
      await tellOfEnd("refused: \(failure.failure.message); \(failure.failure.advice)", notifier, evidence)
      throw failure.failure
    } catch let failure as StepFailure where [.refused, .usage].contains(failure.status) {
      // The person who called it sits before it.
      throw failure
    } catch {
      if !(error is CancellationError) {
        await tellOfEnd("\(StepFailure(describing: error))", notifier, evidence)
      }
      throw error
    }
  }

  /// The time ran out before there was anything to say of stacks.
  private func outOfTime(_ error: any Error) throws -> StepFailure {
    let hasBegun = try !command.dryRun && newestUnfinished() != nil
    let last = (error as? OperationFailure).map { ": \($0.message)" } ?? ""
    return StepFailure(
      .unavailable, "the time for everything ran out\(last)",
      advice: hasBegun
        ? "what was begun goes on in AWS: run auto-revert \(session.environment) --continue"
        : "nothing was begun: run the same command again, with a longer --deadline if AWS is slow")
  }

  private func run(
    _ request: RevertRequest, _ limit: TimeLimit, _ notifier: Notifier, _ evidence: RevertEvidence
  ) async throws -> StepOutcome<RevertPart> {
    let (options, reliefs, targets) = (request.options, request.reliefs, request.targets)
    let (continued, confirmation) = (request.continued, request.confirmation)
    let safety = SafetyCheck(command: command, session: session, isContinued: continued != nil)
    let firstFacts = try await safety.firstFacts()
    // What is forbidden whatever AWS says ends here; a dry run hears of it with the rest.
    if !command.dryRun { _ = try safety.enforce(firstFacts) }
    let clients = try session.clients()
    clients.limit(to: limit.end)
    let templates = TemplateUploader(clients)
    let cloudFormation = AWSOperations(clients, clock: session.context.clock, templates: templates)
    var chosen = try await choose(targets, continued, clients, cloudFormation, evidence)
    if let point = chosen.loaded?.point {
      chosen.loaded?.hiddenValues = try await HiddenParameters(session: session, clients: clients).values(
        request.hidden, for: point)
    }
    let evidence = evidence.about(chosen.live, point: chosen.loaded?.point)
    let journal = RevertJournal(
      records: session.records.root, restorePoint: chosen.loaded?.point.id, files: session.context.files,
      clock: session.context.clock, redactor: session.redactor)
    // A policy that the dead run lifted is put back, whatever becomes of its revert.
    let liftedPolicies = try journal.liftedPolicies()
    let superseded = try await SupersededRevert(
      session: session, journal: journal, operations: cloudFormation, targets: targets
    ).leave(continues: command.continues, isDryRun: command.dryRun)
    let deployed = try chosen.live.flatMap { evidence.history.commit(of: $0) } ?? session.commitId()
    let undone = UndoneRange(session, restored: chosen.loaded?.point.commit, deployed: deployed)

    var task = RevertTask(
      targets: targets.filter { target in
        !chosen.derived.contains { $0 == target.name }
      }, restorePoint: chosen.loaded, options: options,
      deadline: limit.end)
    task.mark = session.context.random.hex(6)
    task.about = ["application": session.application]
    task.about["deployment"] = chosen.live?.id
    let unfinished = superseded == nil ? try journal.unfinished() : nil
    task.firstSeen = unfinished.map(RevertJournal.firstSeen) ?? [:]
    // What goes on was begun by somebody's leave.
    let refusal =
      continued == nil && unfinished == nil
      ? evidence.refusal(hasReason: command.reason != nil, isAttended: canAsk || command.operator != nil)
      : nil
    // What changes nothing needs nobody's leave, and says what the rollback itself would want.
    if !command.dryRun { task.refusal = refusal }
    let migrations = try RangeMigrations(
      session, restored: chosen.loaded?.point.commit, deployed: deployed, evidence)
    (task.breakingMigrations, task.unknownMigrations) = (migrations.breaking, migrations.unknown)
    if unfinished != nil {
      task.accepted = try journal.acceptedTokens()
      (task.done, task.unknown) = try journal.outside()
    }
    task.liftedPolicies = liftedPolicies
    task.judgedAt = command.operator == nil ? evidence.judgedAt : nil
    task.estimates = try EarlierRuns.estimates(session)
    if !reliefs.isEmpty, chosen.loaded == nil {
      throw StepFailure(
        .stop, "--relief: there is no restore point, so nothing would undo the setting",
        advice: "preflight-snapshot makes one before a deployment")
    }
    let schema = try await schema(chosen.loaded, clients, limit, task)
    task.schema = schema?.facts
    let redactor = session.redactor
    let resources = chosen.loaded.map {
      AWSResources(
        clients, restorePoint: $0, reliefs: reliefs, schema: schema?.adapter, onSecret: { redactor.learn($0) }
      )
    }
    let engine = RevertEngine(
      task, cloudFormation: cloudFormation, resources: resources, clock: session.context.clock,
      journal: journal,
      reporter: reporter(), keepExports: ExportRetention.keep)

    var notices: [PlanFinding] = chosen.findings + [superseded].compactMap { $0 }
    var escalation: Task<Void, Never>?
    // Ends with the run, however that ends.
    defer { escalation?.cancel() }
    let result = try await engine.run(dryRun: command.dryRun) { plan, facts in
      PlanText.show(plan, facts, chosen.loaded?.point, session)
      guard plan.changesSomething else { return true }
      try safety.enforce(plan)
      notices += try safety.enforce(
        safety.completed(firstFacts, facts, plan, chosen.loaded?.point, evidence, undone.commits))
      guard !plan.isBlocked else { return true }
      notices += safety.advice(evidence)
      let teardown =
        options.method == .delete
        ? try await Teardown(plan.open.map(\.target), session, clients) : nil
      for finding in teardown?.retained ?? [] { session.progress.say("stays: \(finding.message)") }
      notices += teardown?.retained ?? []
      if !command.dryRun {
        if case .ask(let word) = confirmation, !ask(word) { return false }
        for (word, why) in furtherWords(plan, facts) where !ask(word, why) { return false }
      }
      if await notifier.hasReceivers { session.progress.update("telling people") }
      await notifier.tell(message(plan, evidence, .inProgress), within: Notifier.beforeCalls)
      notices += try await teardown?.makeFinalSnapshots() ?? []
      escalation = Task { await notifier.escalate() }
      return true
    }
    escalation?.cancel()
    if command.dryRun, result.plan.changesSomething {
      if let refusal, result.plan.open.contains(where: \.undoesFinished) {
        notices.append(safety.wanted(refusal))
      }
      if options.method == .delete {
        notices += try await Teardown(result.plan.open.map(\.target), session, clients).retained
      }
      notices += try safety.enforce(
        safety.completed(
          firstFacts, result.facts, result.plan, chosen.loaded?.point, evidence, undone.commits))
    }
    notices += templates.left.map {
      PlanFinding(
        .templateLeft, .warning, target: $0,
        "the template that was uploaded for CloudFormation could not be removed again: \($0). Delete it by hand."
      )
    }
    let ending = RevertEnding(
      command: command, session: session, result: result, loaded: chosen.loaded, journal: journal,
      undone: undone, evidence: evidence, only: options.only, limit: limit, notices: notices,
      wanted: furtherWords(result.plan, result.facts).map(\.word))
    var outcome = try await ending.outcome()
    await tellOfOutcome(&outcome, result, notifier, evidence)
    return outcome
  }

  /// The restore point, with what it rests on looked for.
  private func choose(
    _ targets: [TargetStack], _ continued: ContinuedRevert?, _ clients: StackClients,
    _ operations: AWSOperations, _ evidence: RevertEvidence
  ) async throws -> RestorePointFinder.Choice {
    var chosen = try await RestorePointFinder(
      command: command, session: session, clients: clients, operations: operations
    ).find(named: command.to, continued: continued, targets: targets, evidence: evidence)
    chosen.findings += chosen.derived(besides: session).map { name in
      PlanFinding(
        .stackDerived, .note, target: name,
        "\(name) is left alone: its name follows from the others', and nobody confirmed it when the restore point was made "
          + "(DATABASE_STACK= in the configuration, or confirm-database-stack: true in the policy).")
    }
    guard let loaded = chosen.loaded else { return chosen }
    try await session.refuseOtherPlaces(loaded.point, asksOwn: true)
    let checked = try await RestorePointCheck(session: session, clients: clients).check(loaded)
    chosen.loaded = checked.loaded
    chosen.findings += checked.findings
    return chosen
  }

  // MARK: - Telling people

  /// Says how it ended to those who were told that it began, and to everybody where it needs a person.
  private func tellOfOutcome(
    _ outcome: inout StepOutcome<RevertPart>, _ result: EngineResult, _ notifier: Notifier,
    _ evidence: RevertEvidence
  ) async {
    if !command.dryRun {
      let isDone = outcome.verdict == .go
      let hasSpoken = await notifier.hasSpoken
      if hasSpoken || outcome.verdict == .stop {
        var said = message(result.plan, evidence, isDone ? .complete : .needsPerson)
        if let took = outcome.summary.tookSeconds { said.eta = "took \(RevertReport.minutes(took))" }
        let worst = outcome.findings.first { $0.severity == .error } ?? outcome.findings.first
        said.detail =
          isDone ? RevertRun.doneWords(outcome.summary) : worst?.message ?? outcome.summary.outcome
        // What was interrupted is told all the same.
        await Task { [said] in await notifier.tell(said) }.value
      }
    }
    outcome.findings += await notifier.findings.map(Finding.init)
    outcome.part.told = await notifier.told
  }

  private static func doneWords(_ summary: RevertPart.Summary) -> String {
    switch summary.outcome {
    case "deleted": "the stacks are deleted"
    case "relieved": "the setting is made; nothing was rolled back"
    default: summary.restoredCommit.map { "back at commit \($0.prefix(12))" } ?? "as before the update"
    }
  }

  /// Says that the run ended without a result.
  private func tellOfEnd(_ detail: String, _ notifier: Notifier, _ evidence: RevertEvidence) async {
    guard !command.dryRun else { return }
    await notifier.tell(message(Plan(), evidence, .needsPerson, detail: detail))
    for finding in await notifier.findings { session.progress.say("warning: \(finding.message)") }
  }

  /// A call that AWS did not take, or a journal that cannot be written, since no call is made without its line: with the word
  /// whether anything was begun.
  static func stepFailure(_ error: any Error, _ environment: String, hasBegun: Bool) -> StepFailure {
    let status: StepResults.ExitStatus =
      switch (error as? OperationFailure)?.kind {
      case .credentials: .refused
      case .refused, .alreadyAccepted, .pointless: .stop
      case .unreachable, .throttled, .uncertain, .unintelligible, nil: .unavailable
      }
    let mend = error is FileError ? "make room or set the permissions" : "mend that"
    return StepFailure(
      status, "\(error)",
      advice: hasBegun
        ? "what was begun goes on in AWS: \(mend), then run auto-revert \(environment) --continue"
        : "nothing was begun: \(mend), and run the same command again")
  }

  // MARK: - Lock, confirmation, messages

  /// A role that the configuration does not have is a wrong command line.
  private func checkRoles(_ targets: [TargetStack]) throws {
    let known = Set(targets.map(\.role))
    for role in command.only where !known.contains(role.lowercased()) {
      throw StepFailure(
        .usage,
        "--only \(role): \(session.config.path) names no \(role.uppercased())_STACK",
        advice: "roles there are: \(known.sorted().joined(separator: ", "))")
    }
  }

  private func newestUnfinished() throws -> (restorePoint: String?, begin: JSONValue)? {
    try RevertJournal.newestUnfinished(
      records: session.records.root, files: session.context.files, clock: session.context.clock,
      redactor: session.redactor)
  }

  private func unfinished() throws -> ContinuedRevert? {
    let found = try newestUnfinished()
    if command.continues, found == nil {
      throw StepFailure(
        .data, "--continue: there is no unfinished revert in \(session.records.root)",
        advice: "run auto-revert \(session.environment) without --continue")
    }
    guard let found, command.continues else { return nil }
    return ContinuedRevert(restorePoint: found.restorePoint, only: RevertJournal.only(found.begin))
  }

  private func judgeConfirmation(isContinued: Bool) -> RollbackConfirmation {
    RollbackConfirmation.judge(
      environment: session.environment, isProduction: session.isProduction, words: Set(command.confirm),
      isForced: command.force, isContinued: isContinued,
      canAsk: canAsk)
  }

  /// Whether a person sits at a terminal and can be asked; a dry run asks nobody.
  private var canAsk: Bool {
    !command.dryRun && session.context.terminal.isInteractive(.standardError)
  }

  /// Words that the plan wants and the command line does not have: asked for once the plan has been shown.
  private func furtherWords(_ plan: Plan, _ facts: RevertFacts) -> [(word: String, why: String)] {
    let deleted = plan.open.filter { $0.kind == .delete }.map(\.target)
    let databases = facts.stacks.filter { $0.role == "database" && deleted.contains($0.name) }.map(\.name)
    var words: [(word: String, why: String)] = []
    if !deleted.isEmpty {
      words.append(("DELETE", "DELETING FOR GOOD, WITH ALL DATA: \(deleted.joined(separator: ", "))"))
    }
    if !databases.isEmpty {
      words.append(("DELETE-DATABASE", "DELETING THE DATABASE: \(databases.joined(separator: ", "))"))
    }
    if let restored = plan.open.first(where: { $0.kind == .restoreDatabase }) {
      words.append(
        ("RESTORE-DATABASE", "LOST TO THE APPLICATION: \(restored.losses.joined(separator: "; "))"))
    }
    return words.filter { !command.confirm.contains($0.word) }
  }

  private func ask(_ word: String, _ why: String) -> Bool {
    session.context.terminal.write("WARNING: \(why)\nType '\(word)' to confirm: ", to: .standardError)
    return session.context.terminal.readAnswer() == word
  }

  private func ask(_ word: String) -> Bool {
    // Danger 6: on another machine the lock locks nothing unless it is shared.
    let unlocked =
      session.isProduction && !session.pushesLedger
      ? "UNLOCKED: runs on other machines are not kept out (--push-ledger keeps them out). Nobody else may be at it.\n"
      : ""
    session.context.terminal.write(
      "WARNING: ROLLING BACK PRODUCTION (\(session.environment))\n\(unlocked)Type '\(word)' to confirm: ",
      to: .standardError)
    return session.context.terminal.readAnswer() == word
  }

  private func reporter() -> ProgressReporter {
    let progress = session.progress
    return ProgressReporter(say: { text in progress.say(text) }, update: { text in progress.update(text) })
  }

  private static func undertaking(_ method: String?) -> String {
    switch method {
    case PlanOptions.Method.delete.rawValue: "deleting the stacks for good"
    case PlanOptions.Method.relief.rawValue: "a quick setting, without a rollback"
    default: "rolling back to the previous version"
    }
  }

  /// The runbook's message for `plan`.
  func message(
    _ plan: Plan, _ evidence: RevertEvidence, _ state: IncidentMessage.State, detail: String = ""
  ) -> IncidentMessage {
    let bad = evidence.stops
    let found = bad.flatMap { entry in entry.messages.prefix(2).map { "\(entry.step.rawValue): \($0)" } }
    let stacks = Set(plan.open.map(\.target)).sorted().joined(separator: ", ")
    let action = plan.open.map { "\($0.kind.rawValue) \($0.target)" }.joined(separator: ", ")
    return IncidentMessage(
      issue: command.reason ?? found.first ?? "a rollback was called for, and nobody said why",
      impact: "\(session.environment)\(stacks.isEmpty ? "" : " (\(stacks))")"
        + (found.isEmpty ? "" : "; " + found.joined(separator: "; ")),
      action: action.isEmpty ? "none" : "\(RevertRun.undertaking(command.method)): \(action)",
      eta: "about \(RevertReport.minutes(plan.estimate))", state: state, detail: detail,
      operator: command.operator ?? "")
  }
}

/// What the command line asks for.
struct RevertRequest {
  var options: PlanOptions
  var reliefs: [ReliefRequest]
  var hidden: [HiddenParameters.Request]
  var targets: [TargetStack]
  var continued: ContinuedRevert?
  var confirmation: RollbackConfirmation
}

/// A revert that an earlier run began and did not end.
struct ContinuedRevert {
  /// Nil where there was none.
  var restorePoint: String?
  /// The roles that it was confirmed for; empty means all.
  var only: Set<String>

  /// The roles to go on with, of which `asked` are asked for now: nobody confirms a continued revert again, so it never
  /// reaches a stack that it was not confirmed for.
  func roles(_ asked: Set<String>) throws(StepFailure) -> Set<String> {
    if asked.isEmpty || only.isEmpty { return asked.union(only) }
    let more = asked.subtracting(only).sorted()
    guard more.isEmpty else {
      throw StepFailure(
        .usage,
        "--only \(more.joined(separator: ", ")): the revert that is continued was for \(only.sorted().joined(separator: ", ")) alone",
        advice: "continue it without --only, and roll the other stacks back by a run of their own")
    }
    return asked
  }
}
