import DeploymentConfig
import DeploymentEvidence
import DeploymentRecords
import StepResults
import StepRuntime
import SystemInterfaces

/// What is on record of the deployment that is live: a bad version must never become the good one.
struct KnownDeployment: Sendable {
  let history: DeploymentHistory
  /// Which commit is live, and what lies between it and the one about to be deployed.
  let range: CommitRange.Found
  /// What speaks against recording it, and what nobody knows.
  private(set) var findings: [Finding]

  /// - Parameters:
  ///   - live: what is live; nil where no stack is there that somebody named.
  ///   - named: the commit of `--deployed-commit`.
  init(_ session: StepSession, live: Deployment?, named: String?) throws {
    let evidence = try session.evidence()
    history = try session.history(of: evidence)
    range = try CommitRange.find(
      session, named: named, recorded: live.flatMap { [history] in history.commit(of: $0) })
    findings = range.findings
    if let live { findings += history.standingStops(about: live).map { KnownDeployment.finding($0, live) } }
    findings += KnownDeployment.unnamed(evidence, session.application)
    findings += session.config.stacks.filter { stack in
      !session.confirmedStacks.contains { $0.name == stack.name }
    }.map { KnownDeployment.derived($0.name) }
  }

  static func finding(_ stop: Evidence, _ live: Deployment) -> Finding {
    let about =
      stop.deployment == live
      ? "about the deployment that is live" : "about a deployment of which a part is live still"
    return Finding(
      "unrestored-stop", .error,
      "\(stop.step.rawValue) said stop at \(stop.finishedAt) \(about), and neither a rollback nor a later go of the same "
        + "checks has answered it: this state must not be recorded as good", subject: stop.step.rawValue)
  }

  /// The last word of each step, where it is a stop that does not say about which deployment.
  static func unnamed(_ evidence: [Evidence], _ application: String) -> [Finding] {
    [Step.smokeTest, .watch30m].compactMap { step in
      let said = evidence.filter {
        $0.step == step && ($0.application == nil || $0.application == application)
      }
      guard let last = said.last, last.verdict == .stop, last.deployment == nil, last.statement != .nothing
      else { return nil }
      return Finding(
        "stop-unnamed", .warning,
        "\(step.rawValue) said stop at \(last.finishedAt) without saying about which deployment, as AWS was not asked: "
          + "nothing rests on it; see yourself whether what is live is good", subject: step.rawValue)
    }
  }

  private static func derived(_ name: String) -> Finding {
    Finding(
      "stack-derived", .notice,
      "the name of the stack \(name) is not written anywhere, it follows from the others: it is recorded, and a rollback "
        + "leaves it alone, until DATABASE_STACK=\(name) is in the configuration or confirm-database-stack: true in the "
        + "policy; an empty DATABASE_STACK= says that there is none", subject: name)
  }
}
