import DatabaseAccess
import DeploymentConfig
import RollbackPlanning
import StepRuntime
import SystemInterfaces

/// Runs rollback scripts so that they hold nobody up: a lock is waited for only shortly, and again after a pause, and never
/// beyond the time that there is.
struct SchemaRunner: Sendable {
  let psql: Psql
  let policy: SchemaPolicy
  let clock: any WallClock
  /// Told what is waited for.
  let say: @Sendable (String) -> Void

  /// Runs `parts`.
  /// - Parameter end: when the time for it runs out.
  func run(_ parts: [SQLPart], _ transaction: Psql.Transaction, until end: Timestamp) async throws {
    for attempt in 1... {
      let left = end - clock.now
      guard left > .zero else {
        throw OperationFailure(.refused, "the time ran out before the rollback scripts were begun")
      }
      // The server ends a statement before psql is ended here: it knows which one it was.
      let statement = min(policy.statementTimeout, left - min(.seconds(2), left / 4))
      do throws(PsqlError) {
        try await psql.run(
          scripts: parts, transaction, name: "the rollback scripts",
          SQLLimits(lock: min(policy.lockTimeout, statement), statement: statement, total: left))
        return
      } catch {
        let isLast = attempt >= policy.tries || clock.now + policy.pause >= end
        // Outside a transaction what came before the statement stays, and is not done twice.
        let canRepeat = transaction != .eachStatement || error.isOfFirstStatement
        guard error.kind == .locked, canRepeat, !isLast else { throw await failure(error, attempt) }
        say(
          "locks are held that the rollback scripts need (\(error.message)); once more in \(policy.pause.text), try "
            + "\(attempt + 1) of \(policy.tries)")
      }
      try await clock.sleep(for: policy.pause)
    }
  }

  private func failure(_ error: PsqlError, _ attempts: Int) async -> OperationFailure {
    var message = error.message
    if error.kind == .locked {
      let times = attempts == 1 ? "one try" : "\(attempts) tries"
      message += "; waited for \(policy.lockTimeout.text) in each of \(times)"
      message += await holders().map { ". Locks are held by \($0)" } ?? ""
    }
    if !error.advice.isEmpty { message += "\n  \(error.advice)" }
    return OperationFailure(SchemaRunner.kind(error.kind), message)
  }

  /// Who holds locks on the application's tables, the longest transaction first; nil where nobody does, or it cannot be seen.
  private func holders() async -> String? {
    let rows = try? await psql.query(
      """
      SELECT a.pid, coalesce(nullif(a.application_name, ''), 'no name'), coalesce(a.state, 'not shown'),
        coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::bigint::text, '?'),
        string_agg(DISTINCT c.relname, ', ')
      FROM pg_catalog.pg_locks l
      JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = current_database()
      JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p')
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
      GROUP BY a.pid, a.application_name, a.state, a.xact_start
      ORDER BY a.xact_start NULLS LAST LIMIT 3
      """, timeout: .seconds(3)
    ).rows
    guard let rows, !rows.isEmpty else { return nil }
    return rows.map { row in
      let cells = row.map { $0 ?? "?" }
      return "process \(cells[0]) (\(cells[1]), \(cells[2]), transaction of \(cells[3]) s) on \(cells[4])"
    }.joined(separator: "; ")
  }

  /// What an error of psql says of the scripts' effect.
  private static func kind(_ kind: PsqlError.Kind) -> OperationFailure.Kind {
    switch kind {
    case .badAddress, .badSQL, .missing, .unreachable, .refused, .failed, .locked: .refused
    case .timedOut, .cancelled, .other: .uncertain
    }
  }
}
