public import AWSClients
public import DeploymentRecords

/// Where the calls of users go now, of all that a restore point records.
public struct RecordedTraffic: Sendable {
  private let clients: StackClients
  private let point: RestorePoint

  /// The traffic of `point`, asked for with `clients`.
  public init(_ clients: StackClients, of point: RestorePoint) {
    self.clients = clients
    self.point = point
  }

  /// What is there now of all that is recorded, and of deployment groups and listeners that came since.
  public func now() async throws -> TrafficState {
    try await withThrowingTaskGroup(of: TrafficState.self) { group in
      for function in point.functions where !function.aliases.isEmpty {
        group.addTask { try await aliases(function) }
      }
      // Whether a stage had a canary is known where somebody looked.
      if point.traffic != nil {
        let stages = Dictionary(
          point.apiStages.filter { $0.version == "rest" }.map { ($0.apiId, $0.stack) },
          uniquingKeysWith: { $1 })
        for (api, stack) in stages { group.addTask { try await canaries(api, stack) } }
      }
      let stacks = Set(point.stacks.map(\.name))
      for stack in stacks.sorted() { group.addTask { try await members(stack) } }
      var all = TrafficState()
      for try await found in group { all.add(found) }
      return all
    }
  }

  private func aliases(_ function: FunctionState) async throws -> TrafficState {
    let target = point.designation(of: function)
    var found = TrafficState()
    let all = try await ifThere { try await LambdaClient(clients[function.stack]).listAliases(target) }
    found.shifts = TrafficReader.shifts(of: all ?? [], function: function.name, stack: function.stack)
    return found
  }

  private func canaries(_ api: String, _ stack: String) async throws -> TrafficState {
    var found = TrafficState()
    let stages = try await ifThere { try await APIGatewayClient(clients[stack]).getStages(.rest, api: api) }
    found.shifts = TrafficReader.shifts(of: stages ?? [], stack: stack)
    return found
  }

  private func members(_ stack: String) async throws -> TrafficState {
    let client = clients[stack]
    let recorded = (point.stacks.first { $0.name == stack }?.resources ?? []).map { ($0.type, $0.physicalId) }
    let live = try await ifThere { try await CloudFormationClient(client).listStackResources(stack) }
    let all =
      recorded + (live ?? []).filter { $0.status != "DELETE_COMPLETE" }.map { ($0.type, $0.physicalId) }
    func ids(_ type: String) -> [String] { Set(all.filter { $0.0 == type }.compactMap(\.1)).sorted() }
    let groups = (point.traffic?.groups ?? []).filter { $0.stack == stack }
    let applications = ids("AWS::CodeDeploy::Application") + groups.map(\.application)
    var found = TrafficState()
    for type in TrafficReader.types.sorted() {
      for id in ids(type) where !id.isEmpty {
        found.add(
          try await TrafficReader(client, stack: stack).read(
            id, type: type, applications: Set(applications).sorted(),
            isPlaced: groups.contains { $0.name == id }))
      }
    }
    return found
  }
}
