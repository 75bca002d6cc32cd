import Foundation
import JSONValues
import TestSupport
import Testing

/// What the built `diff-gate` obeys: the tip of the base, and nothing that the judged change wrote.
@Suite(.blocking) struct PolicyOfBaseEndToEndTests {
  /// A repository whose first policy is lax and whose second is not, with a branch cut from the first.
  private func repository() throws -> TestRepository {
    let repository = try TestRepository()
    try repository.write(".backstop/\n", to: ".gitignore")
    try repository.write("ENVIRONMENT=prod\nAPI_STACK=Shop-Api-prod\n", to: "deployment-prod.config")
    try repository.write("diff-gate: {ignore: [\"migrations/**\"]}\n", to: "backstop.yml")
    try repository.write("CREATE TABLE jobs (id bigint);\n", to: "migrations/v1.sql")
    try repository.write("DROP TABLE jobs;\n", to: "migrations/rollback-v1.sql")
    try repository.write("* @owner\n", to: "CODEOWNERS")
    try repository.commit("Lax", at: 1)
    try repository.git("branch", "change")
    try repository.write("diff-gate: {}\n", to: "backstop.yml")
    try repository.commit("Strict", at: 2)
    try repository.git("checkout", "-q", "change")
    return repository
  }

  private func gate(_ repository: TestRepository, _ arguments: String..., variables: [String: String] = [:])
    throws -> (outcome: BuiltStep.Outcome, codes: [String])
  {
    let outcome = try BuiltStep("diff-gate", in: repository.path, variables: variables).run(
      ["prod", "--base", "main", "--format", "json"] + arguments)
    let findings = try JSONValue(parsing: outcome.output.isEmpty ? "{}" : outcome.output)["findings"]?.array
    return (outcome, (findings ?? []).compactMap { $0["code"]?.string })
  }

  @Test func `a branch cut from before the policy became strict is judged by the strict one`() throws {
    let repository = try repository()
    try repository.write("DROP TABLE jobs;\n", to: "migrations/v2.sql")
    try repository.commit("Drop", at: 3)
    let (outcome, codes) = try gate(repository)
    #expect(outcome.status == 1, "\(outcome.error)\(outcome.output)")
    #expect(codes.contains("ban-drop-table"))
    // What the branch did not change is not said to be changed by it.
    #expect(!codes.contains("policy-changed"))
  }

  @Test
  func
    `where records are written is not for the change to say, nor which environments are none of production`()
    throws
  {
    let repository = try repository()
    let elsewhere = TemporaryFolder()
    try repository.write(
      "options: {records: \"\(elsewhere("records"))\", store: \"\(elsewhere("store"))\"}\nnon-production: [prod]\n",
      to: "backstop.yml")
    try repository.commit("Elsewhere", at: 3)
    let (outcome, codes) = try gate(repository)
    #expect(outcome.status == 0, "\(outcome.error)\(outcome.output)")
    #expect(codes.contains("policy-changed"))
    #expect(!FileManager.default.fileExists(atPath: elsewhere("records")))
    #expect(FileManager.default.fileExists(atPath: repository.path + "/.backstop/prod/diff-gate.json"))
  }

  @Test func `a policy that is no policy any more does not keep the gate from judging by the base's`() throws
  {
    let repository = try repository()
    try repository.write("diff-gate: {ignore: 7\n", to: "backstop.yml")
    try repository.write("DROP TABLE jobs;\n", to: "migrations/v2.sql")
    try repository.commit("Broken", at: 3)
    #expect(try gate(repository).outcome.status == 1)
  }

  @Test func `a trailer acknowledges nothing until an owner is known to have approved, or the base lets it`()
    throws
  {
    let repository = try repository()
    try repository.write("DROP TABLE jobs;\n", to: "migrations/v2.sql")
    try repository.write("CREATE TABLE jobs (id bigint);\n", to: "migrations/rollback-v2.sql")
    try repository.commit("Drop", at: 3)
    let first = try gate(repository).outcome
    let findings = try JSONValue(parsing: first.output)["findings"]?.array ?? []
    let marks = findings.filter { $0["severity"]?.string == "error" }.compactMap { $0["fingerprint"]?.string }
    try #require(!marks.isEmpty)
    let trailers = marks.map { "Rollback-Plan: \($0) 2999-12-31 known" }.joined(separator: "\n")
    try repository.commit("Acknowledge\n\n\(trailers)", at: 4)
    let alone = try gate(repository)
    #expect(alone.outcome.status == 1)
    #expect(alone.codes.contains("acknowledgement-unapproved"))
    try repository.write("[\"owner\"]", to: ".git/approvals.json")
    #expect(try gate(repository, "--approvals", ".git/approvals.json").outcome.status == 0)
    try repository.write("[\"stranger\"]", to: ".git/approvals.json")
    #expect(try gate(repository, "--approvals", ".git/approvals.json").outcome.status == 1)
    // The change's own policy cannot let them count; the base's can.
    try repository.write("diff-gate: {trailers-acknowledge: true}\n", to: "backstop.yml")
    try repository.commit("Let me", at: 5)
    #expect(try gate(repository).outcome.status == 1)
    try repository.git("checkout", "-q", "main")
    try repository.write("diff-gate: {trailers-acknowledge: true}\n", to: "backstop.yml")
    try repository.commit("Let them", at: 6)
    try repository.git("checkout", "-q", "change")
    #expect(try gate(repository).outcome.status == 0)
  }

  @Test(arguments: [
    ".backstop/prod/restore-points/99991231T235959Z-abcdef/restore-point.json",
    ".backstop/prod/smoke-test.json",
    ".backstop/shop/prod/journal-none.jsonl", ".backstop/prod/runs/github-1-1/watch-30m.json",
  ]) func `a record that a change brings along stops it, whatever the policy ignores`(path: String) throws {
    let repository = try repository()
    try repository.git("checkout", "-q", "main")
    try repository.write("diff-gate: {ignore: [\"**\"]}\n", to: "backstop.yml")
    try repository.commit("Ignore all", at: 3)
    try repository.git("checkout", "-q", "-b", "other")
    try repository.write("{}", to: path)
    try repository.git("add", "-f", path)
    try repository.commit("A record", at: 4)
    let (outcome, codes) = try gate(repository)
    #expect(outcome.status == 1, "\(outcome.error)\(outcome.output)")
    #expect(codes.contains("records-in-change"))
    // To take it away again is fine.
    try repository.git("rm", "-q", path)
    try repository.commit("No record", at: 5)
    #expect(try gate(repository, "--head", "HEAD").outcome.status == 0)
  }

  @Test(arguments: ["/dev/zero", "/etc/passwd", "no-such-file"])
  func `a policy or a configuration that is a link is refused, and read nowhere`(target: String) throws {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\nAPI_STACK=a\n", to: "deployment-prod.config")
    try repository.commit("First", at: 1)
    for name in ["backstop.yml", "deployment-qa.config", "check.hurl"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(repository.path)/\(name)", withDestinationPath: target)
    }
    let step = BuiltStep("smoke-test", in: repository.path)
    let policy = try step.run(["prod", "--parse-only"])
    #expect(policy.status == 65 && policy.error.contains("symbolic link"), "\(policy.error)")
    try FileManager.default.removeItem(atPath: "\(repository.path)/backstop.yml")
    let config = try step.run(["qa", "--parse-only"])
    #expect(config.status == 65 && config.error.contains("symbolic link"), "\(config.error)")
    let smoke = try step.run(["prod", "--parse-only", "--smoke", "check.hurl"])
    #expect(smoke.status == 65 && !smoke.error.contains("root:"), "\(smoke.error)")
  }
}
