import DeploymentConfig
import HurlFile
import JSONValues
import SystemInterfaces

/// What executions need of AWS, and nothing more.
public protocol ExecutionPlane: Sendable {
  /// The resources of a stack.
  func resources(ofStack name: String) async throws(ControlPlaneError) -> [StackMember]
  /// Starts an execution; one that an Express state machine runs is over when this returns, or has taken longer than
  /// `limit`, which is then an error.
  func startExecution(
    ofStateMachine arn: String, name: String, input: String, within limit: Duration
  ) async throws(ControlPlaneError) -> ExecutionState
  /// How an execution stands.
  func execution(_ arn: String) async throws(ControlPlaneError) -> ExecutionState
}

/// How an execution stands.
public struct ExecutionState: Hashable, Sendable {
  /// Its name in AWS.
  public var arn: String
  /// `RUNNING`, `SUCCEEDED`, `FAILED`, …
  public var status: String
  /// JSON text, where it has ended well.
  public var output: String?
  /// The error's name and cause, where it has not.
  public var error: String?, cause: String?

  /// A state.
  public init(
    arn: String, status: String, output: String? = nil, error: String? = nil, cause: String? = nil
  ) {
    self.arn = arn
    self.status = status
    self.output = output
    self.error = error
    self.cause = cause
  }
}

/// Checks that start state machines with inputs of the policy and watch them to their end.
public struct ExecutionChecks: Sendable {
  private let plane: any ExecutionPlane
  private let stacks: [String]
  private let defaultMachine: String?
  private let faults: ControlPlaneFaults

  /// Checks over `plane`; state machines are looked for in `stacks`.
  public init(
    _ plane: any ExecutionPlane, stacks: [String], defaultMachine: String?, faults: ControlPlaneFaults
  ) {
    self.plane = plane
    self.stacks = stacks
    self.defaultMachine = defaultMachine
    self.faults = faults
  }

  /// One chain an execution. A JSONPath that cannot be read is named with its line.
  public func chains(_ executions: [ExecutionPolicy], file: String?) throws(CheckSourceError) -> [CheckChain]
  {
    var problems: [String] = []
    var chains: [CheckChain] = []
    for execution in executions {
      var expected: [ExpectedOutput] = []
      for output in execution.output {
        do throws(JSONPathError) {
          expected.append(
            ExpectedOutput(path: try JSONPath(output.path), value: output.value, line: output.line))
        } catch {
          problems.append(
            "\(file ?? "policy"):\(output.line): \(output.path) is no JSONPath: \(error.description)")
        }
      }
      var check = Check(
        name: execution.name, key: "execution:\(execution.name)", file: file,
        line: execution.line > 0 ? execution.line : nil
      ) { [self, expected] context in
        await ask(execution, expected, context)
      }
      check.isCritical = execution.isCritical
      check.writes = true
      chains.append(CheckChain([check]))
    }
    guard problems.isEmpty else {
      throw CheckSourceError(
        problems: problems, advice: "correct smoke-test.executions in the policy; nothing was sent")
    }
    return chains
  }

  fileprivate struct ExpectedOutput: Sendable {
    var path: JSONPath
    var value: JSONValue
    var line: Int
  }

  private func ask(
    _ wanted: ExecutionPolicy, _ expected: [ExpectedOutput], _ context: AttemptContext
  ) async -> AttemptResult {
    do throws(ControlPlaneError) {
      let arn: String
      switch try await machine(wanted.stateMachine) {
      case .found(let found): arn = found
      case .missing(let reason): return AttemptResult(.unusable(.badRequest, reason))
      }
      let begun = context.clock.now
      let limit = min(wanted.timeout, context.remaining(at: begun))
      var state: ExecutionState
      do {
        state = try await plane.startExecution(
          ofStateMachine: arn, name: "backstop-\(context.random.hex(16))", input: wanted.input.serialized(),
          within: limit)
      } catch  where error.kind == .unavailable && context.clock.now - begun >= limit {
        // The whole time went by waiting: an Express state machine answers at its end alone.
        return AttemptResult(
          .failed(.execution, "has not ended after \(limit.words): \(arn)", settles: false))
      }
      var wait = Duration.milliseconds(250)
      while state.status == "RUNNING" || state.status == "PENDING_REDRIVE" {
        let left = limit - (context.clock.now - begun)
        guard left > .zero else {
          return AttemptResult(
            .failed(
              .execution, "is still \(state.status) after \(limit.words): \(state.arn)", settles: false))
        }
        do { try await context.clock.sleep(for: min(wait, left)) } catch {
          return AttemptResult(.skipped(.deadline, "the run was interrupted; \(state.arn) goes on"))
        }
        wait = min(wait * 2, .seconds(5))
        state = try await plane.execution(state.arn)
      }
      return judge(state, wanted, expected, context)
    } catch {
      faults.note(error)
      return AttemptResult(.unusable(.controlPlane, error.message))
    }
  }

