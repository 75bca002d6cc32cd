import AWSClients
import CryptoDigests
import Records
import RollbackPlan
import SystemInterfaces

/// Secrets, aliases, stages and state machines over their clients: compared with the restore point, and put back.
public struct AWSResources: ResourceOperations {
  private let restorePoint: LoadedRestorePoint
  private let secrets: SecretsManagerClient
  private let functions: LambdaClient
  private let apis: APIGatewayClient
  private let machines: StepFunctionsClient
  private let stacks: CloudFormationClient

  /// The resources of `restorePoint`.
  public init(_ client: AWSClient, restorePoint: LoadedRestorePoint) {
    self.restorePoint = restorePoint
    secrets = SecretsManagerClient(client)
    functions = LambdaClient(client)
    apis = APIGatewayClient(client)
    machines = StepFunctionsClient(client)
    stacks = CloudFormationClient(client)
  }

  // MARK: - Facts

  public func facts() async throws(OperationFailure) -> [ResourceFacts] {
    do {
      return try await withThrowingTaskGroup(of: [ResourceFacts].self) { group in
        let point = restorePoint.point
        for secret in point.managedSecrets { group.addTask { try await facts(secret) } }
        for function in point.functions { group.addTask { try await facts(function) } }
        for stage in point.apiStages { group.addTask { try await facts(stage) } }
        for machine in point.stateMachines { group.addTask { try await facts(machine) } }
        var all: [ResourceFacts] = []
        for try await found in group { all += found }
        return all.sorted { $0.target < $1.target }
      }
    } catch {
      throw OperationFailure(describing: error)
    }
  }

  private func facts(_ secret: ManagedSecretState) async throws -> [ResourceFacts] {
    guard let recorded = secret.versionId else { return [] }
    guard let now = try await existing({ try await secrets.describeSecret(secret.arn) }) else {
      return [
        ResourceFacts(
          kind: .secret(SecretGuard()), target: secret.arn, stack: stackName(secret.stack),
          recorded: recorded,
          live: nil)
      ]
    }
    guard now.currentVersion != recorded else { return [] }
    var guarded = SecretGuard()
    guarded.rotates = now.rotates || secret.rotates
    guarded.owningService = now.owningService
    guarded.rotatedSince = now.lastRotatedAt.map { $0 > restorePoint.point.createdAt } ?? false
    let versions = try await secrets.listSecretVersionIds(secret.arn, includesDeprecated: true)
    guarded.recordedVersionExists = versions.contains { $0.id == recorded }
    guarded.changedSince =
      versions.first { $0.id == now.currentVersion }?.createdAt.map { $0 >= restorePoint.point.createdAt }
      ?? true
    return [
      ResourceFacts(
        kind: .secret(guarded), target: secret.arn, stack: stackName(secret.stack), recorded: recorded,
        live: now.currentVersion ?? "none")
    ]
  }

  private func facts(_ function: FunctionState) async throws -> [ResourceFacts] {
    var found: [ResourceFacts] = []
    if let now = try await existing({ try await functions.getFunctionConfiguration(function.name) }) {
      let isSame = now.codeSha256 == function.codeSha256
      let isTemplates = isSame ? false : try await isTemplateCode(function, now)
      found.append(
        ResourceFacts(
          kind: .functionCode, target: function.name, stack: stackName(function.stack),
          recorded: function.codeSha256, live: isTemplates ? function.codeSha256 : now.codeSha256))
      if !function.aliases.isEmpty {
        let live = Dictionary(
          try await functions.listAliases(function.name).map { ($0.name, $0.functionVersion) },
          uniquingKeysWith: { $1 })
        for (alias, version) in function.aliases.sorted(by: { $0.key < $1.key }) {
          found.append(
            ResourceFacts(
              kind: .alias, target: "\(function.name):\(alias)", stack: stackName(function.stack),
              recorded: version,
              live: live[alias]))
        }
      }
    } else {
      found.append(
        ResourceFacts(
          kind: .functionCode, target: function.name, stack: stackName(function.stack),
          recorded: function.codeSha256, live: nil))
    }
    return found
  }

