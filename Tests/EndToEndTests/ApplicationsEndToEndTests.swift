import AWSClients
import Foundation
import JSONValues
import TestSupport
import Testing

/// Several applications in one repository, and one records folder for them: what each has recorded stays its own.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct ApplicationsEndToEndTests {
  private let world: AutoRevertWorld
  private let shared = ["--records", "shared"]
  private let confirmed = ["--confirm", "rollback-production", "--reason", "down", "--format", "json"]

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  private func git(_ arguments: String...) throws -> String {
    let made = try runProgram("git", arguments, in: world.folder.path, variables: TestRepository.variables)
    try #require(made.status == 0, "\(made.error)")
    return String(decoding: made.output, as: UTF8.self)
  }

  /// An application in `folder` with a stack of its own.
  private func application(_ folder: String, _ stack: String) async throws {
    try FileManager.default.createDirectory(
      atPath: world.folder(folder), withIntermediateDirectories: true)
    try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nUSE_EXTERNAL_DATABASE=true\nAPI_STACK=\(stack)\n"
      .write(toFile: world.folder("\(folder)/deployment-prod.config"), atomically: true, encoding: .utf8)
    try await world.aws.createStack(stack, template: world.plain().replacing("/marker", with: "/\(stack)"))
  }

  private func run(_ step: String, _ folder: String, _ arguments: [String]) throws -> BuiltStep.Outcome {
    try world.run(step, ["--config-dir", folder] + shared + arguments)
  }

  private func point(_ outcome: BuiltStep.Outcome) throws -> String {
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    return try #require(try JSONValue(parsing: outcome.output)["restorePoint"]?.string)
  }

  @Test func `the newest restore point is that of the application that asks`() async throws {
    try await application("shop", "\(world.name)-shop")
    try await application("blog", "\(world.name)-blog")
    let shop = try point(run("preflight-snapshot", "shop", ["--format", "json"]))
    let blog = try point(run("preflight-snapshot", "blog", ["--format", "json"]))
    for (folder, id) in [("shop", shop), ("blog", blog)] {
      #expect(try point(run("preflight-snapshot", folder, ["--ready", "--format", "json"])) == id)
      let checked = try run("smoke-test", folder, ["--format", "json"])
      #expect(checked.status == 0, "\(checked.output)\(checked.error)")
      #expect(try JSONValue(parsing: checked.output)["summary"]?["comparedWith"]?.string == id)
    }
  }

  @Test func `what one application's run left open is not gone on with by another`() async throws {
    try await application("shop", "\(world.name)-shop")
    try await application("blog", "\(world.name)-blog")
    _ = try point(run("preflight-snapshot", "blog", ["--format", "json"]))
    try """
    {"at":"2026-01-01T00:00:00Z","event":"begin","application":"shop","method":"automatic","firstSeen":{"\(world.name)-blog":"2020-01-01T00:00:00.000Z"}}
    {"at":"2026-01-01T00:00:01Z","event":"before","action":"cancel","target":"\(world.name)-shop"}

    """.write(toFile: world.folder("shared/journal-none.jsonl"), atomically: true, encoding: .utf8)
    let other = try run("auto-revert", "blog", confirmed + ["--continue"])
    #expect(other.status == 65, "\(other.output)\(other.error)")
    #expect(other.error.contains("there is no unfinished revert"))
    let own = try run("auto-revert", "shop", confirmed + ["--continue"])
    #expect(own.status != 65, "\(own.output)\(own.error)")
  }

  @Test func `a folder may be called like an environment, and both keep their ledgers`() async throws {
    _ = try git("init", "-q", "-b", "main")
    _ = try git("commit", "-q", "--allow-empty", "-m", "First")
    try await world.aws.createStack(world.name, template: world.plain())
    for folder in ["prod", "staging", "prod/prod"] {
      try await application(folder, "\(world.name)-\(folder.replacing("/", with: "-"))")
    }
    try world.writeConfig(["API_STACK=\(world.name)"], environment: "staging")
    for arguments in [
      ["prod"], ["staging"], ["prod", "--config-dir", "prod"], ["prod", "--config-dir", "staging"],
      ["prod", "--config-dir", "prod/prod"],
    ] {
      let outcome = try BuiltStep("smoke-test", in: world.folder.path, variables: world.variables)
        .run(arguments)
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
      #expect(!outcome.error.contains("was not written"), "\(arguments): \(outcome.error)")
    }
    let trails = try git("for-each-ref", "--format=%(refname)", "refs/backstop").split(separator: "\n")
    #expect(
      trails == [
        "refs/backstop/@prod/@prod/prod", "refs/backstop/@prod/prod", "refs/backstop/@staging/prod",
        "refs/backstop/prod", "refs/backstop/staging",
      ], "\(trails)")
  }

  @Test func `the list names the restore point that a rollback takes, whichever stack was named later`()
    async throws
  {
    let (api, database) = ("\(world.name)-api-prod", "\(world.name)-database-prod")
    func config(_ more: String) throws {
      try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nAPI_STACK=\(api)\n\(more)"
        .write(toFile: world.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    }
    for stack in [api, database] {
      try await world.aws.createStack(
        stack, template: world.plain().replacing("/marker", with: "/\(stack)"))
    }
    try config("")
    let made = try world.run("preflight-snapshot", ["--format", "json"])
    let id = try point(made)
    for more in ["", "DATABASE_STACK=\(database)\n", "WORKFLOW_STACK=\(world.name)-later\n"] {
      try config(more)
      let list = try world.run("auto-revert", ["--list", "--format", "json"])
      let points = try JSONValue(parsing: list.output)["restorePoints"]?.array ?? []
      #expect(points.map { $0["latest"]?.bool } == [true], "\(more): \(list.output)")
      #expect(points.first?["id"]?.string == id)
      let isNew = more.hasPrefix("WORKFLOW")
      #expect(points.first?["state"]?.string?.contains("without \(world.name)-later") == isNew)
    }
  }
}

