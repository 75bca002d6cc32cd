import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// What two versions share: recorded by the built `preflight-snapshot`, and sent back by the built `auto-revert` before all else.
/// Aliases, canaries and target groups are the local AWS's own; CodeDeploy is played from its documented states.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"), .blocking)
struct TrafficEndToEndTests {
  let world: AutoRevertWorld
  let server: ServerProcess
  private var name: String { world.name }
  private var function: String { "\(name)-fn" }
  private var functions: LambdaClient { LambdaClient(world.aws.client) }
  private var address: String { "http://127.0.0.1:\(server.port("aws"))" }

  init() throws {
    let aws = try LocalAWS.shared()
    world = try AutoRevertWorld(aws)
    let endpoint = try #require(aws.environment.variables["AWS_ENDPOINT_URL"])
    server = try ServerProcess(python: "traffic_server.py", arguments: [endpoint])
  }

  // MARK: - What is deployed

  private var template: String {
    """
    Parameters:
      Version: {Type: String, Default: "1"}
    Resources:
    \(TemplateParts.role)
    \(TemplateParts.function(
      "Fn", named: function, handler: "index.answer", #"Code: {ZipFile: "def answer(event, context): return 1"}"#))
      Published: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
      Live:
        Type: AWS::Lambda::Alias
        Properties: {FunctionName: !Ref Fn, FunctionVersion: !GetAtt Published.Version, Name: live}
      Marker:
        Type: AWS::SSM::Parameter
        Properties: {Name: "/\(name)/marker", Type: String, Value: !Ref Version}
    """
  }

  /// A second version that has `weight` of the alias's calls.
  private func share(_ weight: Double, of alias: String = "live") async throws {
    let marker = world.folder("v2/index.py")
    try FileManager.default.createDirectory(atPath: world.folder("v2"), withIntermediateDirectories: true)
    try "def answer(event, context): return 2\n".write(toFile: marker, atomically: true, encoding: .utf8)
    let zipped = try runProgram(
      "python3", ["-m", "zipfile", "-c", world.folder("v2.zip"), marker])
    try #require(zipped.status == 0, "\(zipped.error)")
    try world.cli(
      "lambda", "update-function-code", "--function-name", function, "--zip-file",
      "fileb://\(world.folder("v2.zip"))")
    try world.cli("lambda", "publish-version", "--function-name", function)
    _ = try await functions.updateAlias(function, name: alias, version: "1", weights: ["2": weight])
  }

  private func run(_ step: String, _ arguments: [String]) throws -> BuiltStep.Outcome {
    try BuiltStep(step, in: world.folder.path, variables: throughServer).run(["prod"] + arguments)
  }

  /// CodeDeploy and all that is counted go through the played server.
  private var throughServer: [String: String] {
    let own = Dictionary(
      uniqueKeysWithValues: ["CODEDEPLOY", "CLOUDFORMATION", "LAMBDA", "ELASTIC_LOAD_BALANCING_V2"].map {
        ("AWS_ENDPOINT_URL_\($0)", address)
      })
    return world.variables.merging(own) { $1 }
  }

  private let confirmed = [
    "--confirm", "rollback-production", "--reason", "it is bad", "--format", "json",
  ]

  private func set(_ state: String) throws {
    let set = try runProgram("curl", ["-sf", "--data-binary", "@-", "\(address)/_state"], input: state)
    try #require(set.status == 0, "\(set.error)")
  }

  private func get(_ what: String) throws -> JSONValue {
    try JSONValue(parsing: runProgram("curl", ["-sf", "\(address)/\(what)"]).output)
  }

  private var calls: [String] { get throws { try get("_calls").array?.compactMap(\.string) ?? [] } }

