import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import Redaction
import RollbackPlanning
import SmokeChecks
import StepRuntime
import Synchronization
import SystemInterfaces

/// The policy's queries about the data, asked of a restored database before the application is switched to it.
final class DataProbes: Sendable {
  private let session: StepSession
  private let baseline: Baseline
  private let asked = Mutex<[DatabaseFacts.Probe]?>(nil)

  /// - Parameter point: holds what the queries gave before the deployment.
  init(_ session: StepSession, _ point: RestorePoint) {
    self.session = session
    baseline = point.baseline
  }

  /// What they came to; asked once.
  func answers(_ address: () async throws -> DatabaseAddress?) async -> [DatabaseFacts.Probe] {
    if let known = asked.withLock({ $0 }) { return known }
    let probes = session.policy.smoke.sql
    guard !probes.isEmpty else { return [] }
    var found: [DatabaseFacts.Probe] = []
    do {
      guard let address = try await address() else {
        throw OperationFailure(.refused, "no secret holds a login for it")
      }
      if let password = address.password { session.redactor.learn(password) }
      let psql = Psql(
        address, environment: session.context.environment, processes: session.context.processes,
        redact: { [redactor = session.redactor] in redactor.redact($0) })
      for probe in probes {
        let before = baseline.responses.first { $0.name == "sql:\(probe.name)" }?.value
        let answer: DatabaseFacts.Probe.Answer =
          switch await SQLProbes.answer(probe, of: psql, before: before) {
          case .passed: .passed
          case .failed(let why): .failed(why)
          case .unasked(let why): .unasked(why, isCritical: probe.isCritical)
          }
        found.append(DatabaseFacts.Probe(name: probe.name, answer: answer))
      }
    } catch {
      found = probes.map {
        DatabaseFacts.Probe(name: $0.name, answer: .unasked("\(error)", isCritical: $0.isCritical))
      }
    }
    asked.withLock { $0 = found }
    return found
  }
}
