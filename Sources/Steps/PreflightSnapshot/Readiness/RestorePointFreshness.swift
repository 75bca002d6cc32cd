import DeploymentConfig
import DeploymentRecords
import StepResults
import SystemInterfaces

/// Whether a restore point that was made earlier still is what a deployment would be taken back to.
enum RestorePointFreshness {
  /// A stack as it is now.
  struct Live: Hashable, Sendable {
    var name: String, stackId: String
    var updatedAt: Timestamp
  }

  /// Why the restore point is stale; nothing where it is not.
  static func findings(
    _ point: RestorePoint, live: [Live], now: Timestamp, maximumAge: Duration, deployed: String?
  ) -> [Finding] {
    var reasons: [String] = []
    let age = now - point.createdAt
    if age > maximumAge {
      reasons.append(
        "it was made \(point.createdAt), more than \(maximumAge.words) ago")
    }
    for stack in live {
      guard let recorded = point.stacks.first(where: { $0.name == stack.name }) else {
        reasons.append("\(stack.name) is not in it")
        continue
      }
      if recorded.stackId != stack.stackId {
        reasons.append("\(stack.name) was deleted and made anew since")
      } else if recorded.lastUpdatedAt != stack.updatedAt {
        reasons.append("\(stack.name) was updated at \(stack.updatedAt)")
      }
    }
    let names = Set(live.map(\.name))
    for recorded in point.stacks where recorded.parentId == nil && !names.contains(recorded.name) {
      reasons.append("\(recorded.name) is gone, or not in the configuration any more")
    }
    if let deployed, let commit = point.commit, commit != deployed {
      reasons.append("it is of the commit \(commit.prefix(12)), and \(deployed.prefix(12)) is deployed")
    }
    let unprovable = point.stacks.filter { !$0.restorable }
    reasons += unprovable.map {
      "\($0.name) cannot be put back from it: \($0.why ?? "no reason was recorded")"
    }
    return reasons.map {
      Finding(
        "restore-point-stale", .error, "the restore point \(point.id) does not do any more: \($0)",
        subject: $0)
    }
  }
}
