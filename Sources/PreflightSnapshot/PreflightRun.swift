import AWSClients
import DeploymentConfig
import GitHistory
import Records
import Reporting
import SmokeChecks
import StepCommand
import SystemInterfaces

/// One run of the step: read, rehearse, snapshot, write.
struct PreflightRun: Sendable {
  let command: PreflightCommand
  let session: StepSession

  func outcome() async throws -> StepOutcome<PreflightPart> {
    let config = session.config
    guard !config.stacks.isEmpty else {
      throw StepFailure(
        .data, "\(config.path) names no stack", advice: "write API_STACK=… and the like, one for each stack")
    }
    let earlier = try EarlierVerdicts(records: session.records.root, files: session.context.files)
    var findings = earlier.findings
    let client = try session.aws()
    let id = session.newId()

    session.progress.update("reading \(config.stacks.count) stacks")
    async let identity = identity(client)
    let (readings, missing) = try await readStacks(client)
    findings += missing
    var resources = try await ResourceReader(client: client).read(readings.map(\.state))
    for index in resources.functions.indices {
      resources.functions[index].hasInlineCode = readings.contains {
        $0.declaresInlineCode(ofFunction: resources.functions[index].name)
      }
    }
    for reading in readings {
      findings += StackReadiness.findings(
        reading.state, status: reading.status, allowsDrift: session.policy.snapshot.allowsDrift)
    }
    let isReady = !findings.contains { $0.severity == .error }
    // A change set on a stack in motion would fail, and its failure would say nothing new.
    let proved = isReady ? try await rehearse(readings, client, id, &findings) : readings
    let (deployed, range) = try deployedCommit(earlier, &findings)
    let database = try await database(proved, client, id, isReady: isReady, range: range, &findings)
    let baseline = isReady && !command.noBaseline ? try await baseline(&findings) : Baseline()

    let isGood = !findings.contains { $0.severity == .error }
    var point = RestorePoint(
      id: id, environment: session.environment, commit: deployed, createdAt: session.startedAt,
      region: client.region,
      account: try await identity)
    point.stacks = proved.map(\.state)
    point.functions = resources.functions
    point.apiStages = resources.apiStages
    point.stateMachines = resources.stateMachines
    point.managedSecrets = resources.managedSecrets
    point.database = database.state
    point.baseline = baseline
    if isGood {
      try await refuseChangesMeanwhile(proved, client)
      try write(point, proved, resources)
    }
    return StepOutcome(
      verdict: isGood ? .go : .stop, findings: findings,
      summary: .init(
        stacks: proved.count, restorable: proved.count { $0.state.restorable },
        restorePoint: isGood ? id : nil,
        baselineResponses: baseline.responses.count, baselineSeries: baseline.series.count),
      part: part(point, database: database, isGood: isGood))
  }

  // MARK: - Reading

  private func identity(_ client: AWSClient) async throws -> String? {
    do {
      return try await STSClient(client).getCallerIdentity().account
    } catch let error as AWSError where error.kind == .accessDenied {
      // The account's number is a convenience; who may read stacks need not be told who they are.
      return nil
    }
  }

  private func readStacks(_ client: AWSClient) async throws -> ([StackReading], [Finding]) {
    let roles = session.policy.sorted(session.config.stacks.map(\.role))
    let stacks = roles.compactMap(session.config.stack)
    let reader = StackReader(cloudFormation: CloudFormationClient(client))
    let progress = session.progress
    let found = try await withThrowingTaskGroup(of: (Int, [StackReading]?).self) { group in
      for (position, stack) in stacks.enumerated() {
        group.addTask {
          let reading = try await reader.read(stack)
          progress.update("read \(stack.name)")
          return (position, reading)
        }
      }
      return try await group.reduce(into: [Int: [StackReading]]()) { all, answer in all[answer.0] = answer.1 }
    }
    var findings: [Finding] = []
    for (position, stack) in stacks.enumerated() where found[position] == nil {
      // The database's name is a guess where it is not written: then there may be no such stack.
      findings.append(
        Finding(
          "stack-missing", stack.isDerived ? .notice : .error,
          stack.isDerived
            ? "there is no stack \(stack.name), whose name follows from the others: no database is looked after"
            : "there is no stack \(stack.name) in \(client.region)", subject: stack.name))
    }
    return (stacks.indices.flatMap { found[$0] ?? [] }, findings)
  }

  private func rehearse(
    _ readings: [StackReading], _ client: AWSClient, _ id: String, _ findings: inout [Finding]
  ) async throws -> [StackReading] {
    session.progress.update("rehearsing the restore of \(readings.count) stacks")
    let rehearsal = Rehearsal(
      cloudFormation: CloudFormationClient(client), clock: session.context.clock, restorePoint: id)
    let outcomes = try await withThrowingTaskGroup(of: (Int, Rehearsal.Outcome).self) { group in
      for (position, reading) in readings.enumerated()
      where reading.state.parentId == nil
        && StackReadiness.gap(reading.state, templateBytes: reading.template.utf8.count, hasBucket: false)
          == nil
      {
        group.addTask { (position, try await rehearsal.run(reading)) }
      }
      return try await group.reduce(into: [Int: Rehearsal.Outcome]()) { $0[$1.0] = $1.1 }
    }
    var proved = readings
    for position in readings.indices {
      let state = readings[position].state
      var why = StackReadiness.gap(
        state, templateBytes: readings[position].template.utf8.count, hasBucket: false)
      switch outcomes[position] {
      case .changes(let changes):
        why = "a change set from the record would change \(changes.count) resources"
        findings.append(
          Finding(
            "rehearsal-not-empty", .warning,
            ("\(state.name) is not as its template and parameters say; a restore would change:"
              + changes.map { "\n\($0)" }.joined()), subject: state.name))
      case .failed(let reason):
        why = reason
        findings.append(
          Finding(
            "rehearsal-failed", .error, "\(state.name): the rehearsal failed: \(reason)", subject: state.name)
        )
      case .empty, nil: break
      }
      proved[position].state.restorable = why == nil
      proved[position].state.why = why
      if let why, outcomes[position] == nil {
        findings.append(Finding("not-restorable", .error, "\(state.name): \(why)", subject: state.name))
      }
    }
    return proved
  }

  /// The facts were read over several seconds; a deployment that began meanwhile makes them a mixture.
  private func refuseChangesMeanwhile(_ readings: [StackReading], _ client: AWSClient) async throws {
    let cloudFormation = CloudFormationClient(client)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for reading in readings where reading.state.parentId == nil {
        group.addTask {
          let now = try await cloudFormation.describeStack(reading.state.stackId)
          let updated = now?.updatedAt ?? now?.createdAt ?? reading.state.lastUpdatedAt
          guard now?.status == reading.status, updated == reading.state.lastUpdatedAt else {
            throw StepFailure(
              .busy,
              "\(reading.state.name) was changed while the snapshot was made (now \(now?.status.rawValue ?? "gone"))",
              advice: "another deployment is under way: wait until it has finished and run the step again")
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
