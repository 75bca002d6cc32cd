import AWSClients
import CloudFormationModel
import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import MigrationAnalysis
import RestorePoints
import StepResults
import TemplateAnalysis

/// What stacks own but deployments also change on their own: functions, API stages, state machines, secrets.
struct ResourceReading: Sendable {
  var functions: [FunctionState] = []
  var apiStages: [APIStageState] = []
  var stateMachines: [StateMachineState] = []
  var managedSecrets: [ManagedSecretState] = []
  var settings: [SettingState] = []
  var traffic = TrafficState()
  /// How each table of DynamoDB can be had back; none where nobody may ask.
  var recoveries: [String: TableRecovery] = [:]
  /// Files of the restore point by name: definitions of state machines, packages of functions.
  var files: [String: [UInt8]] = [:]
  var findings: [Finding] = []

  mutating func add(_ other: ResourceReading) {
    functions += other.functions
    apiStages += other.apiStages
    stateMachines += other.stateMachines
    managedSecrets += other.managedSecrets
    settings += other.settings
    traffic.add(other.traffic)
    recoveries.merge(other.recoveries) { $1 }
    files.merge(other.files) { $1 }
    findings += other.findings
  }

  /// The order of answers is chance; the record must not be.
  mutating func sort() {
    functions.sort { $0.name < $1.name }
    apiStages.sort { ($0.apiId, $0.stage) < ($1.apiId, $1.stage) }
    stateMachines.sort { $0.arn < $1.arn }
    managedSecrets.sort { $0.arn < $1.arn }
    settings.sort { ($0.kind.rawValue, $0.target) < ($1.kind.rawValue, $1.target) }
    findings.sort { $0.message < $1.message }
  }
}

/// Reads the resources of stacks by their physical ids.
struct ResourceReader: Sendable {
  let clients: StackClients
  let policy: SnapshotPolicy

  /// All resources of `stacks`, beside each other; a resource that is gone is left out.
  func read(_ stacks: [StackReading]) async throws -> ResourceReading {
    let settings = SettingRecorder(clients: clients, policy: policy)
    return try await withThrowingTaskGroup(of: ResourceReading.self) { group in
      group.addTask { try await settings.named() }
      for stack in stacks {
        let (name, client) = (stack.state.name, clients[stack.state.stackId])
        for resource in stack.state.resources {
          guard let id = resource.physicalId, !id.isEmpty else { continue }
          switch resource.type {
          case "AWS::Lambda::Function":
            group.addTask { try await function(id, resource.logicalId, stack, client) }
          case "AWS::StepFunctions::StateMachine": group.addTask { try await stateMachine(id, name, client) }
          case "AWS::SecretsManager::Secret": group.addTask { try await secret(id, name, client) }
          case "AWS::ApiGateway::RestApi": group.addTask { try await stages(id, .rest, name, client) }
          case "AWS::ApiGatewayV2::Api": group.addTask { try await stages(id, .v2, name, client) }
          case "AWS::ECS::Service": group.addTask { try await settings.setting(.service, id, stack) }
          case "AWS::Events::Rule": group.addTask { try await settings.setting(.rule, id, stack) }
          case "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable":
            group.addTask { try await recovery(id, client) }
          case let type where TrafficReader.types.contains(type):
            group.addTask { try await traffic(id, type, stack, client) }
          default: break
          }
        }
      }
      var all = ResourceReading()
      for try await found in group { all.add(found) }
      all.sort()
      return all
    }
  }

