import Testing

@testable import MigrationAnalysis

/// Which migrations a database's history says are applied, and what becomes of their rows.
@Suite struct HistoryTests {
  static func migration(_ path: String, _ text: String = "SELECT 1;") throws -> HistoryMigration {
    HistoryMigration(try #require(MigrationFile(path: path, text: text, isListed: true)), text: text)
  }

  static func layout(_ tool: MigrationTool) throws -> HistoryLayout {
    try #require(HistoryLayout.all.first { $0.tools.contains(tool) })
  }

  @Test(arguments: [
    (MigrationTool.flyway, "db/migration/V2_1__notes.sql", "", ["2.1", "V2_1__notes.sql"]),
    (.golangMigrate, "migrations/0002_notes.up.sql", "", ["2"]),
    (.dbmate, "db/migrations/20260102_notes.sql", "-- migrate:up\n", ["20260102"]),
    (.rails, "db/migrate/20260102000000_notes.rb", "", ["20260102000000"]),
    (.goose, "migrations/00002_notes.sql", "-- +goose up\n", ["2"]),
    (.prisma, "prisma/migrations/20260102_notes/migration.sql", "", ["20260102_notes"]),
    (.diesel, "migrations/2026-01-02-000000_notes/up.sql", "", ["20260102000000"]),
    (.sqitch, "sqitch/deploy/users/notes.sql", "-- Deploy", ["users/notes"]),
    (.sqitch, "deploy/notes@v1.sql", "-- Deploy", ["notes"]),
    (.django, "src/shop/migrations/0002_notes.py", "migrations.Migration", ["shop", "0002_notes"]),
    (
      .alembic, "alembic/versions/ab_notes.py",
      "revision: str = 'ab'\ndown_revision = None\ndef upgrade(): pass", ["ab"]
    ),
    (.knex, "migrations/2_notes.js", "up knex", ["2_notes.js"]),
    (.sequelize, "migrations/2-notes.js", "queryInterface", ["2-notes.js"]),
    (
      .typeorm, "src/2-notes.ts",
      "export class Notes2 implements MigrationInterface { up(queryRunner) {} }", ["Notes2"]
    ),
    (.entityFramework, "Migrations/2_Notes.cs", "MigrationBuilder void Up(", ["2_Notes"]),
    (
      .liquibase, "db/2.sql", "--liquibase formatted sql\n--changeset ann:n1 context:x\n",
      ["n1", "ann", "db/2.sql"]
    ),
    (
      .liquibase, "db/2.xml",
      "<databaseChangeLog><changeSet author=\"ann\" id=\"n1\"></changeSet></databaseChangeLog>",
      ["n1", "ann", "db/2.xml"]
    ),
    (
      .liquibase, "db/2.yaml", "databaseChangeLog:\n- changeSet:\n    id: n1\n    author: ann\n",
      ["n1", "ann", "db/2.yaml"]
    ),
    (.yoyo, "migrations/0002-notes.sql", "", ["0002-notes"]),
  ]) func `a file is known under its tool's key`(
    tool: MigrationTool, path: String, text: String, key: [String]
  ) throws {
    #expect(try Self.migration(path, text).keys(in: Self.layout(tool)) == [key])
  }

  @Test func `tables of one name are told apart by their columns`() {
    func tool(_ table: String, _ columns: String...) -> MigrationTool? {
      HistoryLayout.of(table: table, columns: Set(columns))?.tools.first
    }
    #expect(tool("schema_migrations", "version", "dirty") == .golangMigrate)
    #expect(tool("schema_migrations", "version", "inserted_at") == .ecto)
    #expect(tool("schema_migrations", "version") == .rails)
    #expect(tool("migrations", "id", "timestamp", "name") == .typeorm)
    #expect(tool("migrations", "id", "migration", "batch") == .laravel)
    #expect(tool("migrations", "id", "who") == nil)
    #expect(tool("DATABASECHANGELOG", "id", "author", "filename", "orderexecuted") == .liquibase)
    #expect(HistoryLayout.looksLikeHistory(table: "our_migrations", columns: ["id", "name"]))
    #expect(!HistoryLayout.looksLikeHistory(table: "databasechangeloglock", columns: ["id"]))
    #expect(!HistoryLayout.looksLikeHistory(table: "bird_migration_routes", columns: ["id"]))
  }

  // MARK: - Judging

  /// `V1` was there before; `V2` and `V3` are the range.
  static func entries() throws -> [HistoryJudgement.Entry] {
    let first = try migration("db/migration/V1__a.sql")
    let second = try migration("db/migration/V2__b.sql")
    func back(_ name: String) -> DownMigration {
      DownMigration(place: .script("db/migration/\(name)"), sql: "DROP TABLE x;")
    }
    return [
      HistoryJudgement.Entry(
        try migration("db/migration/V3__c.sql"), script: back("U3__c.sql"), earlier: [first, second]),
      HistoryJudgement.Entry(second, script: back("U2__b.sql"), earlier: [first]),
    ]
  }

  static func judge(
    _ rows: [HistoryTable.Row], _ others: [String] = [], _ edit: (inout HistoryTable) -> Void = { _ in }
  ) throws -> HistoryJudgement {
    var table = HistoryTable(try layout(.flyway), rows: rows)
    edit(&table)
    return HistoryJudgement(try entries(), tables: [table], others: others)
  }

  static func row(_ version: String, isApplied: Bool = true, isBroken: Bool = false) -> HistoryTable.Row {
    HistoryTable.Row([version, "V\(version)__x.sql"], isApplied: isApplied, isBroken: isBroken)
  }

  @Test func `what the history holds is undone, and its row with it`() throws {
    let judged = try Self.judge([Self.row("1"), Self.row("2"), Self.row("3")])
    #expect(judged.obstacles == [] && judged.isKnown)
    guard case .applied(let undo?, "3") = judged.answers["db/migration/V3__c.sql"] else {
      Issue.record("\(judged.answers)")
      return
    }
    #expect(undo.table == "flyway_schema_history")
    #expect(undo.statements.last == #"DELETE FROM "public"."flyway_schema_history" WHERE version = '3'"#)
    #expect(undo.statements.first?.hasPrefix("LOCK TABLE") == true)
    // 1.0 is 1.
    #expect(try Self.judge([Self.row("1.0"), Self.row("2.0"), Self.row("03")]).obstacles == [])
  }

  @Test func `editions with an undo get a row of its own`() throws {
    let judged = try Self.judge([Self.row("1"), Self.row("2"), Self.row("3")]) { $0.hasUndoRows = true }
    guard case .applied(let undo?, _) = judged.answers["db/migration/V2__b.sql"] else {
      Issue.record("\(judged.answers)")
      return
    }
    #expect(undo.statements.last?.contains("'UNDO_SQL'") == true)
    #expect(undo.statements.last?.contains("'U2__b.sql'") == true)
    // As zlib has it.
    #expect(FlywayChecksum.of("123456789") == Int32(bitPattern: 0xCBF4_3926))
    #expect(FlywayChecksum.of("1234\r\n56789\n") == FlywayChecksum.of("123456789"))
  }

  @Test func `what is not applied is left out, and what cannot be told stops`() throws {
    let undone = try Self.judge([Self.row("1"), Self.row("2"), Self.row("3", isApplied: false)])
    #expect(undone.answers["db/migration/V3__c.sql"] == .notApplied)
    #expect(undone.remarks.contains { $0.contains("V3__c.sql") })
    let never = try Self.judge([Self.row("1")])
    #expect(never.answers.values.allSatisfy { $0 == .notApplied } && never.obstacles == [])
    // None of the folder's: the table is another application's, or the names are others.
    #expect(try Self.judge([Self.row("77")]).obstacles.count == 2)
    #expect(
      try Self.judge([Self.row("1"), Self.row("2"), Self.row("3", isBroken: true)]).obstacles.count == 1)
    let later = try Self.judge([Self.row("1"), Self.row("2"), Self.row("3"), Self.row("4")])
    #expect(later.obstacles.contains { $0.contains("came after") })
  }

