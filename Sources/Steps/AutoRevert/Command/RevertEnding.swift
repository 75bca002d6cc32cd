import CloudFormationModel
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

/// What follows once the stacks stand still: health, the revert commit, the journal's end, the record.
struct RevertEnding {
  let command: RevertCommand
  let session: StepSession
  let result: EngineResult
  let loaded: LoadedRestorePoint?
  let journal: RevertJournal
  let undone: UndoneRange
  let evidence: RevertEvidence
  let options: PlanOptions
  let limit: TimeLimit
  let notices: [PlanFinding]
  /// Words that the plan wants and the command line does not have.
  let wanted: [String]

  func outcome() async throws -> StepOutcome<RevertPart> {
    if result.ending == .declined {
      throw StepFailure(.refused, "the plan was not confirmed: nothing was changed")
    }
    var said = notices + result.findings + leftOut
    var verdict = RevertEnding.verdict(result)
    if result.ending == .interrupted, limit.isOver {
      said.append(try outOfTime)
      verdict = .stop
    }
    if result.ending == .planned, notices.contains(where: { $0.severity == .error }) { verdict = .stop }
    var health: RevertPart.HealthEntry?
    var checks: [Finding] = []
    var revert = RollbackRevert.Result()
    var unverified: [String] = []
    if goesBack, result.ending == .restored || result.ending == .nothingToDo {
      session.progress.say("checking health")
      (health, checks) = try await HealthCheck(session: session, limit: limit).check(
        against: loaded?.point.id, window: window)
      verdict = health?.verdict ?? .inconclusive
      unverified = RevertEnding.unverified(said, schemaIsBack: command.rollbackSchema)
      // Healthy as far as the checks tell, and not all is where it should be.
      if verdict == .go, !unverified.isEmpty { verdict = .inconclusive }
      revert = try await revertCommits()
      said += revert.said
    }
    if let stop = standingStops(health).last {
      verdict = .stop
      said.append(RevertEnding.finding(about: stop))
    }
    try endJournal()
    said += remarks
    var part = try part(health)
    var summary = summary(revert.branch)
    summary.partial = options.only.isEmpty ? nil : true
    summary.unverified = unverified.isEmpty ? nil : unverified
    summary.pullRequestText = revert.pullRequestText
    GitOnlyAdapter.take(revert.delivered, &summary)
    part.leftToDo =
      FollowUp(
        environment: session.environment, command: CommandText(command, session), summary: summary,
        part: part,
        said: said
      ).tasks
    // What several say is told once.
    var told = Set<String>()
    let findings = (said.map(Finding.init) + checks + revert.findings).filter {
      told.insert("\($0.code) \($0.message)").inserted
    }
    var outcome = StepOutcome(verdict: verdict, findings: findings, summary: summary, part: part)
    outcome.deployment = liveAfterwards
    if result.ending == .stopped, result.actions.isEmpty, !command.dryRun, let word = wanted.first {
      outcome.failure = StepFailure(
        .refused, "the plan was not carried out: --confirm \(word) was not given",
        advice: "look at the plan with --dry-run, then run this again with --confirm \(word)")
    }
    return outcome
  }

  /// What is to be known beside the plan.
  private var remarks: [PlanFinding] {
    var remarks: [PlanFinding] = []
    if !command.dryRun, session.isProduction, !session.pushesLedger {
      remarks.append(
        PlanFinding(
          .lockIsLocal, .notice,
          "the lock keeps out other runs on this machine only: see that no other runner reverts "
            + "\(session.environment) at the same time, or lock it for all with --push-ledger."))
    }
    if command.dryRun, !wanted.isEmpty {
      remarks.append(
        PlanFinding(
          .stackDeleted, .notice,
          "to be carried out it wants " + wanted.map { "--confirm \($0)" }.joined(separator: " ")
            + ", or a person at a terminal who types it."))
    }
    return remarks
  }

