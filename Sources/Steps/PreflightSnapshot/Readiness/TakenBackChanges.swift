import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import GitHistory
import StepResults
import StepRuntime
import SystemInterfaces

/// Whether the commit that is about to be deployed holds a change that a rollback has taken back: then the deployment would bring
/// the fault back that it was taken back for.
///
/// A change is found by its commit, and under another id by its patch id. It is gone where a later commit reverts it, by its
/// message or by its patch, and where nothing of it is left in the tree. Whoever wants it back says `Reapply`: in the title of
/// the commit that brings it, or in that of an empty commit which names it.
struct TakenBackChanges {
  let session: StepSession
  /// How many rollbacks and commits are looked at.
  private static let rollbacks = 10, commits = 2000

  /// One finding for the newest rollback whose change is there.
  func findings() throws -> [Finding] {
    guard let ledger = try session.ledger(), let deploying = try session.commitId(),
      let head = ObjectId(hex: deploying)
    else { return [] }
    let entries = try ledger.entries(limit: TakenBackChanges.rollbacks) { entry in
      entry.kind == .record && entry.step == .autoRevert && entry.facts["undoneCommit"] != nil
        && ["restored", "nothing-to-do", "committed"].contains(entry.facts["outcome"] ?? "")
    }.map(\.entry)
    let repository = try session.repository()
    guard repository.has(head) else { return [] }
    var judged: Set<String> = []
    for entry in entries {
      guard let undone = entry.facts["undoneCommit"], judged.insert(undone).inserted else { continue }
      do {
        let change = try UndoneChange(repository, from: entry.facts["undoneFrom"], to: undone)
        guard let held = try change.held(by: head, repository, limit: TakenBackChanges.commits) else {
          continue
        }
        return [finding(held, head, entry)]
      } catch let error as GitError {
        return [
          Finding(
            "reverted-change-unknown", .warning,
            "whether \(head.short) holds what was taken back at \(entry.finishedAt) (\(undone.prefix(10))) could not be "
              + "looked at: \(error)", subject: undone)
        ]
      }
    }
    return []
  }

  private func finding(_ held: GitCommit, _ head: ObjectId, _ entry: LedgerEntry) -> Finding {
    Finding(
      "reverted-change-deployed", .error,
      "\(head.short) holds \(held.id.short) (\(held.summary)), which auto-revert took back at \(entry.finishedAt): deploying it "
        + "brings the fault back. Merge the revert first, or, once the fault is mended, say so in a commit: git commit "
        + "--allow-empty -m \"Reapply \(held.id.short)\"", subject: held.id.hex)
  }
}

/// The commits that were taken back, and what later commits say of them.
struct UndoneChange {
  /// Newest first.
  private(set) var commits: [GitCommit] = []
  private let from: ObjectId?

  /// Along first parents, as they were taken back.
  init(_ repository: GitRepository, from: String?, to: String) throws(GitError) {
    self.from = from.flatMap { ObjectId(hex: $0) }
    guard var next = ObjectId(hex: to) else { return }
    while next != self.from, commits.count < 200 {
      let commit = try repository.commit(next)
      commits.append(commit)
      guard self.from != nil, let parent = commit.parents.first else { break }
      next = parent
    }
  }

  /// What is known of one of the commits while history is gone through.
  private struct State {
    /// The ids under which the change came.
    var ids: Set<ObjectId>
    /// The commits that took it back.
    var reverts: Set<ObjectId> = []
    var isHeld = false
    /// Whether somebody said that it is meant to come back.
    var isSaid = false
  }

  /// The newest of the commits that `head` holds although nobody said that it may; nil where there is none.
  func held(by head: ObjectId, _ repository: GitRepository, limit: Int) throws -> GitCommit? {
    guard let newest = commits.first else { return nil }
    let history = try repository.commits(from: from, to: head, limit: limit)
    guard !history.isEmpty else { return nil }
    var states = commits.map { State(ids: [$0.id]) }
    let patches = try commits.map { commit in
      (
        paths: try paths(commit, repository), plain: try repository.patchId(of: commit),
        reversed: try repository.patchId(of: commit, reversed: true)
      )
    }
    for later in history.reversed() {
      let words = Statement(later.message)
      let changed = later.isMerge ? nil : try paths(later, repository)
      for index in commits.indices {
        var isSame = later.id == commits[index].id
        var isReverse = !states[index].ids.isDisjoint(with: words.reverted)
        if !isSame, !isReverse, let changed, changed == patches[index].paths, !changed.isEmpty {
          let patch = try repository.patchId(of: later)
          isSame = patch == patches[index].plain
          isReverse = patch == patches[index].reversed
        }
        if isSame {
          states[index].ids.insert(later.id)
          states[index].isHeld = true
          states[index].isSaid = words.saysReapply
        } else if isReverse {
          states[index].reverts.insert(later.id)
          (states[index].isHeld, states[index].isSaid) = (false, false)
        } else if !states[index].reverts.isDisjoint(with: words.reverted)
          || words.reapplies(commits[index], newest)
        {
          (states[index].isHeld, states[index].isSaid) = (true, true)
        }
      }
    }
    for (commit, state) in zip(commits, states) where state.isHeld && !state.isSaid {
      // One commit may take all of them back and name none.
      let tree = try repository.commit(head).tree
      let outcome = try repository.revert(
        commit, onto: tree, mainline: commit.isMerge ? 1 : nil, attributesAt: head)
      if outcome != .alreadyReverted { return commit }
    }
    return nil
  }

  private func paths(_ commit: GitCommit, _ repository: GitRepository) throws -> [String] {
    guard let parent = commit.parents.first else { return [] }
    return try repository.changes(from: repository.commit(parent).tree, to: commit.tree, renames: nil).map(
      \.path)
  }
}

/// What the message of a commit says of others.
struct Statement {
  /// Those that it reverts.
  let reverted: Set<ObjectId>
  /// Whether its title begins with `Reapply`, in the repository's convention or git's.
  let saysReapply: Bool
  private let title: String

  init(_ message: String) {
    title = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    var found: Set<ObjectId> = []
    for start in message.ranges(of: "This reverts commit ") {
      if let id = ObjectId(hex: String(message[start.upperBound...].prefix { $0.isHexDigit })) {
        found.insert(id)
      }
    }
    reverted = found
    let lowered = title.lowercased()
    saysReapply =
      lowered.hasPrefix("reapply") || lowered.hasPrefix("revert: reapply")
      || lowered.hasPrefix("reapply:")
  }

  /// Whether it says that a commit is meant to come back: by its title, or by the beginning of its id or of the newest that was
  /// taken back with it.
  func reapplies(_ commit: GitCommit, _ newest: GitCommit) -> Bool {
    guard saysReapply else { return false }
    if !commit.summary.isEmpty, title.contains(commit.summary) { return true }
    let words: [Substring] = title.split(whereSeparator: { !$0.isHexDigit }).filter { $0.count >= 7 }
    return words.contains { word in
      [commit, newest].contains { $0.id.hex.hasPrefix(word.lowercased()) }
    }
  }
}
