import AWSClients
import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import GitHistory
import MigrationAnalysis
import Redaction
import Reporting
import RestorePoints
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

// `--rollback-schema`: the rollback scripts of the reverted range, and the database that they run on.
extension RevertRun {
  /// The scripts between the deployed commit and the restore point's, who runs them, and whether they could run; nil where
  /// nobody asked.
  func schema(
    _ loaded: LoadedRestorePoint?, _ clients: StackClients, _ limit: TimeLimit, _ task: RevertTask
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
    let commands = try undoCommands()
    let repository = try session.repository()
    let range = try SchemaRange(
      repository, from: repository.resolve(older), to: repository.resolve(newer),
      patterns: session.policy.gate.migrations)
    let address = try await SchemaDatabase(session: session, clients: clients).address(loaded)
    let psql = Psql(
      address, environment: session.context.environment, processes: session.context.processes,
      redact: { [redactor = session.redactor] in redactor.redact($0) })
    let database = SchemaOnDatabase(
      session: session, psql: psql, address: address, range: range, commands: commands, end: limit.end)
    var facts = SchemaFacts(database: psql.shown, scripts: [])
    let (history, why) = await database.history()
    var scripts = SchemaScripts(range, history: history, commands: commands)
    if let why { scripts.obstacles.append(why) }
    scripts.obstacles += database.missingFiles(scripts)
    let adapter = database.adapter(scripts, isKnown: history?.isKnown ?? false)
    facts.isKnown = history?.isKnown ?? false
    // What a run before this one did, or may have done, cannot be tried: only a history tells.
    let name = "\(PlannedAction.Kind.rollBackSchema.rawValue) \(facts.database)"
    let mayBeDone = task.done.contains(name) || task.unknown.contains(name) && !facts.isKnown
    if scripts.obstacles.isEmpty, !scripts.steps.isEmpty, !mayBeDone {
      session.progress.say("trying the rollback scripts in a transaction that is rolled back")
      let trial = try await database.trialAdapter(scripts).tryOut()
      if let failure = trial.failure {
        scripts.obstacles.append("tried in a transaction that was rolled back, it failed: \(failure)")
      }
      if !trial.untried.isEmpty {
        scripts.remarks.append("not tried beforehand: \(trial.untried.joined(separator: ", ")).")
      }
    }
    facts.scripts = scripts.paths
    (facts.obstacles, facts.remarks) = (scripts.obstacles, scripts.remarks)
    let lost = try RangeMigrations.judge(
      repository, from: repository.resolve(older), to: repository.resolve(newer), session.policy.gate
    ).losing
    if !lost.isEmpty, !scripts.steps.isEmpty {
      facts.remarks.append(
        "\(lost.joined(separator: ", ")) took data away, and a rollback script makes anew what held them: they come back only "
          + "where the script itself brings them. What it does not bring is in a backup alone.")
    }
    return (facts, adapter)
  }

  /// The policy's commands, by tool.
  private func undoCommands() throws -> [MigrationTool: [String]] {
    var commands: [MigrationTool: [String]] = [:]
    for (name, command) in session.policy.revert.schema.undo {
      guard let tool = MigrationTool(rawValue: name) else {
        let known = MigrationTool.allCases.map(\.rawValue).sorted().joined(separator: ", ")
        throw StepFailure(
          .data,
          "\(session.policy.path ?? "the policy"):\(command.line): auto-revert.schema.undo: no migration tool is called "
            + name, advice: "known are \(known)")
      }
      commands[tool] = command.words
    }
    return commands
  }
}

/// A range's migrations and the database that they are applied to.
struct SchemaOnDatabase: Sendable {
  let session: StepSession
  let psql: Psql
  let address: DatabaseAddress?
  let range: SchemaRange
  let commands: [MigrationTool: [String]]
  /// When the time for everything runs out.
  let end: Timestamp

  private var policy: SchemaPolicy { session.policy.revert.schema }

  /// What the database's history says of the range, or why it could not be read; neither where none is kept.
  func history() async -> (HistoryJudgement?, String?) {
    guard policy.history == .read, !range.entries.isEmpty else { return (nil, nil) }
    do throws(PsqlError) {
      return (try await judged(), nil)
    } catch {
      let advice = error.advice.isEmpty ? "" : " (\(error.advice))"
      return (
        nil, "which migrations are applied could not be read from \(psql.shown): \(error.message)\(advice)"
      )
    }
  }

