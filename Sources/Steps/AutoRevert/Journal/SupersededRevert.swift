import CloudFormationModel
import JSONValues
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// A revert that was begun, and whose deployment is not the live one any more: somebody deployed since. A run that is not
/// to continue it begins anew, and what the dead run saw and did counts for nothing.
struct SupersededRevert {
  let session: StepSession
  let journal: RevertJournal
  let operations: any CloudFormationOperations
  let targets: [TargetStack]

  /// Ends the journal of such a revert, and says so; nil where there is none.
  /// - Throws: `StepFailure` where `--continue` asked for just that revert.
  func leave(continues: Bool, isDryRun: Bool) async throws -> PlanFinding? {
    guard let begin = try journal.unfinished() else { return nil }
    let seen = RevertJournal.firstSeen(begin)
    var newer: [String] = []
    for target in targets {
      guard let first = seen[target.name], let now = try await operations.describe(target.name),
        now.updatedAt > first
      else { continue }
      var live = LiveStack(id: now.id, statusText: now.status, updatedAt: now.updatedAt)
      live.executedChangeSet = now.changeSet.map(Observer.changeSetName)
      live.events = try await operations.events(now.id, since: first).filter(\.isOfStack).map {
        StackEventFact(at: $0.at, status: .init(rawValue: $0.status), token: $0.token)
      }
      if live.lastUpdateToken == nil, live.updateBeganAt > first { newer.append(target.name) }
    }
    guard !newer.isEmpty else { return nil }
    let what =
      "a revert that was begun at \(begin["at"]?.string ?? "an unknown time") was not ended, and "
      + "\(newer.joined(separator: ", ")) was deployed since"
    guard !continues else {
      throw StepFailure(
        .stop, "--continue: \(what): it would undo another deployment than the one that it was begun for",
        advice: "run auto-revert \(session.environment) without --continue: it judges what is live now")
    }
    if !isDryRun { try journal.write(.end, [("result", "superseded")]) }
    return PlanFinding(
      .journalSuperseded, .warning, target: newer[0], "\(what): it is left, and this run begins anew.")
  }
}
