/// What a range's migrations mean for the histories that a database holds: which are applied, and what becomes of their
/// rows. What cannot be told keeps them all from being taken back.
public struct HistoryJudgement: Hashable, Sendable {
  /// A migration of the range.
  public struct Entry: Hashable, Sendable {
    /// The migration.
    public var migration: HistoryMigration
    /// The script that undoes it and its SQL; nil where the tool's own undo does.
    public var script: DownMigration?
    /// The migrations of its folder before it, oldest first.
    public var earlier: [HistoryMigration]

    /// A migration, the way back, and what came before.
    public init(_ migration: HistoryMigration, script: DownMigration?, earlier: [HistoryMigration] = []) {
      self.migration = migration
      self.script = script
      self.earlier = earlier
    }
  }
  /// What a migration comes to.
  public enum Answer: Hashable, Sendable {
    /// It is applied; where a script undoes it, `undo` leaves the history as the tool would.
    case applied(undo: HistoryUndo?, key: String)
    /// It is not, or was undone already.
    case notApplied
    /// Nothing keeps books of it.
    case unbooked
  }
  /// By path.
  public private(set) var answers: [String: Answer] = [:]
  /// What cannot be told, or forbids to go on.
  public private(set) var obstacles: [String] = []
  /// What a person should know.
  public private(set) var remarks: [String] = []
  /// Whether the history tells what was undone, so that nobody has to remember it.
  public private(set) var isKnown = true

  private let tables: [HistoryTable]
  private let others: [String]
  private let undoRows: Bool
  /// What tables that name the newest migration alone would hold by then.
  private var heads: [String: Set<String>] = [:]

  /// Judges.
  /// - Parameters:
  ///   - entries: the range's migrations, newest first.
  ///   - tables: the histories in the database.
  ///   - others: tables that look like a history and are none that is known.
  ///   - undoRows: whether Flyway's undo is to be written as a row of its own in any case.
  public init(_ entries: [Entry], tables: [HistoryTable], others: [String] = [], undoRows: Bool = false) {
    self.tables = tables
    self.others = others
    self.undoRows = undoRows
    for table in tables where table.layout.kind == .newest {
      heads[table.quoted] = Set(table.rows.map { $0.key[0] })
    }
    let range = entries.map(\.migration)
    for entry in entries { judge(entry, range) }
    for table in tables { judgeLater(table, range) }
    let skipped = entries.filter { answers[$0.migration.file.path] == .notApplied }
    if !skipped.isEmpty {
      remarks.append(
        "not applied according to the database's own history, so there is nothing to take back: "
          + skipped.map(\.migration.file.path).joined(separator: ", ") + ".")
    }
  }

  // MARK: - One migration

  private mutating func judge(_ entry: Entry, _ range: [HistoryMigration]) {
    let file = entry.migration.file
    let own = tables.filter { $0.layout.tools.contains(file.tool) }
    let candidates = own.isEmpty && isByName(file.tool) ? tables : own
    guard !candidates.isEmpty else { return unbooked(file) }
    let found = candidates.filter { holds($0, entry) != .nothing }
    guard let table = found.first else {
      if own.isEmpty || !candidates.contains(where: { knows($0, entry) }) {
        obstacles.append(
          "\(file.path) and the migrations before it are none that \(names(candidates)) holds, so whether it is applied "
            + "is not known")
      } else {
        answers[file.path] = .notApplied
      }
      return
    }
    guard found.count == 1 else {
      return obstacles.append(
        "\(names(found)) hold \(file.path) both: which of them is the application's is not known")
    }
    switch holds(table, entry) {
    case .nothing, .notApplied: answers[file.path] = .notApplied
    case .broken:
      obstacles.append(
        "\(table.shown) says that a migration failed half way (\(file.path)): mend that with the tool first")
    case .applied(let rows): take(entry, table, rows)
    case .later(let what):
      obstacles.append(
        "\(table.shown) stands at \(what), which is none of the migrations that are undone: another version than the one "
          + "named was deployed (--commit names it)")
    }
  }

  private mutating func take(_ entry: Entry, _ table: HistoryTable, _ rows: [HistoryTable.Row]) {
    let file = entry.migration.file
    let previous: String?
    switch previousKey(entry, table) {
    case .success(let key): previous = key
    case .failure(let why): return obstacles.append(why.words)
    }
    if table.layout.kind == .newest {
      heads[table.quoted]?.subtract(rows.map { $0.key[0] })
      if let previous { heads[table.quoted]?.insert(previous) }
    }
    let undo = entry.script.flatMap { script in
      script.sql.map { sql in
        table.undo(
          entry.migration, rows, script: (script.recordedPath(of: file.path) ?? file.path, sql),
          previous: previous, writesUndoRows: undoRows || table.hasUndoRows)
      }
    }
    answers[file.path] = .applied(undo: undo, key: rows[0].key.first ?? "")
  }

  private struct Unknown: Error {
    var words: String
  }

