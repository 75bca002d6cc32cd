import SystemInterfaces

/// Which change a CI run is about, by the variables that each system documents.
public struct CIChange: Hashable, Sendable {
  /// The branch that a pull request wants to go into, without `refs/heads/`.
  public var targetBranch: String?
  /// The commit that the change starts from, where the system tells one.
  public var baseCommit: String?
  /// Whether `HEAD` is a merge that the system made of the target branch and the change, so that its first parent is
  /// the true base.
  public var isMergeRef = false
  /// The commit that the system runs for. A job may check out another one, which then is no merge of the system's.
  public var runCommit: String?
  /// The variable that said so, for messages.
  public var source: String?

  /// Reads what the system of `ci` tells.
  public init(_ environment: Environment, provider: CIProvider) {
    func branch(_ name: String) -> String? {
      environment.nonEmpty(name).map { $0.hasPrefix("refs/heads/") ? String($0.dropFirst(11)) : $0 }
    }
    func commit(_ name: String) -> String? {
      environment.nonEmpty(name).flatMap { $0.allSatisfy { $0 == "0" } ? nil : $0 }
    }
    func take(branch name: String) {
      guard targetBranch == nil, let value = branch(name) else { return }
      targetBranch = value
      source = source ?? name
    }
    func take(commit name: String) {
      guard baseCommit == nil, let value = commit(name) else { return }
      baseCommit = value
      source = source ?? name
    }
    switch provider {
    case .github:
      take(branch: "GITHUB_BASE_REF")
      isMergeRef = environment["GITHUB_REF"]?.hasSuffix("/merge") ?? false
      runCommit = commit("GITHUB_SHA")
    case .gitlab:
      // Merged-result pipelines check out a merge; its first parent is the target.
      isMergeRef = ["merged_result", "merge_train"].contains(environment["CI_MERGE_REQUEST_EVENT_TYPE"] ?? "")
      take(branch: "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
      runCommit = commit("CI_COMMIT_SHA")
      take(commit: "CI_MERGE_REQUEST_DIFF_BASE_SHA")
      // A push to a branch is one step of its change; on the default branch it is the change.
      if let branch = environment.nonEmpty("CI_COMMIT_BRANCH"), branch != environment["CI_DEFAULT_BRANCH"] {
        take(branch: "CI_DEFAULT_BRANCH")
      }
      if targetBranch == nil { take(commit: "CI_COMMIT_BEFORE_SHA") }
    case .buildkite: take(branch: "BUILDKITE_PULL_REQUEST_BASE_BRANCH")
    case .jenkins:
      take(branch: "CHANGE_TARGET")
      if targetBranch == nil { take(commit: "GIT_PREVIOUS_SUCCESSFUL_COMMIT") }
    case .azure:
      take(branch: "SYSTEM_PULLREQUEST_TARGETBRANCH")
      isMergeRef = environment["BUILD_SOURCEBRANCH"]?.hasSuffix("/merge") ?? false
      runCommit = commit("BUILD_SOURCEVERSION")
    case .circleci:
      // CircleCI tells neither by itself; pipelines hand these two in.
      take(branch: "CIRCLE_TARGET_BRANCH")
      take(commit: "CIRCLE_BASE_REVISION")
    case .woodpecker:
      take(branch: "CI_COMMIT_TARGET_BRANCH")
      if targetBranch == nil { take(commit: "CI_PREV_COMMIT_SHA") }
    case .drone:
      if environment["DRONE_BUILD_EVENT"] == "pull_request" { take(branch: "DRONE_TARGET_BRANCH") }
      if targetBranch == nil { take(commit: "DRONE_COMMIT_BEFORE") }
    case .bitbucket:
      take(branch: "BITBUCKET_PR_DESTINATION_BRANCH")
      take(commit: "BITBUCKET_PR_DESTINATION_COMMIT")
    case .codebuild: take(branch: "CODEBUILD_WEBHOOK_BASE_REF")
    case .tekton, .argo, .none: break
    }
  }
}
