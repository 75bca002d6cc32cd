import DeploymentRecords
import GitHistory
import Redaction
import StepResults
import SystemInterfaces

/// Keeps the trails of this clone and of a remote together. Entries are never lost: where another run was first, this
/// clone's own are put behind its.
public struct LedgerSync {
  private let ledger: Ledger
  private let remote: LedgerRemote
  private let exchange: LedgerExchange
  private let clock: any WallClock
  private let random: Randomness
  private let notice: (Notice, String) -> Void
  /// What is told of a remote or of what is kept of it.
  public enum Notice: String, Sendable { case damaged = "ledger-damaged", rewritten = "ledger-rewritten" }
  /// How often a push is tried again where others push at the same time.
  static let attempts = 12

  /// The trail of `ledger` and `remote`.
  /// - Parameter notice: told of what a person should know of the remote.
  public init(
    _ ledger: Ledger, _ remote: LedgerRemote, files: any FileSystem, clock: any WallClock, random: Randomness,
    notice: @escaping (Notice, String) -> Void = { _, _ in }
  ) {
    self.notice = notice
    self.ledger = ledger
    self.remote = remote
    self.clock = clock
    self.random = random
    exchange = LedgerExchange(beside: ledger.repository, files: files)
  }

  // MARK: - Fetching

  /// Fetches all trails of the remote and takes what is new into this clone's.
  public func fetch() async throws {
    try await retrying { try await fetchOnce() }
  }

  /// Fetches, and makes the exchange anew where what it holds cannot be read.
  private func fetchOnce() async throws {
    do {
      try await fetchSound()
    } catch let error as GitError where LedgerExchange.isDamage(error) || !exchange.isSound {
      notice(
        .damaged, "the packs in \(exchange.folder) are damaged and are fetched anew (\(error.message))")
      let packs = try exchange.remove()
      try await fetchSound(replacing: packs)
    }
  }

  /// - Parameter packs: names of packs that were damaged where they came from.
  private func fetchSound(replacing packs: [String] = []) async throws {
    try await exchange.fetch(remote)
    let fetched = try exchange.open()
    if !packs.isEmpty {
      try exchange.share(with: ledger.repository, replacing: packs)
    }
    let names = fetched.references(matching: "refs/fetched/*").map {
      String($0.dropFirst("refs/fetched/".count))
    }
    let tips = names.compactMap { name in
      fetched.reference(LedgerExchange.fetchedReference(name)).map { (name, $0) }
    }
    if tips.contains(where: { !ledger.repository.has($0.1) }) {
      try exchange.share(with: ledger.repository)
    }
    try compare(tips)
    for (name, tip) in tips {
      try Ledger(name, in: ledger.repository, clock: clock).merge(tip)
    }
  }

  /// Says where the remote no longer has what this clone has seen there: entries only ever come to a trail. They are not lost
  /// here, and the next push puts them back.
  private func compare(_ tips: [(String, ObjectId)]) throws {
    let clone = ledger.repository
    let names = clone.references(matching: "\(seen)*").map { String($0.dropFirst(seen.count)) }
    for name in names {
      guard let before = clone.reference(seen + name), clone.has(before) else { continue }
      let now = tips.first { $0.0 == name }?.1
      if let now, try clone.isAncestor(before, of: now) { continue }
      try tell(name, saw: before, has: now)
      if now == nil { try clone.removeReference(seen + name) }
    }
    for (name, tip) in tips { try clone.setReference(seen + name, to: tip) }
  }

  private func tell(_ name: String, saw before: ObjectId, has now: ObjectId?) throws {
    let clone = ledger.repository
    let reference = Ledger.reference(of: name)
    guard let now else {
      return notice(
        .rewritten,
        "\(remote.name) no longer has \(reference), which this clone saw at \(before.short): somebody took it away; what this "
          + "clone has is pushed again")
    }
    guard clone.has(now), try !clone.isAncestor(before, of: now) else { return }
    let what =
      try clone.isAncestor(now, of: before)
      ? "was shortened to \(now.short)" : "was rewritten and ends at \(now.short)"
    notice(
      .rewritten,
      "\(reference) of \(remote.name) \(what), and this clone saw it at \(before.short): entries were taken out; this clone "
        + "keeps them and puts them behind what is there")
  }

  /// What this clone has seen at this remote, by trail.
  private var seen: String {
    // Without what an address may say to log in.
    let address = remote.name.split(separator: "@").last ?? ""
    let place = "\(address.suffix(150)) \(remote.namespace)".map { character in
      character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
    }
    return "refs/backstop-seen/\(String(place))/"
  }

  // MARK: - Pushing

  /// Pushes this clone's trail; where somebody else was first, fetches, and tries again.
  public func push() async throws {
    try await retrying {
      do {
        try await pushOnce()
      } catch let error as GitError where error.kind == .notFastForward {
        try await fetchOnce()
        throw error
      }
    }
  }

  /// One push of the trail.
  /// - Throws: kind `notFastForward` where somebody else was first.
  private func pushOnce() async throws {
    do {
      try await pushSound()
    } catch let error as GitError where LedgerExchange.isDamage(error) || !exchange.isSound {
      notice(
        .damaged, "what \(exchange.folder) holds is damaged and is made anew (\(error.message))")
      let packs = try exchange.remove()
      try await fetchSound(replacing: packs)
      try await pushSound()
    }
  }

