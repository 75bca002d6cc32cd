import MigrationAnalysis
import Testing

@Suite struct `Rollback scripts are found` {
  @Test(arguments: [
    ("migrations/v2.sql", "migrations/rollback-v2.sql"), ("migrations/v2.sql", "migrations/v2_down.sql"),
    ("migrations/v2.sql", "migrations/rollback/v2.sql"),
    ("migrations/0002_add.sql", "migrations/0002_rollback_add.sql"),
    ("db/migrations/1_x.up.sql", "db/migrations/1_x.down.sql"), ("sql/V2__x.sql", "sql/U2__x.sql"),
    ("db/migrations/V2.1__x.sql", "db/migrations/U2.1__x.sql"),
    ("prisma/migrations/1_x/migration.sql", "prisma/migrations/1_x/down.sql"),
    ("sqitch/deploy/x.sql", "sqitch/revert/x.sql"), ("migrations/1_x/up.sql", "migrations/1_x/down.sql"),
  ])
  func `by every tool's names`(_ forward: String, _ rollback: String) throws {
    let file = try #require(MigrationFile(path: forward, text: "SELECT 1;"))
    #expect(file.role == .forward)
    let parts = MigrationParts(file, text: "SELECT 1;") { $0 == rollback ? "DROP TABLE t;" : nil }
    #expect(parts.back.place == .script(rollback))
    #expect(MigrationFile(path: rollback, text: "DROP TABLE t;")?.role == .rollback)
    let alone = MigrationParts(file, text: "SELECT 1;") { _ in nil }
    #expect(alone.back.place == .missing)
  }

  @Test(arguments: [
    ("-- migrate:up\nCREATE TABLE t (a int);\n-- migrate:down\nDROP TABLE t;\n", MigrationTool.dbmate, 3),
    ("-- +goose Up\nCREATE TABLE t (a int);\n\n-- +goose Down\nDROP TABLE t;\n", .goose, 4),
    (
      "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE t (a int);\n--rollback DROP TABLE t;\n",
      .liquibase, 4
    ),
  ])
  func `inside the same file`(_ text: String, _ tool: MigrationTool, _ line: Int) throws {
    let file = try #require(MigrationFile(path: "db/migrations/1.sql", text: text))
    #expect(file.tool == tool)
    let parts = MigrationParts(file, text: text) { _ in nil }
    #expect(parts.back.place == .section(line: line))
    let forward = SQLAnalysis.analyze(Array((parts.forward ?? "").utf8), dialect: .postgresql)
    let back = SQLAnalysis.analyze(Array((parts.back.sql ?? "").utf8), dialect: .postgresql)
    // Neither way sees the other's statements, and lines stay.
    #expect(forward.issues(.irreversible).isEmpty)
    #expect(
      back.issues(.irreversible).map(\.line) == [
        parts.back.place == .section(line: 4) && tool == .liquibase ? 4 : line + 1
      ])
    #expect(RollbackHonesty.judge(forward: forward, back: back).leftOut.isEmpty)
  }

  @Test(arguments: [
    "tests/fixtures/migrations/1.sql", "src/queries/find.sql", "docs/migrations/example.sql", "report.sql",
    "db/schema.sql", "db/migrations/readme.md", "db/seeds.sql", "db/seed/10000__reset.sql",
  ])
  func `what is no migration is left alone`(_ path: String) {
    #expect(MigrationFile(path: path, text: "") == nil)
  }
}

@Suite struct `Rollback scripts are honest or not` {
  private func judge(_ forward: String, _ back: String) -> RollbackHonesty {
    RollbackHonesty.judge(
      forward: SQLAnalysis.analyze(Array(forward.utf8), dialect: .postgresql),
      back: SQLAnalysis.analyze(Array(back.utf8), dialect: .postgresql))
  }

