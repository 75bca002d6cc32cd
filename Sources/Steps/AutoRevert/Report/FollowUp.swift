import DeploymentRecords
import RollbackPlanning
import StepResults

/// What a rollback leaves to be done, as a list for the person who takes over.
enum FollowUp {
  static func steps(_ record: Record<RevertPart>) -> [String] {
    let name = record.environment
    var steps: [String] = []
    if record.summary.outcome == "interrupted" && record.part.journal != nil || has(.deadline, record) {
      steps.append("Go on: auto-revert \(name) --continue")
    }
    steps += few(record.findings.filter { $0.severity == .error }) { "Resolve: \($0.message)" }
    steps += few(record.findings.filter { leaves($0.code) }, \.message)
    switch record.summary.outcome {
    case "relieved": steps.append("Take the setting back: auto-revert \(name) puts back what is recorded")
    case "deleted":
      steps.append("Deploy again what is to come back; what was left behind keeps its names")
      steps += record.findings.filter { $0.code == PlanFindingCode.finalSnapshot.rawValue }.map(\.message)
    default: break
    }
    let isBack = ["restored", "nothing-to-do"].contains(record.summary.outcome)
    if !record.part.commits.isEmpty, isBack { steps += git(record) }
    if isBack, !record.part.actions.isEmpty {
      if record.part.health?.watch == nil {
        steps.append("Watch the restored version: watch-30m \(name) --for 30m")
      }
      steps.append(
        "Find the root cause and why no test caught it; fix it, test it in staging, and deploy the fix")
    }
    return steps.enumerated().map { "\($0.offset + 1). \($0.element)" }
  }

  /// The first of each kind: a list of hundreds hides what is to be done.
  private static func few(_ findings: [Finding], _ words: (Finding) -> String) -> [String] {
    var lines: [String] = []
    var counts: [String: Int] = [:]
    for finding in findings {
      counts[finding.code, default: 0] += 1
      if counts[finding.code, default: 0] <= 3 { lines.append(words(finding)) }
    }
    let more = counts.filter { $0.value > 3 }.sorted { $0.key < $1.key }
    return lines + more.map { "and \($0.value - 3) more of the kind \($0.key): see the findings" }
  }

  /// Merging the revert, and how the commits come back once the fault is mended.
  private static func git(_ record: Record<RevertPart>) -> [String] {
    guard let branch = record.summary.branch else {
      return [
        "Take the commits back in git, or the next deployment brings the fault back: " + byHand(record)
      ]
    }
    let text = record.summary.pullRequestText.map { ", with the text in \($0)" } ?? ""
    return [
      "Merge the branch \(branch)\(text): without it the next deployment brings the fault back",
      "Reapply once the fault is mended: \(reapply(branch, record.part.commits.count))",
    ]
  }

  private static func byHand(_ record: Record<RevertPart>) -> String {
    let commits = record.part.commits
    let range =
      commits.count == 1
      ? commits[0].id.prefix(12).description
      : "\(record.summary.restoredCommit?.prefix(12) ?? "")..\(commits[0].id.prefix(12))"
    return "auto-revert \(record.environment) --git-only --revert \(range) --onto main"
  }

  /// The command that reverts the revert commits of `branch`.
  static func reapply(_ branch: String, _ count: Int) -> String {
    "git revert \(count == 1 ? branch : "\(branch)~\(count)..\(branch)") on top of the branch that it was merged into"
  }

  private static func has(_ code: PlanFindingCode, _ record: Record<RevertPart>) -> Bool {
    record.findings.contains { $0.code == code.rawValue }
  }

  private static func leaves(_ code: String) -> Bool {
    let codes: [PlanFindingCode] = [
      .stackNotRecorded, .resourceRetained,
    ]
    return codes.contains { $0.rawValue == code } || PlanFindingCode(rawValue: code)?.leavesOpen == true
  }
}

/// The runbook's checklist, ticked as far as this run can say.
enum Checklist {
  static func lines(_ record: Record<RevertPart>) -> [String] {
    let isBack = ["restored", "nothing-to-do"].contains(record.summary.outcome)
    let actions = record.part.actions
    let isHealthy = record.part.health?.verdict == .go
    let wasTold = !record.part.told.isEmpty
    func line(_ ticked: Bool, _ text: String) -> String { "[\(ticked ? "x" : " ")] \(text)" }
    return [
      "Before:",
      line(
        record.summary.reason != nil || record.part.evidence.contains { $0.verdict == .stop },
        "Identify the issue and confirm rollback is necessary"),
      line(wasTold, "Notify team and stakeholders"),
      line(!record.part.plan.isEmpty, "Document current state and issue"),
      line(record.summary.restorePoint != nil, "Identify target version to rollback to"),
      line(
        record.summary.restorePoint != nil
          && !record.findings.contains { $0.code == PlanFindingCode.restorePointIncomplete.rawValue },
        "Verify backup/snapshot is available"),
      "During:",
      line(actions.contains { $0.result == "done" }, "Cancel or restore stacks in correct order"),
      line(!record.part.timeline.isEmpty && !actions.isEmpty, "Monitor CloudFormation events"),
      line(isBack, "Verify each stack rollback completes successfully"),
      "After:",
      line(isHealthy && record.part.health?.asked != 0, "Run health checks and test API endpoints"),
      line(record.part.health?.watch == .go, "Check CloudWatch metrics and monitor logs for errors"),
      line(record.summary.branch != nil, "Take the change back in git"),
      line(wasTold && isBack && isHealthy, "Notify team and stakeholders of completion"),
      line(false, "Verify database integrity and critical user workflows"),
      line(false, "Document rollback details and learnings"),
    ]
  }
}
