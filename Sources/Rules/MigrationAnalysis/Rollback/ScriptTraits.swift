/// What decides how a PostgreSQL script can be run: alone, or in one transaction with others.
public struct ScriptTraits: Hashable, Sendable {
  /// psql's own commands in it, such as `\i other.sql`, each with its line. They reach outside the database.
  public private(set) var metaCommands: [String] = []
  /// What psql has to fill in, each with its line: variables, and rows behind `COPY … FROM STDIN`.
  public private(set) var clientParts: [String] = []
  /// Statements that PostgreSQL refuses inside a transaction, each with its line.
  public private(set) var outsideTransactions: [String] = []
  /// Whether it begins or ends transactions by itself.
  public private(set) var hasTransactions = false
  /// Whether there is any statement at all.
  public private(set) var isEmpty = true

  /// Reads a script.
  public init(_ sql: String) {
    let bytes = Array(sql.utf8)
    let lines = LineIndex(bytes)
    let text = PsqlText(bytes)
    metaCommands = text.metaCommands.map { "\\\($0.text.trimmingSpaces) (line \(lines.line(at: $0.offset)))" }
    var statement: [SQLToken] = []
    var brackets = 0
    var previous: SQLToken?
    for token in SQLTokenizer.tokens(of: text.bytes, dialect: .postgresql) {
      defer { previous = token }
      if token.isSymbol("[") { brackets += 1 }
      if token.isSymbol("]") { brackets = max(0, brackets - 1) }
      // `:name`, `:'name'`, `:"name"`; two colons are a cast, and in brackets one parts a slice.
      if let colon = previous, colon.isSymbol(":"), colon.end == token.start, brackets == 0,
        [.word, .quoted, .string].contains(token.kind),
        colon.start == 0 || text.bytes[colon.start - 1] != UInt8(ascii: ":")
      {
        clientParts.append("the variable :\(token.text) (line \(lines.line(at: token.start)))")
      }
      if token.isSymbol(";") {
        judge(statement, lines)
        statement = []
      } else {
        statement.append(token)
      }
    }
    judge(statement, lines)
  }

  private mutating func judge(_ statement: [SQLToken], _ lines: LineIndex) {
    guard let first = statement.first else { return }
    isEmpty = false
    let words = statement.map(\.upper)
    if words[0] == "COPY", words.contains("FROM"), words.contains("STDIN") {
      clientParts.append("COPY … FROM STDIN (line \(lines.line(at: first.start)))")
    }
    func begins(_ expected: String...) -> Bool { words.starts(with: expected) }
    if begins("BEGIN") || begins("START", "TRANSACTION") || begins("COMMIT") || begins("ROLLBACK")
      || begins("END")
    {
      hasTransactions = true
      return
    }
    let isOutside =
      begins("VACUUM") || begins("ALTER", "SYSTEM")
      || ["CREATE", "DROP", "ALTER"].contains(words[0]) && words.count > 1
        && ["DATABASE", "TABLESPACE"].contains(words[1]) && words[0] != "ALTER"
      || begins("ALTER", "DATABASE") && words.contains("TABLESPACE")
      || (words.contains("CONCURRENTLY")
        && (words.contains("INDEX") || words[0] == "REINDEX" || words.contains("DETACH")))
      || begins("REINDEX", "DATABASE") || begins("REINDEX", "SYSTEM") || begins("REINDEX", "SCHEMA")
      || (begins("CLUSTER") && statement.count == 1)
    guard isOutside else { return }
    let head = statement.prefix(4).map(\.text).joined(separator: " ")
    outsideTransactions.append("\(head) (line \(lines.line(at: first.start)))")
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var text = Substring(self)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
