import AWSClients
import DeploymentConfig
import DeploymentRecords
import JSONValues
import RestorePoints
import StepResults
import StepRuntime
import SystemInterfaces

/// What a run does about the database.
struct DatabasePhase: Sendable {
  let session: StepSession
  let clients: StackClients
  let restorePoint: String
  /// What `--database-snapshot` or the policy wants.
  let wanted: SnapshotPolicy.DatabaseSnapshot

  /// What it came to.
  struct Outcome: Sendable {
    var state: DatabaseState?
    var status: String
    var findings: [Finding] = []
    var pruned: [String] = []
    /// What a dry run would have done.
    var plan: [String] = []
  }

  /// The database as it is, and what is to be said of a snapshot.
  func look(_ stacks: [StackState], range: CommitRange) async throws -> Outcome {
    if session.config.usesExternalDatabase { return Outcome(state: nil, status: "external") }
    let finder = DatabaseFinder(clients: clients)
    guard let state = try await finder.find(stacks) else { return Outcome(state: nil, status: "none") }
    var outcome = Outcome(state: state, status: state.status)
    let count = DatabaseFinder.count(stacks)
    if count > 1 {
      outcome.findings.append(
        Finding(
          "further-databases", .warning,
          "the stacks have \(count) databases; only \(state.identifier) is looked after", subject: "databases"
        ))
    }
    switch DatabasePhase.decide(state, wanted: wanted, range: range) {
    case .make:
      if state.kind == "instance", state.settings?["multiAZ"]?.bool == false {
        outcome.findings.append(
          Finding(
            "database-pause", .notice,
            "\(state.identifier) stands in a single zone: its I/O pauses while the snapshot begins",
            subject: state.identifier))
      }
      outcome.plan = [
        "make the database snapshot \(DatabaseSnapshotter.name(environment: session.environment, restorePoint: restorePoint)) "
          + "of \(state.identifier)"
      ]
    case .leave(let finding), .refuse(let finding): outcome.findings.append(finding)
    }
    return outcome
  }

  /// Makes the snapshot where `look` planned one, and deletes old ones.
  func make(_ found: Outcome) async throws -> Outcome {
    guard !found.plan.isEmpty, var state = found.state else { return found }
    var outcome = found
    let snapshotter = DatabaseSnapshotter(
      rds: RDSClient(clients[state.stack]), clock: session.context.clock, progress: session.progress)
    let name = DatabaseSnapshotter.name(environment: session.environment, restorePoint: restorePoint)
    state.snapshotId = try await snapshotter.make(
      name, of: state,
      tags: DatabaseSnapshotter.tags(
        environment: session.environment, restorePoint: restorePoint, run: session.records.run,
        commit: try session.commitId()))
    outcome.state = state
    let (pruned, findings) = try await snapshotter.prune(
      state, environment: session.environment, kept: session.policy.snapshot.keptDatabaseSnapshots)
    outcome.pruned = pruned
    outcome.findings += findings
    return outcome
  }

  /// What is to be done.
  enum Decision: Hashable, Sendable {
    case make
    case leave(Finding)
    case refuse(Finding)
  }

  static func decide(
    _ state: DatabaseState, wanted: SnapshotPolicy.DatabaseSnapshot, range: CommitRange
  ) -> Decision {
    let wants =
      switch wanted {
      case .always: true
      case .never: false
      // A range that nobody knows may hold migrations.
      case .migrations: range != .known(hasMigrations: false)
      }
    guard wants else {
      let alternative =
        state.restorableUntil.map { "point-in-time restore is possible up to \($0)" }
        ?? "there is no point-in-time restore either: automatic backups are off"
      return .leave(
        Finding(
          "no-database-snapshot", state.restorableUntil == nil ? .warning : .notice,
          "no snapshot of \(state.identifier): "
            + (wanted == .never ? "none was wanted" : "the range has no migrations") + "; \(alternative)",
          subject: state.identifier))
    }
    guard ["available", "storage-optimization"].contains(state.status) else {
      return .refuse(
        Finding(
          "database-not-available", .error,
          "\(state.identifier) is \(state.status): a snapshot needs it available", subject: state.identifier))
    }
    return .make
  }
}
