import StepResults

/// What surrounds a stack's resources and outlives its updates: its policy and its rollback triggers.
///
/// A restore runs without triggers, since alarms that the bad version set off would undo it (danger 3), and may need
/// the policy lifted. Both are put back once everything else is.
struct StackPolicyAndTriggers {
  let facts: RevertFacts
  let options: PlanOptions

  /// Before a restore: whether the policy is in its way, and what will have to follow.
  func open(
    _ decision: inout StackDecision, _ stack: StackFacts, _ live: LiveStack, _ recorded: RecordedStack
  ) {
    if !recorded.triggers.isEmpty {
      decision.closing.append(
        conditional(.restoreTriggers, stack, "its restore runs without the recorded rollback triggers"))
    }
    if let text = live.policy, let preview = live.preview {
      deny(&decision, stack, text, preview.changes)
    }
    if decision.before != nil || StackPolicy.areSame(live.policy, StackPolicy.permissive),
      recorded.policy != nil
    {
      decision.closing.append(conditional(.restoreStackPolicy, stack, "its policy is lifted for the restore"))
    }
  }

  private func deny(
    _ decision: inout StackDecision, _ stack: StackFacts, _ text: String, _ changes: [RestoreChange]
  ) {
    guard let policy = StackPolicy(text) else {
      decision.findings.append(
        PlanFinding(
          .stackPolicy, .warning, target: stack.name,
          "the policy of \(stack.name) cannot be read, so whether it denies the restore is not known."))
      return
    }
    let denied = policy.denied(changes)
    guard !denied.isEmpty else { return }
    let names = listed(denied.map { "\($0.effect.rawValue) \($0.logicalID)" })
    guard options.overrideStackPolicy else {
      decision.findings.append(
        PlanFinding(
          .stackPolicy, .error, target: stack.name, remedy: .options(["--override-stack-policy"]),
          "the policy of \(stack.name) denies what its restore would do: \(names). With --override-stack-policy it is "
            + "lifted for the restore and put back afterwards."))
      return
    }
    var lift = PlannedAction(
      .liftStackPolicy, target: stack.name,
      reason: "the stack's policy denies \(names); --override-stack-policy")
    lift.stack = stack.name
    lift.payload = .policy(StackPolicy.permissive)
    lift.losses = ["until it is put back, the protection of \(stack.name) by its policy"]
    decision.before = lift
    decision.findings.append(
      PlanFinding(
        .stackPolicy, .warning, target: stack.name,
        "the policy of \(stack.name) is lifted for its restore and put back afterwards."))
  }

  /// After a restore, or where none was needed: what still is not as recorded.
  func close(
    _ decision: inout StackDecision, _ stack: StackFacts, _ live: LiveStack, _ recorded: RecordedStack
  ) {
    guard options.method == .automatic || options.method == .restore else { return }
    policy(&decision, stack, live, recorded)
    triggers(&decision, stack, live, recorded)
  }

  private func policy(
    _ decision: inout StackDecision, _ stack: StackFacts, _ live: LiveStack, _ recorded: RecordedStack
  ) {
    guard let wanted = recorded.policy, !StackPolicy.areSame(live.policy, wanted) else { return }
    if let failure = failure(.restoreStackPolicy, stack) {
      decision.findings.append(
        PlanFinding(
          .stackPolicy, .error, target: stack.name, remedy: .options([]),
          "the recorded policy of \(stack.name) could not be put back: \(failure). Set it by hand."))
      return
    }
    guard live.policy == nil || StackPolicy.areSame(live.policy, StackPolicy.permissive) else {
      // Somebody may have tightened it on purpose: nobody's protection is taken away unasked.
      decision.findings.append(
        PlanFinding(
          .stackPolicy, .notice, target: stack.name,
          "\(stack.name) has another stack policy than recorded in \(facts.ownName); it is left as it is."))
      return
    }
    var action = PlannedAction(
      .restoreStackPolicy, target: stack.name, reason: "everything may be updated, recorded was a policy")
    action.stack = stack.name
    action.payload = .policy(wanted)
    decision.closing.append(action)
  }

  private func triggers(
    _ decision: inout StackDecision, _ stack: StackFacts, _ live: LiveStack, _ recorded: RecordedStack
  ) {
    guard !recorded.triggers.isEmpty, live.triggers != recorded.triggers else { return }
    let names = recorded.triggers.arns.isEmpty ? "monitoring time" : listed(recorded.triggers.arns)
    func left(_ why: String) {
      decision.findings.append(
        PlanFinding(
          .rollbackConfigurationLeft, .warning, target: stack.name, remedy: .options([]),
          "\(stack.name) is without its recorded rollback triggers (\(names)): \(why)"))
    }
    if let failure = failure(.restoreTriggers, stack) {
      return left("\(failure). The next deployment has to name them again.")
    }
    if !live.alarms.isEmpty {
      return left(
        "\(listed(live.alarms)) is in alarm and would undo the call. Run auto-revert again once it is not, or let the "
          + "next deployment name them.")
    }
    var action = PlannedAction(
      .restoreTriggers, target: stack.name,
      reason: "its rollback triggers are not the recorded ones (\(names))")
    action.stack = stack.name
    action.attempt = live.attempts(of: .triggers, restorePoint: facts.restorePoint) + 1
    decision.closing.append(action)
  }

  private func failure(_ kind: PlannedAction.Kind, _ stack: StackFacts) -> String? {
    facts.failures[stack.name]?.last { $0.kind == kind }?.reason
  }

  private func conditional(_ kind: PlannedAction.Kind, _ stack: StackFacts, _ reason: String) -> PlannedAction
  {
    var action = PlannedAction(kind, target: stack.name, reason: reason)
    action.stack = stack.name
    action.isConditional = true
    return action
  }
}
