import CloudFormationModel
import StepResults
import SystemInterfaces

/// What is to be done with one stack, by its status, its history and the restore point.
struct StackDecision {
  /// The next action; nil where nothing is to be done.
  var action: PlannedAction?
  /// What has to be done right before `action`.
  var before: PlannedAction?
  /// What may follow, depending on how `action` ends.
  var followUps: [PlannedAction] = []
  /// What is done once everything else is: the stack's own settings around its resources.
  var closing: [PlannedAction] = []
  /// What is to be said; a `stop` keeps the whole plan from running.
  var findings: [PlanFinding] = []
}

/// Decides for single stacks.
struct StackDecider {
  let facts: RevertFacts
  let options: PlanOptions

  /// What to do with `stack` next.
  func decide(_ stack: StackFacts) -> StackDecision {
    guard let live = stack.live else { return absent(stack, "is not there") }
    if let recorded = stack.recorded, recorded.id != live.id, live.status != .deleteComplete,
      live.status?.rule.condition != .needsPerson
    {
      return stopped(
        .stackRecreated, stack,
        "\(stack.name) is another stack than the recorded one (now \(live.id), recorded \(recorded.id)): it was "
          + "deleted and made anew. Choose a restore point of the new stack with --to.")
    }
    guard let status = live.status else {
      return stopped(
        .unknownStatus, stack,
        "\(stack.name) is in the status \(live.statusText), which is not known here. Nothing is done to it.")
    }
    if let refusal = foreignRefusal(stack, live, status) { return refusal }
    switch status.rule.condition {
    case .moving: return moving(stack, live, status)
    case .stuck: return stuck(stack, live, status)
    case .settled: return settled(stack, live, status)
    case .absent: return absent(stack, status.rule.meaning)
    case .needsPerson: return person(stack, live, status)
    }
  }

  // MARK: - Whose operation it is

  /// Danger 5: what was deployed after the judged deployment is not undone. Danger 1: another revert is not disturbed.
  func foreignRefusal(_ stack: StackFacts, _ live: LiveStack, _ status: StackStatus) -> StackDecision? {
    if let token = live.lastToken ?? live.lastUpdateToken, token.restorePoint != facts.ownName,
      status.rule.condition == .moving
    {
      return stopped(
        .otherRevert, stack,
        "\(stack.name) is being put back to the restore point \(token.restorePoint) by another run "
          + "(\(token)). Wait for it, then look again.")
    }
    guard live.lastUpdateToken == nil, let judgedAt = facts.limit(stack.name), live.updateBeganAt > judgedAt
    else { return nil }
    return stopped(
      .newerDeployment, stack,
      "\(stack.name) was updated at \(live.updateBeganAt), after the deployment that was judged at \(judgedAt). A newer "
        + "deployment is not undone: judge it first (smoke-test, watch-30m), then run auto-revert again.")
  }

  private func isOwn(_ token: OperationToken?) -> Bool { token?.restorePoint == facts.ownName }

  // MARK: - By condition

  private func moving(_ stack: StackFacts, _ live: LiveStack, _ status: StackStatus) -> StackDecision {
    if status == .updateInProgress, !isOwn(live.lastToken), !isOwn(live.lastUpdateToken) {
      if options.method == .automatic || options.method == .cancel { return cancel(stack, live) }
      if options.method != .delete {
        return stopped(
          .methodNotPossible, stack,
          "\(stack.name) is being updated: --method \(options.method.rawValue) cannot begin before that ends. Leave "
            + "the method out, or use --method cancel.")
      }
    }
    if let own = live.lastUpdateToken, isOwn(own), own.operation == .triggers {
      return noted(
        .rollbackConfigurationLeft, stack,
        "\(stack.name) is \(status.rawValue): its recorded rollback triggers are being put back, for "
          + "\(stack.recorded?.triggers.monitoringMinutes ?? 0) minutes of monitoring. It ends by itself; deploy nothing "
          + "to it before.")
    }
    // Our own operation of an earlier run, or one that nothing may interrupt.
    let own = live.lastToken ?? live.lastUpdateToken
    var wait = PlannedAction(
      .wait, target: stack.name,
      reason: isOwn(own)
        ? "\(status.rawValue): an earlier run of this revert started it (\(own?.description ?? ""))"
        : "\(status.rawValue): \(status.rule.clause)")
    if let own, isOwn(own) { wait.awaited = own.operation }
    // A restore that already turned into a rollback has failed; waiting shows how it ends.
    return StackDecision(action: wait, followUps: conditionalRestore(stack))
  }

