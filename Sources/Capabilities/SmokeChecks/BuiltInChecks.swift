import DeploymentConfig

/// The checks that need no file, for what a configuration names.
public struct BuiltInChecks: Sendable {
  /// The checks, each a chain of its own.
  public var chains: [CheckChain] = []
  /// What is worth saying beside the results.
  public var notes: Notes?

  /// Finds the checks of the endpoint and, through `plane`, those of the stacks. Without a `plane` only the endpoint
  /// is checked. What AWS cannot answer is kept in `faults`.
  public init(
    config: DeploymentConfig, policy: SmokePolicy, plane: (any ControlPlane)?,
    faults: ControlPlaneFaults = ControlPlaneFaults()
  ) async {
    if let endpoint = config.apiEndpoint {
      var checks = EndpointChecks(endpoint: endpoint, apiKey: config.apiKey)
      checks.certificateDays = policy.certificateDays
      chains += checks.chains
    }
    guard let plane else { return }
    let checks = StackChecks(plane, faults: faults)
    chains += await checks.chains(
      stacks: config.stacks.map { CheckedStack(name: $0.name, isDerived: $0.isDerived) },
      stateMachines: config.stateMachineARN.map { [$0] } ?? [])
    notes = checks.notes
  }
}
