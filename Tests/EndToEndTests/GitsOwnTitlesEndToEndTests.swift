import Foundation
import JSONValues
import TestSupport
import Testing

/// What git's own tests of `revert` and `cherry-pick` ask, by their titles, and what the built `auto-revert` answers: with git's
/// tree wherever git makes one. What none of git's questions about work trees and sequences is to it stands in
/// `Decisions-GitReverts.md`.
@Suite(.blocking) struct GitsOwnTitlesEndToEndTests {
  struct Title: Sendable, CustomTestStringConvertible {
    /// The file of git's that has the test, and its title.
    var file: String, title: String
    var arguments: [String]
    var status: Int32
    /// How git itself is asked for the tree that has to come out; empty where nothing is made.
    var git: [String] = []
    /// The title of the newest commit that is made.
    var subject: String?
    /// What the newest commit's message holds.
    var message: String?
    var scene: @Sendable (TestRepository) throws -> Void = GitsOwnTitlesEndToEndTests.fourCommits
    var testDescription: String { "\(file): \(title)" }
  }

  private static func lines(_ more: String = "") -> String {
    (1...12).map { "\($0)\n" }.joined() + more
  }

  /// The same file changed four times, each in another place.
  @Sendable static func fourCommits(_ repository: TestRepository) throws {
    var text = (1...40).map { "line \($0)" }
    for number in 1...4 {
      text[number * 8] = "changed \(number)"
      try repository.write(text.joined(separator: "\n") + "\n", to: "foo")
      try repository.commit("commit \(number)", at: number)
    }
  }

  /// Each commit changes the same line.
  @Sendable private static func sameLine(_ repository: TestRepository) throws {
    for (number, text) in ["initial", "base", "picked"].enumerated() {
      try repository.write("\(text)\n", to: "foo")
      try repository.commit(text, at: number)
    }
  }

  @Sendable private static func merge(_ repository: TestRepository) throws {
    try repository.write("A\n", to: "A")
    try repository.write("B\n", to: "B")
    try repository.commit("Initial", at: 1)
    try repository.git("checkout", "-q", "-b", "side")
    try repository.write("A2\n", to: "A")
    try repository.commit("add line to A", at: 2)
    try repository.git("checkout", "-q", "main")
    try repository.write("B2\n", to: "B")
    try repository.commit("add line to B", at: 3)
    try repository.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
  }

  @Sendable private static func renamed(_ repository: TestRepository) throws {
    try repository.write(lines(), to: "oops")
    try repository.commit("initial", at: 1)
    try repository.write(lines("Add extra line at the end\n"), to: "oops")
    try repository.commit("added", at: 2)
    try repository.git("mv", "oops", "opos")
    try repository.commit("rename2", at: 3)
  }

  @Sendable private static func root(_ repository: TestRepository) throws {
    try repository.write("first\n", to: "file1")
    try repository.commit("first", at: 1)
    try repository.write("second\n", to: "file2")
    try repository.commit("second", at: 2)
  }

  /// B, its revert, and the revert of that, by git.
  @Sendable private static func reverts(_ repository: TestRepository, _ titles: [String]) throws {
    for (number, text) in ["A", "B"].enumerated() {
      try repository.write("\(text)\n", to: "file1")
      try repository.commit(text, at: number)
    }
    for (number, title) in titles.enumerated() {
      try repository.write(number % 2 == 0 ? "A\n" : "B\n", to: "file1")
      try repository.commit(title, at: number + 2)
    }
  }

  @Sendable private static func empty(_ repository: TestRepository) throws {
    try sameLine(repository)
    try repository.git("commit", "-q", "--allow-empty", "-m", "empty")
  }

  @Sendable private static func noMessage(_ repository: TestRepository) throws {
    try fourCommits(repository)
    try repository.write("more\n", to: "file2")
    try repository.git("add", "-A")
    try repository.git("commit", "-q", "--allow-empty-message", "-m", "")
  }

  @Sendable private static func undone(_ repository: TestRepository) throws {
    try sameLine(repository)
    try repository.write("base\n", to: "foo")
    try repository.commit("as before", at: 5)
  }