  /// Whether the function's code is what its stack's template says: code inside a template is packed anew by each
  /// deployment, so its digest tells nothing; that nobody but CloudFormation wrote it last does.
  private func isTemplateCode(_ function: FunctionState, _ now: FunctionConfiguration) async throws -> Bool {
    guard function.hasInlineCode == true, let modified = AWSResources.time(now.lastModified) else {
      return false
    }
    let members = try await stacks.describeStackResources(stackName(function.stack))
    guard let updated = members.first(where: { $0.physicalId == function.name })?.updatedAt else {
      return false
    }
    return modified <= updated + .seconds(2)
  }

  /// Lambda writes `+0000` where RFC 3339 has `+00:00`.
  static func time(_ text: String?) -> Timestamp? {
    guard let text else { return nil }
    return Timestamp(text.hasSuffix("+0000") ? String(text.dropLast(5)) + "Z" : text)
  }

  private func facts(_ stage: APIStageState) async throws -> [ResourceFacts] {
    guard let recorded = stage.deploymentId else { return [] }
    var live: String?
    for version in [APIGatewayClient.Version.rest, .v2] {
      let found = try await existing {
        try await apis.getStage(version, api: stage.apiId, stage: stage.stage)
      }
      if let found {
        live = found.deploymentId
        break
      }
    }
    return [
      ResourceFacts(
        kind: .stageDeployment, target: "\(stage.apiId)/\(stage.stage)", stack: stackName(stage.stack),
        recorded: recorded, live: live)
    ]
  }

  private func facts(_ machine: StateMachineState) async throws -> [ResourceFacts] {
    let now = try await existing { try await machines.describeStateMachine(machine.arn) }
    return [
      ResourceFacts(
        kind: .stateMachine, target: machine.arn, stack: stackName(machine.stack),
        recorded: machine.definitionSha256,
        live: now.map { Digest.sha256Hex(Array($0.definition.utf8)) })
    ]
  }

  /// Restore points name the owning stack by name or by id.
  private func stackName(_ stack: String) -> String { Observer.stackName(stack) }

  /// The answer of `call`; nil where what was named does not exist.
  private func existing<Value>(_ call: () async throws -> Value) async throws -> Value? {
    do {
      return try await call()
    } catch let error as AWSError where error.kind == .notFound {
      return nil
    }
  }

  // MARK: - Actions

  public func perform(_ action: PlannedAction) async throws(OperationFailure) {
    do {
      try await make(action)
    } catch {
      throw OperationFailure(describing: error)
    }
  }

  private func make(_ action: PlannedAction) async throws {
    guard let value = action.value else {
      throw OperationFailure(.refused, "\(action.kind.rawValue) \(action.target): nothing to set")
    }
    switch action.kind {
    case .restoreSecretStage:
      let now = try await secrets.describeSecret(action.target)
      try await secrets.updateSecretVersionStage(
        action.target, stage: "AWSCURRENT", moveTo: value, removeFrom: now.currentVersion)
    case .restoreAlias:
      let parts = action.target.split(separator: ":").map(String.init)
      guard parts.count == 2 else { throw OperationFailure(.refused, "\(action.target) names no alias") }
      _ = try await functions.updateAlias(parts[0], name: parts[1], version: value)
    case .restoreStageDeployment:
      let parts = action.target.split(separator: "/").map(String.init)
      guard parts.count == 2 else { throw OperationFailure(.refused, "\(action.target) names no stage") }
      let isREST =
        try await existing { try await apis.getStage(.rest, api: parts[0], stage: parts[1]) } != nil
      _ = try await apis.updateStage(isREST ? .rest : .v2, api: parts[0], stage: parts[1], deployment: value)
    case .restoreStateMachine:
      guard let definition = restorePoint.definitions[action.target] else {
        throw OperationFailure(.refused, "the restore point holds no definition of \(action.target)")
      }
      try await machines.updateStateMachine(action.target, definition: definition)
    default: throw OperationFailure(.refused, "\(action.kind.rawValue) is nothing to be done here")
    }
  }
}
