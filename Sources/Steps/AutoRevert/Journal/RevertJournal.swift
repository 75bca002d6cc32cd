import DeploymentRecords
import JSONValues
import Redaction
import RollbackPlanning
import StepRuntime
import SystemInterfaces

/// What a revert did: one JSON line synced before and one after every call that changes something.
///
/// A run that is killed anywhere leaves it behind; the next run of the same revert goes on in the same file.
public final class RevertJournal: Sendable {
  /// `<records>/journal-<restore point>.jsonl`.
  public let path: String
  private let journal: ActionJournal
  /// Whose lines count; nil for anybody's. Two applications may keep their records in one folder.
  private let application: String?

  /// The journal of the revert to `restorePoint` under the records folder.
  public init(
    records: String, restorePoint: String?, application: String? = nil, files: any FileSystem,
    clock: any WallClock, redactor: Redactor
  ) {
    self.application = application
    path = "\(records)/\(RevertJournal.name(restorePoint))"
    journal = ActionJournal(path: path, files: files, clock: clock, redactor: redactor)
  }

  static func name(_ restorePoint: String?) -> String { "journal-\(restorePoint ?? "none").jsonl" }

  /// The kinds of lines.
  public typealias Event = ActionJournal.Event

  /// Appends a line and syncs it. A journal that cannot be written stops the revert before the call it is for.
  public func write(_ event: Event, _ members: [(String, JSONValue)]) throws(FileError) {
    try journal.write(event, members)
  }

  /// The lines so far, oldest first. Lines that were cut off by kills, the last ones or ones before a `begin`, are left
  /// out; any other damage is an error.
  public func lines() throws -> [JSONValue] {
    let (lines, damage) = try journal.read()
    if let damage { throw RecordError(path: path, reason: damage) }
    return ActionJournal.lines(lines, of: application)
  }

  /// Whether the last run in `lines` did not come to its end.
  static func isOpen(_ lines: [JSONValue]) -> Bool {
    guard let begin = lines.lastIndex(where: { $0["event"]?.string == Event.begin.rawValue }) else {
      // Without a beginning nothing tells what the rest belongs to.
      return lines.contains { $0["event"] != nil } && lines.last?["event"]?.string != Event.end.rawValue
    }
    return !lines[begin...].contains { $0["event"]?.string == Event.end.rawValue }
  }

  /// The `begin` line of a run that did not end, or nil where nothing is left to continue.
  public func unfinished() throws -> JSONValue? {
    let lines = try lines()
    guard let begin = lines.lastIndex(where: { $0["event"]?.string == Event.begin.rawValue }) else {
      return nil
    }
    // The first of several begun in a row: a run that was killed and continued once is still the same revert.
    guard !lines[begin...].contains(where: { $0["event"]?.string == Event.end.rawValue }) else { return nil }
    var first = begin
    for index in lines[..<begin].indices.reversed() {
      if lines[index]["event"]?.string == Event.end.rawValue { break }
      if lines[index]["event"]?.string == Event.begin.rawValue { first = index }
    }
    return lines[first]
  }

  /// Tokens of calls that were accepted in the unfinished revert; none where nothing is unfinished.
  public func acceptedTokens() throws -> Set<String> {
    Set(
      try openLines().filter {
        $0["event"]?.string == Event.after.rawValue && $0["result"]?.string == "accepted"
      }
      .compactMap { $0["requestId"]?.string })
  }

  /// The lines of the unfinished revert; none where nothing is unfinished.
  private func openLines() throws -> [JSONValue] {
    guard try unfinished() != nil else { return [] }
    let lines = try lines()
    return Array(
      lines[(lines.lastIndex { $0["event"]?.string == Event.end.rawValue } ?? lines.startIndex)...])
  }