  private func judged() async throws(PsqlError) -> HistoryJudgement {
    let history = try await SchemaHistory(of: psql)
    return HistoryJudgement(
      range.entries, tables: history.tables, others: history.others, undoRows: policy.writesFlywayUndoRows)
  }

  /// Migrations whose tool would not find them: its own undo runs what stands in the working tree.
  func missingFiles(_ scripts: SchemaScripts) -> [String] {
    guard let root = session.repositoryRoot else { return [] }
    return scripts.steps.flatMap { step -> [String] in
      guard case .command(let command) = step else { return [] }
      return command.paths.filter { path in
        (try? session.context.files.status(of: "\(root)/\(path)")) == nil
      }.map {
        "\($0) is not in the working tree, where \(command.tool.rawValue)'s own undo looks for it: check out the commit "
          + "that is deployed"
      }
    }
  }

  private func runner() -> SchemaRunner {
    SchemaRunner(
      psql: psql, policy: policy, clock: session.context.clock,
      say: { [progress = session.progress] in progress.say($0) })
  }

  /// What tries the scripts: by half of the time that is left, as the rest is for saying what came of it.
  func trialAdapter(_ scripts: SchemaScripts) -> SchemaAdapter {
    let now = session.context.clock.now
    let half = now + (end - now) / 2
    let runner = runner()
    return SchemaAdapter(scripts: scripts) { parts, transaction in
      try await runner.run(parts, transaction, until: half)
    }
  }

  /// What takes the schema back.
  func adapter(_ scripts: SchemaScripts, isKnown: Bool) -> SchemaAdapter {
    let (runner, end) = (runner(), end)
    var adapter = SchemaAdapter(scripts: scripts) { parts, transaction in
      try await runner.run(parts, transaction, until: end)
    }
    adapter.call = { words in try await call(words) }
    if isKnown { adapter.stillApplied = { try await stillApplied(scripts) } }
    return adapter
  }

  private func stillApplied(_ scripts: SchemaScripts) async throws -> [String] {
    let now: HistoryJudgement
    do throws(PsqlError) {
      now = try await judged()
    } catch {
      throw OperationFailure(.uncertain, "the history could not be read afterwards: \(error.message)")
    }
    let paths = Set(scripts.migrations)
    return range.entries.map(\.migration.file.path).filter { path in
      guard paths.contains(path), case .applied = now.answers[path] else { return false }
      return true
    }
  }

  /// Runs the tool's own undo in the repository's folder, with the database's address in its variables.
  private func call(_ words: [String]) async throws {
    let shown = session.redactor.redact(words.joined(separator: " "))
    var variables = session.context.environment.variables
    if let address { variables.merge(address.variables) { $1 } }
    if let url = session.config.databaseURL { variables["DATABASE_URL"] = url }
    let left = end - session.context.clock.now
    guard left > .zero else { throw OperationFailure(.refused, "the time ran out before \(shown)") }
    // The shell changes the folder and reads nothing of what it then runs.
    var request = ProcessRequest(
      "sh", ["-c", "cd -- \"$0\" && exec \"$@\"", session.repositoryRoot ?? "."] + words,
      environment: Environment(variables), timeout: left)
    request.grace = .seconds(5)
    switch await session.context.processes.run(request) {
    case .ended(0, _, _): return
    case .ended(let status, let output, let errors):
      let lines = String(decoding: output + errors, as: UTF8.self).split(separator: "\n").suffix(10)
      throw OperationFailure(
        .refused,
        "\(shown) ended with \(status)"
          + (lines.isEmpty ? "" : ":\n  " + session.redactor.redact(lines.joined(separator: "\n  "))))
    case .notFound, .notStarted: throw OperationFailure(.refused, "\(shown) could not be started")
    case .timedOut: throw OperationFailure(.uncertain, "\(shown) did not end within \(left.text)")
    case .wroteTooMuch: throw OperationFailure(.uncertain, "\(shown) wrote without end")
    case .cancelled: throw OperationFailure(.uncertain, "\(shown) was interrupted")
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
