import GitHistory
import StepResults

/// What reverting in git reports.
enum GitOnlyFindings {
  static let conflict = "revert-conflict"
  static let alreadyDone = "revert-already-done"
  static let branchExists = "revert-branch-exists"
  static let notInHistory = "revert-not-in-history"
  static let ofMerge = "revert-of-merge"
  static let migrationsKept = "revert-migrations-kept"
  static let migrationsGone = "revert-migrations-gone"
  static let conflictsOnBranch = "revert-conflicts-on-branch"
  static let notPushed = "revert-not-pushed"
  static let pushed = "revert-pushed"

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
    FindingDescription(
      migrationsKept,
      "The revert leaves migrations of the reverted commits where they are, since what they did to the database stays.",
      remedy:
        "Write a new migration that takes them back, or revert their files as well with --migrations revert where they were never applied."
    ),
    FindingDescription(
      migrationsGone, "The revert takes migrations away with their commits.",
      remedy: "Where they were applied, keep their files with --migrations keep."),
    FindingDescription(
      conflictsOnBranch,
      "A branch holds the revert as far as it goes, with both sides of each conflict marked.",
      remedy: "Check it out, resolve the marked places, and merge it."),
    FindingDescription(
      notPushed, "The branch with the revert did not reach the remote, or its pull request was not opened.",
      remedy: "Type the commands that the message names."),
    FindingDescription(
      pushed, "The branch with the revert is at the remote.", remedy: "Review and merge it."),
  ]

  static func migrations(kept: [String], gone: [String], nothingElse: Bool) -> [Finding] {
    func list(_ paths: [String]) -> String {
      paths.prefix(8).joined(separator: ", ") + (paths.count > 8 ? " and \(paths.count - 8) more" : "")
    }
    var findings: [Finding] = []
    if !kept.isEmpty {
      findings.append(
        nothingElse
          ? Finding(
            migrationsKept, .error,
            "the commits hold nothing but migrations, and these stay: \(list(kept)). Write a migration that takes them back, "
              + "or say --migrations revert where they were never applied.", path: kept[0],
            subject: list(kept))
          : Finding(
            migrationsKept, .warning,
            "the revert keeps migrations, since what they did to the database stays until it is undone there: \(list(kept))",
            path: kept[0], subject: list(kept)))
    }
    if !gone.isEmpty {
      findings.append(
        Finding(
          migrationsGone, .warning,
          "the revert takes migrations away: \(list(gone)). Where they were applied, the database is ahead of the code: "
            + "--migrations keep keeps their files", path: gone[0], subject: list(gone)))
    }
    return findings
  }

  static func refused(_ commit: GitCommit, _ conflicts: [RevertConflict]) -> [Finding] {
    conflicts.map {
      Finding(
        conflict, .error, "\(commit.id.short) (\(commit.summary)) cannot be reverted: \($0.explanation)",
        path: $0.path, subject: "\(commit.id) \($0.kind.rawValue)")
    }
  }
}
