import MigrationAnalysis
import Testing

/// The rules that a script breaks, each once, in the order of the file; advice about timeouts is everywhere.
private func rules(_ sql: String, _ settings: SQLSettings = SQLSettings()) -> [String] {
  var found: [String] = []
  for rule in SQLAnalysis.analyze(Array(sql.utf8), dialect: .postgresql, settings: settings).statements
    .flatMap(\.rules) where !found.contains(rule)
  {
    found.append(rule)
  }
  return found.filter { !$0.hasSuffix("-timeout") && $0 != "require-timeout-settings" }
}

@Suite struct `What decides about a script and does not stand in it` {
  private let old = SQLSettings(postgresVersion: 10)
  private let wrapped = SQLSettings(runsInTransaction: true)

  @Test func `an old PostgreSQL writes every default to every row`() {
    let sql = "ALTER TABLE s.t ADD COLUMN IF NOT EXISTS a bigint DEFAULT 1;"
    #expect(rules(sql) == [])
    #expect(rules(sql, old) == ["adding-field-with-default"])
    #expect(rules(sql, SQLSettings(postgresVersion: 11)) == [])
  }

  @Test func `a validated check spares the scan from version 12 on, for its own table and column`() {
    let sql = """
      ALTER TABLE s.t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;
      ALTER TABLE s.t VALIDATE CONSTRAINT c;
      ALTER TABLE s.t ALTER COLUMN a SET NOT NULL;
      """
    #expect(!rules(sql).contains("adding-not-nullable-field"))
    #expect(rules(sql, SQLSettings(postgresVersion: 11)).contains("adding-not-nullable-field"))
    #expect(
      rules("ALTER TABLE s.t VALIDATE CONSTRAINT c;\nALTER TABLE s.u ALTER COLUMN a SET NOT NULL;")
        .contains("adding-not-nullable-field"))
  }

  @Test func `a transaction around the script shelters tables made in it, and forbids what it cannot hold`() {
    let table = "CREATE TABLE s.t (a bigint);\nCREATE INDEX i ON s.t (a);"
    #expect(rules(table, wrapped) == [])
    #expect(rules(table) == ["prefer-robust-stmts", "require-concurrent-index-creation"])
    let concurrent = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t (a);"
    #expect(rules(concurrent) == [])
    #expect(rules(concurrent, wrapped) == ["ban-concurrent-index-creation-in-transaction"])
    #expect(rules("COMMIT;\n\(concurrent)\nBEGIN;", wrapped).contains("transaction-nesting"))
    #expect(
      !rules("COMMIT;\n\(concurrent)\nBEGIN;", wrapped)
        .contains("ban-concurrent-index-creation-in-transaction"))
    #expect(rules("BEGIN;\nSELECT 1;\nCOMMIT;", wrapped) == ["transaction-nesting"])
  }

  @Test func `an index on a table of the script is no finding, whatever the transaction`() {
    let report = SQLAnalysis.analyze(
      Array("CREATE TABLE t (a bigint);\nCREATE INDEX i ON t (a);".utf8), dialect: .postgresql)
    #expect(report.issues.allSatisfy { $0.risk == .advice })
  }

  @Test func `squawk's comments say how the script is run`() {
    let concurrent = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t (a);"
    #expect(rules("-- squawk-disable-assume-in-transaction\n\(concurrent)", wrapped) == [])
    #expect(
      rules("/* squawk-enable-assume-in-transaction */\n\(concurrent)")
        == ["ban-concurrent-index-creation-in-transaction"])
    #expect(rules("SELECT '-- squawk-enable-assume-in-transaction';\n\(concurrent)") == [])
  }

  @Test func `squawk's comments accept locks and advice, of the next statement or of the file`() {
    let index = "CREATE INDEX IF NOT EXISTS i ON s.t (a);"
    #expect(rules("-- squawk-ignore require-concurrent-index-creation\n\(index)") == [])
    #expect(
      rules("-- squawk-ignore require-concurrent-index-creation\nSELECT 1;\n\(index)")
        == ["require-concurrent-index-creation"])
    #expect(rules("-- squawk-ignore-file\nSELECT 1;\n\(index)") == [])
    #expect(
      rules("-- squawk-ignore-file prefer-robust-stmts\n\(index)") == ["require-concurrent-index-creation"])
  }

  @Test func `no comment accepts a loss`() {
    #expect(
      rules("-- squawk-ignore-file\nDROP TABLE IF EXISTS s.t;") == ["ban-drop-table"])
    #expect(
      rules("-- squawk-ignore ban-drop-column\nALTER TABLE s.t DROP COLUMN IF EXISTS a;")
        == ["ban-drop-column"])
  }

  @Test func `newer grammar stops, and is open where the policy says that the database is newer`() {
    let sql = "SELECT 1;\nSELECT JSON_SERIALIZE('{}' RETURNING text) FOR NOBODY;\nDROP TABLE u;"
    #expect(rules(sql).contains("sql-syntax"))
    let newer = SQLAnalysis.analyze(
      Array(sql.utf8), dialect: .postgresql, settings: SQLSettings(postgresVersion: 18))
    #expect(newer.issues(.syntax).isEmpty)
    #expect(newer.issues(.notUnderstood).map(\.line) == [2])
    #expect(newer.issues(.irreversible).map(\.rule) == ["ban-drop-table"])
    let hidden = SQLAnalysis.analyze(
      Array("DROP TABLE t, LATERAL u;".utf8), dialect: .postgresql,
      settings: SQLSettings(postgresVersion: 18))
    #expect(hidden.issues(.irreversible).map(\.rule).contains("ban-drop-table"))
  }
}