  @Test
  func `without any history the scripts alone count; with an unknown one, or another tool's, nobody knows`()
    throws
  {
    let none = HistoryJudgement(try Self.entries(), tables: [])
    #expect(!none.isKnown && none.obstacles == [] && none.remarks.count == 1)
    let unknown = HistoryJudgement(try Self.entries(), tables: [], others: ["our_migrations"])
    #expect(unknown.obstacles.count == 2 && unknown.obstacles[0].contains("our_migrations"))
    let other = HistoryTable(try Self.layout(.knex), rows: [.init(["1_a.js"])])
    #expect(HistoryJudgement(try Self.entries(), tables: [other]).obstacles.count == 2)
  }

  @Test func `a table that names the newest alone is walked back`() throws {
    func up(_ name: String) throws -> HistoryMigration { try Self.migration("migrations/\(name).up.sql") }
    let (one, two, ten) = (try up("1_a"), try up("2_b"), try up("10_c"))
    let back = DownMigration(place: .script("x"), sql: "SELECT 1")
    let entries = [
      HistoryJudgement.Entry(ten, script: back, earlier: [one, two]),
      HistoryJudgement.Entry(two, script: back, earlier: [one]),
    ]
    func judge(_ version: String?, isBroken: Bool = false) throws -> HistoryJudgement {
      HistoryJudgement(
        entries,
        tables: [
          HistoryTable(
            try Self.layout(.golangMigrate), rows: version.map { [.init([$0], isBroken: isBroken)] } ?? [])
        ])
    }
    let whole = try judge("10")
    #expect(whole.obstacles == [])
    func last(_ judged: HistoryJudgement, _ path: String) -> String? {
      guard case .applied(let undo?, _) = judged.answers[path] else { return nil }
      return undo.statements.last
    }
    #expect(last(whole, ten.file.path)?.contains("SET version = '2', dirty = false") == true)
    #expect(last(whole, two.file.path)?.contains("SET version = '1'") == true)
    // Half of it was taken back already.
    let half = try judge("2")
    #expect(half.answers[ten.file.path] == .notApplied && last(half, two.file.path) != nil)
    #expect(try judge("1").answers.values.allSatisfy { $0 == .notApplied })
    #expect(try judge("11").obstacles.contains { $0.contains("stands at 11") })
    #expect(try judge("10", isBroken: true).obstacles.contains { $0.contains("failed half way") })
    #expect(try judge(nil).answers[ten.file.path] == .notApplied)
  }

