import GitHistory
import StepResults
import StepRuntime
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

  /// Whether the branch is there, and whether it holds just this plan; nil where it is not there and can be made.
  func existing(_ plan: GitRevertPlan) throws -> Result? {
    guard let tip = repository.reference("refs/heads/\(name)") else { return inTheWay.map { .taken($0) } }
    return try holds(plan, tip) ? .alreadyThere(tip) : .taken(taken(tip, plan))
  }

  /// Whether `tip` is just this plan on top of what it stands on, whoever wrote it.
  func holds(_ plan: GitRevertPlan, _ tip: ObjectId) throws(GitError) -> Bool {
    var next = tip
    for step in plan.steps.reversed() {
      let commit = try repository.commit(next)
      guard commit.tree == step.tree, commit.parents.count == 1, let parent = commit.parents.first else {
        return false
      }
      next = parent
    }
    return next == plan.onto.id
  }

  /// A branch beside which git holds none of this name: they are files, and one would be the other's folder.
  private var inTheWay: Finding? {
    let parts = name.split(separator: "/")
    let above = (1..<max(1, parts.count)).map { parts.prefix($0).joined(separator: "/") }.first {
      repository.reference("refs/heads/\($0)") != nil
    }
    let below = repository.references(matching: "refs/heads/\(name)/*").first.map {
      String($0.dropFirst("refs/heads/".count))
    }
    guard let other = above ?? below else { return nil }
    return Finding(
      GitOnlyFindings.branchExists, .error,
      "the branch \(name) cannot be made beside \(other), since git keeps branches as files and folders: delete that one with "
        + "git branch -D \(other), or name another one with --branch", subject: name)
  }

  private func taken(_ tip: ObjectId, _ plan: GitRevertPlan) -> Finding {
    Finding(
      GitOnlyFindings.branchExists, .error,
      "the branch \(name) is there (\(tip.short)) and is not this revert on top of \(plan.onto.id.short): "
        + "delete it with git branch -D \(name), or name another one with --branch", subject: name)
  }

  /// Writes the commits and then the branch, so that a run that is cut off leaves no half branch.
  func write(
    _ plan: GitRevertPlan, at time: Timestamp, _ message: RevertMessage, _ session: StepSession
  ) async throws -> Result {
    if let existing = try existing(plan) { return existing }
    let author = try session.gitIdentity("AUTHOR", at: time)
    let committer = try session.gitIdentity("COMMITTER", at: time)
    let signer = CommitSigner(session, repository)
    var tip = plan.onto.id
    for step in plan.steps {
      let text = try repository.commitText(
        tree: step.tree, parents: [tip], author: author, committer: committer,
        message: message.text(of: step.message))
      tip = try repository.createCommit(
        text: text, signature: try await signer.signature(of: text, committer: committer))
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
