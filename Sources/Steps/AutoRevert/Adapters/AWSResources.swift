import AWSClients
import CryptoDigests
import DeploymentRecords
import RollbackPlanning
import SystemInterfaces

/// Secrets, aliases, stages and state machines over their clients: compared with the restore point, and put back.
public struct AWSResources: ResourceOperations {
  private let restorePoint: LoadedRestorePoint
  private let clients: StackClients
  private let functions: FunctionAdapter
  private let settings: SettingAdapter
  private let traffics: TrafficAdapter
  private let databases: DatabaseAdapter?
  private let schema: SchemaAdapter?

  /// The resources of `restorePoint`.
  /// - Parameters:
  ///   - reliefs: the quick settings that a person asked for.
  ///   - schema: runs rollback scripts; nil where nobody asked for it.
  ///   - onSecret: gets every secret's value before anything else does.
  init(
    _ clients: StackClients, restorePoint: LoadedRestorePoint, reliefs: [ReliefRequest] = [],
    schema: SchemaAdapter? = nil, probes: DataProbes? = nil,
    onSecret: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.restorePoint = restorePoint
    self.schema = schema
    self.clients = clients
    functions = FunctionAdapter(clients, restorePoint: restorePoint, requests: reliefs)
    settings = SettingAdapter(clients, restorePoint: restorePoint)
    traffics = TrafficAdapter(clients, point: restorePoint.point)
    databases = restorePoint.point.database.map {
      DatabaseAdapter(
        clients, state: $0, restorePoint: restorePoint.point, probes: probes, onSecret: onSecret)
    }
  }

  // MARK: - Facts

