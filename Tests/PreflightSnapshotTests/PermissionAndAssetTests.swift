import AWSClients
import DeploymentRecords
import HTTPTransport
import StepResults
import SystemInterfaces
import TemplateAnalysis
import TestSupport
import Testing

@testable import PreflightSnapshot
@testable import RestorePoints

@Suite struct PermissionAndAssetTests {
  private func point() -> RestorePoint {
    var point = RestorePoint(
      id: "R", environment: "prod", commit: nil, createdAt: Timestamp(seconds: 0), region: "us-east-1",
      account: "123456789012")
    var stack = StackState(
      role: "api", name: "api", stackId: "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/api/1",
      status: "UPDATE_COMPLETE", lastUpdatedAt: Timestamp(seconds: 0), templateFile: "t", templateSha256: "0")
    stack.templateBucket = "templates/shop"
    var nested = stack
    nested.parentId = stack.stackId
    nested.stackId = "arn:nested"
    nested.templateBucket = nil
    point.stacks = [stack, nested]
    point.functions = [FunctionState(name: "f", stack: "api", codeSha256: "")]
    point.managedSecrets = [
      ManagedSecretState(arn: "arn:secret", stack: "api", versionId: "v", rotates: false),
      ManagedSecretState(arn: "arn:rotated", stack: "api", versionId: "v", rotates: true),
    ]
    return point
  }

  @Test func `what a rollback needs follows from the restore point`() {
    let needs = RollbackPermissions.needs(point())
    let resources = needs.flatMap(\.resources)
    #expect(
      resources == [
        "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/api/1",
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:f", "arn:secret", "arn:aws-cn:s3:::templates/*",
      ])
    #expect(needs[0].actions.contains("cloudformation:ExecuteChangeSet"))
    #expect(needs[0].actions.contains("cloudformation:CancelUpdateStack"))
    #expect(needs.allSatisfy { !$0.actions.isEmpty && !$0.resources.isEmpty })
  }

  @Test func `what is denied is named by resource`() {
    let findings = RollbackPermissions.findings(
      [
        PolicyDecision(action: "a:One", resource: "arn:x", decision: "allowed"),
        PolicyDecision(action: "a:Two", resource: "arn:x", decision: "implicitDeny"),
        PolicyDecision(action: "a:Three", resource: "arn:x", decision: "explicitDeny"),
        PolicyDecision(action: "a:One", resource: "arn:y", decision: "allowed"),
      ], "arn:role")
    #expect(findings.map(\.code) == ["permission-missing"])
    #expect(findings[0].message.contains("may not a:Three, a:Two on arn:x"))
  }

  private func check(_ arn: String?, _ answer: HTTPResponse = .xml("")) async throws -> ([Finding], Int) {
    let transport = ScriptedTransport { _ in answer }
    let identity = arn.map { CallerIdentity(account: "1", arn: $0, userId: "u") }
    let client = AWSClient.scripted(transport)
    let findings = try await RollbackPermissions(clients: StackClients(client)).check(
      RollbackPermissions.needs(point()), identity: identity, client: client)
    return (findings, transport.requests.count)
  }

  @Test func `who cannot be simulated is said to be unchecked, the root may everything`() async throws {
    #expect(try await check("arn:aws:iam::1:root") == ([], 0))
    let (unknown, asked) = try await check(nil)
    #expect(unknown.map(\.code) == ["permissions-unchecked"] && asked == 0)
    #expect(try await check("arn:aws:sts::1:federated-user/x").0.map(\.code) == ["permissions-unchecked"])
    let denied = HTTPResponse.xml(
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
      status: 403)
    #expect(try await check("arn:aws:iam::1:user/ci", denied).0.map(\.code) == ["permissions-unchecked"])
  }

  @Test func `one question for each kind of resource`() async throws {
    let answer = HTTPResponse.xml(
      """
      <SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member>
      <EvalActionName>cloudformation:ExecuteChangeSet</EvalActionName><EvalResourceName>arn:x</EvalResourceName>
      <EvalDecision>implicitDeny</EvalDecision></member></EvaluationResults><IsTruncated>false</IsTruncated>
      </SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>
      """)
    let (findings, asked) = try await check("arn:aws:sts::1:assumed-role/deploy/run", answer)
    #expect(asked == 4)
    #expect(findings.map(\.code) == ["permission-missing"])
    #expect(
      findings[0].message.hasPrefix("arn:aws:iam::1:role/deploy may not cloudformation:ExecuteChangeSet"))
  }

  // MARK: - Assets

  @Test func `assets are there, missing, or not looked at; each is looked at once`() async throws {
    let transport = ScriptedTransport { request in
      if request.headers.first("x-amz-target") != nil {
        let body = String(decoding: request.body, as: UTF8.self)
        return body.contains("gone")
          ? .xml(#"{"__type":"ImageNotFoundException","message":"no"}"#, status: 400)
          : .xml(#"{"imageDetails":[{"imageDigest":"sha256:1"}]}"#)
      }
      return .xml("", status: request.url.contains("gone") ? 404 : request.url.contains("secret") ? 403 : 200)
    }
    func object(_ key: String) -> TemplateAsset { .object(bucket: "b-1", key: key, version: nil) }
    let host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    let states = try await AssetCheck(clients: StackClients(.scripted(transport))).states(of: [
      object("there"): "A", object("gone"): "A", object("secret"): "B", .image("\(host)/there:1"): "A",
      .image("\(host)/gone:1"): "A", .image("nginx"): "B",
    ])
    #expect(states[object("there")] == .there("0 bytes") && states[object("gone")] == .missing)
    #expect(
      states[.image("\(host)/there:1")] == .there("sha256:1") && states[.image("\(host)/gone:1")] == .missing)
    guard case .unknown(let why) = states[object("secret")] else {
      Issue.record("\(states)")
      return
    }
    #expect(why.contains("s3:ListBucket"))
    #expect(transport.requests.count == 5)
  }

  @Test func `an outage of S3 is no missing asset`() async throws {
    let transport = ScriptedTransport { _ in .xml("", status: 503) }
    await #expect(throws: AWSError.self) {
      try await AssetCheck(clients: StackClients(.scripted(transport))).states(of: [
        .object(bucket: "b-1", key: "k", version: nil): "A"
      ])
    }
  }
}