  private func part(_ health: RevertPart.HealthEntry?) throws -> RevertPart {
    // One that was interrupted before it began anything may find the lines of an earlier run.
    let hasJournal =
      try result.ending == .interrupted ? journal.unfinished() != nil : !journal.lines().isEmpty
    var part = RevertPart(
      plan: result.plan.actions.map(RevertPart.PlanEntry.init), journal: hasJournal ? journal.path : nil,
      actions: result.actions.map(RevertPart.ActionEntry.init), health: health)
    part.evidence = evidence.shown(undone.commits.map(\.id)).map(RevertPart.EvidenceEntry.init)
    part.undoneStacks = evidence.live
    if goesBack {
      part.commits = undone.commits.map { RevertPart.CommitEntry(id: $0.id, summary: $0.summary) }
    }
    part.timeline =
      Timeline(
        result, loaded?.point, evidence.said, command.dryRun ? nil : health,
        now: session.context.clock.now
      ).entries
    return part
  }

  /// The stops that stand about what is live where nothing is put back: nobody may call that good. Checks that failed before
  /// and passed just now take theirs back.
  private func standingStops(_ health: RevertPart.HealthEntry?) -> [Evidence] {
    let putsNothingBack =
      result.ending == .nothingToDo || result.ending == .planned && result.plan.actions.isEmpty
    guard goesBack, putsNothingBack, let live = evidence.live else { return [] }
    var passed: [Evidence] = []
    if let health, health.verdict != .stop, health.failed == 0, let checked = health.checked {
      let now = session.context.clock.now
      passed = [
        Evidence(
          .autoRevert, .go, .checked(checked), startedAt: now, finishedAt: now,
          application: session.application, deployment: live)
      ]
    }
    return evidence.history(adding: passed).standingStops(about: live)
  }

  private static func finding(about stop: Evidence) -> PlanFinding {
    PlanFinding(
      .notHealthy, .error,
      "\(stop.step.rawValue) said stop at \(stop.finishedAt.formatted(milliseconds: false)) of what is live, the same checks have "
        + "not passed since, and nothing was put back. Deploy the last good commit, or name a restore point with --to."
    )
  }

  /// What is live now: the stacks as they were seen last, and those that were left alone as they were before.
  private var liveAfterwards: Deployment? {
    let seen = result.facts.stacks.compactMap { stack in
      stack.live.map {
        StackVersion(name: stack.name, id: $0.id, updatedAt: $0.updatedAt, status: $0.statusText)
      }
    }
    let looked = Set(result.facts.stacks.map(\.name))
    return Deployment(seen + (evidence.live?.stacks ?? []).filter { !looked.contains($0.name) })
  }

  /// What was not put back, could not be seen, or is not in use.
  private static func unverified(_ said: [PlanFinding], schemaIsBack: Bool) -> [String] {
    said.filter { finding in
      finding.severity == .warning && finding.code.leavesOpen
        && !(schemaIsBack && finding.code == .schemaAhead)
    }.map(\.message)
  }

  /// The time ran out in the middle of a plan: what was begun goes on, what was not is not done.
  private var outOfTime: PlanFinding {
    get throws {
      guard try journal.unfinished() != nil else {
        throw StepFailure(
          .unavailable, "the time for everything ran out before anything was begun",
          advice: "run the same command again, with a longer --deadline if AWS is slow")
      }
      return PlanFinding(
        .deadline, .error,
        "the time for everything ran out. What was begun goes on by itself in AWS. Run auto-revert "
          + "\(session.environment) --continue to wait for it and do the rest.")
    }
  }

  /// Whether the run puts a version back: what was deleted on purpose has no health, and neither that nor a quick setting
  /// a version to go back to in git.
  private var goesBack: Bool {
    ![.delete, .relief].contains(options.method)
  }

