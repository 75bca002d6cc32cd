import Foundation
import GitHistory
import SystemInterfaces
import TestSupport
import Testing

/// Reverts of random commits onto random later ones, against `git revert --no-commit` in a work tree.
@Suite struct RevertPropertyTests {
  struct Tally {
    var same = 0
    var bothRefuse = 0
    var onlyGitClean: [String: Int] = [:]
    var wrong: [String] = []
  }

  /// How many histories; each is tried 25 times. `BACKSTOP_REVERT_HISTORIES` makes a longer run of it.
  static let histories =
    ProcessInfo.processInfo.environment["BACKSTOP_REVERT_HISTORIES"].flatMap { UInt64($0) } ?? 6

  /// What git makes of each case: a tree, or `conflict`.
  static func oracle(_ repository: TestRepository, _ cases: [(commit: String, onto: String)]) throws
    -> [String]
  {
    let script = """
      while read commit onto; do
        git reset -q --hard "$onto" && git clean -qfdx
        if git revert --no-commit "$commit" >/dev/null 2>&1; then git write-tree; else echo conflict; fi
        git revert --quit 2>/dev/null; git reset -q --hard
      done
      """
    let input = cases.map { "\($0.commit) \($0.onto)\n" }.joined()
    return try runProgram(
      "bash", ["-c", script], in: repository.path, variables: TestRepository.variables, input: input
    ).lines
  }

  @Test func `A tree is never different from git's, and git is rarely clean where a person is asked`() throws
  {
    var tally = Tally()
    for seed in 1...RevertPropertyTests.histories {
      let repository = try TestRepository()
      var history = RandomHistory(seed: 7000 + seed)
      history.keepsFinalNewline = seed % 2 == 0
      let ids = try history.write(40, into: repository)
      var generator = SeededGenerator(seed: seed)
      let cases = (0..<25).map { _ in
        let commit = Int.random(in: 0..<ids.count, using: &generator)
        let onto = min(ids.count - 1, commit + Int.random(in: 0..<12, using: &generator))
        return (commit: ids[commit], onto: ids[onto])
      }
      try repository.git("checkout", "-q", "-f", "main")
      let oracle = try RevertPropertyTests.oracle(repository, cases)
      #expect(oracle.count == cases.count)
      let git = try GitRepository(at: repository.path, environment: Environment())
      for ((commit, onto), expected) in zip(cases, oracle) {
        try RevertPropertyTests.compare(git, commit, onto, expected, "history \(seed)", &tally)
      }
    }
    let gitOnly = tally.onlyGitClean.values.reduce(0, +)
    print(
      "reverts: \(tally.same) with git's own tree, \(tally.bothRefuse) refused as git does, "
        + "\(gitOnly) refused where git is clean \(tally.onlyGitClean.sorted { $0.value > $1.value })")
    #expect(tally.wrong.isEmpty)
    #expect(tally.same > 0 && tally.bothRefuse > 0)
    #expect(gitOnly * 10 <= tally.same)
  }

  static func compare(
    _ git: GitRepository, _ commit: String, _ onto: String, _ expected: String, _ place: String,
    _ tally: inout Tally
  ) throws {
    let target = try git.commit(git.resolve(onto))
    let outcome = try git.revert(
      git.commit(git.resolve(commit)), onto: target.tree, attributesAt: target.id)
    let tree: String?
    switch outcome {
    case .clean(let id, _): tree = id.hex
    case .alreadyReverted: tree = target.tree.hex
    case .refused(let conflicts):
      tree = nil
      if expected != "conflict" {
        for kind in Set(conflicts.map(\.kind.rawValue)) { tally.onlyGitClean[kind, default: 0] += 1 }
      }
    }
    if tree == expected {
      tally.same += 1
    } else if tree == nil {
      if expected == "conflict" { tally.bothRefuse += 1 }
    } else {
      tally.wrong.append(
        "\(place): revert \(commit) onto \(onto): git says \(expected), we say \(tree ?? "")")
    }
  }
}
