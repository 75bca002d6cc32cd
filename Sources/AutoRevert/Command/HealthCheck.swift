import ArgumentParser
import Records
import RollbackPlan
import SmokeChecks
import SmokeTest
import StepCommand

/// Whether the application does its work again: the smoke-test step itself, inside this run.
struct HealthCheck {
  let session: StepSession

  /// Checks, compared with what the restore point recorded.
  func check(against restorePoint: String?) async throws -> (
    health: RevertPart.HealthEntry, findings: [Finding]
  ) {
    do {
      let command = try SmokeTestCommand.parse(
        [session.environment, "--baseline", restorePoint ?? "none"])
      let outcome = try await command.run(in: session)
      let bad = outcome.part.checks.filter { $0.outcome == .fail || $0.outcome == .error }
      let health = RevertPart.HealthEntry(
        verdict: outcome.verdict, checks: outcome.part.checks.count, failed: bad.count,
        failures: bad.map { "\($0.name): \($0.message)" })
      return (health, outcome.findings + finding(health))
    } catch let failure as StepFailure where failure.status == .unavailable || failure.status == .data {
      let health = RevertPart.HealthEntry(
        verdict: .inconclusive, checks: 0, failed: 0, failures: [failure.message])
      return (health, finding(health))
    }
  }

  private func finding(_ health: RevertPart.HealthEntry) -> [Finding] {
    switch health.verdict {
    case .go: []
    case .stop:
      [
        Finding(
          PlanFinding(
            .notHealthy, .stop, "\(health.failed) of \(health.checks) checks do not pass after the rollback.")
        )
      ]
    case .inconclusive:
      [
        Finding(
          PlanFinding(
            .healthUnknown, .warning,
            "whether the application is healthy is not known"
              + (health.failures.first.map { ": \($0)" } ?? ": there was nothing to check") + "."))
      ]
    }
  }
}
