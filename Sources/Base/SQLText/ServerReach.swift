/// What takes SQL out of its database: the server's files and programs, other hosts, and SQL that nobody can read before
/// it runs.
public enum ServerReach: Hashable, Sendable {
  /// Code or programs that run on the server, or could be made to.
  case program
  /// Files of the server, and other hosts.
  case outside
  /// SQL that is put together when it runs.
  case unreadable

  /// What calling the function `name` reaches; nil for the others. The name is in lower case.
  static func ofFunction(_ name: String) -> ServerReach? {
    if unreadableFunctions.contains(name) { return .unreadable }
    if outsideFunctions.contains(name) || name.hasPrefix("dblink_") || name.hasPrefix("pg_ls_") {
      return .outside
    }
    return nil
  }

  /// What the language `name` lets its functions do.
  static func ofLanguage(_ name: String) -> ServerReach? {
    // `u` is PostgreSQL's own mark of what may do anything on the server.
    let isMarked = name.hasPrefix("pl") && name.hasSuffix("u")
    return isMarked || ["c", "internal", "plr", "plsh"].contains(name) ? .program : nil
  }

  /// What the extension `name` brings with it.
  static func ofExtension(_ name: String) -> ServerReach? {
    // jsonb_plpython3u brings its language along.
    let last = name.split(separator: "_").last.map(String.init) ?? name
    if ofLanguage(name) != nil || last.hasPrefix("pl") && ofLanguage(last) != nil { return .program }
    return outsideExtensions.contains(name) || name.hasSuffix("_fdw") ? .outside : nil
  }

  /// Settings that make the server load code or run a program.
  static func ofSetting(_ name: String) -> ServerReach? {
    name.hasSuffix("_preload_libraries") || programSettings.contains(name) ? .program : nil
  }

  private static let programSettings: Set<String> = [
    "archive_command", "archive_cleanup_command", "restore_command", "recovery_end_command",
    "ssl_passphrase_command", "dynamic_library_path", "archive_library",
  ]

  /// Roles whose members reach files and programs.
  static let reachingRoles: Set<String> = [
    "pg_execute_server_program", "pg_read_server_files", "pg_write_server_files",
  ]

  /// Tables of the system that no statement of a project changes.
  static let rightsTables: Set<String> = [
    "pg_authid", "pg_auth_members", "pg_proc", "pg_language", "pg_shadow", "pg_db_role_setting",
  ]

  private static let outsideFunctions: Set<String> = [
    "pg_read_file", "pg_read_binary_file", "pg_stat_file", "pg_file_write", "pg_file_read",
    "pg_file_rename", "pg_file_unlink", "pg_file_sync", "pg_logdir_ls", "lo_import",
    "lo_export", "dblink", "http", "http_get", "http_post", "http_put", "http_patch", "http_delete",
    "http_head",
    "table_import_from_s3", "query_export_to_s3",
  ]

  private static let unreadableFunctions: Set<String> = [
    "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "crosstab", "crosstab2", "crosstab3",
    "crosstab4", "crosstabn", "connectby", "ts_stat", "xpath_table", "exec_sql", "execute_sql",
  ]

  private static let outsideExtensions: Set<String> = [
    "dblink", "adminpack", "http", "pg_net", "aws_s3", "aws_lambda", "pgsql_http", "file_fdw", "postgres_fdw",
    "pg_cron",
  ]
}
