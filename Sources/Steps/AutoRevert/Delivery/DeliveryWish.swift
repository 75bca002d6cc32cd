import DeploymentConfig
import GitHistory
import StepResults
import StepRuntime

/// Where a revert is to go: by the command line, else by the policy.
struct DeliveryWish: Sendable {
  /// Whether the branch is pushed, and whether a pull request is opened for it.
  var pushes: Bool, opensPullRequest: Bool
  /// The branch that it is pushed to straight; nil for one of its own.
  var target: String?
  /// The remote's name or address.
  var remote: String

  /// - Throws: `usage` for a name that git does not take, `refused` for a branch that the policy does not name.
  init(_ command: RevertCommand, _ session: StepSession) throws(StepFailure) {
    let policy = session.policy.revert
    target = command.pushTo
    opensPullRequest = target == nil && (command.pullRequest || policy.opensPullRequest)
    pushes = target != nil || opensPullRequest || command.push || policy.pushes
    remote = command.remote ?? policy.remote
    guard let target = command.pushTo else { return }
    guard GitRepository.isBranchName(target) else {
      throw StepFailure(
        .usage, "--push-to \(target): git takes no branch of that name",
        advice: "git check-ref-format says which names it takes")
    }
    if command.pullRequest {
      throw StepFailure(
        .usage, "--push-to \(target) and --pull-request: what stands on \(target) needs no pull request",
        advice: "leave one of them out")
    }
    guard policy.pushTo.contains(where: { PathPattern("/\($0)").matches(target) }) else {
      throw StepFailure(
        .refused,
        "--push-to \(target): the policy does not let a revert be pushed there without a pull request",
        advice: "use --pull-request, or allow it: auto-revert: { push-to: [\(target)] }")
    }
  }
}