  private func deployment(_ more: String = "", group: String = "") -> String {
    #"""
    {"stack": "\#(name)",
     "groups": {"\#(name)-app/\#(name)-group": {"configuration": "CodeDeployDefault.LambdaCanary10Percent5Minutes"\#(group)}},
     "deployments": {"d-1": {"group": "\#(name)-app/\#(name)-group", "status": "InProgress", "left": 100,
       "alias": {"function": "\#(function)", "alias": "live", "current": "1", "target": "2", "weight": 0.1}\#(more)}}}
    """#
  }

  private var groupsAlone: String {
    #"{"stack": "\#(name)", "groups": {"\#(name)-app/\#(name)-group": {"configuration": "CodeDeployDefault.LambdaAllAtOnce"}}}"#
  }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try JSONValue(parsing: outcome.output)["actions"]?.array?.compactMap { $0["action"]?.string } ?? []
  }

  private func codes(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try JSONValue(parsing: outcome.output)["findings"]?.array?.compactMap { $0["code"]?.string } ?? []
  }

  private func alias() async throws -> LambdaAliasShift {
    try await functions.shift(ofAlias: "live", function: function)
  }

  /// Whether all calls go to the version that had them.
  private func isBack() async throws -> Bool {
    let now = try await alias()
    return !now.isShared && now.stableVersion == "1"
  }

  // MARK: - Weights

  @Test func `weights go back in one call, before the stacks are looked into`() async throws {
    try await world.aws.createStack(name, template: template)
    try world.snapshot()
    try await world.aws.updateStack(name, template: template, parameters: ["Version": "2"])
    try await share(0.1)

    let planned = try run("auto-revert", ["--dry-run", "--reason", "it is bad", "--format", "json"])
    #expect(planned.status == 0, "\(planned.output)\(planned.error)")
    let plan = try JSONValue(parsing: planned.output)["plan"]?.array ?? []
    #expect(plan.first?["action"] == "shiftTrafficBack")
    #expect(plan.first?["target"]?.string == "\(function):live")
    #expect(plan.first?["reason"]?.string?.contains("version 2 has 10 % of the calls") == true)
    #expect(plan.compactMap { $0["order"]?.int } == Array(1...plan.count))
    #expect(plan.contains { $0["action"] == "restore" })
    #expect(try await alias().weight == 0.1)
    #expect(try calls.filter { $0 == "UpdateAlias" } == [])

    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "shiftTrafficBack")
    #expect(try await isBack())
    #expect(try await world.marker() == "1")
    // One call for the alias, and no change set before it.
    let made = try calls
    #expect(made.filter { $0 == "UpdateAlias" }.count == 1)
    #expect(
      made.drop { $0 == "CreateChangeSet" || $0 == "DeleteChangeSet" }.first == "UpdateAlias", "\(made)")
    let journal = try world.journal.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(journal.first?["event"] == "begin")
    #expect(journal.dropFirst().first?["action"] == "shiftTrafficBack")
  }

  @Test func `weights that no deployment of a stack goes with are put back too, and are no drift`()
    async throws
  {
    try await world.aws.createStack(name, template: template)
    try world.snapshot()
    try await share(0.5)
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "shiftTrafficBack")
    #expect(try await isBack())
    let again = try run("auto-revert", confirmed)
    #expect(again.status == 0, "\(again.output)\(again.error)")
    #expect(try JSONValue(parsing: again.output)["summary"]?["outcome"] == "nothing-to-do")
    let snapshot = try run("preflight-snapshot", ["--format", "json"])
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
  }

  @Test func `without a reason nothing is moved`() async throws {
    try await world.aws.createStack(name, template: template)
    try world.snapshot()
    try await share(0.1)
    let outcome = try run("auto-revert", ["--confirm", "rollback-production"])
    #expect(outcome.status == 77, "\(outcome.output)\(outcome.error)")
    #expect(outcome.error.contains("--reason"))
    #expect(try await alias().weight == 0.1)
  }

  @Test func `a snapshot of ten percent says so, and no rollback takes it by itself`() async throws {
    try await world.aws.createStack(name, template: template)
    try await share(0.1)
    let outcome = try run("preflight-snapshot", ["--format", "json"])
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(try codes(outcome).contains("traffic-shared"))
    let record = try JSONValue(parsing: outcome.output)
    let traffic = record["traffic"]?.array ?? []
    #expect(traffic.map { $0["kind"]?.string } == ["alias"])
    #expect(traffic.first?["now"] == "version 2 has 10 %, version 1 the rest")
    #expect(traffic.first?["settled"] == false)
    let written = world.folder(".backstop/prod/preflight-snapshot.json")
    #expect(try Schema.problems(of: written, "preflight-snapshot") == "")
    let text = try run("preflight-snapshot", [])
    #expect(text.status == 3 && text.output.contains("a state in between"))
    // A deployment after it is not put back to ten percent.
    try await world.aws.updateStack(name, template: template, parameters: ["Version": "2"])
    let reverted = try run("auto-revert", confirmed)
    #expect(reverted.status == 1, "\(reverted.output)\(reverted.error)")
    #expect(try codes(reverted).contains("restore-point-missing"), "\(reverted.output)")
    #expect(try await world.marker() == "2")
    let id = try #require(record["restorePoint"]?.string)
    let named = try run("auto-revert", confirmed + ["--to", id])
    #expect(named.status == 0, "\(named.output)\(named.error)")
    #expect(try await world.marker() == "1")
    #expect(try await alias().weight == 0.1)
  }

  @Test func `a deployment may not begin while two versions share the calls`() async throws {
    try await world.aws.createStack(name, template: template)
    try world.snapshot()
    let before = try run("preflight-snapshot", ["--ready", "--format", "json"])
    #expect(before.status == 0, "\(before.output)\(before.error)")
    try await share(0.1)
    let during = try run("preflight-snapshot", ["--ready", "--format", "json"])
    #expect(during.status == 3, "\(during.output)\(during.error)")
    #expect(try codes(during) == ["traffic-shared"])
    #expect(during.output.contains("begins in the middle of a rollout"))
  }

  // MARK: - CodeDeploy

  @Test func `a deployment of CodeDeploy is stopped and taken back by CodeDeploy`() async throws {
    try await world.aws.createStack(name, template: template)
    try set(groupsAlone)
    let snapshot = try run("preflight-snapshot", [])
    try #require(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try await share(0.1)
    try set(deployment())
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "stopDeployment")
    #expect(outcome.error.contains("it is InProgress and moves \(function):live to version 2 (10 %)"))
    // The alias is CodeDeploy's: no call of ours sets it.
    #expect(try calls.filter { $0 == "UpdateAlias" || $0 == "StopDeployment" } == ["StopDeployment"])
    #expect(try await isBack())
  }

  @Test func `a rollback that CodeDeploy runs is waited for and not fought`() async throws {
    try await world.aws.createStack(name, template: template)
    try set(groupsAlone)
    try #require(try run("preflight-snapshot", []).status == 0)
    try await share(0.1)
    try set(deployment(#", "left": 2, "takesBack": "d-0", "creator": "codeDeployRollback""#))
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "awaitDeployment")
    #expect(try calls.filter { $0 == "UpdateAlias" || $0 == "StopDeployment" } == [])
    #expect(try await isBack())
  }

  @Test func `where CodeDeploy's own rollback fails, the weights are set and it is said`() async throws {
    try await world.aws.createStack(name, template: template)
    try set(groupsAlone)
    try #require(try run("preflight-snapshot", []).status == 0)
    try await share(0.1)
    try set(deployment(#", "fails": true"#))
    let outcome = try run("auto-revert", confirmed)
    // All calls go where they went, which is what counts; that CodeDeploy failed is told.
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(
      outcome.output.contains("its rollback d-1-back is Failed (HOOK_EXECUTION_FAILURE: the hook said no)"))
    #expect(try actions(outcome).prefix(2) == ["stopDeployment", "shiftTrafficBack"])
    #expect(try await isBack())
  }

  @Test func `what CodeDeploy may not be asked is said, and the rest is rolled back`() async throws {
    try await world.aws.createStack(name, template: template)
    try set(#"{"stack": "\#(name)", "groups": {"a/g": {"configuration": "c"}}, "denied": true}"#)
    let snapshot = try run("preflight-snapshot", ["--format", "json"])
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    #expect(try codes(snapshot).contains("traffic-not-read"))
    try await world.aws.updateStack(name, template: template, parameters: ["Version": "2"])
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(try codes(outcome).contains("traffic-left"))
    #expect(try await world.marker() == "1")
  }

  @Test func `a snapshot while CodeDeploy deploys is no go`() async throws {
    try await world.aws.createStack(name, template: template)
    try set(deployment())
    let outcome = try run("preflight-snapshot", ["--format", "json"])
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("deployment d-1 of CodeDeploy's \(name)-app/\(name)-group"))
    #expect(try codes(outcome).contains("traffic-shared"))
  }

  /// A service of ECS whose deployment moves a listener from blue to green, and the deployment that is under way.
  private func service(_ blue: Int, _ green: Int, deployment: String = "") -> String {
    let listener = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/\(name)/1/2"
    return #"""
      {"stack": "\#(name)",
       "groups": {"shop/shop-group": {"configuration": "CodeDeployDefault.ECSCanary10Percent5Minutes", "listener": "\#(listener)"}},
       "listeners": {"\#(listener)": {"targets": [["arn:tg/blue/1", \#(blue)], ["arn:tg/green/2", \#(green)]], "stickiness": 60}},
       "deployments": {\#(deployment)}}
      """#
  }

  private func moving(_ more: String) -> String {
    #"""
    "d-7": {"group": "shop/shop-group", "status": "InProgress"\#(more), "service": {"cluster": "cluster", "service": "shop",
      "weight": 10, "back": [["arn:tg/blue/1", 100], ["arn:tg/green/2", 0]]}}
    """#
  }

  @Test(arguments: [
    (#", "left": 100"#, "stopDeployment", ["StopDeployment"], "it is InProgress and moves service shop"),
    (
      #", "left": 2, "takesBack": "d-6", "creator": "codeDeployRollback""#, "awaitDeployment", [],
      "is taking d-6 back by itself"
    ),
  ])
  func `a service that CodeDeploy moves is taken back by CodeDeploy, and its listener left to it`(
    more: String, action: String, made: [String], says: String
  ) async throws {
    try await world.aws.createStack(name, template: world.plain())
    try set(service(100, 0))
    let snapshot = try run("preflight-snapshot", [])
    try #require(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try set(service(90, 10, deployment: moving(more)))
    let ready = try run("preflight-snapshot", ["--ready", "--format", "json"])
    #expect(ready.status == 3, "\(ready.output)\(ready.error)")
    #expect(ready.output.contains("deployment d-7 of CodeDeploy's shop/shop-group"))
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == action)
    #expect(outcome.error.contains(says), "\(outcome.error)")
    #expect(try calls == made)
    let after = try run("preflight-snapshot", ["--ready", "--format", "json"])
    #expect(after.status == 0, "\(after.output)\(after.error)")
  }

  // MARK: - Canaries

  @Test func `a canary is taken away`() async throws {
    try await world.aws.createStack(name, template: world.plain() + TemplateParts.api(named: name))
    try world.snapshot()
    let gateway = APIGatewayClient(world.aws.client)
    let id = try await world.beginCanary()
    #expect(try await gateway.getStage(.rest, api: id, stage: "live").canary?.isShared == true)
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "removeCanary")
    #expect(try await gateway.getStage(.rest, api: id, stage: "live").canary == nil)
  }

  @Test func `weights of target groups go back, and what else a listener does stays`() async throws {
    let listener = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/\(name)/1/2"
    func weights(_ blue: Int, _ green: Int) -> String {
      #"{"stack": "\#(name)", "listeners": {"\#(listener)": {"targets": [["arn:tg/blue/1", \#(blue)], ["arn:tg/green/2", \#(green)]], "stickiness": 60}}}"#
    }
    try await world.aws.createStack(name, template: world.plain())
    try set(weights(100, 0))
    let snapshot = try run("preflight-snapshot", [])
    try #require(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try set(weights(90, 10))
    let inBetween = try run("preflight-snapshot", ["--dry-run", "--format", "json"])
    #expect(inBetween.status == 3, "\(inBetween.output)\(inBetween.error)")
    #expect(inBetween.output.contains("blue has 90 %, green has 10 %"))
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "restoreTargetWeights")
    #expect(
      outcome.error.contains("forwards 90 to blue and 10 to green; recorded was 100 to blue and 0 to green"))
    #expect(try calls == ["ModifyListener"])
    // All calls are on the new one: the old one may not run any more, so nothing is moved by itself.
    try set(weights(0, 100))
    _ = try run("auto-revert", confirmed)
    #expect(try !calls.contains("ModifyListener"))
  }

  // MARK: - Kills

  @Test(arguments: [false, true])
  func `a run that is killed at any call leaves old weights or new ones, and the same command ends it`(
    isAfter: Bool
  ) async throws {
    try await world.aws.createStack(name, template: template)
    try set(groupsAlone)
    try #require(try run("preflight-snapshot", []).status == 0)
    try "auto-revert:\n  maximum-per-day: 100\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    var number = 1
    while number < 12 {
      try await world.aws.updateStack(name, template: template, parameters: ["Version": "1\(number)"])
      if number == 1 { try await share(0.1) }
      _ = try await functions.updateAlias(function, name: "live", version: "1", weights: ["2": 0.1])
      try set(#"{"stack": "\#(name)", "hang": {"at": \#(number), "after": \#(isAfter)}}"#)
      var wasKilled = false
      _ = try BuiltStep("auto-revert", in: world.folder.path, variables: throughServer).run(
        ["prod"] + confirmed
      ) {
        process in
        try waitUntil("the call \(number) hangs, or the run has ended", seconds: 120) {
          if try get("_hung") == true { return true }
          return kill(process, 0) != 0
        }
        if try get("_hung") == true {
          wasKilled = true
          kill(process, SIGKILL)
        }
      }
      let between = try await alias()
      #expect(between.stableVersion == "1" && [0, 0.1].contains(between.weight), "killed at call \(number)")
      if !wasKilled { break }
      try set(#"{"stack": "\#(name)"}"#)
      let outcome = try run("auto-revert", confirmed)
      #expect(outcome.status == 0, "killed at call \(number): \(outcome.output)\(outcome.error)")
      #expect(try await isBack())
      #expect(try await world.marker() == "1")
      number += 1
    }
    #expect((3..<12).contains(number), "killed at \(number - 1) calls")
  }

  @Test(arguments: [false, true])
  func `a run that is killed at the stop of CodeDeploy's deployment goes on with it`(isAfter: Bool)
    async throws
  {
    try await world.aws.createStack(name, template: template)
    try set(groupsAlone)
    try #require(try run("preflight-snapshot", []).status == 0)
    try await share(0.1)
    let hang = #""hang": {"at": 1, "after": \#(isAfter)}, "stack":"#
    try set(deployment().replacingOccurrences(of: #""stack":"#, with: hang))
    _ = try BuiltStep("auto-revert", in: world.folder.path, variables: throughServer).run(
      ["prod"] + confirmed
    ) {
      process in
      try waitUntil("the stop hangs", seconds: 120) { try get("_hung") == true }
      kill(process, SIGKILL)
    }
    #expect(try await alias().weight == 0.1)
    #expect(try world.journal.contains("stopDeployment"))
    _ = try runProgram("curl", ["-sf", "--data-binary", "", "\(address)/_go"])
    let outcome = try run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await isBack())
    #expect(try !calls.contains("UpdateAlias"))
  }
}