  private func cancel(_ stack: StackFacts, _ live: LiveStack) -> StackDecision {
    if let failure = facts.failures[stack.name]?.last(where: { $0.kind == .cancel }) {
      return stopped(
        .actionFailed, stack, "the update of \(stack.name) could not be cancelled: \(failure.reason).")
    }
    let token = OperationToken(
      restorePoint: facts.restorePoint, operation: .cancel, stack: stack.name,
      attempt: attempt(stack, live, .cancel))
    if facts.accepted.contains(token.description) {
      var wait = PlannedAction(
        .wait, target: stack.name, reason: "UPDATE_IN_PROGRESS: an earlier run of this revert cancelled it")
      wait.awaited = .cancel
      return StackDecision(action: wait, followUps: conditionalRestore(stack))
    }
    var action = PlannedAction(
      .cancel, target: stack.name, reason: "UPDATE_IN_PROGRESS: the update is stopped and undone")
    action.losses = ["what the running update has made so far"]
    action.attempt = token.attempt
    return StackDecision(action: action, followUps: conditionalRestore(stack))
  }

  private func stuck(_ stack: StackFacts, _ live: LiveStack, _ status: StackStatus) -> StackDecision {
    let kind: PlannedAction.Kind = status == .updateRollbackFailed ? .continueRollback : .rollbackStack
    guard options.method == .automatic || (options.method == .continue && kind == .continueRollback) else {
      return stopped(
        .methodNotPossible, stack,
        "\(stack.name) is \(status.rawValue): --method \(options.method.rawValue) is not possible. Leave the method out."
      )
    }
    // What was rolled back with success would not be here: the mode does not take the call, or it was refused.
    if kind == .rollbackStack,
      live.isExpress || facts.failures[stack.name]?.contains(where: { $0.kind == .rollbackStack }) ?? false,
      let replay = replay(stack, live, status)
    {
      return replay
    }
    var action = PlannedAction(
      kind, target: stack.name, reason: "\(status.rawValue): \(status.rule.clause)")
    action.attempt = attempt(stack, live, kind == .continueRollback ? .continueRollback : .rollback)
    var findings: [PlanFinding] = []
    let failures = facts.failures[stack.name, default: []].filter { $0.kind == kind }
    if kind == .continueRollback {
      let choice = SkipChoice(stack: stack, live: live, options: options, failures: failures)
      if let refusal = choice.refusal { return StackDecision(findings: [refusal]) }
      action.skips = choice.skips
      findings = choice.findings
      if !choice.skips.isEmpty {
        action.losses = choice.skips.map { "\($0): marked as updated, left as it is" }
      }
    } else if let failure = failures.last {
      return stopped(
        .actionFailed, stack, "RollbackStack on \(stack.name) failed: \(failure.reason). Look at its events.")
    }
    return StackDecision(action: action, followUps: conditionalRestore(stack), findings: findings)
  }

  /// A stack that RollbackStack does not take back gets its recorded template again, with rollback disabled as its status
  /// asks; nil where the restore point does not hold it.
  private func replay(_ stack: StackFacts, _ live: LiveStack, _ status: StackStatus) -> StackDecision? {
    guard let recorded = stack.recorded, recorded.obstacles.isEmpty else { return nil }
    if let failure = facts.failures[stack.name]?.last(where: { $0.kind == .restore }) {
      return stopped(
        .actionFailed, stack,
        "the restore of \(stack.name) failed: \(failure.reason). It is \(status.rawValue), and the deployed version is "
          + "still live there.")
    }
    let refusal = facts.failures[stack.name]?.last { $0.kind == .rollbackStack }?.reason
    var decision = restore(
      stack, live, recorded,
      because: (refusal.map { "RollbackStack was refused (\($0))" }
        ?? "it was deployed in EXPRESS mode, which RollbackStack does not take back")
        + ", so the recorded template is played again",
      status)
    decision.action?.disablesRollback = true
    let replaced = live.preview?.changes.filter { $0.effect == .replace } ?? []
    if !replaced.isEmpty {
      decision.findings.append(
        PlanFinding(
          .methodNotPossible, .warning, target: stack.name,
          "CloudFormation may refuse the restore of \(stack.name): it replaces \(LossSummary.names(replaced)), and its "
            + "status takes updates with rollback disabled alone, which does not go with replacements."))
    }
    return decision
  }

