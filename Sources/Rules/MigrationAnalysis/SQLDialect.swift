/// The dialects that migrations are read in.
public enum SQLDialect: String, Codable, Hashable, Sendable, CaseIterable {
  /// Read by PostgreSQL's own grammar.
  case postgresql
  /// MySQL and MariaDB; read by tokens.
  case mysql
  /// Read by tokens.
  case sqlite
  /// Another one, such as ClickHouse or SQL Server: read by tokens, and what is not understood is said to be.
  case other

  /// The dialect that a script is most likely written in: by its path, else by what only one dialect writes.
  public static func detect(_ text: String, path: String = "") -> SQLDialect {
    let lower = path.lowercased()
    for (word, dialect) in [
      ("postgres", SQLDialect.postgresql), ("pgsql", .postgresql), ("mysql", .mysql), ("mariadb", .mysql),
      ("sqlite", .sqlite), ("clickhouse", .other), ("snowflake", .other), ("bigquery", .other),
      ("sqlserver", .other), ("mssql", .other), ("tsql", .other), ("oracle", .other), ("spanner", .other),
      ("cassandra", .other), ("duckdb", .other), ("athena", .other), ("databricks", .other),
    ] where lower.contains(word) {
      return dialect
    }
    var scores: [SQLDialect: Int] = [:]
    // What stands in such a comment, only MySQL runs.
    if text.contains("/*!") || text.contains("/*M!") { scores[.mysql] = 6 }
    var window: [SQLToken] = []
    for token in SQLTokenizer.tokens(of: Array(text.utf8), dialect: nil, limit: 20_000) {
      // `[dbo].[orders]` of SQL Server; behind a word or a number a bracket is PostgreSQL's.
      window = window.suffix(3) + [token]
      if window.count == 4, window[1].isSymbol("["), window[2].kind == .word, window[3].isSymbol("]"),
        window[0].kind == .word && window[0].end < window[1].start || window[0].isSymbol(".")
          || window[0].isSymbol("(") || window[0].isSymbol(",")
      {
        scores[.other, default: 0] += 12
      }
      switch token.kind {
      case .quoted where token.quote == UInt8(ascii: "`"): scores[.mysql, default: 0] += 3
      case .dollarString: scores[.postgresql, default: 0] += 5
      case .word:
        switch token.upper {
        case "AUTO_INCREMENT", "ENGINE", "UNSIGNED", "TINYINT", "MEDIUMTEXT", "LONGTEXT", "DELIMITER",
          "UNLOCK":
          scores[.mysql, default: 0] += 4
        case "MERGETREE", "REPLACINGMERGETREE", "LOWCARDINALITY", "NVARCHAR", "VARCHAR2", "DATETIME2",
          "UNIQUEIDENTIFIER", "NUMBER2", "SYSDATETIME", "CLUSTERED", "NONCLUSTERED":
          scores[.other, default: 0] += 12
        case "AUTOINCREMENT", "PRAGMA", "ROWID", "VACUUMINTO": scores[.sqlite, default: 0] += 6
        case "SERIAL", "BIGSERIAL", "JSONB", "TIMESTAMPTZ", "CONCURRENTLY", "PLPGSQL", "BYTEA", "ILIKE":
          scores[.postgresql, default: 0] += 4
        default: break
        }
      default: break
      }
    }
    // PostgreSQL wins a draw: its reader refuses what it does not know.
    let mysql = scores[.mysql, default: 0]
    let sqlite = scores[.sqlite, default: 0]
    let postgresql = scores[.postgresql, default: 0]
    let other = scores[.other, default: 0]
    if other > max(mysql, postgresql, sqlite) { return .other }
    if mysql > max(postgresql, sqlite) { return .mysql }
    return sqlite > postgresql ? .sqlite : .postgresql
  }
}