  /// The migration that a table which names the newest alone names by then.
  private func previousKey(_ entry: Entry, _ table: HistoryTable) -> Result<String?, Unknown> {
    guard table.layout.kind == .newest else { return .success(nil) }
    let path = entry.migration.file.path
    if table.layout.tools.contains(.alembic) {
      guard let revision = AlembicRevision(entry.migration.text), !revision.isMerge else {
        return .failure(Unknown(words: "\(path) joins several revisions: take it back with alembic"))
      }
      return .success(revision.down)
    }
    let mine = entry.migration.keys(in: table.layout).first.flatMap { UInt64($0[0]) }
    let before = entry.earlier.compactMap { $0.keys(in: table.layout).first.flatMap { UInt64($0[0]) } }
    guard let mine else { return .failure(Unknown(words: "\(path) has no number")) }
    return .success(before.filter { $0 < mine }.max().map(String.init))
  }

  private enum Holding: Hashable {
    case nothing, notApplied, broken
    case applied([HistoryTable.Row])
    /// Stands at another migration, which is neither of the range nor before it.
    case later(String)
  }

  private func holds(_ table: HistoryTable, _ entry: Entry) -> Holding {
    if table.layout.kind == .newest { return holdsNewest(table, entry) }
    let rows = table.rows(of: entry.migration)
    guard !rows.isEmpty else { return .nothing }
    if rows.contains(where: \.isBroken) { return .broken }
    let applied = rows.filter(\.isApplied)
    return applied.isEmpty ? .notApplied : .applied(applied)
  }

  private func holdsNewest(_ table: HistoryTable, _ entry: Entry) -> Holding {
    let now = heads[table.quoted] ?? []
    let keys = entry.migration.keys(in: table.layout).map { $0[0] }
    if let key = keys.first(where: now.contains) {
      // A row that was written for another migration of the range is not broken by that one's state.
      let isBroken = table.rows.contains { $0.key[0] == key && $0.isBroken }
      return isBroken ? .broken : .applied([HistoryTable.Row([key])])
    }
    guard !keys.isEmpty else { return .nothing }
    if now.isEmpty { return .notApplied }
    let before = entry.earlier.flatMap { $0.keys(in: table.layout).map { $0[0] } }
    if now.allSatisfy({ before.contains($0) }) { return .notApplied }
    // Alembic's branches: another one's head says nothing of this.
    guard let other = now.sorted().first(where: { !before.contains($0) }) else { return .nothing }
    return .later(other)
  }

  /// Whether the table holds migrations of the same folder, so that what it does not hold is not applied.
  private func knows(_ table: HistoryTable, _ entry: Entry) -> Bool {
    if entry.earlier.isEmpty { return table.rows.isEmpty }
    return entry.earlier.contains { !table.rows(of: $0).isEmpty }
  }

  // MARK: - All of them

  /// Nothing keeps books of it, as far as the database shows.
  private mutating func unbooked(_ file: MigrationFile) {
    if let other = others.first {
      return obstacles.append(
        "\(other) looks like the history of a migration tool, and not like one of \(file.tool.rawValue)'s or of any that "
          + "is known: whether \(file.path) is applied, and what its row would have to become, is not known")
    }
    if !tables.isEmpty, !isByName(file.tool) {
      return obstacles.append(
        "\(file.path) follows \(file.tool.rawValue), and the database holds \(names(tables)) and no history of that: "
          + "whether it is applied is not known")
    }
    isKnown = false
    answers[file.path] = .unbooked
    let words =
      "the database holds no history of migrations, so nothing but the scripts' own effect tells what is applied."
    if !remarks.contains(words) { remarks.append(words) }
  }

  /// Migrations that were applied after those of the range and are none of them: they may rest on them.
  private mutating func judgeLater(_ table: HistoryTable, _ range: [HistoryMigration]) {
    guard table.layout.kind == .rows else { return }
    let mine = Set(range.flatMap { table.rows(of: $0) }.filter(\.isApplied))
    guard let first = table.rows.firstIndex(where: mine.contains) else { return }
    // Other apps of Django, and other projects of Sqitch, stand in the same table.
    let part = table.layout.tools.contains(.django) ? 0 : table.layout.tools.contains(.sqitch) ? 1 : nil
    let groups = part.map { part in Set(mine.map { $0.key[part] }) }
    let later = table.rows[first...].filter { row in
      guard row.isApplied, !mine.contains(row) else { return false }
      guard let part, let groups else { return true }
      return groups.contains(row.key[part])
    }
    guard let other = later.first else { return }
    obstacles.append(
      "\(table.shown) holds \(other.key.joined(separator: " ")), which came after what is undone and is no part of it: "
        + "another version than the one named was deployed (--commit names it)")
  }

  /// Tools whose files are told by names that anybody may use.
  private func isByName(_ tool: MigrationTool) -> Bool { tool == .pair || tool == .script }

  private func names(_ tables: [HistoryTable]) -> String { tables.map(\.shown).joined(separator: " and ") }
}
