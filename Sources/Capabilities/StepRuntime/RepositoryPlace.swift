import CIEnvironment
import GitHistory
import StepResults

/// Where a run stands, before its policy is known.
public struct RepositoryPlace: Sendable {
  /// What was handed in.
  public let context: StepContext
  /// Which CI system this is.
  public let ci: CIEnvironment
  /// The root of the work tree; nil outside a repository.
  public let root: String?

  /// The repository of this run.
  public func repository() throws -> GitRepository { try StepSession.repository(context, root) }
}

/// Which version of the policy counts.
public enum PolicySource: Sendable {
  /// The file in the work tree.
  case workTree
  /// The file of a commit that the judged change did not write; of none where there is no such commit.
  case commit(ObjectId?)
}

extension StepSession {
  /// Where this run stands.
  public var place: RepositoryPlace { RepositoryPlace(context: context, ci: ci, root: repositoryRoot) }

  /// The policy's path in the repository; nil where it stands outside.
  public func policyPath() throws -> String? {
    try StepSession.policyPath(common, context, root: repositoryRoot)
  }
}
