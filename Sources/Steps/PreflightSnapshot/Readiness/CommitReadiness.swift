import CIEnvironment
import GitHistory
import StepResults
import StepRuntime

/// Whether what is about to be deployed is a commit that others can have: only that can be reverted, and found again.
enum CommitReadiness {
  /// What git says.
  struct Facts: Hashable, Sendable {
    /// The commit that is about to be deployed.
    var commit: String
    /// Files of commits that differ in the work tree; none where another commit than `HEAD` is meant.
    var changedPaths: [String] = []
    /// Whether a remote's branch holds the commit; nil where there is no remote, or the CI system fetched it from one.
    var isPushed: Bool?
  }

  /// Asks git; nil outside a repository and before the first commit.
  static func facts(_ session: StepSession) throws -> Facts? {
    guard session.repositoryRoot != nil, let commit = try session.commitId(), let id = ObjectId(hex: commit)
    else {
      return nil
    }
    let repository = try session.repository()
    var facts = Facts(commit: commit)
    if try repository.headCommit()?.hex == commit {
      facts.changedPaths = try repository.changedPaths(includesUntracked: false)
    }
    // A CI system got the commit from a remote, and often keeps no branch of that remote.
    let hasBranches = !repository.references(matching: "refs/remotes/*").isEmpty
    if session.ci.provider == .none, !repository.remoteNames.isEmpty, hasBranches, repository.has(id) {
      facts.isPushed = try repository.isPushed(id)
    }
    return facts
  }

  /// - Parameter stops: whether these stop rather than warn.
  static func findings(_ facts: Facts, stops: Bool) -> [Finding] {
    var findings: [Finding] = []
    let severity: Severity = stops ? .error : .warning
    if !facts.changedPaths.isEmpty {
      let shown = facts.changedPaths.prefix(5).joined(separator: ", ")
      let more = facts.changedPaths.count > 5 ? " and \(facts.changedPaths.count - 5) more" : ""
      findings.append(
        Finding(
          "commit-dirty", severity,
          "the work tree differs from \(facts.commit.prefix(12)) in \(shown)\(more): what is deployed would be in no "
            + "commit", subject: "work tree"))
    }
    if facts.isPushed == false {
      findings.append(
        Finding(
          "commit-unpushed", severity,
          "\(facts.commit.prefix(12)) is on no branch of a remote, as far as this clone knows: push it first",
          subject: "commit"))
    }
    return findings
  }
}
