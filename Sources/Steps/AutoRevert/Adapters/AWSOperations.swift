import AWSClients
import CloudFormationModel
import DeploymentRecords
import RollbackPlanning
import SystemInterfaces

/// CloudFormation over its client, as the engine asks for it.
///
public struct AWSOperations: CloudFormationOperations {
  private let clients: StackClients
  private let clock: any WallClock
  private let templates: TemplateUploader?

  /// The operations that `clients` make.
  /// - Parameter templates: carries templates that a call cannot hold.
  public init(_ clients: StackClients, clock: any WallClock, templates: TemplateUploader? = nil) {
    self.clients = clients
    self.clock = clock
    self.templates = templates
  }

  private func client(_ stack: String) -> CloudFormationClient { CloudFormationClient(clients[stack]) }

  public func describe(_ stack: String) async throws(OperationFailure) -> DescribedStack? {
    try await asking { try await client(stack).describeStack(stack) }.map(DescribedStack.init)
  }

  public func events(_ stack: String, since time: Timestamp) async throws(OperationFailure)
    -> [DescribedEvent]
  {
    try await asking { try await client(stack).describeStackEvents(stack, since: time) }.map(
      DescribedEvent.init)
  }

  public func template(_ stack: String) async throws(OperationFailure) -> String {
    try await asking { try await client(stack).getTemplate(stack, stage: .original) }
  }

  public func exports() async throws(OperationFailure) -> [DescribedExport] {
    var all: [DescribedExport] = []
    for one in clients.used {
      all += try await asking { try await CloudFormationClient(one).listExports() }.map {
        DescribedExport(name: $0.name, value: $0.value, stack: $0.exportingStackId)
      }
    }
    return all
  }

  public func importers(of export: DescribedExport) async throws(OperationFailure) -> [String] {
    try await asking { try await client(export.stack).listImports(export.name) }
  }

  public func cancelUpdate(_ stack: String, token: String) async throws(OperationFailure) {
    try await asking { try await client(stack).cancelUpdateStack(stack, token: token) }
  }

  public func continueRollback(
    _ stack: String, skipping: [String], token: String
  ) async throws(OperationFailure) {
    try await asking {
      try await client(stack).continueUpdateRollback(stack, resourcesToSkip: skipping, token: token)
    }
  }

  public func rollbackStack(_ stack: String, token: String) async throws(OperationFailure) {
    try await asking {
      try await client(stack).rollbackStack(stack, retainExceptOnCreate: true, token: token)
    }
  }

  public func createChangeSet(_ request: RestoreRequest) async throws(OperationFailure) -> String {
    var update = StackUpdate(.body(request.template))
    if request.template.utf8.count > RestoreLimits.inlineTemplate {
      guard let templates, let place = request.templateBucket else {
        throw OperationFailure(.refused, "there is no bucket for the template of \(request.stack)")
      }
      update.template = .url(
        try await asking {
          try await templates.upload(
            request.template, for: request.name, of: request.stack, to: place)
        })
    }
    update.parameters = request.parameters.map { parameter in
      parameter.value.map { StackParameter(parameter.name, $0) } ?? .previous(parameter.name)
    }
    update.capabilities = request.capabilities
    update.tags = request.tags.map { AWSTag($0.name, $0.value) }
    update.notificationARNs = request.notificationARNs
    // Alarms that the bad version set off would undo the restore.
    update.rollbackConfiguration = RollbackConfiguration.none
    let made = update
    // One name stands for one request: the same with its nested stacks is another.
    let token =
      request.name + (request.includesNestedStacks ? "-nested" : "")
      + (request.importsExisting ? "-import" : "")
    do throws(OperationFailure) {
      return try await asking {
        try await client(request.stack).createChangeSet(
          AmazonResourceName.stackName(of: request.stack), name: request.name, made,
          includesNestedStacks: request.includesNestedStacks, importsExisting: request.importsExisting,
          token: token)
      }
    } catch {
      // Without an answer it may be read yet; whoever asks again uploads it anew.
      if error.kind == .refused { await templates?.remove(for: request.name) }
      throw error
    }
  }

