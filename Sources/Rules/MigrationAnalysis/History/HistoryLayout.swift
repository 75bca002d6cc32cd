/// How a migration tool keeps, in the database, which migrations have been applied.
public struct HistoryLayout: Hashable, Sendable {
  /// What a row's being there means.
  public enum Kind: Hashable, Sendable {
    /// One row a migration.
    case rows
    /// One row, or one a branch, that names the newest migration: those before it are applied as well.
    case newest
  }
  /// The tools that keep it so; the first gives it its name.
  public var tools: [MigrationTool]
  /// The names that the table may have.
  public var tables: [String]
  /// Columns that tell it from tables of the same name.
  public var columns: Set<String>
  /// SQL for the parts of a migration's key.
  public var key: [String]
  /// SQL by which rows are sorted, oldest first.
  public var order: String
  /// SQL for whether the row says that its migration is applied.
  public var applied = "true"
  /// SQL for a state that the tool itself refuses to go on from.
  public var broken = "false"
  /// SQL for rows that are migrations at all.
  public var counted = "true"
  /// What a row means.
  public var kind = Kind.rows
  /// SQL that names what only the newest row of counts, where a migration may have several.
  public var latestOf: String?

  /// The layouts of the usual tools, as their manuals and sources have them; more columns come first.
  public static let all: [HistoryLayout] = [
    HistoryLayout(
      tools: [.flyway], tables: ["flyway_schema_history", "schema_version"],
      columns: ["installed_rank", "version", "type", "script", "success"], key: ["version", "script"],
      order: "installed_rank", applied: "success AND type NOT LIKE 'UNDO%' AND type <> 'DELETE'",
      broken: "NOT success", counted: "version IS NOT NULL", latestOf: "version"),
    HistoryLayout(
      tools: [.liquibase], tables: ["databasechangelog"],
      columns: ["id", "author", "filename", "orderexecuted"], key: ["id", "author", "filename"],
      order: "orderexecuted", applied: "exectype NOT IN ('FAILED', 'SKIPPED')"),
    HistoryLayout(
      tools: [.alembic], tables: ["alembic_version"], columns: ["version_num"], key: ["version_num"],
      order: "version_num", kind: .newest),
    HistoryLayout(
      tools: [.django], tables: ["django_migrations"], columns: ["id", "app", "name"], key: ["app", "name"],
      order: "id"),
    HistoryLayout(
      tools: [.golangMigrate], tables: ["schema_migrations"], columns: ["version", "dirty"], key: ["version"],
      order: "version", broken: "dirty", kind: .newest),
    HistoryLayout(
      tools: [.ecto], tables: ["schema_migrations"], columns: ["version", "inserted_at"], key: ["version"],
      order: "version"),
    HistoryLayout(
      tools: [.rails, .dbmate], tables: ["schema_migrations"], columns: ["version"], key: ["version"],
      order: "version"),
    HistoryLayout(
      tools: [.prisma], tables: ["_prisma_migrations"],
      columns: ["migration_name", "started_at", "finished_at", "rolled_back_at"], key: ["migration_name"],
      order: "started_at", applied: "finished_at IS NOT NULL AND rolled_back_at IS NULL",
      broken: "finished_at IS NULL AND rolled_back_at IS NULL", latestOf: "migration_name"),
    HistoryLayout(
      tools: [.sequelize], tables: ["SequelizeMeta"], columns: ["name"], key: ["name"], order: "name"),
    HistoryLayout(
      tools: [.typeorm], tables: ["migrations", "typeorm_migrations"], columns: ["id", "timestamp", "name"],
      key: ["name"], order: "id"),
    HistoryLayout(
      tools: [.knex], tables: ["knex_migrations"], columns: ["id", "name", "batch"], key: ["name"],
      order: "id"),
    HistoryLayout(
      tools: [.goose, .gooseGo], tables: ["goose_db_version"], columns: ["id", "version_id", "is_applied"],
      key: ["version_id"], order: "id", applied: "is_applied", counted: "version_id <> 0",
      latestOf: "version_id"),
    HistoryLayout(
      tools: [.sqitch], tables: ["changes"], columns: ["change_id", "change", "project", "committed_at"],
      key: ["change", "project"], order: "committed_at"),
    HistoryLayout(
      tools: [.entityFramework], tables: ["__EFMigrationsHistory"], columns: ["MigrationId"],
      key: ["\"MigrationId\""], order: "\"MigrationId\""),
    HistoryLayout(
      tools: [.yoyo], tables: ["_yoyo_migration", "_yoyo_migrations"],
      columns: ["migration_hash", "migration_id", "applied_at_utc"], key: ["migration_id"],
      order: "applied_at_utc"),
    HistoryLayout(
      tools: [.sqlx], tables: ["_sqlx_migrations"], columns: ["version", "success"], key: ["version"],
      order: "version", applied: "success", broken: "NOT success"),
    HistoryLayout(
      tools: [.diesel], tables: ["__diesel_schema_migrations"], columns: ["version", "run_on"],
      key: ["version"], order: "version"),
    HistoryLayout(
      tools: [.laravel], tables: ["migrations"], columns: ["id", "migration", "batch"], key: ["migration"],
      order: "id"),
    HistoryLayout(
      tools: [.nodePgMigrate], tables: ["pgmigrations"], columns: ["id", "name", "run_on"], key: ["name"],
      order: "id"),
    HistoryLayout(
      tools: [.phinx], tables: ["phinxlog"], columns: ["version"], key: ["version"], order: "version"),
    HistoryLayout(
      tools: [.doctrine], tables: ["doctrine_migration_versions"], columns: ["version", "executed_at"],
      key: ["version"], order: "executed_at"),
    HistoryLayout(
      tools: [.mikroORM], tables: ["mikro_orm_migrations"], columns: ["id", "name"], key: ["name"],
      order: "id"),
  ]

