import AWSClients
import DeploymentConfig
import DeploymentRecords
import RestorePoints
import SystemInterfaces

/// The proof that a stack can be put back: a change set from the recorded template and parameters, which must come out
/// empty and is then deleted again. Nothing is executed.
struct Rehearsal: Sendable {
  let cloudFormation: CloudFormationClient
  let s3: S3Client
  let clock: any WallClock
  let restorePoint: String
  /// Where a template goes that is too large for a call.
  var bucket: TemplateBucket?
  /// The longest that CloudFormation may compare.
  static let timeout: Duration = .seconds(300)
  /// Change sets of ours that a killed run left are removed when they are older: a younger one may be another run's.
  static let staleAge: Duration = .seconds(900)
  static let prefix = "backstop-rehearsal-"

  /// How a rehearsal ended.
  enum Outcome: Hashable, Sendable {
    case empty
    /// What would change, one line a resource.
    case changes([String])
    case failed(String)
  }

  func run(_ reading: StackReading) async throws -> Outcome {
    let stack = reading.state.stackId
    try await removeStaleChangeSets(stack)
    let name = Rehearsal.prefix + restorePoint
    let uploaded = try await upload(reading)
    do {
      let outcome = try await prove(reading, name, uploaded)
      try await cleanUp(stack, name, uploaded)
      return outcome
    } catch {
      // Also where the run was interrupted: neither may stay behind. Why the rehearsal ended matters more than how this
      // ends, and a task of its own is not cancelled with ours.
      await Task { try? await cleanUp(stack, name, uploaded) }.value
      throw error
    }
  }

  private func prove(_ reading: StackReading, _ name: String, _ uploaded: Upload?) async throws -> Outcome {
    let isNesting = reading.state.resources.contains { $0.type == ResourceChange.nestedStack }
    let outcome = try await prove(reading, name, uploaded, includesNestedStacks: isNesting)
    guard isNesting, case .failed = outcome else { return outcome }
    // What nested stacks get from one another cannot always be told beforehand, though an update goes through: then the
    // parent is compared alone.
    try await cloudFormation.deleteChangeSet(name, stack: reading.state.stackId)
    return try await prove(reading, name, uploaded, includesNestedStacks: false)
  }

  private func prove(
    _ reading: StackReading, _ name: String, _ uploaded: Upload?, includesNestedStacks: Bool
  ) async throws -> Outcome {
    var update = StackUpdate(uploaded.map { .url($0.address) } ?? .body(reading.template))
    update.parameters = reading.state.parameters.map { parameter in
      parameter.noEcho
        ? .previous(parameter.name) : AWSClients.StackParameter(parameter.name, parameter.value)
    }
    update.capabilities = reading.state.capabilities
    let stack = reading.state.stackId
    do {
      let id = try await cloudFormation.createChangeSet(
        stack, name: name, update, description: "backstop: rehearsal, never executed",
        includesNestedStacks: includesNestedStacks, token: includesNestedStacks ? "\(name)-nested" : name)
      return try await wait(for: id, stack: stack)
    } catch let error as AWSError where error.kind == .noUpdates {
      return .empty
    } catch let error as AWSError
      where !error.isTemporary && !error.isAboutCredentials && error.kind != .badAnswer
    {
      // What a proxy said in AWS's place is no word about the stack.
      return .failed(error.description)
    }
  }

  private func wait(for id: String, stack: String) async throws -> Outcome {
    var pause = Duration.milliseconds(250)
    let deadline = clock.now + Rehearsal.timeout
    while true {
      let changeSet = try await cloudFormation.describeChangeSet(id, stack: stack)
      if changeSet.isEmpty { return .empty }
      if !changeSet.isPending {
        guard changeSet.status == "CREATE_COMPLETE" else {
          return .failed(changeSet.statusReason ?? "the change set ended \(changeSet.status)")
        }
        let nested = try await cloudFormation.describeNestedChangeSets(of: changeSet)
        let changes = changeSet.changes(with: nested).filter { !Rehearsal.isListedOnly($0.change) }
        return changes.isEmpty
          ? .empty
          : .changes(changes.map { ($0.place.isEmpty ? "" : "in \($0.place): ") + Rehearsal.line($0.change) })
      }
      if clock.now > deadline {
        return .failed("the change set was still \(changeSet.status) after \(Rehearsal.timeout.words)")
      }
      try await clock.sleep(for: pause)
      pause = min(pause * 2, .seconds(5))
    }
  }

  /// Whether a nested stack is listed for no other reason than that its template's address may lead to another one.
  private static func isListedOnly(_ change: ResourceChange) -> Bool {
    change.isOfNestedStack && change.nestedChangeSetId == nil && !change.details.isEmpty
      && change.details.allSatisfy { $0.changeSource == "Automatic" }
  }

  // MARK: - What must not stay behind

  private struct Upload {
    var bucket: String, key: String, address: String
  }

  /// Puts a template that is too large for a call where CloudFormation can fetch it.
  private func upload(_ reading: StackReading) async throws -> Upload? {
    guard reading.template.utf8.count > StackReadiness.maximumTemplateBytes, let bucket else { return nil }
    let key = bucket.key("\(restorePoint)/rehearsal-\(reading.state.name).template")
    try await s3.putObject(bucket: bucket.bucket, key: key, Array(reading.template.utf8))
    return Upload(bucket: bucket.bucket, key: key, address: s3.address(bucket: bucket.bucket, key: key))
  }

  private func cleanUp(_ stack: String, _ name: String, _ uploaded: Upload?) async throws {
    try await cloudFormation.deleteChangeSet(name, stack: stack)
    if let uploaded { try await s3.deleteObject(bucket: uploaded.bucket, key: uploaded.key) }
  }

  private func removeStaleChangeSets(_ stack: String) async throws {
    let found = try await cloudFormation.listChangeSets(stack)
    for old in found where Rehearsal.isStale(old, now: clock.now) {
      try await cloudFormation.deleteChangeSet(old.name, stack: stack)
    }
  }

  static func isStale(_ changeSet: ChangeSetSummary, now: Timestamp) -> Bool {
    changeSet.name.hasPrefix(prefix) && changeSet.createdAt.map { now - $0 > staleAge } ?? false
  }

  // MARK: - Words

  static func line(_ change: ResourceChange) -> String {
    let replaced = change.replacement.map {
      $0 == "True" ? ", replaced" : $0 == "Conditional" ? ", maybe replaced" : ""
    }
    // A property is listed once for each reason that it changes for.
    var names: [String] = []
    for name in change.details.compactMap(\.name) where !names.contains(name) { names.append(name) }
    let what = names.isEmpty ? change.scope.joined(separator: ", ") : names.joined(separator: ", ")
    return
      "\(change.action) \(change.logicalId) (\(change.type)\(replaced ?? ""))\(what.isEmpty ? "" : ": \(what)")"
  }
}
