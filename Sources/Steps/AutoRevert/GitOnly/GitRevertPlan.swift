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

  /// Whether all of it can be written.
  var isBlocked: Bool { findings.contains { $0.severity == .error } }

  /// Works out how `commits` are reverted one after the other on top of `onto`.
  init(
    _ repository: GitRepository, reverting commits: [GitCommit], mainline: Int?, onto: GitCommit
  ) throws {
    self.onto = onto
    self.commits = commits
    var tree = onto.tree
    for commit in commits {
      if try !repository.isAncestor(commit.id, of: onto.id) {
        findings.append(
          Finding(
            GitOnlyFindings.notInHistory, .warning,
            "\(commit.id.short) (\(commit.summary)) is not in the history of \(onto.id.short)",
            subject: commit.id.hex))
      }
      let parent = commit.isMerge || commits.count == 1 ? mainline : nil
      switch try repository.revert(commit, onto: tree, mainline: parent, attributesAt: onto.id) {
      case .clean(let next, let paths):
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
      case .alreadyReverted:
        findings.append(
          Finding(
            GitOnlyFindings.alreadyDone, commits.count == 1 ? .error : .notice,
            "\(commit.id.short) (\(commit.summary)) is already reverted: nothing of it is left in \(onto.id.short)",
            subject: commit.id.hex))
      case .refused(let conflicts):
        findings += GitOnlyFindings.refused(commit, conflicts)
        return
      }
    }
    if steps.isEmpty, !isBlocked {
      findings.append(
        Finding(
          GitOnlyFindings.alreadyDone, .error,
          "all \(commits.count) commits are already reverted: nothing of them is left in \(onto.id.short)",
          subject: onto.id.hex))
    }
  }

  /// The branch that is named after what is reverted.
  var branchName: String {
    guard let newest = commits.first, let oldest = commits.last else { return "backstop/revert" }
    return newest.id == oldest.id
      ? "backstop/revert-\(newest.id.short)" : "backstop/revert-\(oldest.id.short)-\(newest.id.short)"
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
