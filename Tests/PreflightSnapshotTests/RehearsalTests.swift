import AWSClients
import CloudFormationModel
import DeploymentRecords
import HTTPTransport
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import PreflightSnapshot
@testable import RestorePoints

@Suite struct RehearsalTests {
  private let stackId = "arn:aws:cloudformation:us-east-1:123456789012:stack/api/1"

  private func reading(_ template: String = "Resources: {}") -> StackReading {
    var state = StackState(
      role: "api", name: "api", stackId: stackId, status: "UPDATE_COMPLETE",
      lastUpdatedAt: Timestamp(seconds: 0),
      templateFile: "t", templateSha256: "0")
    state.parameters = [
      DeploymentRecords.StackParameter(name: "Size", value: "3", noEcho: false),
      DeploymentRecords.StackParameter(name: "Password", value: nil, noEcho: true),
    ]
    state.capabilities = ["CAPABILITY_IAM"]
    return StackReading(state: state, status: .updateComplete, files: [:], template: template)
  }

  /// A CloudFormation whose change sets come out as `states` say, one a look; S3 takes everything.
  private func transport(_ states: [String], listed: String = "") -> ScriptedTransport {
    let states = Script(states)
    return ScriptedTransport { request in
      guard let action = request.form("Action") else { return .xml("") }
      let inner =
        switch action {
        case "CreateChangeSet": "<Id>arn:cs</Id>"
        case "ListChangeSets": "<Summaries>\(listed)</Summaries>"
        case "DescribeChangeSet": "<ChangeSetName>c</ChangeSetName>\(states.next())"
        default: ""
        }
      return .xml("<\(action)Response><\(action)Result>\(inner)</\(action)Result></\(action)Response>")
    }
  }

  private func rehearsal(_ transport: ScriptedTransport, bucket: String? = nil) -> Rehearsal {
    let client = AWSClient.scripted(transport)
    return Rehearsal(
      cloudFormation: CloudFormationClient(client), s3: S3Client(client), clock: ManualClock(),
      restorePoint: "20261126T000000Z-aaaaaa", bucket: bucket.flatMap { TemplateBucket($0) })
  }

  private let pending = "<Status>CREATE_IN_PROGRESS</Status>"
  private let empty =
    "<Status>FAILED</Status><StatusReason>The submitted information didn't contain changes.</StatusReason>"
  private let changes = """
    <Status>CREATE_COMPLETE</Status><Changes><member><ResourceChange><Action>Modify</Action>
    <LogicalResourceId>Table</LogicalResourceId><ResourceType>AWS::DynamoDB::Table</ResourceType>
    <Replacement>True</Replacement><Details>
    <member><Target><Name>KeySchema</Name></Target></member><member><Target><Name>KeySchema</Name></Target></member>
    </Details></ResourceChange></member></Changes>
    """

  @Test func `what comes out empty is proved, and the change set is removed`() async throws {
    let transport = transport([pending, pending, empty])
    #expect(try await rehearsal(transport).run(reading()) == .empty)
    let asked = transport.requests.compactMap { $0.form("Action") }
    #expect(asked.first == "ListChangeSets" && asked.last == "DeleteChangeSet")
    let made = try #require(transport.requests.first { $0.form("Action") == "CreateChangeSet" })
    #expect(made.form("Parameters.member.1.ParameterValue") == "3")
    #expect(made.form("Parameters.member.2.UsePreviousValue") == "true")
    #expect(made.form("Parameters.member.2.ParameterValue") == nil)
    #expect(made.form("Capabilities.member.1") == "CAPABILITY_IAM")
    #expect(!asked.contains("ExecuteChangeSet"))
  }

