import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// Whose files the built steps believe, on the local AWS: none that came with a checkout, that others can write, or that lie
/// behind a link; and none that is damaged keeps a rollback from its work.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct FileTrustEndToEndTests {
  let world: AutoRevertWorld
  private var records: String { world.folder(".backstop/prod") }

  init() throws {
    world = try AutoRevertWorld(LocalAWS.shared())
    try git("init", "-q", "-b", "main")
    try git("commit", "-q", "--allow-empty", "-m", "First")
  }

  private func git(_ arguments: String...) throws {
    let result = try runProgram("git", arguments, in: world.folder.path, variables: TestRepository.variables)
    try #require(result.status == 0, "\(result.error)")
  }

  /// v1 recorded as good, then v2 deployed.
  private func deploy() async throws {
    try await world.aws.createStack(world.name, template: world.plain(), parameters: ["Version": "1"])
    try world.snapshot()
    try await update(to: "2")
  }

  private func update(to version: String) async throws {
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": version])
  }

  private var point: String {
    get throws {
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(records)/restore-points")
      return try #require(names.filter { $0 != "latest" && !$0.hasPrefix("9999") }.sorted().last)
    }
  }

  /// A restore point of somebody's making, named as the newest.
  @discardableResult private func forge(_ id: String = "99991231T235959Z-abcdef") throws -> String {
    let (from, to) = ("\(records)/restore-points/\(try point)", "\(records)/restore-points/\(id)")
    try FileManager.default.copyItem(atPath: from, toPath: to)
    let manifest = "\(to)/restore-point.json"
    let text = try String(contentsOfFile: manifest, encoding: .utf8)
    let parts = text.split(separator: "\n").filter { !$0.hasPrefix("  \"sha256\"") }.joined(separator: "\n")
    try parts.replacing(try point, with: id).replacing("\"formatVersion\": 2", with: "\"formatVersion\": 1")
      .replacing(",\n}", with: "\n}").write(toFile: manifest, atomically: true, encoding: .utf8)
    try "\(id)\n".write(toFile: "\(records)/restore-points/latest", atomically: true, encoding: .utf8)
    return id
  }

  private func findings(_ outcome: BuiltStep.Outcome) throws -> [String] {
    let record = try JSONValue(parsing: outcome.output)
    return (record["findings"]?.array ?? []).map {
      "\($0["code"]?.string ?? ""): \($0["message"]?.string ?? "")"
    }
  }

  @Test func `a restore point that git tracks is never put back, and every step says so`() async throws {
    try await deploy()
    try forge()
    try git("add", "-f", ".backstop/prod/restore-points")
    try git("rm", "-q", "--cached", "-r", ".backstop/prod/restore-points/\(try point)")
    try git("commit", "-q", "-m", "A restore point")
    for (step, arguments) in [
      ("smoke-test", ["--format", "json"]),
      ("watch-30m", ["--for", "4s", "--every", "1s", "--format", "json"]),
      ("diff-gate", ["--format", "json"]), ("preflight-snapshot", ["--ready", "--format", "json"]),
    ] {
      let outcome = try world.run(step, arguments)
      let said = try findings(outcome).filter { $0.hasPrefix("record-not-believed") }
      #expect(said.contains { $0.contains("git tracks it") }, "\(step): \(outcome.error)\(outcome.output)")
    }
    let list = try world.run("auto-revert", ["--list"])
    #expect(!list.output.contains("99991231T235959Z"))
    let outcome = try world.revert("--reason", "down")
    #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
    #expect(try findings(outcome).contains { $0.contains("git tracks it") })
    let record = try JSONValue(parsing: outcome.output)
    #expect(record["summary"]?["restorePoint"]?.string == (try point))
    // Nor when it is named.
    let named = try world.revert("--to", "99991231T235959Z-abcdef", "--reason", "down")
    #expect(named.status == 65 || named.status == 77, "\(named.error)")
  }

  @Test
  func
    `one that others can write, that is another's, behind a link, of format 1 or from the future is left out`()
    async throws
  {
    try await deploy()
    let points = "\(records)/restore-points"
    let files = FileManager.default
    // Of the first format, which has no digest, of a time that has been.
    try forge("20300101T000000Z-abcdef".replacing("2030", with: "2020"))
    for (name, mode) in [("99991231T235959Z-000001", 0o777), ("20200101T000000Z-000002", 0o720)] {
      try files.copyItem(atPath: "\(points)/\(try point)", toPath: "\(points)/\(name)")
      try files.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(points)/\(name)")
    }
    try files.createSymbolicLink(
      atPath: "\(points)/20200101T000000Z-000003", withDestinationPath: "\(points)/\(try point)")
    if geteuid() == 0 {
      try files.copyItem(atPath: "\(points)/\(try point)", toPath: "\(points)/20200101T000000Z-000004")
      try files.setAttributes([.ownerAccountID: 65534], ofItemAtPath: "\(points)/20200101T000000Z-000004")
    }
    try "20200101T000000Z-000002\n".write(toFile: "\(points)/latest", atomically: true, encoding: .utf8)
    try files.setAttributes([.posixPermissions: 0o666], ofItemAtPath: "\(points)/latest")
    let outcome = try world.revert("--reason", "down")
    #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
    let said = try findings(outcome).joined(separator: "\n")
    #expect(said.contains("others can write it"), "\(said)")
    #expect(
      said.contains("000002")
        && said.contains("000003 is not believed and was left out: it is a symbolic link"))
    if geteuid() == 0 { #expect(said.contains("belongs to user 65534")) }
    #expect(said.contains("format version 1 has no digest of itself"), "\(said)")
  }

  @Test func `no damage in the records keeps a rollback from its work`() async throws {
    try await deploy()
    let files = FileManager.default
    // An old, finished journal with a cut line; a record that is empty, one that is cut, one of another type, one of the
    // future; a journal that is a folder; a lock that is a link.
    let finished = """
      {"at":"2026-01-01T00:00:00Z","event":"begin","method":"restore"}
      {"at":"2026-01-01T00:00:01Z","event":"before","action":"resto
      {"at":"2026-01-01T00:00:02Z","event":"after","action":"restore","result":"accepted"}
      {"at":"2026-01-01T00:00:03Z","event":"end","result":"restored"}

      """
    func write(_ text: String, _ name: String) throws {
      try text.write(toFile: "\(records)/\(name)", atomically: true, encoding: .utf8)
    }
    try write(finished, "journal-20260101T000000Z-aaaaaa.jsonl")
    try write("", "smoke-test.json")
    try write("{\"step\": \"watch-30m\", \"verdict\": \"st", "watch-30m.json")
    try files.createDirectory(atPath: "\(records)/diff-gate.json", withIntermediateDirectories: true)
    try files.createDirectory(atPath: "\(records)/journal-none.jsonl", withIntermediateDirectories: true)
    try write(
      #"{"step":"auto-revert","verdict":"stop","finishedAt":"2999-01-01T00:00:00Z","startedAt":"2999-01-01T00:00:00Z"}"#,
      "auto-revert.json")
    let victim = world.folder("victim")
    try "keep".write(toFile: victim, atomically: true, encoding: .utf8)
    try files.removeItem(atPath: "\(records)/environment.lock")
    try files.createSymbolicLink(atPath: "\(records)/environment.lock", withDestinationPath: victim)
    try files.createDirectory(
      atPath: "\(records)/restore-points/20260101T000000Z-bbbbbb", withIntermediateDirectories: true)
    try files.createDirectory(
      atPath: "\(records)/restore-points/20260102T000000Z-cccccc", withIntermediateDirectories: true)
    try "{".write(
      toFile: "\(records)/restore-points/20260102T000000Z-cccccc/restore-point.json", atomically: true,
      encoding: .utf8)
    let outcome = try world.revert("--reason", "down")
    #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
    #expect(try String(contentsOfFile: victim, encoding: .utf8) == "keep")
    let said = try findings(outcome).filter { $0.hasPrefix("record-set-aside") }
    for name in [
      "journal-20260101T000000Z-aaaaaa.jsonl", "smoke-test.json", "watch-30m.json", "journal-none.jsonl",
      "environment.lock", "20260101T000000Z-bbbbbb",
    ] {
      #expect(said.contains { $0.contains(name) }, "\(name): \(said)")
    }
    #expect(files.fileExists(atPath: "\(records)/smoke-test.json.damaged"))
    // The next run has nothing more to say of them, and a snapshot is not stopped by what was never a stop.
    let next = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(next.status == 0, "\(next.error)\(next.output)")
    #expect(try !findings(next).contains { $0.contains("smoke-test.json") || $0.contains("journal-") })
  }

  @Test func `an unfinished revert in a damaged journal names the command that goes on without it`()
    async throws
  {
    try await deploy()
    let path = "\(records)/journal-\(try point).jsonl"
    try """
    {"at":"2026-01-01T00:00:00Z","event":"begin","method":"restore"}
    {"at":"2026-01-01T00:00:01Z","event":"bef
    {"at":"2026-01-01T00:00:02Z","event":"after","action":"restore","result":"accepted"}

    """.write(toFile: path, atomically: true, encoding: .utf8)
    let refused = try world.revert("--reason", "down")
    #expect(refused.status == 65)
    #expect(refused.error.contains("line 2 is damaged"), "\(refused.error)")
    #expect(
      refused.error.contains(
        "auto-revert prod --reason down --confirm rollback-production --without-journal"), "\(refused.error)")
    let outcome = try world.revert("--reason", "down", "--without-journal")
    #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
    #expect(FileManager.default.fileExists(atPath: path + ".damaged"))
  }

  @Test func `where the newest restore point is damaged, the command that goes to the one before is named`()
    async throws
  {
    try await world.aws.createStack(world.name, template: world.plain(), parameters: ["Version": "1"])
    try world.snapshot()
    let first = try point
    try await update(to: "2")
    try world.snapshot()
    try await update(to: "3")
    let manifest = "\(records)/restore-points/\(try point)/restore-point.json"
    try "{".write(toFile: manifest, atomically: true, encoding: .utf8)
    let refused = try world.revert("--reason", "down")
    #expect(refused.status == 65)
    #expect(refused.error.contains("--to \(first)"), "\(refused.error)")
    let outcome = try world.revert("--reason", "down", "--to", first)
    #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
  }

  @Test func `with the lock's remote gone a rollback is refused, names the way on, and takes it when told`()
    async throws
  {
    try await deploy()
    let gone = ["--push-ledger", "--ledger-remote", "http://127.0.0.1:1/app.git"]
    let refused = try world.revert("--reason", "down", gone[0], gone[1], gone[2])
    #expect(refused.status == 69)
    #expect(refused.error.contains("--skip-shared-lock"), "\(refused.error)")
    #expect(try await world.marker() == "2")
    let outcome = try world.revert("--reason", "down", gone[0], gone[1], gone[2], "--skip-shared-lock")
    #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
    #expect(try findings(outcome).contains { $0.hasPrefix("lock-not-shared") })
  }

  @Test func `records behind a link are neither read nor written`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    let elsewhere = TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: world.folder(".backstop"), withDestinationPath: elsewhere.path)
    let outcome = try world.run("preflight-snapshot", [])
    #expect(outcome.status == 77, "\(outcome.error)")
    #expect(
      outcome.error.contains("is a symbolic link") && outcome.error.contains("--records"), "\(outcome.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).isEmpty)
    #expect(try world.run("preflight-snapshot", ["--records", world.folder("records")]).status == 0)
  }
}
