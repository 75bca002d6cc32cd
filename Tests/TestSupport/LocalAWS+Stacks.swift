import AWSClients
import CurlTransport
import Foundation
import SystemInterfaces

extension LocalAWS {
  /// A client of it.
  public var client: AWSClient {
    AWSClient(
      transport: CurlTransport(environment: Environment()), clock: SystemClock(), random: Randomness(),
      configuration: AWSConfiguration(environment: environment, files: LocalFileSystem()),
      region: "us-east-1",
      credentials: StaticCredentials(AWSCredentials(accessKeyId: "test", secretAccessKey: "test")))
  }

  /// Creates a stack and waits until it is complete.
  public func createStack(_ name: String, template: String, parameters: [String: String] = [:]) async throws {
    let cloudFormation = CloudFormationClient(client)
    _ = try await cloudFormation.createStack(
      name, update(template, parameters), token: "create-\(UUID().uuidString)")
    try await wait(for: name)
  }

  /// Updates a stack and waits until CloudFormation has finished, well or not.
  public func updateStack(_ name: String, template: String, parameters: [String: String] = [:]) async throws {
    let cloudFormation = CloudFormationClient(client)
    _ = try await cloudFormation.updateStack(
      name, update(template, parameters), token: "update-\(UUID().uuidString)")
    try await wait(for: name)
  }

  private func update(_ template: String, _ parameters: [String: String]) -> StackUpdate {
    var update = StackUpdate(.body(template))
    update.parameters = parameters.map { AWSClients.StackParameter($0.key, $0.value) }
    update.capabilities = ["CAPABILITY_NAMED_IAM"]
    return update
  }

  /// Polls until nothing moves.
  public func wait(for name: String) async throws {
    let cloudFormation = CloudFormationClient(client)
    let deadline = Date().addingTimeInterval(60)
    while let stack = try await cloudFormation.describeStack(name), stack.status.isInProgress {
      guard Date() < deadline else { throw LocalAWSError("\(name) is still \(stack.status) after a minute") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}

/// A local AWS that does not do what a test needs.
public struct LocalAWSError: Error, CustomStringConvertible {
  /// What it does instead.
  public let description: String
  init(_ text: String) { description = text }
}
