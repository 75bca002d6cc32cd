import GitHistory
import StepResults

/// The commits that take others back, worked out but not written.
struct GitRevertPlan {
  /// One commit to write.
  struct Step {
    /// What it reverts.
    let commit: GitCommit
    /// The tree that it holds.
    let tree: ObjectId
    /// Its message.
    let message: String
    /// The paths that it changes.
    let paths: [String]
  }
  /// What the first of them stands on.
  let onto: GitCommit
  /// In the order in which they are written: the newest commit is reverted first.
  var steps: [Step] = []
  /// Why there are not more.
  var findings: [Finding] = []
  /// The commits asked for, newest first.
  let commits: [GitCommit]
  /// Migrations of these commits: files that stay although their commits go, and files that go.
  var keptMigrations: [String] = [], goneMigrations: [String] = []

  /// Where a person has to go on: after the steps that could be written.
  struct Unresolved {
    let commit: GitCommit
    /// The tree with both sides marked.
    let tree: ObjectId
    let conflicts: [RevertConflict]
    let message: String
  }
  var unresolved: Unresolved?

  /// Whether all of it can be written.
  var isBlocked: Bool { findings.contains { $0.severity == .error } }

  /// Whether there is nothing left to take back.
  var isDone: Bool { steps.isEmpty && !isBlocked }

  /// Works out how `commits` are reverted one after the other on top of `onto`.
  /// - Parameters:
  ///   - migrations: what tells migrations from other files, and whether they stay.
  ///   - below: the folders that are reverted; empty means all.
  init(
    _ repository: GitRepository, reverting commits: [GitCommit], mainline: Int?, onto: GitCommit,
    migrations: MigrationFiles, below folders: [String] = []
  ) throws {
    self.onto = onto
    self.commits = commits
    var tree = onto.tree
    var newest = onto.id
    for commit in commits {
      let parent = commit.isMerge || commits.count == 1 ? mainline : nil
      // Of other applications in the same repository.
      if !folders.isEmpty, try !GitRevertPlan.touches(commit, mainline: parent ?? 1, repository, folders) {
        continue
      }
      let found = try migrations.paths(
        of: commit, mainline: parent ?? 1, in: repository, below: folders)
      var limits = RevertLimits(below: folders)
      if migrations.stay { limits.keeping = found }
      // What stands below one that is there is there as well, and not far below.
      if try repository.isInHistory(commit.id, of: newest) == true {
        newest = commit.id
      } else if try repository.isInHistory(commit.id, of: onto.id) == false {
        findings.append(
          Finding(
            GitOnlyFindings.notInHistory, .warning,
            "\(commit.id.short) (\(commit.summary)) is not in the history of \(onto.id.short)",
            subject: commit.id.hex))
      }
      switch try repository.revert(
        commit, onto: tree, mainline: parent, attributesAt: onto.id, limits: limits)
      {
      case .clean(let next, let paths):
        note(found, stay: migrations.stay)
        steps.append(
          Step(commit: commit, tree: next, message: commit.revertMessage(mainline: parent), paths: paths))
        tree = next
        if commit.isMerge {
          findings.append(
            Finding(
              GitOnlyFindings.ofMerge, .warning,
              "\(commit.id.short) is a merge: to bring its commits back later, revert this revert",
              subject: commit.id.hex))
        }
      case .alreadyReverted where migrations.stay && !found.isEmpty:
        note(found, stay: true)
      case .alreadyReverted:
        findings.append(
          Finding(
            GitOnlyFindings.alreadyDone, .notice,
            "\(commit.id.short) (\(commit.summary)) is already reverted: nothing of it is left in \(onto.id.short)",
            subject: commit.id.hex))
      case .refused(let conflicts):
        findings += GitOnlyFindings.refused(commit, conflicts)
        let marked = try repository.revertMarkingConflicts(
          commit, onto: tree, mainline: parent, attributesAt: onto.id, limits: limits)
        unresolved = Unresolved(
          commit: commit, tree: marked.tree, conflicts: marked.conflicts,
          message: commit.revertMessage(mainline: parent))
        return
      }
    }
    if steps.isEmpty, !isBlocked, keptMigrations.isEmpty, findings.isEmpty, !folders.isEmpty {
      findings.append(
        Finding(
          GitOnlyFindings.alreadyDone, .notice,
          (commits.count == 1
            ? "the commit changes nothing of" : "none of the \(commits.count) commits changes")
            + " \(folders.joined(separator: ", "))",
          subject: onto.id.hex))
    } else if steps.isEmpty, !isBlocked, keptMigrations.isEmpty, commits.count > 1 {
      findings.append(
        Finding(
          GitOnlyFindings.alreadyDone, .notice,
          "all \(commits.count) commits are already reverted: nothing of them is left in \(onto.id.short)",
          subject: onto.id.hex))
    }
    findings += GitOnlyFindings.migrations(
      kept: keptMigrations, gone: goneMigrations, nothingElse: steps.isEmpty)
  }

  private static func touches(
    _ commit: GitCommit, mainline: Int, _ repository: GitRepository, _ folders: [String]
  ) throws(GitError) -> Bool {
    let parent = commit.parents.indices.contains(mainline - 1) ? commit.parents[mainline - 1] : nil
    for folder in folders {
      let before = try parent.map { (id) throws(GitError) in try repository.commit(id).tree }
      let old = try repository.entry(at: folder, in: before)
      if try repository.entry(at: folder, in: commit.tree) != old { return true }
    }
    return false
  }

  private mutating func note(_ paths: Set<String>, stay: Bool) {
    let new = paths.sorted().filter { !(keptMigrations + goneMigrations).contains($0) }
    if stay { keptMigrations += new } else { goneMigrations += new }
  }

  /// The branch that is named after the environment and what is reverted.
  func branchName(_ environment: String) -> String {
    let start = "backstop/revert-\(environment)"
    guard let newest = commits.first, let oldest = commits.last else { return start }
    return newest.id == oldest.id
      ? "\(start)-\(newest.id.short)" : "\(start)-\(oldest.id.short)-\(newest.id.short)"
  }

  /// The plan as lines of the record.
  var entries: [RevertPart.PlanEntry] {
    steps.enumerated().map { index, step in
      RevertPart.PlanEntry(
        order: index + 1, action: "revertCommit", target: step.commit.id.hex,
        reason: "reverts \(step.commit.id.short) (\(step.commit.summary)) in \(step.paths.count) "
          + (step.paths.count == 1 ? "path" : "paths"),
        tree: step.tree.hex)
    }
  }
}
