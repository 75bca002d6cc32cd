import DeploymentConfig
import Synchronization

/// A stack whose state, functions, state machines and databases are checked.
public struct CheckedStack: Hashable, Sendable {
  /// The stack's name.
  public var name: String
  /// Whether the name was not written but follows from others: then there may be no such stack.
  public var isDerived: Bool

  /// A stack.
  public init(name: String, isDerived: Bool = false) {
    self.name = name
    self.isDerived = isDerived
  }
}

/// The checks that ask AWS's control plane: found from the stacks, so that nobody has to list anything.
public struct StackChecks: Sendable {
  private let plane: any ControlPlane
  /// What the control plane could not answer; the first one decides the exit code.
  public let faults: ControlPlaneFaults
  /// Stacks that were rolled back, functions that name a version: worth saying beside the results.
  public let notes: Notes
  private let choice: BuiltInPolicy

  /// Checks over `plane`.
  public init(
    _ plane: any ControlPlane, faults: ControlPlaneFaults = ControlPlaneFaults(),
    choice: BuiltInPolicy = BuiltInPolicy(), notes: Notes = Notes()
  ) {
    self.plane = plane
    self.faults = faults
    self.choice = choice
    self.notes = notes
  }

  /// One chain a check, for `stacks` and for `stateMachines` that no stack lists.
  public func chains(stacks: [CheckedStack], stateMachines: [String] = []) async -> [CheckChain] {
    var found: [[Check]] = Array(repeating: [], count: stacks.count)
    var machines = Set(stateMachines)
    await withTaskGroup(of: (Int, [Check]).self) { group in
      for (position, stack) in stacks.enumerated() {
        group.addTask { (position, await checks(of: stack, depth: 0)) }
      }
      for await (position, checks) in group { found[position] = checks }
    }
    var all: [Check] = []
    var keys: Set<String> = []
    for check in found.joined() where keys.insert(check.key).inserted {
      machines.remove(String(check.key.dropFirst("state-machine:".count)))
      all.append(check)
    }
    if choice.stateMachines { all += machines.sorted().map { stateMachine($0, nil) } }
    return all.map { CheckChain([$0]) }
  }

  private func checks(of stack: CheckedStack, depth: Int) async -> [Check] {
    do throws(ControlPlaneError) {
      if stack.isDerived, try await plane.stack(stack.name) == nil {
        notes.add("there is no stack \(stack.name), whose name follows from the others")
        return []
      }
      var checks = choice.stacks ? [self.stack(stack.name)] : []
      for member in try await plane.resources(ofStack: stack.name) where !member.physicalId.isEmpty {
        switch member.type {
        case "AWS::Lambda::Function" where choice.functions:
          checks.append(function(member.physicalId, stack.name))
        case "AWS::StepFunctions::StateMachine" where choice.stateMachines:
          checks.append(stateMachine(member.physicalId, stack.name))
        case "AWS::RDS::DBInstance" where choice.databases:
          checks.append(database(member.physicalId, isCluster: false, stack.name))
        case "AWS::RDS::DBCluster" where choice.databases:
          checks.append(database(member.physicalId, isCluster: true, stack.name))
        case "AWS::CloudFormation::Stack" where depth < 4:
          checks += await self.checks(of: CheckedStack(name: member.physicalId), depth: depth + 1)
        default: continue
        }
      }
      return checks
    } catch {
      faults.note(error)
      return [
        Check(name: "stack \(stack.name)", key: "stack:\(stack.name)") { _ in
          AttemptResult(.unusable(.controlPlane, error.message))
        }
      ]
    }
  }

  private func stack(_ name: String) -> Check {
    let notes = notes
    return check("stack \(name) is complete", "stack:\(name)") { (plane) throws(ControlPlaneError) in
      let (result, note) = StateRules.stack(name, try await plane.stack(name))
      if let note { notes.add(note) }
      return result
    }
  }

  private func function(_ name: String, _ stack: String) -> Check {
    check("function \(name) is active", "function:\(name)") { (plane) throws(ControlPlaneError) in
      let state = try await plane.function(name, of: stack)
      var result = StateRules.function(name, state)
      result.version = state?.version
      return result
    }
  }

  private func stateMachine(_ arn: String, _ stack: String?) -> Check {
    let name = arn.split(separator: ":").last.map(String.init) ?? arn
    return check("state machine \(name) is active", "state-machine:\(arn)") {
      (plane) throws(ControlPlaneError) in
      StateRules.stateMachine(name, try await plane.stateMachine(arn, of: stack))
    }
  }

  private func database(_ identifier: String, isCluster: Bool, _ stack: String) -> Check {
    check("database \(identifier) is available", "database:\(identifier)") {
      (plane) throws(ControlPlaneError) in
      StateRules.database(
        identifier, try await plane.database(identifier, isCluster: isCluster, of: stack))
    }
  }

  private func check(
    _ name: String, _ key: String,
    ask: @escaping @Sendable (any ControlPlane) async throws(ControlPlaneError) -> AttemptResult
  ) -> Check {
    let (plane, faults) = (plane, faults)
    return Check(name: name, key: key) { _ in
      do throws(ControlPlaneError) {
        return try await ask(plane)
      } catch {
        faults.note(error)
        return AttemptResult(.unusable(.controlPlane, error.message))
      }
    }
  }
}

/// What the control plane could not answer during a run.
public final class ControlPlaneFaults: Sendable {
  private let errors = Mutex<[ControlPlaneError]>([])

  /// None yet.
  public init() {}

  /// The first refusal, else the first of any kind: a refusal tells more than an outage.
  public var first: ControlPlaneError? {
    errors.withLock { errors in errors.first { $0.kind == .refused } ?? errors.first }
  }

  /// Keeps `error`.
  public func note(_ error: ControlPlaneError) { errors.withLock { $0.append(error) } }
}

/// Remarks gathered during a run, each once.
public final class Notes: Sendable {
  private let lines = Mutex<[String]>([])

  /// None yet.
  public init() {}

  /// In the order they came.
  public var all: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { if !$0.contains(line) { $0.append(line) } } }
}
