import AWSClients
import DeploymentConfig
import DeploymentRecords
import HealthAnalysis
import JSONValues
import Redaction
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// Wires a live watch: real sources, the schedule that was asked for, the file that is recorded.
struct LiveWatchRun {
  var request: WatchRequest
  var session: StepSession

  func run() async throws -> StepOutcome<WatchPart> {
    let clients = try session.clients()
    let policy = session.policy.watch
    let source = StackTargets(
      stacks: session.config.stacks, stateMachineARN: session.config.stateMachineARN, named: policy.series,
      alarms: policy.alarms, clients: clients,
      onTrouble: { [progress = session.progress] in progress.detail($0) })
    let config = session.config
    guard
      !config.stacks.isEmpty || config.apiEndpoint != nil || config.stateMachineARN != nil
        || !policy.series.isEmpty || !policy.alarms.isEmpty
    else {
      throw StepFailure(
        .data,
        "\(config.path) names no stack and no endpoint, and the policy no series: there is nothing to watch",
        advice: "write API_STACK=… and the like, API_ENDPOINT=…, or series under watch-30m in the policy")
    }
    session.progress.update("finding what the stacks hold")
    let targets = try await source.targets()
    let begun = try await earlierState(targets)
    var schedule = WatchSchedule(
      .init(
        length: request.length ?? policy.length,
        interval: request.interval ?? policyInterval(policy),
        settle: request.settle ?? policy.settle, period: request.period,
        deployedAt: request.deployedAt, baselineUntil: request.baselineUntil),
      now: session.context.clock.now, targets: targets)
    if let begun { (schedule.deployedAt, schedule.end) = (begun.deployedAt, begun.end) }
    schedule.history = WatchHistory(
      try session.evidence(), application: session.application, before: schedule.deployedAt)
    guard schedule.deployedAt <= session.context.clock.now else {
      throw StepFailure(
        .usage, "--deployed-at \(schedule.deployedAt.formatted(milliseconds: false)) is in the future",
        advice: "check the time and its offset")
    }
    session.progress.say(
      "watching \(targets.series.count) series and \(counted(targets.alarms.count, "alarm")) of "
        + "\(counted(session.config.stacks.count, "stack")) for "
        + "\(people(schedule.end - session.context.clock.now))\(begun == nil ? "" : " more"), deployed at "
        + schedule.deployedAt.formatted(milliseconds: false))
    let watch = LiveWatch(
      schedule: schedule, targets: targets, policy: request.healthPolicy(policy),
      metrics: CombinedSource(cloudWatch: CloudWatchSource(clients: clients), web: webSource()),
      logs: policy.readsLogs ? CloudWatchLogsSource(clients: clients, more: policy.logPatterns) : nil,
      alarms: CloudWatchAlarms(clients: clients), probe: probe(schedule),
      clock: session.context.clock, progress: session.progress, isOnce: request.isOnce,
      onStop: request.onStop, save: recorder(),
      keep: keeper())
    let before = await session.liveDeployment()
    let result = try await watch.run(earlier: earlierProbes(schedule), begun: begun)
    var outcome = WatchOutcome.make(
      result.judgement, series: result.series, isFinished: result.isFinished, window: result.window,
      calls: result.calls, logs: result.logs,
      findings: result.findings)
    // What was seen of two deployments is said of neither.
    if let before, await session.liveDeployment() == before {
      (outcome.deployment, outcome.commit) = (before, try session.deployedCommit(of: before))
    }
    return outcome
  }

  /// The policy's interval, unless it is the default and the watch is shorter than usual.
  private func policyInterval(_ policy: WatchPolicy) -> Duration? {
    policy.interval == WatchPolicy().interval ? nil : policy.interval
  }

  /// Tokens are read when they are needed, and never said.
  private func webSource() -> WebSource {
    let (environment, redactor) = (session.context.environment, session.redactor)
    return WebSource(
      transport: session.http(),
      token: { name in
        guard let token = environment[name], !token.isEmpty else { return nil }
        redactor.learn(token)
        return token
      })
  }

  private func probe(_ schedule: WatchSchedule) -> EndpointProbe? {
    session.config.apiEndpoint.map { endpoint in
      EndpointProbe(
        endpoint: endpoint, apiCredential: session.config.apiKey,
        timeout: min(.seconds(10), max(.seconds(2), schedule.interval)), transport: session.http(),
        machineFault: { [session] in await session.machineFault(isAboutTLS: $0) })
    }
  }

  /// Writes all that was seen after each look, so that a watch that is killed leaves its points.
  private func recorder() -> @Sendable (Observations) throws -> Void {
    guard let record = request.record else { return { _ in } }
    let path = session.context.absolute(record)
    let files = session.context.files
    return { seen in try files.writeAtomically(Array(PointsFile.text(seen).utf8), to: path, mode: 0o600) }
  }

  private var kept: KeptState { KeptState(session: session) }

  /// Keeps what another run needs after each look.
  private func keeper() -> @Sendable (WatchState?) async throws -> Void {
    let kept = kept
    return { state in try await kept.write(state) }
  }

  /// What a watch of this deployment did that was not over; nil where there is none.
  private func earlierState(_ targets: WatchTargets) async throws -> WatchState? {
    try await kept.read { state in
      (state.application ?? session.application) == session.application
        && state.goesOn(
          deployedAt: request.deployedAt, updatedAt: targets.updatedAt, now: session.context.clock.now)
    }
  }

  /// The probes of a watch of this deployment that was interrupted: all else CloudWatch still knows.
  private func earlierProbes(_ schedule: WatchSchedule) throws -> Observations {
    var earlier = Observations()
    guard let record = request.record, session.context.files.exists(session.context.absolute(record)) else {
      return earlier
    }
    let bytes = try session.context.files.read(session.context.absolute(record))
    let seen = try PointsFile.parse(bytes, path: record)
    for name in seen.names where name.name.hasPrefix(probePrefix) {
      for (time, point) in seen.points[name] ?? [:] where time >= schedule.deployedAt {
        earlier.insert(point, into: name)
      }
    }
    return earlier
  }
}
