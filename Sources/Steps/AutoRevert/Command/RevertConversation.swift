import DeploymentEvidence
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

// What is asked of the person at the terminal, and what is told to those who are not there.
extension RevertRun {
  /// Whether a person sits at a terminal and can be asked; a dry run asks nobody.
  var canAsk: Bool {
    !command.dryRun && session.context.terminal.isInteractive(.standardError)
  }

  /// Words that the plan wants and the command line does not have: asked for once the plan has been shown.
  func furtherWords(_ plan: Plan, _ facts: RevertFacts) -> [(word: String, why: String)] {
    let deleted = plan.open.filter { $0.kind == .delete }.map(\.target)
    let databases = facts.stacks.filter { $0.role == "database" && deleted.contains($0.name) }.map(\.name)
    var words: [(word: String, why: String)] = []
    if !deleted.isEmpty {
      words.append(("DELETE", "DELETING FOR GOOD, WITH ALL DATA: \(deleted.joined(separator: ", "))"))
    }
    if !databases.isEmpty {
      words.append(("DELETE-DATABASE", "DELETING THE DATABASE: \(databases.joined(separator: ", "))"))
    }
    if let restored = plan.open.first(where: { $0.kind == .restoreDatabase }) {
      words.append(
        ("RESTORE-DATABASE", "LOST TO THE APPLICATION: \(restored.losses.joined(separator: "; "))"))
    }
    return words.filter { !command.confirm.contains($0.word) }
  }

  func ask(_ word: String, _ why: String) -> Bool {
    session.context.terminal.write("WARNING: \(why)\nType '\(word)' to confirm: ", to: .standardError)
    return session.context.terminal.readAnswer() == word
  }

  func ask(_ word: String) -> Bool {
    // Danger 6: on another machine the lock locks nothing unless it is shared.
    let unlocked =
      session.isProduction && !session.pushesLedger
      ? "UNLOCKED: runs on other machines are not kept out (--push-ledger keeps them out). Nobody else may be at it.\n"
      : ""
    session.context.terminal.write(
      "WARNING: ROLLING BACK PRODUCTION (\(session.environment))\n\(unlocked)Type '\(word)' to confirm: ",
      to: .standardError)
    return session.context.terminal.readAnswer() == word
  }

  private static func undertaking(_ method: PlanOptions.Method) -> String {
    switch method {
    case .delete: "deleting the stacks for good"
    case .relief: "a quick setting, without a rollback"
    default: "rolling back to the previous version"
    }
  }

  /// The runbook's message for `plan`.
  func message(
    _ plan: Plan, _ evidence: RevertEvidence, _ method: PlanOptions.Method, _ state: IncidentMessage.State,
    detail: String = ""
  ) -> IncidentMessage {
    let bad = evidence.stops
    let found = bad.flatMap { entry in entry.messages.prefix(2).map { "\(entry.step.rawValue): \($0)" } }
    let stacks = Set(plan.open.map(\.target)).sorted().joined(separator: ", ")
    let action = plan.open.map { "\($0.kind.rawValue) \($0.target)" }.joined(separator: ", ")
    return IncidentMessage(
      issue: command.reason ?? found.first ?? "a rollback was called for, and nobody said why",
      impact: "\(session.environment)\(stacks.isEmpty ? "" : " (\(stacks))")"
        + (found.isEmpty ? "" : "; " + found.joined(separator: "; ")),
      action: action.isEmpty ? "none" : "\(RevertRun.undertaking(method)): \(action)",
      eta: "about \(RevertReport.minutes(plan.estimate))", state: state, detail: detail,
      operator: command.operator ?? "")
  }
}
