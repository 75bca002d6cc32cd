import AWSClients
import DeploymentConfig
import DeploymentEvidence
import DeploymentRecords
import JSONValues
import Redaction
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// A run that may begin, as stages that follow one another: what is there, what is to be done, the doing, the ending. Each
/// takes what the one before it found out.
struct RevertStages {
  let run: RevertRun
  let request: RevertRequest
  let limit: TimeLimit
  let notifier: Notifier

  var command: RevertCommand { run.command }
  var session: StepSession { run.session }

  func outcome(_ evidence: RevertEvidence) async throws -> StepOutcome<RevertPart> {
    let situation = try await situation(evidence)
    let undertaking = try await undertaking(situation)
    let done = try await carriedOut(undertaking)
    return try await ended(done, undertaking)
  }

  // MARK: - What is there

  /// What is live, what it goes back to, and what earlier runs left.
  struct Situation {
    let safety: SafetyCheck
    let safetyFacts: SafetyFacts
    let clients: StackClients
    let templates: TemplateUploader
    let operations: AWSOperations
    let chosen: RestorePointFinder.Choice
    let evidence: RevertEvidence
    let journal: RevertJournal
    /// A policy that the dead run lifted is put back, whatever becomes of its revert.
    let liftedPolicies: [String: String]
    let superseded: PlanFinding?
    let deployedCommit: String?
    let undone: UndoneRange

    var point: RestorePoint? { chosen.loaded?.point }
  }

  private func situation(_ evidence: RevertEvidence) async throws -> Situation {
    let safety = SafetyCheck(command: command, session: session, isContinued: request.continued != nil)
    let safetyFacts = try await safety.firstFacts()
    // What is forbidden whatever AWS says ends here; a dry run hears of it with the rest.
    if !command.dryRun { _ = try safety.enforce(safetyFacts) }
    let clients = try session.clients()
    clients.limit(to: limit.end)
    let templates = TemplateUploader(clients)
    let operations = AWSOperations(clients, clock: session.context.clock, templates: templates)
    let chosen = try await choose(clients, operations, evidence)
    let journal = RevertJournal(
      records: session.records.root, restorePoint: chosen.loaded?.point.id, application: session.application,
      files: session.context.files, clock: session.context.clock, redactor: session.redactor)
    let liftedPolicies = try journal.liftedPolicies()
    let superseded = try await SupersededRevert(
      session: session, journal: journal, operations: operations, targets: request.targets
    ).leave(continues: command.continues, isDryRun: command.dryRun)
    let about = evidence.about(chosen.live, point: chosen.loaded?.point)
    let deployed = try chosen.live.flatMap { about.history.commit(of: $0) } ?? session.commitId()
    return Situation(
      safety: safety, safetyFacts: safetyFacts, clients: clients, templates: templates,
      operations: operations, chosen: chosen, evidence: about, journal: journal,
      liftedPolicies: liftedPolicies, superseded: superseded, deployedCommit: deployed,
      undone: UndoneRange(session, restored: chosen.loaded?.point.commit, deployed: deployed))
  }

  /// The restore point, with what it rests on looked for, and the old values of hidden parameters.
  private func choose(
    _ clients: StackClients, _ operations: AWSOperations, _ evidence: RevertEvidence
  ) async throws -> RestorePointFinder.Choice {
    var chosen = try await RestorePointFinder(
      command: command, session: session, clients: clients, operations: operations
    ).find(
      named: command.to, continued: request.continued, targets: request.targets, evidence: evidence)
    chosen.findings += chosen.derived(besides: session).map { name in
      PlanFinding(
        .stackDerived, .notice, target: name,
        "\(name) is left alone: its name follows from the others', and nobody confirmed it when the restore point was made "
          + "(DATABASE_STACK= in the configuration, or confirm-database-stack: true in the policy).")
    }
    guard let loaded = chosen.loaded else { return chosen }
    try await session.refuseOtherPlaces(loaded.point, asksOwn: true)
    let checked = try await RestorePointCheck(session: session, clients: clients).check(loaded)
    chosen.loaded = checked.loaded
    chosen.findings += checked.findings
    chosen.loaded?.hiddenValues = try await HiddenParameters(session: session, clients: clients).values(
      request.hidden, for: loaded.point)
    return chosen
  }

  // MARK: - What is to be done

  /// The engine with its task, and what nobody's leave was given for.
  struct Undertaking {
    let situation: Situation
    let engine: RevertEngine
    /// Why what has finished may not be undone; nil where it may.
    let refusal: String?
  }

