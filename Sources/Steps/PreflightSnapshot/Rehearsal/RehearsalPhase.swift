import AWSClients
import DeploymentConfig
import DeploymentRecords
import Reporting
import RestorePoints
import StepResults
import StepRuntime
import SystemInterfaces
import TemplateAnalysis

/// The rehearsal of all stacks: what each needs to be put back is looked for, and the way back is tried up to the last
/// step before anything would change.
struct RehearsalPhase: Sendable {
  let session: StepSession
  let clients: StackClients
  let restorePoint: String
  /// Change sets at once: each makes CloudFormation compare a whole stack.
  static let width = 5

  /// The stacks with what was found out about each.
  struct Result: Sendable {
    var readings: [StackReading]
    var findings: [Finding]
  }

  /// - Parameter makesChangeSets: whether change sets are made, which a dry run does not.
  func run(_ readings: [StackReading], makesChangeSets: Bool) async throws -> Result {
    var readings = readings
    let found = try await templateBuckets(readings)
    let assets = try await AssetCheck(clients: clients).states(of: readings)
    var findings = RehearsalPhase.unchecked(readings, assets)
    for position in readings.indices {
      readings[position].state.assets = (readings[position].facts?.assets ?? []).compactMap { use in
        guard case .there(.some(let fingerprint)) = assets[use.asset] else { return nil }
        return AssetState(
          logicalId: use.logicalId, address: "\(use.asset)", fingerprint: fingerprint)
      }
      findings += StackReadiness.overwritable(readings[position])
    }
    findings += try await movedParameters(readings)
    var gaps: [Int: String] = [:]
    var buckets: [Int: TemplateBucket] = [:]
    for position in readings.indices {
      let size = readings[position].template.utf8.count
      let bucket =
        found[ObjectIdentifier(clients[readings[position].state.stackId])] ?? .none("no template needs one")
      if size > StackReadiness.maximumTemplateBytes, case .bucket(let found) = bucket {
        buckets[position] = found
        readings[position].state.templateBucket = found.text
      }
      let gap = StackReadiness.gap(
        templateBytes: size, missingBucket: buckets[position] == nil ? bucket.reason : nil,
        missingAssets: AssetCheck.missing(readings[position], assets))
      if let gap {
        gaps[position] = gap.why
        findings.append(
          Finding(
            gap.code, severity, "\(readings[position].state.name): \(gap.why)",
            subject: readings[position].state.name))
      }
    }
    let outcomes = makesChangeSets ? try await rehearse(readings, gaps, buckets) : [:]
    for position in readings.indices {
      let judged = judge(outcomes[position], readings[position].state)
      findings += judged.finding.map { [$0] } ?? []
      let why = gaps[position] ?? judged.why
      readings[position].state.restorable = why == nil
      readings[position].state.why = why
    }
    RehearsalPhase.inheritFromRoots(&readings)
    return Result(readings: readings, findings: findings)
  }

  private var severity: Severity { session.policy.snapshot.requiresRestorable ? .error : .warning }

  // MARK: - Change sets

  private func rehearse(
    _ readings: [StackReading], _ gaps: [Int: String], _ buckets: [Int: TemplateBucket]
  ) async throws -> [Int: Rehearsal.Outcome] {
    // A nested stack is compared with its root.
    let wanted = readings.indices.filter { readings[$0].state.parentId == nil && gaps[$0] == nil }
    session.progress.update("rehearsing the restore of \(counted(wanted.count, "stack"))")
    let (clients, clock, progress, restorePoint) = (
      clients, session.context.clock, session.progress, restorePoint
    )
    let outcomes = try await wanted.mapAtOnce(width: RehearsalPhase.width) { position in
      let client = clients[readings[position].state.stackId]
      var rehearsal = Rehearsal(
        cloudFormation: CloudFormationClient(client), s3: S3Client(client), clock: clock,
        restorePoint: restorePoint)
      rehearsal.bucket = buckets[position]
      let outcome = try await rehearsal.run(readings[position])
      progress.update("rehearsed \(readings[position].state.name)")
      return outcome
    }
    return Dictionary(zip(wanted, outcomes), uniquingKeysWith: { $1 })
  }

  /// What the outcome of a rehearsal means for a stack.
  private func judge(_ outcome: Rehearsal.Outcome?, _ state: StackState) -> (why: String?, finding: Finding?)
  {
    switch outcome {
    case .changes(let changes):
      // Drift that the policy allows is a known difference; anything else means that the record is not the stack.
      let isKnownDrift = state.driftStatus == "DRIFTED" && session.policy.snapshot.allowsDrift
      let finding = Finding(
        "rehearsal-not-empty", isKnownDrift ? .warning : severity,
        "\(state.name) is not as its recorded template and parameters say; a restore would change:"
          + changes.map { "\n\($0)" }.joined(), subject: state.name)
      return (
        isKnownDrift
          ? nil : "a change set from the record would change \(counted(changes.count, "resource"))", finding
      )
    case .failed(let reason):
      return (
        reason,
        Finding(
          "rehearsal-failed", severity, "\(state.name): the rehearsal failed: \(reason)", subject: state.name)
      )
    case .empty, nil: return (nil, nil)
    }
  }

