import AWSClients
import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import GitHistory
import Redaction
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

// `--rollback-schema`: the rollback scripts of the reverted range, and the database that they run on.
extension RevertRun {
  /// The scripts between the deployed commit and the restore point's, and who runs them; nil where nobody asked.
  func schema(
    _ loaded: LoadedRestorePoint?, _ clients: StackClients
  ) async throws -> (facts: SchemaFacts, adapter: SchemaAdapter)? {
    guard command.rollbackSchema else { return nil }
    guard let older = loaded?.point.commit else {
      throw StepFailure(
        .data, "--rollback-schema: the restore point does not say which commit it holds",
        advice: "name a restore point of a commit with --to, or run the rollback scripts by hand")
    }
    guard let newer = try session.commitId() else {
      throw StepFailure(
        .data, "--rollback-schema: which commit is deployed is not known", advice: "name it with --commit")
    }
    let repository = try session.repository()
    let scripts = try SchemaScripts(
      repository, from: repository.resolve(older), to: repository.resolve(newer),
      patterns: session.policy.gate.migrations)
    let address = try await SchemaDatabase(session: session, clients: clients).address(loaded)
    let psql = Psql(
      address, environment: session.context.environment, processes: session.context.processes,
      redact: { [redactor = session.redactor] in redactor.redact($0) })
    var facts = SchemaFacts(
      database: address?.shown ?? "the database that PGHOST and PGDATABASE name",
      scripts: scripts.scripts.map(\.path))
    (facts.obstacles, facts.remarks) = (scripts.obstacles, scripts.remarks)
    let adapter = SchemaAdapter(scripts: scripts) { sql, isTransaction in
      do throws(PsqlError) {
        try await psql.run(
          script: sql, isTransaction ? .single : .eachStatement, name: "the rollback scripts")
      } catch {
        throw OperationFailure(
          RevertRun.kind(error.kind),
          error.advice.isEmpty ? error.message : "\(error.message)\n  \(error.advice)")
      }
    }
    return (facts, adapter)
  }

  /// What an error of psql says of the scripts' effect.
  private static func kind(_ kind: PsqlError.Kind) -> OperationFailure.Kind {
    switch kind {
    case .badAddress, .badSQL, .missing, .unreachable, .refused, .failed: .refused
    case .timedOut, .cancelled, .other: .uncertain
    }
  }
}

/// Where the application's database is: the configuration's address, else the environment's, else the secret of the
/// stack that owns it.
struct SchemaDatabase {
  let session: StepSession
  let clients: StackClients

  /// Nil leaves it to libpq's own variables.
  func address(_ loaded: LoadedRestorePoint?) async throws -> DatabaseAddress? {
    if let entry = session.config.entries.last(where: { $0.name == "DATABASE_URL" }), !entry.value.isEmpty {
      return try read { () throws(PsqlError) in
        try DatabaseAddress(url: entry.value, source: "DATABASE_URL in \(session.config.path)")
      }
    }
    let environment = session.context.environment
    if let url = environment.nonEmpty("DATABASE_URL") {
      return try read { () throws(PsqlError) in try DatabaseAddress(url: url, source: "DATABASE_URL") }
    }
    if environment.nonEmpty("PGHOST") != nil || environment.nonEmpty("PGSERVICE") != nil { return nil }
    guard let point = loaded?.point, let database = point.database,
      let secret = point.managedSecrets.first(where: { $0.stack == database.stack })
    else {
      throw StepFailure(
        .data, "--rollback-schema: no database is known to run the scripts on",
        advice: "set DATABASE_URL in \(session.config.path) or the environment, or PGHOST and PGDATABASE")
    }
    let value = try await SecretsManagerClient(clients[secret.stack]).getSecretValue(secret.arn)
    session.redactor.learn(value.text ?? "")
    return try read { () throws(PsqlError) in
      try DatabaseAddress(secret: value.text ?? "", source: "the secret \(secret.arn)")
    }
  }

  private func read(_ make: () throws(PsqlError) -> DatabaseAddress) throws -> DatabaseAddress {
    let address: DatabaseAddress
    do throws(PsqlError) {
      address = try make()
    } catch {
      throw StepFailure(.data, error.message, advice: error.advice)
    }
    if let password = address.password { session.redactor.learn(password) }
    return address
  }
}
