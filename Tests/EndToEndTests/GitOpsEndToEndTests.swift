import Foundation
import JSONValues
import TestSupport
import Testing

/// The built `auto-revert --git-only` where git is what is deployed: ranges, monorepos, conflicts, clones that lack something.
@Suite(.blocking) struct GitOpsEndToEndTests {
  let repository: TestRepository
  private static let identity = TestRepository.variables.filter { !$0.key.hasSuffix("DATE") }

  init() throws { repository = try TestRepository() }

  private func revert(_ arguments: String..., folder: String? = nil) throws -> (
    status: Int32, error: String, record: JSONValue
  ) {
    let outcome = try BuiltStep("auto-revert", in: folder ?? repository.path, variables: Self.identity).run(
      ["prod", "--git-only", "--format", "json"] + arguments)
    return (outcome.status, outcome.error, (try? JSONValue(parsing: outcome.output)) ?? .null)
  }

  private func head() throws -> String { try repository.git("rev-parse", "HEAD") }

  @Test
  func `--to takes back what came since, a merge as one, and of a monorepo the application's own paths`()
    throws
  {
    for name in ["shop", "blog"] {
      try repository.write(
        "API_STACK=\(name)\nAWS_REGION=eu-west-1\n", to: "apps/\(name)/deployment-prod.config")
      try repository.write("1\n", to: "apps/\(name)/code")
    }
    let good = try repository.commit("Good", at: 1)
    try repository.write("2\n", to: "apps/shop/code")
    try repository.write("2\n", to: "apps/blog/code")
    try repository.commit("Both", at: 2)
    try repository.git("checkout", "-q", "-b", "topic")
    try repository.write("new\n", to: "apps/shop/new")
    try repository.commit("On a branch", at: 3)
    try repository.git("checkout", "-q", "main")
    try repository.write("3\n", to: "apps/blog/code")
    try repository.commit("Blog alone", at: 4)
    try repository.git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    let run = try revert("--to", good, "--config-dir", "apps/shop", "--branch", "undo")
    #expect(run.status == 0, "\(run.error)")
    #expect(run.error.contains("is \(good.prefix(10))"))
    #expect(try repository.git("diff", "--name-only", "main", "undo") == "apps/shop/code\napps/shop/new")
    #expect(
      try repository.git("rev-parse", "undo:apps/shop") == repository.git("rev-parse", "\(good):apps/shop"))
    #expect(
      try repository.git("log", "--format=%s", "main..undo") == "Revert \"Both\"\nRevert \"Merge topic\"")
    #expect(try revert("--to", "HEAD", "--config-dir", "apps/shop").status == 65)
    #expect(try revert("--to", good, "--revert", "HEAD").status == 64)
    let facts = try repository.git("log", "--format=%B", "refs/backstop/apps/shop/prod")
    #expect(facts.contains("\"undoneCommit\"") && facts.contains("\"undoneFrom\": \"\(good)\""), "\(facts)")
  }

  @Test func `conflicts are put on a branch with both sides listed`() throws {
    try repository.write("1\n2\n3\n", to: "app")
    try repository.write("x\n", to: "gone")
    try repository.commit("Good", at: 1)
    try repository.write("1\nbad\n3\n", to: "app")
    try repository.write("y\n", to: "gone")
    let bad = try repository.commit("Bad", at: 2)
    try repository.write("1\nbad but later\n3\n", to: "app")
    try repository.git("rm", "-q", "gone")
    let later = try repository.commit("Later", at: 3)
    let plan = try revert("--revert", bad, "--dry-run")
    #expect(plan.status == 1)
    #expect(try repository.git("branch", "--list", "backstop/*").isEmpty)
    let run = try revert("--revert", bad)
    #expect(run.status == 1, "\(run.error)")
    let codes = run.record["findings"]?.array?.compactMap { $0["code"]?.string } ?? []
    #expect(
      codes.filter { $0 == "revert-conflict" }.count == 2 && codes.contains("revert-conflicts-on-branch"))
    let branch = try #require(run.record["summary"]?["branch"]?.string)
    #expect(branch == "backstop/revert-prod-\(bad.prefix(10))-conflicts")
    let file = try repository.git("show", "\(branch):app")
    for words in [
      "<<<<<<< what stands here now", "bad but later", ">>>>>>> parent of \(bad.prefix(10))", "\n2\n",
    ] {
      #expect(file.contains(words), "\(file)")
    }
    #expect(try repository.git("show", "\(branch):gone") == "x")
    let message = try repository.git("log", "-1", "--format=%B", branch)
    for words in [
      "app: later commits changed", "gone: later commits deleted", "\(later.prefix(10)) (Later)",
      "Backstop-Unresolved: 2",
    ] {
      #expect(message.contains(words), "\(message)")
    }
    #expect(try repository.git("rev-parse", "\(branch)~1") == later)
  }

  @Test(arguments: ["--filter=blob:none", "--filter=tree:0"])
  func `a partial clone fetches what it needs`(filter: String) throws {
    for number in 1...30 { try repository.write("\(number)\n", to: "files/file\(number)") }
    try repository.commit("Good", at: 1)
    try repository.write("bad\n", to: "files/file1")
    try repository.git("rm", "-q", "files/file2")
    let bad = try repository.commit("Bad", at: 2)
    try repository.write("1\nmore\n", to: "files/file3")
    try repository.commit("Later", at: 3)
    try repository.git("config", "uploadpack.allowFilter", "true")
    try repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    let clone = try TestRepository(cloning: repository, options: ["--bare", filter])
    try clone.git("config", "user.name", "Ada")
    let run = try revert("--revert", bad, "--branch", "undo", "--repo", ".", folder: clone.path)
    #expect(run.status == 0, "\(run.error)")
    try repository.git("revert", "--no-edit", bad)
    #expect(try clone.git("rev-parse", "undo^{tree}") == repository.git("rev-parse", "HEAD^{tree}"))

    let other = try TestRepository(cloning: repository, options: ["--bare", filter])
    try other.git("remote", "set-url", "origin", "file:///nowhere/at/all")
    let away = try revert("--revert", bad, "--repo", ".", folder: other.path)
    #expect([65, 69].contains(away.status), "\(away.status) \(away.error)")
    #expect(away.error.contains("/nowhere/at/all"), "\(away.error)")
  }

  @Test func `contents that are missing are 69, and a shallow clone says which depth`() throws {
    try repository.write("1\n2\n3\n4\n5\n", to: "app")
    try repository.commit("Good", at: 1)
    try repository.write("1\n2\n3\n4\nbad\n", to: "app")
    let bad = try repository.commit("Bad", at: 2)
    try repository.write("0\n1\n2\n3\n4\nbad\n", to: "app")
    try repository.commit("Later", at: 3)
    let shallow = try TestRepository(cloning: repository, options: ["--depth", "2"])
    let short = try revert("--revert", "HEAD~1", folder: shallow.path)
    #expect(short.status == 69 && short.error.contains("fetch-depth"), "\(short.error)")
    let blob = try repository.git("rev-parse", "\(bad)~1:app")
    try FileManager.default.removeItem(
      atPath: "\(repository.path)/.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))")
    let missing = try revert("--revert", bad)
    #expect(missing.status == 69 && missing.error.contains("fsck"), "\(missing.error)")
  }

  @Test func `exit codes`() throws {
    try repository.write("1\n", to: "app")
    try repository.commit("Good", at: 1)
    try repository.write("2\n", to: "app")
    let bad = try repository.commit("Bad", at: 2)
    #expect(try revert("--revert", "HEAD..HEAD~1").status == 65)
    #expect(try revert("--revert", bad, "--branch", "bad..name").status == 64)
    #expect(try revert().status == 64)
    try repository.git("revert", "--no-edit", bad)
    let again = try BuiltStep("auto-revert", in: repository.path, variables: Self.identity).run(
      ["prod", "--git-only", "--revert", bad])
    #expect(again.status == 0 && again.output.contains("ALREADY REVERTED"), "\(again.output)\(again.error)")
  }
}
