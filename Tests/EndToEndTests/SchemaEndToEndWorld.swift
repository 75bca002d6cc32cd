import Foundation
import JSONValues
import SystemInterfaces
import TestSupport

/// An application whose second version came with a migration, on the local AWS and on a database of its own.
struct SchemaWorld {
  let aws: AutoRevertWorld
  let git: TestRepository
  let database = "schema_\(Randomness().hex(8))"
  let server: PostgreSQLServer

  init() throws {
    aws = try AutoRevertWorld(try LocalAWS.shared())
    git = try TestRepository()
    server = try PostgreSQLServer.shared()
    let made = try runProgram("psql", [server.url, "-qc", "CREATE DATABASE \(database)"])
    guard made.status == 0 else { throw AutoRevertWorld.Unexpected(description: made.error) }
    try aws.writeConfig(["API_STACK=\(aws.name)", "DATABASE_URL=\(url)"])
  }

  var url: String { server.url.dropLast("app".count) + database }

  /// libpq's variables for it.
  var variables: [String: String] {
    [
      "PGHOST": "127.0.0.1", "PGPORT": "\(server.port)", "PGUSER": "app", "PGDATABASE": database,
      "PGPASSWORD": PostgreSQLServer.password, "DATABASE_URL": url,
    ]
  }

  /// Runs SQL; the rows, one a line.
  @discardableResult
  func sql(_ text: String) throws -> String {
    let result = try runProgram("psql", [url, "-Atq", "-v", "ON_ERROR_STOP=1", "-f", "-"], input: text)
    guard result.status == 0 else { throw AutoRevertWorld.Unexpected(description: result.error) }
    return result.lines.joined(separator: "\n")
  }

  /// The columns of the table that the second version's migration changes.
  var columns: String {
    get throws {
      try sql(
        """
        SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns
        WHERE table_name = 'jobs' AND table_schema = 'public'
        """)
    }
  }

  func policy(_ text: String) throws {
    try text.write(toFile: aws.folder("backstop.yml"), atomically: true, encoding: .utf8)
  }

  /// Commits both versions, deploys the first, records it, and deploys the second.
  /// - Parameter migrate: brings the database to the second version.
  /// - Returns: the second version's commit.
  func deploy(
    _ older: [String: String], _ newer: [String: String], migrate: () throws -> Void
  ) async throws -> String {
    for (path, text) in older { try git.write(text, to: path) }
    try git.write("first", to: "version")
    let first = try git.commit("first")
    for (path, text) in newer { try git.write(text, to: path) }
    try git.write("second", to: "version")
    let second = try git.commit("second")
    try await aws.aws.createStack(aws.name, template: aws.plain())
    let snapshot = try aws.run("preflight-snapshot", options + ["--deployed-commit", first])
    guard snapshot.status == 0 else {
      throw AutoRevertWorld.Unexpected(description: snapshot.output + snapshot.error)
    }
    try await aws.aws.updateStack(aws.name, template: aws.plain(), parameters: ["Version": "2"])
    try migrate()
    return second
  }

  var options: [String] {
    let policy = FileManager.default.fileExists(atPath: aws.folder("backstop.yml"))
    return ["--repo", git.path, "--records", aws.folder(".backstop/prod")]
      + (policy ? ["--policy", aws.folder("backstop.yml")] : [])
  }

  func arguments(_ commit: String, _ more: [String]) -> [String] {
    options + [
      "--commit", commit, "--confirm", "rollback-production", "--reason", "it is bad", "--format", "json",
      "--rollback-schema",
    ] + more
  }

  func revert(_ commit: String, _ more: String...) throws -> BuiltStep.Outcome {
    try aws.run("auto-revert", arguments(commit, more))
  }

  /// A session that holds a lock until its process is ended.
  func hold(_ statement: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["psql", url, "-qc", "BEGIN; \(statement); SELECT pg_sleep(3600)"]
    process.environment = ProcessInfo.processInfo.environment.merging(["PGAPPNAME": "a-report"]) { $1 }
    try process.begin()
    try waitUntil("the lock is held") {
      try sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'a-report' AND wait_event = 'PgSleep'"
      )
        == "1"
    }
    return process
  }

  /// Sessions of the step at this database.
  var sessions: String {
    get throws {
      try sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backstop' AND datname = '\(database)'"
      )
    }
  }
}
