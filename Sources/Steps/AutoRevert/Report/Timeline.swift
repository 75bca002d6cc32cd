import CloudFormationModel
import DeploymentEvidence
import DeploymentRecords
import RollbackPlanning
import StepResults
import SystemInterfaces

/// What happened, from the restore point to the end of this run: stacks, steps and calls in one list.
struct Timeline {
  /// Oldest first.
  let entries: [RevertPart.TimelineEntry]

  init(
    _ result: EngineResult, _ point: RestorePoint?, _ said: [Evidence],
    _ health: RevertPart.HealthEntry?, now: Timestamp
  ) {
    var all: [RevertPart.TimelineEntry] = []
    func add(_ at: Timestamp, _ source: String, _ event: String) {
      all.append(.init(at: at, source: source, event: event))
    }
    if let point {
      add(
        point.createdAt, Step.preflightSnapshot.rawValue,
        "restore point \(point.id) recorded"
          + (point.commit.map { ", commit \($0.prefix(12))" } ?? ""))
    }
    for entry in said where entry.step != .preflightSnapshot && entry.statement != .nothing {
      let first = entry.messages.first.map { ": \($0)" } ?? ""
      add(entry.finishedAt, entry.step.rawValue, "said \(entry.verdict.rawValue)\(first)")
    }
    for stack in result.facts.stacks {
      // Newest first as they come; of one moment, the older is told first.
      for event in (stack.live?.events ?? []).prefix(60).reversed() {
        guard let status = event.status else { continue }
        let isOwn = event.token.flatMap(OperationToken.init) != nil
        let isDeployment = status == .updateInProgress && (point.map { event.at > $0.createdAt } ?? false)
        add(
          event.at, stack.name,
          status.rawValue + (isOwn ? " (auto-revert)" : isDeployment ? " (deployment)" : ""))
      }
    }
    for one in result.actions {
      add(one.startedAt, Step.autoRevert.rawValue, "\(one.action.kind.rawValue) \(one.action.target) begun")
      let ended = RevertPart.ActionEntry(one).shortResult
      add(
        one.finishedAt, Step.autoRevert.rawValue, "\(one.action.kind.rawValue) \(one.action.target): \(ended)"
      )
    }
    if let health {
      add(
        now, Step.autoRevert.rawValue,
        "health: \(health.verdict.rawValue), \(health.checks - health.failed) of \(counted(health.checks, "check")) passed"
      )
    }
    // Times of the service and of this machine differ: what has one time keeps the order it was given in.
    entries = all.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(
      \.element)
  }
}