  public func updateTriggers(
    _ stack: String, to triggers: RollbackTriggers, token: String
  ) async throws(OperationFailure) {
    guard let now = try await asking({ try await client(stack).describeStack(stack) }) else {
      throw OperationFailure(.refused, "there is no stack \(stack)")
    }
    var update = StackUpdate(.previous)
    update.parameters = now.parameters.map { .previous($0.key) }
    update.capabilities = now.capabilities
    update.rollbackConfiguration = RollbackConfiguration(
      triggers: triggers.types.sorted { $0.key < $1.key }.map { .init(arn: $0.key, type: $0.value) },
      monitoringMinutes: triggers.monitoringMinutes)
    let made = update
    do {
      try await client(stack).updateStack(stack, made, token: token)
    } catch let error as AWSError where error.kind == .noUpdates {
      throw OperationFailure(
        .pointless, "CloudFormation does not take rollback triggers without another change to the stack")
    } catch {
      throw OperationFailure(describing: error)
    }
  }

  public func alarming(_ arns: [String], of stack: String) async throws(OperationFailure) -> [String] {
    let alarms = CloudWatchClient(clients[stack])
    let names = arns.compactMap { arn in arn.firstRange(of: ":alarm:").map { String(arn[$0.upperBound...]) } }
    guard !names.isEmpty else { return [] }
    let states = try await asking { try await alarms.alarmStates(names) }
    return arns.filter { states[$0] == "ALARM" }
  }

  public func stackPolicy(_ stack: String) async throws(OperationFailure) -> String? {
    let found = try await asking { try await client(stack).getStackPolicy(stack) }
    return found.flatMap { $0.isEmpty ? nil : $0 }
  }

  public func setStackPolicy(_ stack: String, _ policy: String) async throws(OperationFailure) {
    try await asking { try await client(stack).setStackPolicy(stack, body: policy) }
  }

  public func changeSet(
    _ name: String, of stack: String
  ) async throws(OperationFailure) -> DescribedChangeSet? {
    do {
      let found = try await client(stack).describeChangeSet(
        name, stack: AmazonResourceName.stackName(of: stack))
      // Read by now, or never.
      if !found.isPending { await templates?.remove(for: Observer.changeSetName(name)) }
      if found.status == "DELETE_COMPLETE" { return nil }
      let state = AWSOperations.state(found)
      guard state == .ready else { return DescribedChangeSet(state: state) }
      return try await NestedChanges(client(stack)).described(found)
    } catch let error as AWSError where error.kind == .notFound {
      return nil
    } catch {
      throw OperationFailure(describing: error)
    }
  }

  static func state(_ found: ChangeSet) -> DescribedChangeSet.State {
    if found.isPending || found.status.hasPrefix("DELETE_") { return .pending }
    if found.isEmpty { return .empty }
    guard found.status == "CREATE_COMPLETE" else {
      return .failed(found.statusReason ?? "its status is \(found.status), and no reason is given")
    }
    return found.executionStatus == "AVAILABLE" ? .ready : .unusable("it is \(found.executionStatus)")
  }

  public func executeChangeSet(
    _ id: String, of stack: String, disablesRollback: Bool, token: String
  ) async throws(OperationFailure) {
    try await asking {
      try await client(stack).executeChangeSet(
        id, stack: AmazonResourceName.stackName(of: stack), disablesRollback: disablesRollback ? true : nil,
        token: token)
    }
  }

  public func failures(
    of stack: String, changeSet: String?, since time: Timestamp
  ) async throws(OperationFailure) -> [String] {
    try await asking {
      try await client(stack).describeFailedEvents(of: stack, changeSet: changeSet)
        .filter { $0.at.map { $0 >= time - .seconds(60) } ?? true }.map(\.words)
    }
  }

  public func deleteChangeSet(_ name: String, of stack: String) async throws(OperationFailure) {
    try await asking {
      try await client(stack).deleteChangeSet(name, stack: AmazonResourceName.stackName(of: stack))
    }
  }

