import AWSClients
import DatabaseAccess
import DeploymentConfig

/// The checks that a policy describes itself: probes of the data, executions of state machines.
public struct PolicyChecks: Sendable {
  /// One chain a check.
  public private(set) var chains: [CheckChain] = []
  /// What is worth saying beside the results.
  public private(set) var notes: [String] = []

  /// None.
  public init() {}

  /// The checks of `policy`.
  /// - Parameters:
  ///   - file: the policy file as reports name it.
  ///   - plane: AWS; nil where the configuration names nothing there.
  ///   - faults: told what AWS could not answer.
  ///   - database: finds the database; asked only where there are probes.
  public init(
    _ policy: SmokePolicy, file: String?, config: DeploymentConfig, plane: (any ExecutionPlane)?,
    faults: ControlPlaneFaults, database: () async throws -> (any SQLQuerying)?
  ) async throws {
    if !policy.sql.isEmpty {
      let found = try await PolicyChecks.find(database, config, faults)
      chains += SQLProbes.chains(policy.sql, file: file, database: found, faults: faults)
    }
    guard !policy.executions.isEmpty else { return }
    guard let plane else {
      notes.append(
        "no state machine is started: the configuration names no stack and no STATE_MACHINE_ARN")
      return
    }
    let checks = ExecutionChecks(
      plane, stacks: config.stacks.map(\.name), defaultMachine: config.stateMachineARN, faults: faults)
    chains += try checks.chains(policy.executions, file: file)
  }

  /// A database that cannot be found is no reason to leave the other checks undone.
  private static func find(
    _ database: () async throws -> (any SQLQuerying)?, _ config: DeploymentConfig,
    _ faults: ControlPlaneFaults
  ) async throws -> ProbedDatabase {
    do {
      if let found = try await database() { return .known(found) }
      return .unknown("no database is known: set DATABASE_URL in \(config.path)")
    } catch let error as PsqlError {
      return .unknown(error.message + (error.advice.isEmpty ? "" : ": \(error.advice)"))
    } catch let error as AWSError {
      return unknown(ControlPlaneError(describing: error), faults)
    } catch let error as CredentialsError {
      return unknown(ControlPlaneError(.refused, "\(error)", advice: error.advice), faults)
    } catch let error as RoleError {
      return unknown(ControlPlaneError(.refused, "\(error)", advice: error.advice), faults)
    }
  }

  private static func unknown(_ error: ControlPlaneError, _ faults: ControlPlaneFaults) -> ProbedDatabase {
    faults.note(error)
    return .unknown("the database's secret could not be read: \(error.message)")
  }
}
