/// What a tool leaves in its history where it takes a migration back, as SQL.
public struct HistoryUndo: Hashable, Sendable {
  /// The table, as people know it.
  public var table: String
  /// One statement each, in this order.
  public var statements: [String]
}

extension HistoryTable {
  /// What leaves the table as the tool would once `migration`, which `rows` stand for, is undone.
  /// - Parameters:
  ///   - script: the script that undoes it, and its text.
  ///   - previous: the key of the migration before it, where the table holds the newest alone; nil where there is none.
  ///   - writesUndoRows: whether an undo of Flyway is written as a row of its own, as its editions with `undo` do.
  func undo(
    _ migration: HistoryMigration, _ rows: [Row], script: (path: String, sql: String), previous: String?,
    writesUndoRows: Bool
  ) -> HistoryUndo {
    let isThere = rows.map { condition($0) }.joined(separator: " OR ")
    // A division by nothing ends the transaction where somebody took the row away since it was read.
    var statements = [
      "LOCK TABLE \(quoted) IN SHARE ROW EXCLUSIVE MODE",
      "SELECT 1 / count(*) AS \"the history still holds it\" FROM \(quoted) WHERE \(isThere)",
    ]
    for row in rows { statements += undo(row, script, previous: previous, writesUndoRows: writesUndoRows) }
    return HistoryUndo(table: shown, statements: statements)
  }

  private func condition(_ row: Row) -> String {
    let parts = zip(layout.key, row.key).map { "(\($0))::text = \(SQLLiteral.text($1))" }
    return "(\(parts.joined(separator: " AND ")))"
  }

  private func undo(
    _ row: Row, _ script: (path: String, sql: String), previous: String?, writesUndoRows: Bool
  ) -> [String] {
    let (which, delete) = (condition(row), "DELETE FROM \(quoted) WHERE \(condition(row))")
    switch layout.tools.first {
    case .flyway where writesUndoRows:
      let name = script.path.split(separator: "/").last.map(String.init) ?? script.path
      return [
        """
        INSERT INTO \(quoted) (installed_rank, version, description, type, script, checksum, installed_by,
          execution_time, success)
        SELECT (SELECT max(installed_rank) + 1 FROM \(quoted)), version, description, 'UNDO_SQL',
          \(SQLLiteral.text(name)), \(FlywayChecksum.of(script.sql)), current_user, 0, true
        FROM \(quoted) WHERE \(which) ORDER BY installed_rank DESC LIMIT 1
        """
      ]
    case .flyway: return ["DELETE FROM \(quoted) WHERE version = \(SQLLiteral.text(row.key[0]))"]
    case .alembic, .golangMigrate:
      guard let previous else { return [delete] }
      let dirty = layout.tools.first == .golangMigrate ? ", dirty = false" : ""
      return ["UPDATE \(quoted) SET \(layout.key[0]) = \(SQLLiteral.text(previous))\(dirty) WHERE \(which)"]
    case .prisma:
      return ["UPDATE \(quoted) SET rolled_back_at = now() WHERE \(which) AND rolled_back_at IS NULL"]
    case .sqitch: return sqitch(which)
    case .yoyo: return yoyo(which) + [delete]
    default: return [delete]
    }
  }

  /// Sqitch logs who reverted what, with its tags and dependencies, and forgets the change.
  private func sqitch(_ which: String) -> [String] {
    let schema = SQLLiteral.name(schema)
    func list(_ column: String, _ type: String) -> String {
      """
      ARRAY(SELECT d.dependency FROM \(schema).dependencies d
          WHERE d.change_id = c.change_id AND d.type = '\(type)' ORDER BY d.dependency)
      """
    }
    return [
      """
      INSERT INTO \(schema).events (event, change_id, change, project, note, requires, conflicts, tags,
        committer_name, committer_email, planned_at, planner_name, planner_email)
      SELECT 'revert', c.change_id, c.change, c.project, c.note, \(list("requires", "require")),
        \(list("conflicts", "conflict")),
        ARRAY(SELECT t.tag FROM \(schema).tags t WHERE t.change_id = c.change_id ORDER BY t.tag),
        current_user, current_user || '@' || current_database(), c.planned_at, c.planner_name, c.planner_email
      FROM \(quoted) c WHERE \(which)
      """,
      "DELETE FROM \(schema).tags WHERE change_id IN (SELECT change_id FROM \(quoted) WHERE \(which))",
      "DELETE FROM \(schema).dependencies WHERE change_id IN (SELECT change_id FROM \(quoted) WHERE \(which))",
      "DELETE FROM \(quoted) WHERE \(which)",
    ]
  }

  /// Yoyo logs its rollbacks beside the table.
  private func yoyo(_ which: String) -> [String] {
    [
      """
      INSERT INTO \(SQLLiteral.name(schema))."_yoyo_log" (id, migration_hash, migration_id, operation, username,
        hostname, created_at_utc)
      SELECT md5(random()::text || clock_timestamp()::text)::uuid::text, migration_hash, migration_id, 'rollback',
        current_user, 'backstop', now() AT TIME ZONE 'utc'
      FROM \(quoted) WHERE \(which)
      """
    ]
  }
}

/// The number by which Flyway knows a script again: CRC-32 over its lines, without their ends.
enum FlywayChecksum {
  static func of(_ text: String) -> Int32 {
    var bytes = Array(text.utf8)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    var crc: UInt32 = .max
    for byte in bytes where byte != 0x0A && byte != 0x0D {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return Int32(bitPattern: ~crc)
  }
}