  private func settled(_ stack: StackFacts, _ live: LiveStack, _ status: StackStatus) -> StackDecision {
    guard let recorded = stack.recorded else {
      if facts.restorePoint == nil, status == .updateRollbackComplete {
        return noted(
          .nothingCompared, stack,
          "\(stack.name) is \(status.rawValue): CloudFormation put back what it had before its last update. There is no "
            + "restore point, so nothing was compared.")
      }
      if facts.restorePoint == nil {
        return stopped(
          .restorePointMissing, stack,
          "\(stack.name) is \(status.rawValue) and there is no good restore point to put back. A finished update cannot "
            + "be cancelled. Deploy the last good commit again, or name a restore point with --to.")
      }
      return noted(
        .stackNotRecorded, stack,
        "\(stack.name) is not in the restore point \(facts.restorePoint ?? ""): it is left as it is (\(status.rawValue))."
      )
    }
    switch live.difference {
    case .none:
      // Where nothing was deployed since, there is no change that could not be seen.
      let wasDeployed = live.updatedAt > recorded.updatedAt
      var decision = StackDecision(findings: wasDeployed ? remarks(stack, recorded) : [])
      StackPolicyAndTriggers(facts: facts, options: options).close(&decision, stack, live, recorded)
      return decision
    case .unknown(let why):
      return stopped(
        .notCompared, stack, "\(stack.name) could not be compared with the restore point: \(why).")
    case .some(let parts):
      if let failure = facts.failures[stack.name]?.last(where: { $0.kind == .restore }) {
        return stopped(
          .actionFailed, stack,
          "the restore of \(stack.name) failed: \(failure.reason). The deployed version is still live there.")
      }
      guard options.method == .automatic || options.method == .restore else {
        return stopped(
          .methodNotPossible, stack,
          "\(stack.name) is \(status.rawValue): its update has finished, and --method \(options.method.rawValue) "
            + "does nothing for it. Leave the method out to put the recorded state back.")
      }
      return restore(
        stack, live, recorded, because: "\(listed(parts)) other than recorded in \(facts.ownName)", status)
    }
  }

  private func restore(
    _ stack: StackFacts, _ live: LiveStack, _ recorded: RecordedStack, because reason: String,
    _ status: StackStatus
  ) -> StackDecision {
    if !recorded.obstacles.isEmpty {
      return stopped(
        .notRestorable, stack,
        "\(stack.name) cannot be put back from the restore point: \(recorded.obstacles.joined(separator: "; "))."
      )
    }
    var action = PlannedAction(
      .restore, target: stack.name, reason: "\(status.rawValue): \(reason)")
    action.attempt = attempt(stack, live, .restore)
    var findings = remarks(stack, recorded)
    if let preview = live.preview {
      findings += ReplacementRules(stack: stack, options: options).findings(preview)
      action.losses = LossSummary.lines(preview.changes)
      action.changes = preview.changes
    }
    var decision = StackDecision(action: action, findings: findings)
    StackPolicyAndTriggers(facts: facts, options: options).open(&decision, stack, live, recorded)
    return decision
  }

  private func person(_ stack: StackFacts, _ live: LiveStack, _ status: StackStatus) -> StackDecision {
    if stack.recorded == nil, facts.restorePoint != nil {
      var decision = noted(
        .stackNotRecorded, stack,
        "\(stack.name) is \(status.rawValue) (\(status.rule.meaning)) and not in the restore point: the deployment "
          + "made it. It is left as it is; remove it by hand when nobody needs it.")
      decision.findings[0].remedy = .command(
        deletion(stack, live), does: "removes what the deployment made and left, once nobody needs it")
      return decision
    }
    guard status != .deleteFailed else {
      let causes = listed(live.stuck.map { "\($0.path) (\($0.reason))" })
      let retained = live.stuck.isEmpty ? ["RESOURCE"] : live.stuck.map(\.path)
      let command = "\(deletion(stack, live)) --retain-resources \(retained.joined(separator: " "))"
      return leftToPerson(
        stack, command,
        "\(stack.name) is DELETE_FAILED: its deletion took part of it and failed on "
          + (causes.isEmpty ? "nothing that the events name" : causes)
          + ". No call puts it back. Mend what they name, delete the rest (\(command) leaves behind what cannot go), and "
          + "deploy the recorded commit anew.")
    }
    return leftToPerson(
      stack, deletion(stack, live),
      "\(stack.name) is \(status.rawValue): \(status.rule.clause). No call puts it back without deleting it, which "
        + "is never done to repair. By hand: \(deletion(stack, live)), then deploy the recorded commit anew.")
  }

