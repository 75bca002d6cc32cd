import DeploymentRecords
import JSONValues
import StepResults
import StepRuntime
import SystemInterfaces

/// What a promotion did, and what the next run of the same command has to know of it.
struct PromotionJournal: Sendable {
  /// The name of its file in the records folder.
  static let fileName = "promotion.jsonl"
  let journal: ActionJournal
  let application: String
  private let clock: any WallClock

  init(_ session: StepSession) {
    journal = ActionJournal(
      path: "\(session.records.root)/\(PromotionJournal.fileName)", files: session.context.files,
      clock: session.context.clock, redactor: session.redactor)
    application = session.application
    clock = session.context.clock
  }

  /// A promotion that did not come to its end.
  struct Unfinished: Hashable, Sendable {
    var aliases: [PromotedAlias]
    /// When it began: what came before is what was normal.
    var begunAt: Timestamp
    /// Shares whose watch was good.
    var passed: Set<Double> = []
    /// Since when the new versions have had a share: the last call that gave it.
    var since: [Double: Timestamp] = [:]
  }

  /// What was not ended; nil where there is none.
  /// - Throws: `StepFailure` where the journal is damaged: what it holds may be half done.
  func unfinished() throws -> Unfinished? {
    let (all, damage) = try journal.read()
    if let damage {
      throw StepFailure(
        .data, "\(journal.path): \(damage)",
        advice: "look at the aliases' weights, and move the file away to begin anew")
    }
    let lines = ActionJournal.lines(all, of: application)
    let end = lines.lastIndex { $0["event"]?.string == ActionJournal.Event.end.rawValue }
    let open = lines[(end.map { $0 + 1 } ?? 0)...]
    guard let begin = open.first(where: { $0["event"]?.string == ActionJournal.Event.begin.rawValue }),
      let begunAt = begin["at"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    var found = Unfinished(
      aliases: (begin["aliases"]?.array ?? []).compactMap { PromotionJournal.alias($0) }, begunAt: begunAt)
    for line in open {
      guard let share = line["share"]?.double, let at = line["at"]?.string.flatMap({ Timestamp($0) }) else {
        continue
      }
      switch line["event"]?.string {
      // A call whose answer was lost with the run may have been made.
      case ActionJournal.Event.before.rawValue: found.since[share] = at
      case ActionJournal.Event.after.rawValue
      where ["accepted", PromotionJournal.found].contains(line["result"]?.string):
        found.since[share] = at
      case ActionJournal.Event.passed.rawValue: found.passed.insert(share)
      default: break
      }
    }
    return found
  }

  /// What the last promotion that came to its end was, where it was good: its aliases.
  func promoted() throws -> [PromotedAlias] {
    let lines = ActionJournal.lines(try journal.read().lines, of: application)
    guard let end = lines.last, end["event"]?.string == ActionJournal.Event.end.rawValue,
      end["result"]?.string == "promoted"
    else { return [] }
    return (end["aliases"]?.array ?? []).compactMap { PromotionJournal.alias($0) }
  }

  func begin(_ aliases: [PromotedAlias], _ shares: [Double], each: Duration) throws {
    try journal.write(
      .begin,
      [
        ("application", .string(application)), ("aliases", PromotionJournal.list(aliases)),
        ("shares", .array(shares.map { .number(JSONNumber($0)) })),
        ("each", .number(JSONNumber(each.inSeconds))),
      ])
  }

  /// The result of no call: the alias had the share when the promotion began.
  static let found = "found"

  func before(_ alias: PromotedAlias, _ share: Double) throws {
    try journal.write(
      .before,
      [
        ("target", .string(alias.target)), ("share", .number(JSONNumber(share))),
        ("from", .number(JSONNumber(alias.share))), ("old", .string(alias.old)), ("new", .string(alias.new)),
        ("revisionId", alias.revisionId.map { .string($0) } ?? .null),
      ])
  }

  func after(_ alias: PromotedAlias, _ share: Double, _ result: String) throws {
    try journal.write(
      .after,
      [
        ("target", .string(alias.target)), ("share", .number(JSONNumber(share))),
        ("result", .string(result)),
      ])
  }

  func passed(_ share: Double) throws {
    try journal.write(.passed, [("share", .number(JSONNumber(share)))])
  }

  func end(_ result: String, _ aliases: [PromotedAlias]) throws {
    try journal.write(.end, [("result", .string(result)), ("aliases", PromotionJournal.list(aliases))])
  }

  private static func list(_ aliases: [PromotedAlias]) -> JSONValue {
    .array(
      aliases.map {
        [
          "function": .string($0.function), "alias": .string($0.alias), "stack": .string($0.stack),
          "new": .string($0.new), "old": .string($0.old), "share": .number(JSONNumber($0.share)),
        ]
      })
  }

  private static func alias(_ json: JSONValue) -> PromotedAlias? {
    guard let function = json["function"]?.string, let alias = json["alias"]?.string,
      let new = json["new"]?.string, let old = json["old"]?.string
    else { return nil }
    return PromotedAlias(
      function: function, alias: alias, stack: json["stack"]?.string ?? "", new: new, old: old,
      share: json["share"]?.double ?? 0)
  }
}