  private func undertaking(_ found: Situation) async throws -> Undertaking {
    let loaded = found.chosen.loaded
    if !request.reliefs.isEmpty, loaded == nil {
      throw StepFailure(
        .stop, "--relief: there is no restore point, so nothing would undo the setting",
        advice: "preflight-snapshot makes one before a deployment")
    }
    let unfinished = found.superseded == nil ? try found.journal.unfinished() : nil
    // What goes on was begun by somebody's leave.
    let refusal =
      request.continued == nil && unfinished == nil
      ? found.evidence.refusal(
        hasReason: command.reason != nil, isAttended: run.canAsk || command.operator != nil)
      : nil
    var task = try task(found, unfinished: unfinished)
    // What changes nothing needs nobody's leave, and says what the rollback itself would want.
    if !command.dryRun { task.refusal = refusal }
    let schema = try await run.schema(loaded, found.clients, limit, task)
    task.schema = schema?.facts
    let redactor = session.redactor
    let resources = loaded.map {
      AWSResources(
        found.clients, restorePoint: $0, reliefs: request.reliefs, schema: schema?.adapter,
        probes: DataProbes(session, $0.point), onSecret: { redactor.learn($0) })
    }
    let progress = session.progress
    let engine = RevertEngine(
      task, cloudFormation: found.operations, resources: resources, clock: session.context.clock,
      journal: found.journal,
      reporter: ProgressReporter(
        say: { text in progress.say(text) }, update: { text in progress.update(text) }),
      keepExports: ExportRetention.keep)
    return Undertaking(situation: found, engine: engine, refusal: refusal)
  }

  private func task(_ found: Situation, unfinished: JSONValue?) throws -> RevertTask {
    var task = RevertTask(
      targets: request.targets.filter { target in !found.chosen.derived.contains { $0 == target.name } },
      restorePoint: found.chosen.loaded, options: request.options, deadline: limit.end)
    task.mark = session.context.random.hex(6)
    task.about = ["application": session.application]
    task.about["deployment"] = found.chosen.live?.id
    task.firstSeen = unfinished.map(RevertJournal.firstSeen) ?? [:]
    let migrations = try RangeMigrations(
      session, restored: found.point?.commit, deployed: found.deployedCommit, found.evidence)
    (task.breakingMigrations, task.unknownMigrations) = (migrations.breaking, migrations.unknown)
    if unfinished != nil {
      task.accepted = try found.journal.acceptedTokens()
      (task.done, task.unknown) = try found.journal.outside()
    }
    task.liftedPolicies = found.liftedPolicies
    task.judgedAt = command.operator == nil ? found.evidence.judgedAt : nil
    task.estimates = try EarlierRuns.estimates(session)
    return task
  }

  // MARK: - The doing

  /// How the engine came out, and what was said beside its own findings.
  struct Done {
    let result: EngineResult
    var notices: [PlanFinding]
  }

  private func carriedOut(_ undertaking: Undertaking) async throws -> Done {
    let found = undertaking.situation
    var notices: [PlanFinding] = found.chosen.findings + [found.superseded].compactMap { $0 }
    var escalation: Task<Void, Never>?
    // Ends with the run, however that ends.
    defer { escalation?.cancel() }
    let result = try await undertaking.engine.run(
      dryRun: command.dryRun, approveTraffic: { try approvedTraffic($0, found) }
    ) { plan, facts in
      guard let more = try await approved(plan, facts, found) else { return false }
      notices += more
      if plan.changesSomething, !plan.isBlocked { escalation = Task { await notifier.escalate() } }
      return true
    }
    escalation?.cancel()
    if command.dryRun { notices += try await wouldWant(result, undertaking) }
    notices += found.templates.left.map {
      PlanFinding(
        .templateLeft, .warning, target: $0,
        remedy: .command(
          "aws s3 rm \($0.prefix { !$0.isWhitespace })", does: "removes the template that was uploaded"),
        "the template that was uploaded for CloudFormation could not be removed again: \($0). Delete it by hand."
      )
    }
    return Done(result: result, notices: notices)
  }

  /// Whether traffic may go back before the stacks are looked into. Whoever is asked is asked for the rest again, once it is
  /// known what that is.
  private func approvedTraffic(_ plan: Plan, _ found: Situation) throws -> Bool {
    session.progress.say("first, before the stacks are looked into:")
    for line in PlanText.lines(plan, RevertFacts(stacks: [], restorePoint: nil), found.point) {
      session.progress.say(line)
    }
    try found.safety.enforce(plan)
    if case .ask(let word) = request.confirmation { return run.ask(word) }
    return true
  }

