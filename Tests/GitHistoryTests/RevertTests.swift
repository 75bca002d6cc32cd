import GitHistory
import SystemInterfaces
import TestSupport
import Testing

/// Named cases of a revert, where the random ones may not lead.
@Suite struct RevertTests {
  /// Lines `1` to `count`, one of them replaced.
  private static func lines(_ count: Int = 20, _ number: Int = 0, _ text: String = "") -> String {
    (1...count).map { $0 == number ? text : "line \($0)" }.joined(separator: "\n") + "\n"
  }

  private static func outcome(
    _ repository: TestRepository, _ revision: String, onto: String = "HEAD", mainline: Int? = nil
  ) throws -> RevertOutcome {
    let git = try GitRepository(at: repository.path, environment: Environment())
    let target = try git.commit(git.resolve(onto))
    return try git.revert(
      git.commit(git.resolve(revision)), onto: target.tree, mainline: mainline, attributesAt: target.id)
  }

  private static func tree(_ outcome: RevertOutcome) -> String? {
    if case .clean(let tree, _) = outcome { return tree.hex }
    return nil
  }

  private static func kinds(_ outcome: RevertOutcome) -> [RevertConflict.Kind] {
    if case .refused(let conflicts) = outcome { return conflicts.map(\.kind) }
    return []
  }

  /// The tree of `git revert`, or nil where git finds conflicts; the work tree is put back.
  private static func gitTree(_ repository: TestRepository, _ arguments: String...) throws -> String? {
    let result = try runProgram(
      "git", ["revert", "--no-commit"] + arguments, in: repository.path, variables: TestRepository.variables)
    let tree = result.status == 0 ? try repository.git("write-tree") : nil
    _ = try repository.tryGit("revert", "--quit")
    try repository.git("reset", "-q", "--hard")
    try repository.git("clean", "-qfdx")
    return tree
  }

  @Test func `A later change elsewhere in the file stays`() throws {
    let repository = try TestRepository()
    try repository.write(RevertTests.lines(), to: "file")
    try repository.commit("one")
    try repository.write(RevertTests.lines(20, 3, "bad"), to: "file")
    let bad = try repository.commit("two", at: 1)
    try repository.write(RevertTests.lines(20, 3, "bad").replacing("line 18", with: "later"), to: "file")
    try repository.commit("three", at: 2)
    let outcome = try RevertTests.outcome(repository, bad)
    #expect(try RevertTests.tree(outcome) == RevertTests.gitTree(repository, bad))
    if case .clean(_, let paths) = outcome { #expect(paths == ["file"]) }
    let git = try GitRepository(at: repository.path, environment: Environment())
    #expect(try !git.isDirty())
  }

  @Test func `The same lines changed since are a conflict with its path`() throws {
    let repository = try TestRepository()
    for (number, text) in ["line 3", "bad", "later"].enumerated() {
      try repository.write(RevertTests.lines(20, 3, text), to: "a/file")
      try repository.commit(text, at: number)
    }
    let outcome = try RevertTests.outcome(repository, "HEAD~1")
    #expect(RevertTests.kinds(outcome) == [.content])
    if case .refused(let conflicts) = outcome { #expect(conflicts.map(\.path) == ["a/file"]) }
    #expect(try RevertTests.gitTree(repository, "HEAD~1") == nil)
  }

  @Test func `A file that was deleted or renamed since`() throws {
    let repository = try TestRepository()
    try repository.write(RevertTests.lines(), to: "file")
    try repository.commit("one")
    try repository.write(RevertTests.lines(20, 3, "bad"), to: "file")
    let bad = try repository.commit("two", at: 1)
    try repository.git("mv", "file", "renamed")
    try repository.commit("three", at: 2)
    #expect(
      try RevertTests.tree(RevertTests.outcome(repository, bad)) == RevertTests.gitTree(repository, bad))
    try repository.git("rm", "-q", "renamed")
    try repository.commit("four", at: 3)
    #expect(try RevertTests.kinds(RevertTests.outcome(repository, bad)) == [.modifiedAndDeleted])
    #expect(try RevertTests.gitTree(repository, bad) == nil)
  }

  @Test func `Two files that could be the renamed one are a person's choice`() throws {
    let repository = try TestRepository()
    try repository.write(RevertTests.lines(), to: "file")
    try repository.commit("one")
    try repository.write(RevertTests.lines(20, 3, "bad"), to: "file")
    let bad = try repository.commit("two", at: 1)
    try repository.git("rm", "-q", "file")
    try repository.write(RevertTests.lines(20, 3, "bad"), to: "left")
    try repository.write(RevertTests.lines(20, 3, "bad"), to: "right")
    try repository.commit("three", at: 2)
    #expect(try RevertTests.kinds(RevertTests.outcome(repository, bad)) == [.ambiguousRename])
  }

  @Test func `A folder renamed since, and a file that the revert brings back into it`() throws {
    let repository = try TestRepository()
    for name in ["a", "b", "c"] { try repository.write(RevertTests.lines(20, 1, name), to: "old/\(name)") }
    try repository.commit("one")
    try repository.git("rm", "-q", "old/c")
    let bad = try repository.commit("two", at: 1)
    try repository.git("mv", "old", "new")
    try repository.commit("three", at: 2)
    #expect(try RevertTests.kinds(RevertTests.outcome(repository, bad)) == [.folderRenamed])
  }

  @Test(arguments: ["lfs", "union", "ours"])
  func `A merge driver is named, where contents must be merged`(driver: String) throws {
    let repository = try TestRepository()
    try repository.write("*.bin merge=\(driver)\n", to: ".gitattributes")
    try repository.write(RevertTests.lines(), to: "model.bin")
    try repository.write(RevertTests.lines(), to: "other")
    try repository.commit("one")
    try repository.write(RevertTests.lines(20, 3, "bad"), to: "model.bin")
    let bad = try repository.commit("two", at: 1)
    // Unchanged since: no driver is asked.
    #expect(
      try RevertTests.tree(RevertTests.outcome(repository, bad)) == RevertTests.gitTree(repository, bad))
    try repository.write(RevertTests.lines(20, 3, "bad").replacing("line 18", with: "x"), to: "model.bin")
    try repository.commit("three", at: 2)
    let outcome = try RevertTests.outcome(repository, bad)
    #expect(RevertTests.kinds(outcome) == [.mergeDriver])
    if case .refused(let conflicts) = outcome {
      #expect(conflicts.first?.explanation.contains(driver) == true)
    }
  }

