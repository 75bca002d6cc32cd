import CloudFormationModel
import CommandArguments
import DeploymentEvidence
import DeploymentRecords
import Foundation
import JSONValues
import Redaction
import Reporting
import RollbackPlanning
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert
@testable import StepRuntime

@Suite struct `Incident report` {
  private let day = Timestamp("2026-11-26T02:00:00Z")!

  private func record(_ outcome: String = "restored", _ change: (inout Record<RevertPart>) -> Void = { _ in })
    -> Record<RevertPart>
  {
    var record = `Record and report`.record(outcome, .go, health: .go)
    record.part.commits = [
      .init(id: String(repeating: "b", count: 40), summary: "Second | bad"),
      .init(id: String(repeating: "a", count: 40), summary: "First bad"),
    ]
    record.summary.restoredCommit = String(repeating: "0", count: 40)
    change(&record)
    return record
  }

  private func section(_ title: String, _ record: Record<RevertPart>) -> ReportSection? {
    RevertCommand.report(record).sections.first { $0.title.hasPrefix(title) }
  }

  /// What is left to do after a run with these arguments.
  private func tasks(_ record: Record<RevertPart>, _ said: [PlanFinding] = [], _ arguments: String...) throws
    -> [String]
  {
    let bench = SessionBench()
    try bench.config.write(toFile: bench.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    let command = try RevertCommand.parse(["prod"] + arguments)
    let session = try StepSession(
      context: bench.context, common: command.common, redactor: Redactor(), startedAt: day, needsConfig: true)
    return FollowUp(
      environment: "prod", command: CommandText(command, session), summary: record.summary, part: record.part,
      said: said
    ).tasks.map(\.line)
  }

  @Test func `says first what is left to do, in order`() throws {
    let record = record {
      $0.summary.branch = "backstop/revert-x"
      $0.part.leftToDo = [.init(command: "smoke-test prod", does: "checks again")]
    }
    let titles = RevertCommand.report(record).sections.map(\.title)
    #expect(titles.prefix(4) == ["Why", "Left to do", "Health afterwards", "What was done"])
    #expect(section("Left to do", record)?.lines == ["smoke-test prod  # checks again"])
    let lines = try tasks(record)
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("git push --set-upstream origin backstop/revert-x  # "))
    #expect(lines[1].hasPrefix("git revert backstop/revert-x~2..backstop/revert-x  # "))
    #expect(lines[2].hasPrefix("watch-30m prod --for 30m  # "))
  }

