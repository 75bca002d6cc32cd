import AWSClients

/// AWS's control plane over the service clients.
public struct AWSControlPlane: ControlPlane {
  private let stacks: CloudFormationClient
  private let functions: LambdaClient
  private let machines: StepFunctionsClient
  private let databases: RDSClient

  /// The control plane that `client` speaks to.
  public init(_ client: AWSClient) {
    stacks = CloudFormationClient(client)
    functions = LambdaClient(client)
    machines = StepFunctionsClient(client)
    databases = RDSClient(client)
  }

  public func stack(_ name: String) async throws(ControlPlaneError) -> StackHealth? {
    try await asking { try await stacks.describeStack(name) }.flatMap { found in
      found.map { StackHealth(status: $0.status.rawValue, reason: $0.statusReason) }
    }
  }

  public func resources(ofStack name: String) async throws(ControlPlaneError) -> [StackMember] {
    let found = try await asking { try await stacks.listStackResources(name) }
    return (found ?? []).compactMap { resource in
      resource.physicalId.map {
        StackMember(logicalId: resource.logicalId, physicalId: $0, type: resource.type)
      }
    }
  }

  public func function(_ name: String) async throws(ControlPlaneError) -> FunctionHealth? {
    try await asking { try await functions.getFunctionConfiguration(name) }.map { found in
      let names = ["COMMIT", "GIT_COMMIT", "GIT_SHA", "COMMIT_SHA", "APP_VERSION", "VERSION", "RELEASE"]
      return FunctionHealth(
        state: found.state, lastUpdateStatus: found.lastUpdateStatus,
        reason: found.stateReason ?? found.lastUpdateStatusReason,
        version: names.lazy.compactMap { found.environment[$0] }.first { !$0.isEmpty })
    }
  }

  public func stateMachine(_ arn: String) async throws(ControlPlaneError) -> String? {
    try await asking { try await machines.describeStateMachine(arn).status }.flatMap { $0 }
  }

  public func database(_ identifier: String, isCluster: Bool) async throws(ControlPlaneError) -> String? {
    try await asking {
      isCluster
        ? try await databases.describeDBClusters(identifier).first?.status
        : try await databases.describeDBInstances(identifier).first?.status
    }.flatMap { $0 }
  }

  /// The answer of `call`; nil where what was named does not exist.
  private func asking<Value>(_ call: () async throws -> Value) async throws(ControlPlaneError) -> Value? {
    do {
      return try await call()
    } catch let error as AWSError {
      switch error.kind {
      case .notFound: return nil
      case .credentialsMissing, .credentialsExpired, .credentialsInvalid, .accessDenied:
        throw ControlPlaneError(.refused, "\(error)", advice: error.advice)
      case .throttled, .transient, .unreachable, .replyLost, .badAnswer:
        throw ControlPlaneError(.unavailable, "\(error)", advice: error.advice)
      case .noUpdates, .conflict, .other: throw ControlPlaneError(.other, "\(error)", advice: error.advice)
      }
    } catch let error as CredentialsError {
      throw ControlPlaneError(.refused, "\(error)", advice: error.advice)
    } catch is CancellationError {
      throw ControlPlaneError(.other, "interrupted")
    } catch {
      throw ControlPlaneError(.other, "\(error)")
    }
  }
}
