/// Which restore point is put back.
public enum RestorePointChoice: Hashable, Sendable {
  /// This one; where it holds what is live, nothing was deployed since.
  case chosen(String, isLive: Bool)
  /// This one could be the one, but it is damaged; the id is that of the next older good one.
  case damaged(String, older: String?)
  /// A name that none of them has.
  case unknown
  /// There is none of this application with all its stacks.
  case none
  /// There are some, and a stop stands about each: the ids.
  case noneGood([String])

  /// The restore point that a person named by id, or by a commit or its beginning (the newest of that commit).
  /// - Parameter damaged: ids of others, whose commits cannot be read.
  public static func named(
    _ name: String, among points: [RecordedDeployment], damaged: [String] = [], live: Deployment?
  ) -> RestorePointChoice {
    if damaged.contains(name) { return .damaged(name, older: nil) }
    let ofCommit = points.filter { $0.commit?.hasPrefix(name.lowercased()) ?? false && name.count >= 4 }
    guard let point = points.first(where: { $0.id == name }) ?? ofCommit.max(by: { $0.id < $1.id }) else {
      return .unknown
    }
    return .chosen(point.id, isLive: point.deployment == live)
  }

  /// The newest good one. Where that holds what is live, nothing was deployed since, and nothing is to be put back: a
  /// deployment that failed before it reached a stack must not cost the version that it found.
  /// - Parameters:
  ///   - damaged: ids of restore points that cannot be read; one that is newer than the choice could be the right one.
  ///   - names: the stacks that a restore point must hold.
  ///   - live: what is live; nil where no stack is there.
  public static func newest(
    in history: DeploymentHistory, damaged: [String] = [], live: Deployment?,
    holding names: (RecordedDeployment) -> [String]
  ) -> RestorePointChoice {
    let fitting = history.points.filter { !$0.isInBetween && $0.deployment.holds(names($0)) }
    let good = fitting.filter { history.isGood($0, holding: names($0)) }.sorted { $0.id > $1.id }
    let unknown = damaged.max()
    guard let newest = good.first else {
      if let unknown { return .damaged(unknown, older: nil) }
      return fitting.isEmpty ? .none : .noneGood(fitting.map(\.id))
    }
    if let unknown, unknown > newest.id { return .damaged(unknown, older: newest.id) }
    return .chosen(newest.id, isLive: newest.deployment == live)
  }
}
