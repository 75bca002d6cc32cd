import DeploymentConfig
import DeploymentEvidence
import HealthWatch
import RollbackPlanning
import SmokeChecks
import StepResults
import StepRuntime
import SystemInterfaces

/// Whether the application does its work again: the checks of smoke-test, with all files of the policy, and then, where
/// the policy asks for it, a short watch.
struct HealthCheck {
  let session: StepSession
  let limit: TimeLimit

  /// Checks, compared with what the restore point recorded.
  /// - Parameters:
  ///   - restorePoint: compared with; nil where there is none.
  ///   - window: when the numbers stopped being normal, and when the state was put back.
  func check(
    against restorePoint: String?, window: (normalUntil: Timestamp, restoredAt: Timestamp)
  ) async throws -> (health: RevertPart.HealthEntry, findings: [Finding]) {
    var (health, findings) = try await smoke(against: restorePoint)
    if session.policy.revert.watch > .zero, health.verdict != .stop {
      let watched = try await watch(window)
      health.watch = watched.verdict
      findings += watched.findings
      if watched.verdict != .go { health.verdict = watched.verdict }
    }
    return (health, findings)
  }

  private func smoke(
    against restorePoint: String?
  ) async throws -> (RevertPart.HealthEntry, [Finding]) {
    do {
      var request = SmokeRequest()
      request.baseline = restorePoint ?? "none"
      let outcome = try await request.check(in: session)
      let bad = outcome.part.checks.filter { $0.outcome == .fail || $0.outcome == .error }
      var health = RevertPart.HealthEntry(
        verdict: outcome.verdict, checks: outcome.part.checks.count, failed: bad.count,
        failures: bad.map {
          "\($0.name): \($0.message)\($0.comparison == .brokenBefore ? ", as before the deployment" : "")"
        })
      health.asked = outcome.part.checks.count { $0.outcome != .skipped && $0.url != nil }
      health.checked = Checked(
        "smoke",
        outcome.part.checks.filter { $0.outcome != .skipped }.map {
          .init(
            id: $0.id, word: $0.outcome.rawValue, wasBrokenBefore: $0.comparison == .brokenBefore,
            attempts: $0.attempts.count)
        })
      return (health, outcome.findings + finding(health))
    } catch let failure as StepFailure where failure.status == .unavailable || failure.status == .data {
      let health = RevertPart.HealthEntry(
        verdict: .inconclusive, checks: 0, failed: 0, failures: [failure.message])
      return (health, finding(health))
    } catch  where limit.isOver {
      let health = RevertPart.HealthEntry(
        verdict: .inconclusive, checks: 0, failed: 0,
        failures: ["the time for everything ran out while it was checked"])
      return (health, finding(health))
    }
  }

  /// A watch as watch-30m makes it, for as long as the policy says, against what was normal before the bad deployment.
  private func watch(
    _ window: (normalUntil: Timestamp, restoredAt: Timestamp)
  ) async throws -> (verdict: Verdict, findings: [Finding]) {
    var request = WatchRequest()
    request.length = session.policy.revert.watch
    request.deployedAt = window.restoredAt
    request.baselineUntil = window.normalUntil
    let length = session.policy.revert.watch.text
    do {
      let outcome = try await request.watch(in: session)
      guard outcome.verdict != .go else { return (.go, outcome.findings) }
      let reasons = outcome.summary.reasons.joined(separator: "; ")
      let finding =
        outcome.verdict == .stop
        ? PlanFinding(
          .notHealthy, .error, "\(length) after the rollback the numbers are not back: \(reasons).")
        : PlanFinding(
          .healthUnknown, .warning,
          "\(length) of watching did not show whether the numbers are back: \(reasons).")
      return (outcome.verdict, outcome.findings + [Finding(finding)])
    } catch let failure as StepFailure where failure.status == .unavailable || failure.status == .data {
      return (
        .inconclusive,
        [
          Finding(
            PlanFinding(
              .healthUnknown, .warning,
              "the numbers could not be watched after the rollback: \(failure.message)."))
        ]
      )
    } catch  where limit.isOver {
      return (
        .inconclusive,
        [
          Finding(
            PlanFinding(
              .healthUnknown, .warning,
              "the time for everything ran out before the numbers were watched for \(length)."))
        ]
      )
    }
  }

  private func finding(_ health: RevertPart.HealthEntry) -> [Finding] {
    switch health.verdict {
    case .go: []
    case .stop:
      [
        Finding(
          PlanFinding(
            .notHealthy, .error,
            "\(health.failed) of \(counted(health.checks, "check")) \(health.failed == 1 ? "does" : "do") not pass after the rollback."
          )
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
