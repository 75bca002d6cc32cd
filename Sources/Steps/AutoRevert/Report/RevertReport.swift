import DeploymentRecords
import Reporting
import RollbackPlanning
import StepResults
import SystemInterfaces

/// The record as people read it: at 2 am from the top, and the week after to the end.
enum RevertReport {
  static func make(_ record: Record<RevertPart>) -> Report {
    Report(record, headline: headline(record), sections: sections(record), catalog: RevertCatalog.entries)
  }

  private static func headline(_ record: Record<RevertPart>) -> String {
    let summary = record.summary
    let isPartly = record.findings.contains { $0.code == PlanFindingCode.stackLeftOut.rawValue }
    let target =
      (summary.restorePoint.map { "restore point \($0)" } ?? "the state before the update")
      + (isPartly ? ", as far as --only says" : "")
    switch summary.outcome {
    case "restored":
      let took = summary.tookSeconds.map { " in \(minutes($0))" } ?? ""
      switch record.verdict {
      case .go where summary.restorePoint == nil:
        return "ROLLED BACK (to what CloudFormation had before; nothing was compared)\(took): "
          + "\(record.environment), and \(checks(record))."
      case .go:
        return "ROLLED BACK\(took): \(record.environment) is back at \(target), and \(checks(record))."
      case .stop: return "ROLLED BACK\(took), BUT NOT HEALTHY: \(record.environment) is back at \(target)."
      case .inconclusive where summary.unverified != nil && record.part.health?.verdict == .go:
        return "RESTORED, NOT ALL VERIFIED\(took): \(record.environment) is back at \(target), and "
          + "\(checks(record)); what could not be verified is listed."
      case .inconclusive:
        return "Rolled back\(took): \(record.environment) is back at \(target); its health is not known."
      }
    case "deleted": return deleted(record)
    case "relieved":
      let functions = record.part.actions.map(\.target).joined(separator: ", ")
      return functions.isEmpty
        ? "Nothing to set: the functions have what --relief asks for. Nothing was rolled back."
        : "SET FOR NOW: \(functions). Nothing was rolled back, and health was not checked."
    case "nothing-to-do":
      if record.verdict == .stop {
        return record.part.health?.verdict == .stop
          ? "Nothing to roll back, but \(record.environment) is not healthy."
          : "NOT ROLLED BACK: \(record.environment) needs a person: \(firstCause(record))"
      }
      return
        summary.restorePoint == nil
        ? undone(record)
        : record.verdict == .go
          ? "Nothing to roll back: \(record.environment) is at \(target), and \(checks(record))."
          : "Nothing to roll back that can be seen: \(record.environment) is at \(target); not all was verified."
    case "planned":
      if record.verdict == .go, record.part.plan.isEmpty {
        if summary.restorePoint == nil { return undone(record) }
        return isOpen(record)
          ? "Nothing to roll back that can be seen: \(record.environment) is at \(target); not all was verified."
          : "Nothing to roll back: \(record.environment) is at \(target); its health was not checked."
      }
      return record.verdict == .go
        ? "The plan could run. Nothing was changed." : "The plan cannot run. Nothing was changed."
    case "interrupted":
      return record.part.journal == nil
        ? "INTERRUPTED before anything was begun. Run the same command again."
        : "INTERRUPTED. What was done is in the journal; run auto-revert \(record.environment) --continue."
    case "not-reverted": return "NOT REVERTED: git needs a person. See the findings."
    case "already-reverted":
      return "ALREADY REVERTED: nothing of it is left. Nothing was changed."
    case "committed":
      return "The revert stands on a branch"
        + (summary.pushedTo.map { ", pushed to \($0)" }
          ?? (summary.commands == nil ? "" : " of this clone ALONE: it was not pushed"))
        + (summary.pullRequest.map { ": \($0)" } ?? "") + "."
    default:
      let done = record.part.actions.filter { $0.result == "done" }.map(\.target)
      let runsOn = record.part.actions.contains { $0.result.hasPrefix("out of time") }
      let what =
        runsOn
        ? "NOT ROLLED BACK YET: what was begun in \(record.environment) goes on in AWS"
        : done.isEmpty
          ? "NOT ROLLED BACK: \(record.environment) needs a person"
          : "PARTLY ROLLED BACK: \(record.environment) needs a person for the rest"
      return "\(what): \(firstCause(record))"
    }
  }

