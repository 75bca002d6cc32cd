import AWSClients
import CIEnvironment
import CloudFormationModel
import DeploymentConfig
import DeploymentEvidence
import DeploymentRecords
import Reporting
import RestorePoints
import StepResults
import StepRuntime
import SystemInterfaces

/// One run of the step: read, judge, rehearse, and only then make what stays: labels, a database snapshot, the restore
/// point.
struct PreflightRun: Sendable {
  let command: PreflightCommand
  let session: StepSession

  func outcome() async throws -> StepOutcome<PreflightPart> {
    let config = session.config
    guard !config.stacks.isEmpty else {
      throw StepFailure(
        .data, "\(config.path) names no stack", advice: "write API_STACK=… and the like, one for each stack")
    }
    try await lock()
    var findings = try readiness()
    let clients = try session.clients()
    if command.ready { return try await judgeLatest(clients, findings) }

    var point = RestorePoint(
      id: session.newId(), environment: session.environment, commit: nil,
      createdAt: session.startedAt, region: clients.own.region, account: nil)
    point.application = session.application
    session.progress.update("reading \(counted(config.stacks.count, "stack"))")
    async let identities = Identities.ask(clients)
    let reader = EnvironmentReader(session: session, clients: clients)
    var (readings, missing) = try await reader.stacks()
    findings += missing
    var resources = try await ResourceReader(clients: clients, policy: session.policy.snapshot).read(readings)
    findings += resources.findings
    findings += readiness(of: readings, resources, at: point.createdAt)
    let traffic = TrafficReadiness(resources.traffic, readings)
    resources.traffic = traffic.state
    findings += traffic.findings
    findings += StackReadiness.advice(readings, watch: session.policy.watch.length)
    let callers = try await identities
    point.account = callers.own?.account
    take(resources, readings, into: &point)
    let known = try KnownDeployment(session, live: point.held, named: command.deployedCommit)
    findings += known.findings
    (point.commit, point.deployment) = (known.range.deployed, point.held?.id)

    let databasePhase = DatabasePhase(
      session: session, clients: clients, restorePoint: point.id,
      wanted: command.databaseSnapshot ?? session.policy.snapshot.databaseSnapshot)
    var database = try await databasePhase.look(point.stacks, range: known.range.range)
    findings += database.findings
    // A change set on a stack in motion would fail, and its failure would say nothing new.
    if isGood(findings) {
      let rehearsed = try await RehearsalPhase(session: session, clients: clients, restorePoint: point.id)
        .run(readings, makesChangeSets: !command.dryRun)
      readings = rehearsed.readings
      point.stacks = readings.map(\.state)
      findings += rehearsed.findings
      if session.policy.snapshot.checksPermissions {
        findings += try await RollbackPermissions(clients: clients).check(point, callers)
      }
    }
    if isGood(findings), !command.noBaseline, !command.dryRun {
      let (baseline, more) = try await BaselinePhase(session: session).record(point)
      point.baseline = baseline
      let (schema, unknown) = try await SchemaReader.state(session)
      point.schema = schema
      findings += more + unknown
    }
    var plan: [String]?
    if command.dryRun {
      plan = isGood(findings) ? self.plan(point, database) : []
    } else if isGood(findings) {
      try await reader.refuseChangesMeanwhile(readings)
      let looked = database.findings.count
      database = try await databasePhase.make(database)
      let labels = SecretLabels(clients: clients)
      let (labelled, unlabelled) = try await labels.attach(point.managedSecrets, restorePoint: point.id)
      point.managedSecrets = labelled
      findings += database.findings.dropFirst(looked) + unlabelled
      // A database snapshot may take an hour.
      try await reader.refuseChangesMeanwhile(readings)
    }
    point.database = database.state
    let isWritten = isGood(findings) && !command.dryRun
    if isWritten { try await write(point, readings, resources, isGood: traffic.isSettled) }
    var outcome = StepOutcome(
      verdict: isGood(findings) ? traffic.isSettled ? .go : .inconclusive : .stop, findings: findings,
      summary: .init(point, isWritten: isWritten),
      part: PreflightPart(
        point, database: database, path: isWritten ? session.restorePoints.folder(point.id) : nil, plan: plan)
    )
    outcome.deployment = point.held
    return outcome
  }

  /// What only looks takes no lock, and minds another's.
  private func lock() async throws {
    if command.dryRun || command.ready { return try await session.lookAtLock() }
    try await session.lockEnvironment(
      for: .preflightSnapshot, takeOver: command.takeLock, mayGoWithoutShared: command.skipSharedLock)
  }

  /// Whether the stacks are in a state worth recording, and what a restore of them would not cover.
  private func readiness(
    of readings: [StackReading], _ resources: ResourceReading, at time: Timestamp
  ) -> [Finding] {
    readings.flatMap { reading in
      StackReadiness.findings(
        reading.state, status: reading.status, allowsDrift: session.policy.snapshot.allowsDrift)
    }
      + NotCovered.findings(
        readings.map(\.state), at: time, recoveries: resources.recoveries,
        named: session.policy.snapshot.appConfigurations)
  }

  private func isGood(_ findings: [Finding]) -> Bool { !findings.contains { $0.severity == .error } }

