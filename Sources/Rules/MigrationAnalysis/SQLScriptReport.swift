/// What a statement means for the way back.
public enum SQLRisk: String, Codable, Hashable, Sendable {
  /// Data is gone.
  case irreversible
  /// The version that a rollback returns to does not work with the new schema.
  case breaking
  /// Rows are gone that only a backup brings back: told, and somebody's to decide.
  case losesRows
  /// Holds up readers or writers while it runs.
  case locking
  /// Good practice that decides nothing about the way back.
  case advice
  /// Not SQL of this dialect.
  case syntax
  /// Could not be judged.
  case notUnderstood
}

/// One rule that one statement breaks.
public struct SQLIssue: Hashable, Sendable {
  /// Stable id; squawk's where squawk has the rule.
  public var rule: String
  /// What it means for the way back.
  public var risk: SQLRisk
  /// One sentence for a person.
  public var message: String
  /// Counted from 1 in the file.
  public var line: Int
  /// The table, column or object it is about.
  public var subject: String
}

/// One statement of a script, with the ids of the rules it breaks.
public struct SQLStatement: Hashable, Sendable {
  /// Where it begins, counted from 1.
  public var line: Int
  /// In the order in which they were found, each once.
  public var rules: [String]
}

/// What was found in one script.
public struct SQLScriptReport: Hashable, Sendable {
  /// How it was read.
  public var dialect: SQLDialect
  /// In the order of the file.
  public var statements: [SQLStatement]
  /// In the order of the file.
  public var issues: [SQLIssue]
  /// What the script does to the schema, for the comparison with its rollback script.
  public var effects: [SchemaEffect]
  /// Types of columns and columns of views that it writes down, in the order of the file.
  public var definitions: [SchemaDefinition] = []

  /// Issues of one kind.
  public func issues(_ risk: SQLRisk) -> [SQLIssue] { issues.filter { $0.risk == risk } }
}

/// Judges migration scripts. Pure: the same text gives the same report.
public enum SQLAnalysis {
  /// Scripts of more bytes are dumps, not migrations.
  public static let byteLimit = 8 << 20

  /// Reads a script and applies every rule.
  /// - Parameters:
  ///   - dialect: nil to find out.
  ///   - path: helps to find the dialect.
  ///   - settings: what decides and does not stand in the script.
  public static func analyze(
    _ bytes: [UInt8], dialect: SQLDialect? = nil, path: String = "", settings: SQLSettings = SQLSettings()
  ) -> SQLScriptReport {
    guard bytes.count <= byteLimit else {
      return failed(
        dialect ?? .postgresql, "sql-not-understood", .notUnderstood,
        "\(bytes.count) bytes are more than a migration has (limit \(byteLimit)); it was not read", line: 1)
    }
    var bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    if let zero = bytes.firstIndex(of: 0) {
      let line = 1 + bytes[..<zero].count { $0 == 0x0A }
      return failed(
        dialect ?? .postgresql, "sql-syntax", .syntax,
        "a NUL byte: PostgreSQL would stop reading here (is the file UTF-16?)", line: line)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    // Repairs invalid UTF-8, so that offsets and text agree.
    bytes = Array(text.utf8)
    let dialect = dialect ?? SQLDialect.detect(text, path: path)
    var settings = settings
    // Kin of PostgreSQL with grammar of their own: what the parser refuses is open, not wrong.
    if ["cockroach", "crdb", "redshift"].contains(where: path.lowercased().contains) {
      settings.postgresVersion = .max
    }
    var report =
      dialect == .postgresql
      ? PostgresScript(bytes, settings).report()
      : TolerantScript(bytes, dialect: dialect, catalog: settings.catalog).report()
    TableRebuilds.forgive(&report)
    return report
  }

  private static func failed(
    _ dialect: SQLDialect, _ rule: String, _ risk: SQLRisk, _ message: String, line: Int
  ) -> SQLScriptReport {
    SQLScriptReport(
      dialect: dialect, statements: [SQLStatement(line: line, rules: [rule])],
      issues: [SQLIssue(rule: rule, risk: risk, message: message, line: line, subject: "")], effects: [])
  }
}
