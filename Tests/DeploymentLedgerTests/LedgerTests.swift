import DeploymentRecords
import GitHistory
import JSONValues
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import DeploymentLedger

/// The trail in real repositories, looked at by the real git.
@Suite struct LedgerTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.commit("first")
  }

  private func ledger(_ environment: String = "prod") throws -> Ledger {
    try LedgerTests.ledger(environment, repository.path)
  }

  static func ledger(_ environment: String, _ path: String) throws -> Ledger {
    Ledger(environment, in: try GitRepository(at: path, environment: Environment()), clock: ManualClock())
  }

  private func lock(_ id: String, run: String = "run-1") -> LedgerEntry {
    var entry = LedgerEntry(
      .lock, step: .autoRevert, environment: "prod", run: run, startedAt: minute(0), finishedAt: minute(0))
    entry.lock = LedgerLock(
      id: id, run: run, step: .autoRevert, holder: "h", since: minute(0), expiresAt: minute(60))
    return entry
  }

  @Test func `an empty trail`() throws {
    let ledger = try ledger()
    #expect(ledger.tip == nil)
    #expect(try ledger.newest() == nil)
    #expect(try ledger.lock() == nil)
    #expect(try ledger.entries().isEmpty)
  }

  @Test func `one commit an entry, parent to parent, newest first`() async throws {
    let ledger = try ledger()
    let head = try repository.git("rev-parse", "HEAD")
    for count in 1...5 { try await ledger.append(.record(.smokeTest, .go, at: Double(count))) }
    let expected = LedgerEntry.record(.smokeTest, .go, at: 5)
    #expect(try ledger.newest()?.entry == LedgerEntry(message: expected.message))
    #expect(try ledger.newest()?.entry.message == expected.message)
    #expect(try ledger.entries().map(\.entry.finishedAt) == [5, 4, 3, 2, 1].map(minute))
    #expect(try ledger.entries(limit: 2).count == 2)
    #expect(try ledger.entries(limit: 0).isEmpty)
    #expect(try ledger.entries(limit: 1) { $0.finishedAt < minute(3) }.map(\.entry.finishedAt) == [minute(2)])
    #expect(try repository.git("rev-list", "--count", "refs/backstop/prod") == "5")
    #expect(try repository.git("rev-list", "--merges", "refs/backstop/prod") == "")
    #expect(
      try repository.git("log", "-1", "--format=%s", "refs/backstop/prod") == "smoke-test: go aaaaaaaaaa")
    #expect(try repository.git("log", "-1", "--format=%ct", "refs/backstop/prod") == "1760000300")
    // Nothing else of the repository is touched.
    #expect(try repository.git("rev-parse", "HEAD") == head)
    #expect(try repository.git("status", "--porcelain") == "")
    #expect(try repository.git("branch", "--all") == "* main")
    #expect(try repository.tryGit("fsck", "--strict").status == 0)
  }

  @Test func `environments have trails of their own`() async throws {
    try await ledger("staging").append(.record(.smokeTest, .go))
    #expect(try ledger("prod").newest() == nil)
    #expect(try ledger("staging").newest() != nil)
  }

  @Test func `an entry writes one object, and a lock two more`() async throws {
    let ledger = try ledger()
    func objects() throws -> Int {
      try #require(Int(repository.git("count-objects").prefix { $0.isNumber }))
    }
    try await ledger.append(.record(.smokeTest, .go, at: 1))
    let before = try objects()
    try await ledger.append(.record(.smokeTest, .go, at: 2))
    #expect(try objects() == before + 1)
    try await ledger.append(lock("1"))
    #expect(try objects() == before + 4)
  }

  @Test func `a lock stands until it is released by its id`() async throws {
    let ledger = try ledger()
    try await ledger.append(.record(.smokeTest, .go))
    try await ledger.append(lock("1"))
    #expect(try ledger.lock()?.id == "1")
    try await ledger.append(.record(.smokeTest, .go, at: 2))
    #expect(try ledger.lock()?.id == "1")
    var other = LedgerEntry.record(.smokeTest, .go, at: 3)
    other.releases = "2"
    try await ledger.append(other)
    #expect(try ledger.lock()?.id == "1")
    var own = LedgerEntry.record(.autoRevert, .go, at: 4)
    own.releases = "1"
    try await ledger.append(own)
    #expect(try ledger.lock() == nil)
  }

  @Test func `many who write at once lose nothing`() async throws {
    let path = repository.path
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<6 {
        group.addTask {
          let ledger = try LedgerTests.ledger("prod", path)
          for count in 0..<5 {
            try await ledger.append(.record(.smokeTest, .go, run: "run-\(writer)-\(count)"))
          }
        }
      }
      try await group.waitForAll()
    }
    let runs = try ledger().entries().map(\.entry.run)
    #expect(runs.count == 30)
    #expect(Set(runs).count == 30)
  }

  @Test func `a commit that is no entry is passed over, and named`() async throws {
    try await ledger().append(.record(.smokeTest, .go))
    let alien = try repository.git(
      "commit-tree", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "-p", "refs/backstop/prod", "-m", "hello")
    try repository.git("update-ref", "refs/backstop/prod", alien)
    #expect(try ledger().newest()?.entry.step == .smokeTest)
    let (lines, foreign) = try ledger().survey()
    #expect(lines.count == 1 && foreign.map(\.id.hex) == [alien] && foreign.first?.reason.isEmpty == false)
  }

  @Test(arguments: [["--bare"], ["--depth", "1"], ["--depth", "1", "--bare"], ["--filter=blob:none"]])
  func `bare, shallow and partial clones`(options: [String]) async throws {
    try repository.commit("second")
    let clone = try TestRepository(cloning: repository, options: options)
    let ledger = try LedgerTests.ledger("prod", clone.path)
    try await ledger.append(.record(.smokeTest, .go, at: 1))
    try await ledger.append(lock("1"))
    #expect(try ledger.entries().count == 2)
    #expect(try ledger.lock()?.id == "1")
  }

  @Test func `a linked work tree writes to the trail that all share`() async throws {
    let folder = TemporaryFolder()
    try repository.git("worktree", "add", "-q", folder("tree"))
    try await LedgerTests.ledger("prod", folder("tree")).append(.record(.smokeTest, .go))
    #expect(try ledger().newest() != nil)
  }
}
