import JSONValues
import StepResults
import SystemInterfaces

/// Who holds an environment, as the ledger tells it to other machines.
public struct LedgerLock: Hashable, Sendable {
  /// Hexadecimal digits by which its holder knows it again.
  public var id: String
  /// The run that holds it, and the step.
  public var run: String, step: Step
  /// Where the run is: host and process.
  public var holder: String
  /// When it was taken, and when it may be taken over without asking.
  public var since: Timestamp, expiresAt: Timestamp
  /// The run from which it was taken over.
  public var takenOverFrom: String?

  /// A lock.
  public init(
    id: String, run: String, step: Step, holder: String, since: Timestamp, expiresAt: Timestamp,
    takenOverFrom: String? = nil
  ) {
    self.id = id
    self.run = run
    self.step = step
    self.holder = holder
    self.since = since
    self.expiresAt = expiresAt
    self.takenOverFrom = takenOverFrom
  }

  /// What somebody who wants the lock may do about one that is there.
  public enum Standing: Hashable, Sendable {
    /// Nobody holds it.
    case free
    /// It is one's own, left by a run on this machine that ended without releasing it.
    case ownStale
    /// Its time is over.
    case expired
    /// Somebody said to take it from this run.
    case takenOver
    /// Somebody else's.
    case held
  }

  /// - Parameters:
  ///   - own: the ids of the locks that this machine's records say were taken here last; their holders are gone where
  ///     the kernel gave this run the local lock.
  ///   - takeOver: the run that was named to take it from.
  public static func standing(_ lock: LedgerLock?, own: Set<String>, takeOver: String?, now: Timestamp)
    -> Standing
  {
    guard let lock else { return .free }
    if own.contains(lock.id) { return .ownStale }
    if lock.run == takeOver { return .takenOver }
    return now >= lock.expiresAt ? .expired : .held
  }

  /// `run github-77-1 (auto-revert on runner-3, process 4711), since 2026-11-26T01:02:03Z (12 minutes)`.
  public func words(at now: Timestamp) -> String {
    let minutes = Int(max(0, (now - since).inSeconds) / 60)
    return "run \(run) (\(step.rawValue) on \(holder)), since \(since.formatted(milliseconds: false)) "
      + "(\(counted(minutes, "minute")))"
  }

  /// The lock as JSON.
  public var json: JSONValue {
    var object = JSONObject([
      .init("id", .string(id)), .init("run", .string(run)), .init("step", .string(step.rawValue)),
      .init("holder", .string(holder)), .init("since", .string(since.description)),
      .init("expiresAt", .string(expiresAt.description)),
    ])
    if let takenOverFrom { object["takenOverFrom"] = .string(takenOverFrom) }
    return .object(object)
  }

  /// Reads a lock.
  /// - Throws: `LedgerFormatError`.
  public init(json: JSONValue) throws {
    let reader = MemberReader(json)
    self.init(
      id: try reader.text("id"), run: try reader.text("run"), step: try reader.word("step"),
      holder: try reader.text("holder"), since: try reader.time("since"),
      expiresAt: try reader.time("expiresAt"), takenOverFrom: json["takenOverFrom"]?.string)
  }
}
