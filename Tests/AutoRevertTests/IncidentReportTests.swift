import CloudFormationModel
import DeploymentEvidence
import DeploymentRecords
import Foundation
import JSONValues
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

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

  @Test func `says first what is left to do, in order`() {
    let titles = RevertCommand.report(record()).sections.map(\.title)
    #expect(titles.prefix(4) == ["Why", "Left to do", "Health afterwards", "What was done"])
    let lines = section("Left to do", record { $0.summary.branch = "backstop/revert-x" })?.lines ?? []
    #expect(lines.map { String($0.prefix(3)) } == ["1. ", "2. ", "3. ", "4. "])
    #expect(lines[0].contains("Merge the branch backstop/revert-x"))
    #expect(lines[1].contains("git revert backstop/revert-x~2..backstop/revert-x"))
    #expect(lines[2].contains("watch-30m prod"))
  }

  @Test func `names the command where no branch was made`() {
    let lines = section("Left to do", record())?.lines ?? []
    #expect(lines[0].contains("auto-revert prod --git-only --revert 000000000000..bbbbbbbbbbbb --onto main"))
  }

  @Test func `says how to go on where something is open`() {
    let late = record("stopped") {
      $0.findings = [Finding(PlanFinding(.deadline, .stop, "the time ran out"))]
    }
    let lines = section("Left to do", late)?.lines ?? []
    #expect(lines.first == "1. Go on: auto-revert prod --continue")
    #expect(lines.contains { $0.contains("Resolve: the time ran out") })
    let plan = record("planned")
    #expect(section("Left to do", plan) == nil && section("Checklist", plan) == nil)
  }

  @Test func `is a task list in Markdown, and hundreds of one kind are three and a number`() {
    let many = record("stopped") { record in
      record.findings = (1...40).map { Finding(PlanFinding(.wouldReplace, .stop, "would replace R\($0)")) }
    }
    let lines = section("Left to do", many)?.lines ?? []
    #expect(lines.count == 4 && lines[3] == "4. and 37 more of the kind would-replace: see the findings")
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
    let text = PullRequestText.make(
      branch: "backstop/revert-x", environment: "prod", wasPutBack: true, reason: "500\nsince noon",
      restored: "0123456789abcdef",
      commits: record().part.commits,
      evidence: [
        .init(
          step: "smoke-test", verdict: .stop, finishedAt: day, commit: nil, messages: ["home answers 500"]),
        .init(step: "diff-gate", verdict: .go, finishedAt: day, commit: nil, messages: []),
      ])
    for words in [
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
