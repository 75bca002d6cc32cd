import SystemInterfaces

/// Statements as psql is given them: one query that gives them back row by row, and `\gexec`, which sends each row to the
/// server without reading it.
struct PsqlScript {
  /// What stands behind each statement, with its number, so that an error names it.
  static let mark = "--backstop "
  private let rows: [[UInt8]]

  init(
    _ sql: String, _ statements: [SQLScan.Statement], _ transaction: Psql.Transaction, timeout: Duration
  ) {
    let bytes = Array(sql.utf8)
    let limit = "statement_timeout = \(max(1, timeout.microseconds / 1000))"
    let strings = "standard_conforming_strings = on"
    func own(_ lines: String...) -> [[UInt8]] { lines.map { Array($0.utf8) } }
    let given = statements.enumerated().map { number, statement in
      // On a line of its own: the statement may end in a comment.
      Array(bytes[statement.range]) + Array("\n\(PsqlScript.mark)\(number)".utf8)
    }
    switch transaction {
    // SET LOCAL, as a pool that hands the session on must not hand the setting on.
    case .readOnly:
      rows =
        own("BEGIN TRANSACTION READ ONLY", "SET LOCAL \(limit)", "SET LOCAL \(strings)") + given
        + own("ROLLBACK")
    case .single:
      rows = own("BEGIN", "SET LOCAL \(limit)", "SET LOCAL \(strings)") + given + own("COMMIT")
    case .eachStatement:
      rows = own("SET \(limit)", "SET \(strings)") + given + own("RESET statement_timeout")
    }
  }

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
