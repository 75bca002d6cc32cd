import AWSClients
import Records
import SystemInterfaces

/// The proof that a stack can be put back: a change set from the recorded template and parameters, which must come out
/// empty and is then deleted again. Nothing is executed.
struct Rehearsal: Sendable {
  let cloudFormation: CloudFormationClient
  let clock: any WallClock
  let restorePoint: String

  /// How a rehearsal ended.
  enum Outcome: Hashable, Sendable {
    case empty
    /// What would change, one line a resource.
    case changes([String])
    case failed(String)
  }

  func run(_ reading: StackReading) async throws -> Outcome {
    let name = "backstop-rehearsal-\(restorePoint)"
    var update = StackUpdate(.body(reading.template))
    update.parameters = reading.state.parameters.map { parameter in
      parameter.noEcho
        ? .previous(parameter.name) : AWSClients.StackParameter(parameter.name, parameter.value)
    }
    update.capabilities = reading.state.capabilities
    let id: String
    do {
      id = try await cloudFormation.createChangeSet(
        reading.state.stackId, name: name, update, description: "backstop: rehearsal, never executed",
        includesNestedStacks: reading.state.resources.contains { $0.type == "AWS::CloudFormation::Stack" },
        token: name)
    } catch let error as AWSError where error.kind == .noUpdates {
      return .empty
    } catch let error as AWSError where !error.isTemporary && !error.isAboutCredentials {
      return .failed(error.description)
    }
    let outcome: Outcome
    do {
      outcome = try await wait(for: id, stack: reading.state.stackId)
    } catch {
      // The change set must not stay behind; why the rehearsal ended matters more than how this ends.
      try? await cloudFormation.deleteChangeSet(id, stack: reading.state.stackId)
      throw error
    }
    try await cloudFormation.deleteChangeSet(id, stack: reading.state.stackId)
    return outcome
  }

  private func wait(for id: String, stack: String) async throws -> Outcome {
    var pause = Duration.milliseconds(250)
    let deadline = clock.now + .seconds(300)
    while true {
      let changeSet = try await cloudFormation.describeChangeSet(id, stack: stack)
      if changeSet.isEmpty { return .empty }
      if !changeSet.isPending {
        guard changeSet.status == "CREATE_COMPLETE" else {
          return .failed(changeSet.statusReason ?? "the change set ended \(changeSet.status)")
        }
        return .changes(changeSet.changes.map(Rehearsal.line))
      }
      if clock.now > deadline {
        return .failed("the change set was still \(changeSet.status) after five minutes")
      }
      try await clock.sleep(for: pause)
      pause = min(pause * 2, .seconds(5))
    }
  }

  private static func line(_ change: ResourceChange) -> String {
    let replaced = change.replacement.map {
      $0 == "True" ? ", replaced" : $0 == "Conditional" ? ", maybe replaced" : ""
    }
    let names = change.details.compactMap(\.name)
    let what = names.isEmpty ? change.scope.joined(separator: ", ") : names.joined(separator: ", ")
    return
      "\(change.action) \(change.logicalId) (\(change.type)\(replaced ?? ""))\(what.isEmpty ? "" : ": \(what)")"
  }
}
