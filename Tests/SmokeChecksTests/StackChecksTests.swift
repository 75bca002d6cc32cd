import HTTPTransport
import SmokeChecks
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

/// A control plane that answers from tables.
private struct TablePlane: ControlPlane {
  var stacks: [String: StackHealth] = [:]
  var members: [String: [StackMember]] = [:]
  var functions: [String: FunctionHealth] = [:]
  var machines: [String: String] = [:]
  var databases: [String: String] = [:]
  var error: ControlPlaneError?

  func stack(_ name: String) async throws(ControlPlaneError) -> StackHealth? {
    if let error { throw error }
    return stacks[name]
  }
  func resources(ofStack name: String) async throws(ControlPlaneError) -> [StackMember] {
    if let error { throw error }
    return members[name] ?? []
  }
  func function(_ name: String, of stack: String?) async throws(ControlPlaneError) -> FunctionHealth? {
    functions[name]
  }
  func stateMachine(_ arn: String, of stack: String?) async throws(ControlPlaneError) -> String? {
    machines[arn]
  }
  func database(
    _ identifier: String, isCluster: Bool, of stack: String?
  ) async throws(ControlPlaneError) -> String? {
    databases[identifier]
  }
}

@Suite struct `Checks of stacks` {
  private let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:Invoices"

  private var healthy: TablePlane {
    TablePlane(
      stacks: [
        "Api": StackHealth(status: "UPDATE_COMPLETE"), "Data": StackHealth(status: "CREATE_COMPLETE"),
        "Nested": StackHealth(status: "CREATE_COMPLETE"),
      ],
      members: [
        "Api": [
          StackMember(logicalId: "F", physicalId: "fn-1", type: "AWS::Lambda::Function"),
          StackMember(logicalId: "N", physicalId: "Nested", type: "AWS::CloudFormation::Stack"),
          StackMember(logicalId: "T", physicalId: "table", type: "AWS::DynamoDB::Table"),
        ],
        "Nested": [
          StackMember(logicalId: "M", physicalId: machine, type: "AWS::StepFunctions::StateMachine")
        ],
        "Data": [StackMember(logicalId: "D", physicalId: "db-1", type: "AWS::RDS::DBInstance")],
      ],
      functions: ["fn-1": FunctionHealth(state: "Active", lastUpdateStatus: "Successful", version: "1.2")],
      machines: [machine: "ACTIVE"], databases: ["db-1": "available"])
  }

