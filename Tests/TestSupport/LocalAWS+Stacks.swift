import AWSClients
import CloudFormationModel
import CurlTransport
import Foundation
import SystemInterfaces

extension LocalAWS {
  /// A client of it.
  public var client: AWSClient { client(account: "test") }

  /// A client of `account`, twelve digits: it has as many as are named, and their roots need no signature.
  public func client(account: String, region: String = "us-east-1") -> AWSClient {
    AWSClient(
      transport: CurlTransport(environment: Environment()), clock: SystemClock(), random: Randomness(),
      configuration: AWSConfiguration(environment: environment, files: LocalFileSystem()),
      region: region,
      credentials: StaticCredentials(AWSCredentials(accessKeyId: account, secretAccessKey: "test")))
  }

  /// Creates a stack and waits until it is complete.
  public func createStack(
    _ name: String, template: String, parameters: [String: String] = [:], in other: AWSClient? = nil
  ) async throws {
    let cloudFormation = CloudFormationClient(other ?? client)
    _ = try await cloudFormation.createStack(
      name, update(template, parameters), token: "create-\(UUID().uuidString)")
    try await wait(for: name, in: other)
  }

  /// Updates a stack and waits until CloudFormation has finished, well or not.
  public func updateStack(
    _ name: String, template: String, parameters: [String: String] = [:], in other: AWSClient? = nil
  ) async throws {
    let cloudFormation = CloudFormationClient(other ?? client)
    _ = try await cloudFormation.updateStack(
      name, update(template, parameters), token: "update-\(UUID().uuidString)")
    try await wait(for: name, in: other)
  }

  private func update(_ template: String, _ parameters: [String: String]) -> StackUpdate {
    var update = StackUpdate(.body(template))
    update.parameters = parameters.map { AWSClients.StackParameter($0.key, $0.value) }
    update.capabilities = ["CAPABILITY_NAMED_IAM"]
    return update
  }

  /// Polls until nothing moves.
  public func wait(for name: String, in other: AWSClient? = nil) async throws {
    let cloudFormation = CloudFormationClient(other ?? client)
    try await waitUntil("\(name) has come to rest") {
      try await cloudFormation.describeStack(name)?.status.isInProgress != true
    }
  }
}
