import AWSClients
import CloudFormationModel
import DeploymentConfig
import DeploymentRecords
import Reporting
import RestorePoints
import StepResults
import StepRuntime
import SystemInterfaces

/// Reads the stacks that the configuration names.
struct EnvironmentReader: Sendable {
  let session: StepSession
  let clients: StackClients

  private var configured: [ConfiguredStack] {
    session.policy.sorted(session.config.stacks.map(\.role)).compactMap(session.config.stack)
  }

  /// All stacks with their nested ones, in the order of a rollback, and what is missing.
  func stacks() async throws -> ([StackReading], [Finding]) {
    let stacks = configured
    let (clients, progress) = (clients, session.progress)
    let found = try await stacks.mapAtOnce { stack in
      let reader = StackReader(cloudFormation: CloudFormationClient(clients[stack.name]))
      let readings = try await reader.read(stack)
      progress.update("read \(stack.name)")
      return readings
    }
    var readings = found.flatMap { $0 ?? [] }
    for index in readings.indices where isUnconfirmed(readings[index].state.role) {
      readings[index].state.isDerived = true
    }
    EnvironmentReader.addImports(&readings)
    return (readings, zip(stacks, found).filter { $0.1 == nil }.map { missing($0.0) })
  }

  /// The stacks alone, as one call each tells them.
  func roots() async throws -> ([(StackState, StackStatus)], [Finding]) {
    let stacks = configured
    let clients = clients
    let found = try await stacks.mapAtOnce { stack -> (StackState, StackStatus)? in
      guard let live = try await CloudFormationClient(clients[stack.name]).describeStack(stack.name),
        live.status != .deleteComplete
      else {
        return nil
      }
      var state = StackState(
        role: stack.role, name: live.name, stackId: live.id, status: live.status.rawValue,
        lastUpdatedAt: live.lastUpdatedAt, templateFile: "", templateSha256: "")
      if isUnconfirmed(stack.role) { state.isDerived = true }
      state.driftStatus = live.driftStatus
      state.deploymentMode = live.deploymentMode
      return (state, live.status)
    }
    return (found.compactMap { $0 }, zip(stacks, found).filter { $0.1 == nil }.map { missing($0.0) })
  }

  /// Whether the stack of `role` is one whose name follows from the others, and that nobody confirmed.
  private func isUnconfirmed(_ role: String) -> Bool {
    !session.confirmedStacks.contains { $0.role == role }
  }

  private func missing(_ stack: ConfiguredStack) -> Finding {
    // The database's name is a guess where it is not written: then there may be no such stack.
    Finding(
      "stack-missing", stack.isDerived ? .notice : .error,
      stack.isDerived
        ? "there is no stack \(stack.name), whose name follows from the others: no database is looked after"
        : "there is no stack \(stack.name) in \(place(of: stack))", subject: stack.name)
  }

  private func place(of stack: ConfiguredStack) -> String {
    let client = clients[stack.name]
    return client.account.map { "\(client.region) of the account \($0)" } ?? client.region
  }

  /// An import whose name the template does not tell is known from the other side, where the exporting stack is ours.
  static func addImports(_ readings: inout [StackReading]) {
    for exporting in readings {
      for (export, importers) in exporting.state.importers {
        for position in readings.indices where importers.contains(readings[position].state.name) {
          // Exports are known in their own account and region alone.
          guard readings[position].state.isBeside(exporting.state) else { continue }
          guard !readings[position].state.imports.contains(export) else { continue }
          readings[position].state.imports.append(export)
          readings[position].state.imports.sort()
        }
      }
    }
  }

  /// The facts were read over several seconds; a deployment that began meanwhile makes them a mixture.
  func refuseChangesMeanwhile(_ readings: [StackReading]) async throws {
    let clients = clients
    _ = try await readings.filter { $0.state.parentId == nil }.mapAtOnce { reading in
      let now = try await CloudFormationClient(clients[reading.state.stackId]).describeStack(
        reading.state.stackId)
      guard now?.status == reading.status, now?.lastUpdatedAt == reading.state.lastUpdatedAt else {
        throw StepFailure(
          .busy,
          "\(reading.state.name) was changed while the snapshot was made (now \(now?.status.rawValue ?? "gone"))",
          advice: "another deployment is under way: wait until it has finished and run the step again")
      }
    }
  }
}
