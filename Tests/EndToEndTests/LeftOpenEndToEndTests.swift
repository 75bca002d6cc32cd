import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import RollbackPlanning
import SystemInterfaces
import TestSupport
import Testing

/// The stacks are back, and something is left or cannot be seen: each kind that the local AWS shows ends in 3, with a line of its
/// own among what is not verified. Never is all of it called restored.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct LeftOpenEndToEndTests {
  /// What is left, each by its finding.
  enum Left: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case hiddenParameter = "parameter-unverified"
    case rotatedSecret = "secret-left"
    case deletedRule = "resource-left"
    case unknownMigrations = "schema-unknown"
    case acceptedMigrations = "schema-ahead"
    case skipped = "resources-skipped"
    case drift = "drift-after-skip"
    var testDescription: String { rawValue }
    var code: PlanFindingCode? { PlanFindingCode(rawValue: rawValue) }
  }

  /// Those that other suites show: databases on an RDS of their own, traffic, and what the local AWS does not tell.
  private static let elsewhere: Set<PlanFindingCode> = [
    .databaseStillUsed, .databaseBeside, .parameterMoved, .rollbackConfigurationLeft, .trafficLeft,
  ]

  private let world: AutoRevertWorld

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  @Test func `every kind of what is left stands in the table, or is shown elsewhere`() {
    let shown = Set(Left.allCases.compactMap(\.code)).union(LeftOpenEndToEndTests.elsewhere)
    #expect(shown == Set(PlanFindingCode.allCases.filter(\.leavesOpen)))
  }

  @Test(arguments: Left.allCases)
  func `what is left ends in 3 with its line`(_ left: Left) async throws {
    try await deploy(left)
    let outcome = try world.run(
      "auto-revert",
      ["--confirm", "rollback-production", "--reason", "it is bad", "--format", "json"] + arguments(left))
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    let record = try JSONValue(parsing: outcome.output)
    #expect(
      record["verdict"]?.string == "inconclusive" && record["summary"]?["outcome"]?.string == "restored")
    let findings = (record["findings"]?.array ?? []).filter { $0["code"]?.string == left.rawValue }
    let unverified = (record["summary"]?["unverified"]?.array ?? []).compactMap(\.string)
    let warnings = findings.filter { $0["severity"]?.string == "warning" }.compactMap {
      $0["message"]?.string
    }
    #expect(!warnings.isEmpty && warnings.allSatisfy(unverified.contains), "\(outcome.output)")
    #expect(try await world.marker() == "1")
  }

  private func arguments(_ left: Left) -> [String] {
    switch left {
    case .acceptedMigrations: ["--accept-schema"]
    case .skipped, .drift: ["--skip", "api/Fragile"]
    default: []
    }
  }

  // MARK: - What leads there

  private func deploy(_ left: Left) async throws {
    let name = world.name
    switch left {
    case .hiddenParameter:
      let template = world.plain().replacing(
        "Resources:", with: "  Hidden: {Type: String, NoEcho: true}\nResources:")
      try await world.aws.createStack(name, template: template, parameters: ["Hidden": "planted-hidden"])
      try world.snapshot()
      try await world.aws.updateStack(
        name, template: template, parameters: ["Hidden": "planted-hidden", "Version": "2"])
    case .rotatedSecret:
      try await deploy(
        adding:
          "  Held: {Type: 'AWS::SecretsManager::Secret', Properties: {Name: \(name), SecretString: planted-1}}"
      )
      try world.cli("secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", "planted-2")
      try world.cli(
        "secretsmanager", "rotate-secret", "--secret-id", name, "--rotation-rules",
        "AutomaticallyAfterDays=30",
        "--rotation-lambda-arn", "arn:aws:lambda:us-east-1:000000000000:function:rotate")
    case .deletedRule:
      try await deploy(
        adding:
          "  Rule: {Type: 'AWS::Events::Rule', Properties: {Name: \(name), ScheduleExpression: rate(1 day)}}")
      try world.cli("events", "delete-rule", "--name", name)
    case .unknownMigrations:
      _ = try commit("CREATE TABLE jobs (id int);\n", "001_jobs.sql")
      try await deploy(adding: "")
    case .acceptedMigrations:
      let older = try commit("CREATE TABLE jobs (id int, note text);\n", "001_jobs.sql")
      try await world.aws.createStack(name, template: world.plain())
      let recorded = try world.run("preflight-snapshot", ["--deployed-commit", older])
      try #require(recorded.status == 0, "\(recorded.output)\(recorded.error)")
      let newer = try commit("ALTER TABLE jobs DROP COLUMN note;\n", "002_note.sql")
      try await world.aws.updateStack(name, template: world.plain(), parameters: ["Version": "2"])
      let checked = try world.run("smoke-test", ["--commit", newer])
      try #require(checked.status == 0, "\(checked.output)\(checked.error)")
    case .skipped, .drift:
      try await world.aws.createStack(name, template: world.chained())
      try world.snapshot()
      try world.fail("Breaker", "2")
      try world.fail("Fragile", "1")
      try await world.beginUpdate(["Version": "2"])
      try await world.wait(for: .updateRollbackFailed)
    }
  }

  /// A good version with one resource more, recorded, and a bad one.
  private func deploy(adding resource: String) async throws {
    let template = world.plain() + "\n" + resource
    try await world.aws.createStack(world.name, template: template)
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: template, parameters: ["Version": "2"])
  }

  /// Commits a migration in the folder of the configuration.
  private func commit(_ sql: String, _ name: String) throws -> String {
    let folder = world.folder("migrations")
    if !FileManager.default.fileExists(atPath: folder) {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      _ = try git("init", "-q", "-b", "main")
    }
    try sql.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    _ = try git("add", "migrations")
    _ = try git("commit", "-q", "-m", name)
    return try git("rev-parse", "HEAD")
  }

  private func git(_ arguments: String...) throws -> String {
    let run = try runProgram("git", arguments, in: world.folder.path, variables: TestRepository.variables)
    try #require(run.status == 0, "\(run.error)")
    return run.lines.first ?? ""
  }
}