  /// What the unfinished revert did outside the stacks' operations, `action target`: what was accepted, and what was
  /// begun without a line that says how it ended.
  public func outside() throws -> (done: Set<String>, unknown: Set<String>) {
    var (done, unknown) = (Set<String>(), Set<String>())
    for line in try openLines() where line["requestId"] == nil {
      guard let action = line["action"]?.string, let target = line["target"]?.string else { continue }
      let name = "\(action) \(target)"
      switch line["event"]?.string {
      case Event.before.rawValue: unknown.insert(name)
      case Event.after.rawValue:
        let result = line["result"]?.string
        if result == "accepted" { done.insert(name) }
        // No answer came: it may have been done.
        if result != "uncertain", result != "unintelligible" { unknown.remove(name) }
      default: break
      }
    }
    return (done, unknown)
  }

  /// The last restore of each stack that the unfinished revert asked for and that was not refused: its token, and when.
  func openRestores() throws -> [String: (token: String, at: Timestamp)] {
    var open: [String: (token: String, at: Timestamp)] = [:]
    // A call that is refused may be refused because the one before it, whose answer was lost, was not.
    var former = open
    for line in try openLines() {
      guard let token = line["requestId"]?.string, OperationToken(token)?.operation == .restore,
        let target = line["target"]?.string, let at = line["at"]?.string.flatMap({ Timestamp($0) })
      else { continue }
      switch line["event"]?.string {
      case Event.before.rawValue:
        former[target] = open[target]
        open[target] = (token, at)
      case Event.after.rawValue where ["refused", "pointless", "throttled"].contains(line["result"]?.string):
        open[target] = former[target]
      default: break
      }
    }
    return open
  }

  /// Policies that the unfinished revert lifted and did not put back, by stack.
  public func liftedPolicies() throws -> [String: String] {
    var lifted: [String: String] = [:]
    for line in try openLines() {
      guard let target = line["target"]?.string else { continue }
      if line["event"]?.string == Event.before.rawValue, line["action"]?.string == "liftStackPolicy" {
        lifted[target] = line["policy"]?.string
      } else if line["event"]?.string == Event.after.rawValue, line["action"]?.string == "restoreStackPolicy",
        line["result"]?.string == "accepted"
      {
        lifted[target] = nil
      }
    }
    return lifted
  }

  /// What the run of a `begin` line saw first of each stack.
  public static func firstSeen(_ begin: JSONValue) -> [String: Timestamp] {
    var seen: [String: Timestamp] = [:]
    for member in begin["firstSeen"]?.object?.members ?? [] {
      seen[member.name] = member.value.string.flatMap { Timestamp($0) }
    }
    return seen
  }

  /// The roles that the run of a `begin` line was asked for; empty means all.
  public static func only(_ begin: JSONValue) -> Set<String> {
    Set(begin["only"]?.array?.compactMap(\.string) ?? [])
  }

  /// How the run of a `begin` line went back.
  static func method(_ begin: JSONValue) -> PlanOptions.Method {
    begin["method"]?.string.flatMap(PlanOptions.Method.init) ?? .automatic
  }

  /// The newest journal under `records` that holds an unfinished run: the id of its restore point (nil for `none`).
  public static func newestUnfinished(
    records: String, application: String?, files: any FileSystem, clock: any WallClock, redactor: Redactor
  ) throws -> (restorePoint: String?, begin: JSONValue)? {
    guard try files.status(of: records) != nil else { return nil }
    let names = try files.names(in: records).filter { $0.hasPrefix("journal-") && $0.hasSuffix(".jsonl") }
    var newest: (restorePoint: String?, begin: JSONValue)?
    for name in names {
      let id = String(name.dropFirst("journal-".count).dropLast(".jsonl".count))
      let journal = RevertJournal(
        records: records, restorePoint: id == "none" ? nil : id, application: application, files: files,
        clock: clock, redactor: redactor)
      guard let begin = try journal.unfinished() else { continue }
      if (newest?.begin["at"]?.string ?? "") < (begin["at"]?.string ?? "") {
        newest = (id == "none" ? nil : id, begin)
      }
    }
    return newest
  }
}
