import DeploymentRecords
import MigrationAnalysis
import Redaction
import StepResults
import Testing

/// The issues of one risk that a script has, as `line rule`.
private func issues(_ sql: String, _ risks: Set<SQLRisk>, dialect: SQLDialect = .postgresql) -> [String] {
  SQLAnalysis.analyze(Array(sql.utf8), dialect: dialect).issues.filter { risks.contains($0.risk) }
    .map { "\($0.line) \($0.rule)" }
}

@Suite struct `PostgreSQL: what is irreversible` {
  @Test(arguments: [
    ("DROP TABLE invoices;", "ban-drop-table"), ("DROP TABLE IF EXISTS a.invoices CASCADE", "ban-drop-table"),
    ("ALTER TABLE invoices DROP COLUMN note;", "ban-drop-column"),
    ("DROP SCHEMA old CASCADE;", "ban-drop-schema"),
    ("DROP DATABASE invoices;", "ban-drop-database"), ("DROP TYPE state CASCADE;", "ban-drop-type"),
    ("TRUNCATE invoices;", "truncate"), ("DELETE FROM invoices;", "delete-without-where"),
    ("DELETE FROM invoices WHERE true;", "delete-without-where"),
    ("DELETE FROM invoices WHERE 1 = 1;", "delete-without-where"),
    ("UPDATE invoices SET total = 0;", "update-without-where"),
    ("ALTER TABLE invoices ALTER COLUMN total TYPE integer;", "changing-column-type"),
    ("ALTER TABLE invoices SET UNLOGGED;", "set-unlogged"), ("DROP OWNED BY app;", "drop-owned"),
    ("DO $$ BEGIN DROP TABLE invoices; END $$;", "ban-drop-table"),
    ("DO $$ BEGIN IF true THEN TRUNCATE invoices; END IF; END $$;", "truncate"),
  ])
  func `data is gone`(_ sql: String, _ rule: String) {
    #expect(issues(sql, [.irreversible]).contains("1 \(rule)"), "\(sql)")
  }

  @Test(arguments: [
    "CREATE TABLE t (id bigint); DROP TABLE t;",
    "CREATE TEMP TABLE t (id bigint); TRUNCATE t; DROP TABLE t;",
    "ALTER TABLE t ADD COLUMN a text; UPDATE t SET a = 'x';",
    "ALTER TABLE t ADD COLUMN a text; ALTER TABLE t DROP COLUMN a;",
    "DELETE FROM t WHERE id = 3;", "UPDATE t SET a = 1 WHERE b IS NULL;", "DROP INDEX CONCURRENTLY i;",
    "ALTER TABLE t DROP CONSTRAINT c;", "SELECT 'DROP TABLE t';", "-- DROP TABLE t;\nSELECT 1;",
    "COMMENT ON TABLE t IS 'DROP TABLE t';",
    "ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a'); DROP TYPE e_old;",
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM t $$;",
  ])
  func `nothing is lost`(_ sql: String) { #expect(issues(sql, [.irreversible]) == []) }
}

@Suite struct `PostgreSQL: what breaks the version before` {
  @Test(arguments: [
    ("ALTER TABLE t RENAME COLUMN a TO b;", "renaming-column"),
    ("ALTER TABLE t RENAME TO u;", "renaming-table"),
    ("ALTER TABLE t SET SCHEMA s;", "ban-set-schema"),
    ("ALTER TYPE e RENAME VALUE 'a' TO 'b';", "renaming-object"),
    ("ALTER TABLE t ADD COLUMN a int NOT NULL;", "adding-required-field"),
    ("ALTER TABLE t ALTER COLUMN a SET NOT NULL;", "required-existing-column"),
    ("ALTER TABLE t ALTER COLUMN a DROP DEFAULT;", "dropped-default"),
    ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;", "narrower-check"),
    ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);", "new-unique"), ("DROP VIEW v;", "ban-drop-view"),
    ("REVOKE SELECT ON t FROM app;", "ban-revoke"),
    ("ALTER TABLE t DISABLE TRIGGER audit;", "disable-trigger"),
    ("ALTER TABLE t DISABLE TRIGGER ALL; ALTER TABLE t ENABLE TRIGGER audit;", "disable-trigger"),
    ("ALTER TABLE t ALTER COLUMN a TYPE text;", "changing-column-type"),
  ])
  func `it is found`(_ sql: String, _ rule: String) {
    #expect(issues(sql, [.breaking]).contains("1 \(rule)"), "\(sql)")
  }

