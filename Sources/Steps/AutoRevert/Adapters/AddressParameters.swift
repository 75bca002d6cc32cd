import AWSClients
import CloudFormationModel
import DeploymentRecords
import RollbackPlanning
import SystemInterfaces

/// Stacks that take the old database's address by a parameter: each gets the new one's by an update of that parameter alone, with
/// its template as it is, and only where nothing in it would be replaced.
struct AddressParameters {
  let clients: StackClients
  let state: DatabaseState
  let point: RestorePoint

  private func client(_ stack: StackState) -> CloudFormationClient {
    CloudFormationClient(clients[stack.stackId])
  }

  /// The configured stacks that may take it: the one that owns the database makes it, and nested ones get it from their parents.
  private var stacks: [StackState] {
    point.stacks.filter { $0.stackId != state.stack && $0.name != state.stack && $0.parentId == nil }
  }

  private func holds(_ parameter: AWSClients.StackParameter, _ host: String) -> Bool {
    parameter.value?.contains(host) ?? false
  }

  /// Stacks with a parameter that holds `host`, and how those that were switched from `host` to `new` are switched back.
  func find(_ host: String, new: String?) async throws -> (
    switches: [DatabaseFacts.Switch], waysBack: [String]
  ) {
    var (switches, waysBack): ([DatabaseFacts.Switch], [String]) = ([], [])
    for stack in stacks {
      guard let live = try await client(stack).describeStack(stack.stackId) else { continue }
      if live.parameters.contains(where: { holds($0, host) }) {
        let isSettled = live.status.rule.condition == .settled
        switches.append(
          DatabaseFacts.Switch(
            target: stack.name, obstacle: isSettled ? nil : "it is \(live.status.rawValue)"))
      } else if let new, live.parameters.contains(where: { holds($0, new) }) {
        let parameters = live.parameters.sorted { $0.key < $1.key }.map { parameter in
          holds(parameter, new)
            ? "ParameterKey=\(parameter.key),ParameterValue=\((parameter.value ?? "").replacing(new, with: host))"
            : "ParameterKey=\(parameter.key),UsePreviousValue=true"
        }
        let capabilities =
          live.capabilities.isEmpty ? "" : " --capabilities \(live.capabilities.joined(separator: " "))"
        waysBack.append(
          "aws cloudformation update-stack --stack-name \(stack.name) --use-previous-template --parameters "
            + parameters.joined(separator: " ") + capabilities)
      }
    }
    return (switches, waysBack)
  }

  /// Asks for the change set that puts `new` in the place of `host`.
  func begin(_ name: String, from host: String, to new: String) async throws {
    guard let stack = stacks.first(where: { $0.name == name }),
      let live = try await client(stack).describeStack(stack.stackId)
    else { throw OperationFailure(.refused, "there is no stack \(name) any more") }
    guard live.parameters.contains(where: { holds($0, host) }) else { return }
    var update = StackUpdate(.previous)
    update.parameters = live.parameters.map { parameter in
      holds(parameter, host)
        ? StackParameter(parameter.key, (parameter.value ?? "").replacing(host, with: new))
        : .previous(parameter.key)
    }
    update.capabilities = live.capabilities
    // Alarms that the bad version set off would undo it; what was recorded of them is put back last of all.
    update.rollbackConfiguration = RollbackConfiguration.none
    var attempt = 1
    while try await changeSet(stack, attempt) != nil { attempt += 1 }
    let token = token(stack, attempt)
    _ = try await client(stack).createChangeSet(
      stack.name, name: token.description, update,
      includesNestedStacks: stack.resources.contains { $0.type == "AWS::CloudFormation::Stack" },
      token: token.description)
  }

  /// How far it has come; what was looked at and replaces nothing is executed on the way.
  func progress(_ name: String, from host: String) async throws -> ResourceProgress {
    guard let stack = stacks.first(where: { $0.name == name }),
      let live = try await client(stack).describeStack(stack.stackId)
    else { return .failed("there is no stack \(name) any more") }
    if live.status.rule.condition == .moving { return .running(live.status.rawValue) }
    guard live.parameters.contains(where: { holds($0, host) }) else { return .done }
    var (attempt, newest): (Int, ChangeSet?) = (0, nil)
    while let found = try await changeSet(stack, attempt + 1) { (attempt, newest) = (attempt + 1, found) }
    guard let newest else { return .failed("its change set is gone") }
    switch AWSOperations.state(newest) {
    case .pending: return .running("its change set being made")
    case .empty: return .failed("CloudFormation finds nothing to change")
    case .failed(let why): return .failed(why)
    case .unusable: return .failed("the update was undone: \(live.statusReason ?? live.status.rawValue)")
    case .ready:
      let found = try await NestedChanges(client(stack)).described(newest)
      if found.state == .pending { return .running("its change set being made") }
      let lost = found.changes.map { RestoreChange($0, statefulTypes: StatefulTypes()) }.filter(
        \.losesResource)
      guard lost.isEmpty else {
        try await client(stack).deleteChangeSet(token(stack, attempt).description, stack: stack.name)
        return .failed(
          "it would replace \(lost.map(\.logicalID).joined(separator: ", ")): deploy it by hand with the new address"
        )
      }
      let token = token(stack, attempt)
      try await client(stack).executeChangeSet(
        token.description, stack: stack.name, token: token.description)
      return .running("the update begun")
    }
  }

  private func token(_ stack: StackState, _ attempt: Int) -> OperationToken {
    OperationToken(restorePoint: point.id, operation: .redeploy, stack: stack.name, attempt: attempt)
  }

  private func changeSet(_ stack: StackState, _ attempt: Int) async throws -> ChangeSet? {
    let found = try await ifThere {
      try await client(stack).describeChangeSet(token(stack, attempt).description, stack: stack.name)
    }
    return found?.status == "DELETE_COMPLETE" ? nil : found
  }
}

extension RestorePoint {
  /// What the database that is made of the snapshot is called: the same for every run of a revert to this restore point, so that a
  /// run that follows a killed one finds it.
  func restoredName(of database: DatabaseState) -> String {
    let mark = id.split(separator: "-").last.map { $0.lowercased() } ?? "0"
    // An identifier has at most 63 characters and never two hyphens in a row.
    var stem = database.identifier.prefix(48)
    while stem.hasSuffix("-") { stem = stem.dropLast() }
    return "\(stem)-restored-\(mark.prefix(5))"
  }

  /// Whether `now` is `recorded` with the address of the database that was restored for this restore point in the place of the
  /// recorded one's: addresses begin with their database's name.
  func isRedirected(_ now: String?, from recorded: String?) -> Bool {
    guard let now, let recorded, let database else { return false }
    let place = "database.address"
    guard let old = RestorePoint.address(in: recorded, of: database.identifier),
      let new = RestorePoint.address(in: now, of: restoredName(of: database))
    else { return false }
    return recorded.replacing(old, with: place) == now.replacing(new, with: place)
  }

  /// The host in `text` that begins with the name of `database`.
  private static func address(in text: String, of database: String) -> Substring? {
    guard let start = text.firstRange(of: "\(database).")?.lowerBound else { return nil }
    return text[start...].prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" }
  }
}
