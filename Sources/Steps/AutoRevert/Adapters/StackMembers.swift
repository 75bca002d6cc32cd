import AWSClients
import SystemInterfaces

/// What stacks have made anew by now, under another id than was recorded: versions of functions, deployments of APIs.
///
/// SAM, the Serverless Framework and the CDK publish a version and deploy an API anew with each deployment, and a restore does
/// so too. Where an alias or a stage leads to what its own stack has, it is as the template says, whatever the number.
struct StackMembers {
  private let clients: StackClients

  init(_ clients: StackClients) { self.clients = clients }

  /// The numbers of the versions of `function` that `stack` has.
  func versions(of function: String, in stack: String) async throws -> Set<String> {
    let name = AmazonResourceName(function)?.resource.split(separator: ":").last.map(String.init) ?? function
    return Set(
      try await ids(["AWS::Lambda::Version"], in: stack).compactMap { id in
        let parts = id.split(separator: ":")
        guard parts.count > 1, parts[parts.count - 2] == name else { return nil }
        return String(parts[parts.count - 1])
      })
  }

  /// The deployments of APIs that `stack` has.
  func deployments(in stack: String) async throws -> Set<String> {
    Set(try await ids(["AWS::ApiGateway::Deployment", "AWS::ApiGatewayV2::Deployment"], in: stack))
  }

  /// The task definitions that `stack` has.
  func taskDefinitions(in stack: String) async throws -> [String] {
    try await ids(["AWS::ECS::TaskDefinition"], in: stack)
  }

  private func ids(_ types: [String], in stack: String) async throws -> [String] {
    let client = CloudFormationClient(clients[stack])
    // By its name: of a stack that was made anew, what is there now counts.
    let members = try await ifThere {
      try await client.listStackResources(AmazonResourceName.stackName(of: stack))
    }
    return (members ?? []).filter { types.contains($0.type) && $0.status != "DELETE_COMPLETE" }
      .compactMap(\.physicalId)
  }
}
