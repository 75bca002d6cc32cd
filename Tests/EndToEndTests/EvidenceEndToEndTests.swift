import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// What the built steps take for evidence about what is live: a good version is never rolled back, and a bad one never
/// becomes the good one.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct EvidenceEndToEndTests {
  private let world: AutoRevertWorld
  private let confirmed = ["--confirm", "rollback-production", "--format", "json"]

  init() throws {
    world = try AutoRevertWorld(try LocalAWS.shared())
    // A check of an endpoint that does not answer, and one of a file that names nothing.
    try "GET http://127.0.0.1:9/\nHTTP 200\n"
      .write(toFile: world.folder("down.hurl"), atomically: true, encoding: .utf8)
  }

  private func tree(_ outcome: BuiltStep.Outcome) throws -> JSONValue {
    try JSONValue(parsing: Array(outcome.output.utf8))
  }
  private func codes(_ tree: JSONValue) -> [String] {
    (tree["findings"]?.array ?? []).compactMap { $0["code"]?.string }
  }
  private func deploy(_ version: String) async throws {
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": version])
  }
  private func smokeStop(_ more: String...) throws {
    let stop = try world.run("smoke-test", ["--smoke", "down.hurl", "--settle", "0"] + more)
    #expect(stop.status == 1, "\(stop.output)\(stop.error)")
  }
  private var points: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: world.folder(".backstop/prod/restore-points"))
        .filter { $0 != "latest" }
    }
  }

  @Test func `a dry run answers no stop and raises none, and a rollback by the stop answers it`() async throws
  {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await deploy("2")
    // On a healthy stack: it blocks, and says nothing of what is live.
    let blocked = try world.run("auto-revert", ["--dry-run", "--restore-database", "--format", "json"])
    #expect(blocked.status == 1, "\(blocked.output)\(blocked.error)")
    let free = try world.run("preflight-snapshot", ["--dry-run", "--format", "json"])
    #expect(free.status == 0, "\(free.output)\(free.error)")

    try smokeStop()
    let snapshot = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(snapshot.status == 1)
    #expect(codes(try tree(snapshot)).contains("unrestored-stop"))
    let shown = try world.run("auto-revert", ["--dry-run", "--format", "json"])
    #expect(shown.status == 0, "\(shown.output)\(shown.error)")
    let again = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(again.status == 1, "a dry run answered the stop")
    #expect(try points.count == 1)

    // The stop on record is reason enough, and the records name one deployment each.
    let reverted = try world.run("auto-revert", confirmed)
    #expect(reverted.status == 0, "\(reverted.output)\(reverted.error)")
    #expect(try await world.marker() == "1")
    let record = try tree(reverted)
    #expect(record["application"]?.string == ".")
    let bad = try tree(snapshot)["deployment"]?.string
    #expect(bad != nil && record["deployment"]?.string != nil && record["deployment"]?.string != bad)
    #expect(record["undoneStacks"] == (try tree(snapshot))["liveStacks"])
    let good = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(good.status == 0, "\(good.output)\(good.error)")
    #expect((try tree(good))["deployment"]?.string == record["deployment"]?.string)
  }

  @Test func `a deployment that failed before it touched a stack costs no good version`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await deploy("2")
    #expect(try world.run("smoke-test", []).status == 0)
    try world.snapshot()
    for reason in [[], ["--reason", "the deployment of version 3 failed"]] {
      let outcome = try world.run("auto-revert", confirmed + reason)
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
      #expect(try await world.marker() == "2")
      let record = try tree(outcome)
      #expect(record["summary"]?["outcome"]?.string == "nothing-to-do")
      #expect(codes(record).contains("restore-point-of-live-version"))
    }
    // A stop about this very version is another matter.
    try smokeStop()
    #expect(try world.run("auto-revert", confirmed).status == 0)
    #expect(try await world.marker() == "1")
  }

  @Test func `a version that was found good is not taken back without a word`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await deploy("2")
    #expect(try world.run("smoke-test", []).status == 0)
    let refused = try world.run("auto-revert", confirmed)
    #expect(refused.status == 77, "\(refused.output)\(refused.error)")
    #expect(refused.error.contains("--reason TEXT") && refused.error.contains("smoke-test prod"))
    #expect(refused.error.contains("smoke-test said go of it"))
    #expect(try await world.marker() == "2")
    // A go of the same checks about the same version takes a stop back.
    try smokeStop("--variable", "x=1")
    try "GET http://127.0.0.1:9/\nHTTP 500\n"
      .write(toFile: world.folder("other.hurl"), atomically: true, encoding: .utf8)
    #expect(try world.run("smoke-test", []).status == 0)
    let byStop = try world.run("auto-revert", ["--dry-run", "--format", "json"])
    #expect(
      !codes(try tree(byStop)).contains("no-evidence"), "other checks took the stop back: \(byStop.output)")
    #expect(try world.revert().status == 0)
    #expect(try await world.marker() == "1")
  }

  @Test func `what --only left out is still the bad version`() async throws {
    let other = "\(world.name)-w"
    try world.writeConfig(["API_STACK=\(world.name)", "WORKFLOW_STACK=\(other)"])
    let template = world.plain().replacing("/marker", with: "/other")
    try await world.aws.createStack(world.name, template: world.plain())
    try await world.aws.createStack(other, template: template)
    try world.snapshot()
    try await deploy("2")
    try await world.aws.updateStack(other, template: template, parameters: ["Version": "2"])
    try smokeStop()
    let half = try world.run("auto-revert", confirmed + ["--only", "workflow"])
    #expect(half.status == 0, "\(half.output)\(half.error)")
    #expect((try tree(half))["summary"]?["partial"]?.bool == true)
    let snapshot = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(snapshot.status == 1, "the bad api was recorded as good")
    #expect(codes(try tree(snapshot)).contains("unrestored-stop"))
    // The rest goes back by the same stop.
    let rest = try world.run("auto-revert", confirmed)
    #expect(rest.status == 0, "\(rest.output)\(rest.error)")
    #expect(try await world.marker() == "1")
    #expect(try world.run("preflight-snapshot", []).status == 0)
  }

  @Test func `two applications of one repository keep to themselves`() async throws {
    let other = "\(world.name)-blog"
    for (folder, stack) in [("shop", world.name), ("blog", other)] {
      try FileManager.default.createDirectory(
        atPath: world.folder(folder), withIntermediateDirectories: true)
      try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nUSE_EXTERNAL_DATABASE=true\nAPI_STACK=\(stack)\n"
        .write(toFile: world.folder("\(folder)/deployment-prod.config"), atomically: true, encoding: .utf8)
    }
    let template = world.plain().replacing("/marker", with: "/other")
    try await world.aws.createStack(world.name, template: world.plain())
    try await world.aws.createStack(other, template: template)
    for records in [[], ["--records", "shared"]] {
      for folder in ["shop", "blog"] {
        let made = try world.run("preflight-snapshot", ["--config-dir", folder] + records)
        #expect(made.status == 0, "\(made.output)\(made.error)")
      }
      try await deploy("2")
      let outcome = try world.run(
        "auto-revert", confirmed + ["--config-dir", "shop", "--reason", "down"] + records)
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
      #expect(try await world.marker() == "1")
      #expect((try tree(outcome))["application"]?.string == "shop")
    }
    #expect(FileManager.default.fileExists(atPath: world.folder(".backstop/shop/prod/auto-revert.json")))
    #expect(
      FileManager.default.fileExists(atPath: world.folder(".backstop/blog/prod/preflight-snapshot.json")))
    #expect(!FileManager.default.fileExists(atPath: world.folder(".backstop/prod")))
  }

  @Test func `a database's stack that nobody named is left alone until somebody does`() async throws {
    let prefix = world.name
    func config(_ more: String = "") throws {
      try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nAPI_STACK=\(prefix)-api-prod\n\(more)"
        .write(toFile: world.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    }
    let (api, database) = ("\(prefix)-api-prod", "\(prefix)-database-prod")
    let template = world.plain().replacing("/marker", with: "/other")
    try await world.aws.createStack(api, template: world.plain())
    try await world.aws.createStack(database, template: template)
    try config()
    let made = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(made.status == 0, "\(made.output)\(made.error)")
    #expect(codes(try tree(made)).contains("stack-derived"))
    for stack in [(api, world.plain()), (database, template)] {
      try await world.aws.updateStack(stack.0, template: stack.1, parameters: ["Version": "2"])
    }
    // Confirmed now, and not when it was recorded.
    try config("DATABASE_STACK=\(database)\n")
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
    #expect(codes(try tree(outcome)).contains("stack-derived"))
    let held = try await SSMClient(world.aws.client).getParameter("/\(prefix)/other").value
    #expect(held == "2", "a stack that nobody had named was rolled back")
    try config("DATABASE_STACK=\n")
    let shown = try world.run("preflight-snapshot", ["--show-config"])
    #expect(!shown.output.contains(database))
  }

  @Test func `updates that run are cancelled without a restore point, and nothing more is claimed`()
    async throws
  {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.hold("Third", "2")
    try await world.beginUpdate(["Version": "2"])
    let client = CloudFormationClient(world.aws.client)
    try await waitUntil("the third resource is being updated") {
      try await client.describeStackEvents(world.name).first { $0.logicalId == "Third" }?.status
        == "UPDATE_IN_PROGRESS"
    }
    let outcome = try BuiltStep("auto-revert", in: world.folder.path, variables: world.variables).run(
      ["prod", "--confirm", "rollback-production"]
    ) { _ in
      try waitUntil("the cancel is accepted", seconds: 120) { try world.journal.contains("accepted") }
      try world.hold("Third", "2", false)
    }
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("(to what CloudFormation had before; nothing was compared)"))
    #expect(!outcome.output.contains("cannot be cancelled"))
    #expect(try await world.status() == .updateRollbackComplete)
    #expect(try await world.marker() == "1")
  }

  @Test func `migrations of the range are judged here where no gate has judged them`() async throws {
    func git(_ arguments: String...) throws {
      let made = try runProgram("git", arguments, in: world.folder.path, variables: TestRepository.variables)
      #expect(made.status == 0, "\(made.error)")
    }
    func commit(_ sql: String, _ name: String) throws {
      try FileManager.default.createDirectory(
        atPath: world.folder("migrations"), withIntermediateDirectories: true)
      try sql.write(toFile: world.folder("migrations/\(name)"), atomically: true, encoding: .utf8)
      try git("add", "migrations")
      try git("commit", "-q", "-m", name)
    }
    try git("init", "-q", "-b", "main")
    try commit("CREATE TABLE jobs (id int, note text);\n", "001_jobs.sql")
    try await world.aws.createStack(world.name, template: world.plain())
    #expect(try world.run("smoke-test", []).status == 0)
    try world.snapshot()
    try commit("ALTER TABLE jobs DROP COLUMN note;\n", "002_note.sql")
    try await deploy("2")
    try smokeStop()
    let stopped = try world.run("auto-revert", confirmed)
    #expect(stopped.status == 1, "\(stopped.output)\(stopped.error)")
    let finding = (try tree(stopped))["findings"]?.array?.first { $0["code"]?.string == "schema-ahead" }
    #expect(finding?["message"]?.string?.contains("migrations/002_note.sql (ban-drop-column)") == true)
    #expect(try await world.marker() == "2")
    // Accepted: put back, and what could not be verified is listed.
    let accepted = try world.run("auto-revert", confirmed + ["--accept-schema"])
    #expect(accepted.status == 3, "\(accepted.output)\(accepted.error)")
    #expect((try tree(accepted))["summary"]?["unverified"]?.array?.isEmpty == false)
    #expect(try await world.marker() == "1")
    // The next steps know which commit is live, whatever is checked out.
    let next = try world.run("smoke-test", ["--format", "json"])
    let restored = (try tree(accepted))["summary"]?["restoredCommit"]?.string
    let nextCommit = try tree(next)["commit"]?.string
    #expect(restored != nil && nextCommit == restored)
  }

  @Test func `a comparison of two files is no evidence in an incident`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    for (name, table) in [("old.yaml", "Table"), ("new.yaml", "Other")] {
      try "Resources:\n  \(table): {Type: AWS::DynamoDB::Table, Properties: {}}\n"
        .write(toFile: world.folder(name), atomically: true, encoding: .utf8)
    }
    #expect(try world.run("diff-gate", ["--old", "old.yaml", "--new", "new.yaml"]).status == 1)
    try await deploy("2")
    let outcome = try world.revert("--markdown", "incident.md")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect((try tree(outcome))["evidence"]?.array == [])
    let report = try String(contentsOfFile: world.folder("incident.md"), encoding: .utf8)
    #expect(!report.contains("Table"))
  }
}
