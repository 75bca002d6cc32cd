import CloudFormationModel
import RollbackPlanning

/// Runs rollback scripts, as few transactions as PostgreSQL allows.
public struct SchemaAdapter: Sendable {
  let scripts: SchemaScripts
  /// Runs SQL, in one transaction or as it stands.
  let execute: @Sendable (_ sql: String, _ inOneTransaction: Bool) async throws -> Void

  /// Runs them all; the first that fails ends it.
  func run() async throws {
    var done: [String] = []
    for step in scripts.steps {
      let sql = step.scripts.map { "-- \($0.path)\n\($0.sql)" }.joined(separator: "\n;\n")
      do {
        try await execute(sql, step.isTransaction)
      } catch let failure as OperationFailure where !done.isEmpty {
        throw OperationFailure(
          failure.kind,
          "\(failure.message)\n  done before that, and not undone: \(done.joined(separator: ", "))")
      }
      done += step.scripts.map(\.path)
    }
  }
}
