import Testing

@testable import MigrationAnalysis

/// Statements inside of others, and what is known only at the end of a script.
@Suite struct `Statements within statements` {
  private func rules(_ sql: String, dialect: SQLDialect? = .postgresql, path: String = "") -> Set<String> {
    let report = SQLAnalysis.analyze(Array(sql.utf8), dialect: dialect, path: path)
    return Set(report.issues.filter { $0.risk != .advice }.map(\.rule))
  }

  @Test(arguments: [
    ("WITH d AS (DELETE FROM users RETURNING id) SELECT * FROM d;", "delete-without-where"),
    ("WITH d AS (UPDATE users SET a = 1 RETURNING id) SELECT * FROM d;", "update-without-where"),
    ("DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$;", "ban-drop-table"),
    ("DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'users'; END $$;", "ban-drop-table"),
    ("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'users'); END $$;", "ban-drop-table"),
    ("DO $$ BEGIN EXECUTE format('DROP TABLE %I', name); END $$;", "sql-not-understood"),
    ("DO $$ BEGIN WITH d AS (DELETE FROM users) SELECT 1; END $$;", "delete-without-where"),
    (
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE users; END $$;\nSELECT f();",
      "truncate"
    ),
    (
      "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM users $$;\nSELECT f();",
      "delete-without-where"
    ),
    (
      "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN DROP TABLE users; END $$;\nCALL p();",
      "ban-drop-table"
    ),
    (
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE users; END $$;\nDO $$ BEGIN PERFORM f(); END $$;",
      "truncate"
    ),
    ("MERGE INTO users u USING x ON x.id = u.id WHEN MATCHED THEN DELETE;", "delete-without-where"),
    ("ALTER TABLE users ENABLE ROW LEVEL SECURITY;", "row-security-without-policy"),
    ("ALTER TABLE users RENAME TO people;", "renaming-table"),
  ])
  func `what an inner statement does counts`(_ sql: String, _ rule: String) {
    #expect(rules(sql).contains(rule), "\(rules(sql))")
  }

  @Test(arguments: [
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE users; END $$;",
    "ALTER TABLE users RENAME TO people;\nCREATE VIEW users AS SELECT * FROM people;",
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY;\nCREATE POLICY p ON users USING (true);",
    "CREATE TABLE t (i int);\nALTER TABLE t ENABLE ROW LEVEL SECURITY;",
    "WITH d AS (SELECT 1) SELECT * FROM d;",
  ])
  func `a function that nobody calls, a name that stays, a policy that is there`(_ sql: String) {
    #expect(rules(sql).isEmpty, "\(rules(sql))")
  }

  @Test func `a view that loses a column of its earlier definition`() {
    var settings = SQLSettings()
    settings.catalog.apply(SQLAnalysis.analyze(Array("CREATE VIEW v AS SELECT a, b FROM t;".utf8)))
    let report = SQLAnalysis.analyze(
      Array("DROP VIEW v;\nCREATE VIEW v AS SELECT a FROM t;".utf8), settings: settings)
    #expect(report.issues.contains { $0.rule == "view-loses-columns" && $0.risk == .breaking })
  }

  @Test(arguments: [
    ("/*!50000 DROP TABLE users */;", SQLDialect.mysql, "ban-drop-table"),
    ("WITH x AS (SELECT 1) DELETE FROM users;", .sqlite, "delete-without-where"),
  ])
  func `comments that MySQL runs, WITH before DELETE`(_ sql: String, _ dialect: SQLDialect, _ rule: String) {
    #expect(rules(sql, dialect: dialect).contains(rule))
    if dialect == .mysql { #expect(SQLDialect.detect(sql) == .mysql) }
  }

  @Test func `REPLACE INTO loses the rows that it takes the place of`() {
    let report = SQLAnalysis.analyze(Array("REPLACE INTO users VALUES (1);".utf8), dialect: .mysql)
    #expect(RollbackHonesty.losses(of: report) == ["the rows deleted from users"])
  }

  @Test(arguments: [
    ("CREATE TABLE t (a LowCardinality(String)) ENGINE = MergeTree ORDER BY a;", ""),
    ("SELECT 1;", "db/clickhouse/1.sql"), ("CREATE TABLE t (a NVARCHAR(5));", ""),
    ("SELECT 1;", "db/snowflake/1.sql"),
  ])
  func `other dialects are no errors of PostgreSQL`(_ sql: String, _ path: String) {
    #expect(SQLDialect.detect(sql, path: path) == .other)
    #expect(!rules(sql, dialect: nil, path: path).contains("sql-syntax"))
  }

  @Test(arguments: [
    ("change_column_null :users, :email, false", "required-existing-column"),
    ("add_index :users, :email, unique: true", "new-unique"),
    ("remove_reference :posts, :user", "ban-drop-column"),
    ("create_table :users, force: :cascade do |t|\n    end", "ban-drop-table"),
    ("change_column :users, :age, :bigint", "changing-column-type"),
    ("add_check_constraint :users, 'age > 0', name: 'c'", "narrower-check"),
    ("add_foreign_key :posts, :users", "adding-foreign-key-constraint"),
    ("change_column_default :users, :age, from: 1, to: nil", "dropped-default"),
    ("add_index :users, :a, algorithm: :concurrently", "ban-concurrent-index-creation-in-transaction"),
  ])
  func `operations of Rails that strong_migrations knows`(_ call: String, _ rule: String) {
    let text = "class A < ActiveRecord::Migration[7.1]\n  def change\n    \(call)\n  end\nend\n"
    let code = CodeMigration(text, tool: .rails)
    #expect(code.issues.contains { $0.rule == rule }, "\(code.issues.map(\.rule))")
  }

  @Test(arguments: [
    ("op.alter_column('a', 'b', nullable=False)", "required-existing-column", SQLRisk.breaking),
    (
      "op.alter_column('a', 'b', existing_type=sa.BigInteger(), type_=sa.Integer())", "changing-column-type",
      .irreversible
    ),
    (
      "op.alter_column('a', 'b', existing_type=sa.String(50), type_=sa.String(200))", "changing-column-type",
      .advice
    ),
    ("op.create_unique_constraint('u', 'a', ['b'])", "new-unique", .breaking),
    ("op.create_check_constraint('c', 'a', 'b > 0')", "narrower-check", .breaking),
    ("op.alter_column('a', 'b', server_default=None)", "dropped-default", .breaking),
    ("op.create_index('i', 'a', ['b'])", "require-concurrent-index-creation", .locking),
  ])
  func `operations of Alembic`(_ call: String, _ rule: String, _ risk: SQLRisk) {
    let text =
      "down_revision = 'a'\ndef upgrade():\n    \(call)\n\ndef downgrade():\n    op.execute('SELECT 1')\n"
    let code = CodeMigration(text, tool: .alembic)
    #expect(code.issues.contains { $0.rule == rule && $0.risk == risk }, "\(code.issues)")
  }
}
