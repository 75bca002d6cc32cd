import GitHistory
import SystemInterfaces
import TestSupport
import Testing

@Suite struct TreeChangeTests {
  /// `M  path`, `R  old -> new`: what both sides are compared by.
  static func shown(_ changes: [TreeChange]) -> [String] {
    changes.map { "\($0.status.rawValue) \($0.oldPath.map { "\($0) -> " } ?? "")\($0.path)" }.sorted()
  }

  static func parsed(_ output: String) -> [String] {
    var fields = output.split(separator: "\0").map(String.init)[...]
    var found: [String] = []
    while let status = fields.popFirst(), let path = fields.popFirst() {
      if status.hasPrefix("R"), let new = fields.popFirst() {
        found.append("R \(path) -> \(new)")
      } else {
        found.append("\(status) \(path)")
      }
    }
    return found.sorted()
  }

  @Test(arguments: 1...6)
  func `names and statuses are those of git diff --name-status -M`(seed: UInt64) throws {
    let repository = try TestRepository()
    var history = RandomHistory(seed: seed)
    let ids = try history.write(60, into: repository)
    let git = try GitRepository(at: repository.path, environment: Environment())
    var generator = SeededGenerator(seed: seed &* 31)
    for _ in 0..<40 {
      let (old, new) = (ids.randomElement(using: &generator)!, ids.randomElement(using: &generator)!)
      let oracle = try repository.git("diff", "--name-status", "-M", "-z", old, new)
      let changes = try git.changes(fromCommit: git.resolve(old), toCommit: git.resolve(new))
      #expect(TreeChangeTests.shown(changes) == TreeChangeTests.parsed(oracle), "\(old) \(new)")
    }
  }

  @Test func `Without rename detection a rename is a deletion and an addition`() throws {
    let repository = try TestRepository()
    try repository.write("one\ntwo\n", to: "old.sql")
    let before = try repository.commit("one")
    try repository.git("mv", "old.sql", "new.sql")
    let after = try repository.commit("two")
    let git = try GitRepository(at: repository.path, environment: Environment())
    let plain = try git.changes(
      fromCommit: git.resolve(before), toCommit: git.resolve(after), renames: nil)
    #expect(TreeChangeTests.shown(plain) == ["A new.sql", "D old.sql"])
    let joined = try git.changes(fromCommit: git.resolve(before), toCommit: git.resolve(after))
    #expect(TreeChangeTests.shown(joined) == ["R old.sql -> new.sql"])
    #expect(joined.first?.similarity == 100)
    #expect(joined.first?.old?.id == joined.first?.new?.id)
  }

  @Test func `Modes, links, submodules and a file that becomes a folder`() throws {
    let repository = try TestRepository()
    try repository.write("#!/bin/sh\n", to: "run")
    try repository.write("x\n", to: "thing")
    try repository.write("y\n", to: "link")
    let before = try repository.commit("one")
    try repository.git("update-index", "--chmod=+x", "run")
    try repository.git("rm", "-q", "thing", "link")
    try repository.write("inside\n", to: "thing/inner")
    try repository.git("add", "thing/inner")
    let target = try repository.git("hash-object", "-w", "--stdin", input: "run")
    try repository.git("update-index", "--add", "--cacheinfo", "120000,\(target),link")
    try repository.git("update-index", "--add", "--cacheinfo", "160000,\(before),module")
    try repository.git("commit", "-q", "-m", "two")
    let git = try GitRepository(at: repository.path, environment: Environment())
    let changes = try git.changes(fromCommit: git.resolve(before), toCommit: git.resolve("HEAD"))
    #expect(
      TreeChangeTests.shown(changes) == ["A module", "A thing/inner", "D thing", "M run", "T link"])
    let kinds = Dictionary(uniqueKeysWithValues: changes.map { ($0.path, $0.new?.kind) })
    #expect(kinds["run"] == .executable)
    #expect(kinds["link"] == .symlink)
    #expect(kinds["module"] == .submodule)
    #expect(kinds["thing"] == .some(nil))
  }

  @Test func `A change in a large tree costs what the change costs`() throws {
    let repository = try TestRepository()
    // 20,000 files in 200 folders, written without a work tree.
    var stream = "blob\nmark :1\ndata 2\nx\n\nblob\nmark :2\ndata 2\ny\n\n"
    for commit in 1...2 {
      stream +=
        "commit refs/heads/main\ncommitter Ada <ada@example.com> 175000000\(commit) +0000\ndata 1\nc\n"
      if commit == 1 {
        for folder in 0..<200 { for file in 0..<100 { stream += "M 100644 :1 d\(folder)/f\(file)\n" } }
      } else {
        stream += "M 100644 :2 d7/f3\nM 100644 :2 d150/f99\nD d1/f1\n"
      }
    }
    try repository.git("fast-import", "--quiet", input: stream)
    let git = try GitRepository(at: repository.path, environment: Environment())
    let (old, new) = try (git.resolve("main~1"), git.resolve("main"))
    let changes = try git.changes(fromCommit: old, toCommit: new)
    #expect(TreeChangeTests.shown(changes) == ["D d1/f1", "M d150/f99", "M d7/f3"])
  }
}
