import DeploymentRecords
import RollbackPlanning
import StepResults

/// What a rollback leaves to be done by the person who takes over: tasks alone, each as a command that can be copied.
struct FollowUp {
  typealias Task = RevertPart.TaskEntry

  let environment: String
  /// The command line of this run.
  let command: CommandText
  let summary: RevertPart.Summary
  let part: RevertPart
  let said: [PlanFinding]

  private var isBack: Bool { ["restored", "nothing-to-do"].contains(summary.outcome) }

  /// In the order in which they are done, each once.
  var tasks: [Task] {
    guard summary.outcome != "planned" else { return [] }
    var seen = Set<String>()
    return (goingOn + remedies + again + afterwards).filter { seen.insert($0.command).inserted }
  }

  /// Whatever else is open, what was begun comes first.
  private var goingOn: [Task] {
    guard
      summary.outcome == "interrupted" && part.journal != nil
        || said.contains(where: { $0.code == .deadline })
    else {
      return []
    }
    return [
      Task(
        command: command.text(adding: ["--continue"]), does: "waits for what was begun and does the rest")
    ]
  }

  /// What single findings ask for.
  private var remedies: [Task] {
    said.compactMap { finding in
      guard case .command(let command, let does) = finding.remedy else { return nil }
      return Task(command: command, does: does)
    }
  }

  /// This run once more: with the leave that it lacked, or as it was, once what stopped it is mended.
  private var again: [Task] {
    var given: [String] = []
    var codes: [String] = []
    var isPossible = false
    for finding in said where finding.severity == .error || finding.remedy == .options([]) {
      guard case .options(let options) = finding.remedy else { continue }
      isPossible = true
      if !codes.contains(finding.code.rawValue) { codes.append(finding.code.rawValue) }
      for pair in FollowUp.pairs(options) where !FollowUp.pairs(given).contains(pair) { given += pair }
    }
    let stops = said.filter { $0.severity == .error && $0.code != .deadline && !$0.isAside }
    var tasks: [Task] = []
    if isPossible {
      tasks.append(
        Task(
          command: command.text(adding: given),
          does: given.isEmpty
            ? "runs it again, once what \(codes.joined(separator: ", ")) says is mended"
            : "gives the leave that is wanted; read first what it costs: \(codes.joined(separator: ", "))"))
    } else if !stops.isEmpty {
      let codes = stops.map(\.code.rawValue).reduce(into: [String]()) {
        if !$0.contains($1) { $0.append($1) }
      }
      tasks.append(
        Task(
          command: command.text(adding: ["--dry-run"]),
          does:
            "shows whether it can run, once what it stopped for is mended: \(codes.joined(separator: ", "))"))
    }
    if let others = said.first(where: { $0.code == .othersPossible }), case .options(let only) = others.remedy
    {
      tasks.append(Task(command: command.text(adding: only), does: "puts the other stacks back meanwhile"))
    }
    return tasks
  }

  /// `--skip a --skip b` as pairs, `--keep-exports` alone.
  private static func pairs(_ options: [String]) -> [[String]] {
    options.reduce(into: []) { pairs, word in
      if word.hasPrefix("--") { pairs.append([word]) } else { pairs[pairs.count - 1].append(word) }
    }
  }

  private var afterwards: [Task] {
    var tasks: [Task] = []
    if summary.outcome == "relieved" {
      tasks.append(Task(command: "auto-revert \(environment)", does: "puts the recorded setting back"))
    }
    if isBack, part.health?.verdict == .stop {
      tasks.append(
        Task(command: "smoke-test \(environment)", does: "checks again, once what fails is mended"))
    }
    if !part.commits.isEmpty, isBack { tasks += git }
    if isBack, !part.actions.isEmpty, part.health?.watch == nil {
      tasks.append(
        Task(command: "watch-30m \(environment) --for 30m", does: "watches the restored version"))
    }
    return tasks
  }

  /// Merging the revert, and how the commits come back once the fault is mended.
  private var git: [Task] {
    guard let branch = summary.branch else {
      let commits = part.commits
      let range =
        commits.count == 1
        ? commits[0].id.prefix(12).description
        : "\(summary.restoredCommit?.prefix(12) ?? "")..\(commits[0].id.prefix(12))"
      return [
        Task(
          command: "auto-revert \(environment) --git-only --revert \(range) --onto main",
          does: "takes the commits back in git, or the next deployment brings the fault back")
      ]
    }
    let text = summary.pullRequestText.map { " with the text in \($0)" } ?? ""
    let danger = "unless it is merged, the next deployment brings the fault back"
    let arrival: Task? =
      if let page = summary.pullRequest {
        Task(command: "open \(page)", does: "shows the pull request of the revert: \(danger)")
      } else if summary.pushedTo != nil, let command = summary.commands?.first {
        Task(command: command, does: "for a pull request\(text): \(danger)")
      } else if summary.pushedTo == nil {
        Task(
          command: summary.commands?.first ?? "git push --set-upstream origin \(branch)",
          does: "for a pull request\(text): \(danger)")
      } else {
        nil
      }
    return [arrival].compactMap(\.self) + [
      Task(
        command: FollowUp.reapply(branch, part.commits.count),
        does: "reapplies the commits on top of the branch that it was merged into, once the fault is mended")
    ]
  }

  /// The command that reverts the revert commits of `branch`.
  static func reapply(_ branch: String, _ count: Int) -> String {
    "git revert \(count == 1 ? branch : "\(branch)~\(count)..\(branch)")"
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