@Suite struct `Grammar of PostgreSQL 16 to 18` {
  @Test(arguments: [
    ("ALTER TABLE s.t ADD CONSTRAINT k NOT NULL a;", "narrower-check"),
    ("ALTER TABLE s.t ADD NOT NULL \"a b\";", "narrower-check"),
    ("ALTER TABLE s.t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED;", "narrower-check"),
    (
      "ALTER TABLE s.t ADD COLUMN b int GENERATED ALWAYS AS (a * 2) VIRTUAL, DROP COLUMN c;",
      "ban-drop-column"
    ),
    ("ALTER TABLE s.t ADD PRIMARY KEY (a, b WITHOUT OVERLAPS);", "adding-serial-primary-key-field"),
  ])
  func `is judged as what it comes to`(_ sql: String, _ rule: String) {
    let found = rules("SELECT 1;\n\(sql)")
    #expect(found.contains(rule) && !found.contains("sql-syntax"), "\(found)")
  }

  @Test func `a subquery without a name is open, and what stands beside it is judged`() {
    let found = rules("INSERT INTO t SELECT * FROM (SELECT 1);\nDROP TABLE IF EXISTS s.u;")
    #expect(found == ["sql-not-understood", "ban-drop-table"])
  }

  @Test func `a column that is computed when it is read rewrites nothing`() {
    let add = "ALTER TABLE s.t ADD COLUMN IF NOT EXISTS b bigint GENERATED ALWAYS AS (abs(a) * (2))"
    #expect(rules("\(add) VIRTUAL;") == [])
    #expect(rules("\(add) STORED;") == ["adding-field-with-default"])
  }

  @Test func `a table of the script with such a constraint is harmless, and what is wrong stays wrong`() {
    #expect(
      rules(
        "CREATE TABLE IF NOT EXISTS s.t (a bigint CONSTRAINT x NOT NULL DEFAULT 1, CONSTRAINT y NOT NULL a);")
        == [])
    #expect(rules("ALTER TABLE s.t ADD CONSTRAINT k NOT NULL;").contains("sql-syntax"))
    #expect(rules("ALTER TABLE s.t ADD COLUMN VIRTUAL;").contains("sql-syntax"))
  }
}

@Suite struct `Tables that SQLite builds anew` {
  private func breaking(_ sql: String, _ dialect: SQLDialect = .sqlite) -> [String] {
    SQLAnalysis.analyze(Array(sql.utf8), dialect: dialect).issues
      .filter { [.breaking, .irreversible].contains($0.risk) }.map { "\($0.rule) \($0.subject)" }
  }

