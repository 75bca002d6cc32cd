import DeploymentRecords
import GitHistory
import Redaction
import RollbackPlanning
import StepResults
import StepRuntime

/// The commits that a rollback to a restore point undoes: from the judged one along first parents down to the restored.
struct UndoneRange: Sendable {
  /// The commit that was deployed; nil where that is not known or nothing is undone.
  var judged: ObjectId?
  /// The commit that is live again; nil where `judged` is.
  var restored: ObjectId?
  /// Newest first.
  var gitCommits: [GitCommit] = []
  /// Why the commits are not known, where they should be.
  var unknown: String?

  /// Newest first, as rules and reports see them.
  var commits: [UndoneCommit] {
    gitCommits.map { UndoneCommit(id: $0.id.hex, summary: $0.summary, message: $0.message) }
  }

  /// The range of this run; empty outside a repository, and where the restored commit is not known.
  /// - Parameter deployed: the commit that is live, as far as is known.
  init(_ session: StepSession, restored: String?, deployed: String?) {
    guard let restored, session.repositoryRoot != nil else { return }
    do {
      let repository = try session.repository()
      guard let judged = deployed.flatMap({ ObjectId(hex: $0) }) else { return }
      let target = try repository.resolve(restored)
      var next = judged
      var found: [GitCommit] = []
      while next != target {
        let commit = try repository.commit(next)
        guard found.count < 200, let parent = commit.parents.first else {
          unknown = "\(restored) is not a first-parent ancestor of \(judged.short); revert by hand"
          return
        }
        found.append(commit)
        next = parent
      }
      self.judged = judged
      self.restored = target
      gitCommits = found
    } catch {
      unknown = "\(error)"
    }
  }
}

/// Whether a revert is there already, open or merged: it is never made twice.
struct ExistingRevert {
  private let repository: GitRepository

  init(_ repository: GitRepository) { self.repository = repository }

  /// Where the revert of `commit` is; nil where none is known to this clone.
  /// - Parameter branch: the name that a branch of ours has; nil where one at a remote is gone on with.
  func of(_ commit: GitCommit, branch: String?) throws(GitError) -> String? {
    for name in repository.references(matching: "refs/remotes/*")
    where branch.map({ name.hasSuffix("/\($0)") }) ?? false {
      return "a revert of \(commit.id.short) is open as \(name.dropFirst("refs/remotes/".count)): merge it"
    }
    guard let main = repository.defaultBranch() else { return nil }
    // The revert follows what it reverts, so only what came after is looked through.
    for other in try repository.commits(from: commit.id, to: repository.resolve(main)).prefix(500)
    where other.message.contains("This reverts commit \(commit.id.hex)") {
      return "\(commit.id.short) is reverted on \(main) already, by \(other.id.short): deploy that"
    }
    return nil
  }
}
