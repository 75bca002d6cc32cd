import AWSClients
import CloudFormationModel

/// AWS's control plane over the service clients.
public struct AWSControlPlane: ControlPlane, ExecutionPlane, APIPlane {
  private let clients: StackClients

  /// The control plane that `clients` speak to.
  public init(_ clients: StackClients) { self.clients = clients }

  private func machines(_ arn: String, of stack: String? = nil) -> StepFunctionsClient {
    StepFunctionsClient(stack.map { clients[$0] } ?? clients.client(ofARN: arn))
  }

  public func stack(_ name: String) async throws(ControlPlaneError) -> StackHealth? {
    try await asking { try await CloudFormationClient(clients[name]).describeStack(name) }.flatMap { found in
      found.map { StackHealth(status: $0.status.rawValue, reason: $0.statusReason) }
    }
  }

  public func resources(ofStack name: String) async throws(ControlPlaneError) -> [StackMember] {
    let found = try await asking { try await CloudFormationClient(clients[name]).listStackResources(name) }
    return (found ?? []).compactMap { resource in
      resource.physicalId.map {
        StackMember(logicalId: resource.logicalId, physicalId: $0, type: resource.type)
      }
    }
  }

  public func function(
    _ name: String, of stack: String?
  ) async throws(ControlPlaneError) -> FunctionHealth? {
    let functions = LambdaClient(stack.map { clients[$0] } ?? clients.own)
    return try await asking { try await functions.getFunctionConfiguration(name) }.map { found in
      let names = ["COMMIT", "GIT_COMMIT", "GIT_SHA", "COMMIT_SHA", "APP_VERSION", "VERSION", "RELEASE"]
      return FunctionHealth(
        state: found.state, lastUpdateStatus: found.lastUpdateStatus,
        reason: found.stateReason ?? found.lastUpdateStatusReason,
        version: names.lazy.compactMap { found.environment[$0] }.first { !$0.isEmpty })
    }
  }

  public func stateMachine(
    _ arn: String, of stack: String?
  ) async throws(ControlPlaneError) -> String? {
    try await asking { try await machines(arn, of: stack).describeStateMachine(arn).status }.flatMap { $0 }
  }

  public func routes(
    ofAPI id: String, isREST: Bool, of stack: String?
  ) async throws(ControlPlaneError) -> [APIRoute]? {
    let client = APIGatewayClient(stack.map { clients[$0] } ?? clients.own)
    let policy =
      isREST ? try await asking { try await client.getApi(.rest, id: id).policy }.flatMap { $0 } : nil
    return try await asking { try await client.getRoutes(isREST ? .rest : .v2, api: id) }.map { found in
      found.map {
        var route = APIRoute(
          method: $0.method, path: $0.path, wantsKey: $0.wantsAPIKey, wantsMore: $0.authorization != "NONE")
        route.mayBeKeptOut = policy.map(APIResourcePolicy.keepsOut) ?? false
        return route
      }
    }
  }

  public func template(ofStack name: String) async throws(ControlPlaneError) -> String? {
    try await asking { try await CloudFormationClient(clients[name]).getTemplate(name, stage: .processed) }
  }

  public func startExecution(
    ofStateMachine arn: String, name: String, input: String, within limit: Duration
  ) async throws(ControlPlaneError) -> ExecutionState {
    let machines = machines(arn)
    return try await mustBeThere("state machine \(arn)") {
      // An Express execution cannot be asked about afterwards, only waited for.
      if try await machines.describeStateMachine(arn).type == "EXPRESS" {
        return ExecutionState(
          try await machines.startSyncExecution(arn, name: name, input: input, timeout: limit))
      }
      let execution = try await machines.startExecution(arn, name: name, input: input)
      return ExecutionState(arn: execution, status: "RUNNING")
    }
  }

  public func execution(_ arn: String) async throws(ControlPlaneError) -> ExecutionState {
    try await mustBeThere("execution \(arn)") {
      ExecutionState(try await machines(arn).describeExecution(arn))
    }
  }

  public func database(
    _ identifier: String, isCluster: Bool, of stack: String?
  ) async throws(ControlPlaneError) -> String? {
    let databases = RDSClient(stack.map { clients[$0] } ?? clients.own)
    return try await asking {
      isCluster
        ? try await databases.describeDBClusters(identifier).first?.status
        : try await databases.describeDBInstances(identifier).first?.status
    }.flatMap { $0 }
  }

  /// The answer of `call`, which must be there.
  private func mustBeThere<Value>(
    _ what: String, _ call: () async throws -> Value
  ) async throws(ControlPlaneError) -> Value {
    guard let value = try await asking(call) else {
      throw ControlPlaneError(.other, "there is no \(what)")
    }
    return value
  }

  /// The answer of `call`; nil where what was named does not exist.
  private func asking<Value>(_ call: () async throws -> Value) async throws(ControlPlaneError) -> Value? {
    do {
      return try await call()
    } catch let error as AWSError {
      if error.kind == .notFound { return nil }
      throw ControlPlaneError(describing: error)
    } catch let error as CredentialsError {
      throw ControlPlaneError(.refused, "\(error)", advice: error.advice)
    } catch let error as RoleError {
      throw ControlPlaneError(.refused, "\(error)", advice: error.advice)
    } catch is CancellationError {
      throw ControlPlaneError(.other, "interrupted")
    } catch {
      throw ControlPlaneError(.other, "\(error)")
    }
  }
}

extension ExecutionState {
  fileprivate init(_ found: StateMachineExecution) {
    self.init(
      arn: found.arn, status: found.status, output: found.output, error: found.error, cause: found.cause)
  }
}

extension ControlPlaneError {
  /// What an error of AWS means for checks.
  init(describing error: AWSError) {
    let kind: Kind =
      switch error.kind {
      case .credentialsMissing, .credentialsExpired, .credentialsInvalid, .accessDenied: .refused
      case .throttled, .transient, .unreachable, .replyLost, .badAnswer: .unavailable
      case .notFound, .noUpdates, .conflict, .quotaExceeded, .other: .other
      }
    self.init(kind, "\(error)", advice: error.advice)
  }
}
