import SystemInterfaces

/// How a tool runs a script, as far as PostgreSQL's statements that refuse a transaction are concerned.
public enum TransactionHabit: Hashable, Sendable {
  /// Statement by statement.
  case none
  /// In a transaction of the tool's own.
  case wraps
  /// As one query, which PostgreSQL runs in one transaction where it holds more than one statement.
  case oneQuery
  /// Outside of a transaction where all statements refuse one; a script that mixes both kinds is refused.
  case unmixed
}

/// What decides about a script and does not stand in it.
public struct SQLSettings: Hashable, Sendable {
  /// PostgreSQL's major version; nil: one that is still supported.
  public var postgresVersion: Int?
  /// Whether the tool that runs the script puts it into a transaction of its own.
  public var runsInTransaction: Bool
  /// How the tool runs it, in more words.
  public var habit = TransactionHabit.none
  /// The schema that earlier scripts have left, where they are at hand.
  public var catalog = SchemaCatalog()

  /// Settings; those of a script that is run as it stands.
  public init(postgresVersion: Int? = nil, runsInTransaction: Bool = false) {
    self.postgresVersion = postgresVersion
    self.runsInTransaction = runsInTransaction
  }
}

/// What comments say to squawk, which many scripts are written for: whether a tool runs the script in a transaction,
/// and which rules are known and accepted.
struct SQLDirectives: Sendable {
  /// nil where the script does not say.
  private(set) var runsInTransaction: Bool?
  /// Rules accepted in the whole file; `*` for all.
  private var accepted: Set<String> = []
  /// Rules accepted for the statement after a comment, by the line that the comment ends on.
  private var acceptedNext: [(line: Int, rules: Set<String>)] = []

  init(_ bytes: [UInt8], lines: LineIndex) {
    guard bytes.holds("squawk-") else { return }
    for comment in SQLTokenizer.comments(of: bytes) {
      let words = comment.text.split { $0.isWhitespace || $0 == "," }.map(String.init)
      let rules = Set(words.dropFirst().filter { $0.contains("-") && $0 != "--" })
      switch words.first {
      case "squawk-disable-assume-in-transaction": runsInTransaction = false
      case "squawk-enable-assume-in-transaction": runsInTransaction = true
      case "squawk-ignore-file": accepted.formUnion(rules.isEmpty ? ["*"] : rules)
      case "squawk-ignore": acceptedNext.append((lines.line(at: comment.end), rules))
      default: break
      }
    }
  }

  /// Whether an issue is accepted. What loses data or breaks the version before is for an acknowledgement, which has
  /// an end and an owner; a comment of whoever wrote the script does not suffice.
  func accept(_ issue: SQLIssue, previousEnd: Int) -> Bool {
    guard issue.risk == .locking || issue.risk == .advice else { return false }
    if accepted.contains("*") || accepted.contains(issue.rule) { return true }
    return acceptedNext.contains {
      $0.line >= previousEnd && $0.line <= issue.line && $0.rules.contains(issue.rule)
    }
  }

  /// Takes accepted issues out of a report.
  func apply(to report: inout SQLScriptReport) {
    guard !accepted.isEmpty || !acceptedNext.isEmpty else { return }
    let starts = report.statements.map(\.line)
    func previous(_ line: Int) -> Int { starts.last { $0 < line } ?? 0 }
    let gone = report.issues.filter { accept($0, previousEnd: previous($0.line)) }
    guard !gone.isEmpty else { return }
    report.issues.removeAll(where: gone.contains)
    for index in report.statements.indices {
      let line = report.statements[index].line
      report.statements[index].rules.removeAll { rule in
        gone.contains { $0.rule == rule && $0.line == line }
      }
    }
  }
}
