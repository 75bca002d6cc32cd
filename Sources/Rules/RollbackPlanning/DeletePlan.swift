import CloudFormationModel
import StepResults

/// `--method delete`: the runbook's complete teardown, importers before exporters.
struct DeletePlan {
  let facts: RevertFacts
  let options: PlanOptions

  func extend(_ plan: inout Plan, _ chosen: [StackFacts]) {
    guard options.typedWords.contains("DELETE") else {
      plan.findings.append(
        PlanFinding(
          .methodNotPossible, .error, remedy: .options(["--confirm", "DELETE"]),
          "--method delete removes the stacks and ALL THEIR DATA for good. It wants --confirm DELETE typed on the "
            + "command line, and --confirm DELETE-DATABASE as well for the database."))
      return
    }
    var left = chosen.filter { $0.live != nil && $0.live?.status?.rule.condition != .absent }
    for stack in left { plan.findings += refusals(stack) }
    var stage = 1
    while !left.isEmpty {
      let names = Set(left.map(\.name))
      // The runbook's order, one after the other; who is imported from waits for its importers.
      let ready = left.first { stack in
        !(stack.live?.exports.values.joined().contains { names.contains($0) && $0 != stack.name } ?? false)
      }
      guard let stack = ready ?? left.first else { return }
      plan.actions.append(action(stack, stage))
      left.removeAll { $0.name == stack.name }
      stage += 1
    }
  }

  private func action(_ stack: StackFacts, _ stage: Int) -> PlannedAction {
    let isMoving = stack.live?.status?.rule.condition == .moving
    var action = PlannedAction(
      isMoving ? .wait : .delete, target: stack.name,
      reason: isMoving
        ? "\(stack.live?.statusText ?? ""): it has to end before the deletion" : "--method delete")
    if !isMoving { action.losses = ["the stack, and all data in it that no DeletionPolicy keeps"] }
    if !isMoving, stack.live?.status == .deleteFailed {
      action.reason = "DELETE_FAILED: deleted again, --method delete"
      action.skips = options.skips(of: stack)
      if !action.skips.isEmpty { action.reason += ", without \(listed(action.skips))" }
    }
    action.attempt = (stack.live?.attempts(of: .delete, restorePoint: facts.restorePoint) ?? 0) + 1
    action.stage = stage
    return action
  }

  /// What a deletion that failed leaves: the fewest, on request only, and only what it failed on.
  private func retained(_ stack: StackFacts, _ live: LiveStack) -> [PlanFinding] {
    let wanted = options.skips(of: stack)
    let failures = facts.failures[stack.name, default: []].filter { $0.kind == .delete }
    let causes = listed(live.stuck.map { "\($0.path) (\($0.reason))" })
    if live.status == .deleteFailed,
      let other = wanted.first(where: { name in !live.stuck.contains { $0.path == name } })
    {
      return [
        PlanFinding(
          .skipNotStuck, .error, target: "\(stack.name)/\(other)",
          "the deletion of \(stack.name) did not fail on \(other), so it cannot be left out. It failed on "
            + (causes.isEmpty ? "nothing that the events name" : causes) + ".")
      ]
    }
    // Asked to leave something out, a first deletion cannot: CloudFormation takes that only once one has failed.
    let isDone = failures.contains { Set($0.skips) == Set(live.status == .deleteFailed ? wanted : []) }
    if let failure = failures.last, isDone {
      let flags = live.stuck.map { "--skip \(stack.name)/\($0.path)" }.joined(separator: " ")
      let advice =
        live.stuck.isEmpty
        ? "Look at its events."
        : "Mend what they name and run auto-revert again, or leave them behind, owned by nobody, with \(flags)."
      return [
        PlanFinding(
          .actionFailed, .error, target: stack.name,
          "deleting \(stack.name) failed: \(failure.reason). "
            + (causes.isEmpty ? "" : "It could not delete \(causes). ") + advice)
      ]
    }
    guard live.status == .deleteFailed else { return [] }
    return [
      PlanFinding(
        .stuckResources, .warning, target: stack.name,
        "an earlier deletion of \(stack.name) failed on "
          + (causes.isEmpty ? "nothing that the events name" : causes) + ".")
    ]
      + wanted.map {
        PlanFinding(
          .resourceRetained, .warning, target: "\(stack.name)/\($0)",
          "\($0) stays when \(stack.name) is deleted, by --skip: nobody owns it then.")
      }
  }

  private func refusals(_ stack: StackFacts) -> [PlanFinding] {
    guard let live = stack.live else { return [] }
    var findings: [PlanFinding] = []
    if live.isTerminationProtected {
      findings.append(
        PlanFinding(
          .methodNotPossible, .error, target: stack.name,
          "\(stack.name) is protected from deletion. Whoever wants it gone takes the protection away by hand."
        ))
    }
    if stack.role == "database", !options.typedWords.contains("DELETE-DATABASE") {
      findings.append(
        PlanFinding(
          .methodNotPossible, .error, target: stack.name,
          remedy: .options(["--confirm", "DELETE-DATABASE"]),
          "\(stack.name) holds the database: --confirm DELETE-DATABASE as well, or leave it out with --only.")
      )
    }
    if let status = live.status {
      // Somebody who deploys meanwhile does not want it gone.
      findings +=
        StackDecider(facts: facts, options: options).foreignRefusal(stack, live, status)?.findings ?? []
    }
    if let status = live.status, status.rule.condition != .moving, !status.permits(.delete) {
      findings.append(
        PlanFinding(
          .needsPerson, .error, target: stack.name, "\(stack.name) is \(status.rawValue): not deleted."))
    }
    findings += retained(stack, live)
    let outside = live.exports.flatMap { name, importers in
      importers.filter { importer in !facts.stacks.contains { $0.name == importer } }.map {
        "\($0) imports \(name)"
      }
    }
    if !outside.isEmpty {
      findings.append(
        PlanFinding(
          .exportInUse, .error, target: stack.name,
          "\(stack.name) is not deleted: \(outside.sorted().joined(separator: ", "))."))
    }
    findings.append(
      PlanFinding(.stackDeleted, .warning, target: stack.name, "\(stack.name) will be deleted for good."))
    return findings
  }
}
