import StepResults
import SystemInterfaces

/// How long the ways back of an environment have taken, by its own trail: a pure function of its entries.
public struct RestoreTimes: Hashable, Sendable {
  /// The shortest and the longest, in minutes: begun ones count.
  public var minutes: [Int]
  /// How many rollbacks they come from.
  public var runs: Int
  /// How many of the newest rollbacks are looked at: what took an hour two years ago says little.
  public static let limit = 10

  /// The figures of the newest rollbacks that put everything back; nil where there are none.
  public init?(_ entries: [LedgerEntry]) {
    let restored = entries.filter(RestoreTimes.isRestored).sorted { $0.finishedAt > $1.finishedAt }
    let seconds = restored.prefix(RestoreTimes.limit).map { ($0.finishedAt - $0.startedAt).inSeconds }.filter
    { $0 >= 0 }
    guard let low = seconds.min(), let high = seconds.max() else { return nil }
    minutes = [Int(low / 60), max(1, Int((high / 60).rounded(.up)))]
    runs = seconds.count
  }

  /// Whether an entry tells of a rollback that put everything back.
  public static func isRestored(_ entry: LedgerEntry) -> Bool {
    entry.kind == .record && entry.step == .autoRevert && entry.facts["outcome"] == "restored"
  }
}