  public func facts() async throws(OperationFailure) -> [ResourceFacts] {
    do {
      return try await withThrowingTaskGroup(of: [ResourceFacts].self) { group in
        let point = restorePoint.point
        for secret in point.managedSecrets { group.addTask { try await facts(secret) } }
        for function in point.functions { group.addTask { try await functions.facts(function) } }
        for stage in point.apiStages { group.addTask { try await facts(stage) } }
        for machine in point.stateMachines { group.addTask { try await facts(machine) } }
        for setting in settings.settings { group.addTask { try await settings.facts(setting) } }
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
    let secrets = SecretsManagerClient(clients[secret.stack])
    guard let now = try await ifThere({ try await secrets.describeSecret(secret.arn) }) else {
      return [
        ResourceFacts(
          kind: .secret(SecretGuard()), target: secret.arn,
          stack: AmazonResourceName.stackName(of: secret.stack),
          recorded: recorded,
          live: nil)
      ]
    }
    guard now.currentVersion != recorded else { return [] }
    var guarded = SecretGuard()
    guarded.rotates = now.rotates || secret.rotates
    guarded.owningService = now.owningService
    guarded.namesRestoredDatabase =
      databases.map { $0.version(of: secret.arn) == now.currentVersion } ?? false
    guarded.rotatedSince = now.lastRotatedAt.map(restorePoint.point.precedes) ?? false
    let versions = try await secrets.listSecretVersionIds(secret.arn, includesDeprecated: true)
    guarded.recordedVersionExists = versions.contains { $0.id == recorded }
    guarded.changedSince =
      versions.first { $0.id == now.currentVersion }?.createdAt.map(restorePoint.point.precedes) ?? true
    return [
      ResourceFacts(
        kind: .secret(guarded), target: secret.arn, stack: AmazonResourceName.stackName(of: secret.stack),
        recorded: recorded,
        live: now.currentVersion ?? "none")
    ]
  }

  private func facts(_ stage: APIStageState) async throws -> [ResourceFacts] {
    // A stage that deploys by itself goes on doing so.
    guard let recorded = stage.deploymentId, stage.deploysAutomatically != true else { return [] }
    let apis = APIGatewayClient(clients[stage.stack])
    var live: String?
    for version in [APIGatewayClient.Version.rest, .v2] {
      let found = try await ifThere {
        try await apis.getStage(version, api: stage.apiId, stage: stage.stage)
      }
      if let found {
        live = found.deploymentId
        break
      }
    }
    if let now = live, now != recorded,
      try await StackMembers(clients).deployments(in: stage.stack).contains(now)
    {
      live = recorded
    }
    return [
      ResourceFacts(
        kind: .stageDeployment, target: "\(stage.apiId)/\(stage.stage)",
        stack: AmazonResourceName.stackName(of: stage.stack),
        recorded: recorded, live: live)
    ]
  }

  private func facts(_ machine: StateMachineState) async throws -> [ResourceFacts] {
    let machines = StepFunctionsClient(clients[machine.stack])
    let now = try await ifThere { try await machines.describeStateMachine(machine.arn) }
    return [
      ResourceFacts(
        kind: .stateMachine, target: machine.arn, stack: AmazonResourceName.stackName(of: machine.stack),
        recorded: machine.definitionSha256,
        live: now.map { Digest.sha256Hex(Array($0.definition.utf8)) })
    ]
  }

  public func reliefs() async throws(OperationFailure) -> [ReliefFacts] {
    do {
      return try await functions.reliefs()
    } catch {
      throw OperationFailure(describing: error)
    }
  }

  public func database() async throws(OperationFailure) -> DatabaseFacts? {
    guard let databases else { return nil }
    do {
      return try await databases.facts()
    } catch {
      throw OperationFailure(describing: error)
    }
  }

  public func traffic() async throws(OperationFailure) -> TrafficSituation {
    do {
      return try await traffics.situation()
    } catch {
      throw OperationFailure(describing: error)
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

  public func progress(of action: PlannedAction) async throws(OperationFailure) -> ResourceProgress {
    do {
      switch action.kind {
      case .restoreFunctionCode, .restoreFunctionSettings, .relieve:
        return try await functions.progress(of: action)
      case .restoreService, .restoreConfiguration: return try await settings.progress(of: action)
      case .stopDeployment, .awaitDeployment: return try await traffics.progress(of: action)
      case .restoreDatabase: return try await databases?.progress() ?? .done
      case .switchDatabaseProxy: return try await databases?.progress(ofProxy: action.target) ?? .done
      case .redeploy: return try await databases?.progress(ofStack: action.target) ?? .done
      // One call, whose answer says that it is done.
      default: return .done
      }
    } catch {
      throw OperationFailure(describing: error)
    }
  }

  /// The stack that owns a secret, a stage or a state machine of the restore point.
  private func owner(of target: String) -> String? {
    let point = restorePoint.point
    return point.managedSecrets.first { $0.arn == target }?.stack
      ?? point.stateMachines.first { $0.arn == target }?.stack
      ?? point.apiStages.first { "\($0.apiId)/\($0.stage)" == target }?.stack
  }

  private func make(_ action: PlannedAction) async throws {
    if action.kind == .rollBackSchema {
      guard let schema else { throw OperationFailure(.refused, "there are no rollback scripts here") }
      return try await schema.run()
    }
    if SettingKind.allCases.contains(where: { $0.action == action.kind }) {
      return try await settings.perform(action)
    }
    if PlannedAction.Kind.traffic.contains(action.kind) { return try await traffics.perform(action) }
    // The plan's targets are the restore point's, so it says whose they are.
    let client = owner(of: action.target).map { clients[$0] } ?? clients.client(ofARN: action.target)
    switch (action.kind, action.payload) {
    case (.restoreSecretStage, .version(let version)):
      let secrets = SecretsManagerClient(client)
      let now = try await secrets.describeSecret(action.target)
      try await secrets.updateSecretVersionStage(
        action.target, stage: "AWSCURRENT", moveTo: version, removeFrom: now.currentVersion)
    case (.restoreAlias, _), (.restoreFunctionCode, _), (.restoreFunctionSettings, _), (.relieve, _):
      try await functions.perform(action)
    case (.restorePackage, _):
      guard let package = restorePoint.lostPackages.first(where: { $0.target == action.target }),
        let bytes = restorePoint.packages[package.function]
      else { throw OperationFailure(.refused, "the restore point keeps no package for \(action.target)") }
      do {
        try await S3Client(clients[package.stack]).putObject(
          bucket: package.bucket, key: package.key, bytes, contentType: "application/zip",
          onlyIfAbsent: true)
      } catch let error as AWSError where error.kind == .conflict {
        throw OperationFailure(.refused, "something was written there meanwhile")
      }
    case (.restoreDatabase, _), (.switchDatabase, _), (.switchDatabaseProxy, _), (.redeploy, _):
      guard let databases else { throw OperationFailure(.refused, "the restore point holds no database") }
      try await databases.perform(action)
    case (.restoreStageDeployment, .deployment(let deployment)):
      let parts = action.target.split(separator: "/").map(String.init)
      guard parts.count == 2 else { throw OperationFailure(.refused, "\(action.target) names no stage") }
      let apis = APIGatewayClient(client)
      let isREST =
        try await ifThere { try await apis.getStage(.rest, api: parts[0], stage: parts[1]) } != nil
      _ = try await apis.updateStage(
        isREST ? .rest : .v2, api: parts[0], stage: parts[1], deployment: deployment)
    case (.restoreStateMachine, _):
      guard let definition = restorePoint.definitions[action.target] else {
        throw OperationFailure(.refused, "the restore point holds no definition of \(action.target)")
      }
      try await StepFunctionsClient(client).updateStateMachine(action.target, definition: definition)
    default: throw OperationFailure(.refused, "\(action.kind.rawValue) is nothing to be done here")
    }
  }
}