  @Test(arguments: [
    ("CREATE TABLE t (a int);", "DROP TABLE t;"), ("CREATE TABLE s.t (a int);", "DROP TABLE IF EXISTS t;"),
    ("CREATE TABLE t (a int); CREATE INDEX i ON t (a);", "DROP TABLE t;"),
    ("ALTER TABLE t ADD COLUMN a int;", "ALTER TABLE t DROP COLUMN a;"),
    ("ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a int;"),
    ("ALTER TABLE t RENAME TO u;", "ALTER TABLE u RENAME TO t;"),
    ("ALTER TABLE t RENAME a TO b;", "ALTER TABLE t RENAME b TO a;"),
    ("ALTER TABLE t ALTER a SET NOT NULL;", "ALTER TABLE t ALTER a DROP NOT NULL;"),
    ("ALTER TABLE t ALTER a TYPE text;", "ALTER TABLE t ALTER a TYPE int USING a::int;"),
    ("CREATE SCHEMA s; CREATE TABLE s.t (a int);", "DROP SCHEMA s CASCADE;"),
    (
      "CREATE VIEW v AS SELECT 1; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
      "DROP FUNCTION f; DROP VIEW v;"
    ),
    (
      "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
      "ALTER TABLE t DROP COLUMN a;"
    ),
    ("CREATE TABLE tmp (a int); DROP TABLE tmp;", "SELECT 1;"),
    // Names change on the way.
    (
      "ALTER TABLE t RENAME a TO b; ALTER TABLE t ALTER b TYPE varchar(9);",
      "ALTER TABLE t RENAME b TO a; ALTER TABLE t ALTER a TYPE text;"
    ),
    (
      "ALTER TABLE t RENAME TO u; ALTER TABLE u ALTER a SET NOT NULL; ALTER TABLE u ADD COLUMN c int;",
      "ALTER TABLE u DROP COLUMN c; ALTER TABLE u RENAME TO t; ALTER TABLE t ALTER a DROP NOT NULL;"
    ),
    (
      "ALTER TYPE e RENAME TO e__; CREATE TYPE e AS ENUM ('a'); ALTER TABLE t ALTER c TYPE e USING c::text::e; DROP TYPE e__;",
      "ALTER TYPE e RENAME TO e__; CREATE TYPE e AS ENUM ('a', 'b'); ALTER TABLE t ALTER c TYPE e USING c::text::e; DROP TYPE e__;"
    ),
    ("ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t;", "SELECT 1;"),
    ("ALTER INDEX i RENAME TO j; ALTER TABLE t RENAME CONSTRAINT c TO d;", "SELECT 1;"),
    ("CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'));", "DROP TABLE t;"),
    ("CREATE MATERIALIZED VIEW v AS SELECT 1 a; CREATE INDEX i ON v (a);", "DROP MATERIALIZED VIEW v;"),
    (
      "ALTER TABLE t DROP CONSTRAINT t_check; ALTER TABLE t ADD CHECK (a > b);",
      "ALTER TABLE t DROP CONSTRAINT t_check; ALTER TABLE t ADD CHECK (a > 0);"
    ),
    ("ALTER TABLE t ADD UNIQUE (a, b);", "ALTER TABLE t DROP CONSTRAINT t_a_b_key;"),
    ("CREATE OR REPLACE VIEW v AS SELECT 2;", "CREATE OR REPLACE VIEW v AS SELECT 1;"),
    (
      "ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
      "ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1);"
    ),
  ])
  func `what is undone whole`(_ forward: String, _ back: String) {
    #expect(judge(forward, back).leftOut.map(\.words) == [], "\(forward)")
  }

  @Test(arguments: [
    ("CREATE TABLE t (a int);\nCREATE TABLE u (a int);", "DROP TABLE t;", "table u stays", 2),
    (
      "ALTER TABLE t ADD COLUMN a int, ADD COLUMN b int;", "ALTER TABLE t DROP COLUMN a;", "column t.b stays",
      1
    ),
    ("ALTER TABLE t DROP COLUMN a;", "SELECT 1;", "column t.a does not come back", 1),
    ("DROP TABLE t;", "SELECT 1;", "table t does not come back", 1),
    ("ALTER TABLE t RENAME a TO b;", "ALTER TABLE t ADD a int;", "column t.a stays called b", 1),
    ("ALTER TABLE t ALTER a SET NOT NULL;", "SELECT 1;", "column t.a stays NOT NULL", 1),
    ("CREATE INDEX i ON t (a);", "SELECT 1;", "index i stays", 1),
    ("ALTER TABLE t ALTER a TYPE text;", "SELECT 1;", "column t.a keeps its new type", 1),
    ("CREATE VIEW v AS SELECT 1;", "DROP TABLE w;", "view v stays", 1),
    (
      "ALTER TABLE t RENAME TO u;\nALTER TABLE u ADD COLUMN a int;", "ALTER TABLE u RENAME TO t;",
      "column t.a stays", 2
    ),
    ("ALTER TABLE t ADD UNIQUE (a);", "SELECT 1;", "constraint t_a_key on t stays", 1),
  ])
  func `what is left out is named`(_ forward: String, _ back: String, _ words: String, _ line: Int) {
    let found = judge(forward, back).leftOut
    #expect(found.map(\.words) == [words])
    #expect(found.map(\.line) == [line])
  }

  @Test func `an empty script does nothing, whatever its comments say`() {
    #expect(judge("CREATE TABLE t (a int);", "-- DROP TABLE t;\n").isEmpty)
  }

