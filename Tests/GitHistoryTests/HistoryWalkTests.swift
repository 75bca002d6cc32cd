import GitHistory
import SystemInterfaces
import TestSupport
import Testing

@Suite struct HistoryWalkTests {
  @Test(arguments: 1...5)
  func `merge bases, ranges and ancestry are git's`(seed: UInt64) throws {
    let repository = try TestRepository()
    var history = RandomHistory(seed: 1000 + seed)
    let ids = try history.write(60, into: repository, merges: 40)
    let git = try GitRepository(at: repository.path, environment: Environment())
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<30 {
      let (one, other) = (ids.randomElement(using: &generator)!, ids.randomElement(using: &generator)!)
      let (a, b) = try (git.resolve(one), git.resolve(other))
      let all = try repository.tryGit("merge-base", "--all", one, other).lines
      #expect(try Set(git.mergeBases(a, b).map(\.hex)) == Set(all))
      let first = try git.mergeBase(a, b)?.hex
      #expect(first.map(all.contains) ?? all.isEmpty)
      let range = try repository.git("rev-list", "\(one)..\(other)").split(separator: "\n").map(String.init)
      #expect(try Set(git.commits(from: a, to: b).map(\.id.hex)) == Set(range))
      let isAncestor = try repository.tryGit("merge-base", "--is-ancestor", one, other).status == 0
      #expect(try git.isAncestor(a, of: b) == isAncestor)
    }
  }

  /// Clocks that tie, run back, or are off by hours: what a revert takes back is what git's own would, in its order.
  @Test(arguments: [1, 3, 40, 4000])
  func `ranges are those of git revert under any clocks`(spread: Int) throws {
    var generator = SeededGenerator(seed: UInt64(spread))
    for _ in 0..<6 {
      let repository = try TestRepository()
      var stream = ""
      let count = 24
      for mark in 1...count {
        let seconds = 1_750_000_000 + Int.random(in: 0..<spread, using: &generator)
        stream +=
          "commit refs/heads/c\(mark)\nmark :\(mark)\ncommitter A <a@example.com> \(seconds) +0000\ndata 2\n\(mark % 10)\n\n"
        if mark > 1 {
          let first = Int.random(in: max(1, mark - 4)..<mark, using: &generator)
          stream += "from :\(first)\n"
          let second = Int.random(in: 1..<mark, using: &generator)
          if second != first, Bool.random(using: &generator) { stream += "merge :\(second)\n" }
        }
        stream += "\n"
      }
      try repository.git("fast-import", "--quiet", input: stream)
      let git = try GitRepository(at: repository.path, environment: Environment())
      for _ in 0..<25 {
        let from = "c\(Int.random(in: 1...count, using: &generator))"
        let to = "c\(Int.random(in: 1...count, using: &generator))"
        if from == to { continue }
        // As git's sequencer asks: not sorted before the walk.
        let expected = try repository.git("rev-list", "--no-walk=unsorted", "\(from)..\(to)")
          .split(separator: "\n").map(String.init)
        let found = try git.commits(from: git.resolve(from), to: git.resolve(to)).map(\.id.hex)
        #expect(found == expected, "\(from)..\(to) of spread \(spread)")
      }
    }
  }

  @Test func `A straight history is listed newest first and up to the limit`() throws {
    let repository = try TestRepository()
    var ids: [String] = []
    for number in 1...5 { ids.append(try repository.commit("Commit \(number)\n\nBody.", at: number)) }
    let git = try GitRepository(at: repository.path, environment: Environment())
    let head = try git.resolve("HEAD")
    #expect(try git.commits(from: nil, to: head).map(\.id.hex) == ids.reversed())
    #expect(try git.commits(from: nil, to: head, limit: 2).map(\.summary) == ["Commit 5", "Commit 4"])
    let commit = try git.commit(head)
    #expect(commit.message == "Commit 5\n\nBody.\n")
    #expect(commit.parents.map(\.hex) == [ids[3]])
    #expect(
      commit.author == GitCommit.Signature(name: "Ada", email: "ada@example.com", seconds: 1_750_000_005))
    #expect(commit.tree.hex == (try repository.git("rev-parse", "HEAD^{tree}")))
    #expect(!commit.isMerge)
  }

  @Test func `Unrelated histories have no merge base`() throws {
    let repository = try TestRepository()
    let one = try repository.commit("one")
    try repository.git("checkout", "-q", "--orphan", "other")
    let other = try repository.commit("other", at: 5)
    let git = try GitRepository(at: repository.path, environment: Environment())
    #expect(try git.mergeBase(git.resolve(one), git.resolve(other)) == nil)
  }

  @Test func `Whether a commit was pushed is seen in the remote-tracking branches`() throws {
    let origin = try TestRepository()
    let pushed = try origin.commit("one")
    try origin.commit("two", at: 1)
    let clone = try TestRepository(cloning: origin, options: [])
    let own = try clone.commit("own", at: 2)
    let git = try GitRepository(at: clone.path, environment: Environment())
    #expect(try git.isPushed(git.resolve(pushed)))
    #expect(try git.isPushed(git.resolve("origin/main")))
    #expect(try !git.isPushed(git.resolve(own)))
    #expect(git.defaultBranch() == "origin/main")
    #expect(git.headBranch() == "main")
  }
}
