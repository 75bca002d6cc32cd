/// A table in which a migration tool keeps what it has applied, as it was read.
public struct HistoryTable: Hashable, Sendable {
  /// One row that counts.
  public struct Row: Hashable, Sendable {
    /// The parts of the migration's key, as the table has them.
    public var key: [String]
    /// Whether its migration is applied.
    public var isApplied: Bool
    /// Whether the tool itself would refuse to go on from here.
    public var isBroken: Bool

    /// A row.
    public init(_ key: [String], isApplied: Bool = true, isBroken: Bool = false) {
      self.key = key
      self.isApplied = isApplied
      self.isBroken = isBroken
    }
  }
  /// How it is read.
  public var layout: HistoryLayout
  /// The schema and the name.
  public var schema: String, name: String
  /// Oldest first.
  public var rows: [Row]
  /// Whether it is found without its schema.
  public var isVisible = true
  /// Whether it holds rows that an undo of the tool itself left.
  public var hasUndoRows = false

  /// A table and its rows.
  public init(_ layout: HistoryLayout, schema: String = "public", name: String? = nil, rows: [Row]) {
    self.layout = layout
    self.schema = schema
    self.name = name ?? layout.tables[0]
    self.rows = rows
  }

  /// For SQL: `"public"."flyway_schema_history"`.
  public var quoted: String { "\(SQLLiteral.name(schema)).\(SQLLiteral.name(name))" }
  /// For people.
  public var shown: String { schema == "public" ? name : "\(schema).\(name)" }

  /// The newest migration that it holds as applied, as people know it; nil where there is none.
  public var newest: String? {
    rows.last { $0.isApplied }.map { row in
      layout.tools.first == .django ? row.key.joined(separator: ".") : row.key[0]
    }
  }

  /// How many migrations it holds as applied.
  public var count: Int { rows.count { $0.isApplied } }

  /// The rows of a migration, whatever they say of it.
  func rows(of migration: HistoryMigration) -> [Row] {
    let keys = migration.keys(in: layout)
    return rows.filter { row in keys.contains { matches($0, row.key) } }
  }

  private func matches(_ key: [String], _ row: [String]) -> Bool {
    switch layout.tools.first {
    case .flyway:
      // By version, or by the script's name where versions are written otherwise.
      return row[1].hasSuffix(key[1]) && HistoryMigration.isWhole(row[1], key[1])
        || !key[0].isEmpty && HistoryMigration.versionParts(key[0]) == HistoryMigration.versionParts(row[0])
    case .liquibase:
      return key[0] == row[0] && key[1] == row[1] && HistoryMigration.isSamePath(key[2], row[2])
    case .sqitch: return key[0] == row[0]
    case .doctrine: return row[0] == key[0] || row[0].hasSuffix("\\\(key[0])")
    default: return key == row
    }
  }
}

/// Names and texts as SQL writes them.
enum SQLLiteral {
  static func name(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
  /// With `standard_conforming_strings` on, as everything here runs.
  static func text(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
}
