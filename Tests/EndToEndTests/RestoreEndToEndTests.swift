import Foundation
import JSONValues
import TestSupport
import Testing

/// The promise of a restore point: whatever a deployment did, the built `auto-revert` puts it back, field by field.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"), .blocking)
struct RestoreEndToEndTests {
  /// Ten ways in which a deployment goes wrong.
  enum BadDeployment: String, CaseIterable, CustomStringConvertible {
    case template, parameters, functionCode, addedResource, tags
    case aliasMoved, secretReplaced, stageMoved, stateMachineReplaced, codePublished, settingsChanged
    case everythingAtOnce
    var description: String { rawValue }

    func run(in world: RestoreWorld) async throws {
      var bad = RestoreWorld.Version()
      switch self {
      case .template:
        bad.timeout = 3
        bad.marker = "bad"
        bad.definition = "bad"
        try await world.deploy(bad)
      case .parameters:
        bad.parameters = ["Greeting": "bad"]
        try await world.deploy(bad)
      case .functionCode:
        bad.answer = "bad"
        try await world.deploy(bad)
      case .addedResource:
        bad.extra =
          "  Added: {Type: AWS::SSM::Parameter, Properties: {Name: /\(world.name)/added, Type: String, Value: bad}}"
        try await world.deploy(bad)
      case .tags:
        bad.tags = ["team": "bad", "added": "yes"]
        bad.marker = "bad"
        try await world.deploy(bad)
      case .aliasMoved:
        try publishBadCode(world)
        let version = try world.cli("lambda", "publish-version", "--function-name", "\(world.name)-worker")
        try world.cli(
          "lambda", "update-alias", "--function-name", "\(world.name)-worker", "--name", "live",
          "--function-version", version["Version"]?.string ?? "")
      case .secretReplaced:
        try world.cli(
          "secretsmanager", "put-secret-value", "--secret-id", "\(world.name)-secret", "--secret-string",
          "bad")
      case .stageMoved:
        let apis = try world.cli("apigateway", "get-rest-apis")["items"]?.array ?? []
        let id = apis.first { $0["name"]?.string == world.name }?["id"]?.string ?? ""
        try world.cli("apigateway", "create-deployment", "--rest-api-id", id, "--stage-name", "live")
      case .stateMachineReplaced:
        try world.cli(
          "stepfunctions", "update-state-machine", "--state-machine-arn",
          "arn:aws:states:us-east-1:000000000000:stateMachine:\(world.name)-machine", "--definition",
          #"{"StartAt": "Bad", "States": {"Bad": {"Type": "Fail"}}}"#)
      case .codePublished: try publishBadCode(world)
      case .settingsChanged:
        let function = "\(world.name)-worker"
        try world.cli(
          "lambda", "update-function-configuration", "--function-name", function, "--timeout", "9",
          "--memory-size", "512", "--handler", "index.other", "--runtime", "python3.12", "--environment",
          "Variables={GREETING=planted-variable-1,EXTRA=planted-variable-2}", "--tracing-config",
          "Mode=Active")
        try world.cli(
          "lambda", "put-function-concurrency", "--function-name", function,
          "--reserved-concurrent-executions", "7")
      case .everythingAtOnce:
        bad.timeout = 3
        bad.answer = "bad"
        bad.marker = "bad"
        bad.parameters = ["Greeting": "bad"]
        bad.extra =
          "  Added: {Type: AWS::SSM::Parameter, Properties: {Name: /\(world.name)/added, Type: String, Value: bad}}"
        try await world.deploy(bad)
        for other in [Self.aliasMoved, .secretReplaced, .stageMoved, .stateMachineReplaced] {
          try await other.run(in: world)
        }
      }
    }

    private func publishBadCode(_ world: RestoreWorld) throws {
      try world.cli(
        "lambda", "update-function-code", "--function-name", "\(world.name)-worker", "--zip-file",
        try world.package("def handle(event, context):\n    raise RuntimeError('bad')\n"))
    }
  }

  @Test(arguments: BadDeployment.allCases)
  func `a bad deployment is put back, field by field`(bad: BadDeployment) async throws {
    let world = try RestoreWorld(try LocalAWS.shared())
    try await world.deploy(RestoreWorld.Version(), creating: true)
    let snapshot = try world.run("preflight-snapshot", [])
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    let before = try world.facts()
    try await bad.run(in: world)
    let broken = RestoreWorld.differences(before, try world.facts())
    #expect(!broken.isEmpty, "the deployment changed nothing")
    // What the deployment added goes again, which is a deletion, and so wants to be allowed.
    let allowed = [.addedResource, .everythingAtOnce].contains(bad) ? ["--allow-replace"] : []
    let reverted = try world.run(
      "auto-revert", ["--confirm", "rollback-production", "--reason", "it is bad"] + allowed)
    // Where the stack was deployed, a change of its NoEcho password could not be seen.
    let deploys: [BadDeployment] = [
      .template, .parameters, .functionCode, .addedResource, .tags, .everythingAtOnce,
    ]
    #expect(reverted.status == (deploys.contains(bad) ? 3 : 0), "\(reverted.output)\(reverted.error)")
    #expect(reverted.output.contains("[parameter-unverified]") == deploys.contains(bad))
    let left = RestoreWorld.differences(before, try world.facts())
    #expect(left.isEmpty, "\(left.joined(separator: "\n"))")
  }
}
