import SystemInterfaces

/// A restore point as the choice among several sees it.
public struct RestorePointCandidate: Hashable, Sendable {
  /// Its id; ids sort by time.
  public var id: String
  /// The commit whose deployment it holds.
  public var commit: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// LastUpdatedTime of each stack when it was made, by stack id.
  public var updatedAt: [String: Timestamp]

  /// A candidate.
  public init(id: String, commit: String?, createdAt: Timestamp, updatedAt: [String: Timestamp]) {
    self.id = id
    self.commit = commit
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// Which restore point is put back.
public enum RestorePointChoice: Hashable, Sendable {
  /// This one.
  case chosen(String)
  /// This one would be or could be the one, but it is damaged.
  case damaged(String)
  /// None, and why.
  case none(PlanFinding)

  /// The restore point that a person named by id, or by a commit or its beginning (the newest of that commit).
  /// - Parameter damaged: ids of others, whose commits cannot be read.
  public static func named(
    _ name: String, among candidates: [RestorePointCandidate], damaged: [String] = []
  ) -> RestorePointChoice {
    if damaged.contains(name) { return .damaged(name) }
    if candidates.contains(where: { $0.id == name }) { return .chosen(name) }
    let ofCommit = candidates.filter { $0.commit?.hasPrefix(name.lowercased()) ?? false && name.count >= 4 }
    if let newest = ofCommit.max(by: { $0.id < $1.id }) { return .chosen(newest.id) }
    return .none(
      PlanFinding(
        .restorePointMissing, .stop,
        "--to \(name): no restore point of this id or commit. auto-revert --list shows those there are"
          + (damaged.isEmpty ? "." : ", and what is wrong with \(damaged.joined(separator: ", ")).")))
  }

  /// The newest good one that is older than the judged deployment.
  ///
  /// A restore point after which nothing was deployed holds the judged version itself (danger 4), so an older one
  /// is taken: unless something outside the stacks' templates differs from it, or this very revert has been at work.
  /// - Parameters:
  ///   - damaged: ids of restore points that cannot be read; one that is newer than the choice could be the right one.
  ///   - latest: the id that `latest` names; newer ones are not good.
  ///   - live: LastUpdatedTime by stack id, for stacks that are there.
  ///   - isOwnWork: whether the last operation on any stack was a revert to the restore point.
  ///   - differsOutside: whether something outside templates differs from the restore point.
  public static func newest(
    among candidates: [RestorePointCandidate], damaged: [String] = [], latest: String?,
    live: [String: Timestamp], isOwnWork: (String) -> Bool, differsOutside: (String) -> Bool
  ) -> RestorePointChoice {
    if let latest, damaged.contains(latest) { return .damaged(latest) }
    guard let latest, candidates.contains(where: { $0.id == latest }) else {
      return .none(
        PlanFinding(
          .restorePointMissing, .stop,
          "there is no good restore point (preflight-snapshot makes one before a deployment)."))
    }
    let good = candidates.filter { $0.id <= latest }.sorted { $0.id > $1.id }
    let unknown = damaged.filter { $0 <= latest }.max()
    for candidate in good {
      if let unknown, unknown > candidate.id { return .damaged(unknown) }
      let wasDeployedSince = candidate.updatedAt.contains { id, time in live[id].map { $0 > time } ?? true }
      if wasDeployedSince || isOwnWork(candidate.id) || differsOutside(candidate.id) {
        return .chosen(candidate.id)
      }
    }
    if let unknown { return .damaged(unknown) }
    return .none(
      PlanFinding(
        .restorePointOfLiveVersion, .stop,
        "nothing has been deployed since the restore point \(latest) was made: it holds the version that is live now, "
          + "and there is no older one. Name another with --to, or deploy the last good commit."))
  }
}
