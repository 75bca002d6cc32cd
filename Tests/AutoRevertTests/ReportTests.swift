import AutoRevert
import CommandArguments
import DeploymentRecords
import JSONValues
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `Record and report` {
  static func record(_ outcome: String, _ verdict: Verdict, health: Verdict? = nil) -> Record<RevertPart> {
    let at = Timestamp("2026-11-24T02:00:00Z")!
    var summary = RevertPart.Summary(outcome: outcome)
    summary.restorePoint = "20261124T000000Z-aaaaaa"
    summary.reason = "checkout answers 500"
    summary.tookSeconds = 95
    let action = RevertPart.ActionEntry(
      action: "cancel", target: "Shop-Api", reason: "UPDATE_IN_PROGRESS", startedAt: at,
      finishedAt: at + .seconds(95),
      result: "done")
    return Record(
      environment: "prod", commit: nil, verdict: verdict, startedAt: at, finishedAt: at + .seconds(100),
      inputs: [],
      findings: [], summary: summary,
      part: RevertPart(
        plan: [
          RevertPart.PlanEntry(order: 1, action: "cancel", target: "Shop-Api", reason: "UPDATE_IN_PROGRESS")
        ],
        journal: "/r/journal", actions: [action],
        health: health.map {
          .init(verdict: $0, checks: 3, failed: $0 == .go ? 0 : 1, failures: ["home: 500"])
        }))
  }

  @Test(arguments: [
    ("restored", Verdict.go, "ROLLED BACK in 2 min: prod is back"),
    ("restored", .stop, "ROLLED BACK in 2 min, BUT NOT HEALTHY"),
    ("restored", .inconclusive, "its health is not known"),
    ("stopped", .stop, "PARTLY ROLLED BACK: prod needs a person for the rest: "),
    ("planned", .go, "The plan could run. Nothing was changed."),
    ("planned", .stop, "The plan cannot run. Nothing was changed."),
    ("interrupted", .inconclusive, "auto-revert prod --continue"),
    ("nothing-to-do", .go, "Nothing to roll back"),
    ("deleted", .go, "Nothing to delete: the stacks of prod are not there."),
    ("relieved", .go, "SET FOR NOW: Shop-Api. Nothing was rolled back"),
  ]) func `says in one line what a person at 2 am has to know`(
    _ outcome: String, _ verdict: Verdict, _ words: String
  ) {
    let report = RevertCommand.report(Self.record(outcome, verdict, health: verdict))
    #expect(report.headline.contains(words))
  }

  @Test func `a dry run that would do nothing says so`() {
    var record = Self.record("planned", .go)
    record.part.plan = []
    #expect(RevertCommand.report(record).headline.hasPrefix("Nothing to roll back"))
  }

  @Test func `what --only left out is not called back`() {
    var record = Self.record("restored", .go, health: .go)
    record.findings = [Finding("stack-left-out", .warning, "left out", subject: "Shop-Data")]
    #expect(RevertCommand.report(record).headline.contains("as far as --only says, and healthy"))
  }

  @Test func `ticks the checklist only as far as it was done`() {
    func ticked(_ record: Record<RevertPart>) -> Int {
      let lines = RevertCommand.report(record).sections.first { $0.title == "Checklist" }?.lines ?? []
      #expect(lines.count == 17)
      return lines.filter { $0.hasPrefix("[x]") }.count
    }
    #expect(ticked(Self.record("restored", .go, health: .go)) == 7)
    #expect(ticked(Self.record("restored", .stop, health: .stop)) == 6)
    #expect(ticked(Self.record("stopped", .stop)) == 5)
  }

  @Test func `is read back as it was written, and shows journal and health even where there are none`() throws
  {
    let record = Self.record("restored", .go, health: .go)
    let tree = try RecordJSON.tree(record)
    let back = try RecordJSON.value(Record<RevertPart>.self, from: tree)
    #expect(back.part == record.part && back.summary == record.summary)
    let empty = try RecordJSON.tree(Self.record("planned", .go))
    #expect(empty["health"] == .null)
    #expect(try RecordJSON.tree(RevertPart(plan: []))["journal"] == .null)
  }

  @Test func `explains every finding code once, in words of its own`() {
    let catalog = RevertCommand.catalog
    #expect(Set(catalog.map(\.meaning)).count == catalog.count)
    for code in PlanFindingCode.allCases {
      let entries = catalog.filter { $0.code == code.rawValue }
      #expect(entries.count == 1, "\(code)")
      let words = entries.first?.meaning ?? ""
      // A sentence, and not the code said again.
      #expect(words.hasSuffix(".") && words.split(separator: " ").count >= 4, "\(code): \(words)")
      #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
    }
  }

  @Test func `keeps what confirms or widens out of the environment's reach`() throws {
    // What says where to read, what to leave alone, or why: none of it permits anything. Every other option that there is,
    // or will be, counts on the command line alone.
    let harmless: Set = [
      "only", "to", "reason", "deadline", "revert", "mainline", "onto", "branch", "git-only",
    ]
    let open = Set(RevertCommand.environmentOptions + RevertCommand.environmentFlags)
    #expect(open.subtracting(harmless).isEmpty)
    let declared = try RevertCommand.declaredOptions()
    #expect(open.isSubset(of: declared))
    #expect(
      declared.subtracting(open).isSuperset(of: [
        "confirm", "method", "allow-replace", "allow-stateful", "force", "skip", "skip-stuck",
        "accept-schema",
        "operator", "continue", "dry-run", "restore-database", "rollback-schema", "override-stack-policy",
        "relief", "take-lock",
      ]))
  }
}