  public func deleteStack(
    _ stack: String, retaining: [String], token: String
  ) async throws(OperationFailure) {
    try await asking { try await client(stack).deleteStack(stack, retainResources: retaining, token: token) }
  }

  public func drift(_ stack: String) async throws(OperationFailure) -> DriftAnswer {
    try await asking {
      let detection = try await client(stack).detectStackDrift(stack)
      for _ in 1...100 {
        let state = try await client(stack).describeStackDriftDetectionStatus(detection)
        if state.detectionStatus == "DETECTION_COMPLETE" {
          let found = try await client(stack).describeStackResourceDrifts(
            stack, statuses: ["MODIFIED", "DELETED", "IN_SYNC"])
          return DriftAnswer(
            drifted: found.filter { $0.status != "IN_SYNC" }.map(\.logicalId).sorted(),
            inSync: found.filter { $0.status == "IN_SYNC" }.map(\.logicalId).sorted())
        }
        if state.detectionStatus == "DETECTION_FAILED" {
          throw OperationFailure(.refused, state.detectionReason ?? "drift detection failed without a reason")
        }
        try await clock.sleep(for: .seconds(3))
      }
      throw OperationFailure(.refused, "drift detection did not end within five minutes")
    }
  }

  private func asking<Value>(_ call: () async throws -> Value) async throws(OperationFailure) -> Value {
    do {
      return try await call()
    } catch {
      throw OperationFailure(describing: error)
    }
  }
}

extension OperationFailure {
  /// An error of the clients by what it says of the call's effect.
  init(describing error: any Error) {
    switch error {
    case let error as OperationFailure: self = error
    case let error as AWSError:
      self.init(
        OperationFailure.kind(error),
        error.advice.isEmpty ? error.description : "\(error.description)\n  \(error.advice)")
    case let error as CredentialsError: self.init(.credentials, "\(error)\n  \(error.advice)")
    case let error as RoleError: self.init(.credentials, "\(error)\n  \(error.advice)")
    case is CancellationError: self.init(.uncertain, "interrupted")
    default: self.init(.uncertain, "\(error)")
    }
  }

  private static func kind(_ error: AWSError) -> Kind {
    // The only code that says that the same token came before.
    if error.code.hasPrefix("TokenAlreadyExists") { return .alreadyAccepted }
    switch error.kind {
    case .throttled: return .throttled
    case .credentialsMissing, .credentialsExpired, .credentialsInvalid, .accessDenied: return .credentials
    case .unreachable: return .unreachable
    case .transient, .replyLost: return .uncertain
    case .badAnswer: return .unintelligible
    case .notFound, .noUpdates, .conflict, .quotaExceeded, .other: return .refused
    }
  }
}

extension DescribedStack {
  init(_ stack: Stack) {
    self.init(
      id: stack.id, name: stack.name, status: stack.status.rawValue,
      updatedAt: stack.lastUpdatedAt)
    createdAt = stack.createdAt
    reason = stack.statusReason
    parameters = stack.parameters.map {
      .init(name: $0.key, value: $0.value, noEcho: $0.value == "****", resolvedValue: $0.resolvedValue)
    }
    tags = stack.tags.map { StackTag(name: $0.key, value: $0.value) }
    outputs = stack.outputs.map { .init(name: $0.key, value: $0.value, exportName: $0.exportName) }
    changeSet = stack.changeSetId
    isTerminationProtected = stack.hasTerminationProtection
    isExpress = stack.deploymentMode == "EXPRESS"
    triggers = RollbackTriggers(
      types: Dictionary(
        stack.rollbackConfiguration.triggers.map { ($0.arn, $0.type) }, uniquingKeysWith: { $1 }),
      monitoringMinutes: stack.rollbackConfiguration.monitoringMinutes ?? 0)
  }
}

extension DescribedEvent {
  init(_ event: StackEvent) {
    self.init(
      at: event.time, logicalID: event.logicalId, physicalID: event.physicalId ?? "", type: event.type,
      status: event.status, reason: event.statusReason, token: event.clientRequestToken,
      isOfStack: event.isOfStack)
  }
}