  /// A file goes into a folder that is called as it was, beside a change of its contents.
  @Sendable private static func fileToFolder(_ repository: TestRepository) throws {
    try repository.write(lines(), to: "a")
    try repository.commit("initial", at: 1)
    try repository.write(lines("more\n"), to: "a")
    try repository.commit("changed", at: 2)
    try repository.git("rm", "-q", "a")
    try repository.write(lines("more\n"), to: "a/inside")
    try repository.commit("moved", at: 3)
  }

  static let titles: [Title] = [
    Title(file: "t3501", title: "revert --nonsense", arguments: ["--revert", "--nonsense"], status: 64),
    Title(
      file: "t3501", title: "revert after renaming branch", arguments: ["--revert", "HEAD~1"], status: 0,
      git: ["HEAD~1"], scene: renamed),
    Title(
      file: "t3501", title: "advice from failed revert", arguments: ["--revert", "HEAD~1"], status: 1,
      scene: sameLine),
    Title(
      file: "t3501", title: "titles of fresh reverts", arguments: ["--revert", "HEAD"], status: 0,
      git: ["HEAD"], subject: #"Revert "B""#, scene: { try reverts($0, []) }),
    Title(
      file: "t3501", title: "titles of fresh reverts", arguments: ["--revert", "HEAD"], status: 0,
      git: ["HEAD"], subject: #"Reapply "B""#, scene: { try reverts($0, [#"Revert "B""#]) }),
    Title(
      file: "t3501", title: "titles of fresh reverts", arguments: ["--revert", "HEAD"], status: 0,
      git: ["HEAD"], subject: #"Revert "Reapply "B"""#,
      scene: { try reverts($0, [#"Revert "B""#, #"Reapply "B""#]) }),
    Title(
      file: "t3501", title: "title of legacy double revert", arguments: ["--revert", "HEAD"], status: 0,
      git: ["HEAD"], subject: #"Revert "Revert "Revert "B""""#,
      scene: { try reverts($0, [#"Revert "Revert "B"""#]) }),
    Title(
      file: "t3501", title: "identification of reverted commit (default)", arguments: ["--revert", "HEAD"],
      status: 0, git: ["HEAD"], message: "This reverts commit {id}."),
    Title(
      file: "t3501", title: "identification of reverted commit (revert.reference)",
      arguments: ["--revert", "HEAD"], status: 0, git: ["HEAD"], message: "This reverts commit {id}.",
      scene: {
        try fourCommits($0)
        try $0.git("config", "revert.reference", "true")
      }),
    Title(
      file: "t3502", title: "revert explicit first parent of a non-merge",
      arguments: ["--revert", "HEAD", "--mainline", "1"], status: 0, git: ["-m", "1", "HEAD"]),
    Title(
      file: "t3502", title: "revert a merge without -m should fail", arguments: ["--revert", "HEAD"],
      status: 64, scene: merge),
    Title(
      file: "t3502", title: "revert a merge (1)", arguments: ["--revert", "HEAD", "--mainline", "1"],
      status: 0, git: ["-m", "1", "HEAD"], scene: merge),
    Title(
      file: "t3502", title: "revert a merge (2)", arguments: ["--revert", "HEAD", "--mainline", "2"],
      status: 0, git: ["-m", "2", "HEAD"], scene: merge),
    Title(
      file: "t3502", title: "revert a merge relative to nonexistent parent should fail",
      arguments: ["--revert", "HEAD", "--mainline", "3"], status: 64, scene: merge),
    Title(
      file: "t3503", title: "revert a root commit", arguments: ["--revert", "HEAD~1"], status: 0,
      git: ["HEAD~1"], scene: root),
    Title(
      file: "t3504", title: "cherry-pick conflict without rerere", arguments: ["--revert", "HEAD~1"],
      status: 1,
      scene: {
        try sameLine($0)
        try $0.git("config", "rerere.enabled", "true")
      }),
    Title(
      file: "t3505", title: "cherry-pick an empty commit", arguments: ["--revert", "HEAD"], status: 0,
      scene: empty),
    Title(
      file: "t3505", title: "cherry-pick a commit with an empty message", arguments: ["--revert", "HEAD"],
      status: 0, git: ["HEAD"], subject: #"Revert """#, scene: noMessage),
    Title(
      file: "t3505", title: "cherry-pick a no-op with neither --keep-redundant nor --empty",
      arguments: ["--revert", "HEAD~1"], status: 0, scene: undone),
    Title(
      file: "t3507", title: "revert also handles conflicts sanely", arguments: ["--revert", "HEAD~1"],
      status: 1, scene: sameLine),
    Title(
      file: "t3508", title: "revert first..fourth works", arguments: ["--revert", "HEAD~3..HEAD"], status: 0,
      git: ["HEAD~3..HEAD"], subject: #"Revert "commit 2""#),
    Title(
      file: "t3508", title: "revert ^first fourth works", arguments: ["--revert", "^HEAD~3 HEAD"], status: 65),
    Title(
      file: "t3508", title: "revert fourth fourth~1 fourth~2 works",
      arguments: ["--revert", "HEAD", "--revert", "HEAD~1", "--revert", "HEAD~2"], status: 0,
      git: ["HEAD", "HEAD~1", "HEAD~2"], subject: #"Revert "commit 2""#),
    Title(
      file: "t3509", title: "Cherry-pick succeeds with was_a_dir/file -> was_a_dir (recursive)",
      arguments: ["--revert", "HEAD"], status: 0, git: ["HEAD"], scene: fileToFolder),
    Title(
      file: "t3510", title: "empty commit set (no commits to walk)", arguments: ["--revert", "HEAD..HEAD"],
      status: 65),
    Title(
      file: "t3510", title: "empty commit set (culled during walk)", arguments: ["--revert", "HEAD..HEAD~2"],
      status: 65),
  ]

  private static let identity = TestRepository.variables.filter { !$0.key.hasSuffix("DATE") }

  private func revert(_ repository: TestRepository, _ arguments: [String]) throws -> BuiltStep.Outcome {
    try BuiltStep("auto-revert", in: repository.path, variables: Self.identity).run(
      ["prod", "--git-only", "--branch", "undo", "--format", "json"] + arguments)
  }

  @Test(arguments: titles) func `the answer to a title`(_ one: Title) throws {
    let repository = try TestRepository()
    try one.scene(repository)
    let before = try repository.git("rev-parse", "HEAD")
    let outcome = try revert(repository, one.arguments)
    #expect(outcome.status == one.status, "\(outcome.output)\(outcome.error)")
    // Nothing is checked out, and no sequence is begun.
    #expect(try repository.git("rev-parse", "HEAD") == before)
    #expect(try repository.git("status", "--porcelain", "--untracked-files=no") == "")
    for state in ["REVERT_HEAD", "CHERRY_PICK_HEAD", "sequencer"] {
      #expect(!FileManager.default.fileExists(atPath: "\(repository.path)/.git/\(state)"))
    }
    let made = try repository.tryGit("rev-parse", "-q", "--verify", "refs/heads/undo^{tree}")
    guard !one.git.isEmpty else {
      #expect(made.status != 0, "\(outcome.output)")
      return
    }
    if let subject = one.subject {
      #expect(try repository.git("log", "-1", "--format=%s", "undo") == subject)
    }
    if let message = one.message?.replacing("{id}", with: before) {
      #expect(try repository.git("log", "-1", "--format=%B", "undo").contains(message))
    }
    let own = try runProgram(
      "git", ["revert", "--no-commit"] + one.git, in: repository.path, variables: TestRepository.variables)
    #expect(own.status == 0, "\(own.error)")
    #expect(made.text.split(separator: "\n").first.map(String.init) == (try repository.git("write-tree")))
  }

  @Test func `t3501, t3507: a dirty work tree is neither looked at nor touched`() throws {
    let repository = try TestRepository()
    try Self.fourCommits(repository)
    try repository.write("dirty\n", to: "foo")
    let outcome = try revert(repository, ["--revert", "HEAD"])
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try String(contentsOfFile: "\(repository.path)/foo", encoding: .utf8) == "dirty\n")
  }

  @Test func `a commit that is named twice is no two reverts`() throws {
    let repository = try TestRepository()
    try Self.fourCommits(repository)
    let outcome = try revert(repository, ["--revert", "HEAD", "--revert", "HEAD~2..HEAD"])
    #expect(outcome.status == 64 && outcome.error.contains("is named twice"), "\(outcome.error)")
  }
}
