import Records
import Reporting
import RollbackPlan
import SystemInterfaces

/// The record as people read it, at 2 am and the week after.
enum RevertReport {
  static func make(_ record: Record<RevertPart>) -> Report {
    Report(record, headline: headline(record), sections: sections(record), catalog: RevertCatalog.entries)
  }

  private static func headline(_ record: Record<RevertPart>) -> String {
    let summary = record.summary
    let target = summary.restorePoint.map { "restore point \($0)" } ?? "the state before the update"
    switch summary.outcome {
    case "restored":
      let took = summary.tookSeconds.map { " in \(minutes($0))" } ?? ""
      switch record.verdict {
      case .go: return "ROLLED BACK\(took): \(record.environment) is back at \(target), and healthy."
      case .stop: return "ROLLED BACK\(took), BUT NOT HEALTHY: \(record.environment) is back at \(target)."
      case .inconclusive:
        return "Rolled back\(took): \(record.environment) is back at \(target); its health is not known."
      }
    case "nothing-to-do":
      return record.verdict == .stop
        ? "Nothing to roll back, but \(record.environment) is not healthy."
        : "Nothing to roll back: \(record.environment) is at \(target)."
    case "planned":
      return record.verdict == .go
        ? "The plan could run. Nothing was changed." : "The plan cannot run. Nothing was changed."
    case "interrupted":
      return "INTERRUPTED. What was done is in the journal; run auto-revert \(record.environment) --continue."
    case "not-reverted": return "NOT REVERTED: git needs a person. See the findings."
    case "committed": return "The revert stands on a branch."
    default: return "NOT ROLLED BACK: \(record.environment) needs a person. See the findings."
    }
  }

  private static func sections(_ record: Record<RevertPart>) -> [ReportSection] {
    var sections: [ReportSection] = []
    var why: [String] = []
    if let reason = record.summary.reason { why.append("Reason: \(reason)") }
    if let person = record.summary.operator { why.append("Operator: \(person)") }
    if let commit = record.summary.restoredCommit { why.append("Restored commit: \(commit)") }
    if let branch = record.summary.branch { why.append("Revert commit on branch \(branch)") }
    if !why.isEmpty { sections.append(ReportSection("Why", lines: why)) }
    if !record.part.plan.isEmpty {
      sections.append(
        ReportSection(
          "Plan", lines: record.summary.estimatedSeconds.map { ["Estimated: \(minutes($0))"] } ?? [],
          columns: ["#", "Action", "Target", "Estimate", "Reason", "Lost"],
          rows: record.part.plan.map {
            [
              "\($0.order)", $0.conditional ? "(\($0.action))" : $0.action, $0.target,
              minutes($0.estimateSeconds),
              $0.reason + ($0.tree.map { ", tree \($0)" } ?? ""), $0.losses.joined(separator: "; "),
            ]
          }))
    }
    if !record.part.actions.isEmpty {
      sections.append(
        ReportSection(
          "What was done", columns: ["From", "To", "Action", "Target", "Result"],
          rows: record.part.actions.map {
            [clock($0.startedAt), clock($0.finishedAt), $0.action, $0.target, $0.result]
          }))
    }
    if let health = record.part.health {
      sections.append(
        ReportSection(
          "Health afterwards",
          lines: [
            "\(health.checks - health.failed) of \(health.checks) checks passed: \(health.verdict.rawValue)"
          ]
            + health.failures))
    }
    if !["planned", "committed", "not-reverted"].contains(record.summary.outcome) {
      sections.append(ReportSection("Checklist", lines: checklist(record)))
    }
    return sections
  }

  /// The runbook's checklist, ticked as far as this run can say.
  private static func checklist(_ record: Record<RevertPart>) -> [String] {
    let done = record.part.actions.contains { $0.result == "done" }
    let isBack = ["restored", "nothing-to-do"].contains(record.summary.outcome)
    func line(_ ticked: Bool, _ text: String) -> String { "[\(ticked ? "x" : " ")] \(text)" }
    return [
      line(record.summary.reason != nil, "Identify the issue and confirm that a rollback is necessary"),
      line(record.summary.restorePoint != nil, "Identify the version to roll back to"),
      line(!record.part.plan.isEmpty, "Document the state and the plan"),
      line(done || isBack, "Roll the stacks back in order"),
      line(isBack, "Verify that each stack's rollback completed"),
      line(record.part.health?.verdict == .go, "Run health checks and test the endpoints"),
      line(record.summary.branch != nil, "Take the change back in git, so that it is not deployed again"),
      line(false, "Monitor error rates and logs for errors (watch-30m)"),
      line(false, "Root cause, and a fix that is tested before it is deployed"),
    ]
  }

  static func minutes(_ seconds: Double) -> String {
    if seconds < 90 { return "\(Int(seconds.rounded())) s" }
    return "\(Int((seconds / 60).rounded())) min"
  }

  private static func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(8)) }
}
