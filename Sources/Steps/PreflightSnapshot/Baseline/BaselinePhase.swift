import AWSClients
import DeploymentConfig
import DeploymentRecords
import HealthWatch
import Redaction
import Reporting
import SmokeChecks
import StepResults
import StepRuntime
import SystemInterfaces

/// Records what is normal before a deployment.
struct BaselinePhase: Sendable {
  let session: StepSession

  /// What the checks answer now, and the last day of every series that a watch would look at.
  func record(_ point: RestorePoint) async throws -> (Baseline, [Finding]) {
    async let answered = responses()
    async let measured = series(point)
    let (responses, failing) = try await answered
    let (series, incomplete) = try await measured
    return (Baseline(responses: responses, series: series), failing + incomplete)
  }

  /// The checks that need no file, and those of the policy's Hurl files.
  private func responses() async throws -> ([ResponseBaseline], [Finding]) {
    session.progress.update("recording answers")
    var settings = SmokeSettings()
    settings.recordsBaseline = true
    settings.settling = Settling()
    settings.concurrency = session.policy.smoke.concurrency
    // What writes does so for a smoke test; a baseline is not worth a row in production.
    settings.allowsWrites = false
    let builtIn = await BuiltInChecks(config: session.config, policy: session.policy.smoke, plane: nil)
    // Probes of the data are recorded; executions are not started before there is anything to try.
    var policy = session.policy.smoke
    policy.executions = []
    let probes = try await PolicyChecks(
      policy, file: session.policy.path, config: session.config, plane: nil, faults: ControlPlaneFaults()
    ) { [session] in try await session.database() }
    var dependencies = SmokeDependencies(
      transport: session.http(), clock: session.context.clock, random: session.context.random)
    dependencies.redact = { [redactor = session.redactor] in redactor.redact($0) }
    let report = await SmokeRun.run(
      try hurlChains() + builtIn.chains + probes.chains, settings: settings, dependencies: dependencies)
    // A machine that cannot ask must not record that the version before was broken, too.
    if let unasked = report.results.first(where: { $0.failure == .thisMachine }) {
      throw StepFailure(
        .unavailable, "the answers cannot be recorded from this machine: \(unasked.name): \(unasked.message)",
        advice: "check http_proxy, https_proxy, no_proxy and the CA settings, and run it again")
    }
    let findings = report.results.filter { $0.outcome == .fail || $0.outcome == .error }.map {
      Finding(
        "baseline-failing", .warning,
        "\($0.name): \($0.message): it fails before the deployment already", subject: $0.name)
    }
    return (report.baseline, findings)
  }

  private func hurlChains() throws -> [CheckChain] {
    let policy = session.policy.smoke
    let folder = session.repositoryRoot ?? session.context.workingDirectory
    do {
      let files = try SmokeFiles.expand(
        policy.files, relativeTo: folder, session.context.files, isPattern: true)
      let environment = HurlEnvironment(
        root: folder, files: session.context.files, random: session.context.random, redactor: session.redactor
      ) { [session] region in try session.signing(forRegion: region) }
      let variables = SmokeVariables.make(
        config: session.config, policy: policy, environment: session.context.environment,
        redactor: session.redactor)
      return try HurlPlan(
        files, variables: variables, environment: environment,
        workingDirectory: session.context.workingDirectory, requiresVariables: false,
        parallel: policy.parallel
      ).chains
    } catch let error as CheckSourceError {
      throw StepFailure(.data, "\(error)", advice: error.advice)
    }
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
