import AWSClients
import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import RestorePoints
import StepResults
import StepRuntime
import SystemInterfaces

/// Reads which migrations a database has seen, from the table of the tool that runs them.
enum SchemaReader {
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
      if let state = try await SchemaHistory(of: psql).state { return (state, []) }
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
