import GitHistory
import StepResults

/// What reverting in git reports.
enum GitOnlyFindings {
  static let conflict = "revert-conflict"
  static let alreadyDone = "revert-already-done"
  static let branchExists = "revert-branch-exists"
  static let notInHistory = "revert-not-in-history"
  static let ofMerge = "revert-of-merge"

  static let catalog: [FindingDescription] = [
    FindingDescription(
      conflict, "A commit cannot be reverted with certainty: git would ask, or could choose.",
      remedy: "Run git revert by hand and resolve the named paths."),
    FindingDescription(
      alreadyDone, "Nothing of the commit is left to revert.",
      remedy: "Look at git log: it was reverted before, or later commits replaced all of it."),
    FindingDescription(
      branchExists, "The branch for the revert is there and holds something else.",
      remedy: "Delete it with git branch -D, or name another one with --branch."),
    FindingDescription(
      notInHistory, "The commit to revert is not in the history of what it is reverted from.",
      remedy: "Check --revert and --onto."),
    FindingDescription(
      ofMerge,
      "Git counts the commits of a reverted merge as merged: merging the branch again brings nothing back.",
      remedy: "To bring them back later, revert the revert."),
  ]

  static func refused(_ commit: GitCommit, _ conflicts: [RevertConflict]) -> [Finding] {
    conflicts.map {
      Finding(
        conflict, .error, "\(commit.id.short) (\(commit.summary)) cannot be reverted: \($0.explanation)",
        path: $0.path, subject: "\(commit.id) \($0.kind.rawValue)")
    }
  }
}