  private func function(
    _ id: String, _ logicalId: String, _ stack: StackReading, _ client: AWSClient
  ) async throws -> ResourceReading {
    try await ifThere {
      let lambda = LambdaClient(client)
      let code = FunctionCodeReader(client: client, policy: policy, stack: stack.state.name)
      async let answer = code.details(id)
      async let listedAliases = lambda.listAliases(id)
      async let listedVersions = lambda.listVersionsByFunction(id)
      let details = try await answer
      let (aliases, versions) = (try await listedAliases, try await listedVersions)
      let found = details.configuration
      var state = FunctionState(
        name: found.name, stack: stack.state.name, codeSha256: found.codeSha256 ?? "",
        version: versions.compactMap { Int($0.version) }.max().map(String.init),
        timeout: found.timeoutSeconds, memory: found.memoryMegabytes,
        aliases: Dictionary(aliases.map { ($0.name, $0.functionVersion) }, uniquingKeysWith: { $1 }),
        revisionId: found.revisionId)
      let weights = aliases.filter { !$0.additionalVersionWeights.isEmpty }
      if !weights.isEmpty {
        state.aliasWeights = Dictionary(
          weights.map { ($0.name, $0.additionalVersionWeights) }, uniquingKeysWith: { $1 })
      }
      let digests = aliases.compactMap { alias in
        versions.first { $0.version == alias.functionVersion }?.codeSha256.map { (alias.name, $0) }
      }
      if !digests.isEmpty { state.aliasDigests = Dictionary(digests, uniquingKeysWith: { $1 }) }
      state.settings = FunctionSettings(
        environment: found.environment, handler: found.handler, runtime: found.runtime, role: found.role,
        layers: found.layers, reservedConcurrency: details.reservedConcurrency)
      state.settings?.architecture = found.architecture
      state.settings?.further = found.further
      state.hasInlineCode = stack.facts?.inlineFunctions.contains(logicalId) ?? false
      var reading = ResourceReading()
      reading.traffic.shifts = TrafficReader.shifts(
        of: aliases, function: found.name, stack: stack.state.name)
      let kept = try await code.keep(
        details, isInline: state.hasInlineCode == true, stack.package(of: logicalId))
      state.code = kept.state
      reading.files = kept.files
      reading.findings = kept.findings
      reading.functions = [state]
      return reading
    } ?? ResourceReading()
  }

  private func stages(
    _ api: String, _ version: APIGatewayClient.Version, _ stack: String, _ client: AWSClient
  ) async throws -> ResourceReading {
    try await ifThere {
      let gateway = APIGatewayClient(client)
      async let described = gateway.getApi(version, id: api)
      async let stages = gateway.getStages(version, api: api)
      let whole = try await described
      let name = whole.name
      var reading = ResourceReading()
      reading.traffic.shifts = TrafficReader.shifts(of: try await stages, stack: stack)
      reading.apiStages = try await stages.map { stage in
        var state = APIStageState(
          apiId: api, apiName: name, stage: stage.name, deploymentId: stage.deploymentId, stack: stack)
        state.version = version.rawValue
        state.variables = stage.variables.isEmpty ? nil : stage.variables
        state.deploysAutomatically = stage.deploysAutomatically
        return state
      }
      reading.settings = try await stages.map {
        SettingState(kind: .stage, target: "\(api)/\($0.name)", stack: stack, value: $0.settings.text)
      }
      reading.settings.append(
        SettingState(kind: .api, target: api, stack: stack, value: whole.settings.text))
      return reading
    } ?? ResourceReading()
  }

  private func traffic(
    _ id: String, _ type: String, _ stack: StackReading, _ client: AWSClient
  ) async throws -> ResourceReading {
    // A template may name an application of another stack.
    let own = stack.state.resources.filter { $0.type == "AWS::CodeDeploy::Application" }.compactMap(
      \.physicalId)
    var reading = ResourceReading()
    reading.traffic = try await TrafficReader(client, stack: stack.state.name).read(
      id, type: type,
      applications: own + (stack.facts?.deploymentApplications ?? []).filter { !own.contains($0) })
    return reading
  }

  private func recovery(_ table: String, _ client: AWSClient) async throws -> ResourceReading {
    var reading = ResourceReading()
    do {
      reading.recoveries[table] = try await DynamoDBClient(client).describeContinuousBackups(table)
    } catch let error as AWSError where [.notFound, .accessDenied].contains(error.kind) {
      // Then what is said of the table says that too.
      return reading
    }
    return reading
  }

  private func stateMachine(
    _ arn: String, _ stack: String, _ client: AWSClient
  ) async throws -> ResourceReading {
    try await ifThere {
      let found = try await StepFunctionsClient(client).describeStateMachine(arn)
      let bytes = Array(found.definition.utf8)
      let digest = Digest.sha256Hex(bytes)
      let file = "state-machines/\(digest.prefix(16)).json"
      var state = StateMachineState(
        arn: arn, stack: stack, revisionId: found.revisionId, definitionSha256: digest, definitionFile: file)
      state.role = found.roleARN.isEmpty ? nil : found.roleARN
      var reading = ResourceReading()
      reading.stateMachines = [state]
      reading.files = [file: bytes]
      return reading
    } ?? ResourceReading()
  }

  private func secret(
    _ arn: String, _ stack: String, _ client: AWSClient
  ) async throws -> ResourceReading {
    try await ifThere {
      let found = try await SecretsManagerClient(client).describeSecret(arn)
      var state = ManagedSecretState(
        arn: found.arn, stack: stack, versionId: found.currentVersion, rotates: found.rotates)
      state.owningService = found.owningService
      var reading = ResourceReading()
      reading.managedSecrets = [state]
      return reading
    } ?? ResourceReading()
  }
}
