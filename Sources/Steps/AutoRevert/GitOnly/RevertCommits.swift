import DeploymentConfig
import DeploymentRecords
import GitHistory
import Redaction
import StepResults
import StepRuntime
import SystemInterfaces

/// What both ways to a revert branch share: how its commits are worded, which migrations stay, how it is delivered.
struct RevertCommits {
  let command: RevertCommand
  let session: StepSession
  let repository: GitRepository

  /// What tells migrations from other files, and whether they stay.
  /// - Parameter areUndone: whether the database no longer has what they did.
  func migrations(areUndone: Bool = false) -> MigrationFiles {
    let wish = command.migrations ?? session.policy.revert.migrations
    // Without a configuration there is no environment whose database could have them.
    let stay = areUndone ? wish == .keep : wish.map { $0 == .keep } ?? !session.config.isAbsent
    return MigrationFiles(stay: stay, session.policy.gate)
  }

  func message(onto: GitCommit, restorePoint: String?) throws -> RevertMessage {
    var message = RevertMessage()
    message.style = try RevertMessage.style(repository, at: onto)
    // It is pushed, and cannot be taken back from there.
    message.reason = command.reason.map { session.redactor.redact($0) }
    message.trailers = [("Backstop-Environment", session.environment)]
    if let restorePoint { message.trailers.append(("Backstop-Restore-Point", restorePoint)) }
    message.trailers.append(("Backstop-Record", "\(session.records.run)/\(RevertPart.step.rawValue).json"))
    return message
  }

  /// The title of the pull request.
  func title(_ plan: GitRevertPlan, _ message: RevertMessage) -> String {
    if plan.steps.count == 1, let only = plan.steps.first {
      return String(message.text(of: only.message).prefix { !$0.isNewline })
    }
    let what = "\(plan.steps.count) commits of \(session.environment)"
    return message.style == .conventional ? "revert: \(what)" : "Revert \(what)"
  }

  /// Leaves the text of the pull request beside the record, and brings the branch to where it is wanted.
  func deliver(
    _ branch: GitRevertBranch, _ plan: GitRevertPlan, tip: ObjectId, _ wish: DeliveryWish,
    _ message: RevertMessage, _ text: PullRequestText
  ) async throws -> (text: String, delivered: RevertDelivery.Result) {
    var text = text
    text.schema.add(plan, try await MigrationStates(plan, session, repository))
    let markdown = session.redactor.redact(text.markdown)
    let path = "\(session.records.root)/revert-pull-request.md"
    try session.context.files.createFolder(session.records.root, mode: 0o700)
    try session.context.files.writeAtomically(Array(markdown.utf8), to: path, mode: 0o600)
    let delivery = RevertDelivery(
      session: session, wish: wish, branch: branch, plan: plan, tip: tip, onto: command.onto,
      title: session.redactor.redact(title(plan, message)), text: markdown)
    return (path, try await delivery.deliver())
  }
}