  /// The layout of a table by its name and columns; nil where no known tool has such a one.
  public static func of(table: String, columns: Set<String>) -> HistoryLayout? {
    all.first { layout in
      layout.tables.contains { $0.lowercased() == table.lowercased() } && layout.columns.isSubset(of: columns)
    }
  }

  /// Whether a table looks as if some tool kept its history there.
  public static func looksLikeHistory(table: String, columns: Set<String>) -> Bool {
    let name = table.lowercased()
    let words = ["schema_version", "schema_history", "migration_history", "migrationhistory", "changelog"]
    let isNamed =
      words.contains(where: name.hasSuffix) || name.hasSuffix("migrations") || name.hasSuffix("_migration")
      || name.hasSuffix("schema_info") || name.hasSuffix("db_version")
    let usual: Set<String> = ["version", "name", "migration", "id", "filename", "script", "migration_id"]
    return isNamed && !usual.isDisjoint(with: columns.map { $0.lowercased() })
      // What tools keep beside their history.
      && !["databasechangeloglock", "knex_migrations_lock"].contains(name)
  }

  /// The query for tables that a history may stand in: schema, name, whether it is found without its schema, columns.
  public static var tablesQuery: String {
    """
    SELECT n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid),
      pg_catalog.string_agg(a.attname::pg_catalog.text, ',' ORDER BY a.attnum)
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND (c.relname ~* '(migration|changelog|schema_|db_version|phinxlog)' OR c.relname = 'alembic_version'
        OR c.relname = 'SequelizeMeta' OR c.relname = 'changes')
    GROUP BY n.nspname, c.relname, c.oid
    ORDER BY 3 DESC, 1, 2
    """
  }

  /// The query for whether `table` holds rows that an undo left; nil where the tool writes none.
  public func undoRowsQuery(_ table: String) -> String? {
    tools.first == .flyway ? "SELECT EXISTS (SELECT FROM \(table) WHERE type LIKE 'UNDO%')" : nil
  }

  /// The query for the rows of `table`, oldest first: whether applied, whether broken, then the key's parts.
  public func rowsQuery(_ table: String) -> String {
    let parts = key.map { "(\($0))::text" }.joined(separator: ", ")
    let rows = "SELECT (\(applied)), (\(broken)), \(parts) FROM \(table) WHERE \(counted)"
    guard let latestOf else { return "\(rows) ORDER BY \(order)" }
    // A migration that was undone and applied again is what its newest row says.
    return """
      SELECT (\(applied)), (\(broken)), \(parts) FROM (
        SELECT DISTINCT ON (\(latestOf)) * FROM \(table) WHERE \(counted) ORDER BY \(latestOf), \(order) DESC
      ) newest ORDER BY \(order)
      """
  }
}