  /// CloudFormation was asked how the last update ended, and nothing else.
  private static func undone(_ record: Record<RevertPart>) -> String {
    "Nothing to roll back: CloudFormation undid the last update of \(record.environment); nothing was compared."
  }

  /// Whether something is left, or was not seen.
  private static func isOpen(_ record: Record<RevertPart>) -> Bool {
    record.findings.contains {
      $0.severity == .warning && PlanFindingCode(rawValue: $0.code)?.leavesOpen == true
    }
  }

  /// What was deleted, by name: `--only` leaves others.
  private static func deleted(_ record: Record<RevertPart>) -> String {
    let names = Set(
      record.part.actions.filter { $0.action == PlannedAction.Kind.delete.rawValue }.map(\.target))
    guard !names.isEmpty else {
      return
        "Nothing to delete: the stacks\(record.summary.partial == true ? ", as far as --only says," : "") of "
        + "\(record.environment) are not there."
    }
    return "DELETED: \(names.sorted().joined(separator: ", ")) of \(record.environment)."
  }

  /// What is known of the health, and no more: what was checked.
  private static func checks(_ record: Record<RevertPart>) -> String {
    guard let health = record.part.health, health.checks > 0 else { return "nothing was checked" }
    let passed = health.checks - health.failed
    if health.asked == 0 {
      return health.failed == 0
        ? "what AWS says of its resources is good (\(counted(passed, "check"))); the application itself was not asked"
        : "\(passed) of \(counted(health.checks, "check")) of what AWS says passed; the application itself was not asked"
    }
    if health.failed == 0 { return "healthy by \(passed == 1 ? "its check" : "all \(passed) checks")" }
    return
      "healthy by \(passed) of \(counted(health.checks, "check")); the others failed before the deployment as well, or only warn"
  }

  /// The first thing that stopped, in one line.
  private static func firstCause(_ record: Record<RevertPart>) -> String {
    guard let first = record.findings.first(where: { $0.severity == .error }) else {
      return "see the findings."
    }
    return first.message.split(separator: "\n").first.map(String.init) ?? first.message
  }

  private static func sections(_ record: Record<RevertPart>) -> [ReportSection] {
    let ran = !["planned", "committed", "already-reverted", "not-reverted"].contains(record.summary.outcome)
    var sections = [why(record)]
    if ran { sections.append(ReportSection("Left to do", lines: record.part.leftToDo.map(\.line))) }
    sections.append(ReportSection("Not verified", lines: record.summary.unverified ?? []))
    sections.append(health(record))
    sections.append(done(record))
    if !ran || record.part.actions.isEmpty { sections.append(plan(record)) }
    if ran {
      sections.append(timeline(record))
      sections.append(evidence(record))
      sections.append(commits(record))
      sections.append(ReportSection("Checklist", lines: Checklist.lines(record)))
      if !record.part.actions.isEmpty { sections.append(plan(record)) }
    }
    return sections.filter { !$0.lines.isEmpty || !$0.rows.isEmpty }
  }

  private static func why(_ record: Record<RevertPart>) -> ReportSection {
    var lines: [String] = []
    if let reason = record.summary.reason { lines.append("Reason: \(reason)") }
    if let person = record.summary.operator { lines.append("Operator: \(person)") }
    if let commit = record.commit, !record.part.commits.isEmpty { lines.append("Deployed commit: \(commit)") }
    if let commit = record.summary.restoredCommit { lines.append("Restored commit: \(commit)") }
    if let branch = record.summary.branch { lines.append("Revert commit on branch \(branch)") }
    if let pushed = record.summary.pushedTo { lines.append("Pushed to \(pushed)") }
    if let page = record.summary.pullRequest { lines.append("Pull request: \(page)") }
    lines += (record.summary.commands ?? []).map { "To type: \($0)" }
    return ReportSection("Why", lines: lines)
  }

