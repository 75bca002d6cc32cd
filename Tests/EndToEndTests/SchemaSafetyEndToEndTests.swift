import Foundation
import JSONValues
import TestSupport
import Testing

/// The built `auto-revert --rollback-schema` where something stands in its way: nothing goes back before that is known,
/// and nobody waits behind it.
@Suite(
  .enabled(if: LocalAWS.isInstalled && PostgreSQLServer.isInstalled, "ci/install was not run"), .blocking)
struct SchemaSafetyEndToEndTests {
  let world: SchemaWorld

  init() throws { world = try SchemaWorld() }

  /// Two versions with Flyway's files, migrated; `down` takes the second back.
  private func deploy(
    down: String = SchemaEndToEndTests.down, table: String = SchemaEndToEndTests.flyway
  ) async throws -> String {
    try await world.deploy(
      ["db/migration/V1__jobs.sql": "SELECT 1;"],
      ["db/migration/V2__notes.sql": SchemaEndToEndTests.up, "db/migration/U2__notes.sql": down]
    ) {
      try world.sql("CREATE TABLE jobs (id int); \(SchemaEndToEndTests.up) \(table)")
    }
  }

  private func expectUntouched(
    _ outcome: BuiltStep.Outcome, _ words: String..., location: SourceLocation = #_sourceLocation
  ) async throws {
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.error)", sourceLocation: location)
    for word in words {
      #expect(
        outcome.output.contains(word), "\(word): \(outcome.output)\(outcome.error)", sourceLocation: location)
    }
    let (columns, marker) = (try world.columns, try await world.aws.marker())
    #expect(columns == "id notes" && marker == "2", sourceLocation: location)
    try waitUntil("no session is left") { try world.sessions == "0" }
  }

  @Test func `another session's lock is waited for shortly and named, and the application stays`()
    async throws
  {
    try world.policy("auto-revert: { schema: { lock-timeout: 200ms, tries: 2, pause: 100ms } }")
    let second = try await deploy()
    let holder = try world.hold("LOCK TABLE jobs IN ACCESS SHARE MODE")
    let words = ["db/migration/U2__notes.sql:1", "lock timeout", "each of 2 tries", "a-report", "on jobs"]
    for more in [["--dry-run"], []] {
      let outcome = try world.aws.run("auto-revert", world.arguments(second, more))
      try await expectUntouched(outcome, words[0], words[1], words[2], words[3], words[4])
    }
    try world.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'a-report'")
    holder.waitUntilExit()
    let outcome = try world.revert(second)
    #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.error)")
    #expect(try world.columns == "id")
  }

  @Test func `what a migration took away is said to come back empty`() async throws {
    let drop = "ALTER TABLE jobs DROP COLUMN notes;\n"
    let second = try await world.deploy(
      ["db/migration/V1__jobs.sql": "CREATE TABLE jobs (id int, notes text);\n"],
      ["db/migration/V2__notes.sql": drop, "db/migration/U2__notes.sql": SchemaEndToEndTests.up]
    ) {
      try world.sql("CREATE TABLE jobs (id int, notes text); \(drop) \(SchemaEndToEndTests.flyway)")
    }
    for more in [["--dry-run"], []] {
      let outcome = try world.aws.run("auto-revert", world.arguments(second, more))
      #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.error)")
      #expect(
        outcome.output.contains("db/migration/V2__notes.sql (ban-drop-column) took data away"),
        "\(outcome.output)")
    }
    #expect(try world.columns == "id notes")
    #expect(try world.sql("SELECT string_agg(version, ' ') FROM flyway_schema_history;") == "1")
  }

  @Test func `the one deadline reaches the database`() async throws {
    let second = try await deploy(down: "SELECT pg_sleep(3600);\n\(SchemaEndToEndTests.down)")
    try await expectUntouched(
      try world.revert(second, "--deadline", "12s"), "db/migration/U2__notes.sql:1", "statement timeout")
  }

  @Test func `a run that is ended ends its session`() async throws {
    let second = try await deploy(down: "SELECT pg_sleep(3600);\n\(SchemaEndToEndTests.down)")
    let step = BuiltStep("auto-revert", in: world.aws.folder.path, variables: world.aws.variables)
    let outcome = try step.run(["prod"] + world.arguments(second, [])) { process in
      try waitUntil("the script runs", seconds: 120) {
        guard kill(process, 0) == 0 else { throw AutoRevertWorld.Unexpected(description: "it has ended") }
        return try world.sql(
          """
          SELECT count(*) FROM pg_stat_activity
          WHERE application_name = 'backstop' AND wait_event = 'PgSleep' AND datname = '\(world.database)'
          """) == "1"
      }
      kill(process, SIGTERM)
    }
    #expect(outcome.status == 143, "\(outcome.output)\(outcome.error)")
    try waitUntil("no session is left") { try world.sessions == "0" }
    #expect(try await world.aws.marker() == "2")
  }

  @Test func `a login that is refused, a right that is missing`() async throws {
    let second = try await deploy()
    let role = "reader_\(world.database)"
    try world.sql(
      """
      CREATE ROLE \(role) LOGIN PASSWORD 'reader';
      GRANT SELECT, UPDATE, DELETE ON flyway_schema_history TO \(role);
      """)
    let place = "127.0.0.1:\(world.server.port)/\(world.database)"
    try world.aws.writeConfig(["API_STACK=\(world.aws.name)", "DATABASE_URL=postgresql://app:wrong@\(place)"])
    try await expectUntouched(try world.revert(second), "could not be read", "refused the connection")
    try world.aws.writeConfig([
      "API_STACK=\(world.aws.name)", "DATABASE_URL=postgresql://\(role):reader@\(place)",
    ])
    try await expectUntouched(
      try world.revert(second), "db/migration/U2__notes.sql:1", "must be owner of table jobs")
  }

  @Test(arguments: [
    ("CREATE TABLE our_migrations (id int, name text)", "looks like the history of a migration tool"),
    (
      SchemaEndToEndTests.flyway + "UPDATE flyway_schema_history SET success = false WHERE version = '2'",
      "failed half way"
    ),
    (
      SchemaEndToEndTests.flyway
        + "INSERT INTO flyway_schema_history VALUES (3, '3', 'x', 'SQL', 'V3__x.sql', 1, 'a', now(), 1, true)",
      "came after what is undone"
    ),
    ("CREATE TABLE knex_migrations (id int, name text, batch int)", "no history of that"),
  ]) func `what the history does not tell stops it`(table: String, words: String) async throws {
    let second = try await deploy(table: table)
    try await expectUntouched(try world.revert(second), words)
  }

  @Test func `what no transaction takes is named, and run`() async throws {
    let second = try await deploy(
      down: "DROP INDEX CONCURRENTLY by_notes;\n\(SchemaEndToEndTests.down)",
      table: "CREATE INDEX by_notes ON jobs (notes);" + SchemaEndToEndTests.flyway)
    let shown = try world.revert(second, "--dry-run")
    #expect(shown.status == 0, "\(shown.output)\(shown.error)")
    #expect(
      shown.output.contains("not tried beforehand: db/migration/U2__notes.sql (no transaction takes it)"),
      "\(shown.output)")
    let outcome = try world.revert(second)
    #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.error)")
    #expect(try world.columns == "id")
    #expect(try world.sql("SELECT string_agg(version, ' ') FROM flyway_schema_history;") == "1")
  }

  // MARK: - The tool's own undo

  @Test func `a command of the policy takes back what is code, and what it leaves undone is seen`()
    async throws
  {
    try world.policy("auto-revert: { schema: { undo: { rails: [\"true\"] } } }")
    let second = try await world.deploy(
      ["db/migrate/20260101_jobs.rb": "class Jobs\nend\n"],
      [
        "db/migrate/20260102_notes.rb":
          "class Notes < ActiveRecord::Migration[7.1]\n  def change\n    add_column :jobs, :notes, :text\n  end\nend\n"
      ]
    ) {
      try world.sql(
        """
        CREATE TABLE jobs (id int); \(SchemaEndToEndTests.up)
        CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
        INSERT INTO schema_migrations VALUES ('20260101'), ('20260102');
        """)
    }
    let idle = try world.revert(second)
    #expect(idle.status == 1, "\(idle.output)\(idle.error)")
    #expect(idle.output.contains("still holds db/migrate/20260102_notes.rb as applied"), "\(idle.output)")
    try world.policy(
      """
      auto-revert:
        schema:
          undo:
            rails: [psql, -qc, "ALTER TABLE jobs DROP COLUMN notes; DELETE FROM schema_migrations WHERE version = '{version}'"]
      """)
    let outcome = try world.revert(second)
    #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("rails's own undo"))
    #expect(try world.columns == "id")
    #expect(try world.sql("SELECT version FROM schema_migrations;") == "20260101")
    try world.policy("auto-revert:\n  schema:\n    undo:\n      nobody: [x]\n")
    let unknown = try world.revert(second)
    #expect(unknown.status == 65 && unknown.error.contains("backstop.yml:4"), "\(unknown.error)")
  }
}
