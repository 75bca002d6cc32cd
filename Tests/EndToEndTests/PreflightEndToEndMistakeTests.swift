import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// What a person meets who runs the built step for the first time, or on a machine that does not let it.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"), .blocking)
struct PreflightEndToEndMistakeTests {
  private let folder = TemporaryFolder()
  private let name = "pm-\(UUID().uuidString.prefix(8).lowercased())"

  private var template: String {
    "Resources: {Marker: {Type: AWS::SSM::Parameter, Properties: {Name: /\(name)/marker, Type: String, Value: one}}}"
  }

  private func writeConfig(_ text: String? = nil) throws {
    try (text ?? "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nUSE_EXTERNAL_DATABASE=true\nAPI_STACK=\(name)\n")
      .write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
  }

  private func run(_ arguments: [String], _ variables: [String: String] = [:]) throws -> BuiltStep.Outcome {
    try BuiltStep("preflight-snapshot", in: folder.path, variables: variables).run(arguments)
  }

  @Test(arguments: [
    [], ["prod", "staging"], ["prod", "--no-such-option"], ["prod", "--database-snapshot", "sometimes"],
    ["../prod"], ["prod", "--skip-window"],
  ])
  func `a wrong command line is 64 and shows how to call it`(arguments: [String]) throws {
    let outcome = try run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("preflight-snapshot") && outcome.output.isEmpty)
  }

  @Test func `a missing configuration names those that there are`() throws {
    try writeConfig()
    let outcome = try run(["production"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("deployment-production.config") && outcome.error.contains("prod"))
  }

  @Test func `a policy that cannot be read is 65 with file and line`() throws {
    try writeConfig()
    for (text, line, word) in [
      ("preflight-snapshot:\n  windws: daily 00:00-24:00\n", 2, "windws"),
      ("preflight-snapshot:\n  windows: [sometimes]\n", 2, "Mon-Thu 09:00-16:00"),
      ("preflight-snapshot:\n  freezes:\n    - {from: tomorrow}\n", 3, "2026-12-20"),
    ] {
      try text.write(toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
      let outcome = try run(["prod"])
      #expect(outcome.status == 65)
      #expect(
        outcome.error.contains("backstop.yml:\(line)") && outcome.error.contains(word), "\(outcome.error)")
    }
  }

  @Test func `a broken Hurl file of the baseline is 65, before anything is recorded`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template)
    try writeConfig()
    try "smoke-test: {files: [smoke/*.hurl]}".write(
      toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
    try FileManager.default.createDirectory(atPath: folder("smoke"), withIntermediateDirectories: true)
    try "GET http://127.0.0.1:1/\nHTTP abc\n".write(
      toFile: folder("smoke/a.hurl"), atomically: true, encoding: .utf8)
    let outcome = try run(["prod"], aws.environment.variables)
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("smoke/a.hurl:2"), "\(outcome.error)")
    #expect(!FileManager.default.fileExists(atPath: folder(".backstop/prod/restore-points/latest")))
  }

  @Test func `expired credentials are 77 and say so`() async throws {
    let aws = try LocalAWS.sharedWithAuthorisation()
    try writeConfig()
    let outcome = try run(
      ["prod"],
      aws.environment.variables.merging([
        "AWS_ACCESS_KEY_ID": "AKIAUNKNOWN", "AWS_SECRET_ACCESS_KEY": "unknown-key",
      ]) { $1 })
    #expect(outcome.status == 77, "\(outcome.error)")
    #expect(outcome.error.contains("InvalidClientTokenId") || outcome.error.contains("credentials"))
  }

  @Test func `a shallow clone without the deployed commit is a notice, not a failure`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template)
    let origin = try TestRepository()
    try writeConfig()
    let first = try origin.commit("first")
    try origin.commit("second")
    let cloned = try TestRepository(cloning: origin, options: ["--depth", "1"])
    let clone = cloned.path
    try FileManager.default.copyItem(
      atPath: folder("deployment-prod.config"), toPath: "\(clone)/deployment-prod.config")
    let outcome = try BuiltStep("preflight-snapshot", in: clone, variables: aws.environment.variables)
      .run(["prod", "--no-baseline", "--deployed-commit", first])
    // A revision that is not there cannot be resolved: that is said, with what to do.
    #expect(outcome.status == 69, "\(outcome.output)\(outcome.error)")
    #expect(outcome.error.contains("shallow") || outcome.error.contains("fetch"), "\(outcome.error)")
  }

  @Test func `a commit that is nowhere else stops production, and only warns elsewhere`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template)
    let origin = try TestRepository()
    try origin.write("1", to: "file")
    try origin.commit("first")
    let cloned = try TestRepository(cloning: origin, options: [])
    let clone = cloned.path
    for environment in ["prod", "dev"] {
      try "ENVIRONMENT=\(environment)\nAWS_REGION=us-east-1\nUSE_EXTERNAL_DATABASE=true\nAPI_STACK=\(name)\n"
        .write(toFile: "\(clone)/deployment-\(environment).config", atomically: true, encoding: .utf8)
    }
    func run(_ environment: String, _ more: [String: String] = [:]) throws -> BuiltStep.Outcome {
      try BuiltStep(
        "preflight-snapshot", in: clone, variables: aws.environment.variables.merging(more) { $1 }
      ).run([environment, "--no-baseline"])
    }
    #expect(try run("prod").status == 0, "what git does not know yet is no change of a commit")
    try "2".write(toFile: "\(clone)/file", atomically: true, encoding: .utf8)
    let dirty = try run("prod")
    #expect(dirty.status == 1 && dirty.output.contains("[commit-dirty]") && dirty.output.contains("file"))
    try cloned.git("commit", "--quiet", "-am", "second")
    let unpushed = try run("prod")
    #expect(unpushed.status == 1 && unpushed.output.contains("[commit-unpushed]"))
    #expect(try run("dev").status == 0)
    // A CI system got the commit from a remote.
    #expect(
      try run("prod", ["GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1"]).status == 0
    )
  }

  @Test func `a folder that does not let itself be written is 69 and named`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template)
    try writeConfig()
    // A file where the folder should be is refused whoever runs this, the super-user included.
    try "".write(toFile: folder("records"), atomically: true, encoding: .utf8)
    let outcome = try run(["prod", "--no-baseline", "--records", "records"], aws.environment.variables)
    #expect(outcome.status == 69 || outcome.status == 65, "\(outcome.error)")
    #expect(outcome.error.contains("records"))
  }

  @Test func `records that cannot be written are 69 and named`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template)
    try writeConfig()
    let outcome = try run(
      ["prod", "--no-baseline", "--records", "/proc/records"], aws.environment.variables)
    #expect(outcome.status == 69)
    #expect(outcome.error.contains("/proc/records"), "\(outcome.error)")
  }
}