/// What proves who wrote a record, where the environment holds the key.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct RecordProofEndToEndTests {
  private let world: AutoRevertWorld
  private let key = ["BACKSTOP_STORE_KEY": String(repeating: "ab", count: 32)]

  init() throws {
    world = try AutoRevertWorld(try LocalAWS.shared())
    try "GET http://127.0.0.1:9/\nHTTP 200\n"
      .write(toFile: world.folder("down.hurl"), atomically: true, encoding: .utf8)
  }

  private func run(_ step: String, _ arguments: [String], _ more: [String: String]) throws
    -> BuiltStep.Outcome
  {
    try BuiltStep(step, in: world.folder.path, variables: world.variables.merging(more) { $1 })
      .run(["prod"] + arguments)
  }

  private func deployed() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    #expect(try run("preflight-snapshot", [], key).status == 0)
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
  }

  @Test func `a record that no holder of the key wrote permits nothing`() async throws {
    try await deployed()
    // The same user, and not the key: the stop could be anybody's.
    let forged = try run("smoke-test", ["--smoke", "down.hurl", "--settle", "0"], [:])
    #expect(forged.status == 1)
    let refused = try run("auto-revert", ["--confirm", "rollback-production"], key)
    #expect(refused.status == 77, "\(refused.output)\(refused.error)")
    let shown = try run("auto-revert", ["--dry-run", "--format", "json"], key)
    #expect(
      shown.output.contains("record-not-believed") && shown.output.contains("BACKSTOP_STORE_KEY"),
      "\(shown.output)")
    #expect(try await world.marker() == "2")
    // Written with the key it is evidence; a byte of it changed, it is not.
    let stop = try run("smoke-test", ["--smoke", "down.hurl", "--settle", "0"], key)
    #expect(stop.status == 1)
    let reverted = try run("auto-revert", ["--confirm", "rollback-production"], key)
    #expect(reverted.status == 0, "\(reverted.output)\(reverted.error)")
    #expect(try await world.marker() == "1")
  }

  @Test func `a genuine record that was altered is left out`() async throws {
    try await deployed()
    let gone = try run("smoke-test", ["--smoke", "down.hurl", "--settle", "0"], key)
    #expect(gone.status == 1)
    let records = world.folder(".backstop/prod")
    let runs = try FileManager.default.contentsOfDirectory(atPath: "\(records)/runs").map {
      "\(records)/runs/\($0)/smoke-test.json"
    }
    for path in ["\(records)/smoke-test.json"] + runs where FileManager.default.fileExists(atPath: path) {
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacing("\"verdict\": \"stop\"", with: "\"verdict\": \"go\"")
        .write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
    let snapshot = try run("preflight-snapshot", ["--dry-run", "--format", "json"], key)
    #expect(snapshot.output.contains("record-not-believed"), "\(snapshot.output)")
    // Nothing speaks for it and nothing against it: it is neither a stop nor a go.
    let refused = try run("auto-revert", ["--confirm", "rollback-production"], key)
    #expect(refused.status == 77, "\(refused.output)\(refused.error)")
    #expect(!refused.error.contains("said go"), "\(refused.error)")
  }

  @Test func `a folder as a store wants the key or the policy's word`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    let store = ["--store", world.folder("points")]
    for step in ["preflight-snapshot", "auto-revert"] {
      let refused = try run(step, store, [:])
      #expect(refused.status == 77, "\(refused.output)\(refused.error)")
      #expect(
        refused.error.contains("is not authenticated") && refused.error.contains("store-without-key: true"))
    }
    let keyed = try run("preflight-snapshot", store + ["--format", "json"], key)
    #expect(keyed.status == 0, "\(keyed.output)\(keyed.error)")
    #expect(!keyed.output.contains("store-not-authenticated"))
    try "store-without-key: true\n".write(
      toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    let allowed = try run("preflight-snapshot", store + ["--format", "json"], [:])
    #expect(allowed.status == 0, "\(allowed.output)\(allowed.error)")
    #expect(allowed.output.contains("store-not-authenticated"))
  }
}