  @Test(arguments: [
    "CREATE TABLE t (id bigint PRIMARY KEY, a int NOT NULL UNIQUE CHECK (a > 0));",
    "ALTER TABLE t ADD COLUMN a int;", "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0;",
    "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;",
    "ALTER TABLE t ADD COLUMN a int; CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);",
    "ALTER TABLE t ADD COLUMN a int DEFAULT 1; ALTER TABLE t ALTER COLUMN a DROP DEFAULT;",
    "ALTER TABLE t ALTER a SET DEFAULT 1; ALTER TABLE t ALTER a SET NOT NULL;",
    "ALTER TABLE t ADD COLUMN b int; CREATE UNIQUE INDEX CONCURRENTLY i ON t (a, b);",
    "CREATE TYPE n AS ENUM ('a'); ALTER TYPE n RENAME TO e;", "DROP VIEW v; CREATE VIEW v AS SELECT 1;",
    "CREATE OR REPLACE VIEW v AS SELECT 1;",
    "ALTER TABLE t DISABLE TRIGGER audit; UPDATE t SET a = 1 WHERE b; ALTER TABLE t ENABLE TRIGGER audit;",
    "ALTER TABLE t DISABLE TRIGGER USER; UPDATE t SET a = 1 WHERE b; ALTER TABLE t ENABLE TRIGGER USER;",
    "CREATE TABLE n (a int); ALTER TABLE n DISABLE TRIGGER ALL;", "ALTER TABLE t ENABLE TRIGGER audit;",
    "ALTER TABLE t ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY NOT NULL;",
    "CREATE TABLE n (a int); ALTER TABLE n RENAME COLUMN a TO b;", "ALTER TYPE e ADD VALUE 'c' AFTER 'b';",
    "GRANT SELECT ON t TO app;", "INSERT INTO t VALUES (1);",
    "ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a'); DROP TYPE e_old;",
    "ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ADD CONSTRAINT c CHECK (a IN (1, 2, 3)) NOT VALID;",
  ])
  func `the version before can live with it`(_ sql: String) { #expect(issues(sql, [.breaking]) == []) }

  @Test func `SET NOT NULL after a validated check of the same column needs no scan`() {
    let sql = "ALTER TABLE t VALIDATE CONSTRAINT c;\nALTER TABLE t ALTER COLUMN a SET NOT NULL;"
    #expect(!issues(sql, [.locking]).contains("2 adding-not-nullable-field"))
  }
}

@Suite struct `PostgreSQL: files as people write them` {
  @Test func `lines are those of the file, with a byte-order mark, CRLF and comments`() {
    let sql = "\u{FEFF}-- first\r\n\r\nSELECT 1;\r\n/* two\r\nlines */\r\nDROP TABLE t;\r\n"
    #expect(issues(sql, [.irreversible]) == ["6 ban-drop-table"])
  }

  @Test func `psql's commands and COPY data are passed over`() {
    let sql = """
      \\set ON_ERROR_STOP on
      \\connect invoices
      COPY t (a, b) FROM stdin;
      1	DROP TABLE x;
      2	it's
      \\.
      DROP TABLE t;
      """
    #expect(issues(sql, [.irreversible, .syntax]) == ["7 ban-drop-table"])
  }

  @Test func `an included file and what a query generates are said to be open`() {
    let report = SQLAnalysis.analyze(
      Array("\\i other.sql\nSELECT 'DROP TABLE t' \\gexec\n".utf8), dialect: .postgresql)
    #expect(report.issues(.notUnderstood).map(\.line) == [1, 2])
  }

  @Test func `psql's variables are names`() {
    #expect(
      issues("ALTER TABLE :table DROP COLUMN :\"column\";\nSELECT :'value'::text;", [.irreversible, .syntax])
        == [
          "1 ban-drop-column"
        ])
  }

