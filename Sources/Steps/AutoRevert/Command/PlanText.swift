import CloudFormationModel
import DeploymentRecords
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// The plan as it is shown before anything is done.
enum PlanText {
  static func show(_ plan: Plan, _ facts: RevertFacts, _ point: RestorePoint?, _ session: StepSession) {
    for line in lines(plan, facts, point, showsAll: session.progress.isVerbose) { session.progress.say(line) }
  }

  /// - Parameter showsAll: every change of every change set; else long ones in a few lines.
  static func lines(_ plan: Plan, _ facts: RevertFacts, _ point: RestorePoint?, showsAll: Bool = false)
    -> [String]
  {
    var lines: [String] = []
    if let point {
      lines.append(
        "restore point \(point.id), commit \(point.commit.map { String($0.prefix(12)) } ?? "unknown")")
    } else {
      lines.append("no restore point: only updates that have not finished can be undone")
    }
    for stack in facts.stacks {
      lines.append("  \(stack.name): \(stack.live?.statusText ?? "not there")\(difference(stack))")
    }
    if plan.actions.isEmpty {
      lines.append(plan.isBlocked ? "plan: none, see below" : "plan: nothing to do")
    } else {
      lines.append("plan, about \(RevertReport.minutes(plan.estimate)):")
      for action in plan.actions {
        lines.append(
          "  \(action.order). \(action.isConditional ? "perhaps " : "")\(action.kind.rawValue) \(action.target)"
            + " (\(RevertReport.minutes(action.estimate))): \(action.reason)")
        for loss in action.losses { lines.append("       lost: \(loss)") }
        if let preview = facts.stacks.first(where: { $0.name == action.target })?.live?.preview,
          !action.isConditional
        {
          lines += LossSummary.changes(preview.changes, all: showsAll).map { "       \($0)" }
          if let why = preview.deferred { lines.append("       its change set is made later: \(why)") }
        }
      }
    }
    for finding in plan.findings {
      let word =
        switch finding.severity {
        case .error: "STOP"
        case .warning: "warning"
        case .notice: "note"
        }
      lines.append("\(word): \(finding.message)")
    }
    return lines
  }

  private static func difference(_ stack: StackFacts) -> String {
    guard let live = stack.live, live.status?.rule.condition == .settled else { return "" }
    switch live.difference {
    case .none: return ", as recorded"
    case .some(let parts): return ", other than recorded: \(parts.joined(separator: ", "))"
    case .unknown: return ""
    }
  }
}
