import DatabaseAccess
import DeploymentRecords
import RestorePoints
import SystemInterfaces
import TestSupport
import Testing

@testable import PreflightSnapshot

/// Against a real PostgreSQL, in a database of its own for each tool.
@Suite(.enabled(if: PostgreSQLServer.isInstalled)) struct SchemaReaderTests {
  private func state(_ name: String, _ script: String) async throws -> SchemaState? {
    let server = try PostgreSQLServer.shared()
    let database = "schema_\(name)_\(Randomness().hex(6))"
    func psql(_ url: String) throws -> Psql {
      Psql(
        try DatabaseAddress(url: url, source: "DATABASE_URL"),
        environment: Environment(["PATH": "/usr/bin:/bin"]),
        processes: LocalProcessRunner(), redact: { $0 })
    }
    try await psql(server.url).run(script: "CREATE DATABASE \(database)", .eachStatement, name: "setup")
    let own = try psql("\(server.url.dropLast(3))\(database)")
    if !script.isEmpty { try await own.run(script: script, name: "setup") }
    return try await SchemaHistory(of: own).state
  }

  @Test(arguments: [
    (
      "flyway_schema_history", "2.1", 2,
      """
      CREATE TABLE flyway_schema_history (installed_rank int, version text, type text, script text, success bool);
      INSERT INTO flyway_schema_history VALUES (1, '1', 'SQL', 'V1__a.sql', true),
        (2, '2.1', 'SQL', 'V2_1__b.sql', true), (3, '3', 'SQL', 'V3__c.sql', false);
      """
    ),
    (
      "alembic_version", "ae1027a6acf", 1,
      "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('ae1027a6acf');"
    ),
    (
      "django_migrations", "shop.0002_prices", 2,
      """
      CREATE TABLE django_migrations (id int, app text, name text);
      INSERT INTO django_migrations VALUES (1, 'auth', '0001_initial'), (2, 'shop', '0002_prices');
      """
    ),
    (
      "schema_migrations", "20260102000000", 2,
      """
      CREATE SCHEMA app; CREATE TABLE app.schema_migrations (version text);
      INSERT INTO app.schema_migrations VALUES ('20260102000000'), ('20260101000000');
      """
    ),
    (
      "schema_migrations", "7", 1,
      "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (7, false);"
    ),
    (
      "_prisma_migrations", "2_b", 1,
      """
      CREATE TABLE _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz,
        rolled_back_at timestamptz);
      INSERT INTO _prisma_migrations VALUES ('1_a', '2026-01-01', '2026-01-01', '2026-01-02'),
        ('2_b', '2026-01-03', '2026-01-03', NULL), ('3_c', '2026-01-04', NULL, NULL);
      """
    ),
    (
      "goose_db_version", "3", 1,
      """
      CREATE TABLE goose_db_version (id int, version_id bigint, is_applied bool);
      INSERT INTO goose_db_version VALUES (1, 0, true), (2, 3, true), (3, 4, false);
      """
    ),
    ("knex_migrations", "none", 0, "CREATE TABLE knex_migrations (id int, name text, batch int);"),
  ]) func `the tool's table tells the version`(table: String, version: String, count: Int, script: String)
    async throws
  {
    #expect(
      try await state(table, script) == SchemaState(table: table, version: version, count: count))
  }

  @Test func `a database without such a table has no version`() async throws {
    #expect(try await state("empty", "") == nil)
  }
}
