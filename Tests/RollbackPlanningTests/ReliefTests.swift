import CloudFormationModel
import RollbackPlanning
import Testing

@Suite struct `Relief` {
  static let relief = ReliefFacts(
    function: "fn", stack: "Shop-api-prod", wanted: "timeout=30", live: "timeout=3", afterwards: "timeout=3")

  static func plan(
    _ stack: StackFacts, _ relief: ReliefFacts = relief, done: Bool = false,
    method: PlanOptions.Method = .automatic,
    _ edit: (inout RevertFacts) -> Void = { _ in }
  ) -> Plan {
    var facts = Sample.facts([stack])
    facts.reliefs = [relief]
    if done { facts.done = ["relieve fn"] }
    edit(&facts)
    return Sample.plan(facts) { $0.method = method }
  }

  @Test func `9 comes before the restore of its stack, which waits for it`() {
    let plan = Self.plan(Sample.stack("api", .updateComplete))
    #expect(plan.next.map(\.kind) == [.relieve])
    #expect(plan.next.first?.payload == .settings("timeout=30"))
    #expect(plan.actions.map(\.kind) == [.relieve, .restore])
    #expect(plan.actions.map(\.stage) == [1, 2])
    #expect(plan.codes == [.reliefSet])
    // Once, not again after it has been undone.
    #expect(Self.plan(Sample.stack("api", .updateComplete), done: true).due == ["restore Shop-api-prod"])
  }

  @Test func `9 never beside the stack's own update`() {
    for status in [StackStatus.updateInProgress, .updateRollbackInProgress, .updateRollbackFailed] {
      let plan = Self.plan(Sample.stack("api", status))
      #expect(!plan.actions.contains { $0.kind == .relieve })
      #expect(plan.codes.contains(.reliefSet) && !plan.isBlocked)
      // Asked for alone, it is refused.
      #expect(Self.plan(Sample.stack("api", status), method: .relief).stops == [.reliefSet])
    }
  }

  @Test func `9 is undone explicitly, also where the template would not`() {
    let plan = Self.plan(Sample.stack("api", .updateComplete, difference: .none), done: true) { facts in
      facts.resources = [
        ResourceFacts(
          kind: .functionSettings, target: "fn", stack: "Shop-api-prod", recorded: "timeout=3,memory=128",
          live: "timeout=30,memory=128")
      ]
    }
    #expect(plan.due == ["restoreFunctionSettings fn"])
    #expect(plan.next.first?.payload == .settings("timeout=3,memory=128"))
  }

  @Test func `alone it changes nothing else`() {
    let plan = Self.plan(Sample.stack("api", .updateComplete), method: .relief)
    #expect(plan.due == ["relieve fn"])
    #expect(plan.findings.first?.message.contains("The next auto-revert puts timeout=3 back") == true)
    #expect(Self.plan(Sample.stack("api", .updateComplete), done: true, method: .relief).due == [])
  }

  @Test func `with nothing to roll back it says how to set it alone`() {
    let plan = Self.plan(Sample.stack("api", .updateComplete, difference: .none))
    #expect(plan.due.isEmpty && !plan.isBlocked)
    #expect(plan.findings.first?.message.contains("--method relief") == true)
  }

  @Test func `wants a function of the stacks, and a way back`() {
    let edits: [(inout ReliefFacts) -> Void] = [
      { $0.live = nil }, { $0.stack = nil }, { $0.stack = "Other" }, { $0.afterwards = nil },
    ]
    for edit in edits {
      var relief = Self.relief
      edit(&relief)
      #expect(Self.plan(Sample.stack("api", .updateComplete), relief, method: .relief).stops == [.reliefSet])
    }
  }

  @Test(arguments: [
    ("timeout=30", "timeout=30"), ("memory=512,timeout=30", "timeout=30,memory=512"),
  ]) func `reads settings`(_ text: String, _ shown: String) {
    #expect(FunctionSetting(text)?.text == shown)
    #expect(
      ReliefRequest("arn:aws:lambda:eu-west-1:1:function:fn:\(text)")?.function.hasSuffix("function:fn")
        == true)
  }

  @Test(arguments: [
    "", "timeout", "timeout=", "timeout=0", "timeout=901", "memory=64", "memory=x", "timeout=3,timeout=4",
    "cpu=1",
    "timeout=30,",
  ]) func `refuses what Lambda does not take`(_ text: String) {
    #expect(FunctionSetting(text) == nil)
    #expect(ReliefRequest("fn:\(text)") == nil)
    #expect(ReliefRequest(":timeout=30") == nil)
  }
}
