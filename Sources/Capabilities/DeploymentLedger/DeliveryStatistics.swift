import DeploymentRecords
import Redaction
import StepResults
import SystemInterfaces

/// The four figures of DORA over a trail: a pure function of its entries.
///
/// - A *deployment* is a commit that `smoke-test` or `watch-30m` judged: a new one begins where another commit is
///   judged, after a snapshot that made a restore point, or after a restore.
/// - It *failed* where one of its checks said stop or `auto-revert` took it back.
/// - It was *restored* when `auto-revert` had finished or a check passed again, counted from its first stop.
/// - The *lead time* is that from the commit to the end of the first check that passed.
public struct DeliveryStatistics: Hashable, Sendable {
  /// One deployment.
  public struct Deployment: Hashable, Sendable {
    /// What was deployed, and when that was committed.
    public var commit: String?, committedAt: Timestamp?
    /// When it was first judged.
    public var firstJudgedAt: Timestamp
    /// The end of the first check that passed.
    public var passedAt: Timestamp?
    /// The first stop, and the end of what answered it.
    public var failedAt: Timestamp?, restoredAt: Timestamp?
  }

  /// Oldest first.
  public var deployments: [Deployment]
  /// What the figures are about.
  public var since: Timestamp, until: Timestamp

  /// The figures of what was first judged from `since` to `until`, by entries in any order.
  public init(_ entries: [LedgerEntry], since: Timestamp, until: Timestamp) {
    var all: [Deployment] = []
    var isNew = true
    func end(_ time: Timestamp) {
      for index in all.indices where all[index].failedAt != nil && all[index].restoredAt == nil {
        all[index].restoredAt = time
      }
    }
    for entry in entries.sorted(by: { $0.finishedAt < $1.finishedAt }) where entry.kind == .record {
      switch entry.step {
      case .diffGate: continue
      case .preflightSnapshot: if entry.facts["restorePoint"] != nil { isNew = true }
      case .autoRevert:
        guard entry.facts["outcome"] == "restored" else { continue }
        if !all.isEmpty, all[all.count - 1].failedAt == nil { all[all.count - 1].failedAt = entry.startedAt }
        end(entry.finishedAt)
        isNew = true
      case .smokeTest, .watch30m:
        if isNew || all.last?.commit != entry.commit {
          all.append(
            Deployment(
              commit: entry.commit, committedAt: entry.committedAt, firstJudgedAt: entry.startedAt))
          isNew = false
        }
        let last = all.count - 1
        switch entry.verdict {
        case .stop: if all[last].failedAt == nil { all[last].failedAt = entry.startedAt }
        case .go:
          end(entry.finishedAt)
          if all[last].passedAt == nil { all[last].passedAt = entry.finishedAt }
        case .inconclusive, nil: break
        }
      }
    }
    deployments = all.filter { $0.firstJudgedAt >= since && $0.firstJudgedAt <= until }
    self.since = since
    self.until = until
  }

  /// Those that failed.
  public var failures: [Deployment] { deployments.filter { $0.failedAt != nil } }
  /// Deployments a week; nil where there are none.
  public var perWeek: Double? {
    let weeks = (until - since).inSeconds / (7 * 86_400)
    return deployments.isEmpty || weeks <= 0 ? nil : Double(deployments.count) / weeks
  }
  /// The share that failed, from 0 to 1; nil where there are none.
  public var changeFailureRate: Double? {
    deployments.isEmpty ? nil : Double(failures.count) / Double(deployments.count)
  }
  /// The seconds that each restore took, shortest first.
  public var timesToRestore: [Double] {
    deployments.compactMap { item in
      guard let failed = item.failedAt, let restored = item.restoredAt else { return nil }
      return (restored - failed).inSeconds
    }.sorted()
  }
  /// The seconds from commit to the first passed check, shortest first, where both are known.
  public var leadTimes: [Double] {
    deployments.compactMap { item in
      guard let from = item.committedAt, let to = item.passedAt, to >= from else { return nil }
      return (to - from).inSeconds
    }.sorted()
  }

  /// The middle of sorted numbers; nil where there are none.
  public static func median(_ sorted: [Double]) -> Double? {
    guard !sorted.isEmpty else { return nil }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