  @Test func `what stays lost is said even where the script is honest`() {
    let honesty = judge(
      "ALTER TABLE t DROP COLUMN a; DROP TABLE u; DELETE FROM w WHERE x;",
      "ALTER TABLE t ADD a int; CREATE TABLE u (b int);")
    #expect(honesty.leftOut.isEmpty)
    #expect(honesty.staysLost == ["the values of t.a", "all rows of u", "the rows deleted from w"])
  }
}

@Suite struct `Migrations that are code` {
  @Test(arguments: [
    (
      MigrationTool.alembic,
      "def upgrade():\n    op.add_column('t', 'a')\n\ndef downgrade():\n    op.drop_column('t', 'a')\n", true
    ),
    (.alembic, "def upgrade():\n    op.add_column('t', 'a')\n\ndef downgrade():\n    pass\n", false),
    (
      .alembic,
      "def upgrade() -> None:\n    op.add_column('t', 'a')\n\ndef downgrade() -> None:\n    raise NotImplementedError()\n",
      false
    ),
    (.rails, "class A < M\n  def change\n    add_column :t, :a, :text\n  end\nend\n", true),
    (.rails, "class A < M\n  def change\n    remove_column :t, :a\n  end\nend\n", false),
    (
      .rails, "class A < M\n  def up\n    execute 'x'\n  end\n  def down\n    execute 'y'\n  end\nend\n", true
    ),
    (.django, "operations = [\n  migrations.AddField('a', 'b'),\n]\n", true),
    (.django, "operations = [\n  migrations.RunPython(forward),\n]\n", false),
    (.django, "operations = [\n  migrations.RunPython(forward, backward),\n]\n", true),
    (
      .django,
      "operations = [\n  migrations.RunSQL(\n    'UPDATE a SET b = 1 WHERE c',\n    reverse_sql='SELECT 1',\n  ),\n]\n",
      true
    ),
    (
      .knex,
      "exports.up = function (knex) {\n  return knex.schema.createTable('t', (t) => { t.text('a'); });\n};\nexports.down = function (knex) {\n  return knex.schema.dropTable('t');\n};\n",
      true
    ),
    (
      .knex,
      "exports.up = (knex) => knex.schema.createTable('t', () => {});\nexports.down = async function () {\n};\n",
      false
    ),
  ])
  func `the way back is there or not`(_ tool: MigrationTool, _ text: String, _ expected: Bool) {
    #expect(CodeMigration(text, tool: tool).hasDownMigration == expected, "\(text)")
  }

  @Test(arguments: [
    (
      MigrationTool.alembic,
      "def upgrade():\n    op.drop_column('t', 'a')\ndef downgrade():\n    op.add_column('t', 'a')\n",
      "ban-drop-column", 2
    ),
    (.django, "operations = [\n  migrations.DeleteModel(name='Invoice'),\n]\n", "ban-drop-table", 2),
    (.rails, "  def change\n    rename_column :t, :a, :b\n  end\n", "renaming-column", 2),
    (
      .alembic,
      "def upgrade():\n    op.execute(\"DROP TABLE invoices\")\ndef downgrade():\n    op.execute('x')\n",
      "ban-drop-table", 2
    ),
  ])
  func `what is destroyed forward is found, with its line`(
    _ tool: MigrationTool, _ text: String, _ rule: String, _ line: Int
  ) {
    let issues = CodeMigration(text, tool: tool).issues
    #expect(issues.map(\.rule) == [rule])
    #expect(issues.map(\.line) == [line])
  }

  @Test(arguments: [
    (
      MigrationTool.alembic,
      "def upgrade():\n    op.add_column('t', sa.Column(\n        'a', sa.String(), nullable=False))\n\ndef downgrade():\n    pass\n",
      "t.a", 2
    ),
    (.rails, "  def change\n    add_column :t, :a, :string,\n      null: false\n  end\n", "t.a", 2),
    (.rails, "  def change\n    add_reference :t, :u, null: false, foreign_key: true\n  end\n", "t.u", 2),
    (
      .knex,
      "exports.up = (knex) => {\n  return knex.schema.alterTable('t', (t) => {\n    t.string('a').notNullable();\n  });\n};\n",
      "a", 3
    ),
    (
      .django,
      "operations = [\n  migrations.AddField(\n    model_name='t',\n    name='a',\n    field=models.CharField(default=''),\n  ),\n]\n",
      "t.a", 2
    ),
  ])
  func `a column that must be given is found`(
    _ tool: MigrationTool, _ text: String, _ subject: String, _ line: Int
  ) {
    let found = CodeMigration(text, tool: tool).issues.filter { $0.rule == "adding-required-field" }
    #expect(found.map(\.subject) == [subject])
    #expect(found.map(\.line) == [line])
  }

