import AWSClients
import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import StepResults
import StepRuntime
import SystemInterfaces

/// Reads which migrations a database has seen, from the table of the tool that runs them.
struct SchemaReader: Sendable {
  let psql: Psql

  /// A migration tool's table, the column that holds the version, and how the newest is found.
  struct Tool: Hashable, Sendable {
    var table: String, version: String
    /// What the rows are ordered by; the newest is the last.
    var order: String
    /// Which rows count.
    var condition = "true"
  }

  /// The tables of the usual tools, as their manuals have them.
  static let tools = [
    Tool(table: "flyway_schema_history", version: "version", order: "installed_rank", condition: "success"),
    Tool(table: "alembic_version", version: "version_num", order: "version_num"),
    Tool(table: "django_migrations", version: "app || '.' || name", order: "id"),
    Tool(table: "schema_migrations", version: "version", order: "version"),
    Tool(
      table: "_prisma_migrations", version: "migration_name", order: "started_at",
      condition: "finished_at IS NOT NULL AND rolled_back_at IS NULL"),
    Tool(table: "knex_migrations", version: "name", order: "id"),
    Tool(table: "databasechangelog", version: "id", order: "orderexecuted"),
    Tool(table: "goose_db_version", version: "version_id", order: "id", condition: "is_applied"),
    Tool(table: "typeorm_migrations", version: "name", order: "id"),
  ]

  /// The state of the schema; nil where no tool that is known keeps a table.
  func read() async throws(PsqlError) -> SchemaState? {
    let names = SchemaReader.tools.map { "'\($0.table)'" }.joined(separator: ", ")
    let found = try await psql.query(
      """
      SELECT table_name, quote_ident(table_schema) || '.' || quote_ident(table_name)
      FROM information_schema.tables
      WHERE table_name IN (\(names)) AND table_schema NOT IN ('pg_catalog', 'information_schema')
      ORDER BY table_schema = 'public' DESC, table_schema
      """)
    for tool in SchemaReader.tools {
      guard let row = found.rows.first(where: { $0.first == tool.table }), let table = row.last ?? nil else {
        continue
      }
      let state = try await psql.query(
        """
        SELECT (\(tool.version))::text, (SELECT count(*) FROM \(table) WHERE \(tool.condition))
        FROM \(table) WHERE \(tool.condition) ORDER BY \(tool.order) DESC LIMIT 1
        """)
      guard let newest = state.rows.first, let version = newest.first ?? nil,
        let count = (newest.last ?? nil).flatMap({ Int($0) })
      else { return SchemaState(table: tool.table, version: "none", count: 0) }
      return SchemaState(table: tool.table, version: version, count: count)
    }
    return nil
  }

  /// The schema of the session's database; what keeps it from being read is told.
  ///
  /// A database that only the stacks tell is asked where probes of the policy say that it can be reached: most stand where
  /// no pipeline gets to.
  static func state(_ session: StepSession) async throws -> (SchemaState?, [Finding]) {
    let environment = session.context.environment
    let isNamed =
      session.config.databaseURL != nil
      || ["DATABASE_URL", "PGHOST", "PGSERVICE"].contains { environment.nonEmpty($0) != nil }
    guard isNamed || !session.policy.smoke.sql.isEmpty else { return (nil, []) }
    do {
      guard let psql = try await session.database() else { return (nil, []) }
      if let state = try await SchemaReader(psql: psql).read() { return (state, []) }
      return (nil, [unknown(.notice, "no migration tool that is known keeps a table in the database")])
    } catch let error as PsqlError {
      return (nil, [unknown(.warning, "\(error)\(error.advice.isEmpty ? "" : "; \(error.advice)")")])
    } catch let error as AWSError where error.kind == .accessDenied || error.kind == .notFound {
      return (nil, [unknown(.warning, "\(error)")])
    }
  }

  private static func unknown(_ severity: Severity, _ why: String) -> Finding {
    Finding("schema-unknown", severity, "the schema's version was not recorded: \(why)", subject: "schema")
  }
}