  private func deletion(_ stack: StackFacts, _ live: LiveStack) -> String {
    let region = AmazonResourceName(live.id).map { " --region \($0.region)" } ?? ""
    return "aws cloudformation delete-stack --stack-name \(stack.name)\(region)"
  }

  /// A stop that holds nobody else back.
  private func leftToPerson(_ stack: StackFacts, _ command: String, _ message: String) -> StackDecision {
    var finding = PlanFinding(
      .needsPerson, .error, target: stack.name,
      remedy: .command(command, does: "removes what is left of it; then deploy the recorded commit anew"),
      message)
    finding.isAside = true
    return StackDecision(findings: [finding])
  }

  private func absent(_ stack: StackFacts, _ meaning: String) -> StackDecision {
    guard stack.recorded != nil else {
      return noted(.stackNotRecorded, stack, "\(stack.name) \(meaning), now as when it was recorded.")
    }
    return stopped(
      .stackMissing, stack,
      "\(stack.name) \(meaning), but it is recorded in \(facts.ownName). A stack is not made anew by auto-revert: "
        + "deploy the recorded commit.")
  }

  // MARK: - Pieces

  private func conditionalRestore(_ stack: StackFacts) -> [PlannedAction] {
    guard let recorded = stack.recorded, recorded.obstacles.isEmpty,
      options.method == .automatic || options.method == .restore
    else { return [] }
    var action = PlannedAction(
      .restore, target: stack.name, reason: "only if it is not as recorded in \(facts.ownName) afterwards")
    action.isConditional = true
    return [action]
  }

  private func attempt(_ stack: StackFacts, _ live: LiveStack, _ operation: StackOperation) -> Int {
    live.attempts(of: operation, restorePoint: facts.restorePoint) + 1
  }

  private func remarks(_ stack: StackFacts, _ recorded: RecordedStack) -> [PlanFinding] {
    recorded.maskedParameters.map { name in
      PlanFinding(
        .parameterUnverified, .warning, target: stack.name,
        "\(stack.name): the value of \(name) cannot be read (NoEcho), so a change by the deployment cannot be seen. "
          + "The present value is kept; hand the old one in with --parameter \(stack.role)/\(name), or set it by hand if "
          + "the deployment changed it.")
    }
      + recorded.movedParameters.map { name in
        PlanFinding(
          .parameterMoved, .warning, target: stack.name,
          "\(stack.name): \(name) is read from SSM and resolves to another value than recorded. The restore takes the "
            + "present one.")
      }
      + recorded.redirectedParameters.map { name in
        PlanFinding(
          .databaseBeside, .warning, target: stack.name,
          "\(stack.name): \(name) holds the address of the database that was restored from the snapshot, and is left."
        )
      }
  }

  private func stopped(_ code: PlanFindingCode, _ stack: StackFacts, _ message: String) -> StackDecision {
    StackDecision(findings: [PlanFinding(code, .error, target: stack.name, message)])
  }
  private func noted(_ code: PlanFindingCode, _ stack: StackFacts, _ message: String) -> StackDecision {
    StackDecision(findings: [PlanFinding(code, .notice, target: stack.name, message)])
  }
}

extension RevertFacts {
  /// What was deployed to `stack` after this is a newer deployment.
  func limit(_ stack: String) -> Timestamp? { firstSeen[stack] ?? judgedAt }

  /// The restore point's name as tokens carry it.
  var ownName: String { restorePoint ?? "none" }
}

/// `a`, `a and b`, `a, b and c`.
func listed(_ parts: [String]) -> String {
  guard parts.count > 1, let last = parts.last else { return parts.first ?? "" }
  return parts.dropLast().joined(separator: ", ") + " and " + last
}
