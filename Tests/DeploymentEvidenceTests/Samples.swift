import DeploymentEvidence
import StepResults
import SystemInterfaces

/// Minutes after a first moment.
func minute(_ count: Double) -> Timestamp { Timestamp(seconds: 1_760_000_000 + count * 60) }

/// A deployment by the minutes of its stacks' last updates; a negative one was rolled back.
func live(_ api: Double, _ workflow: Double? = nil) -> Deployment {
  func version(_ name: String, _ at: Double) -> StackVersion {
    StackVersion(
      name: name, id: "arn:\(name)", updatedAt: minute(abs(at)),
      status: at < 0 ? "UPDATE_ROLLBACK_COMPLETE" : "UPDATE_COMPLETE")
  }
  return Deployment([version("api", api)] + (workflow.map { [version("workflow", $0)] } ?? []))!
}

/// The answer of checks: `failing` of them did not pass.
func checked(_ ids: String..., failing: Set<String> = []) -> Checked {
  Checked(
    "smoke",
    ids.map {
      .init(id: $0, word: failing.contains($0) ? "fail" : "pass", wasBrokenBefore: false, attempts: 1)
    })!
}

func smoke(
  _ verdict: Verdict, of deployment: Deployment?, at: Double, commit: String? = nil, _ checks: Checked? = nil,
  application: String? = "."
) -> Evidence {
  let fails: Set<String> = verdict == .stop ? ["home"] : []
  return Evidence(
    .smokeTest, verdict, .checked(checks ?? checked("home", failing: fails)), startedAt: minute(at - 0.5),
    finishedAt: minute(at), application: application, deployment: deployment, commit: commit)
}

/// What auto-revert left: `deployment` is live afterwards.
func reverted(
  _ verdict: Verdict, to deployment: Deployment, from undone: Deployment, at: Double, isPartial: Bool = false,
  changed: Bool = true, commit: String? = nil, point: String? = nil
) -> Evidence {
  Evidence(
    .autoRevert, verdict,
    .reverted(
      Reverted(
        changed: changed, isPartial: isPartial, undone: undone, restorePoint: point, restoredCommit: commit,
        health: checked("home", failing: verdict == .stop ? ["home"] : []))),
    startedAt: minute(at - 0.5), finishedAt: minute(at), application: ".", deployment: deployment,
    commit: commit)
}

func nothing(_ step: Step, _ verdict: Verdict, of deployment: Deployment?, at: Double) -> Evidence {
  Evidence(
    step, verdict, .nothing, startedAt: minute(at - 0.5), finishedAt: minute(at), application: ".",
    deployment: deployment)
}

func point(
  _ id: String, of deployment: Deployment, at: Double, application: String? = ".", commit: String? = nil
) -> RecordedDeployment {
  RecordedDeployment(
    id: id, application: application, commit: commit, createdAt: minute(at), deployment: deployment)
}

func history(_ evidence: [Evidence] = [], _ points: [RecordedDeployment] = []) -> DeploymentHistory {
  DeploymentHistory(application: ".", evidence: evidence, points: points)
}
