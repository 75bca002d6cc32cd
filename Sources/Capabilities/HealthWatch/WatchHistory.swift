import DeploymentEvidence
import StepResults
import SystemInterfaces

/// What is on record of the application's earlier deployments: times that were not normal, and beginnings that were good.
struct WatchHistory: Hashable, Sendable {
  /// From a deployment that was stopped to the rollback that ended it.
  var incidents: [Range<Timestamp>] = []
  /// When good deployments were in place, the latest first.
  var starts: [Timestamp] = []

  /// So many beginnings are compared with, so far back.
  static let mostStarts = 3, reach: Duration = .seconds(14 * 86_400)
  /// A stop that nothing ended is an incident for so long at most.
  static let longestIncident: Duration = .seconds(86_400)

  /// Nothing is on record.
  init() {}

  /// What `evidence` of `application`, oldest first, says of the time before `deployedAt`.
  init(_ evidence: [Evidence], application: String, before deployedAt: Timestamp) {
    let own = evidence.filter { $0.application == application && $0.finishedAt < deployedAt }
    var stopped: Set<Timestamp> = []
    for (index, one) in own.enumerated() where one.isStop {
      let updated = one.deployment?.stacks.map(\.updatedAt).max()
      if let updated { stopped.insert(updated) }
      let start = min(updated ?? one.startedAt, one.startedAt)
      let ended = own[(index + 1)...].first { later in
        if case .reverted(let reverted) = later.statement { return reverted.changed }
        return later.isGo
      }
      let end = min(ended?.finishedAt ?? one.finishedAt, start + WatchHistory.longestIncident)
      if start < end { incidents.append(start..<end) }
    }
    let good = Set(
      own.filter { $0.isGo && $0.step == .watch30m }.compactMap {
        $0.deployment?.stacks.map(\.updatedAt).max()
      })
    starts = good.subtracting(stopped).filter {
      $0 < deployedAt - .seconds(1800) && $0 > deployedAt - WatchHistory.reach
    }
    .sorted(by: >).prefix(WatchHistory.mostStarts).map { $0 }
  }
}
