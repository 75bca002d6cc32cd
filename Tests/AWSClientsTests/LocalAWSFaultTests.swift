import AWSClients
import CurlTransport
import HTTPTransport
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// Faults between client and service, over real connections, on a local AWS of their own.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"), .serialized)
struct LocalAWSFaultTests {
  private static let own = Result { try LocalAWS() }
  let aws: LocalAWS
  let client: AWSClient

  init() throws {
    aws = try Self.own.get()
    client = aws.client
  }

  func count(_ action: String) async throws -> Int {
    try await aws.calls(over: curl).count { $0["action"]?.string == action }
  }

  @Test func `throttled and unavailable calls are repeated until they succeed`() async throws {
    try await aws.setFaults(
      [.init(.throttle, "ListExports"), .init(.unavailable, "ListExports", times: 2)], over: curl)
    #expect(try await CloudFormationClient(client).listExports().isEmpty)
    #expect(try await count("ListExports") == 4)
  }

  @Test func `a lost reply of a call with a token`() async throws {
    let name = unique("lost")
    try await aws.setFaults([.init(.drop, "CreateStack")], over: curl)
    let template = "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: a}}}"
    // The service did it, so the repeated call finds the name taken: that is no success, and is told apart.
    let error = await #expect(throws: AWSError.self) {
      try await CloudFormationClient(client).createStack(
        name, StackUpdate(.body(template)), token: "backstop-once")
    }
    #expect(error?.kind == .conflict)
    #expect(try await CloudFormationClient(client).describeStack(name) != nil)
    let tokens = try await aws.calls(over: curl).filter { $0["stack"]?.string == name }
      .compactMap { $0["requestId"]?.string }
    #expect(tokens == ["backstop-once", "backstop-once"])
  }

  @Test func `a lost reply of a call without one is not repeated`() async throws {
    try await aws.setFaults([.init(.drop, "CreateDBSnapshot")], over: curl)
    let error = await #expect(throws: AWSError.self) {
      try await RDSClient(client).createDBSnapshot(unique("s"), ofInstance: "absent")
    }
    #expect(error?.kind == .replyLost)
    #expect(try await count("CreateDBSnapshot") == 1)
  }

  @Test func `a call that hangs is cancelled at once`() async throws {
    try await aws.setFaults([.init(.delay, "ListMetrics", seconds: 30)], over: curl)
    let client = client
    let task = Task { try await CloudWatchClient(client).listMetrics(namespace: "n") }
    while try await count("ListMetrics") == 0 {}
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `an AWS that is gone`() async throws {
    let gone = AWSClient.over(curl, ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"])
    let error = await #expect(throws: AWSError.self) { try await STSClient(gone).getCallerIdentity() }
    #expect(error?.kind == .unreachable)
    #expect(error?.description.contains("at 127.0.0.1:1 got no answer") == true)
  }
}
