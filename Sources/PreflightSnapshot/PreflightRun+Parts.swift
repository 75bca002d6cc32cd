import AWSClients
import DeploymentConfig
import GitHistory
import Records
import Reporting
import SmokeChecks
import StepCommand
import SystemInterfaces
import Watch30m

/// What the database part of a run came to.
struct DatabaseOutcome: Sendable {
  var state: DatabaseState?
  var status: String
}

extension PreflightRun {
  /// The commits between what is deployed and what is about to be.
  enum Range: Hashable, Sendable {
    /// Nobody knows what is deployed.
    case unknown
    /// Whether a changed path of the range looks like a migration.
    case known(hasMigrations: Bool)
  }

  // MARK: - Commits

  /// Which commit is deployed now, and what the range up to the one about to be deployed holds.
  func deployedCommit(_ earlier: EarlierVerdicts, _ findings: inout [Finding]) throws -> (String?, Range) {
    guard session.repositoryRoot != nil else { return (command.deployedCommit, .unknown) }
    let repository = try session.repository()
    let named = try command.deployedCommit.map { try repository.resolve($0).hex }
    guard let deployed = named ?? earlier.deployedCommit else {
      findings.append(
        Finding(
          "deployed-commit-unknown", .notice,
          "no record says which commit is deployed: name it with --deployed-commit, so that a revert knows its range"
        ))
      return (nil, .unknown)
    }
    guard let target = try session.commitId(), let from = ObjectId(hex: deployed),
      let to = ObjectId(hex: target),
      repository.has(from), repository.has(to)
    else { return (deployed, .unknown) }
    let changes = try repository.changes(from: repository.commit(from).tree, to: repository.commit(to).tree)
    return (deployed, .known(hasMigrations: changes.contains { PreflightRun.isMigration($0.path) }))
  }

  /// SQL files, and files in folders that migration tools use.
  static func isMigration(_ path: String) -> Bool {
    let lower = path.lowercased()
    return lower.hasSuffix(".sql")
      || lower.split(separator: "/").dropLast().contains {
        ["migrations", "migrate", "alembic", "versions"].contains($0)
      }
  }

  // MARK: - Database

  func database(
    _ readings: [StackReading], _ client: AWSClient, _ id: String, isReady: Bool, range: Range,
    _ findings: inout [Finding]
  ) async throws -> DatabaseOutcome {
    if session.config.usesExternalDatabase { return DatabaseOutcome(state: nil, status: "external") }
    let snapshotter = DatabaseSnapshotter(
      rds: RDSClient(client), clock: session.context.clock, progress: session.progress)
    guard var state = try await snapshotter.find(readings.map(\.state)) else {
      return DatabaseOutcome(state: nil, status: "none")
    }
    let wanted =
      switch command.databaseSnapshot ?? session.policy.snapshot.databaseSnapshot {
      case .always: true
      case .never: false
      // A range that nobody knows may hold migrations.
      case .migrations: range != .known(hasMigrations: false)
      }
    guard isReady, wanted else {
      if isReady {
        findings.append(
          Finding(
            "no-database-snapshot", .notice,
            "no snapshot of \(state.identifier): the range has no migrations, or none was wanted; point-in-time restore "
              + "is the alternative", subject: state.identifier))
      }
      return DatabaseOutcome(state: state, status: state.status)
    }
    guard ["available", "storage-optimization"].contains(state.status) else {
      findings.append(
        Finding(
          "database-not-available", .error,
          "\(state.identifier) is \(state.status): a snapshot needs it available", subject: state.identifier))
      return DatabaseOutcome(state: state, status: state.status)
    }
    let tags = [
      AWSTag("backstop:environment", session.environment), AWSTag("backstop:restore-point", id),
      AWSTag("backstop:run", session.records.run),
    ]
    let name = "backstop-\(session.environment)-\(id)".lowercased().filter {
      $0.isLetter || $0.isNumber || $0 == "-"
    }
    state.snapshotId = try await snapshotter.make(name, of: state, tags: tags)
    return DatabaseOutcome(state: state, status: state.status)
  }

  // MARK: - Baseline

  /// What the checks that need no file answer now, and the last day of every series that a watch would look at.
  func baseline(_ findings: inout [Finding]) async throws -> Baseline {
    session.progress.update("recording answers")
    var settings = SmokeSettings()
    settings.recordsBaseline = true
    settings.settling = Settling()
    let checks = await BuiltInChecks(config: session.config, policy: session.policy.smoke, plane: nil)
    let report = await SmokeRun.run(
      checks.chains, settings: settings,
      dependencies: SmokeDependencies(
        transport: session.http(), clock: session.context.clock, random: session.context.random))
    for result in report.results where result.outcome == .fail || result.outcome == .error {
      findings.append(
        Finding(
          "baseline-failing", .warning,
          "\(result.name): \(result.message): it fails before the deployment already",
          subject: result.name))
    }
    session.progress.update("recording a day of metrics")
    var series: [SeriesBaseline] = []
    do {
      series = try await MetricBaseline.read(session)
    } catch let error as AWSError where error.kind == .accessDenied {
      findings.append(
        Finding(
          "baseline-incomplete", .warning, "no metrics were recorded: \(error)", subject: "metrics"))
    }
    return Baseline(responses: report.baseline, series: series)
  }

  // MARK: - Writing

  func write(_ point: RestorePoint, _ readings: [StackReading], _ resources: ResourceReading) throws {
    var contents = resources.files
    for reading in readings { contents.merge(reading.files) { $1 } }
    try session.restorePoints.write(point, contents: contents)
    try session.restorePoints.markLatest(point.id)
  }

  func part(_ point: RestorePoint, database: DatabaseOutcome, isGood: Bool) -> PreflightPart {
    PreflightPart(
      stacks: point.stacks.map {
        .init(
          name: $0.name, role: $0.role, status: $0.status, templateSha256: $0.templateSha256,
          restorable: $0.restorable, why: $0.why)
      },
      database: .init(
        identifier: database.state?.identifier, snapshotId: database.state?.snapshotId,
        status: database.status),
      baseline: .init(
        responses: point.baseline.responses.map {
          .init(
            name: $0.name, outcome: $0.outcome, status: $0.status,
            medianMilliseconds: PreflightRun.median($0.latencies))
        }, series: point.baseline.series.map(\.name)),
      restorePoint: isGood ? point.id : nil,
      restorePointPath: isGood ? session.restorePoints.folder(point.id) : nil)
  }

  static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
