import DeploymentConfig
import DeploymentRecords
import GitHistory
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// The revert commits after a rollback, where the restored commit is another than the judged one. A rollback that
/// succeeded does not fail because of them: what keeps them from being made or from arriving is a finding.
struct RollbackRevert {
  let command: RevertCommand
  let session: StepSession
  let undone: UndoneRange
  /// Whether the rollback scripts of the range ran: then nothing of its migrations is left in the database.
  var schemaIsBack = false
  /// Whether this run put something back; else it found all as recorded.
  var wasPutBack = true
  var restorePoint: String?
  var evidence: [RevertPart.EvidenceEntry] = []
  var schema = PullRequestText.SchemaState()

  /// What came of it.
  struct Result {
    var branch: String?
    var pullRequestText: String?
    /// What is said of the revert itself, and beside it.
    var said: [PlanFinding] = []
    var findings: [Finding] = []
    var delivered = RevertDelivery.Result()
  }

  func make() async throws -> Result {
    do {
      return try await attempt()
    } catch let error as GitError {
      return left(error.description)
    } catch let failure as StepFailure {
      return left("\(failure)")
    }
  }

  private func left(_ why: String) -> Result {
    Result(said: [PlanFinding(.revertCommit, .warning, "no revert commit was made: \(why)")])
  }

  private func attempt() async throws -> Result {
    guard session.policy.revert.makesBranch else { return Result() }
    if let why = undone.unknown { return left(why) }
    guard let judged = undone.judged, let newest = undone.gitCommits.first else { return Result() }
    if let vetoed = undone.commits.first(where: \.isVetoed) {
      return left("\(vetoed.id.prefix(10)) says NOAUTOREVERT=true")
    }
    let limit = session.policy.revert.maximumCommitsPerDay
    guard try EarlierRuns.revertCommits(session, within: .seconds(86_400)) < limit else {
      return left("\(limit) were made in the last 24 hours, and the policy allows no more")
    }
    let wish = try DeliveryWish(command, session)
    let repository = try session.repository()
    let made = RevertCommits(command: command, session: session, repository: repository)
    let onto = try repository.commit(judged)
    let plan = try await session.fetchingMissing(
      repository, needed: { try repository.contentsNeeded(toRevert: undone.gitCommits, onto: onto) }
    ) {
      try GitRevertPlan(
        repository, reverting: undone.gitCommits,
        mainline: undone.gitCommits.contains(where: \.isMerge) ? 1 : nil, onto: onto,
        migrations: made.migrations(areUndone: schemaIsBack))
    }
    if let blocking = plan.findings.first(where: { $0.severity == .error }) {
      return left(blocking.message)
    }
    let branch = GitRevertBranch(
      repository: repository, name: command.branch ?? plan.branchName(session.environment))
    if let existing = try ExistingRevert(repository).of(newest, branch: wish.pushes ? nil : branch.name) {
      return Result(said: [PlanFinding(.revertCommit, .notice, existing)])
    }
    let message = try made.message(onto: plan.onto, restorePoint: restorePoint)
    switch try await branch.write(plan, at: session.context.clock.now, message, session) {
    case .taken(let finding): return left(finding.message)
    case .made(let tip), .alreadyThere(let tip):
      return try await deliver(made, branch, plan, tip, wish, message)
    }
  }

  private func deliver(
    _ made: RevertCommits, _ branch: GitRevertBranch, _ plan: GitRevertPlan, _ tip: ObjectId,
    _ wish: DeliveryWish, _ message: RevertMessage
  ) async throws -> Result {
    let count = undone.commits.count
    let note =
      "the revert of \(counted(count, "commit")) is on the "
      + "branch \(branch.name) (\(tip.short)): merge it, or the next deployment brings the fault back"
    var result = Result(
      branch: branch.name, said: [PlanFinding(.revertCommit, .notice, note)])
    result.findings += plan.findings.filter {
      [GitOnlyFindings.migrationsKept, GitOnlyFindings.migrationsGone].contains($0.code)
    }
    var text = PullRequestText(
      branch: branch.name, environment: session.environment, reason: command.reason,
      restored: undone.restored?.hex,
      commits: undone.commits.map { RevertPart.CommitEntry(id: $0.id, summary: $0.summary) },
      evidence: evidence)
    text.schema = schema
    text.wasPutBack = wasPutBack
    text.record = session.records.run
    let (path, delivered) = try await made.deliver(branch, plan, tip: tip, wish, message, text)
    result.pullRequestText = path
    result.delivered = delivered
    result.findings += delivered.findings
    return result
  }
}
