import AWSClients
import CryptoDigests
import Records

/// What stacks own but deployments also change on their own: functions, API stages, state machines, secrets.
struct ResourceReading: Sendable {
  var functions: [FunctionState] = []
  var apiStages: [APIStageState] = []
  var stateMachines: [StateMachineState] = []
  var managedSecrets: [ManagedSecretState] = []
  /// Files of the restore point by name: definitions of state machines.
  var files: [String: [UInt8]] = [:]
}

/// Reads the resources of stacks by their physical ids.
struct ResourceReader: Sendable {
  let client: AWSClient

  /// All resources of `stacks`, beside each other; a resource that is gone is left out.
  func read(_ stacks: [StackState]) async throws -> ResourceReading {
    try await withThrowingTaskGroup(of: ResourceReading.self) { group in
      for stack in stacks {
        let apis = stack.resources.filter {
          ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"].contains($0.type)
        }
        for resource in stack.resources {
          guard let id = resource.physicalId, !id.isEmpty else { continue }
          switch resource.type {
          case "AWS::Lambda::Function": group.addTask { try await function(id, stack.name) }
          case "AWS::StepFunctions::StateMachine": group.addTask { try await stateMachine(id, stack.name) }
          case "AWS::SecretsManager::Secret": group.addTask { try await secret(id, stack.name) }
          default: break
          }
        }
        for api in apis {
          guard let id = api.physicalId else { continue }
          let version: APIGatewayClient.Version = api.type == "AWS::ApiGateway::RestApi" ? .rest : .v2
          group.addTask { try await stages(id, version, stack.name) }
        }
      }
      var all = ResourceReading()
      for try await found in group {
        all.functions += found.functions
        all.apiStages += found.apiStages
        all.stateMachines += found.stateMachines
        all.managedSecrets += found.managedSecrets
        all.files.merge(found.files) { $1 }
      }
      // The order of answers is chance; the record must not be.
      all.functions.sort { $0.name < $1.name }
      all.apiStages.sort { ($0.apiId, $0.stage) < ($1.apiId, $1.stage) }
      all.stateMachines.sort { $0.arn < $1.arn }
      all.managedSecrets.sort { $0.arn < $1.arn }
      return all
    }
  }

  private func ifThere(_ read: () async throws -> ResourceReading) async throws -> ResourceReading {
    do {
      return try await read()
    } catch let error as AWSError where error.kind == .notFound {
      return ResourceReading()
    }
  }

  private func function(_ name: String, _ stack: String) async throws -> ResourceReading {
    try await ifThere {
      let lambda = LambdaClient(client)
      async let configuration = lambda.getFunctionConfiguration(name)
      async let aliases = lambda.listAliases(name)
      async let versions = lambda.listVersionsByFunction(name)
      let found = try await configuration
      let newest = try await versions.compactMap { Int($0.version) }.max()
      let state = FunctionState(
        name: found.name, stack: stack, codeSha256: found.codeSha256 ?? "", version: newest.map(String.init),
        timeout: found.timeoutSeconds, memory: found.memoryMegabytes,
        aliases: Dictionary(
          try await aliases.map { ($0.name, $0.functionVersion) }, uniquingKeysWith: { $1 }),
        revisionId: found.revisionId)
      var reading = ResourceReading()
      reading.functions = [state]
      return reading
    }
  }

  private func stages(_ api: String, _ version: APIGatewayClient.Version, _ stack: String) async throws
    -> ResourceReading
  {
    try await ifThere {
      let gateway = APIGatewayClient(client)
      async let described = gateway.getApi(version, id: api)
      async let stages = gateway.getStages(version, api: api)
      let name = try await described.name
      var reading = ResourceReading()
      reading.apiStages = try await stages.map {
        APIStageState(apiId: api, apiName: name, stage: $0.name, deploymentId: $0.deploymentId, stack: stack)
      }
      return reading
    }
  }

  private func stateMachine(_ arn: String, _ stack: String) async throws -> ResourceReading {
    try await ifThere {
      let found = try await StepFunctionsClient(client).describeStateMachine(arn)
      let bytes = Array(found.definition.utf8)
      let digest = Digest.sha256Hex(bytes)
      let file = "state-machines/\(digest.prefix(16)).json"
      var reading = ResourceReading()
      reading.stateMachines = [
        StateMachineState(
          arn: arn, stack: stack, revisionId: found.revisionId, definitionSha256: digest, definitionFile: file
        )
      ]
      reading.files = [file: bytes]
      return reading
    }
  }

  private func secret(_ arn: String, _ stack: String) async throws -> ResourceReading {
    try await ifThere {
      let found = try await SecretsManagerClient(client).describeSecret(arn)
      var reading = ResourceReading()
      reading.managedSecrets = [
        ManagedSecretState(
          arn: found.arn, stack: stack, versionId: found.currentVersion, rotates: found.rotates)
      ]
      return reading
    }
  }
}
