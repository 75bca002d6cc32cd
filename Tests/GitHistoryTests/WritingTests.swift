import GitHistory
import SystemInterfaces
import TestSupport
import Testing

@Suite struct WritingTests {
  @Test func `A commit and a branch, and nothing is checked out`() throws {
    let repository = try TestRepository()
    try repository.write("one\n", to: "file")
    let head = try repository.commit("one")
    let git = try GitRepository(at: repository.path, environment: Environment())
    let parent = try git.commit(git.resolve(head))
    let author = GitCommit.Signature(name: "Bo", email: "bo@example.com", seconds: 1_760_000_000)
    let id = try git.createCommit(
      tree: GitRepository.emptyTree, parents: [parent.id], author: author, committer: author,
      message: "Nothing is left\n")
    try git.createBranch("backstop/x", at: id, reason: "test")
    #expect(
      try repository.git("log", "-1", "--format=%an <%ae> %at %s", "backstop/x")
        == "Bo <bo@example.com> 1760000000 Nothing is left")
    #expect(try repository.git("rev-parse", "backstop/x^") == head)
    #expect(try repository.git("rev-parse", "HEAD") == head)
    #expect(try repository.git("status", "--porcelain").isEmpty)
    #expect(throws: GitError.self) { try git.createBranch("backstop/x", at: parent.id, reason: "again") }
    try git.updateReference("refs/heads/backstop/x", to: parent.id, expected: id, reason: "moved")
    #expect(throws: GitError.self) {
      try git.updateReference("refs/heads/backstop/x", to: id, expected: id, reason: "lost race")
    }
  }

  @Test func `Who commits comes from the variables, then from the configuration`() throws {
    let repository = try TestRepository()
    func name(_ variables: [String: String]) throws -> String {
      try GitRepository(at: repository.path, environment: Environment(variables))
        .identity("AUTHOR", seconds: 1).name
    }
    try repository.git("config", "user.name", "Config")
    try repository.git("config", "user.email", "config@example.com")
    #expect(try name([:]) == "Config")
    #expect(try name(["GIT_AUTHOR_NAME": "Variable"]) == "Variable")
    #expect(try name(["GIT_AUTHOR_NAME": "Variable", "BACKSTOP_GIT_AUTHOR_NAME": "Own"]) == "Own")
    try repository.git("config", "user.email", "")
    #expect {
      _ = try name([:])
    } throws: { error in
      (error as? GitError)?.kind == .noIdentity && "\(error)".contains("git config user.email")
    }
  }
}