  private func run(
    _ plane: TablePlane, stacks: [CheckedStack], machines: [String] = []
  ) async -> (results: [CheckResult], checks: StackChecks) {
    let checks = StackChecks(plane)
    let report = await SmokeRun.run(
      await checks.chains(stacks: stacks, stateMachines: machines), settings: SmokeSettings(),
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 200) }, clock: ManualClock(),
        random: Randomness()))
    return (report.results, checks)
  }

  @Test func `everything is found from the stacks, each thing once`() async {
    let (results, _) = await run(
      healthy, stacks: [CheckedStack(name: "Api"), CheckedStack(name: "Data")], machines: [machine])
    #expect(
      results.map(\.key) == [
        "stack:Api", "function:fn-1", "stack:Nested", "state-machine:\(machine)", "stack:Data",
        "database:db-1",
      ])
    #expect(results.allSatisfy { $0.outcome == .pass })
    #expect(results[1].version == "1.2")
  }

  @Test func `a state machine of the configuration alone is checked as well`() async {
    let (results, _) = await run(healthy, stacks: [CheckedStack(name: "Data")], machines: [machine])
    #expect(results.last?.key == "state-machine:\(machine)")
    #expect(results.last?.outcome == .pass)
  }

  @Test func `a stack that is named and missing fails, one whose name is derived does not`() async {
    let (missing, _) = await run(healthy, stacks: [CheckedStack(name: "Gone")])
    #expect(missing.map(\.failure) == [.stackMissing])
    let (derived, checks) = await run(healthy, stacks: [CheckedStack(name: "Gone", isDerived: true)])
    #expect(derived.isEmpty)
    #expect(checks.notes.all == ["there is no stack Gone, whose name follows from the others"])
  }

  @Test func `an update in progress is waited for, a failed one is not`() async {
    var plane = healthy
    plane.stacks["Data"] = StackHealth(status: "UPDATE_IN_PROGRESS")
    let (waiting, _) = await run(plane, stacks: [CheckedStack(name: "Data")])
    #expect(waiting[0].attempts.count > 3)
    plane.stacks["Data"] = StackHealth(
      status: "UPDATE_ROLLBACK_FAILED", reason: "a resource would not go back")
    let (failed, _) = await run(plane, stacks: [CheckedStack(name: "Data")])
    #expect(failed[0].attempts.count == 1)
    #expect(failed[0].message == "stack Data is UPDATE_ROLLBACK_FAILED: a resource would not go back")
  }

  @Test func `a stack that was rolled back passes with a note`() async {
    var plane = healthy
    plane.stacks["Data"] = StackHealth(status: "UPDATE_ROLLBACK_COMPLETE")
    let (results, checks) = await run(plane, stacks: [CheckedStack(name: "Data")])
    #expect(results[0].outcome == .pass)
    #expect(checks.notes.all.count == 1)
  }

  @Test func `a control plane that cannot be asked makes an error, not a failure`() async {
    var plane = healthy
    plane.error = ControlPlaneError(.refused, "DescribeStacks: the security token is expired")
    let (results, checks) = await run(plane, stacks: [CheckedStack(name: "Api")])
    #expect(results.map(\.outcome) == [.error])
    #expect(results[0].failure == .controlPlane)
    #expect(checks.faults.first?.kind == .refused)
  }
}

@Suite struct `States` {
  private func name(_ result: AttemptResult) -> String {
    switch result.verdict {
    case .passed: "passes"
    case .failed(_, _, settles: true): "waits"
    case .failed(_, _, settles: false): "fails"
    default: "other"
    }
  }

  // All 23 statuses of CloudFormation's service model.
  @Test(arguments: [
    (
      "passes",
      ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
    ),
    ("passes", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"]),
    (
      "waits",
      [
        "CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS",
        "IMPORT_ROLLBACK_IN_PROGRESS",
      ]
    ),
    (
      "fails",
      [
        "CREATE_FAILED", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED", "DELETE_COMPLETE",
        "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED", "REVIEW_IN_PROGRESS",
      ]
    ),
  ])
  func `of a stack`(meaning: String, statuses: [String]) {
    for status in statuses {
      let (result, note) = StateRules.stack("S", StackHealth(status: status))
      #expect(name(result) == meaning, "\(status)")
      #expect((note != nil) == ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"].contains(status))
    }
  }

  @Test(
    arguments: [
      ("passes", "Active", "Successful"), ("passes", nil, nil), ("waits", "Pending", nil),
      ("waits", "Active", "InProgress"), ("fails", "Failed", nil), ("fails", "Inactive", nil),
      ("fails", "Active", "Failed"),
    ] as [(String, String?, String?)])
  func `of a function`(meaning: String, state: String?, update: String?) {
    #expect(name(StateRules.function("f", FunctionHealth(state: state, lastUpdateStatus: update))) == meaning)
  }

  @Test(arguments: [
    ("passes", "available"), ("passes", "backing-up"), ("waits", "modifying"), ("waits", "rebooting"),
    ("fails", "failed"), ("fails", "storage-full"), ("fails", "stopped"), ("fails", "deleting"),
  ])
  func `of a database`(meaning: String, status: String) {
    #expect(name(StateRules.database("d", status)) == meaning)
  }

  @Test func `of a state machine`() {
    #expect(name(StateRules.stateMachine("m", "ACTIVE")) == "passes")
    #expect(name(StateRules.stateMachine("m", "DELETING")) == "fails")
    #expect(name(StateRules.stateMachine("m", nil)) == "fails")
  }
}
