import CurlTransport
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `diff-gate --change-set` against the local AWS.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct DiffGateEndToEndChangeSetTests {
  private let name = "dg-\(UUID().uuidString.prefix(8).lowercased())"

  private func template(_ value: String) -> String {
    """
    Resources:
      Marker:
        Type: AWS::SSM::Parameter
        Properties: {Name: "/\(name)/marker", Type: String, Value: \(value)}

    """
  }

  private func repository(_ next: String? = nil) throws -> TestRepository {
    let repository = try TestRepository()
    try repository.write("deployment-*.config\n.backstop/\n", to: ".gitignore")
    try repository.write(template("one"), to: "infra/api.yaml")
    try repository.commit("First", at: 1)
    try repository.write(next ?? template("two"), to: "infra/api.yaml")
    try repository.commit("Second", at: 2)
    try repository.write(
      "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nAPI_STACK=\(name)\nUSE_EXTERNAL_DATABASE=true\n",
      to: "deployment-prod.config")
    return repository
  }

  private func gate(_ repository: TestRepository, _ variables: [String: String]) throws -> BuiltStep.Outcome {
    // The folder goes with the repository, so that it has to live as long as the run.
    defer { withExtendedLifetime(repository) {} }
    return try BuiltStep("diff-gate", in: repository.path, variables: variables)
      .run(["prod", "--change-set", "--format", "json"])
  }

  @Test func `CloudFormation is asked, is named as the one who spoke, and its change set is deleted again`()
    async throws
  {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template("one"))
    let outcome = try gate(repository(), aws.environment.variables)
    #expect(outcome.status == 0, "\(outcome.error)")
    let record = try JSONValue(parsing: outcome.output)
    #expect(record["summary"]?["spoke"]?.string == "changeSet")
    #expect(record["templates"]?[0]?["resources"]?[0]?["action"]?.string == "update")
    let calls = try await aws.calls(over: CurlTransport(environment: aws.environment))
      .filter { $0["stack"]?.string?.contains(name) == true }.compactMap { $0["action"]?.string }
    #expect(calls.contains("CreateChangeSet"))
    #expect(calls.last == "DeleteChangeSet")
    #expect(!calls.contains("ExecuteChangeSet"))
  }

  @Test func `a stack that is not there yet is said to be open`() throws {
    let aws = try LocalAWS.shared()
    let outcome = try gate(repository(), aws.environment.variables)
    #expect(outcome.status == 0, "\(outcome.error)")
    let record = try JSONValue(parsing: outcome.output)
    #expect(record["summary"]?["spoke"]?.string == "templates")
    #expect(record["findings"]?.array?.map { $0["code"]?.string } == ["change-set-unavailable"])
  }

  @Test func `what CloudFormation refuses at once stops, and names its reason`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template("one"))
    // A parameter without default that nothing gives a value.
    let outcome = try gate(
      repository("Parameters: {Size: {Type: Number}}\n" + template("two")), aws.environment.variables)
    #expect(outcome.status == 1, "\(outcome.error)")
    let findings = try JSONValue(parsing: outcome.output)["findings"]?.array
    #expect(findings?.contains { $0["code"]?.string == "change-set-refused" } == true, "\(outcome.output)")
  }

  @Test func `an interrupted run, a lost answer: no change set is left`() async throws {
    let aws = try LocalAWS()
    let transport = CurlTransport(environment: aws.environment)
    try await aws.createStack(name, template: template("one"))
    func changeSetCalls() async throws -> [String] {
      try await aws.calls(over: transport).compactMap { $0["action"]?.string }.filter {
        $0.hasSuffix("ChangeSet")
      }
    }
    // The comparison takes long enough for a signal.
    try await aws.setFaults([.init(.delay, "DescribeChangeSet", times: 10, seconds: 5)], over: transport)
    let repository = try repository()
    let variables = aws.environment.variables
    let interrupted = try BuiltStep("diff-gate", in: repository.path, variables: variables).run(
      ["prod", "--change-set"],
      whileRunning: { id in
        let calls = ["-s", "--noproxy", "*", aws.endpoint + "/_calls"]
        try waitUntil("the change set is read") {
          try runProgram("curl", calls).text.contains("DescribeChangeSet")
        }
        kill(id, SIGINT)
      })
    #expect(interrupted.status == 130, "\(interrupted.error)")
    #expect(try await changeSetCalls().last == "DeleteChangeSet")
    try await aws.setFaults([.init(.drop, "CreateChangeSet", times: 10)], over: transport)
    let lost = try gate(repository, variables)
    #expect(lost.status != 0, "\(lost.output)")
    #expect(try await changeSetCalls().last == "DeleteChangeSet")
  }

  @Test func `without credentials it is refused, without an endpoint unavailable`() throws {
    let repository = try repository()
    let refused = try gate(repository, ["AWS_EC2_METADATA_DISABLED": "true"])
    #expect(refused.status == 77, "\(refused.error)")
    let unavailable = try gate(
      repository,
      [
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret-value",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
      ])
    #expect(unavailable.status == 69, "\(unavailable.error)")
    #expect(unavailable.output.isEmpty)
  }
}
