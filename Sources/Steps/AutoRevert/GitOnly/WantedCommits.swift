import DeploymentEvidence
import DeploymentLedger
import DeploymentRecords
import GitHistory
import StepResults
import StepRuntime
import SystemInterfaces

/// Which commits `--git-only` takes back: those of `--revert`, else those since `--to`, else those between the last good commit
/// and the deployed one, as the ledger knows them.
struct WantedCommits {
  /// Newest first, or as several were named.
  var commits: [GitCommit]
  /// The parent that merges go back to, where the command line names none.
  var mainline: Int?
  /// The folders that are reverted; empty means all.
  var folders: [String] = []
  /// Where the range comes from, for people.
  var source: String?

  /// - Parameter onto: what the revert stands on.
  static func find(
    _ command: RevertCommand, _ session: StepSession, _ repository: GitRepository, onto: GitCommit
  ) throws -> WantedCommits {
    if let first = command.revert.first {
      if let to = command.to {
        throw StepFailure(
          .usage, "--revert \(first) and --to \(to): both say what is taken back",
          advice: "leave one of them out")
      }
      let all = try command.revert.flatMap { try commits(repository, $0) }
      var seen: Set<ObjectId> = []
      if let twice = all.first(where: { !seen.insert($0.id).inserted }) {
        throw StepFailure(
          .usage,
          "--revert \(command.revert.joined(separator: " --revert ")): \(twice.id.short) is named twice",
          advice: "name each commit once; A..B holds B and not A")
      }
      return WantedCommits(commits: all, mainline: nil)
    }
    if let to = command.to {
      let target = try target(to, session, repository)
      return try range(
        from: target, to: onto.id, repository, session, "\(to) is \(target.short)")
    }
    guard let known = try LedgerRange.find(session) else {
      throw StepFailure(
        .usage,
        "--git-only needs --revert (a commit, or a range A..B) or --to (a commit, or a restore point): the ledger of "
          + "\(session.environment) knows no deployed commit with a good one before it",
        advice: "for the last commit: --git-only --revert HEAD; --push-ledger fetches the ledger")
    }
    return try range(
      from: repository.resolve(known.good), to: repository.resolve(known.deployed), repository, session,
      "the ledger says that \(known.deployed.prefix(10)) is deployed, and \(known.good.prefix(10)) was the last good one"
    )
  }

  /// The commit that `--to` names: a revision, or what a restore point holds.
  private static func target(
    _ name: String, _ session: StepSession, _ repository: GitRepository
  ) throws -> ObjectId {
    if let commit = try? session.restorePoints.read(name).commit { return try repository.resolve(commit) }
    if name == "latest", let id = try session.restorePoints.latestId(),
      let commit = try session.restorePoints.read(id).commit
    {
      return try repository.resolve(commit)
    }
    return try repository.resolve(name)
  }

  /// Along first parents: a merge is taken back as one.
  private static func range(
    from: ObjectId, to: ObjectId, _ repository: GitRepository, _ session: StepSession, _ source: String
  ) throws -> WantedCommits {
    var found: [GitCommit] = []
    var next = to
    while next != from {
      let commit = try repository.commit(next)
      guard found.count < 1000, let parent = commit.parents.first else {
        throw StepFailure(
          .data, "\(source): \(from.short) is no first-parent ancestor of \(to.short)",
          advice: "name the range with --revert A..B")
      }
      guard repository.has(parent) else {
        throw StepFailure(
          .unavailable,
          "\(source): this clone ends before \(from.short), \(found.count + 1) commits below \(to.short)",
          advice: "fetch more history: fetch-depth: 0 in the checkout step, or git fetch --unshallow")
      }
      found.append(commit)
      next = parent
    }
    guard !found.isEmpty else {
      throw StepFailure(
        .data, "\(source): there is no commit to take back", advice: "name what is to go with --revert")
    }
    var wanted = WantedCommits(
      commits: found, mainline: found.contains(where: \.isMerge) ? 1 : nil, source: source)
    // In a repository of several applications the others' changes stay.
    if !session.applicationFolder.isEmpty { wanted.folders = [session.applicationFolder] }
    return wanted
  }

  /// The commits of `REV` or `A..B`, newest first.
  private static func commits(_ repository: GitRepository, _ revert: String) throws -> [GitCommit] {
    guard let dots = revert.firstRange(of: "..") else {
      return [try repository.commit(repository.resolve(revert))]
    }
    let (from, to) = (String(revert[..<dots.lowerBound]), String(revert[dots.upperBound...]))
    guard !to.hasPrefix(".") else {
      throw StepFailure(.usage, "--revert \(revert): expected a commit or a range A..B")
    }
    let commits = try repository.commits(
      from: repository.resolve(from.isEmpty ? "HEAD" : from),
      to: repository.resolve(to.isEmpty ? "HEAD" : to))
    guard !commits.isEmpty else {
      throw StepFailure(
        .data, "--revert \(revert): the range holds no commit",
        advice: "the older revision comes first: A..B is what B has and A has not")
    }
    return commits
  }
}

/// What the ledger knows of the deployed commit and of the last good one before it.
struct LedgerRange: Hashable {
  var good: String
  var deployed: String

  static func find(_ session: StepSession) throws -> LedgerRange? {
    guard let ledger = try session.ledger() else { return nil }
    return judge(try ledger.entries { $0.kind == .record }.map(\.entry))
  }

  /// - Parameter entries: newest first.
  static func judge(_ entries: [LedgerEntry]) -> LedgerRange? {
    let checks = entries.filter { entry in
      guard case .checked = entry.evidence?.statement else { return false }
      return [.smokeTest, .watch30m].contains(entry.step) && entry.commit != nil
    }
    // After a rollback the restored commit is live, and there is nothing to take back.
    guard let newest = checks.first, let deployed = newest.commit else { return nil }
    let restore = entries.first { entry in
      guard case .reverted(let reverted) = entry.evidence?.statement else { return false }
      return reverted.changed
    }
    if let restore, restore.finishedAt > newest.finishedAt { return nil }
    var judged: Set<String> = [deployed]
    for entry in checks {
      // The last word on each commit counts.
      guard let commit = entry.commit, judged.insert(commit).inserted else { continue }
      if entry.verdict == .go { return LedgerRange(good: commit, deployed: deployed) }
    }
    return nil
  }
}
