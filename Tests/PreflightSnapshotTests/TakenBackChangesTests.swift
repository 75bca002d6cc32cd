import GitHistory
import SystemInterfaces
import TestSupport
import Testing

@testable import PreflightSnapshot

/// Whether a commit holds a change that was taken back, over the real git.
@Suite struct `Changes that were taken back` {
  private let repository: TestRepository
  private let bad: String
  private let good: String

  init() throws {
    repository = try TestRepository()
    try repository.write("1\n2\n3\n4\n5\n", to: "app")
    good = try repository.commit("Good", at: 1)
    try repository.write("1\n2\n3\n4\nbad\n", to: "app")
    bad = try repository.commit("Faster answers", at: 2)
  }

  private func held(_ head: String = "HEAD") throws -> String? {
    let git = try GitRepository(at: repository.path, environment: Environment())
    let change = try UndoneChange(git, from: good, to: bad)
    return try change.held(by: git.resolve(head), git, limit: 1000)?.id.hex
  }

  @Test func `are there while nobody takes them back`() throws {
    #expect(try held() == bad)
    try repository.write("other\n", to: "other")
    try repository.commit("Something else", at: 3)
    #expect(try held() == bad)
    #expect(try held(good) == nil)
  }

  @Test func `are gone after a revert, however it came`() throws {
    try repository.git("revert", "--no-edit", bad)
    #expect(try held() == nil)
    // As one commit that names nobody.
    try repository.git("reset", "-q", "--hard", bad)
    try repository.write("1\n2\n3\n4\n5\n", to: "app")
    try repository.commit("Back to the old answers", at: 4)
    #expect(try held() == nil)
    // Behind other changes of the same file.
    try repository.write("0\n1\n2\n3\n4\n5\n", to: "app")
    try repository.commit("More", at: 5)
    #expect(try held() == nil)
  }

  @Test func `are there again under another id, until somebody says Reapply`() throws {
    try repository.git("revert", "--no-edit", bad)
    try repository.git("cherry-pick", "--allow-empty", bad)
    #expect(try held() == bad)
    try repository.git("reset", "-q", "--hard", "HEAD~1")
    #expect(try held() == nil)
    try repository.git("revert", "--no-edit", "HEAD")
    #expect(try held() == nil, "a revert of the revert is meant")

    try repository.git("reset", "-q", "--hard", good)
    try repository.write("first\n", to: "other")
    try repository.commit("Something else", at: 3)
    try repository.git("cherry-pick", bad)
    #expect(try held() == bad, "on a branch that never had the commit itself")
    try repository.git("commit", "-q", "--amend", "-m", "Reapply \"Faster answers\"")
    #expect(try held() == nil)
  }

  @Test(arguments: ["Reapply %", "reapply: % is mended", "Reapply \"Faster answers\"", "revert: reapply %"])
  func `an empty commit says it, too`(title: String) throws {
    let named = title.replacing("%", with: String(bad.prefix(9)))
    try repository.git("commit", "-q", "--allow-empty", "-m", named)
    #expect(try held() == nil)
    try repository.git("commit", "-q", "--amend", "--allow-empty", "-m", "Reapply something")
    #expect(try held() == bad)
  }

  @Test func `several commits are taken back by several, and one that is left is found`() throws {
    try repository.write("worse\n", to: "more")
    let second = try repository.commit("Worse", at: 3)
    let git = try GitRepository(at: repository.path, environment: Environment())
    func held() throws -> String? {
      try UndoneChange(git, from: good, to: second).held(by: git.resolve("HEAD"), git, limit: 1000)?.id.hex
    }
    #expect(try held() == second)
    try repository.git("revert", "--no-edit", second)
    #expect(try held() == bad)
    try repository.git("revert", "--no-edit", bad)
    #expect(try held() == nil)
  }
}
