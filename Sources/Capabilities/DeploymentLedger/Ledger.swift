import DeploymentRecords
import GitHistory
import JSONValues
import SystemInterfaces

/// The trail of one environment: `refs/backstop/<environment>`, one commit an entry, parent to parent.
///
/// The entry stands in the commit's message, so that `git log` shows it, one object is written for one, and the newest
/// is read by one look-up however long the trail is. The tree holds `lock.json` while the environment is locked, else
/// nothing: an entry that does not touch the lock has its parent's tree.
public struct Ledger {
  /// The environment, with the application's folder before it where that is not the repository's root: `shop/prod`.
  public let name: String
  /// The environment.
  public var environment: String { name.split(separator: "/").last.map(String.init) ?? name }
  /// The full name of the reference.
  public var reference: String { Ledger.reference(of: name) }
  let repository: GitRepository
  private let clock: any WallClock
  static let lockFile = "lock.json"
  /// How often an append is tried again where other processes of this machine append at the same time.
  static let attempts = 50

  /// The trail `name` in `repository`.
  public init(_ name: String, in repository: GitRepository, clock: any WallClock) {
    self.name = name
    self.repository = repository
    self.clock = clock
  }

  /// The reference of a trail.
  public static func reference(of name: String) -> String { "refs/backstop/\(name)" }

  /// The newest commit; nil where there is none.
  public var tip: ObjectId? { repository.reference(reference) }

  // MARK: - Reading

  /// An entry with the commit that holds it.
  public struct Line: Hashable, Sendable {
    /// The commit.
    public var id: ObjectId
    /// What it tells.
    public var entry: LedgerEntry
  }

  /// The newest entry; nil where there is none.
  public func newest() throws -> Line? {
    var found: Line?
    try walk { line in
      found = line
      return false
    }
    return found
  }

  /// A commit under the reference that holds no entry.
  public struct Foreign: Hashable, Sendable {
    /// The commit.
    public var id: ObjectId
    /// Why it is none.
    public var reason: String
  }

  /// Goes back from the newest entry until `body` says false. What others have put under the reference is passed over.
  /// - Parameters:
  ///   - start: another commit to begin at.
  ///   - foreign: told of each commit that is passed over.
  public func walk(
    from start: ObjectId? = nil, passingOver foreign: (Foreign) -> Void = { _ in },
    _ body: (Line) throws -> Bool
  ) throws {
    var next = start ?? tip
    while let id = next {
      let commit = try repository.commit(id)
      next = commit.parents.first
      let entry: LedgerEntry
      do {
        entry = try LedgerEntry(message: commit.message)
      } catch let error as LedgerFormatError {
        foreign(Foreign(id: id, reason: error.description))
        continue
      }
      guard try body(Line(id: id, entry: entry)) else { return }
    }
  }

  /// The newest `limit` entries that `isWanted` accepts, newest first; all of them where `limit` is nil.
  public func entries(
    limit: Int? = nil, where isWanted: (LedgerEntry) -> Bool = { _ in true }
  ) throws -> [Line] {
    try survey(limit: limit, where: isWanted).lines
  }

  /// As `entries`, and the commits that were passed over on the way.
  public func survey(
    limit: Int? = nil, where isWanted: (LedgerEntry) -> Bool = { _ in true }
  ) throws -> (lines: [Line], foreign: [Foreign]) {
    var found: [Line] = []
    var foreign: [Foreign] = []
    if limit == 0 { return ([], []) }
    try walk(passingOver: { foreign.append($0) }) { line in
      if isWanted(line.entry) { found.append(line) }
      return found.count < limit ?? .max
    }
    return (found, foreign)
  }

  /// Who holds the environment; nil where nobody does.
  public func lock() throws -> LedgerLock? {
    guard let tip else { return nil }
    return try lock(inTree: repository.commit(tip).tree)
  }

  func lock(inTree tree: ObjectId) throws -> LedgerLock? {
    guard tree != GitRepository.emptyTree,
      let file = try repository.entry(at: Ledger.lockFile, inTree: tree)
    else { return nil }
    do {
      return try LedgerLock(json: JSONValue(parsing: try repository.blob(file.id)))
    } catch let error as LedgerFormatError {
      throw RecordError(path: "\(reference), \(Ledger.lockFile)", reason: error.description)
    } catch let error as JSONSyntaxError {
      throw RecordError(path: "\(reference), \(Ledger.lockFile)", reason: error.description)
    }
  }

  // MARK: - Writing

  /// Adds an entry behind the newest one, whoever else adds at the same time.
  @discardableResult
  public func append(_ entry: LedgerEntry) async throws -> ObjectId {
    var attempt = 1
    while true {
      let old = tip
      let id = try commit(entry, on: old)
      do {
        try move(from: old, to: id, reason: entry.headline)
        return id
      } catch let error as GitError where error.kind == .referenceExists && attempt < Ledger.attempts {
        attempt += 1
        try await clock.sleep(for: .milliseconds(2))
      }
    }
  }

  /// Writes the commit of an entry that no reference names yet.
  func commit(_ entry: LedgerEntry, on parent: ObjectId?) throws -> ObjectId {
    let tree = try tree(after: entry, on: parent)
    let who = signature(entry.finishedAt)
    return try repository.createCommit(
      tree: tree, parents: parent.map { [$0] } ?? [], author: who, committer: who, message: entry.message)
  }

  /// What is locked after an entry.
  private func tree(after entry: LedgerEntry, on parent: ObjectId?) throws -> ObjectId {
    if let lock = entry.lock {
      let text = lock.json.serialized(pretty: true) + "\n"
      return try repository.writeTree([Ledger.lockFile: repository.writeBlob(Array(text.utf8))])
    }
    guard let parent else { return try repository.writeTree([:]) }
    let tree = try repository.commit(parent).tree
    if let releases = entry.releases, try lock(inTree: tree)?.id == releases {
      return try repository.writeTree([:])
    }
    return tree
  }

  /// Sets the reference, which must still stand where it was.
  func move(from old: ObjectId?, to new: ObjectId, reason: String) throws {
    try repository.updateReference(reference, to: new, expected: old, reason: "backstop: \(reason)")
  }

  /// Who git says commits here; a runner without an identity writes its entries all the same.
  private func signature(_ time: Timestamp) -> GitCommit.Signature {
    let seconds = Int64(time.seconds)
    return (try? repository.identity("COMMITTER", seconds: seconds))
      ?? GitCommit.Signature(name: "backstop", email: "backstop@localhost", seconds: seconds)
  }
}