  @Test func `Binary contents that both changed`() throws {
    let repository = try TestRepository()
    for (number, text) in ["a\0b\nc\n", "a\0B\nc\n", "a\0B\nC\n"].enumerated() {
      try repository.write(text, to: "image")
      try repository.commit("\(number)", at: number)
    }
    #expect(try RevertTests.kinds(RevertTests.outcome(repository, "HEAD~1")) == [.binary])
    #expect(try RevertTests.gitTree(repository, "HEAD~1") == nil)
  }

  @Test func `What is not there any more is already reverted`() throws {
    let repository = try TestRepository()
    try repository.write("good\n", to: "file")
    try repository.commit("one")
    try repository.write("bad\n", to: "file")
    let bad = try repository.commit("two", at: 1)
    try repository.git("revert", "--no-edit", bad)
    #expect(try RevertTests.outcome(repository, bad) == .alreadyReverted)
  }

  @Test func `A merge needs its mainline, and another commit has none but the first`() throws {
    let repository = try TestRepository()
    try repository.write("base\n", to: "base")
    try repository.commit("one")
    try repository.git("checkout", "-q", "-b", "side")
    try repository.write("side\n", to: "side")
    let side = try repository.commit("side", at: 1)
    try repository.git("checkout", "-q", "main")
    try repository.write("main\n", to: "main")
    try repository.commit("main", at: 2)
    try repository.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    #expect(throws: RevertUsageError.self) { try RevertTests.outcome(repository, "HEAD") }
    #expect(throws: RevertUsageError.self) { try RevertTests.outcome(repository, "HEAD", mainline: 3) }
    for mainline in [1, 2] {
      let outcome = try RevertTests.outcome(repository, "HEAD", mainline: mainline)
      #expect(try RevertTests.tree(outcome) == RevertTests.gitTree(repository, "-m", "\(mainline)", "HEAD"))
    }
    #expect(throws: RevertUsageError.self) { try RevertTests.outcome(repository, side, mainline: 2) }
    let plain = try RevertTests.outcome(repository, side, mainline: 1)
    #expect(try RevertTests.tree(plain) == RevertTests.gitTree(repository, "-m", "1", side))
  }

  @Test func `The first commit can be reverted, down to the empty tree`() throws {
    let repository = try TestRepository()
    try repository.write("one\n", to: "a/b/file")
    let first = try repository.commit("one")
    let outcome = try RevertTests.outcome(repository, first)
    #expect(RevertTests.tree(outcome) == GitRepository.emptyTree.hex)
  }

  @Test func `A folder where the file was, and the reverse`() throws {
    let repository = try TestRepository()
    try repository.write("file\n", to: "thing")
    try repository.commit("one")
    try repository.git("rm", "-q", "thing")
    try repository.write("inner\n", to: "thing/inner")
    let bad = try repository.commit("two", at: 1)
    #expect(
      try RevertTests.tree(RevertTests.outcome(repository, bad)) == RevertTests.gitTree(repository, bad))
    try repository.write("more\n", to: "thing/more")
    try repository.commit("three", at: 2)
    #expect(try RevertTests.kinds(RevertTests.outcome(repository, bad)) == [.fileAndFolder])
    #expect(try RevertTests.gitTree(repository, bad) == nil)
  }

  @Test func `Messages are git's, and a revert of a revert is a reapplication`() throws {
    let repository = try TestRepository()
    try repository.write("x\n", to: "file")
    try repository.commit("Subject over\ntwo lines\n\nBody.")
    let git = try GitRepository(at: repository.path, environment: Environment())
    let commit = try git.commit(git.resolve("HEAD"))
    try repository.git("revert", "--no-edit", "HEAD")
    let revert = try git.commit(git.resolve("HEAD"))
    #expect(commit.revertMessage() == revert.message)
    #expect(
      revert.revertMessage() == "Reapply \"Subject over\"\n\nThis reverts commit \(revert.id).\n")
    try repository.commit("Revert \"Revert \"x\"\"", at: 1)
    let second = try git.commit(git.resolve("HEAD"))
    #expect(second.revertMessage().hasPrefix("Revert \"Revert \"Revert \"x\"\"\"\n"))
  }
}
