import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// An application in two accounts, on a local AWS that checks signatures, permissions and trust policies: the API in the
/// pipeline's own account, the workflow in another one behind a role.
@Suite(.enabled(if: LocalAWS.isInstalled), .blocking) struct `Stacks of two accounts, end to end` {
  private static let account = "222222222222"
  private let world: AutoRevertWorld
  private let user: [String: String]
  private let other: AWSClient
  private var workflow: String { world.name + "-flow" }
  private var role: String { "arn:aws:iam::\(Self.account):role/\(world.name)" }

  init() async throws {
    let aws = try LocalAWS.sharedWithAuthorisation()
    world = try AutoRevertWorld(aws)
    other = aws.client(account: Self.account)
    try world.writeConfig(["API_STACK=\(world.name)", "WORKFLOW_STACK=\(world.name)-flow"])
    user = try world.makeUser(permits: ["*"])
  }

  /// The role in the other account, which trusts the user and wants the id; `permits` is what it may do.
  private func makeRole(permits actions: String = #""*""#) throws {
    let trust =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/"#
      + world.name
      + #""},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"shop-7"}}}]}"#
    let allowed =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[\#(actions)],"Resource":"*"}]}"#
    let root = ["AWS_ACCESS_KEY_ID": Self.account, "AWS_SECRET_ACCESS_KEY": "test"]
    try world.cli(
      "iam", "create-role", "--role-name", world.name, "--assume-role-policy-document", trust, as: root)
    try world.cli(
      "iam", "put-role-policy", "--role-name", world.name, "--policy-name", "all", "--policy-document",
      allowed,
      as: root)
  }

  private func writePolicy(_ role: String, externalId: String = "shop-7") throws {
    try """
    accounts:
      - { stacks: [workflow], environments: [prod], assume-role: '\(role)', external-id: \(externalId), session-name: pipeline }
    """.write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
  }

  private func run(_ step: String, _ arguments: String...) throws -> BuiltStep.Outcome {
    try BuiltStep(step, in: world.folder.path, variables: world.variables.merging(user) { $1 }).run(
      ["prod", "--policy", "backstop.yml"] + arguments)
  }

  private func deploy(_ version: String) async throws {
    for (name, client) in [(world.name, world.aws.client), (workflow, other)] {
      try await world.aws.updateStack(
        name, template: world.chained(), parameters: ["Version": version], in: client)
    }
  }

  private func versions() async throws -> [String] {
    let value = try await SSMClient(other).getParameter("/\(world.name)/marker").value
    return [try await world.marker(), value]
  }

  @Test func `recorded, checked, deployed and put back as the role that stands there`() async throws {
    try makeRole()
    try writePolicy(role)
    try await world.aws.createStack(world.name, template: world.chained())
    try await world.aws.createStack(workflow, template: world.chained(), in: other)
    let snapshot = try run("preflight-snapshot", "--format", "json")
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    let stacks = try JSONValue(parsing: snapshot.output)["stacks"]?.array ?? []
    #expect(stacks.first { $0["role"] == "workflow" }?["account"] == .string(Self.account))
    #expect(stacks.first { $0["role"] == "api" }?["account"] == "000000000000")
    #expect(stacks.allSatisfy { $0["region"] == "us-east-1" })

    try await deploy("2")
    #expect(try await versions() == ["2", "2"])
    let smoke = try run("smoke-test", "--format", "json")
    #expect(smoke.status == 0, "\(smoke.output)\(smoke.error)")
    let checks = try JSONValue(parsing: smoke.output)["checks"]?.array ?? []
    #expect(checks.contains { $0["name"]?.string == "stack \(workflow) is complete" })
    let watch = try run("watch-30m", "--for", "1s", "--every", "1s", "--format", "json")
    #expect([0, 3].contains(watch.status), "\(watch.output)\(watch.error)")
    let series = try JSONValue(parsing: watch.output)["series"]?.array ?? []
    #expect(series.contains { $0["name"]?.string?.hasPrefix("function/") ?? false })

    let revert = try run(
      "auto-revert", "--confirm", "rollback-production", "--reason", "it is bad", "--allow-replace",
      "--format", "json")
    #expect(revert.status == 0, "\(revert.output)\(revert.error)")
    #expect(try await versions() == ["1", "1"])
    let again = try run(
      "auto-revert", "--confirm", "rollback-production", "--reason", "it is bad", "--allow-replace",
      "--format", "json")
    #expect(again.status == 0, "\(again.output)\(again.error)")
    #expect(try JSONValue(parsing: again.output)["actions"]?.array?.isEmpty == true)
  }

  @Test func `an update that runs in the other account is cancelled there`() async throws {
    try makeRole()
    try writePolicy(role)
    try await world.aws.createStack(world.name, template: world.plain())
    try await world.aws.createStack(workflow, template: world.chained(), in: other)
    let snapshot = try run("preflight-snapshot", "--no-baseline")
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try world.hold("Second", "2")
    var update = StackUpdate(.previous)
    update.parameters = [AWSClients.StackParameter("Version", "2")]
    update.capabilities = ["CAPABILITY_IAM"]
    try await CloudFormationClient(other).updateStack(workflow, update, token: "deploy-\(world.name)")
    let revert = try BuiltStep(
      "auto-revert", in: world.folder.path, variables: world.variables.merging(user) { $1 }
    ).run([
      "prod", "--policy", "backstop.yml", "--confirm", "rollback-production", "--reason", "it is bad",
      "--format",
      "json",
    ]) { _ in
      let deadline = Date().addingTimeInterval(60)
      while try !world.journal.contains("accepted") {
        guard Date() < deadline else { throw AutoRevertWorld.Unexpected(description: "no call was made") }
        usleep(20_000)
      }
      try world.hold("Second", "2", false)
    }
    #expect(revert.status == 0, "\(revert.output)\(revert.error)")
    let actions = try JSONValue(parsing: revert.output)["actions"]?.array ?? []
    #expect(actions.first?["action"] == "cancel" && actions.first?["target"] == .string(workflow))
    #expect(try await versions() == ["1", "1"])
  }

  @Test func `a role that cannot be assumed is named with the caller, the answer and what to grant`()
    async throws
  {
    try makeRole()
    try writePolicy(role, externalId: "another")
    try await world.aws.createStack(world.name, template: world.plain())
    for step in ["preflight-snapshot", "smoke-test", "watch-30m"] {
      let outcome = try run(step)
      #expect(outcome.status == 77, "\(step): \(outcome.output)\(outcome.error)")
      let caller = "arn:aws:iam::000000000000:user/\(world.name)"
      #expect(outcome.error.contains("\(caller) could not assume the role \(role)"), "\(outcome.error)")
      #expect(outcome.error.contains("403 AccessDenied"), "\(outcome.error)")
      #expect(outcome.error.contains("sts:ExternalId = another"), "\(outcome.error)")
    }
  }

  @Test func `a stack that was recorded in another account is not looked for in this one`() async throws {
    try makeRole()
    try writePolicy(role)
    try await world.aws.createStack(world.name, template: world.plain())
    try await world.aws.createStack(workflow, template: world.plain(), in: other)
    let snapshot = try run("preflight-snapshot", "--no-baseline")
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try writePolicy("arn:aws:iam::333333333333:role/\(world.name)")
    let revert = try run("auto-revert", "--dry-run")
    #expect(revert.status == 77, "\(revert.output)\(revert.error)")
    try "".write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    let unnamed = try run("auto-revert", "--dry-run")
    #expect(unnamed.status == 77, "\(unnamed.output)\(unnamed.error)")
    #expect(unnamed.error.contains("holds \(workflow) of the account \(Self.account)"), "\(unnamed.error)")
    #expect(
      unnamed.error.contains("the credentials at hand are of the account 000000000000"), "\(unnamed.error)")
    #expect(unnamed.error.contains("accounts: in the policy"), "\(unnamed.error)")
  }

  @Test func `what is shown names account, role and region of each stack`() throws {
    try writePolicy(role)
    let shown = try run("smoke-test", "--show-config")
    #expect(shown.status == 0, "\(shown.output)\(shown.error)")
    let stacks = try JSONValue(parsing: shown.output)["stacks"]?.array ?? []
    let flow = try #require(stacks.first { $0["role"] == "workflow" })
    #expect(flow["assumedRole"] == .string(role) && flow["account"] == .string(Self.account))
    #expect(
      flow["region"] == "us-east-1" && flow["externalId"] == "shop-7" && flow["sessionName"] == "pipeline")
    #expect(flow["source"]?.string?.hasSuffix("backstop.yml:2") == true)
    let api = try #require(stacks.first { $0["role"] == "api" })
    #expect(api["assumedRole"] == nil && api["region"] == "us-east-1")
  }
}
