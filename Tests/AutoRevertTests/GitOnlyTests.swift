import DeploymentRecords
import GitHistory
import HTTPTransport
import JSONValues
import Redaction
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

/// `auto-revert --git-only` in this process, on repositories made by the real git.
@Suite struct GitOnlyTests {
  private struct Result {
    let status: Int32
    let output: String
    let error: String
    func record() throws -> JSONValue { try JSONValue(parsing: Array(output.utf8)) }
  }

  private func run(
    _ repository: TestRepository, _ arguments: String..., variables: [String: String]? = nil
  ) async -> Result {
    let terminal = CapturingTerminal()
    var identity = TestRepository.variables
    for name in identity.keys where name.hasSuffix("DATE") { identity[name] = nil }
    let context = StepContext(
      environment: Environment(variables ?? identity), clock: ManualClock(), files: LocalFileSystem(),
      terminal: terminal, random: Randomness(),
      makeTransport: { _ in
        ScriptedTransport { _ in throw TransferError(.connectionFailed, code: 7, message: "no network here") }
      },
      openRepository: { try GitRepository(at: $0, environment: $1) },
      workingDirectory: repository.path, processId: 1)
    let status = await StepMain<RevertCommand>.run(
      arguments: ["prod", "--git-only", "--format", "json"] + arguments, context: context,
      interruption: Interruption())
    return Result(status: status, output: terminal.output, error: terminal.error)
  }

  /// Three commits that each add a file, and change a common one.
  private func repository() throws -> TestRepository {
    let repository = try TestRepository()
    for number in 1...3 {
      try repository.write("\(number)\n", to: "file\(number)")
      try repository.commit("Change \(number)", at: number)
    }
    return repository
  }

  @Test func `A dry run names the tree that git would commit, and makes no branch`() async throws {
    let repository = try repository()
    let result = await run(repository, "--revert", "HEAD~1", "--onto", "main", "--dry-run")
    #expect(result.status == 0, "\(result.error)")
    let plan = try result.record()["plan"]?.array ?? []
    try repository.git("revert", "--no-commit", "HEAD~1")
    #expect(try plan.map { $0["tree"]?.string } == [repository.git("write-tree")])
    #expect(plan.first?["action"]?.string == "revertCommit")
    #expect(try plan.first?["target"]?.string == repository.git("rev-parse", "HEAD~1"))
    #expect(try repository.git("branch", "--list", "backstop/*").isEmpty)
  }

