import DeploymentConfig
import HTTPTransport
import JSONValues
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

/// An execution that goes through the given states, one a look.
private final class ScriptedExecutions: ExecutionPlane {
  private let states: Mutex<[ExecutionState]>
  let started = Mutex<[(machine: String, name: String, input: String)]>([])
  /// Where set, starting takes all the time there is, as Express does for an execution that is longer.
  private let patience: ManualClock?
  init(_ states: ExecutionState..., patience: ManualClock? = nil) {
    self.states = Mutex(states)
    self.patience = patience
  }

  func resources(ofStack name: String) async throws(ControlPlaneError) -> [StackMember] {
    [
      StackMember(
        logicalId: "Flow", physicalId: "arn:aws:states:r:1:stateMachine:flow-prod",
        type: "AWS::StepFunctions::StateMachine")
    ]
  }
  func startExecution(
    ofStateMachine arn: String, name: String, input: String, within limit: Duration
  ) async throws(ControlPlaneError) -> ExecutionState {
    started.withLock { $0.append((arn, name, input)) }
    if let patience {
      patience.advance(by: limit)
      throw ControlPlaneError(.unavailable, "no answer within \(limit)")
    }
    return next()
  }
  func execution(_ arn: String) async throws(ControlPlaneError) -> ExecutionState { next() }

  private func next() -> ExecutionState {
    states.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
  }
}

@Suite struct ExecutionCheckTests {
  private let running = ExecutionState(arn: "e", status: "RUNNING")

  private func policy(_ change: (inout ExecutionPolicy) -> Void = { _ in }) -> ExecutionPolicy {
    var policy = ExecutionPolicy(name: "an invoice runs through")
    change(&policy)
    return policy
  }

