public import DatabaseAccess
import DeploymentRecords
public import MigrationAnalysis

/// Which migrations a database has seen, from the tables of the tools that run them.
public struct SchemaHistory: Sendable {
  /// The tables of tools that are known.
  public var tables: [HistoryTable] = []
  /// Tables that look like a history of a tool that is not known.
  public var others: [String] = []

  /// Nothing is known.
  public init() {}

  /// Reads the histories that `database` holds.
  public init(of database: any SQLQuerying) async throws(PsqlError) {
    let found = try await database.query(HistoryLayout.tablesQuery, timeout: SchemaHistory.timeout)
    var seen: [HistoryLayout: [HistoryTable]] = [:]
    var order: [HistoryLayout] = []
    for row in found.rows {
      let cells = row.map { $0 ?? "" }
      guard cells.count == 4 else { continue }
      let columns = Set(cells[3].split(separator: ",").map(String.init))
      guard let layout = HistoryLayout.of(table: cells[1], columns: columns) else {
        if HistoryLayout.looksLikeHistory(table: cells[1], columns: columns) {
          others.append(cells[0] == "public" ? cells[1] : "\(cells[0]).\(cells[1])")
        }
        continue
      }
      // One that is found without its schema is the application's; of the others each may be.
      if seen[layout] == nil { order.append(layout) }
      let isVisible = cells[2] == "t"
      if let first = seen[layout]?.first, first.isVisible, !isVisible { continue }
      var table = HistoryTable(layout, schema: cells[0], name: cells[1], rows: [])
      table.isVisible = isVisible
      seen[layout, default: []].append(table)
    }
    for layout in order {
      for table in seen[layout] ?? [] { tables.append(try await SchemaHistory.filled(table, database)) }
    }
  }

  private static let timeout: Duration = .seconds(30)

  private static func filled(
    _ table: HistoryTable, _ database: any SQLQuerying
  ) async throws(PsqlError) -> HistoryTable {
    var table = table
    let rows = try await database.query(table.layout.rowsQuery(table.quoted), timeout: timeout)
    table.rows = rows.rows.map { row in
      HistoryTable.Row(
        row.dropFirst(2).map { $0 ?? "" }, isApplied: row[0] == "t", isBroken: row[1] == "t")
    }
    if let undone = table.layout.undoRowsQuery(table.quoted) {
      table.hasUndoRows = try await database.query(undone, timeout: timeout).rows.first?.first == "t"
    }
    return table
  }

  /// The state for a restore point: the history that says most; nil where no tool that is known keeps one.
  public var state: SchemaState? {
    let table = tables.first { $0.count > 0 } ?? tables.first
    return table.map { SchemaState(table: $0.name, version: $0.newest ?? "none", count: $0.count) }
  }
}
