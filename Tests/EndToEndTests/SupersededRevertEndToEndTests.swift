import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import TestSupport
import Testing

/// A rollback whose run was killed, and a deployment that came afterwards: the next run judges what is live now, and the one
/// after it comes to the same.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct SupersededRevertEndToEndTests {
  private let world: AutoRevertWorld
  // Resources of a function's making count as replaced.
  private let confirmed = ["--confirm", "rollback-production", "--allow-replace", "--format", "json"]

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  /// v1 recorded, v2 deployed, and the run that puts v1 back killed in the middle; `isCut` leaves its first line alone.
  private func killed(isCut: Bool = false, _ arguments: [String] = ["--reason", "2 is bad"]) async throws {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.snapshot()
    try await deploy("2")
    if arguments.isEmpty {
      try "GET http://127.0.0.1:9/\nHTTP 200\n"
        .write(toFile: world.folder("down.hurl"), atomically: true, encoding: .utf8)
      let stop = try world.run("smoke-test", ["--smoke", "down.hurl", "--settle", "0"])
      #expect(stop.status == 1)
    }
    try world.hold("Third", "1")
    let outcome = try BuiltStep("auto-revert", in: world.folder.path, variables: world.variables).run(
      ["prod"] + confirmed + arguments
    ) { process in
      try waitUntil("the restore is accepted", seconds: 120) { try world.journal.contains("accepted") }
      kill(process, SIGKILL)
    }
    #expect(outcome.status == -SIGKILL)
    try world.hold("Third", "1", false)
    try await world.wait(for: .updateComplete)
    guard isCut else { return }
    let path = try journalPath
    let first = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")[0]
    try (first + "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  private var journalPath: String {
    get throws {
      let records = world.folder(".backstop/prod")
      let name = try FileManager.default.contentsOfDirectory(atPath: records)
        .first { $0.hasPrefix("journal-") }
      return "\(records)/\(try #require(name))"
    }
  }

  private func deploy(_ version: String) async throws {
    try await world.beginUpdate(["Version": version])
    try await world.aws.wait(for: world.name)
  }

  private func codes(_ outcome: BuiltStep.Outcome) throws -> [String] {
    (try JSONValue(parsing: outcome.output)["findings"]?.array ?? []).compactMap { $0["code"]?.string }
  }

  @Test(arguments: [false, true])
  func `what was deployed since is put back by the first run, and the second has nothing to do`(isCut: Bool)
    async throws
  {
    try await killed(isCut: isCut)
    try await deploy("3")
    // Going on with the dead run would undo another deployment than it was begun for.
    let continued = try world.run("auto-revert", confirmed + ["--continue"])
    #expect(continued.status == 1, "\(continued.output)\(continued.error)")
    #expect(continued.error.contains("without --continue"))
    // A dry run says the same, and leaves the dead run as it is.
    let shown = try world.run("auto-revert", ["--dry-run", "--allow-replace", "--format", "json"])
    #expect(shown.status == 0, "\(shown.output)\(shown.error)")
    #expect(try codes(shown).contains("journal-superseded"))
    #expect(try await world.marker() == "3")

    let first = try world.run("auto-revert", confirmed + ["--reason", "3 is bad"])
    #expect(first.status == 0, "\(first.output)\(first.error)")
    #expect(try codes(first).contains("journal-superseded"))
    #expect(try await world.marker() == "1")
    let second = try world.run("auto-revert", confirmed + ["--reason", "3 is bad"])
    #expect(second.status == 0, "\(second.output)\(second.error)")
    #expect(try JSONValue(parsing: second.output)["summary"]?["outcome"]?.string == "nothing-to-do")
    #expect(try !codes(second).contains("journal-superseded"))
  }

  @Test func `a stop about the version before permits nothing, the first time as the second`() async throws {
    try await killed([])
    try await deploy("3")
    for _ in 1...2 {
      let outcome = try world.run("auto-revert", confirmed)
      #expect(outcome.status == 77, "\(outcome.output)\(outcome.error)")
      #expect(outcome.error.contains("--reason TEXT") && outcome.error.contains("smoke-test prod"))
      #expect(try await world.marker() == "3")
    }
    // A stop about this one does.
    #expect(try world.run("smoke-test", ["--smoke", "down.hurl", "--settle", "0"]).status == 1)
    let outcome = try world.run("auto-revert", confirmed)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
  }

  @Test func `what CloudFormation itself undid since leaves nothing to put back`() async throws {
    try await killed()
    try world.fail("Second", "3")
    try await deploy("3")
    #expect(try await world.status() == .updateRollbackComplete)
    for _ in 1...2 {
      let outcome = try world.run("auto-revert", confirmed + ["--reason", "3 failed"])
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
      #expect(try JSONValue(parsing: outcome.output)["summary"]?["outcome"]?.string == "nothing-to-do")
      #expect(try await world.marker() == "1")
    }
  }

  @Test func `a version that was recorded since is the one that is gone back to`() async throws {
    try await killed()
    try world.snapshot()
    try await deploy("3")
    try world.snapshot()
    try await deploy("4")
    let outcome = try world.run("auto-revert", confirmed + ["--reason", "4 is bad"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "3")
  }
}
