import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// Answers that are none of AWS's, whatever their status: a proxy's page says nothing of any stack.
@Suite struct ForeignAnswerTests {
  static let page = "<html><body>Login</body></html>"

  static func client(_ status: Int, _ body: String, _ headers: [HTTPField] = []) -> AWSClient {
    AWSClient.over(ScriptedTransport { _ in .text(status, body, headers) }, ["AWS_MAX_ATTEMPTS": "1"])
  }

  /// One call of each protocol, of each kind.
  static let calls: [(name: String, call: @Sendable (AWSClient) async throws -> Void)] = [
    ("DescribeStacks", { _ = try await CloudFormationClient($0).describeStack("s") }),
    ("DeleteStack", { try await CloudFormationClient($0).deleteStack("s", token: "t") }),
    ("ListExports", { _ = try await CloudFormationClient($0).listExports() }),
    ("GetTemplate", { _ = try await CloudFormationClient($0).getTemplate("s", stage: .original) }),
    ("ListStackResources", { _ = try await CloudFormationClient($0).listStackResources("s") }),
    ("DescribeDBInstances", { _ = try await RDSClient($0).describeDBInstances("d") }),
    ("DescribeSecret", { _ = try await SecretsManagerClient($0).describeSecret("s") }),
    ("GetFunctionConfiguration", { _ = try await LambdaClient($0).getFunctionConfiguration("f") }),
    ("HeadObject", { _ = try await S3Client($0).headObject(bucket: "bucket", key: "k") }),
    ("PutObject", { try await S3Client($0).putObject(bucket: "bucket", key: "k", [1]) }),
    ("GetCallerIdentity", { _ = try await STSClient($0).getCallerIdentity() }),
  ]

  @Test(arguments: [200, 302, 401, 403, 404, 407])
  func `25 a page is no answer, for every call`(status: Int) async throws {
    for (name, call) in Self.calls {
      let client = Self.client(status, Self.page, [HTTPField("Content-Type", "text/html; charset=utf-8")])
      let error = await #expect(throws: AWSError.self, "\(name)") { try await call(client) }
      #expect(error?.kind == .badAnswer, "\(name): \(error?.description ?? "")")
    }
  }

  @Test(arguments: [
    "", "<DescribeStacksResponse/>",
    "<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>",
    "<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>",
    "<ListStacksResponse><DescribeStacksResult/></ListStacksResponse>", "{}", "ok",
  ])
  func `25 an answer without stacks does not say that there is none`(body: String) async {
    let error = await #expect(throws: AWSError.self) {
      try await CloudFormationClient(Self.client(200, body)).describeStack("s")
    }
    #expect(error?.kind == .badAnswer)
  }

  static let lists: [(service: String, call: @Sendable (AWSClient) async throws -> Void)] = [
    ("CloudFormation", { _ = try await CloudFormationClient($0).listExports() }),
    ("CloudFormation", { _ = try await CloudFormationClient($0).describeChangeSet("c") }),
    ("RDS", { _ = try await RDSClient($0).describeDBInstances() }),
    ("AppConfig", { _ = try await AppConfigClient($0).listDeployments(application: "a", environment: "e") }),
    ("Lambda", { _ = try await LambdaClient($0).listAliases("f") }),
    ("CodeDeploy", { _ = try await CodeDeployClient($0).listDeployments(application: "a", group: "g") }),
  ]

  /// No list of AWS's has two pages that lead to one another, and no client reads them for ever.
  @Test func `pages that lead back to one another are no answer`() async throws {
    for (service, call) in Self.lists {
      let transport = ScriptedTransport { request in
        let asked = String(decoding: request.body, as: UTF8.self) + request.url
        let next = asked.contains("one") ? "two" : "one"
        guard asked.contains("Action=") else {
          return .text(
            200, #"{"NextToken": "\#(next)", "nextToken": "\#(next)", "NextMarker": "\#(next)"}"#)
        }
        let action = asked.split(separator: "Action=").last?.prefix { $0 != "&" } ?? ""
        return .text(
          200,
          "<\(action)Response><\(action)Result><NextToken>\(next)</NextToken><Marker>\(next)</Marker>"
            + "</\(action)Result></\(action)Response>")
      }
      let error = await #expect(throws: AWSError.self, "\(service)") { try await call(.over(transport)) }
      #expect(error?.kind == .badAnswer && error?.service == service)
      #expect(error?.message.contains("the same token came twice") == true)
      #expect(transport.requests.count == 3)
    }
  }

  @Test func `a page that AWS itself hands out is an object like any other`() async throws {
    let client = Self.client(
      200, Self.page, [HTTPField("Content-Type", "text/html"), HTTPField("x-amz-request-id", "r")])
    #expect(try await S3Client(client).getObject(bucket: "bucket", key: "k").bytes == Array(Self.page.utf8))
  }

  @Test(arguments: [
    "LimitExceededException", "LimitExceeded", "SnapshotQuotaExceeded", "CodeStorageExceededException",
  ])
  func `24 a quota that is used up is no throttling`(code: String) async {
    let transport = ScriptedTransport { _ in .text(400, AWSErrorTests.queryError(code)) }
    let error = await #expect(throws: AWSError.self) {
      try await CloudFormationClient(.over(transport)).describeStacks("s")
    }
    #expect(error?.kind == .quotaExceeded)
    #expect(transport.requests.count == 1)
  }

  @Test func `one limit holds for all retries`() async throws {
    let clock = ManualClock()
    let transport = ScriptedTransport { _ in .text(400, AWSErrorTests.queryError("Throttling")) }
    let client = AWSClient.over(transport, clock: clock)
    let start = clock.now
    client.limit(to: start + .seconds(2))
    _ = await #expect(throws: AWSError.self) {
      try await CloudFormationClient(client).describeStacks("s")
    }
    #expect(clock.now < start + .seconds(2))
    clock.advance(by: .seconds(3))
    let sent = transport.requests.count
    _ = await #expect(throws: AWSError.self) {
      try await CloudFormationClient(client).describeStacks("s")
    }
    #expect(transport.requests.count == sent + 1)
    #expect(transport.requests.last?.timeout == .seconds(5))
  }

  @Test func `19 what failed in an operation is told oldest first, without what only follows`() async throws {
    let body = """
      <DescribeEventsResponse><DescribeEventsResult><OperationEvents>
      <member><EventType>STACK_EVENT</EventType><OperationStatus>FAILED</OperationStatus></member>
      <member><EventType>VALIDATION_ERROR</EventType><LogicalResourceId>Queue</LogicalResourceId>
      <ResourceType>AWS::SQS::Queue</ResourceType><ValidationName>Second</ValidationName></member>
      <member><EventType>VALIDATION_ERROR</EventType><LogicalResourceId>Bucket</LogicalResourceId>
      <ResourceType>AWS::S3::Bucket</ResourceType>
      <ValidationName>AWS::EarlyValidation::ResourceExistenceCheck</ValidationName>
      <ValidationStatus>FAILED</ValidationStatus><ValidationPath>/Resources/Bucket</ValidationPath>
      <ValidationStatusReason>it exists already</ValidationStatusReason></member>
      </OperationEvents></DescribeEventsResult></DescribeEventsResponse>
      """
    let found = try await CloudFormationClient(Self.client(200, body)).describeFailedEvents(
      of: "s", changeSet: "cs")
    #expect(found.count == 2)
    #expect(
      found.first?.words
        == "Bucket (AWS::S3::Bucket), AWS::EarlyValidation::ResourceExistenceCheck at /Resources/Bucket: it exists already"
    )
  }
}
