import AWSClients
import DeploymentConfig
import Records
import Reporting
import SmokeChecks
import StepCommand
import SystemInterfaces
import Watch30m

/// Records what is normal before a deployment.
struct BaselineRound: Sendable {
  let session: StepSession

  /// What the checks answer now, and the last day of every series that a watch would look at.
  func record(_ point: RestorePoint) async throws -> (Baseline, [Finding]) {
    async let answered = responses()
    async let measured = series(point)
    let (responses, failing) = await answered
    let (series, incomplete) = try await measured
    return (Baseline(responses: responses, series: series), failing + incomplete)
  }

  private func responses() async -> ([ResponseBaseline], [Finding]) {
    session.progress.update("recording answers")
    var settings = SmokeSettings()
    settings.recordsBaseline = true
    settings.settling = Settling()
    // What writes does so for a smoke test; a baseline is not worth a row in production.
    settings.allowsWrites = false
    let checks = await BuiltInChecks(config: session.config, policy: session.policy.smoke, plane: nil)
    let report = await SmokeRun.run(
      checks.chains, settings: settings,
      dependencies: SmokeDependencies(
        transport: session.http(), clock: session.context.clock, random: session.context.random))
    let findings = report.results.filter { $0.outcome == .fail || $0.outcome == .error }.map {
      Finding(
        "baseline-failing", .warning,
        "\($0.name): \($0.message): it fails before the deployment already", subject: $0.name)
    }
    return (report.baseline, findings)
  }

  private func series(_ point: RestorePoint) async throws -> ([SeriesBaseline], [Finding]) {
    do {
      return (try await MetricBaseline.read(session, of: point), [])
    } catch let error as AWSError where error.kind == .accessDenied {
      return (
        [],
        [
          Finding(
            "baseline-incomplete", .warning, "no metrics were recorded: \(error)", subject: "metrics")
        ]
      )
    }
  }
}