  private func run(
    _ policy: ExecutionPolicy, _ plane: ScriptedExecutions, allowsWrites: Bool = true,
    machine: String? = "arn:aws:states:r:1:stateMachine:m", clock: ManualClock = ManualClock()
  ) async throws -> CheckResult {
    var settings = SmokeSettings()
    settings.allowsWrites = allowsWrites
    let checks = ExecutionChecks(
      plane, stacks: ["Workflow"], defaultMachine: machine, faults: ControlPlaneFaults())
    let report = await SmokeRun.run(
      try checks.chains([policy], file: "backstop.yml"), settings: settings,
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 500) }, clock: clock,
        random: Randomness()))
    return report.results[0]
  }

  private func output(_ entries: (String, JSONValue)...) throws -> [ExecutionPolicy.Output] {
    let text = entries.map { "\"\($0.0)\": \($0.1.serialized())" }.joined(separator: ", ")
    return try Policy(
      parsing: Array("smoke-test:\n  executions: [{ name: x, output: { \(text) } }]".utf8),
      path: "backstop.yml"
    ).smoke.executions[0].output
  }

  @Test func `it is watched to its end, with the input that was given`() async throws {
    let plane = ScriptedExecutions(
      running, running, running, ExecutionState(arn: "e", status: "SUCCEEDED", output: "{}"))
    let result = try await run(policy { $0.input = ["id": 7] }, plane)
    #expect(result.outcome == .pass)
    let started = plane.started.withLock { $0 }
    #expect(started.count == 1)
    #expect(started[0].machine == "arn:aws:states:r:1:stateMachine:m")
    #expect(started[0].input == #"{"id":7}"#)
  }

  @Test func `a bad end is an end: nothing is started again`() async throws {
    let plane = ScriptedExecutions(
      running, ExecutionState(arn: "e", status: "FAILED", error: "States.TaskFailed", cause: "no such table"))
    let result = try await run(policy(), plane)
    #expect(result.outcome == .fail && result.failure == .execution)
    #expect(result.message == "ended as FAILED: States.TaskFailed: no such table, expected SUCCEEDED")
    #expect(plane.started.withLock { $0.count } == 1)
  }

  @Test func `an end that is meant to be bad passes`() async throws {
    let plane = ScriptedExecutions(running, ExecutionState(arn: "e", status: "FAILED", error: "Rejected"))
    #expect(try await run(policy { $0.status = "FAILED" }, plane).outcome == .pass)
  }

  @Test func `one that does not end in time is named`() async throws {
    let result = try await run(policy { $0.timeout = .seconds(20) }, ScriptedExecutions(running))
    #expect(result.outcome == .fail)
    #expect(result.message == "is still RUNNING after 20 s: e")
  }

  @Test func `an Express one that takes longer than it may fails, and AWS is not blamed`() async throws {
    let clock = ManualClock()
    let plane = ScriptedExecutions(running, patience: clock)
    let result = try await run(policy { $0.timeout = .seconds(20) }, plane, clock: clock)
    #expect(result.outcome == .fail && result.failure == .execution)
    #expect(result.message == "has not ended after 20 s: arn:aws:states:r:1:stateMachine:m")
    #expect(plane.started.withLock { $0.count } == 1)
  }

  @Test func `the output is judged place by place, each with its line`() async throws {
    let done = ExecutionState(
      arn: "e", status: "SUCCEEDED",
      output: #"{"status":"APPROVED","total":12.50,"lines":[{"a":1,"b":2}]}"#)
    let good = try output(
      ("$.status", "APPROVED"), ("$.total", 12.5), ("$.lines[0]", ["b": 2, "a": 1]))
    #expect(try await run(policy { $0.output = good }, ScriptedExecutions(done)).outcome == .pass)
    let bad = try output(("$.status", "REJECTED"), ("$.none", 1), ("$.lines[0].*", 1))
    let result = try await run(policy { $0.output = bad }, ScriptedExecutions(done))
    #expect(result.failure == .assertion)
    #expect(
      result.attempts.last?.conditions.map(\.message) == [
        #"$.status is "APPROVED", expected "REJECTED""#, "$.none is not there, expected 1",
        "$.lines[0].* gives 2 values, expected one",
      ])
    #expect(result.attempts.last?.conditions.map(\.line) == [2, 2, 2])
  }

  @Test func `it writes, so production needs the policy's word`() async throws {
    let plane = ScriptedExecutions(running)
    let result = try await run(policy(), plane, allowsWrites: false)
    #expect(result.outcome == .skipped && result.failure == .writesNotAllowed)
    #expect(plane.started.withLock { $0.isEmpty })
  }

  @Test(arguments: ["Flow", "flow-prod"])
  func `a state machine is found by logical id and by name`(name: String) async throws {
    let plane = ScriptedExecutions(ExecutionState(arn: "e", status: "SUCCEEDED"))
    #expect(try await run(policy { $0.stateMachine = name }, plane, machine: nil).outcome == .pass)
    #expect(plane.started.withLock { $0[0].machine } == "arn:aws:states:r:1:stateMachine:flow-prod")
  }

  @Test func `one that nobody knows is the policy's fault`() async throws {
    let plane = ScriptedExecutions(running)
    let named = try await run(policy { $0.stateMachine = "Other" }, plane)
    #expect(named.outcome == .error && named.message == "no stack has a state machine Other")
    let none = try await run(policy(), plane, machine: nil)
    #expect(none.outcome == .error && none.message.contains("no STATE_MACHINE_ARN"))
  }

  @Test func `a wrong JSONPath is named with file and line before anything is started`() throws {
    let checks = ExecutionChecks(
      ScriptedExecutions(running), stacks: [], defaultMachine: nil, faults: ControlPlaneFaults())
    let wrong = policy { $0.output = (try? output(("$.a[", 1))) ?? [] }
    let error = #expect(throws: CheckSourceError.self) { try checks.chains([wrong], file: "backstop.yml") }
    #expect(error?.problems.first?.hasPrefix("backstop.yml:2: $.a[ is no JSONPath") == true)
  }
}