  /// A nested stack is put back with its root or not at all, and a root with all that is nested in it.
  static func inheritFromRoots(_ readings: inout [StackReading]) {
    let positions = Dictionary(
      readings.indices.map { (readings[$0].state.stackId, $0) }, uniquingKeysWith: { first, _ in first })
    func root(_ position: Int) -> Int {
      var current = position
      while let parent = readings[current].state.parentId.flatMap({ positions[$0] }) { current = parent }
      return current
    }
    for position in readings.indices where root(position) != position {
      let top = root(position)
      if let why = readings[position].state.why, readings[top].state.restorable {
        readings[top].state.restorable = false
        readings[top].state.why = "its nested stack \(readings[position].state.name): \(why)"
      }
    }
    for position in readings.indices where root(position) != position && readings[position].state.restorable {
      let top = readings[root(position)].state
      if !top.restorable {
        readings[position].state.restorable = false
        readings[position].state.why = "it is put back with \(top.name), which cannot be"
      }
    }
  }

  // MARK: - What the templates need

  /// The bucket for large templates, looked for where a stack needs one: every account has its own.
  private func templateBuckets(
    _ readings: [StackReading]
  ) async throws -> [ObjectIdentifier: TemplateBucket.Found] {
    var found: [ObjectIdentifier: TemplateBucket.Found] = [:]
    for client in clients.all {
      let beside = readings.filter { clients[$0.state.stackId] === client }
      guard beside.contains(where: { $0.template.utf8.count > StackReadiness.maximumTemplateBytes }) else {
        continue
      }
      var bootstrap: [String] = []
      for bucket in beside.compactMap({ $0.facts?.bootstrapBucket }) where !bootstrap.contains(bucket) {
        bootstrap.append(bucket)
      }
      found[ObjectIdentifier(client)] = try await TemplateBucket.find(
        policy: session.policy.snapshot, bootstrap: bootstrap, client: client)
    }
    return found
  }

  /// What nobody looked at: said, so that nobody takes it for looked at.
  static func unchecked(_ readings: [StackReading], _ states: [TemplateAsset: AssetCheck.State]) -> [Finding]
  {
    readings.compactMap { reading in
      var lines: [String] = []
      guard let facts = reading.facts else {
        return Finding(
          "assets-unchecked", .notice,
          "\(reading.state.name): its template could not be read, so nobody looked whether what it fetches is there",
          subject: reading.state.name)
      }
      for use in facts.assets {
        if case .unknown(let why) = states[use.asset] {
          lines.append("\(use.logicalId): \(use.asset): \(why)")
        }
      }
      lines += facts.unknownAssets.map { "\($0): its place depends on values that only CloudFormation knows" }
      guard !lines.isEmpty else { return nil }
      return Finding(
        "assets-unchecked", .notice,
        "\(reading.state.name): not everything that its template fetches was looked at:"
          + lines.map { "\n\($0)" }.joined(), subject: reading.state.name)
    }
  }

  /// Parameters of an SSM type that stand for another value by now: the next update takes that, and a restore too.
  private func movedParameters(_ readings: [StackReading]) async throws -> [Finding] {
    let looked = readings.flatMap { reading in
      reading.state.parameters.filter { $0.resolvedValue != nil }.map { (reading.state, $0) }
    }
    let clients = clients
    return try await looked.mapAtOnce { state, parameter -> Finding? in
      let stack = state.name
      guard let name = parameter.value, let resolved = parameter.resolvedValue else { return nil }
      do {
        let now = try await SSMClient(clients[state.stackId]).getParameter(name).value
        guard now != resolved else { return nil }
        return Finding(
          "parameter-moved", .warning,
          "\(stack): \(parameter.name) names the parameter \(name), whose value is another than when the stack was "
            + "deployed: an update takes the new one, and so would a restore",
          subject: "\(stack) \(parameter.name)")
      } catch let error as AWSError where error.kind == .accessDenied || error.kind == .notFound {
        return Finding(
          "parameter-moved", .notice,
          "\(stack): whether \(parameter.name) still stands for the same value was not checked: \(error)",
          subject: "\(stack) \(parameter.name)")
      }
    }.compactMap { $0 }
  }
}

extension TemplateBucket.Found {
  /// Why there is no bucket; nil where there is one.
  var reason: String? {
    if case .none(let why) = self { why } else { nil }
  }
}
