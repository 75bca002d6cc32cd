import Foundation
import GitHistory
import SystemInterfaces
import TestSupport
import Testing

/// What CI checkouts look like, each made by the real git.
@Suite struct CheckoutSituationTests {
  private static func open(_ path: String, _ variables: [String: String] = [:]) throws -> GitRepository {
    try GitRepository(at: path, environment: Environment(variables))
  }

  private static func error(_ body: () throws -> Void) -> GitError? {
    do {
      try body()
      return nil
    } catch { return error as? GitError }
  }

  /// Five commits that each change `file`.
  private static func straight() throws -> TestRepository {
    let repository = try TestRepository()
    for number in 1...5 {
      try repository.write("version \(number)\n", to: "file")
      try repository.write("deep \(number)\n", to: "a/b/deep")
      try repository.commit("Commit \(number)", at: number)
    }
    return repository
  }

  @Test func `A folder below the root leads to the repository`() throws {
    let repository = try CheckoutSituationTests.straight()
    let git = try CheckoutSituationTests.open(repository.path + "/a/b")
    #expect(git.workTree == repository.path)
    #expect(try git.headCommit()?.hex == repository.git("rev-parse", "HEAD"))
    #expect(try git.contents(of: "file", at: "HEAD~2") == Array("version 3\n".utf8))
    #expect(try git.contents(of: "a/b/deep", at: "HEAD") == Array("deep 5\n".utf8))
    #expect(try git.contents(of: "absent", at: "HEAD") == nil)
    #expect(try git.contents(of: "a", at: "HEAD") == nil)
    #expect(try git.entry(at: "a/b", revision: "HEAD")?.kind == .folder)
    #expect(try git.paths(at: "HEAD") == ["a/b/deep", "file"])
    #expect(try git.paths(at: "HEAD", under: "a") == ["a/b/deep"])
  }

  @Test func `Without a repository the error says so`() throws {
    let folder = TemporaryFolder()
    let error = CheckoutSituationTests.error { _ = try CheckoutSituationTests.open(folder.path) }
    #expect(error?.kind == .noRepository)
    #expect(error?.message.contains(folder.path) == true)
    #expect(error?.advice.contains("--repo") == true)
  }

  @Test func `A repository without commits has no head`() throws {
    let repository = try TestRepository()
    let git = try CheckoutSituationTests.open(repository.path)
    #expect(try git.headCommit() == nil)
    #expect(git.isUnborn)
    let error = CheckoutSituationTests.error { _ = try git.resolve("main") }
    #expect(error?.kind == .unknownRevision)
    #expect(error?.advice == "the repository has no commit yet")
  }

  @Test func `GIT_DIR and GIT_WORK_TREE name the repository`() throws {
    let repository = try CheckoutSituationTests.straight()
    let elsewhere = TemporaryFolder()
    let git = try CheckoutSituationTests.open(
      elsewhere.path, ["GIT_DIR": repository.path + "/.git", "GIT_WORK_TREE": repository.path])
    #expect(git.workTree == repository.path)
    #expect(try git.headCommit() != nil)
    let error = CheckoutSituationTests.error {
      _ = try CheckoutSituationTests.open(repository.path, ["GIT_DIR": elsewhere.path])
    }
    #expect(error?.kind == .noRepository)
  }

  @Test func `Bare, detached and linked work trees`() throws {
    let repository = try CheckoutSituationTests.straight()
    let bare = try TestRepository(cloning: repository, options: ["--bare"])
    let git = try CheckoutSituationTests.open(bare.path)
    #expect(git.isBare)
    #expect(try git.changedPaths().isEmpty)
    #expect(try git.resolve("main~4") == CheckoutSituationTests.open(repository.path).resolve("main~4"))

    try repository.git("checkout", "-q", "--detach", "HEAD~1")
    let detached = try CheckoutSituationTests.open(repository.path)
    #expect(detached.headBranch() == nil)
    #expect(try detached.headCommit()?.hex == repository.git("rev-parse", "main~1"))

    let linked = TemporaryFolder()
    try repository.git("worktree", "add", "-q", linked("tree"), "main")
    let other = try CheckoutSituationTests.open(linked("tree"))
    #expect(try other.headCommit()?.hex == repository.git("rev-parse", "main"))
    #expect(other.headBranch() == "main")
    #expect(other.workTree == linked("tree"))
  }

