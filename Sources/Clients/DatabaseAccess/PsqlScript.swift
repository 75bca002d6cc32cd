import SystemInterfaces

/// Statements as psql is given them: one query that gives them back row by row, and `\gexec`, which sends each row to the
/// server without reading it.
struct PsqlScript {
  /// What stands behind each statement, with its number, so that an error names it.
  static let mark = "--backstop "
  private let rows: [[UInt8]]

  init(_ statements: [[UInt8]], _ transaction: Psql.Transaction, _ limits: SQLLimits) {
    let limit = "statement_timeout = \(PsqlScript.milliseconds(limits.statement))"
    let lock = limits.lock.map { "lock_timeout = \(PsqlScript.milliseconds($0))" }
    let strings = "standard_conforming_strings = on"
    func own(_ lines: String...) -> [[UInt8]] { lines.map { Array($0.utf8) } }
    func set(_ word: String) -> [[UInt8]] { lock.map { own("\(word) \($0)") } ?? [] }
    let given = statements.enumerated().map { number, statement in
      // On a line of its own: the statement may end in a comment.
      statement + Array("\n\(PsqlScript.mark)\(number)".utf8)
    }
    // SET LOCAL, as a pool that hands the session on must not hand the setting on.
    let settings = own("SET LOCAL \(limit)") + set("SET LOCAL") + own("SET LOCAL \(strings)")
    switch transaction {
    case .readOnly: rows = own("BEGIN TRANSACTION READ ONLY") + settings + given + own("ROLLBACK")
    case .single: rows = own("BEGIN") + settings + given + own("COMMIT")
    // What is checked at the end only must be checked before there is none.
    case .trial: rows = own("BEGIN") + settings + given + own("SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK")
    case .eachStatement:
      rows =
        own("SET \(limit)") + set("SET") + own("SET \(strings)") + given + own("RESET statement_timeout")
        + (lock == nil ? [] : own("RESET lock_timeout"))
    }
  }

  /// At least one: nothing means no limit.
  private static func milliseconds(_ duration: Duration) -> Int64 { max(1, duration.microseconds / 1000) }

  /// One line for psql, in which only hexadecimal digits come from outside.
  var input: [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var line = Array("SELECT pg_catalog.convert_from(pg_catalog.decode(encoded, 'hex'), 'UTF8') ".utf8)
    line += "FROM pg_catalog.unnest('{".utf8
    for (number, row) in rows.enumerated() {
      if number > 0 { line.append(UInt8(ascii: ",")) }
      for byte in row {
        line.append(digits[Int(byte >> 4)])
        line.append(digits[Int(byte & 15)])
      }
    }
    line += "}'::pg_catalog.text[]) AS encoded \\gexec\n".utf8
    return line
  }
}
