import DatabaseAccess
import SystemInterfaces
import TestSupport
import Testing

@Suite(.enabled(if: PostgreSQLServer.isInstalled)) struct PsqlTests {
  let server: PostgreSQLServer
  let psql: Psql
  let variables = Environment(["PATH": "/usr/bin:/bin"])

  init() throws {
    server = try PostgreSQLServer.shared()
    psql = Psql(
      try DatabaseAddress(url: server.url, source: "DATABASE_URL"), environment: variables,
      processes: LocalProcessRunner(), redact: { $0.replacing("top-secret-value", with: "[redacted]") })
  }

  func error(_ work: () async throws -> Void) async -> PsqlError? {
    await #expect(throws: PsqlError.self) { try await work() }
  }

  @Test func `rows come as text, null told from empty`() async throws {
    let found = try await psql.query(
      """
      SELECT 1 AS "a ""b"" c", NULL AS n, '' AS empty, 'x,"y"
      z' AS odd, true AS yes
      UNION ALL SELECT 2, 'v', '\u{1}', NULL, false -- no semicolon at the end
      """)
    #expect(found.columns == [#"a "b" c"#, "n", "empty", "odd", "yes"])
    #expect(found.rows == [["1", nil, "", "x,\"y\"\nz", "t"], ["2", "v", nil, nil, "f"]])
    #expect(try await psql.query("SELECT 1 WHERE false").rows == [])
  }

  @Test func `a query cannot write`() async throws {
    try await psql.run(script: "CREATE TABLE kept (id int)", name: "setup")
    for sql in [
      "WITH gone AS (DELETE FROM kept RETURNING 1) SELECT count(*) FROM gone",
      "SELECT set_config('transaction_read_only', 'off', true), nextval('pg_temp.s')",
    ] {
      let error = await error { _ = try await psql.query(sql) }
      #expect(error?.kind == .failed, "\(sql): \(String(describing: error))")
    }
    #expect(try await psql.query("SELECT to_regclass('kept') IS NOT NULL").rows == [["t"]])
  }

  @Test(arguments: [
    ("SELECT 1; DROP TABLE x", 1, "a second statement"),
    ("\n\nDELETE FROM x", 3, "DELETE is not a statement that reads"),
    ("SELECT 1\n\\! id", 2, "a command for psql"),
    ("SELECT 1 \\gexec", 1, "a command for psql"),
  ]) func `what is not one statement that reads is not sent`(sql: String, line: Int, reason: String) async {
    let error = await error { _ = try await psql.query(sql) }
    #expect(error?.kind == .badSQL)
    #expect(error?.line == line)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func `an error names line, code and place in the text, and no row`() async throws {
    try await psql.run(script: "CREATE TABLE people (email text UNIQUE)", name: "setup")
    let error = await error {
      try await psql.run(
        script: """
          -- two people
          INSERT INTO people VALUES ('a@example.com');

          INSERT INTO people
            VALUES ('a@example.com');
          """, name: "db/rollback.sql")
    }
    #expect(error?.line == 4)
    #expect(error?.sqlState == "23505")
    #expect(error?.message.hasPrefix("db/rollback.sql:4: duplicate key") == true, "\(error?.message ?? "")")
    #expect(error?.message.hasSuffix("(23505); nothing of it stays") == true)
    #expect(error?.message.contains("a@example.com") == false)
    #expect(try await psql.query("SELECT count(*) FROM people").rows == [["0"]])
  }

  @Test func `a secret in what the server says is taken out`() async {
    let error = await error { _ = try await psql.query("SELECT 'top-secret-value'::int") }
    #expect(error?.message.contains("[redacted]") == true)
    #expect(error?.message.contains("top-secret") == false)
  }

  @Test func `a script is one transaction, or goes on to its first error`() async throws {
    let script = "CREATE TABLE first_of_two (id int);\nSELECT 1/0;\nCREATE TABLE never (id int);"
    _ = await error { try await psql.run(script: script, name: "s") }
    #expect(try await psql.query("SELECT to_regclass('first_of_two')").rows == [[nil]])
    let last = await error { try await psql.run(script: script, .eachStatement, name: "s") }
    #expect(last?.line == 2)
    #expect(last?.message.hasSuffix("what came before it stays") == true)
    #expect(
      try await psql.query("SELECT to_regclass('first_of_two'), to_regclass('never')").rows
        == [["first_of_two", nil]])
    try await psql.run(
      script: "CREATE INDEX CONCURRENTLY one ON first_of_two (id)", .eachStatement, name: "s")
  }

  @Test func `what is tried stays undone, deferred checks included, and each script is named by itself`()
    async throws
  {
    let parts = [
      SQLPart("3.down.sql", "CREATE TABLE tried (id int)"),
      SQLPart("2.down.sql", "SELECT 1;\n\nSELECT 1/0"),
    ]
    let limits = SQLLimits(lock: .seconds(1), statement: .seconds(5), total: .seconds(20))
    let found = await error { try await psql.run(scripts: parts, .single, name: "all", limits) }
    #expect(found?.message.hasPrefix("2.down.sql:3: division by zero") == true, "\(found?.message ?? "")")
    #expect(found?.isOfFirstStatement == false)
    try await psql.run(scripts: [parts[0]], .trial, name: "all", limits)
    #expect(try await psql.query("SELECT to_regclass('tried')").rows == [[nil]])
    try await psql.run(
      script: """
        CREATE TABLE parents (id int PRIMARY KEY);
        CREATE TABLE children (id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
        """, name: "setup")
    let deferred = await error {
      try await psql.run(script: "INSERT INTO children VALUES (1)", .trial, name: "s")
    }
    #expect(deferred?.sqlState == "23503", "\(deferred?.message ?? "")")
  }

  @Test func `a lock that another session holds is waited for shortly`() async throws {
    let table = "held_\(Randomness().hex(6))"
    try await psql.run(script: "CREATE TABLE \(table) (id int)", name: "setup")
    let holder = Task { [psql] in
      try await psql.run(
        script: "LOCK TABLE \(table) IN ACCESS SHARE MODE; SELECT pg_sleep(3600)", name: "holder")
    }
    try await waitUntil("the lock is held", seconds: 60) {
      try await psql.query(
        "SELECT count(*) FROM pg_locks WHERE granted AND relation = '\(table)'::regclass"
      ).rows == [["1"]]
    }
    let found = await error {
      try await psql.run(
        scripts: [SQLPart("s", "DROP TABLE \(table)")], .single, name: "s",
        SQLLimits(lock: .milliseconds(50), statement: .seconds(600)))
    }
    #expect(found?.kind == .locked && found?.isOfFirstStatement == true)
    // Cancelled here, it ends there.
    holder.cancel()
    _ = await holder.result
    try await waitUntil("the server lets it go", seconds: 60) {
      try await psql.query(
        "SELECT count(*) FROM pg_locks WHERE relation = '\(table)'::regclass"
      ).rows == [["0"]]
    }
  }

  @Test func `a script's own COMMIT is refused before anything runs`() async throws {
    let error = await error {
      try await psql.run(script: "CREATE TABLE early (id int);\nCOMMIT;\nSELECT 1", name: "s")
    }
    #expect(error?.kind == .badSQL)
    #expect(error?.line == 2)
    #expect(try await psql.query("SELECT to_regclass('early')").rows == [[nil]])
  }

  @Test func `notices of a script come back`() async throws {
    let notices = try await psql.run(script: "DROP TABLE IF EXISTS nowhere_at_all", name: "s")
    #expect(notices == [#"table "nowhere_at_all" does not exist, skipping"#])
  }

  @Test func `a script larger than a pipe holds arrives whole`() async throws {
    let rows = (0..<30_000).map { "INSERT INTO many VALUES (\($0));" }.joined(separator: "\n")
    try await psql.run(script: "CREATE TABLE many (id int);\n\(rows)", name: "s")
    #expect(try await psql.query("SELECT count(*), sum(id) FROM many").rows == [["30000", "449985000"]])
  }

  @Test func `the server ends a statement that takes too long`() async {
    let error = await error {
      _ = try await psql.query("SELECT pg_sleep(3600)", timeout: .milliseconds(100))
    }
    #expect(error?.kind == .timedOut)
    #expect(error?.sqlState == "57014")
  }

  // MARK: - Connecting

  func psql(_ url: String) throws -> Psql {
    Psql(
      try DatabaseAddress(url: url, source: "DATABASE_URL"), environment: variables,
      processes: LocalProcessRunner(), redact: { $0 })
  }

  @Test func `a wrong password, a missing database, nobody there`() async throws {
    let wrong = try psql("postgresql://app:wrong-password@127.0.0.1:\(server.port)/app")
    var found = await error { _ = try await wrong.query("SELECT 1") }
    #expect(found?.kind == .refused)
    #expect(found?.message.contains("wrong-password") == false)
    let missing = try psql(server.url.replacing("/app", with: "/elsewhere"))
    found = await error { _ = try await missing.query("SELECT 1") }
    #expect(found?.kind == .refused)
    let nobody = try psql("postgresql://app:x@127.0.0.1:1/app")
    found = await error { _ = try await nobody.query("SELECT 1") }
    #expect(found?.kind == .unreachable)
    #expect(found?.message.contains("no connection to app on 127.0.0.1:1: ") == true)
  }

  @Test func `an address wins over variables, which count without one`() async throws {
    let leftovers = Environment(
      variables.variables.merging(["PGHOSTADDR": "192.0.2.1", "PGSERVICE": "none", "PGOPTIONS": "-c x=y"]) {
        $1
      })
    let address = try DatabaseAddress(url: server.url, source: "DATABASE_URL")
    let given = Psql(address, environment: leftovers, processes: LocalProcessRunner(), redact: { $0 })
    #expect(try await given.query("SELECT current_user").rows == [["app"]])
    let named = Environment(variables.variables.merging(address.variables) { $1 })
    let own = Psql(nil, environment: named, processes: LocalProcessRunner(), redact: { $0 })
    #expect(
      try await own.query("SELECT current_database(), current_setting('application_name')").rows
        == [["app", "backstop"]])
  }
}