  private func judge(
    _ state: ExecutionState, _ wanted: ExecutionPolicy, _ expected: [ExpectedOutput],
    _ context: AttemptContext
  ) -> AttemptResult {
    guard state.status == wanted.status else {
      let why = [state.error, state.cause].compactMap { $0 }.joined(separator: ": ")
      let quoted = why.isEmpty ? "" : ": " + String(context.redact(why).prefix(300))
      // It has ended: the same execution never passes, and another would write once more.
      return AttemptResult(
        .failed(.execution, "ended as \(state.status)\(quoted), expected \(wanted.status)", settles: false))
    }
    guard !expected.isEmpty else { return .passed }
    guard let output = state.output, let json = try? JSONValue(parsing: Array(output.utf8)) else {
      return AttemptResult(.failed(.assertion, "ended without an output in JSON", settles: false))
    }
    var result = AttemptResult.passed
    for one in expected {
      guard let problem = one.problem(in: json, redact: context.redact) else { continue }
      result.conditions.append(FailedCondition(line: one.line, problem))
    }
    if let first = result.conditions.first {
      let more = result.conditions.count > 1 ? " (and \(result.conditions.count - 1) more)" : ""
      result.verdict = .failed(.assertion, "output: \(first.message)\(more)", settles: false)
    }
    return result
  }

  // MARK: - Which one

  private enum Found {
    case found(String)
    case missing(String)
  }

  private func machine(_ name: String?) async throws(ControlPlaneError) -> Found {
    guard let name else {
      return defaultMachine.map { .found($0) }
        ?? .missing("the configuration has no STATE_MACHINE_ARN: give state-machine in the policy")
    }
    if name.hasPrefix("arn:") { return .found(name) }
    if let defaultMachine, defaultMachine.hasSuffix(":\(name)") { return .found(defaultMachine) }
    for stack in stacks {
      for member in try await plane.resources(ofStack: stack)
      where member.type == "AWS::StepFunctions::StateMachine" {
        if member.logicalId == name || member.physicalId.hasSuffix(":\(name)") {
          return .found(member.physicalId)
        }
      }
    }
    return .missing("no stack has a state machine \(name)")
  }
}

extension ExecutionChecks.ExpectedOutput {
  /// What is wrong with the place in `output`; nil where nothing is.
  fileprivate func problem(in output: JSONValue, redact: (String) -> String) -> String? {
    func shown(_ value: JSONValue) -> String { String(redact(value.serialized()).prefix(200)) }
    do throws(JSONPathError) {
      let values = try path.values(in: output)
      guard values.count == 1 else {
        return values.isEmpty
          ? "\(path.text) is not there, expected \(shown(value))"
          : "\(path.text) gives \(values.count) values, expected one"
      }
      return values[0].isSame(as: value)
        ? nil : "\(path.text) is \(shown(values[0])), expected \(shown(value))"
    } catch {
      return "\(path.text): \(error.description)"
    }
  }
}

extension JSONValue {
  /// Whether both are the same: numbers by value, objects whatever their members' order.
  func isSame(as other: JSONValue) -> Bool {
    switch (self, other) {
    case (.number(let left), .number(let right)): left.text == right.text || left.double == right.double
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
    case (.object(let left), .object(let right)):
      left.count == right.count
        && left.members.allSatisfy { member in
          right[member.name].map { member.value.isSame(as: $0) } ?? false
        }
    default: self == other
    }
  }
}
