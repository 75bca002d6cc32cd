import CloudFormationModel
import DeploymentRecords
import Foundation
import GitHistory
import Redaction
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

/// Which commits a rollback undoes, and what becomes of their revert, over the real git.
@Suite struct `Undone commits` {
  private let bench = SessionBench()

  @discardableResult
  private func git(_ arguments: String...) throws -> String {
    let result = try runProgram("git", arguments, in: bench.folder.path, variables: TestRepository.variables)
    #expect(result.status == 0, "git \(arguments): \(result.error)")
    return result.lines.joined(separator: "\n")
  }

  private func commit(_ name: String, _ message: String) throws -> String {
    try name.write(toFile: bench.folder(name), atomically: true, encoding: .utf8)
    try git("add", name)
    try git("commit", "-q", "-m", message)
    return try git("rev-parse", "HEAD")
  }

  init() throws { try git("init", "-q", "-b", "main") }

  private func session(_ policy: String = "") throws -> (command: RevertCommand, session: StepSession) {
    var bench = bench
    bench.policy = policy
    bench.variables = TestRepository.variables
    return try bench.start()
  }

  private func make(
    _ restored: String, policy: String = ""
  ) async throws -> (branch: String?, message: String) {
    let (command, session) = try session(policy)
    let made = try await RollbackRevert(
      command: command, session: session,
      undone: UndoneRange(session, restored: restored, deployed: try session.commitId())
    ).make()
    return (made.branch, made.said.map(\.message).joined())
  }

  private func undone(_ restored: String?) throws -> UndoneRange {
    let session = try session().session
    return UndoneRange(session, restored: restored, deployed: try session.commitId())
  }

  @Test func `lead from the deployed commit down to the restored one`() throws {
    let good = try commit("a", "Good")
    let first = try commit("b", "First bad")
    let second = try commit("c", "Second bad")
    let range = try undone(good)
    #expect(
      range.commits.map(\.id) == [second, first]
        && range.commits.map(\.summary) == ["Second bad", "First bad"])
    #expect(try undone(second).commits.isEmpty)
    #expect(try undone(nil).commits.isEmpty)
    let unknown = try undone(String(repeating: "0", count: 40))
    #expect(unknown.commits.isEmpty && unknown.unknown != nil)
  }

  @Test func `stand on a branch, as git would revert them`() async throws {
    let good = try commit("a", "Good")
    _ = try commit("b", "First bad")
    _ = try commit("c", "Second bad")
    let (branch, message) = try await make(good)
    let name = try #require(branch)
    #expect(message.contains("the revert of 2 commits is on the branch \(name)"))
    #expect(try git("rev-parse", "\(name)^{tree}") == git("rev-parse", "\(good)^{tree}"))
    #expect(try git("log", "--format=%s", "-2", name) == "Revert \"First bad\"\nRevert \"Second bad\"")
    // The command that the report names brings them back.
    let reapply = FollowUp.reapply(name, 2)
    #expect(reapply.hasPrefix("git revert "))
    try git("checkout", "-q", name)
    let range = reapply.dropFirst("git revert ".count).split(separator: " ")[0]
    try git("revert", "--no-edit", String(range))
    #expect(try git("rev-parse", "HEAD^{tree}") == git("rev-parse", "main^{tree}"))
  }

  @Test func `are left where a commit asks for it, the policy says no, or enough were made`() async throws {
    let good = try commit("a", "Good")
    _ = try commit("b", "Bad\n\nNOAUTOREVERT=true")
    #expect(try await make(good).branch == nil)
    #expect(try await make(good).message.contains("NOAUTOREVERT=true"))
    #expect(try await make(good, policy: "auto-revert:\n  branch: false\n") == (nil, ""))
    let other = try commit("c", "Bad too")
    _ = other
    let limited = try await make(other + "~0", policy: "auto-revert:\n  maximum-commits-per-day: 0\n")
    #expect(limited == (nil, ""), "nothing to revert is nothing to refuse")
  }

  @Test func `are not reverted twice, whether the first revert is open or merged`() async throws {
    let good = try commit("a", "Good")
    let bad = try commit("b", "Bad")
    let name = try #require(try await make(good).branch)
    try git("update-ref", "refs/remotes/origin/\(name)", "refs/heads/\(name)")
    try git("branch", "-q", "-D", name)
    #expect(try await make(good).message.contains("is open as origin/\(name)"))
    try git("update-ref", "-d", "refs/remotes/origin/\(name)")
    // Merged meanwhile, while the bad commit is still the deployed one.
    try git("revert", "--no-edit", "HEAD")
    try git("checkout", "-q", "--detach", bad)
    let merged = try await make(good)
    #expect(merged.branch == nil && merged.message.contains("is reverted on main already"))
  }
}