  @Test func `alembic goes back to the revision that a file names`() throws {
    func revision(_ id: String, _ down: String) throws -> HistoryMigration {
      try Self.migration(
        "alembic/versions/\(id)_x.py", "revision = '\(id)'\ndown_revision = \(down)\ndef upgrade(): pass")
    }
    let (first, second) = (try revision("aa", "None"), try revision("bb", "'aa'"))
    let back = DownMigration(place: .script("x"), sql: "SELECT 1")
    let table = HistoryTable(try Self.layout(.alembic), rows: [.init(["bb"])])
    let judged = HistoryJudgement(
      [
        HistoryJudgement.Entry(second, script: back, earlier: [first]),
        HistoryJudgement.Entry(first, script: back),
      ], tables: [table])
    guard case .applied(let undo?, _) = judged.answers[second.file.path],
      case .applied(let rest?, _) = judged.answers[first.file.path]
    else {
      Issue.record("\(judged)")
      return
    }
    #expect(undo.statements.last?.contains("SET version_num = 'aa'") == true)
    #expect(rest.statements.last?.hasPrefix("DELETE FROM") == true)
    let merge = try revision("cc", "('aa', 'bb')")
    let joined = HistoryJudgement(
      [HistoryJudgement.Entry(merge, script: back, earlier: [first, second])],
      tables: [HistoryTable(try Self.layout(.alembic), rows: [.init(["cc"])])])
    #expect(joined.obstacles.contains { $0.contains("joins several") })
  }

  // MARK: - The tool's own undo

  @Test(arguments: [
    (["t", "--to", "{to}"], [["t", "--to", "1"]]),
    (["t", "{count}"], [["t", "2"]]),
    (["t", "down"], [["t", "down"], ["t", "down"]]),
    (["t", "{version}"], [["t", "3"], ["t", "2"]]),
    (["t", "{migration}"], [["t", "V3__c"], ["t", "V2__b"]]),
    (["t", "{app}", "{to}"], [["t", "db", "1"]]),
  ]) func `a command is called as often as its words ask`(words: [String], calls: [[String]]) throws {
    #expect(UndoCommand(words, tool: .flyway, try Self.entries()).calls == calls)
  }

  @Test func `with nothing before, a tool's own word for nothing is taken`() throws {
    let only = HistoryJudgement.Entry(
      try Self.migration("shop/migrations/0001_a.py", "migrations.Migration"), script: nil)
    #expect(UndoCommand(["m", "{app}", "{to}"], tool: .django, [only]).calls == [["m", "shop", "zero"]])
  }
}