  private func pushSound() async throws {
    guard let tip = ledger.tip else { return }
    let sender = try exchange.open()
    let known = sender.reference(LedgerExchange.fetchedReference(ledger.name))
    if known == tip { return }
    try ledger.copyEntries(from: known, to: tip, into: sender)
    try sender.setReference(ledger.reference, to: tip)
    do {
      let before = try await exchange.push(ledger.name, remote)
      // A push tells what the remote had without asking for it.
      if let known, before != known { try tell(ledger.name, saw: known, has: before) }
    } catch let error as GitError where error.kind == .unreachable {
      guard try await hasArrived(tip) else { throw error }
    }
    try sender.setReference(LedgerExchange.fetchedReference(ledger.name), to: tip)
    try ledger.repository.setReference(seen + ledger.name, to: tip)
  }

  /// Whether the remote has taken the commit `id` although the answer to the push was lost.
  private func hasArrived(_ id: ObjectId) async throws -> Bool {
    do {
      try await exchange.fetch(remote)
    } catch is GitError { return false }
    return try exchange.open().reference(LedgerExchange.fetchedReference(ledger.name)) == id
  }

  private func retrying(_ body: () async throws -> Void) async throws {
    var attempt = 1
    while true {
      do {
        return try await body()
      } catch let error as GitError
        where [.notFastForward, .referenceExists].contains(error.kind) && attempt < LedgerSync.attempts
      {
        attempt += 1
        try await clock.sleep(for: .milliseconds(Int64(random.double(in: 10...Double(40 * attempt)))))
      }
    }
  }

  // MARK: - The lock

  /// What came of the wish to lock the environment.
  public enum Locking: Hashable, Sendable {
    /// It is locked; the lock that was there before, where one was taken over.
    case taken(from: LedgerLock?)
    /// Somebody else holds it.
    case held(LedgerLock)
  }

  /// Locks the environment for all who use the remote.
  /// - Parameters:
  ///   - lock: as it is to stand there.
  ///   - own: the ids of locks that were taken on this machine last.
  ///   - takeOver: the run from which it is to be taken.
  public func take(_ lock: LedgerLock, own: Set<String>, takeOver: String?) async throws -> Locking {
    var answer: Locking?
    try await retrying {
      try await fetchOnce()
      let before = ledger.tip
      let present = try ledger.lock()
      guard LedgerLock.standing(present, own: own, takeOver: takeOver, now: lock.since) != .held else {
        answer = present.map { .held($0) }
        return
      }
      var lock = lock
      lock.takenOverFrom = present?.run
      var entry = LedgerEntry(
        .lock, step: lock.step, environment: ledger.environment, run: lock.run, startedAt: lock.since,
        finishedAt: lock.since)
      entry.lock = lock
      let id = try ledger.commit(entry, on: before)
      try ledger.move(from: before, to: id, reason: entry.headline)
      do {
        try await pushOnce()
        answer = .taken(from: present)
      } catch {
        // A lock that nobody else has seen locks nothing.
        try ledger.takeBack(id, to: before)
        throw error
      }
    }
    guard let answer else {
      throw GitError(.notFastForward, call: "take", "the lock of \(ledger.environment) was not taken")
    }
    return answer
  }
}

extension Ledger {
  /// Takes the trail that ends at `other` into this one: what is there alone comes first, what is here alone behind it.
  func merge(_ other: ObjectId) throws {
    guard let own = tip else { return try move(from: nil, to: other, reason: "fetched") }
    guard own != other else { return }
    let base = try repository.mergeBase(own, other)
    if base == other { return }
    if base == own { return try move(from: own, to: other, reason: "fetched") }
    var end = other
    for line in try lines(after: base, to: own).reversed() where line.entry.kind != .lock {
      // A lock that was not pushed locked nothing, and another run was first.
      end = try commit(line.entry, on: end)
    }
    try move(from: own, to: end, reason: "put behind what was fetched")
  }

  /// The entries after `base`, newest first.
  private func lines(after base: ObjectId?, to end: ObjectId) throws -> [Line] {
    var found: [Line] = []
    try walk(from: end) { line in
      if line.id == base { return false }
      found.append(line)
      return true
    }
    return found
  }

  /// Copies the commits after `known` with their trees into another repository, oldest first: what is there has all
  /// its parents.
  func copyEntries(from known: ObjectId?, to end: ObjectId, into other: GitRepository) throws {
    var missing: [GitCommit] = []
    var next: ObjectId? = end
    while let id = next, id != known, !other.has(id) {
      let commit = try repository.commit(id)
      missing.append(commit)
      next = commit.parents.first
    }
    for commit in missing.reversed() {
      if let lock = try repository.entry(at: Ledger.lockFile, in: commit.tree) {
        try repository.copy(lock.id, to: other)
      }
      try repository.copy(commit.tree, to: other)
      try repository.copy(commit.id, to: other)
    }
  }

  /// Undoes the newest entry, where it is still the newest.
  func takeBack(_ id: ObjectId, to before: ObjectId?) throws {
    if let before {
      try move(from: id, to: before, reason: "taken back")
    } else {
      try repository.removeReference(reference)
    }
  }
}
