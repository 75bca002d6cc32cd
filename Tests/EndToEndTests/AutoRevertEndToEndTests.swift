import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert` where nothing is to be done to AWS.
@Suite(.blocking) struct AutoRevertEndToEndRefusalTests {
  private let folder = TemporaryFolder()

  private func run(_ arguments: [String], _ variables: [String: String] = [:]) throws -> BuiltStep.Outcome {
    let common = [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "test",
      "AWS_SECRET_ACCESS_KEY": "test-test",
      "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
    ]
    return try BuiltStep("auto-revert", in: folder.path, variables: common.merging(variables) { $1 }).run(
      arguments)
  }

  private func writeConfig(_ environment: String = "prod", _ stacks: String = "API_STACK=Shop-Api") throws {
    try "ENVIRONMENT=\(environment)\nAWS_REGION=us-east-1\n\(stacks)\n"
      .write(toFile: folder("deployment-\(environment).config"), atomically: true, encoding: .utf8)
  }

  private var left: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test func `no arguments are a wrong command line`() throws {
    #expect(try run([]).status == 64)
  }

  @Test func `a missing configuration is 65 and named`() throws {
    let outcome = try run(["prod", "--confirm", "rollback-production"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("deployment-prod.config"))
  }

  @Test func `a configuration without stacks is 65`() throws {
    try writeConfig("prod", "API_ENDPOINT=http://127.0.0.1:9/")
    #expect(try run(["prod", "--confirm", "rollback-production"]).status == 65)
  }

  @Test func `production without its word is 77 and changes nothing`() throws {
    try writeConfig()
    for arguments in [["prod"], ["prod", "--confirm", "yes"], ["prod", "--force"]] {
      let outcome = try run(arguments)
      #expect(outcome.status == 77)
      #expect(outcome.error.contains("--confirm rollback-production"))
      #expect(outcome.output.isEmpty)
    }
    // The word counts on the command line alone.
    #expect(try run(["prod"], ["BACKSTOP_CONFIRM": "rollback-production"]).status == 77)
    #expect(try left == ["deployment-prod.config"])
  }

  @Test func `outside production fixing forward is the advice`() throws {
    try writeConfig("dev")
    let outcome = try run(["dev"])
    #expect(outcome.status == 77)
    #expect(outcome.error.contains("fix forward") && outcome.error.contains("--force"))
    #expect(try run(["dev"], ["BACKSTOP_FORCE": "1"]).status == 77)
    #expect(try run(["dev", "--force"]).status == 69)
  }

  @Test func `a closed port is 69 and says what to check`() throws {
    try writeConfig()
    let outcome = try run(["prod", "--confirm", "rollback-production"])
    #expect(outcome.status == 69)
    #expect(outcome.error.contains("127.0.0.1:9") && outcome.error.contains("AWS_ENDPOINT_URL"))
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: [
    ["--method", "undo"], ["--skip", "Fn"], ["--allow-stateful", "Table"],
    ["--frobnicate"], ["--branch", "bad..name"], ["--branch", "-x y"], ["--branch=.lock"],
    ["--git-only", "--revert", "HEAD", "--branch", "a~1"],
  ]) func `a wrong option is a wrong command line`(option: [String]) throws {
    try writeConfig()
    #expect(try run(["prod", "--confirm", "rollback-production"] + option).status == 64)
  }

  @Test func `a role that is not configured is a wrong command line, and the known ones are named`() throws {
    try writeConfig()
    let outcome = try run(["prod", "--confirm", "rollback-production", "--only", "API_STACK"])
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("--only API_STACK") && outcome.error.contains("roles there are: api"))
    #expect(try left == ["deployment-prod.config"])
  }

  @Test func `a wrong deadline is a wrong command line`() throws {
    try writeConfig()
    #expect(try run(["prod", "--confirm", "rollback-production", "--deadline", "soon"]).status == 64)
  }

  @Test func `a restore point that is not there is 65`() throws {
    try writeConfig()
    let outcome = try run(["prod", "--confirm", "rollback-production", "--to", "20260101T000000Z-000000"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("--list"))
  }

  @Test func `there is nothing to continue`() throws {
    try writeConfig()
    let outcome = try run(["prod", "--continue"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("no unfinished revert"))
  }

  @Test func `lists that there are no restore points`() throws {
    try writeConfig()
    let outcome = try run(["prod", "--list"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("no restore points"))
  }

  @Test func `a held lock is 75, and names its holder`() throws {
    try writeConfig()
    try FileManager.default.createDirectory(
      atPath: folder(".backstop/prod"), withIntermediateDirectories: true)
    let path = folder(".backstop/prod/environment.lock")
    try #"{"owner":"process 1, run nightly","since":"2026-01-01T00:00:00Z"}"#
      .write(toFile: path, atomically: true, encoding: .utf8)
    let holder = open(path, O_RDWR | O_CLOEXEC)
    #expect(flock(holder, LOCK_EX | LOCK_NB) == 0)
    let outcome = try run(["prod", "--confirm", "rollback-production"])
    #expect(outcome.status == 75)
    #expect(outcome.error.contains("process 1, run nightly"))
    close(holder)
    // A file that nobody holds any more locks nothing.
    #expect(try run(["prod", "--confirm", "rollback-production"]).status == 69)
  }
}

/// The built `auto-revert` over a local AWS that really deploys.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndTests {
  let world: AutoRevertWorld

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  private func record(_ outcome: BuiltStep.Outcome) throws -> JSONValue {
    try JSONValue(parsing: Array(outcome.output.utf8))
  }

  @Test func `a finished bad update is put back from the restore point`() async throws {
    let good = world.plain("good")
    try await world.aws.createStack(world.name, template: good)
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain("bad"), parameters: ["Version": "2"])
    #expect(try await world.marker() == "2")

    // Shown first, with nothing changed.
    let shown = try world.run("auto-revert", ["--dry-run", "--format", "json"])
    #expect(shown.status == 0, "\(shown.error)")
    #expect(try record(shown)["plan"]?[0]?["action"]?.string == "restore")
    #expect(try record(shown)["actions"]?.array == [])
    #expect(try await world.marker() == "2")
    #expect(try await world.aws.changeSets(of: world.name).isEmpty)

    let outcome = try world.revert("--reason", "version 2 is bad", "--markdown", "incident.md")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try await world.marker() == "1")
    #expect(
      try await CloudFormationClient(world.aws.client).getTemplate(world.name, stage: .original) == good)
    let tree = try record(outcome)
    #expect(tree["verdict"]?.string == "go")
    #expect(tree["plan"]?[0]?["order"]?.int == 1)
    #expect(tree["plan"]?[0]?["target"]?.string == world.name)
    #expect(tree["actions"]?[0]?["result"]?.string == "done")
    #expect(tree["health"]?["verdict"]?.string == "go")
    #expect(tree["summary"]?["reason"]?.string == "version 2 is bad")
    let journal = try #require(tree["journal"]?.string)
    let lines = try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 4)
    let report = try String(contentsOfFile: world.folder("incident.md"), encoding: .utf8)
    #expect(report.contains("version 2 is bad") && report.contains(world.name))

    // Once more: all is as recorded.
    let again = try world.revert()
    #expect(again.status == 0, "\(again.error)")
    #expect(try record(again)["summary"]?["outcome"]?.string == "nothing-to-do")
  }

  @Test func `a damaged restore point is told, and stops only where it would be the one`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let (old, root) = ("20200101T000000Z-aaaaaa", ".backstop/prod/restore-points")
    try FileManager.default.createDirectory(
      atPath: world.folder("\(root)/\(old)"), withIntermediateDirectories: true)
    let manifest = world.folder("\(root)/\(old)/restore-point.json")
    try "{\n  \"id\": ".write(toFile: manifest, atomically: true, encoding: .utf8)

    let named = try world.revert("--to", old)
    #expect(named.status == 65)
    #expect(
      named.error.contains(manifest) && named.error.contains("line 2") && named.error.contains("--list"))
    #expect(try await world.marker() == "2")

    // A newer one could be the right one: the command that goes on without it is named.
    let good = try String(contentsOfFile: world.folder("\(root)/latest"), encoding: .utf8)
      .split(separator: "\n").joined()
    let newer = "\(good.dropLast(6))zzzzzz"
    try FileManager.default.createDirectory(
      atPath: world.folder("\(root)/\(newer)"), withIntermediateDirectories: true)
    try "{".write(
      toFile: world.folder("\(root)/\(newer)/restore-point.json"), atomically: true, encoding: .utf8)
    let unsure = try world.revert()
    #expect(unsure.status == 65 && unsure.error.contains("--to \(good)"), "\(unsure.error)")
    #expect(try await world.marker() == "2")
    try FileManager.default.removeItem(atPath: world.folder("\(root)/\(newer)"))

    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try await world.marker() == "1")
    let finding = try record(outcome)["findings"]?.array?
      .first { $0["code"]?.string == "restore-point-unreadable" }
    #expect(finding?["severity"]?.string == "warning")
    #expect(finding?["message"]?.string?.contains(manifest) == true)
  }

  @Test func `an update in progress is cancelled`() async throws {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.snapshot()
    try world.hold("Second", "2")
    try await world.beginUpdate(["Version": "2"])
    try await world.wait(for: .updateInProgress)
    let outcome = try world.revert { _ in try world.hold("Second", "2", false) }
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try record(outcome)["plan"]?[0]?["action"]?.string == "cancel")
    #expect(try await world.marker() == "1")
    #expect(try await world.status() == .updateRollbackComplete)
  }

  @Test func `runbook scenario 1: a failed rollback is continued, with what is stuck named or skipped`()
    async throws
  {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.snapshot()
    try world.fail("Breaker", "2")
    try world.fail("Fragile", "1")
    try await world.beginUpdate(["Version": "2"])
    try await world.wait(for: .updateRollbackFailed)

    let refused = try world.revert("--skip", "api/Marker")
    #expect(refused.status == 1)
    #expect(refused.output.contains("skip-not-stuck"))

    let stuck = try world.revert()
    #expect(stuck.status == 1, "\(stuck.error)")
    #expect(stuck.output.contains("stuck-resources") && stuck.output.contains("Fragile"))
    #expect(stuck.error.contains("told to fail at version 1"))
    #expect(try await world.status() == .updateRollbackFailed)

    let skipped = try world.revert("--skip", "api/Fragile")
    #expect(skipped.output.contains("resources-skipped"))
    #expect(skipped.output.contains("drift-after-skip"))
    #expect(try await world.status() == .updateRollbackComplete)
    #expect(try await world.marker() == "1")
  }

  @Test func `a rollback whose cause has passed is continued without a skip`() async throws {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.snapshot()
    try world.fail("Breaker", "2")
    try world.fail("Fragile", "1")
    try await world.beginUpdate(["Version": "2"])
    try await world.wait(for: .updateRollbackFailed)
    try world.fail("Fragile", "1", false)
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try await world.status() == .updateRollbackComplete)
    #expect(try await world.marker() == "1")
  }

  @Test func `without a restore point a finished update is an honest stop`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let outcome = try world.revert()
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("restore-point-missing"))
    #expect(try await world.marker() == "2")
  }

  @Test func `4 the version that is live is not put back as the good one`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    // Nothing was deployed since: that is said, and nothing is rolled back.
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    let record = try JSONValue(parsing: Array(outcome.output.utf8))
    #expect(record["summary"]?["outcome"]?.string == "nothing-to-do")
    #expect(record["plan"]?.array?.isEmpty == true && record["actions"]?.array?.isEmpty == true)
    #expect(outcome.output.contains("restore-point-of-live-version"))
    #expect(try await world.marker() == "1")
  }

  @Test func `5 a deployment that nobody judged is not undone`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    try "GET http://127.0.0.1:9/\nHTTP 200\n"
      .write(toFile: world.folder("down.hurl"), atomically: true, encoding: .utf8)
    let judged = try world.run("smoke-test", ["--smoke", "down.hurl", "--settle", "0"])
    #expect(judged.status == 1, "\(judged.output)\(judged.error)")
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "3"])
    let outcome = try world.revert()
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("newer-deployment"))
    #expect(try await world.marker() == "3")
    // A person may take responsibility.
    #expect(try world.revert("--operator", "night shift").status == 0)
    #expect(try await world.marker() == "1")
  }
}