  @Test func `what would change is named, property by property`() async throws {
    #expect(
      try await rehearsal(transport([changes])).run(reading())
        == .changes(["Modify Table (AWS::DynamoDB::Table, replaced): KeySchema"]))
  }

  /// A change set of the parent of a nested stack, that of the nested stack with it or not.
  private func parent(nested: Bool) -> String {
    "<Status>CREATE_COMPLETE</Status><Changes><member><ResourceChange><Action>Modify</Action>"
      + "<LogicalResourceId>Child</LogicalResourceId><PhysicalResourceId>c</PhysicalResourceId>"
      + "<ResourceType>AWS::CloudFormation::Stack</ResourceType>"
      + (nested ? "<ChangeSetId>arn:child</ChangeSetId>" : "")
      + "<Details><member><ChangeSource>Automatic</ChangeSource></member></Details></ResourceChange></member></Changes>"
  }

  private func nesting() -> StackReading {
    var reading = reading()
    reading.state.resources = [
      StackResourceState(
        logicalId: "Child", physicalId: "c", type: "AWS::CloudFormation::Stack", status: "CREATE_COMPLETE")
    ]
    return reading
  }

  @Test func `a nested stack is looked into: that it is listed alone is no change`() async throws {
    let transport = transport([parent(nested: true), "<Status>CREATE_COMPLETE</Status>"])
    #expect(try await rehearsal(transport).run(nesting()) == .empty)
    #expect(transport.requests.contains { $0.form("IncludeNestedStacks") == "true" })
    #expect(
      try await rehearsal(self.transport([parent(nested: true), changes])).run(nesting())
        == .changes([
          "Modify Child (AWS::CloudFormation::Stack)",
          "in Child: Modify Table (AWS::DynamoDB::Table, replaced): KeySchema",
        ]))
  }

  @Test func `where nested stacks cannot be compared beforehand the parent is compared alone`() async throws {
    let failed = "<Status>FAILED</Status><StatusReason>Nested change set was not created</StatusReason>"
    let transport = transport([failed, parent(nested: false)])
    #expect(try await rehearsal(transport).run(nesting()) == .empty)
    let made = transport.requests.filter { $0.form("Action") == "CreateChangeSet" }
    #expect(made.map { $0.form("IncludeNestedStacks") } == ["true", nil])
    #expect(Set(made.map { $0.form("ClientToken") }).count == 2)
  }

  @Test func `a change set that fails is a failure with CloudFormation's words`() async throws {
    let failed = "<Status>FAILED</Status><StatusReason>Template format error</StatusReason>"
    #expect(try await rehearsal(transport([failed])).run(reading()) == .failed("Template format error"))
  }

  @Test func `CloudFormation is not waited for without end`() async throws {
    let outcome = try await rehearsal(transport([pending])).run(reading())
    guard case .failed(let why) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(why.contains("still CREATE_IN_PROGRESS after 5 min"))
  }

  @Test func `an interrupted run leaves neither change set nor template behind`() async throws {
    let transport = transport([pending])
    let rehearsal = rehearsal(transport, bucket: "templates/shop")
    let large = reading("Resources: {}\n" + String(repeating: "#", count: 60_000))
    let seen = Mutex(false)
    let task = Task { try await rehearsal.run(large) }
    while !seen.withLock({ $0 }) {
      await Task.yield()
      if transport.requests.contains(where: { $0.form("Action") == "DescribeChangeSet" }) {
        seen.withLock { $0 = true }
      }
    }
    task.cancel()
    let result = await task.result
    if case .success(let outcome) = result {
      // The five minutes of a clock that never waits were over before the cancellation came.
      #expect(outcome == .failed("the change set was still CREATE_IN_PROGRESS after 5 min"))
    }
    let asked = transport.requests
    #expect(asked.contains { $0.form("Action") == "DeleteChangeSet" })
    #expect(asked.contains { $0.method == "DELETE" && $0.url.contains("rehearsal-api.template") })
  }

  @Test func `a large template goes through the bucket, and is removed from it`() async throws {
    let transport = transport([empty])
    let large = reading("Resources: {}\n" + String(repeating: "#", count: 60_000))
    #expect(try await rehearsal(transport, bucket: "templates/shop/").run(large) == .empty)
    let put = try #require(transport.requests.first { $0.method == "PUT" })
    #expect(put.url.contains("/shop/backstop/20261126T000000Z-aaaaaa/rehearsal-api.template"))
    #expect(put.body.count > 60_000)
    let made = try #require(transport.requests.first { $0.form("Action") == "CreateChangeSet" })
    #expect(made.form("TemplateURL") != nil && made.form("TemplateBody") == nil)
    #expect(transport.requests.contains { $0.method == "DELETE" && $0.url == put.url })
  }

  @Test func `change sets that a killed run left are removed, younger ones and others' are not`() async throws
  {
    func summary(_ name: String, _ age: Int) -> String {
      let time = ManualClock().now - .seconds(age)
      return """
        <member><ChangeSetName>\(name)</ChangeSetName><CreationTime>\(time)</CreationTime>
        <Status>CREATE_COMPLETE</Status></member>
        """
    }
    let transport = transport(
      [empty],
      listed: summary("backstop-rehearsal-old", 901) + summary("backstop-rehearsal-young", 899)
        + summary("release-42", 90_000))
    _ = try await rehearsal(transport).run(reading())
    let deleted = transport.requests.filter { $0.form("Action") == "DeleteChangeSet" }
      .compactMap { $0.form("ChangeSetName") }
    #expect(deleted == ["backstop-rehearsal-old", "backstop-rehearsal-20261126T000000Z-aaaaaa"])
  }

  @Test(arguments: [("b", "b", ""), ("b/p", "b", "p"), ("b/p/q/", "b", "p/q")])
  func `buckets with and without a prefix`(text: String, bucket: String, prefix: String) throws {
    let found = try #require(TemplateBucket(text))
    #expect(found.bucket == bucket && found.prefix == prefix)
    #expect(found.key("x") == (prefix.isEmpty ? "backstop/x" : "\(prefix)/backstop/x"))
  }

  @Test func `what is no bucket`() {
    #expect(TemplateBucket("") == nil)
    #expect(TemplateBucket("/p") == nil)
  }

  // MARK: - Nested stacks

  @Test func `a nested stack that cannot be put back keeps its root from it, and the root all others`() {
    func nested(_ name: String, _ parent: String?, why: String? = nil) -> StackReading {
      var one = reading()
      one.state.name = name
      one.state.stackId = "arn:\(name)"
      one.state.parentId = parent.map { "arn:\($0)" }
      (one.state.restorable, one.state.why) = (why == nil, why)
      return one
    }
    var readings = [
      nested("root", nil), nested("a", "root"), nested("b", "a", why: "an asset is gone"),
      nested("c", "root"),
      nested("other", nil),
    ]
    RehearsalPhase.inheritFromRoots(&readings)
    #expect(readings.map(\.state.restorable) == [false, false, false, false, true])
    #expect(readings[0].state.why == "its nested stack b: an asset is gone")
    #expect(readings[3].state.why == "it is put back with root, which cannot be")
  }
}
