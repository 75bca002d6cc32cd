import AWSClients
import CloudFormationModel
import CurlTransport
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert` killed, limited, and over what stacks do not own.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndSurvivalTests {
  let world: AutoRevertWorld

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  @Test func `a killed run is continued, without a second call`() async throws {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.snapshot()
    try world.hold("Second", "2")
    try await world.beginUpdate(["Version": "2"])
    try await world.wait(for: .updateInProgress)
    let killed = try world.revert { process in
      kill(process, SIGKILL)
      try world.hold("Second", "2", false)
    }
    #expect(killed.status == -SIGKILL)
    #expect(try world.journal.contains(#""event":"before""#))
    #expect(!FileManager.default.fileExists(atPath: world.folder(".backstop/prod/auto-revert.json")))

    let outcome = try world.run("auto-revert", ["--continue", "--format", "json"])
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try await world.status() == .updateRollbackComplete)
    #expect(try await world.marker() == "1")
    #expect(try world.journal.components(separatedBy: #""event":"before""#).count == 2)
    #expect(try world.journal.contains(#""event":"end""#))
    // Nothing is left to continue.
    #expect(try world.run("auto-revert", ["--continue"]).status == 65)
  }

  @Test func `a continued run keeps to the roles that were confirmed`() async throws {
    let other = "\(world.name)-wf"
    try world.writeConfig(["API_STACK=\(world.name)", "WORKFLOW_STACK=\(other)"])
    let plain = world.plain().replacingOccurrences(of: "/\(world.name)/", with: "/\(other)/")
    try await world.aws.createStack(world.name, template: world.chained())
    try await world.aws.createStack(other, template: plain)
    try world.snapshot()
    try await world.aws.updateStack(other, template: plain, parameters: ["Version": "2"])
    try world.hold("Second", "2")
    try await world.beginUpdate(["Version": "2"])
    try await world.wait(for: .updateInProgress)
    let killed = try world.revert("--only", "api") { process in
      kill(process, SIGKILL)
      try world.hold("Second", "2", false)
    }
    #expect(killed.status == -SIGKILL)

    let wider = try world.run("auto-revert", ["--continue", "--only", "workflow"])
    #expect(wider.status == 64, "\(wider.error)")
    #expect(wider.error.contains("--only workflow: the revert that is continued was for api alone"))
    let outcome = try world.run("auto-revert", ["--continue", "--format", "json"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("stack-left-out"))
    #expect(try await world.marker() == "1")
    #expect(try await SSMClient(world.aws.client).getParameter("/\(other)/marker").value == "2")
  }

  @Test func `15 a kill switch stops a run, and a person overrides it`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    try "auto-revert:\n  kill-switch: no-automatic-reverts\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    try "".write(toFile: world.folder("no-automatic-reverts"), atomically: true, encoding: .utf8)
    let refused = try world.revert()
    #expect(refused.status == 77)
    #expect(refused.error.contains("kill switch") && refused.error.contains("--operator"))
    #expect(try await world.marker() == "2")
    let outcome = try world.revert("--operator", "night shift")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try await world.marker() == "1")
    #expect(
      try JSONValue(parsing: Array(outcome.output.utf8))["summary"]?["operator"]?.string == "night shift")
  }

  @Test func `15 a limit a day stops the next run`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try "auto-revert:\n  maximum-per-day: 1\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    #expect(try world.revert().status == 0)
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "3"])
    let refused = try world.revert()
    #expect(refused.status == 77)
    #expect(refused.error.contains("1 rollback in the last 24 hours, and the policy allows 1"))
    #expect(try await world.marker() == "3")
  }

  @Test func `what no deployment of a stack changed is put back by its own call`() async throws {
    let name = world.name
    let function = TemplateParts.function(
      "Fn", named: "\(name)-fn", handler: "index.answer",
      #"Code: {ZipFile: "def answer(event, context): return 1"}"#)
    let template = """
      Resources:
      \(TemplateParts.role)
      \(function)
        Published: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
        Live:
          Type: AWS::Lambda::Alias
          Properties: {FunctionName: !Ref Fn, FunctionVersion: !GetAtt Published.Version, Name: live}
        Secret:
          Type: AWS::SecretsManager::Secret
          Properties: {Name: \(name)-secret, SecretString: first-planted-value}
        Machine:
          Type: AWS::StepFunctions::StateMachine
          Properties:
            StateMachineName: \(name)-machine
            RoleArn: !GetAtt Role.Arn
            DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}'
      """
    try await world.aws.createStack(name, template: template)
    try world.snapshot()
    let client = world.aws.client
    let secrets = SecretsManagerClient(client)
    let recorded = try #require(try await secrets.describeSecret("\(name)-secret").currentVersion)
    let functions = LambdaClient(client)
    let version = try await functions.getAlias("\(name)-fn", name: "live").functionVersion
    let machine = try #require(
      try await CloudFormationClient(client).listStackResources(name).first { $0.logicalId == "Machine" }?
        .physicalId)
    let definition = try await StepFunctionsClient(client).describeStateMachine(machine).definition

    try world.cli(
      "secretsmanager", "put-secret-value", "--secret-id", "\(name)-secret", "--secret-string", "second")
    _ = try await functions.updateAlias("\(name)-fn", name: "live", version: "$LATEST")
    try await StepFunctionsClient(client).updateStateMachine(
      machine, definition: #"{"StartAt":"B","States":{"B":{"Type":"Fail"}}}"#)
    #expect(try await secrets.describeSecret("\(name)-secret").currentVersion != recorded)

    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try await secrets.describeSecret("\(name)-secret").currentVersion == recorded)
    #expect(try await functions.getAlias("\(name)-fn", name: "live").functionVersion == version)
    #expect(try await StepFunctionsClient(client).describeStateMachine(machine).definition == definition)
    let done = try JSONValue(parsing: Array(outcome.output.utf8))["actions"]?.array?.compactMap {
      $0["action"]?.string
    }
    #expect(Set(done ?? []) == ["restoreAlias", "restoreSecretStage", "restoreStateMachine"])
    #expect(!outcome.output.contains("planted") && !outcome.error.contains("planted"))
  }

  @Test func `a message that cannot be sent stops nothing and is a finding`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    try "notifications:\n  - {kind: webhook, url-from: PAGER_URL}\n  - {kind: slack, url-from: CHAT_URL}\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    var step = BuiltStep("auto-revert", in: world.folder.path, variables: world.variables)
    step.variables["PAGER_URL"] = "http://127.0.0.1:9/planted-hook-path"
    let outcome = try step.run(["prod", "--confirm", "rollback-production", "--reason", "it is bad"])
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.contains("notification-failed"))
    #expect(outcome.output.contains("CHAT_URL is not set"))
    #expect(!outcome.output.contains("planted-hook-path") && !outcome.error.contains("planted-hook-path"))
    #expect(try await world.marker() == "1")
  }

  @Test func `runbook scenario 4: only the role that was asked for is put back`() async throws {
    let other = "\(world.name)-wf"
    try world.writeConfig(["API_STACK=\(world.name)", "WORKFLOW_STACK=\(other)"])
    func template(_ name: String) -> String {
      world.plain().replacingOccurrences(of: "/\(world.name)/", with: "/\(name)/")
    }
    for name in [world.name, other] { try await world.aws.createStack(name, template: template(name)) }
    try world.snapshot()
    for name in [world.name, other] {
      try await world.aws.updateStack(name, template: template(name), parameters: ["Version": "2"])
    }
    let unknown = try world.revert("--only", "web")
    #expect(unknown.status == 64)
    #expect(unknown.error.contains("roles there are: api, workflow"))
    #expect(try world.revert("--only", "api").status == 0)
    #expect(try await world.marker() == "1")
    #expect(try await SSMClient(world.aws.client).getParameter("/\(other)/marker").value == "2")
  }

  @Test func `12 old code is not put on a schema that it does not fit`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    let good = String(repeating: "a", count: 40)
    let bad = String(repeating: "b", count: 40)
    let snapshot = try world.run("preflight-snapshot", ["--deployed-commit", good])
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    // No code is here to be judged: what the gate said of exactly these commits serves.
    let judged = SystemClock().now
    let gate = #"""
      {"schemaVersion":1,"step":"diff-gate","application":".","commit":"\#(bad)","verdict":"stop",
        "startedAt":"\#(judged)","finishedAt":"\#(judged)","summary":{"base":"\#(good)","head":"\#(bad)"},"findings":[
        {"code":"renaming-column","path":"migrations/7.sql"},
        {"code":"require-concurrent-index-creation","path":"migrations/8.sql"}],"migrations":[
        {"path":"migrations/7.sql","statements":[{"line":1,"rules":["renaming-column","prefer-text-field"]}]},
        {"path":"migrations/8.sql","statements":[{"line":1,"rules":["require-concurrent-index-creation"]}]}]}
      """#
    try gate.write(toFile: world.folder(".backstop/prod/diff-gate.json"), atomically: true, encoding: .utf8)
    let refused = try world.revert("--commit", bad)
    #expect(refused.status == 1)
    #expect(
      refused.output.contains("schema-ahead") && refused.output.contains("migrations/7.sql (renaming-column)")
    )
    #expect(!refused.output.contains("8.sql"))
    #expect(try await world.marker() == "2")
    // What was accepted is still ahead, so not all is verified.
    let accepted = try world.revert("--commit", bad, "--accept-schema")
    #expect(accepted.status == 3, "\(accepted.output)\(accepted.error)")
    #expect(try await world.marker() == "1")
  }

  @Test func `a teardown wants its own word as well`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    let refused = try world.revert("--method", "delete")
    #expect(refused.status == 77)
    #expect(refused.error.contains("--confirm DELETE"))
    // What it would do is shown without the word.
    let shown = try world.revert("--method", "delete", "--dry-run")
    #expect(shown.status == 0 && shown.output.contains("wants --confirm DELETE,"), "\(shown.output)")
    #expect(try await world.marker() == "1")
    let deleted = try world.revert("--method", "delete", "--confirm", "DELETE")
    #expect(deleted.status == 0, "\(deleted.error)")
    let record = try JSONValue(parsing: deleted.output)
    // Nothing that counts rollbacks, or proves a version, takes it for one.
    #expect(record["summary"]?["outcome"]?.string == "deleted" && record["summary"]?["restorePoint"] == nil)
    #expect(deleted.output.contains("stack-deleted"))
    #expect(try await [nil, .deleteComplete].contains(world.status()))
  }

  @Test func `a teardown takes a last snapshot of the database and names what stays`() async throws {
    let template = """
      Resources:
        Db:
          Type: AWS::RDS::DBInstance
          DeletionPolicy: Delete
          Properties: {DBInstanceIdentifier: \(world.name)-db, DBInstanceClass: db.t3.micro, Engine: postgres,
            AllocatedStorage: "20", MasterUsername: shop, MasterUserPassword: planted-password-4}
        Kept:
          Type: AWS::SSM::Parameter
          DeletionPolicy: Retain
          Properties: {Name: "/\(world.name)/kept", Type: String, Value: here}
      """
    try await world.aws.createStack(world.name, template: template)
    let shown = try world.revert("--method", "delete", "--confirm", "DELETE", "--dry-run")
    #expect(shown.status == 0 && shown.output.contains("resource-retained"), "\(shown.output)\(shown.error)")
    let rds = RDSClient(world.aws.client)
    func snapshots() async throws -> [DBSnapshot] {
      try await rds.describeDBSnapshots().filter { $0.sourceIdentifier == "\(world.name)-db" }
    }
    #expect(try await snapshots().isEmpty)
    let deleted = try world.revert("--method", "delete", "--confirm", "DELETE")
    #expect(deleted.status == 0, "\(deleted.error)")
    let made = try await snapshots()
    #expect(made.count == 1 && made.first?.identifier.hasPrefix("backstop-prod-final-") == true)
    #expect(deleted.output.contains(made.first?.identifier ?? "no snapshot"))
    #expect(deleted.output.contains("Kept (AWS::SSM::Parameter"))
    #expect(try await SSMClient(world.aws.client).getParameter("/\(world.name)/kept").value == "here")
    #expect(try await [nil, .deleteComplete].contains(world.status()))
  }

  @Test func `records are as the published schema says`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let record = world.folder(".backstop/prod/auto-revert.json")
    #expect(try world.run("auto-revert", ["--dry-run"]).status == 0)
    #expect(try Schema.problems(of: record, "auto-revert") == "")
    let outcome = try world.revert()
    #expect(outcome.status == 0)
    #expect(try Schema.problems(of: record, "auto-revert") == "")
    #expect(outcome.output.contains("lock-is-local"))
    let listed = try world.run("auto-revert", ["--list"])
    #expect(listed.output.contains("latest good"))
  }

  @Test func `lost answers and throttling do not make a call twice`() async throws {
    let aws = try LocalAWS()
    let curl = CurlTransport(environment: Environment())
    let world = try AutoRevertWorld(aws)
    try await aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    try await aws.setFaults(
      [
        .init(.drop, "ExecuteChangeSet"), .init(.throttle, "DescribeStacks", times: 2),
        .init(.drop, "CreateChangeSet"),
      ],
      over: curl)
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try await world.marker() == "1")
    // The client repeats a call under its token; the stack was updated once by the deployment and once by the restore.
    let executed = try await aws.calls(over: curl).filter { $0["action"]?.string == "ExecuteChangeSet" }
    #expect(Set(executed.map { $0["requestId"]?.string }).count == 1)
    let events = try await CloudFormationClient(aws.client).describeStackEvents(world.name)
    #expect(events.filter { $0.isOfStack && $0.status == "UPDATE_IN_PROGRESS" }.count == 2)
  }
}