  /// What is to be said of a plan that may be carried out; nil where nobody agreed to it.
  private func approved(_ plan: Plan, _ facts: RevertFacts, _ found: Situation) async throws -> [PlanFinding]?
  {
    PlanText.show(plan, facts, found.point, session)
    try found.safety.enforce(plan)
    guard plan.changesSomething else { return [] }
    var notices = try found.safety.enforce(
      found.safety.completed(
        found.safetyFacts, facts, plan, found.point, found.evidence, found.undone.commits))
    guard !plan.isBlocked else { return notices }
    notices += found.safety.advice(found.evidence)
    let teardown =
      request.options.method == .delete
      ? try await Teardown(plan.open.map(\.target), session, found.clients) : nil
    for finding in teardown?.retained ?? [] { session.progress.say("stays: \(finding.message)") }
    notices += teardown?.retained ?? []
    if case .ask(let word) = request.confirmation, !run.ask(word) { return nil }
    for (word, why) in run.furtherWords(plan, facts) where !run.ask(word, why) { return nil }
    if await notifier.hasReceivers { session.progress.update("telling people") }
    await notifier.tell(
      run.message(plan, found.evidence, request.options.method, .inProgress), within: Notifier.beforeCalls)
    return notices + (try await teardown?.makeFinalSnapshots() ?? [])
  }

  /// What a dry run says of the run that would change something.
  private func wouldWant(_ result: EngineResult, _ undertaking: Undertaking) async throws -> [PlanFinding] {
    let found = undertaking.situation
    PlanText.show(result.plan, result.facts, found.point, session)
    guard result.plan.changesSomething else { return [] }
    var notices: [PlanFinding] = []
    if case .refused(let reason, let advice) = request.confirmation {
      notices.append(
        PlanFinding(
          .safetyRule, .notice, target: "confirmation",
          "to be carried out it wants more: \(reason); \(advice)"
        ))
    }
    if let refusal = undertaking.refusal, result.plan.open.contains(where: \.undoesFinished) {
      notices.append(found.safety.wanted(refusal))
    }
    if request.options.method == .delete {
      notices += try await Teardown(result.plan.open.map(\.target), session, found.clients).retained
    }
    return notices
      + (try found.safety.enforce(
        found.safety.completed(
          found.safetyFacts, result.facts, result.plan, found.point, found.evidence, found.undone.commits)))
  }

  // MARK: - The ending

  private func ended(_ done: Done, _ undertaking: Undertaking) async throws -> StepOutcome<RevertPart> {
    let (found, result) = (undertaking.situation, done.result)
    var outcome = try await RevertEnding(
      command: command, session: session, result: result, loaded: found.chosen.loaded,
      journal: found.journal, undone: found.undone, evidence: found.evidence, options: request.options,
      limit: limit, notices: done.notices,
      wanted: run.furtherWords(result.plan, result.facts).map(\.word)
    ).outcome()
    if !command.dryRun { await tell(&outcome, result, found.evidence) }
    outcome.findings += await notifier.findings.map(Finding.init)
    outcome.part.told = await notifier.told
    return outcome
  }

  /// Says how it ended to those who were told that it began, and to everybody where it needs a person.
  private func tell(
    _ outcome: inout StepOutcome<RevertPart>, _ result: EngineResult, _ evidence: RevertEvidence
  ) async {
    let isDone = outcome.verdict == .go
    let hasSpoken = await notifier.hasSpoken
    guard hasSpoken || outcome.verdict == .stop else { return }
    var said = run.message(
      result.plan, evidence, request.options.method, isDone ? .complete : .needsPerson)
    said.isOver =
      isDone
      || outcome.verdict == .inconclusive && ["restored", "nothing-to-do"].contains(outcome.summary.outcome)
    if let took = outcome.summary.tookSeconds { said.eta = "took \(RevertReport.minutes(took))" }
    let worst = outcome.findings.first { $0.severity == .error } ?? outcome.findings.first
    said.detail =
      isDone ? RevertStages.doneWords(outcome.summary) : worst?.message ?? outcome.summary.outcome
    // What was interrupted is told all the same.
    await Task { [said] in await notifier.tell(said) }.value
  }

  private static func doneWords(_ summary: RevertPart.Summary) -> String {
    switch summary.outcome {
    case "deleted": "the stacks are deleted"
    case "relieved": "the setting is made; nothing was rolled back"
    default:
      summary.restoredCommit.map { "back at commit \($0.prefix(12))" }
        ?? summary.restorePoint.map { "back at the restore point \($0)" }
        ?? "as CloudFormation had it before the update; nothing was compared"
    }
  }
}