  @Test(arguments: [
    (
      MigrationTool.alembic,
      "def upgrade():\n    op.add_column('t', sa.Column('a', sa.Text(), server_default='x', nullable=False))\n"
    ),
    (
      .alembic,
      "def upgrade():\n    op.create_table('t')\n    op.add_column('t', sa.Column('a', nullable=False))\n"
    ),
    (
      .alembic,
      "def upgrade():\n    pass\ndef downgrade():\n    op.add_column('t', sa.Column('a', nullable=False))\n"
    ),
    (
      .rails,
      "  def change\n    add_column :t, :a, :string\n    change_column_null :t, :b, null: false\n  end\n"
    ),
    (
      .rails,
      "  def change\n    create_table :t do |t|\n    end\n    add_column :t, :a, :text, null: false\n  end\n"
    ),
    (
      .knex,
      "exports.up = (knex) => knex.schema.createTable('t', (t) => {\n  t.string('a').notNullable();\n});\n"
    ),
    (.django, "operations = [\n  migrations.AddField('t', 'a', models.TextField(null=True)),\n]\n"),
  ])
  func `a column that may be left out is not`(_ tool: MigrationTool, _ text: String) {
    #expect(
      CodeMigration(text, tool: tool).issues.filter { $0.rule == "adding-required-field" }.isEmpty, "\(text)")
  }
}

@Suite struct `A rollback script that goes further than back` {
  private func destroyed(_ forward: String, _ back: String) -> [String] {
    func report(_ sql: String) -> SQLScriptReport {
      SQLAnalysis.analyze(Array(sql.utf8), dialect: .postgresql)
    }
    return RollbackHonesty.destroyed(forward: report(forward), back: report(back)).map(\.words)
  }

  @Test(arguments: [
    ("CREATE TABLE b (i int);", "DROP TABLE a;", "drops the table a"),
    ("CREATE TABLE b (i int);", "ALTER TABLE a DROP COLUMN i;", "drops the column a.i"),
    ("ALTER TABLE a ADD c int;", "ALTER TABLE a DROP COLUMN i;", "drops the column a.i"),
    ("CREATE TABLE b (i int);", "TRUNCATE a;", "empties the table a"),
    ("CREATE TABLE b (i int);", "DELETE FROM a;", "deletes every row of a"),
    ("INSERT INTO a VALUES (1);", "DELETE FROM a;", "deletes every row of a"),
    ("CREATE TABLE b (i int);", "DROP SCHEMA s CASCADE;", "drops the schema s"),
    ("CREATE TABLE b (i int);", "ALTER TABLE a RENAME TO x; DROP TABLE x;", "drops the table a"),
    ("ALTER TABLE a RENAME TO b;", "DROP TABLE b;", "drops the table a"),
  ])
  func `is found`(_ forward: String, _ back: String, _ words: String) {
    #expect(destroyed(forward, back) == [words])
  }

  @Test(arguments: [
    ("CREATE TABLE b (i int);", "DROP TABLE b;"),
    ("CREATE TABLE IF NOT EXISTS b (i int);", "DROP TABLE IF EXISTS b;"),
    ("ALTER TABLE a ADD COLUMN IF NOT EXISTS c int;", "ALTER TABLE a DROP COLUMN c;"),
    ("ALTER TABLE a RENAME TO b; CREATE TABLE a (i int);", "DROP TABLE a; ALTER TABLE b RENAME TO a;"),
    (
      "ALTER TABLE a RENAME x TO y;",
      "ALTER TABLE a ADD x int; UPDATE a SET x = y; ALTER TABLE a DROP COLUMN y;"
    ),
    ("CREATE TABLE b AS SELECT * FROM a; DROP TABLE a;", "CREATE TABLE a AS SELECT * FROM b; DROP TABLE b;"),
    ("CREATE TABLE b (i int);", "CREATE TEMP TABLE t (i int); DELETE FROM t; DROP TABLE t; DROP TABLE b;"),
    ("CREATE SCHEMA s; CREATE TABLE s.b (i int);", "DROP SCHEMA s CASCADE;"),
    ("INSERT INTO a VALUES (1);", "DELETE FROM a WHERE i = 1;"),
    ("DO $$ BEGIN CREATE TABLE b (i int); END $$;", "DROP TABLE b;"),
    (
      "ALTER TABLE a RENAME TO b; ALTER TABLE b ADD c int;",
      "ALTER TABLE b DROP COLUMN c; ALTER TABLE b RENAME TO a;"
    ),
    ("CREATE VIEW v AS SELECT 1;", "DROP VIEW v;"),
    ("ALTER TABLE a ALTER i TYPE bigint;", "ALTER TABLE a ALTER i TYPE int;"),
    ("SELECT 1 INTO b;", "DROP TABLE b;"),
  ])
  func `is not seen in one that goes back`(_ forward: String, _ back: String) {
    #expect(destroyed(forward, back) == [])
  }
}
