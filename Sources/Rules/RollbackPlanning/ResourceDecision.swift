import StepResults

/// Decides for what stacks do not own: secrets' versions, functions' code, settings and aliases, stages, state machines.
///
/// What a stack's template declares is put back by the stack's own restore; its resources are looked at again
/// afterwards, and only what then still differs is set by a call.
struct ResourceDecider {
  let facts: RevertFacts

  /// The action for `resource`, or why it is left.
  func decide(_ resource: ResourceFacts) -> (action: PlannedAction?, findings: [PlanFinding]) {
    guard resource.live != resource.recorded else { return (nil, []) }
    guard let live = resource.live else {
      let maker =
        resource.stack == nil
        ? "No stack owns it: make it again by hand" : "The stack that owns it has to make it again"
      return (nil, [left(resource, "it is not there any more. \(maker).")])
    }
    if let failure = facts.failures[resource.target]?.last {
      return (
        nil,
        [
          PlanFinding(
            .actionFailed, .error, target: resource.target,
            "\(resource.target) could not be put back: \(failure.reason).")
        ]
      )
    }
    switch resource.kind {
    case .secret(let guarded):
      if let why = refusal(guarded) {
        let left = PlanFinding(
          .secretLeft, .warning, target: resource.target,
          "the secret \(resource.target) has another current version (\(live)) than recorded "
            + "(\(resource.recorded)), and is left: \(why).")
        return (nil, [left])
      }
      return (
        action(.restoreSecretStage, resource, "AWSCURRENT is on \(live), recorded was \(resource.recorded)"),
        []
      )
    case .alias(let guarded):
      if !guarded.missingVersions.isEmpty { return republished(resource, live, guarded) }
      return (
        action(.restoreAlias, resource, "points to version \(live), recorded was \(resource.recorded)"), []
      )
    case .stageDeployment:
      return (
        action(.restoreStageDeployment, resource, "serves \(live), recorded was \(resource.recorded)"), []
      )
    case .stateMachine:
      return (action(.restoreStateMachine, resource, "its definition is another than recorded"), [])
    case .setting(let kind, let obstacle):
      if let obstacle {
        return (
          nil,
          [
            PlanFinding(
              .resourceLeft, .error, target: resource.target,
              "\(resource.target) is not put back (\(kind.reason(live, resource.recorded))): \(obstacle).")
          ]
        )
      }
      return (action(kind.action, resource, kind.reason(live, resource.recorded)), [])
    case .functionSettings:
      return (
        action(.restoreFunctionSettings, resource, "runs with \(live), recorded was \(resource.recorded)"), []
      )
    case .functionCode(let code):
      guard let source = code.source else {
        return (
          nil,
          [
            PlanFinding(
              .resourceLeft, .error, target: resource.target,
              "the code of \(resource.target) (\(live)) is not the recorded one (\(resource.recorded)), the stack's "
                + "template does not bring it back, and the restore point does not keep it. Publish the recorded "
                + "commit's code again.")
          ]
        )
      }
      return (
        action(
          .restoreFunctionCode, resource,
          "its code is \(live), recorded was \(resource.recorded); it is taken from \(source)"), []
      )
    }
  }

  /// An alias whose recorded version has been deleted: the same code under another number, where that can be proved.
  private func republished(
    _ resource: ResourceFacts, _ live: String, _ guarded: AliasGuard
  ) -> (action: PlannedAction?, findings: [PlanFinding]) {
    let gone = "the recorded version \(listed(guarded.missingVersions)) has been deleted"
    guard let republication = guarded.republication else {
      let parts = resource.target.split(separator: ":")
      let (function, alias) = (parts.first ?? "", parts.last ?? "")
      let code = guarded.codeSha256.map { " (CodeSha256 \($0))" } ?? ""
      let publishing =
        "aws lambda publish-version --function-name \(function)"
        + (guarded.codeSha256.map { " --code-sha256 \($0)" } ?? "")
      return (
        nil,
        [
          PlanFinding(
            .resourceLeft, .error, target: resource.target,
            remedy: .command(
              "aws lambda update-alias --function-name \(function) --name \(alias) --function-version "
                + "\"$(\(publishing) --query Version --output text)\"",
              does: "points the alias to the recorded code, once that is the function's again"),
            "\(resource.target) points to \(live); \(gone), and nothing here proves where its code\(code) can be had. By "
              + "hand: bring that code to $LATEST (aws lambda update-function-code --function-name \(function)), publish "
              + "it (\(publishing)) and point the alias to the new number (aws lambda update-alias --function-name \(function) --name "
              + "\(alias) --function-version N), then run this again. Keep versions with UpdateReplacePolicy: Retain."
          )
        ]
      )
    }
    var action = action(
      .restoreAlias, resource,
      "points to version \(live); \(gone), and its code is published under a new number")
    if republication == .onceFunctionIsBack {
      action.isConditional = true
      action.reason += " once the function is back"
    }
    return (action, [])
  }

  /// Danger 10: when AWSCURRENT must not be moved.
  private func refusal(_ guarded: SecretGuard) -> String? {
    if guarded.namesRestoredDatabase { return "it names the database that was restored from the snapshot" }
    if guarded.rotates { return "rotation is on, and what was rotated away may not work any more" }
    if let service = guarded.owningService { return "\(service) owns it" }
    if guarded.rotatedSince { return "it was rotated after the restore point" }
    if !guarded.recordedVersionExists { return "the recorded version has been deleted" }
    if !guarded.changedSince { return "the present version is older than the restore point" }
    return nil
  }

  private func action(_ kind: PlannedAction.Kind, _ resource: ResourceFacts, _ reason: String)
    -> PlannedAction
  {
    var action = PlannedAction(kind, target: resource.target, reason: reason)
    action.payload = resource.payload
    action.stack = resource.stack
    return action
  }

  private func left(_ resource: ResourceFacts, _ reason: String) -> PlanFinding {
    PlanFinding(.resourceLeft, .warning, target: resource.target, "\(resource.target): \(reason)")
  }
}
