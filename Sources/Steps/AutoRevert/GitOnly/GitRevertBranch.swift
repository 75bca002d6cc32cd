import GitHistory
import StepResults
import SystemInterfaces

/// The branch that holds revert commits. Nothing is checked out; a branch that is there is never moved.
struct GitRevertBranch {
  let repository: GitRepository
  let name: String

  /// What became of it.
  enum Result {
    /// It was made.
    case made(ObjectId)
    /// It was there with the same commits.
    case alreadyThere(ObjectId)
    /// It is there with others.
    case taken(Finding)
  }

  /// Whether the branch is there, and whether it holds just this plan; nil where it is not there.
  func existing(_ plan: GitRevertPlan) throws -> Result? {
    guard let tip = repository.reference("refs/heads/\(name)") else { return nil }
    var next = tip
    for step in plan.steps.reversed() {
      let commit = try repository.commit(next)
      guard commit.tree == step.tree, commit.parents.count == 1, let parent = commit.parents.first else {
        return .taken(taken(tip, plan))
      }
      next = parent
    }
    return next == plan.onto.id ? .alreadyThere(tip) : .taken(taken(tip, plan))
  }

  private func taken(_ tip: ObjectId, _ plan: GitRevertPlan) -> Finding {
    Finding(
      GitOnlyFindings.branchExists, .error,
      "the branch \(name) is there (\(tip.short)) and is not this revert on top of \(plan.onto.id.short): "
        + "delete it with git branch -D \(name), or name another one with --branch", subject: name)
  }

  /// Writes the commits and then the branch, so that a run that is cut off leaves no half branch.
  func write(_ plan: GitRevertPlan, at time: Timestamp, reason: String?) throws -> Result {
    if let existing = try existing(plan) { return existing }
    let author = try repository.identity("AUTHOR", seconds: Int64(time.seconds))
    let committer = try repository.identity("COMMITTER", seconds: Int64(time.seconds))
    var tip = plan.onto.id
    for step in plan.steps {
      tip = try repository.createCommit(
        tree: step.tree, parents: [tip], author: author, committer: committer,
        message: step.message + (reason.map { "\nReason: \($0)\n" } ?? ""))
    }
    if let failure = creationFailure(at: tip) {
      // Another run was first: what it made is looked at instead.
      if failure.kind == .referenceExists, let existing = try existing(plan) { return existing }
      throw failure
    }
    return .made(tip)
  }

  private func creationFailure(at tip: ObjectId) -> GitError? {
    do {
      try repository.createBranch(name, at: tip, reason: "backstop auto-revert")
      return nil
    } catch {
      return error
    }
  }
}
