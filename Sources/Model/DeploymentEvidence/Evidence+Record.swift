import JSONValues
import StepResults
import SystemInterfaces

extension Evidence {
  /// What a record says; nil where the tree is no record.
  public init?(record: JSONValue) {
    guard let step = record["step"]?.string.flatMap({ Step(rawValue: $0) }),
      let verdict = record["verdict"]?.string.flatMap({ Verdict(rawValue: $0) }),
      let startedAt = record["startedAt"]?.string.flatMap({ Timestamp($0) }),
      let finishedAt = record["finishedAt"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    let statement: Statement =
      switch step {
      case .smokeTest: Evidence.smoke(record)
      case .watch30m: Evidence.watch(record)
      case .autoRevert: Evidence.revert(record)
      case .diffGate: Evidence.gate(record)
      case .preflightSnapshot:
        verdict == .go && record["summary"]?["restorePoint"]?.string != nil ? .recorded : .nothing
      }
    self.init(
      step, verdict, statement, startedAt: startedAt, finishedAt: finishedAt,
      application: record["application"]?.string,
      deployment: record["liveStacks"].flatMap { Deployment(json: $0) },
      commit: Evidence.commit(step, record))
    messages = (record["findings"]?.array ?? []).filter { $0["severity"]?.string == "error" }
      .compactMap { $0["message"]?.string }
  }

  /// A snapshot is made before a deployment: its own commit is the one about to be. A rollback says what it put back.
  private static func commit(_ step: Step, _ record: JSONValue) -> String? {
    switch step {
    case .smokeTest, .watch30m: record["commit"]?.string
    case .preflightSnapshot: record["summary"]?["deployedCommit"]?.string
    // What only planned or stopped names the commit that it would have put back.
    case .autoRevert:
      isDone(record["summary"]) ? record["summary"]?["restoredCommit"]?.string : nil
    case .diffGate: nil
    }
  }

  private static func smoke(_ record: JSONValue) -> Statement {
    let summary = record["summary"]
    // What was only read, and what another part of the checks says, is no answer of the checks.
    guard summary?["parseOnly"]?.bool != true else { return .nothing }
    let outcomes = (record["checks"]?.array ?? []).compactMap { check -> Checked.Outcome? in
      guard let name = check["id"]?.string ?? check["name"]?.string, let word = check["outcome"]?.string,
        word != "skipped"
      else { return nil }
      return .init(
        id: name, word: word, wasBrokenBefore: check["comparison"]?.string == "brokenBefore",
        attempts: check["attempts"]?.array?.count ?? 1)
    }
    return Checked("smoke", outcomes).map { .checked($0) } ?? .nothing
  }

  private static func watch(_ record: JSONValue) -> Statement {
    guard record["window"]?["mode"]?.string == "live" else { return .nothing }
    let outcomes = (record["series"]?.array ?? []).map { series in
      // A watch says stop after several looks.
      Checked.Outcome(
        id: "\(series["name"]?.string ?? "") \(series["kind"]?.string ?? "")",
        word: series["verdict"]?.string == "healthy" ? "pass" : "fail", wasBrokenBefore: false, attempts: 2)
    }
    return Checked("watch", outcomes).map { .checked($0) } ?? .nothing
  }

  /// Whether a rollback came to its end, with something put back or nothing to put back.
  private static func isDone(_ summary: JSONValue?) -> Bool {
    ["restored", "nothing-to-do"].contains(summary?["outcome"]?.string ?? "")
  }

  private static func revert(_ record: JSONValue) -> Statement {
    let summary = record["summary"]
    guard isDone(summary) else { return .nothing }
    return .reverted(
      Reverted(
        changed: summary?["outcome"]?.string == "restored", isPartial: summary?["partial"]?.bool ?? false,
        undone: record["undoneStacks"].flatMap { Deployment(json: $0) },
        undoneCommit: record["commit"]?.string,
        restorePoint: summary?["restorePoint"]?.string,
        restoredCommit: summary?["restoredCommit"]?.string,
        health: record["health"]?["checked"].flatMap { Checked($0) }))
  }

  private static func gate(_ record: JSONValue) -> Statement {
    guard let summary = record["summary"], let base = summary["base"]?.string,
      let head = summary["head"]?.string, isCommit(base), isCommit(head)
    else { return .nothing }
    // Findings, since a statement's rules also hold what breaks nobody, such as a column dropped from a new table.
    var codes: [String: [String]] = [:]
    for finding in record["findings"]?.array ?? [] {
      guard let path = finding["path"]?.string, let code = finding["code"]?.string else { continue }
      codes[path, default: []].append(code)
    }
    let breaking = (record["migrations"]?.array ?? []).compactMap { migration -> String? in
      guard let file = migration["path"]?.string else { return nil }
      return BreakingRules.words(file, codes[file] ?? [])
    }
    return .judged(Judged(base: base, head: head, breaking: breaking))
  }

  private static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy(\.isHexDigit)
  }
}

/// After which findings about a migration the version before meets a schema that it cannot work with.
public enum BreakingRules {
  /// Codes of the migrations' rules.
  public static let all: Set<String> = [
    "adding-required-field", "ban-drop-column", "ban-drop-database", "ban-drop-domain", "ban-drop-extension",
    "ban-drop-function", "ban-drop-schema", "ban-drop-sequence", "ban-drop-table", "ban-drop-type",
    "ban-drop-view", "ban-revoke", "ban-set-schema", "changing-column-type", "drop-cascade", "drop-owned",
    "dropped-default", "narrower-check", "new-unique", "renaming-column", "renaming-object", "renaming-table",
    "required-existing-column",
  ]

  /// `file (rule, rule)`; nil where none of the codes breaks the version before.
  public static func words(_ file: String, _ codes: some Sequence<String>) -> String? {
    let broken = Set(codes).intersection(all)
    return broken.isEmpty ? nil : "\(file) (\(broken.sorted().joined(separator: ", ")))"
  }
}