  @Test func `one mistake hides nothing, and has its line`() {
    let sql = "SELECT 1;\nALTER TABEL t ADD a int;\nDROP TABLE t;\n"
    #expect(issues(sql, [.irreversible, .syntax]) == ["2 sql-syntax", "3 ban-drop-table"])
  }

  @Test(arguments: [
    ("SELECT 1;\n/* and more\nDROP TABLE t;\n", ["2 sql-syntax"]),
    ("SELECT 1\n/* /* a */ b", ["2 sql-syntax"]),
    ("/* all", ["1 sql-syntax"]), ("SELECT 1; /* a */ -- /* b\n", []), ("SELECT '/*'; SELECT $$ /* $$;", []),
  ])
  func `a comment without an end is a mistake, for what follows is not run`(_ sql: String, _ found: [String])
  {
    #expect(issues(sql, [.irreversible, .syntax]) == found)
  }

  @Test func `characters of several bytes do not move lines`() {
    #expect(issues("-- äöü 👩‍👩‍👧\nSELECT 'ä';\nSELEC 1;", [.syntax]) == ["3 sql-syntax"])
  }

  @Test func `dollar quotes with tags, functions with atomic bodies`() {
    let sql = """
      CREATE FUNCTION f() RETURNS int AS $body$ BEGIN RETURN 1; DROP TABLE t; END $body$ LANGUAGE plpgsql;
      CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END;
      TRUNCATE u;
      """
    #expect(issues(sql, [.irreversible, .syntax]) == ["3 truncate"])
  }

  @Test func `SQL put together at run time is said to be open`() {
    #expect(
      issues("DO $$\nBEGIN\n  EXECUTE 'DROP TABLE ' || n;\nEND $$;", [.notUnderstood]) == [
        "3 sql-not-understood"
      ])
  }

  @Test func `a NUL byte is no way to hide a statement`() {
    let report = SQLAnalysis.analyze(Array("SELECT 1;\n\0DROP TABLE t;".utf8), dialect: .postgresql)
    #expect(report.issues.map(\.rule) == ["sql-syntax"])
    #expect(report.issues.map(\.line) == [2])
  }

  @Test func `hostile text is answered, not crashed on`() {
    let deep = "SELECT " + String(repeating: "(", count: 50_000) + "1" + String(repeating: ")", count: 50_000)
    let arms = "SELECT 1" + String(repeating: " + 1", count: 100_000)
    for sql in [deep, arms, "SELECT '", "/* never ends", "$x$ never ends", "\"", "\\", ";;;;", ""] {
      let report = SQLAnalysis.analyze(Array(sql.utf8), dialect: .postgresql)
      #expect(report.issues(.irreversible) == [])
    }
    let invalid = SQLAnalysis.analyze([0x44, 0x52, 0xFF, 0xFE, 0x3B], dialect: .postgresql)
    #expect(invalid.issues.map(\.rule) == ["sql-syntax"])
    let dump = SQLAnalysis.analyze(
      [UInt8](repeating: 0x20, count: SQLAnalysis.byteLimit + 1), dialect: .postgresql)
    #expect(dump.issues.map(\.rule) == ["sql-not-understood"])
  }

  @Test func `every rule that becomes a finding is in the catalog`() {
    let known = Set(SQLRuleCatalog.all.map(\.code))
    let sql = """
      DROP TABLE a; ALTER TABLE b DROP COLUMN c; TRUNCATE d CASCADE; CREATE INDEX i ON e (f); VACUUM FULL g;
      ALTER TABLE h ADD CONSTRAINT k FOREIGN KEY (l) REFERENCES m; ALTER TABLE n ADD PRIMARY KEY (o);
      ALTER DOMAIN p ADD CHECK (value > 0); REINDEX TABLE q; ALTER TABLE r DETACH PARTITION s; BEGIN;
      CREATE INDEX CONCURRENTLY t ON u (v); DROP INDEX w; ALTER TABLE x ADD y int DEFAULT random();
      """
    let found = SQLAnalysis.analyze(Array(sql.utf8), dialect: .postgresql).issues.filter {
      $0.risk != .advice
    }
    #expect(found.count > 12)
    for issue in found { #expect(known.contains(issue.rule), "\(issue.rule)") }
  }
}

