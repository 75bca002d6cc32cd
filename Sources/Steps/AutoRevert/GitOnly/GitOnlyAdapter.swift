import DeploymentConfig
import GitHistory
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// Where the step hands over to git.
enum GitOnlyAdapter {
  /// `--git-only`: the commits that take `--revert` back, on a branch; AWS is not asked.
  static func outcome(_ command: RevertCommand, _ session: StepSession) throws -> StepOutcome<RevertPart> {
    guard let revert = command.revert else {
      throw StepFailure(
        .usage, "--git-only needs --revert: the commit to take back, or a range A..B",
        advice: "for the last commit: --git-only --revert HEAD")
    }
    let repository = try session.repository()
    let plan = try plan(repository, revert, command)
    let branch = GitRevertBranch(repository: repository, name: command.branch ?? plan.branchName)
    var findings = plan.findings
    var summary = RevertPart.Summary(outcome: command.dryRun ? "planned" : "not-reverted")
    summary.reason = command.reason
    summary.operator = command.operator
    var actions: [RevertPart.ActionEntry] = []
    if !plan.isBlocked {
      let startedAt = session.context.clock.now
      let result =
        command.dryRun
        ? try branch.existing(plan)
        : try branch.write(plan, at: startedAt, reason: command.reason)
      switch result {
      case .taken(let finding): findings.append(finding)
      case nil: break
      case .alreadyThere(let tip):
        summary.outcome = "committed"
        summary.branch = branch.name
        session.progress.say("the revert is on the branch \(branch.name) already (\(tip.short))")
      case .made(let tip):
        summary.outcome = "committed"
        summary.branch = branch.name
        session.progress.say("the revert is on the branch \(branch.name) (\(tip.short))")
        actions = plan.entries.map {
          RevertPart.ActionEntry(
            action: $0.action, target: $0.target, reason: $0.reason, startedAt: startedAt,
            finishedAt: session.context.clock.now, result: "done")
        }
      }
    }
    let isStopped = findings.contains { $0.severity == .error }
    return StepOutcome(
      verdict: isStopped ? .stop : .go, findings: findings, summary: summary,
      part: RevertPart(plan: plan.entries, actions: actions))
  }

  private static func plan(
    _ repository: GitRepository, _ revert: String, _ command: RevertCommand
  ) throws -> GitRevertPlan {
    let onto = try repository.commit(repository.resolve(command.onto ?? "HEAD"))
    let commits = try commits(repository, revert)
    do {
      return try GitRevertPlan(repository, reverting: commits, mainline: command.mainline, onto: onto)
    } catch let error as RevertUsageError {
      throw StepFailure(.usage, error.description)
    }
  }

  /// The commits of `REV` or `A..B`, newest first.
  private static func commits(_ repository: GitRepository, _ revert: String) throws -> [GitCommit] {
    guard let dots = revert.firstRange(of: "..") else {
      return [try repository.commit(repository.resolve(revert))]
    }
    let (from, to) = (String(revert[..<dots.lowerBound]), String(revert[dots.upperBound...]))
    guard !to.hasPrefix(".") else {
      throw StepFailure(.usage, "--revert \(revert): expected a commit or a range A..B")
    }
    let commits = try repository.commits(
      from: repository.resolve(from.isEmpty ? "HEAD" : from),
      to: repository.resolve(to.isEmpty ? "HEAD" : to))
    guard !commits.isEmpty else {
      throw StepFailure(
        .data, "--revert \(revert): the range holds no commit",
        advice: "the older revision comes first: A..B is what B has and A has not")
    }
    return commits
  }

  /// The revert commits after a rollback, where the restored commit is another than the judged one. A rollback that
  /// succeeded does not fail because of them: what keeps them from being made is a finding.
  static func revertCommit(
    _ command: RevertCommand, _ session: StepSession, _ undone: UndoneRange
  ) throws -> (branch: String?, findings: [PlanFinding]) {
    func left(_ why: String) -> (branch: String?, findings: [PlanFinding]) {
      (nil, [PlanFinding(.revertCommit, .warning, "no revert commit was made: \(why)")])
    }
    guard session.policy.revert.makesBranch else { return (nil, []) }
    if let why = undone.unknown { return left(why) }
    guard let judged = undone.judged, let newest = undone.gitCommits.first else { return (nil, []) }
    if let vetoed = undone.commits.first(where: \.isVetoed) {
      return left("\(vetoed.id.prefix(10)) says NOAUTOREVERT=true")
    }
    let limit = session.policy.revert.maximumCommitsPerDay
    guard try EarlierRuns.revertCommits(session, within: .seconds(86_400)) < limit else {
      return left("\(limit) were made in the last 24 hours, and the policy allows no more")
    }
    do {
      let repository = try session.repository()
      let plan = try GitRevertPlan(
        repository, reverting: undone.gitCommits,
        mainline: undone.gitCommits.contains(where: \.isMerge) ? 1 : nil, onto: repository.commit(judged))
      if let blocking = plan.findings.first(where: { $0.severity == .error }) {
        return left(blocking.message)
      }
      let branch = GitRevertBranch(repository: repository, name: command.branch ?? plan.branchName)
      if let existing = try ExistingRevert(repository).of(newest, branch: branch.name) {
        return (nil, [PlanFinding(.revertCommit, .notice, existing)])
      }
      switch try branch.write(plan, at: session.context.clock.now, reason: command.reason) {
      case .made(let tip), .alreadyThere(let tip):
        let note =
          "the revert of \(undone.commits.count == 1 ? "1 commit" : "\(undone.commits.count) commits") is on the "
          + "branch \(branch.name) (\(tip.short)): merge it, or the next deployment brings the fault back"
        return (branch.name, [PlanFinding(.revertCommit, .notice, note)])
      case .taken(let finding): return left(finding.message)
      }
    } catch let error as GitError {
      return left(error.description)
    }
  }
}