  @Test func `with all columns as they are ask for nothing new`() {
    let build = "ALTER TABLE t RENAME TO o; CREATE TABLE t (a TEXT NOT NULL, b TEXT NOT NULL);"
    #expect(breaking("\(build) INSERT INTO t SELECT * FROM o; DROP TABLE o;") == [])
    #expect(breaking("\(build) INSERT INTO t (a, b) SELECT a, b FROM o; DROP TABLE o;") == [])
    #expect(
      breaking("\(build) INSERT INTO t (a, b) SELECT a, 1 FROM o; DROP TABLE o;") == [
        "adding-required-field t.b"
      ])
  }

  @Test(arguments: [SQLDialect.mysql, .sqlite])
  func `a column of the script's own may be renamed`(_ dialect: SQLDialect) {
    #expect(
      breaking("ALTER TABLE t ADD COLUMN b_new TEXT; ALTER TABLE t RENAME COLUMN b_new TO b;", dialect) == [])
  }

  @Test func `kin of PostgreSQL with other grammar is open, not wrong`() {
    let sql = Array("CREATE INDEX i ON t@primary (a) STORING (b);\nDROP TABLE u;".utf8)
    let report = SQLAnalysis.analyze(sql, path: "migrations/1.cockroach.up.sql")
    #expect(report.issues(.syntax).isEmpty && !report.issues(.notUnderstood).isEmpty)
    #expect(report.issues(.irreversible).map(\.line) == [2])
    #expect(!SQLAnalysis.analyze(sql, path: "migrations/1.postgres.up.sql").issues(.syntax).isEmpty)
  }
}

@Suite struct `Rules of the way back that squawk has, too` {
  @Test(arguments: [
    ("DROP VIEW s.v;", "ban-drop-view"), ("DROP MATERIALIZED VIEW s.v;", "ban-drop-view"),
    ("DROP FUNCTION f();", "ban-drop-function"), ("DROP SEQUENCE s;", "ban-drop-sequence"),
    ("DROP EXTENSION e;", "ban-drop-extension"), ("DROP DOMAIN d;", "ban-drop-domain"),
    ("ALTER TYPE c DROP ATTRIBUTE a;", "ban-drop-column"),
    ("ALTER TABLE s.t ALTER a DROP DEFAULT;", "ban-drop-default"),
    ("ALTER TABLE s.t DROP CONSTRAINT IF EXISTS c;", "ban-drop-constraint"),
    ("ALTER TABLE s.t ALTER a DROP IDENTITY;", "ban-alter-identity"),
    ("ALTER SEQUENCE s RENAME TO r;", "renaming-object"),
    ("INSERT INTO t (a, a) VALUES (1, 2);", "ban-duplicate-column-assignments"),
    ("UPDATE t SET (a, a) = (1, 2) WHERE b = 1;", "ban-duplicate-column-assignments"),
    ("DROP FOREIGN TABLE s.t;", "ban-drop-table"),
    ("ALTER TABLE s.t ADD EXCLUDE USING gist (a WITH =);", "constraint-missing-not-valid"),
  ])
  func `bear its name`(_ sql: String, _ rule: String) { #expect(rules(sql).contains(rule), "\(rules(sql))") }

  @Test(arguments: [
    ("UPDATE t SET a[1] = 1, a[2] = 2 WHERE b = 1;", "ban-duplicate-column-assignments"),
    (
      "CREATE INDEX \"a\"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" ON t (a);",
      "identifier-too-long"
    ),
    (
      "SELECT 1 AS a INTO t;\nBEGIN;\nSELECT 1 AS a INTO u;\nCREATE INDEX i ON u (a);\nCOMMIT;",
      "require-concurrent-index-creation"
    ),
  ])
  func `and are not where nothing is wrong`(_ sql: String, _ rule: String) {
    #expect(!rules(sql).contains(rule), "\(rules(sql))")
  }

  @Test func `a column dropped from a table of the script is no loss`() {
    let report = SQLAnalysis.analyze(
      Array("CREATE TABLE t (a int);\nALTER TABLE t DROP COLUMN a;\nALTER TABLE t RENAME TO u;".utf8),
      dialect: .postgresql)
    #expect(report.statements[1].rules.contains("ban-drop-column"))
    #expect(report.issues.allSatisfy { $0.risk == .advice })
  }
}