@Suite struct `MySQL and SQLite by tokens` {
  @Test(arguments: [
    ("DROP TABLE `t`;", SQLDialect.mysql, "ban-drop-table"),
    ("ALTER TABLE t DROP a;", .mysql, "ban-drop-column"),
    ("ALTER TABLE t ADD b int, DROP COLUMN `a`;", .mysql, "ban-drop-column"),
    ("ALTER TABLE t CHANGE a b varchar(10);", .mysql, "renaming-column"),
    ("RENAME TABLE a TO b;", .mysql, "renaming-table"), ("TRUNCATE TABLE t;", .mysql, "truncate"),
    ("DELETE FROM t;", .sqlite, "delete-without-where"),
    ("UPDATE t SET a = 1;", .mysql, "update-without-where"),
    ("ALTER TABLE t ADD COLUMN a int NOT NULL;", .mysql, "adding-required-field"),
    ("/*!40000 DROP TABLE t */;", .mysql, "ban-drop-table"), ("DROP TABLE [a b];", .sqlite, "ban-drop-table"),
    ("ALTER TABLE t DROP PARTITION p1;", .mysql, "truncate"),
    ("ALTER TABLE t ADD UNIQUE (a);", .mysql, "new-unique"),
  ])
  func `what stops`(_ sql: String, _ dialect: SQLDialect, _ rule: String) {
    #expect(issues(sql, [.irreversible, .breaking], dialect: dialect) == ["1 \(rule)"], "\(sql)")
  }

  @Test(arguments: [
    ("CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB;", SQLDialect.mysql),
    ("ALTER TABLE t DROP INDEX i, DROP FOREIGN KEY f;", .mysql),
    ("ALTER TABLE t ADD a int NULL AFTER b;", .mysql),
    ("# DROP TABLE t\nSELECT 'it\\'s; DROP TABLE t';", .mysql), ("PRAGMA foreign_keys=off;", .sqlite),
    ("CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM u; END;", .sqlite),
    ("DELIMITER //\nCREATE PROCEDURE p() BEGIN DELETE FROM t; END//\nDELIMITER ;\nSELECT 1;", .mysql),
  ])
  func `what passes`(_ sql: String, _ dialect: SQLDialect) {
    #expect(issues(sql, [.irreversible, .breaking, .notUnderstood], dialect: dialect) == [])
  }

  @Test func `what is not understood is said`() {
    #expect(issues("FROBNICATE t;", [.notUnderstood], dialect: .mysql) == ["1 sql-not-understood"])
    #expect(
      issues("ALTER TABLE t MODIFY a varchar(5);", [.notUnderstood], dialect: .mysql) == [
        "1 changing-column-type"
      ])
  }

  @Test func `a table built anew under its name is not dropped`() {
    let sql = """
      CREATE TABLE new__t (id integer PRIMARY KEY, a text);
      INSERT INTO new__t (id, a) SELECT id, a FROM t;
      DROP TABLE t;
      ALTER TABLE new__t RENAME TO t;
      """
    #expect(issues(sql, [.irreversible, .breaking], dialect: .sqlite) == [])
    let lost = sql.replacing("INSERT INTO new__t (id, a) SELECT id, a FROM t;\n", with: "")
    #expect(issues(lost, [.irreversible], dialect: .sqlite) == ["2 ban-drop-table"])
  }

  @Test(arguments: [
    ("CREATE TABLE `t` (id int) ENGINE=InnoDB;", "", SQLDialect.mysql),
    ("PRAGMA foreign_keys=on;", "", .sqlite),
    ("CREATE TABLE t (id serial);", "", .postgresql), ("SELECT 1;", "", .postgresql),
    ("SELECT 1;", "db/mysql/v1.sql", .mysql),
    ("DO $$ BEGIN END $$;", "", .postgresql),
  ])
  func `the dialect is found`(_ sql: String, _ path: String, _ dialect: SQLDialect) {
    #expect(SQLDialect.detect(sql, path: path) == dialect)
  }
}