  @Test func `names the command where no branch was made`() throws {
    let lines = try tasks(record())
    #expect(
      lines[0].hasPrefix("auto-revert prod --git-only --revert 000000000000..bbbbbbbbbbbb --onto main  # "))
  }

  @Test func `says how to go on where something is open`() throws {
    let late = PlanFinding(.deadline, .error, "the time ran out")
    #expect(
      try tasks(record("stopped"), [late], "--only", "api") == [
        "auto-revert prod --only api --continue  # waits for what was begun and does the rest"
      ])
    #expect(try tasks(record("planned"), [late]).isEmpty)
    #expect(section("Checklist", record("planned")) == nil)
  }

  @Test func `one command gives all the leave that is wanted, and what none mends is looked at again`() throws
  {
    let many = (1...40).map { number in
      PlanFinding(
        .wouldLoseData, .error, remedy: .options(["--allow-stateful", "api/R\(number % 2)"]),
        "would replace R\(number)")
    }
    let replaced = PlanFinding(.wouldReplace, .error, remedy: .options(["--allow-replace"]), "would replace")
    let lines = try tasks(record("stopped"), many + [replaced, replaced], "--reason", "it's bad")
    #expect(lines.count == 1)
    #expect(
      lines[0].hasPrefix(
        #"auto-revert prod --reason 'it'\''s bad' --allow-stateful api/R1 --allow-stateful api/R0 --allow-replace  # "#
      ))
    let failed = PlanFinding(.actionFailed, .error, "the restore failed")
    #expect(
      try tasks(record("stopped"), [failed, failed]) == [
        "auto-revert prod --dry-run  # shows whether it can run, once what it stopped for is mended: action-failed"
      ])
    var aside = PlanFinding(
      .needsPerson, .error,
      remedy: .command("aws cloudformation delete-stack --stack-name S", does: "removes it"),
      "needs a person")
    aside.isAside = true
    #expect(
      try tasks(record("stopped"), [aside, aside]) == [
        "aws cloudformation delete-stack --stack-name S  # removes it"
      ])
  }

  @Test func `is text that a shell takes, in Markdown too`() throws {
    let text = MarkdownReport.render(RevertCommand.report(record()))
    #expect(text.contains("\n- [x] Run health checks and test API endpoints\n- [ ] Check CloudWatch"))
    // What came from outside cannot tick a box or end a cell.
    #expect(text.contains("Second \\| bad"))
  }

  @Test func `holds the estimate against what it took`() {
    let record = record {
      $0.summary.estimatedSeconds = 450
      $0.part.plan[0].estimateSeconds = 450
    }
    let done = section("What was done", record)
    #expect(done?.lines == ["Took 2 min, estimated 8 min."])
    #expect(done?.rows.first?[4] == "2 min" && done?.rows.first?[5] == "8 min")
  }

  @Test func `tells the story in one list, oldest first, with dates where they differ`() {
    var stack = LiveStack(id: "arn:s", statusText: "UPDATE_ROLLBACK_COMPLETE", updatedAt: day)
    let token = OperationToken(restorePoint: "r", operation: .cancel, stack: "Shop-Api").description
    stack.events = [
      StackEventFact(at: day + .seconds(70), status: .updateRollbackComplete, token: token),
      StackEventFact(at: day - .seconds(60), status: .updateInProgress, token: "deploy"),
    ]
    let facts = RevertFacts(
      stacks: [StackFacts(role: "api", name: "Shop-Api", live: stack, recorded: nil)], restorePoint: "r")
    var point = RestorePoint(
      id: "r", environment: "prod", commit: "0123456789abcdef", createdAt: day - .seconds(86_400),
      region: "eu-west-1",
      account: nil)
    point.stacks = []
    var entry = Evidence(
      .smokeTest, .stop, .judged(Judged(base: "", head: "")), startedAt: day - .seconds(10),
      finishedAt: day - .seconds(5), application: ".", deployment: nil)
    entry.messages = ["home answers 500"]
    // Files that were only read, and the like, are no part of the story.
    let old = Evidence(
      .watch30m, .go, .nothing, startedAt: day - .seconds(200_000), finishedAt: day - .seconds(190_000),
      application: ".", deployment: nil)
    let action = ActionResult(
      action: PlannedAction(.cancel, target: "Shop-Api", reason: ""), startedAt: day,
      finishedAt: day + .seconds(71),
      ending: .done)
    let result = EngineResult(ending: .restored, plan: Plan(), actions: [action], findings: [], facts: facts)
    let timeline = Timeline(
      result, point, [old, entry], .init(verdict: .go, checks: 3, failed: 0, failures: []),
      now: day + .seconds(80))
    #expect(
      timeline.entries.map(\.event) == [
        "restore point r recorded, commit 0123456789ab", "UPDATE_IN_PROGRESS (deployment)",
        "said stop: home answers 500",
        "cancel Shop-Api begun", "UPDATE_ROLLBACK_COMPLETE (auto-revert)", "cancel Shop-Api: done",
        "health: go, 3 of 3 checks passed",
      ])
    var record = record()
    record.startedAt = day
    record.part.timeline = timeline.entries
    let rows = section("Timeline", record)?.rows ?? []
    #expect(rows.first?[0] == "2026-11-25 02:00:00" && rows.last?[0] == "02:01:20")
  }

  @Test func `the pull request lists commits, evidence and how to reapply`() {
    let text = PullRequestText(
      branch: "backstop/revert-x", environment: "prod", reason: "500\nsince noon",
      restored: "0123456789abcdef",
      commits: record().part.commits,
      evidence: [
        .init(
          step: "smoke-test", verdict: .stop, finishedAt: day, commit: nil, messages: ["home answers 500"]),
        .init(step: "diff-gate", verdict: .go, finishedAt: day, commit: nil, messages: []),
      ],
      schema: .init(
        applied: ["V2__x.sql"], assumed: ["V4"], undone: ["V3__y.sql"], left: ["write a migration"])
    ).markdown
    for words in [
      "- applied, and its file stays: V2", "- its file stays, since it may be applied: V4", "- undone: V3",
      "- to do: write a migration",
      "**Reason**: 500 since noon", "- \(String(repeating: "b", count: 40)) Second \\| bad",
      "- smoke-test said stop at 2026-11-26T02:00:00.000Z\n  - home answers 500",
      "git revert backstop/revert-x~2..backstop/revert-x",
    ] { #expect(text.contains(words), "\(words)") }
    #expect(!text.contains("diff-gate"))
  }

  @Test func `the list shows commit, verdicts and database snapshot`() throws {
    let bench = SessionBench()
    let session = try bench.start("--list").session
    var point = RestorePoint(
      id: "20261126T010000Z-aaaaaa", environment: "prod", commit: String(repeating: "a", count: 40),
      createdAt: day - .seconds(3600), region: "eu-west-1", account: nil)
    point.database = DatabaseState(kind: "instance", identifier: "shop", status: "available", stack: "S")
    point.database?.snapshotId = "shop-before-42"
    point.application = "."
    point.stacks = [
      StackState(
        role: "api", name: "Shop-Api", stackId: "arn:aws:cloudformation:eu-west-1:1:stack/Shop-Api/1",
        status: "UPDATE_COMPLETE", lastUpdatedAt: day - .seconds(108_000), templateFile: "t",
        templateSha256: "")
    ]
    let held = try #require(point.held)
    // One that was live before: what was said of it says nothing of what the point holds.
    let other = try #require(
      Deployment([
        StackVersion(
          name: "Shop-Api", id: point.stacks[0].stackId, updatedAt: day - .seconds(200_000),
          status: "UPDATE_COMPLETE")
      ]))
    try session.restorePoints.write(point, contents: ["t": Array("{}".utf8)])
    try session.restorePoints.markLatest(point.id)
    func put(
      _ run: String, _ step: String, _ verdict: String, _ time: String, of deployment: Deployment,
      _ answers: String
    ) throws {
      let folder = bench.folder(".backstop/prod/runs/\(run)")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let text =
        #"{"step":"\#(step)","environment":"prod","application":".","#
        + #""liveStacks":\#(deployment.json.serialized()),"commit":"\#(String(repeating: "a", count: 40))","#
        + #""verdict":"\#(verdict)","startedAt":"\#(time)","finishedAt":"\#(time)",\#(answers)}"#
      try text.write(toFile: "\(folder)/\(step).json", atomically: true, encoding: .utf8)
    }
    func home(_ outcome: String) -> String { #""checks":[{"id":"home","outcome":"\#(outcome)"}]"# }
    let watched =
      #""window":{"mode":"live"},"series":[{"name":"errors","kind":"errors","verdict":"healthy"}]"#
    try put("1", "smoke-test", "stop", "2026-11-25T01:00:00Z", of: held, home("fail"))
    try put("2", "smoke-test", "go", "2026-11-25T02:00:00Z", of: held, home("pass"))
    try put("3", "watch-30m", "go", "2026-11-25T03:00:00Z", of: held, watched)
    try put("4", "diff-gate", "stop", "2026-11-25T04:00:00Z", of: held, home("fail"))
    try put("5", "smoke-test", "stop", "2026-11-25T05:00:00Z", of: other, home("fail"))
    let lines = try RestorePointList.text(session).split(separator: "\n")
    #expect(lines[0].hasPrefix("RESTORE POINT"))
    for word in [
      "20261126T010000Z-aaaaaa", "aaaaaaaaaaaa", "60 min", "latest good", "smoke-test go, watch-30m go",
      "shop-before-42",
    ] { #expect(lines[1].contains(word), "\(word)") }
  }
}