  /// Stacks that `--only` left out and that are not as recorded: nobody must take them for put back.
  private var leftOut: [PlanFinding] {
    guard !options.only.isEmpty else { return [] }
    return result.facts.stacks.filter { !options.only.contains($0.role) }.compactMap { stack in
      guard let live = stack.live, live.difference != .none else { return nil }
      let parts =
        if case .some(let parts) = live.difference { ", " + parts.joined(separator: ", ") } else { "" }
      return PlanFinding(
        .stackLeftOut, .warning, target: stack.name,
        "\(stack.name) is left out by --only, and not as recorded: \(live.statusText)\(parts).")
    }
  }

  /// When the numbers stopped being normal, as far as is known, and when the state was put back.
  private var window: (normalUntil: Timestamp, restoredAt: Timestamp) {
    let restoredAt = result.actions.map(\.finishedAt).max() ?? session.context.clock.now
    // The bad deployment's own update is the first after the restore point that is none of ours.
    let recordedAt = loaded?.point.createdAt
    let events = result.facts.stacks.flatMap { $0.live?.events ?? [] }
    let foreign = events.filter { event in
      event.status == .updateInProgress && event.token.flatMap(OperationToken.init) == nil
        && (recordedAt.map { event.at > $0 } ?? true)
    }
    let deployed = foreign.map(\.at).min()
    return (min(deployed ?? restoredAt, restoredAt), restoredAt)
  }

  /// Takes the commits back in git, too.
  private func revertCommits() async throws -> RollbackRevert.Result {
    let ran = result.actions.filter { $0.action.kind == .rollBackSchema && $0.ending == .done }
    var revert = RollbackRevert(command: command, session: session, undone: undone)
    revert.wasPutBack = result.ending == .restored
    revert.schemaIsBack = !ran.isEmpty
    revert.restorePoint = loaded?.point.id
    revert.evidence = evidence.shown(undone.commits.map(\.id)).map(RevertPart.EvidenceEntry.init)
    revert.schema.undone = ran.map(\.action.reason)
    return try await revert.make()
  }

  private func endJournal() throws {
    guard result.ending != .interrupted, result.ending != .planned, try journal.unfinished() != nil,
      !result.findings.contains(where: { $0.code == .deadline })
    else { return }
    try journal.write(.end, [("result", .string(word))])
  }

  private func summary(_ branch: String?) -> RevertPart.Summary {
    var summary = RevertPart.Summary(outcome: word)
    if goesBack {
      summary.restorePoint = loaded?.point.id
      summary.restoredCommit = loaded?.point.commit
    }
    summary.reason = command.reason
    summary.operator = command.operator
    summary.estimatedSeconds = result.plan.estimate
    if let first = result.actions.map(\.startedAt).min(), let last = result.actions.map(\.finishedAt).max() {
      summary.tookSeconds = (last - first).inSeconds
    }
    summary.branch = branch
    if goesBack, ["restored", "nothing-to-do"].contains(word) {
      summary.undoneCommit = undone.gitCommits.first?.id.hex
      summary.undoneFrom = undone.gitCommits.isEmpty ? nil : undone.restored?.hex
    }
    return summary
  }

  static func verdict(_ result: EngineResult) -> Verdict {
    switch result.ending {
    case .restored, .nothingToDo: .go
    case .planned: result.plan.isBlocked ? .stop : .go
    case .stopped, .declined: .stop
    case .interrupted: .inconclusive
    }
  }

  /// The outcome as the record names it.
  private var word: String {
    switch result.ending {
    case .restored where options.method == .delete, .nothingToDo where options.method == .delete: "deleted"
    case .restored where options.method == .relief, .nothingToDo where options.method == .relief: "relieved"
    case .restored: "restored"
    case .nothingToDo: "nothing-to-do"
    case .stopped: "stopped"
    case .planned: "planned"
    case .declined: "declined"
    case .interrupted: limit.isOver ? "stopped" : "interrupted"
    }
  }
}
