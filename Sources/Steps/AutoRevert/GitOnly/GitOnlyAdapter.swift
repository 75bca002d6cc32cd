import DeploymentConfig
import DeploymentRecords
import GitHistory
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// Where the step hands over to git.
enum GitOnlyAdapter {
  /// `--git-only`: the commits that take `--revert` back, on a branch; AWS is not asked.
  static func outcome(
    _ command: RevertCommand, _ session: StepSession
  ) async throws -> StepOutcome<RevertPart> {
    let wish = try DeliveryWish(command, session)
    let repository = try session.repository()
    let made = RevertCommits(command: command, session: session, repository: repository)
    if command.revert.isEmpty, command.to == nil, session.pushesLedger { try await session.fetchLedger() }
    let plan = try await plan(made)
    let branch = GitRevertBranch(
      repository: repository, name: command.branch ?? plan.branchName(session.environment))
    var summary = RevertPart.Summary(outcome: command.dryRun ? "planned" : "not-reverted")
    summary.reason = command.reason
    summary.operator = command.operator
    var outcome = StepOutcome(
      verdict: .go, findings: plan.findings, summary: summary, part: RevertPart(plan: plan.entries))
    outcome.part.commits = plan.commits.map { RevertPart.CommitEntry(id: $0.id.hex, summary: $0.summary) }
    if plan.isDone {
      outcome.summary.outcome = "already-reverted"
    } else if !plan.isBlocked {
      try await write(made, plan, branch, wish, &outcome)
    } else if let unresolved = plan.unresolved, !command.dryRun {
      try await mark(made, plan, unresolved, branch, wish, &outcome)
    }
    if let oldest = plan.commits.last, ["committed", "already-reverted"].contains(outcome.summary.outcome) {
      outcome.summary.undoneCommit = plan.commits.first?.id.hex
      outcome.summary.undoneFrom = oldest.parents.first?.hex
    }
    if outcome.findings.contains(where: { $0.severity == .error }) { outcome.verdict = .stop }
    return outcome
  }

  private static func write(
    _ made: RevertCommits, _ plan: GitRevertPlan, _ branch: GitRevertBranch, _ wish: DeliveryWish,
    _ outcome: inout StepOutcome<RevertPart>
  ) async throws {
    let (command, session) = (made.command, made.session)
    let startedAt = session.context.clock.now
    let message = try made.message(onto: plan.onto, restorePoint: nil)
    let result =
      command.dryRun
      ? try branch.existing(plan) : try await branch.write(plan, at: startedAt, message, session)
    let tip: ObjectId
    switch result {
    case nil: return
    case .taken(let finding):
      outcome.findings.append(finding)
      return
    case .alreadyThere(let found):
      tip = found
      session.progress.say("the revert is on the branch \(branch.name) already (\(tip.short))")
    case .made(let new):
      tip = new
      session.progress.say("the revert is on the branch \(branch.name) (\(tip.short))")
      outcome.part.actions = plan.entries.map {
        RevertPart.ActionEntry(
          action: $0.action, target: $0.target, reason: $0.reason, startedAt: startedAt,
          finishedAt: session.context.clock.now, result: "done")
      }
    }
    outcome.summary.outcome = "committed"
    outcome.summary.branch = branch.name
    guard !command.dryRun else { return }
    var text = PullRequestText(
      branch: branch.name, environment: session.environment, reason: command.reason,
      commits: outcome.part.commits)
    text.record = session.records.run
    let (path, delivered) = try await made.deliver(branch, plan, tip: tip, wish, message, text)
    outcome.summary.pullRequestText = path
    take(delivered, &outcome.summary)
    outcome.findings += delivered.findings
    // What is on a branch of this clone alone did not arrive.
    outcome.failure = delivered.failure.map {
      StepFailure(
        $0.status, $0.message, advice: "\($0.advice). To type: \(delivered.commands.joined(separator: "; "))")
    }
  }

  static func take(_ delivered: RevertDelivery.Result, _ summary: inout RevertPart.Summary) {
    summary.pushedTo = delivered.pushedTo
    summary.pullRequest = delivered.pullRequest
    summary.commands = delivered.commands.isEmpty ? nil : delivered.commands
  }

  /// Puts what conflicts on a branch of its own, and pushes it where the revert was to be pushed.
  private static func mark(
    _ made: RevertCommits, _ plan: GitRevertPlan, _ unresolved: GitRevertPlan.Unresolved,
    _ branch: GitRevertBranch, _ wish: DeliveryWish, _ outcome: inout StepOutcome<RevertPart>
  ) async throws {
    let marked = try await ConflictBranch(made: made, name: branch.name).write(
      plan, unresolved, at: made.session.context.clock.now)
    outcome.findings.append(marked.finding)
    outcome.summary.branch = marked.branch
    guard wish.pushes else { return }
    let command = "git push \(wish.remote) \(marked.branch)"
    do {
      _ = try await made.session.gitRemote(wish.remote).remote.push(
        marked.tip, to: "refs/heads/\(marked.branch)")
      outcome.summary.pushedTo = "\(wish.remote) \(marked.branch)"
    } catch let error as GitError {
      outcome.summary.commands = [command]
      outcome.findings.append(
        Finding(
          GitOnlyFindings.notPushed, .warning, "\(error). To type: \(command)", subject: marked.branch))
    }
  }

  private static func plan(_ made: RevertCommits) async throws -> GitRevertPlan {
    let (command, session, repository) = (made.command, made.session, made.repository)
    let (onto, wanted) = try await session.fetchingMissing(repository) {
      let onto = try repository.commit(repository.resolve(command.onto ?? "HEAD"))
      return (onto, try WantedCommits.find(command, session, repository, onto: onto))
    }
    if let source = wanted.source { session.progress.say(source) }
    do {
      return try await session.fetchingMissing(
        repository, needed: { try repository.contentsNeeded(toRevert: wanted.commits, onto: onto) }
      ) {
        try GitRevertPlan(
          repository, reverting: wanted.commits, mainline: command.mainline ?? wanted.mainline, onto: onto,
          migrations: made.migrations(), below: wanted.folders)
      }
    } catch let error as RevertUsageError {
      throw StepFailure(.usage, error.description)
    }
  }
}