  @Test func `The commit stands on a branch, and a second run finds it there`() async throws {
    let repository = try repository()
    let head = try repository.git("rev-parse", "HEAD")
    let result = await run(repository, "--revert", "HEAD", "--reason", "it answers 500")
    #expect(result.status == 0, "\(result.error)")
    let branch = try #require(try result.record()["summary"]?["branch"]?.string)
    #expect(branch == "backstop/revert-prod-\(head.prefix(10))")
    #expect(
      try repository.git("rev-parse", "\(branch)^{tree}") == repository.git("rev-parse", "HEAD~1^{tree}"))
    let message = try repository.git("log", "-1", "--format=%B", branch)
    #expect(message.hasPrefix("Revert \"Change 3\"\n\nThis reverts commit \(head).\n"))
    #expect(message.contains("it answers 500"))
    #expect(try repository.git("rev-parse", "HEAD") == head)
    #expect(try repository.git("symbolic-ref", "HEAD") == "refs/heads/main")
    let tip = try repository.git("rev-parse", branch)
    let again = await run(repository, "--revert", "HEAD")
    #expect(again.status == 0)
    #expect(try again.record()["summary"]?["branch"]?.string == branch)
    #expect(try repository.git("rev-parse", branch) == tip)
    #expect(try again.record()["actions"]?.array?.isEmpty == true)
  }

  @Test func `A range is reverted newest first, one commit each`() async throws {
    let repository = try repository()
    let result = await run(repository, "--revert", "HEAD~2..HEAD", "--branch", "undo")
    #expect(result.status == 0, "\(result.error)")
    #expect(
      try repository.git("log", "--format=%s", "main..undo")
        == "Revert \"Change 2\"\nRevert \"Change 3\"")
    #expect(try repository.git("rev-parse", "undo^{tree}") == repository.git("rev-parse", "HEAD~2^{tree}"))
  }

  @Test func `What cannot be reverted is a stop with its paths`() async throws {
    let repository = try repository()
    try repository.write("later\n", to: "file2")
    try repository.commit("Later", at: 9)
    let result = await run(repository, "--revert", "HEAD~2")
    #expect(result.status == 1)
    let findings = try result.record()["findings"]?.array ?? []
    #expect(findings.map { $0["code"]?.string } == ["revert-conflict"])
    #expect(findings.map { $0["path"]?.string } == ["file2"])
    #expect(try repository.git("branch", "--list", "backstop/*").isEmpty)
  }

  @Test func `A branch that holds something else is never moved`() async throws {
    let repository = try repository()
    try repository.git("branch", "undo", "HEAD~1")
    let before = try repository.git("rev-parse", "undo")
    let result = await run(repository, "--revert", "HEAD", "--branch", "undo")
    #expect(result.status == 1)
    #expect(try result.record()["findings"]?[0]?["code"]?.string == "revert-branch-exists")
    #expect(try repository.git("rev-parse", "undo") == before)
  }

  @Test func `What was reverted before says so`() async throws {
    let repository = try repository()
    let bad = try repository.git("rev-parse", "HEAD")
    try repository.git("revert", "--no-edit", "HEAD")
    let result = await run(repository, "--revert", bad)
    #expect(result.status == 0)
    #expect(try result.record()["findings"]?[0]?["code"]?.string == "revert-already-done")
    #expect(try result.record()["summary"]?["outcome"]?.string == "already-reverted")
    let reapplied = await run(repository, "--revert", "HEAD", "--branch", "again")
    #expect(reapplied.status == 0)
    #expect(try repository.git("log", "-1", "--format=%s", "again") == "Reapply \"Change 3\"")
  }

  @Test(
    arguments: [
      ([], 64), (["--revert", "nope"], 65), (["--revert", "HEAD", "--mainline", "2"], 64),
      (["--revert", "HEAD..HEAD"], 65), (["--revert", "HEAD~1...HEAD"], 64),
      (["--revert", "HEAD", "--onto", "no"], 65),
    ] as [([String], Int32)])
  func `Mistakes have their exit code and say what to do`(arguments: [String], status: Int32) async throws {
    let repository = try repository()
    let terminal = CapturingTerminal()
    let context = StepContext(
      environment: Environment(TestRepository.variables), clock: ManualClock(), files: LocalFileSystem(),
      terminal: terminal, random: Randomness(),
      makeTransport: { _ in ScriptedTransport { _ in HTTPResponse(status: 200) } },
      openRepository: { try GitRepository(at: $0, environment: $1) },
      workingDirectory: repository.path, processId: 1)
    let code = await StepMain<RevertCommand>.run(
      arguments: ["prod", "--git-only"] + arguments, context: context, interruption: Interruption())
    #expect(code == status, "\(terminal.error)")
    #expect(terminal.output.isEmpty && !terminal.error.isEmpty)
  }

  @Test func `Without an identity nothing is written and the remedy is named`() async throws {
    let repository = try repository()
    try repository.git("config", "user.name", "")
    try repository.git("config", "user.email", "")
    let result = await run(repository, "--revert", "HEAD", variables: [:])
    #expect(result.status == 77)
    #expect(result.error.contains("git config user.name"))
    #expect(try repository.git("branch", "--list", "backstop/*").isEmpty)
  }

  @Test func `Every finding that git can raise is in the catalog`() {
    let codes = Set(RevertCatalog.entries.map(\.code))
    for description in GitOnlyFindings.catalog { #expect(codes.contains(description.code)) }
  }
}