  private static func plan(_ record: Record<RevertPart>) -> ReportSection {
    guard !record.part.plan.isEmpty else { return ReportSection("Plan") }
    return ReportSection(
      "Plan", lines: record.summary.estimatedSeconds.map { ["Estimated: \(minutes($0))"] } ?? [],
      columns: ["#", "Action", "Target", "Estimate", "Reason", "Lost"],
      rows: record.part.plan.map {
        [
          "\($0.order)", $0.conditional ? "(\($0.action))" : $0.action, $0.target,
          minutes($0.estimateSeconds),
          $0.reason + ($0.tree.map { ", tree \($0)" } ?? ""), $0.losses.joined(separator: "; "),
        ]
      })
  }

  /// What was done, with what each step was expected to take beside what it took.
  private static func done(_ record: Record<RevertPart>) -> ReportSection {
    guard !record.part.actions.isEmpty else { return ReportSection("What was done") }
    var lines: [String] = []
    if let took = record.summary.tookSeconds {
      let estimate = record.summary.estimatedSeconds.map { ", estimated \(minutes($0))" } ?? ""
      lines.append("Took \(minutes(took))\(estimate).")
    }
    var section = ReportSection(
      "What was done", lines: lines,
      columns: ["From", "To", "Action", "Target", "Took", "Estimate", "Result"],
      rows: record.part.actions.map { action in
        let planned = record.part.plan.first { $0.action == action.action && $0.target == action.target }
        return [
          clock(action.startedAt), clock(action.finishedAt), action.action, action.target,
          minutes((action.finishedAt - action.startedAt).inSeconds),
          planned.map { minutes($0.estimateSeconds) } ?? "", action.shortResult,
        ]
      })
    section.spans = record.part.actions.map { action in
      ReportSpan(
        "\(action.action) \(action.target)", from: (action.startedAt - record.startedAt).inSeconds,
        to: (action.finishedAt - record.startedAt).inSeconds, isBad: action.result != "done")
    }
    return section
  }

  private static func health(_ record: Record<RevertPart>) -> ReportSection {
    guard let health = record.part.health else { return ReportSection("Health afterwards") }
    var lines = [
      "\(health.checks - health.failed) of \(counted(health.checks, "check")) passed: \(health.verdict.rawValue)"
    ]
    if let watch = health.watch { lines.append("The watch afterwards said \(watch.rawValue).") }
    return ReportSection("Health afterwards", lines: lines + health.failures)
  }

  private static func timeline(_ record: Record<RevertPart>) -> ReportSection {
    ReportSection(
      "Timeline (UTC)", columns: ["Time", "Who", "What"],
      rows: record.part.timeline.map { [time($0.at, since: record.startedAt), $0.source, $0.event] })
  }

  private static func evidence(_ record: Record<RevertPart>) -> ReportSection {
    ReportSection(
      "Evidence of the earlier steps", columns: ["Step", "Said", "When", "Commit", "Found"],
      rows: record.part.evidence.map {
        [
          $0.step, $0.verdict.rawValue, time($0.finishedAt, since: record.startedAt),
          $0.commit.map { String($0.prefix(12)) } ?? "", $0.messages.prefix(3).joined(separator: "\n"),
        ]
      })
  }

  private static func commits(_ record: Record<RevertPart>) -> ReportSection {
    ReportSection(
      "Commits taken back", columns: ["Commit", "Summary"],
      rows: record.part.commits.map { [String($0.id.prefix(12)), $0.summary] })
  }

  static func minutes(_ seconds: Double) -> String {
    if seconds < 90 { return "\(Int(seconds.rounded())) s" }
    return "\(Int((seconds / 60).rounded())) min"
  }

  private static func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(8)) }

  /// The time of day, with the date where that is another one.
  private static func time(_ time: Timestamp, since day: Timestamp) -> String {
    let isSame = time.description.prefix(10) == day.description.prefix(10)
    return isSame ? clock(time) : "\(time.description.prefix(10)) \(clock(time))"
  }
}
