import GitHistory
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// The branch for a revert that a person has to finish: the reverts that are clean, then a commit with both sides of each
/// conflict marked, whose message lists them.
struct ConflictBranch {
  let made: RevertCommits
  /// The branch that a clean revert would have.
  let name: String

  private var repository: GitRepository { made.repository }

  /// Writes it; one that is there with the same trees is left as it is.
  func write(
    _ plan: GitRevertPlan, _ unresolved: GitRevertPlan.Unresolved, at time: Timestamp
  ) async throws -> (branch: String, tip: ObjectId, finding: Finding) {
    let sides = try unresolved.conflicts.map { try side($0, unresolved, plan) }
    var message = try made.message(onto: plan.onto, restorePoint: nil)
    var whole = plan
    whole.steps.append(
      .init(
        commit: unresolved.commit, tree: unresolved.tree,
        message: unresolved.message + "\nCONFLICTS, to be resolved before this is merged:\n\n"
          + sides.map { "- \($0)" }.joined(separator: "\n") + "\n",
        paths: unresolved.conflicts.map(\.path)))
    message.trailers.append(("Backstop-Unresolved", "\(unresolved.conflicts.count)"))
    let branch = GitRevertBranch(repository: repository, name: "\(name)-conflicts")
    switch try await branch.write(whole, at: time, message, made.session) {
    case .taken(let finding):
      throw StepFailure(
        .refused, finding.message, advice: "git branch -D \(branch.name), or name another one with --branch")
    case .made(let tip), .alreadyThere(let tip):
      let words = sides.joined(separator: "; ")
      return (
        branch.name, tip,
        Finding(
          GitOnlyFindings.conflictsOnBranch, .warning,
          "the branch \(branch.name) (\(tip.short)) holds the revert with both sides marked: \(words). Resolve it: git checkout "
            + "\(branch.name)", subject: branch.name)
      )
    }
  }

  /// A path with both sides: the later commits that changed it, and what the revert wants.
  private func side(
    _ conflict: RevertConflict, _ unresolved: GitRevertPlan.Unresolved, _ plan: GitRevertPlan
  ) throws -> String {
    let later = try laterCommits(conflict.path, after: unresolved.commit, upTo: plan.onto)
    let here =
      later.isEmpty
      ? "as it stands in \(plan.onto.id.short)"
      : "changed by "
        + later.prefix(5).map { "\($0.id.short) (\(OutsideText.line($0.summary)))" }.joined(separator: ", ")
        + (later.count > 5 ? " and \(later.count - 5) more" : "")
    return "\(conflict.path): \(conflict.explanation); one side is \(here), the other what was before "
      + "\(unresolved.commit.id.short) (\(OutsideText.line(unresolved.commit.summary)))"
  }

  /// The commits along first parents that changed a path, as far as is worth looking.
  private func laterCommits(
    _ path: String, after commit: GitCommit, upTo tip: GitCommit
  ) throws -> [GitCommit] {
    var found: [GitCommit] = []
    var next = tip
    var looked = 0
    while next.id != commit.id, looked < 500, let parent = next.parents.first, repository.has(parent) {
      let before = try repository.commit(parent)
      if try repository.entry(at: path, in: before.tree) != repository.entry(at: path, in: next.tree) {
        found.append(next)
      }
      next = before
      looked += 1
    }
    return found
  }
}
