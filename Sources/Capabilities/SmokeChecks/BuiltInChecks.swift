import DeploymentConfig
import HTTPTransport

/// The checks that need no file, for what a configuration names.
public struct BuiltInChecks: Sendable {
  /// The checks, each a chain of its own.
  public var chains: [CheckChain] = []
  /// What is worth saying beside the results.
  public var notes: Notes?

  /// Finds the checks of the endpoint and, through `plane`, those of the stacks. Without a `plane` only the endpoint
  /// is checked. What AWS cannot answer is kept in `faults`.
  /// - Parameters:
  ///   - apis: tells which routes the API has; nil where nobody can be asked.
  ///   - headers: fields that every request to the endpoint carries.
  public init(
    config: DeploymentConfig, policy: SmokePolicy, plane: (any ControlPlane)?, apis: (any APIPlane)? = nil,
    headers: [HTTPField] = [], faults: ControlPlaneFaults = ControlPlaneFaults()
  ) async {
    let said = Notes()
    if let endpoint = config.apiEndpoint {
      var checks = EndpointChecks(endpoint: endpoint, apiKey: config.apiKey)
      checks.certificateDays = policy.certificateDays
      checks.choice = policy.builtIn
      checks.headers = headers
      if let plane, let apis {
        checks.routes = await APIRoutes.find(
          endpoint: endpoint, stacks: config.stacks, plane: plane, apis: apis)
      }
      let plan = checks.plan
      chains += plan.checks.map { CheckChain([$0]) }
      for note in plan.notes { said.add(note) }
    }
    notes = said
    guard let plane else { return }
    let checks = StackChecks(plane, faults: faults, choice: policy.builtIn, notes: said)
    chains += await checks.chains(
      stacks: config.stacks.map { CheckedStack(name: $0.name, isDerived: $0.isDerived) },
      stateMachines: config.stateMachineARN.map { [$0] } ?? [])
  }
}