  // MARK: - Parts

  /// What stands in the way whatever the stacks are.
  private func readiness() throws -> [Finding] {
    var findings = try CalendarReadiness.findings(session, skipReason: command.skipWindow)
    let stops = session.isProduction && session.policy.snapshot.requiresPushed && session.ci.provider == .none
    if let commit = try CommitReadiness.facts(session) {
      findings += CommitReadiness.findings(commit, stops: stops)
    }
    findings += try TakenBackChanges(session: session).findings()
    return findings + (try StagingEvidence(session: session).findings(try session.commitId()))
  }

  private func take(_ resources: ResourceReading, _ readings: [StackReading], into point: inout RestorePoint)
  {
    point.stacks = readings.map(\.state)
    point.functions = resources.functions
    point.apiStages = resources.apiStages
    point.stateMachines = resources.stateMachines
    point.managedSecrets = resources.managedSecrets
    point.settings = resources.settings.isEmpty ? nil : resources.settings
    point.traffic = resources.traffic
  }

  /// What a run without `--dry-run` would make.
  private func plan(_ point: RestorePoint, _ database: DatabasePhase.Outcome) -> [String] {
    let roots = point.stacks.filter { $0.parentId == nil }
    return roots.map { "make a change set of \($0.name) from its record, and delete it again" }
      + database.plan
      + point.managedSecrets.filter { $0.owningService == nil && $0.versionId != nil }.map {
        "put the label \(SecretLabels.label(point.id)) on the current version of \($0.arn)"
      }
      + (command.noBaseline ? [] : ["record the answers of the checks and a day of metrics"])
      + ["write the restore point \(session.restorePoints.folder(point.id))"]
  }

  /// - Parameter isGood: whether it holds a state that somebody goes back to; one in between is kept, and not taken by itself.
  private func write(
    _ point: RestorePoint, _ readings: [StackReading], _ resources: ResourceReading, isGood: Bool
  ) async throws {
    var contents = resources.files
    for reading in readings { contents.merge(reading.files) { $1 } }
    try removeHalves()
    try session.restorePoints.write(point, contents: contents)
    try await session.storeRestorePoint(point.id)
    if isGood { try session.restorePoints.markLatest(point.id) }
  }

  /// What killed runs left half-written: this run holds the lock, so nobody is at work on them.
  private func removeHalves() throws {
    let (root, files) = (session.restorePoints.root, session.context.files)
    guard try files.status(of: root) != nil else { return }
    for name in try files.names(in: root) where name.hasPrefix(".") && name.hasSuffix(".partial") {
      try files.remove("\(root)/\(name)")
    }
  }

  // MARK: - --ready

  /// Whether a deployment may begin with the restore point that is there: nothing is made.
  private func judgeLatest(
    _ clients: StackClients, _ findings: [Finding]
  ) async throws -> StepOutcome<PreflightPart> {
    var findings = findings
    guard let id = try session.restorePoints.latestId() else {
      throw StepFailure(
        .data, "there is no restore point in \(session.restorePoints.root)",
        advice: "run preflight-snapshot \(session.environment) first, without --ready")
    }
    let point = try session.restorePoints.read(id)
    try await session.refuseOtherPlaces(point, asksOwn: true)
    let (live, missing) = try await EnvironmentReader(session: session, clients: clients).roots()
    findings += missing
    let deployment = Deployment(
      live.filter { $0.0.isDerived != true }.map {
        StackVersion(
          name: $0.0.name, id: $0.0.stackId, updatedAt: $0.0.lastUpdatedAt, status: $0.1.rawValue)
      })
    let known = try KnownDeployment(session, live: deployment, named: command.deployedCommit)
    findings += known.findings
    if let recorded = point.recorded,
      !known.history.standingStops(about: recorded.deployment).isEmpty
    {
      findings.append(
        Finding(
          "restore-point-stale", .error,
          "the restore point \(id) does not do any more: a stop about what it holds is on record",
          subject: "stop"))
    }
    for (state, status) in live {
      findings += StackReadiness.findings(
        state, status: status, allowsDrift: session.policy.snapshot.allowsDrift)
    }
    findings += RestorePointFreshness.findings(
      point,
      live: live.map { .init(name: $0.0.name, stackId: $0.0.stackId, updatedAt: $0.0.lastUpdatedAt) },
      now: session.context.clock.now, maximumAge: session.policy.snapshot.maximumAge,
      deployed: known.range.deployed)
    let traffic = TrafficReadiness(
      try await RecordedTraffic(clients, of: point).now(), beside: point.traffic)
    findings += traffic.findings
    var outcome = DatabasePhase.Outcome(state: point.database, status: point.database?.status ?? "none")
    if session.config.usesExternalDatabase { outcome.status = "external" }
    var judged = StepOutcome(
      verdict: isGood(findings) ? traffic.isSettled ? .go : .inconclusive : .stop, findings: findings,
      summary: .init(point, isWritten: true),
      part: PreflightPart(point, database: outcome, path: session.restorePoints.folder(id), plan: nil))
    judged.deployment = deployment
    judged.summary.onlyLookedAt = true
    return judged
  }
}
