import DeploymentEvidence
import DeploymentRecords
import StepResults
import StepRuntime
import SystemInterfaces

/// What is on record of the deployment that would be undone and of the version before it; nothing of any other.
struct RevertEvidence: Sendable {
  /// All that the steps said, whatever it is about.
  let all: [Evidence]
  /// What of it names a deployment of this application.
  let history: DeploymentHistory
  /// What is live; nil before AWS was asked.
  let live: Deployment?
  /// What is put back.
  let point: RestorePoint?

  /// What is on record, before it is known which deployment is live.
  init(_ session: StepSession) throws {
    all = try session.evidence()
    history = try session.history(of: all)
    (live, point) = (nil, nil)
  }

  init(_ all: [Evidence], _ history: DeploymentHistory, live: Deployment?, point: RestorePoint?) {
    (self.all, self.history, self.live, self.point) = (all, history, live, point)
  }

  /// What is known with `more`, which is newer than all that is on record.
  func history(adding more: [Evidence]) -> DeploymentHistory {
    more.isEmpty
      ? history
      : DeploymentHistory(
        application: history.application, evidence: history.evidence + more, points: history.points)
  }

  /// The same, about `live` and the version that `point` holds.
  func about(_ live: Deployment?, point: RestorePoint?) -> RevertEvidence {
    RevertEvidence(all, history, live: live, point: point)
  }

  /// The stops that stand about what is live.
  var stops: [Evidence] { live.map { history.reasons(against: $0) } ?? [] }

  /// What was said of the live deployment, oldest first.
  var said: [Evidence] { live.map { history.said(of: $0) } ?? [] }

  /// The last word of each step about what is live, and of the gate about the commits that are taken back.
  func shown(_ commits: [String]) -> [Evidence] {
    let gate = all.last { evidence in
      guard evidence.application == history.application, case .judged(let judged) = evidence.statement else {
        return false
      }
      return commits.contains(judged.head)
    }
    let checks = [Step.preflightSnapshot, .smokeTest, .watch30m].compactMap { step in
      said.last { $0.step == step }
    }
    return [gate].compactMap { $0 } + checks
  }

  /// Observations that the deployment is bad.
  var failures: Int {
    stops.compactMap { stop -> Int? in
      if case .checked(let checked) = stop.statement { checked.observations } else { nil }
    }.reduce(0, +)
  }

  /// Observations that the restored version was good: its restore point, and what passed of that deployment.
  var successes: Int {
    guard let point, let held = point.held else { return 0 }
    let passed = history.said(of: held).filter { $0.isGo }
    return 1 + (point.baseline == Baseline() ? 0 : 1) + passed.count
  }

  /// Where checks judged an earlier deployment than the live one, and did not say go: when they began. What came later was
  /// not judged, and is not undone.
  var judgedAt: Timestamp? {
    guard stops.isEmpty, let live else { return nil }
    return all.filter { evidence in
      guard evidence.application == nil || evidence.application == history.application,
        case .checked = evidence.statement, evidence.verdict != .go, evidence.deployment != live,
        history.answer(to: evidence) == nil
      else { return false }
      return point.map { evidence.startedAt > $0.createdAt } ?? true
    }.map(\.startedAt).max()
  }

  /// Why a finished deployment may not be undone; nil where it may.
  func refusal(hasReason: Bool, isAttended: Bool) -> String? {
    let permission = RollbackPermission.judge(
      history, live: live, hasReason: hasReason, isAttended: isAttended)
    guard permission == .missing else { return nil }
    let last = said.last { $0.isGo }
    return "no stop about the deployment that is live\(live.map { " (\($0.id))" } ?? "") is on record"
      + (last.map { ", \($0.step.rawValue) said go of it at \($0.finishedAt.formatted(milliseconds: false))" }
        ?? "")
      + ", and --reason was not given"
  }
}
