import Foundation
import JSONValues
import TestSupport
import Testing

/// SQL of strangers through the built binaries: a probe of the policy, a migration and its rollback script.
@Suite(.blocking) struct HostileSQLEndToEndTests {
  private let folder = TemporaryFolder()

  @Test(
    .enabled(if: PostgreSQLServer.isInstalled, "ci/install installs it"),
    arguments: [
      "SELECT 1 --\r\\! touch marker\n", "SELECT 1 \\g |touch marker",
      "SELECT E'a'\n'\\'' \\! touch marker\n'",
      "SELECT pg_read_file('PG_VERSION')", "SELECT query_to_xml('SELECT 1', true, true, '')",
    ])
  func `a probe runs SQL and nothing else`(_ sql: String) throws {
    let server = try PostgreSQLServer.shared()
    let probe = JSONValue.string(sql).serialized()
    let config = "ENVIRONMENT=dev\nAWS_REGION=us-east-1\nDATABASE_URL='\(server.url)'\n"
    try config.write(toFile: folder("deployment-dev.config"), atomically: true, encoding: .utf8)
    let policy = "smoke-test:\n  sql:\n    - {name: probe, sql: \(probe), at-least: 0}\n"
    try policy.write(toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("smoke-test", in: folder.path).run(
      ["dev", "--policy", "backstop.yml", "--format", "json"])
    #expect(!FileManager.default.fileExists(atPath: folder("marker")))
    #expect(outcome.status == 1, "\(outcome.error)\(outcome.output)")
    let checks = try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
    #expect(checks.first { $0["name"]?.string == "probe" }?["outcome"] == "error", "\(outcome.output)")
  }

  @Test(.enabled(if: PostgreSQLServer.isInstalled, "ci/install installs it"))
  func `a server that reads strings another way changes nothing`() throws {
    let server = try PostgreSQLServer.shared()
    let url = server.url + "?options=-c%20standard_conforming_strings%3Doff"
    let config = "ENVIRONMENT=dev\nAWS_REGION=us-east-1\nDATABASE_URL='\(url)'\n"
    try config.write(toFile: folder("deployment-dev.config"), atomically: true, encoding: .utf8)
    let probe = JSONValue.string("SELECT '\\' || ' \\! touch marker #'").serialized()
    let expected = JSONValue.string("\\ \\! touch marker #").serialized()
    try "smoke-test:\n  sql:\n    - {name: probe, sql: \(probe), equals: \(expected)}\n".write(
      toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("smoke-test", in: folder.path).run(
      ["dev", "--policy", "backstop.yml", "--format", "json"])
    #expect(!FileManager.default.fileExists(atPath: folder("marker")))
    let checks = try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
    #expect(checks.first { $0["name"]?.string == "probe" }?["outcome"] == "pass", "\(outcome.output)")
  }

  /// A second commit adds a migration and its rollback script.
  private func gate(
    forward: String, back: String, _ arguments: String...
  ) throws -> (TestRepository, BuiltStep.Outcome) {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.commit("First", at: 1)
    try repository.write(forward, to: "migrations/v2.sql")
    try repository.write(back, to: "migrations/rollback-v2.sql")
    try repository.commit("Second", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(
      ["prod", "--base", "HEAD~1", "--format", "json"] + arguments)
    return (repository, outcome)
  }

  private func findings(forward: String, back: String) throws -> (Int32, [String]) {
    let (_, outcome) = try gate(forward: forward, back: back)
    let findings = try JSONValue(parsing: outcome.output)["findings"]?.array ?? []
    return (outcome.status, findings.compactMap { $0["code"]?.string })
  }

  @Test(arguments: [
    ("DROP TABLE a; SELECT 1 --\r\\! touch marker\n", "sql-runs-programs"),
    ("DROP TABLE a;\n\\i other.sql\n", "rollback-script-unreadable"),
    ("DROP TABLE a;\n\\set x `touch marker`\n", "sql-runs-programs"),
    ("DROP TABLE a; COPY (SELECT 1) TO PROGRAM 'sh'", "sql-runs-programs"),
    ("DROP TABLE a; SELECT lo_import('/etc/passwd')", "sql-reaches-outside"),
    ("DROP TABLE a; SELECT * FROM dblink('host=h', 'SELECT 1') AS t(a int)", "sql-reaches-outside"),
    ("DROP TABLE a; CREATE EXTENSION plpython3u", "sql-runs-programs"),
    ("DROP TABLE a; DO $$ BEGIN EXECUTE 'DROP ' || 'TABLE b'; END $$", "rollback-script-unreadable"),
    ("DROP TABLE a; DO $f$ BEGIN COPY b TO PROGRAM 'id'; END $f$", "sql-runs-programs"),
    (
      "DROP TABLE a; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $q$ BEGIN IF true THEN ALTER SYSTEM SET x = 1; END IF; END $q$; SELECT f()",
      "sql-runs-programs"
    ),
    ("DROP TABLE a; ALTER ROLE app LOGIN SUPERUSER", "sql-runs-programs"),
    ("SET client_encoding = 'SJIS'; DROP TABLE a; SELECT E'\u{C1}\\'", "rollback-script-unreadable"),
    ("RESET ALL; DROP TABLE a", "rollback-script-unreadable"),
    (
      "DROP TABLE a; CREATE OPERATOR + (FUNCTION = lo_export, LEFTARG = oid, RIGHTARG = text)",
      "sql-reaches-outside"
    ),
    (
      "DROP TABLE a; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE x(); END $$; SELECT f()",
      "rollback-script-unreadable"
    ),
  ]) func `a rollback script that does more than SQL stops`(_ back: String, _ code: String) throws {
    let (status, codes) = try findings(forward: "CREATE TABLE a (id int);\n", back: back)
    #expect(status == 1)
    #expect(codes.contains(code), "\(codes)")
  }

  @Test(arguments: [
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE jobs; END $$; SELECT f();",
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP TABLE jobs'; SELECT f();",
    "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM jobs; END; SELECT f();",
    "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN TRUNCATE jobs; END $$; CALL p();",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN DELETE FROM jobs RETURNING 1 INTO n; RETURN n; END $$; DO $$ BEGIN PERFORM f(); END $$;",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE jobs; END $$; CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM f(); END $$; SELECT g();",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM jobs; RETURN NEW; END $$; CREATE TRIGGER t AFTER INSERT ON notes EXECUTE FUNCTION f(); INSERT INTO notes VALUES (1);",
    "DO $$ BEGIN EXECUTE 'DROP TABLE jobs'; END $$;",
    "WITH gone AS (DELETE FROM jobs RETURNING 1) SELECT count(*) FROM gone;",
    "EXPLAIN ANALYZE DELETE FROM jobs;",
    "DO $$ DECLARE r record; BEGIN FOR r IN DELETE FROM jobs RETURNING * LOOP END LOOP; END $$;",
    "PREPARE p AS DELETE FROM jobs; EXECUTE p;",
  ]) func `code that a migration makes and runs is judged as the migration is`(_ forward: String) throws {
    let (status, codes) = try findings(
      forward: "CREATE TABLE a (id int);\n" + forward, back: "DROP TABLE a;\n")
    #expect(status == 1)
    let losses: Set<String> = ["ban-drop-table", "delete-without-where", "truncate"]
    #expect(!losses.isDisjoint(with: codes), "\(codes)")
  }

  @Test(arguments: [
    "SELECT FROM 'Zx9kQpL7vTr2' 'Zx9kQpL7vTr2';", "INSERT INTO a VALUES ('Zx9kQpL7vTr2;",
    "SELECT 1 E'Zx9kQpL7vTr2'", "SELECT 1 a $x$Zx9kQpL7vTr2$x$", "SELECT $x$Zx9kQpL7vTr2",
  ])
  func `a mistake at a string does not quote it`(_ sql: String) throws {
    let (repository, outcome) = try gate(forward: sql, back: sql, "--markdown", "report.md")
    #expect(outcome.status == 1)
    let report = try String(contentsOfFile: repository.path + "/report.md", encoding: .utf8)
    #expect(outcome.output.contains("sql-syntax") && report.contains("at or near a string"))
    #expect(!(outcome.output + outcome.error + report).contains("Zx9kQpL7vTr2"))
  }

  @Test(arguments: ["DROP TABLE b;\n/* and more\nDROP TABLE c;\n", "DROP TABLE b\n/* end"])
  func `a way back that ends in a comment stops, and is no way back`(_ back: String) throws {
    let (repository, outcome) = try gate(
      forward: "CREATE TABLE b (id int);\n", back: back, "--markdown", "report.md")
    #expect(outcome.status == 1 && outcome.output.contains("the comment that begins here has no end"))
    let report = try String(contentsOfFile: repository.path + "/report.md", encoding: .utf8)
    #expect(report.contains("the rollback script as it stands does not undo this change"))
    #expect(!report.contains("can be undone"))
  }

  @Test(arguments: [
    "DROP TABLE b; DROP SCHEMA public CASCADE;", "DROP TABLE b; DROP TABLE a;",
    "DROP TABLE b; DO $$ BEGIN DELETE FROM a; END $$;",
    "DROP TABLE b; ALTER TABLE a RENAME TO c; DROP TABLE c;", "DROP TABLE b; DROP OWNED BY app;",
  ])
  func `a way back that goes further than back stops`(_ back: String) throws {
    let (status, codes) = try findings(forward: "CREATE TABLE IF NOT EXISTS b (id int);\n", back: back)
    #expect(status == 1 && codes == ["rollback-script-destroys"], "\(codes)")
  }

  /// One that is altered alone is held against the migration that was there.
  @Test func `a way back that is altered to go further stops`() throws {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.write("CREATE TABLE b (id int);\n", to: "migrations/v2.sql")
    try repository.write("DROP TABLE b;\n", to: "migrations/rollback-v2.sql")
    try repository.commit("First", at: 1)
    for (number, (back, status)) in [
      ("DROP TABLE b; TRUNCATE a;\n", Int32(1)), ("DROP TABLE IF EXISTS b CASCADE;\n", 0),
    ].enumerated() {
      try repository.write(back, to: "migrations/rollback-v2.sql")
      try repository.commit("Again", at: 2 + number)
      let outcome = try BuiltStep("diff-gate", in: repository.path).run(
        ["prod", "--base", "HEAD~\(number + 1)", "--format", "json"])
      #expect(outcome.status == status, "\(outcome.output)\(outcome.error)")
      #expect(outcome.output.contains("rollback-script-destroys") == (status == 1))
    }
  }
}