  @Test func `A shallow clone is walked to its end, and what lies beyond names the depth`() throws {
    let origin = try CheckoutSituationTests.straight()
    try origin.git("checkout", "-q", "-b", "feature", "main~3")
    try origin.commit("Feature", at: 9)
    let clone = try TestRepository(
      cloning: origin, options: ["--depth=2", "--no-single-branch", "-b", "feature"])
    let git = try CheckoutSituationTests.open(clone.path)
    #expect(git.isShallow)
    #expect(try git.commits(from: nil, to: git.resolve("HEAD")).count == 2)
    #expect(try git.changes(fromCommit: git.resolve("HEAD~1"), toCommit: git.resolve("HEAD")).isEmpty)
    let beyond = CheckoutSituationTests.error { _ = try git.resolve("HEAD~3") }
    #expect(beyond?.kind == .beyondShallow)
    #expect(beyond?.advice.contains("fetch-depth: 4") == true)
    let mixed = CheckoutSituationTests.error { _ = try git.resolve("HEAD~2^") }
    #expect(mixed?.advice.contains("fetch-depth: 4") == true)
    let base = CheckoutSituationTests.error {
      _ = try git.mergeBase(git.resolve("HEAD"), git.resolve("origin/main"))
    }
    #expect(base?.kind == .beyondShallow)
    #expect(base?.advice.contains("--unshallow") == true)
    try clone.git("fetch", "-q", "--unshallow")
    let whole = try CheckoutSituationTests.open(clone.path)
    #expect(
      try whole.mergeBase(whole.resolve("HEAD"), whole.resolve("origin/main"))?.hex
        == origin.git("merge-base", "feature", "main"))
  }

  @Test func `The merge ref of a pull request: its first parent is the base, and depth 1 lacks it`() throws {
    let origin = try CheckoutSituationTests.straight()
    try origin.git("checkout", "-q", "-b", "feature", "main~1")
    try origin.write("new\n", to: "feature")
    try origin.commit("Feature", at: 8)
    try origin.git("checkout", "-q", "-b", "pull", "main")
    try origin.git("merge", "-q", "--no-ff", "--no-edit", "feature")
    let base = try origin.git("rev-parse", "main")
    let deep = try TestRepository(cloning: origin, options: ["--depth=2", "-b", "pull"])
    #expect(try CheckoutSituationTests.open(deep.path).mergeRefBase()?.hex == base)
    let flat = try TestRepository(cloning: origin, options: ["--depth=1", "-b", "pull"])
    let git = try CheckoutSituationTests.open(flat.path)
    let error = CheckoutSituationTests.error { _ = try git.mergeRefBase() }
    #expect(error?.kind == .beyondShallow)
    #expect(error?.advice.contains("fetch-depth: 2") == true)
    let empty = try TestRepository()
    #expect(try CheckoutSituationTests.open(empty.path).mergeRefBase() == nil)
  }

  @Test func `A blobless clone tells "not fetched" from "not there"`() throws {
    let origin = try CheckoutSituationTests.straight()
    try origin.git("config", "uploadpack.allowFilter", "true")
    let clone = try TestRepository(cloning: origin, options: ["--filter=blob:none", "--no-checkout"])
    let git = try CheckoutSituationTests.open(clone.path)
    #expect(git.isPartial)
    #expect(try git.contents(of: "absent", at: "HEAD") == nil)
    let error = CheckoutSituationTests.error { _ = try git.contents(of: "file", at: "HEAD~1") }
    #expect(error?.kind == .notFetched)
    #expect(error?.message.contains("partial") == true)
    #expect(
      try git.changes(fromCommit: git.resolve("HEAD~1"), toCommit: git.resolve("HEAD")).map(\.path)
        == ["a/b/deep", "file"])
    let treeless = try TestRepository(cloning: origin, options: ["--filter=tree:0", "--no-checkout"])
    let bare = try CheckoutSituationTests.open(treeless.path)
    #expect(
      CheckoutSituationTests.error { _ = try bare.contents(of: "a/b/deep", at: "HEAD~1") }?.kind
        == .notFetched)
  }

  @Test func `A sparse checkout opens, and what it leaves out is not deleted`() throws {
    let origin = try CheckoutSituationTests.straight()
    let clone = try TestRepository(cloning: origin, options: ["--no-checkout"])
    try clone.git("sparse-checkout", "set", "--no-cone", "/file")
    try clone.git("checkout", "-q", "main")
    try clone.git("config", "core.repositoryformatversion", "1")
    let git = try CheckoutSituationTests.open(clone.path)
    #expect(try git.changedPaths().isEmpty)
    #expect(try git.contents(of: "a/b/deep", at: "HEAD") == Array("deep 5\n".utf8))
  }

  @Test(arguments: ["worktreeConfig", "relativeWorktrees", "partialClone"])
  func `Extensions that change nothing about history are let in`(name: String) throws {
    let repository = try CheckoutSituationTests.straight()
    try repository.git("config", "core.repositoryformatversion", "1")
    try repository.git("config", "extensions.\(name)", "true")
    #expect(try CheckoutSituationTests.open(repository.path).headCommit() != nil)
  }

  @Test func `A SHA-256 repository and an unknown extension are named`() throws {
    let sha256 = try TestRepository(options: ["--object-format=sha256"])
    let error = CheckoutSituationTests.error { _ = try CheckoutSituationTests.open(sha256.path) }
    #expect(error?.kind == .unsupportedRepository)
    #expect(error?.message.contains("SHA-256") == true)
    let strange = try CheckoutSituationTests.straight()
    try strange.git("config", "core.repositoryformatversion", "1")
    try strange.git("config", "extensions.frobnicate", "true")
    let other = CheckoutSituationTests.error { _ = try CheckoutSituationTests.open(strange.path) }
    #expect(other?.kind == .unsupportedRepository)
    #expect(other?.message.contains("frobnicate") == true)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
  func `A repository of another user names the cause and the remedy`() throws {
    let repository = try CheckoutSituationTests.straight()
    _ = try runProgram("chown", ["-R", "12345", repository.path])
    let error = CheckoutSituationTests.error { _ = try CheckoutSituationTests.open(repository.path) }
    #expect(error?.kind == .ownedByAnotherUser)
    #expect(error?.message.contains("12345") == true)
    #expect(error?.advice == "run: git config --global --add safe.directory \(repository.path)")
  }

  @Test func `Changed paths of the work tree`() throws {
    let repository = try CheckoutSituationTests.straight()
    let git = try CheckoutSituationTests.open(repository.path)
    #expect(try !git.isDirty())
    try repository.write("changed\n", to: "file")
    try repository.write("new\n", to: "new")
    try repository.write("ignored\n", to: "build.log")
    try repository.write("*.log\n", to: ".gitignore")
    #expect(try git.changedPaths() == [".gitignore", "file", "new"])
  }

  @Test func `Names that lead nowhere say what to do`() throws {
    let origin = try CheckoutSituationTests.straight()
    let clone = try TestRepository(cloning: origin, options: [])
    let git = try CheckoutSituationTests.open(clone.path)
    let remote = CheckoutSituationTests.error { _ = try git.resolve("origin/release") }
    #expect(remote?.kind == .unknownRevision)
    #expect(remote?.advice == "fetch it: git fetch origin release:refs/remotes/origin/release")
    #expect(CheckoutSituationTests.error { _ = try git.resolve("--help") }?.kind == .unknownRevision)
    #expect(CheckoutSituationTests.error { _ = try git.resolve("") }?.kind == .unknownRevision)
    #expect(CheckoutSituationTests.error { _ = try git.resolve("HEAD:file") }?.kind == .unknownRevision)
    try clone.git("tag", "-a", "v1", "-m", "one", "HEAD~1")
    #expect(try git.resolve("v1") == git.resolve("HEAD~1"))
    #expect(try git.resolve(clone.git("rev-parse", "--short", "HEAD")) == git.resolve("HEAD"))
  }
}
