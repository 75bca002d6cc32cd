import HealthAnalysis
import Reporting
import StepResults
import SystemInterfaces

/// Watches a deployment while it is new: looks, judges, waits, until the answer is certain or the time is over.
///
/// Every look asks for the whole watch again and judges it from scratch: CloudWatch completes its minutes late.
struct LiveWatch: Sendable {
  var schedule: WatchSchedule
  var targets: WatchTargets
  var policy: HealthPolicy
  var metrics: any MetricSource
  var logs: (any LogSource)?
  var probe: (any Probe)?
  var clock: any WallClock
  var progress: Progress
  /// Called after each look with all that was seen, to write it down.
  var save: @Sendable (Observations) throws -> Void = { _ in }

  /// What a watch gathers.
  struct State: Sendable {
    var seen: Observations
    var calls = CallCount()
    var looks = 0
    var revisions = 0
    var findings: [Finding] = []
    var judgement = WatchJudgement(verdict: .inconclusive, series: [], reasons: ["nothing was seen yet"])
    /// Until when all series are known; nil before the first look.
    var knownUntil: Timestamp?
    var failedLooks = 0
    /// Whether the baseline came whole; it is asked for again until it does.
    var hasBaseline = false
    var logs: [LogRecord] = []
  }

  /// Watches to the end. `earlier` holds what a run that was interrupted had seen.
  /// - Throws: what AWS threw at the very first look; later failures leave the question open instead.
  func run(earlier: Observations = Observations()) async throws -> WatchResult {
    var state = State(seen: earlier)
    for series in targets.series { state.seen.declare(series.name) }
    var endedEarly = false
    var isInterrupted = false
    do {
      try await ask(from: schedule.baselineStart, &state)
      while true {
        let isLast = clock.now >= schedule.lastLook
        judge(&state, isComplete: isLast)
        try save(state.seen)
        show(state)
        if state.judgement.verdict == .stop {
          endedEarly = !isLast
          break
        }
        if isLast { break }
        try await clock.sleep(
          for: min(schedule.interval, max(.milliseconds(1), schedule.lastLook - clock.now)))
        try await look(&state)
      }
    } catch is CancellationError where state.looks > 0 {
      isInterrupted = true
      judge(&state, isComplete: false)
      if state.judgement.verdict != .stop {
        state.judgement.verdict = .inconclusive
        state.judgement.reasons = ["the watch was interrupted before its time"]
      }
      try save(state.seen)
    }
    return try await conclude(&state, endedEarly: endedEarly, isInterrupted: isInterrupted)
  }

  // MARK: - Looking

  /// A later look: what AWS does not answer is noted, and asked again next time.
  private func look(_ state: inout State) async throws {
    do {
      try await ask(from: state.hasBaseline ? schedule.deployedAt : schedule.baselineStart, &state)
    } catch let error as CancellationError {
      throw error
    } catch {
      state.failedLooks += 1
      if state.failedLooks == 1 {
        state.findings.append(
          Finding("watch-aws-unreachable", .warning, "a look failed: \(error)", subject: "look"))
      }
      progress.detail("look failed: \(error)")
    }
  }

  /// Probes and asks CloudWatch for everything since `start`.
  private func ask(from start: Timestamp, _ state: inout State) async throws {
    let time = clock.now
    let answer = try await probe?.ask()
    let wanted = Array(Set(targets.series.flatMap { $0.values + $0.counts })).sorted {
      ($0.namespace, $0.name, $0.statistic) < ($1.namespace, $1.name, $1.statistic)
    }
    do {
      let got = try await metrics.points(of: wanted, from: start, to: time, period: schedule.period)
      state.looks += 1
      state.knownUntil = time
      state.calls.add(got.calls)
      take(got, &state)
      state.hasBaseline = state.hasBaseline || got.incomplete.isEmpty
      record(answer, at: time, isAWSReachable: true, &state)
    } catch {
      // The probe's answer is good whatever AWS says, but where both are silent the fault may be this machine's.
      if state.looks > 0 { record(answer, at: time, isAWSReachable: false, &state) }
      throw error
    }
  }

  private func record(_ answer: ProbeAnswer?, at time: Timestamp, isAWSReachable: Bool, _ state: inout State)
  {
    guard let answer, let name = probe?.name else { return }
    switch answer {
    case .answered: state.seen.insert(SeriesPoint(time: time, value: 0, count: 1), into: name)
    case .failed: state.seen.insert(SeriesPoint(time: time, value: 1, count: 1), into: name)
    case .silent(let why):
      progress.detail("probe: \(why)")
      if isAWSReachable { state.seen.insert(SeriesPoint(time: time, value: 1, count: 1), into: name) }
    case .unasked(let why):
      progress.detail("probe: \(why)")
      guard !state.findings.contains(where: { $0.code == "watch-probe-unasked" }) else { return }
      state.findings.append(
        Finding(
          "watch-probe-unasked", .warning,
          "the endpoint could not be asked from this machine, so that its answers are not known: \(why)",
          subject: name.name))
    }
  }

  private func take(_ answer: MetricAnswer, _ state: inout State) {
    state.seen.gaps = [:]
    for series in targets.series {
      if let (metric, why) = (series.values + series.counts).lazy.compactMap({ metric in
        answer.incomplete[metric].map { (metric, $0) }
      }).first {
        state.seen.gaps[series.name] = "CloudWatch says \(why) of \(metric.namespace) \(metric.name)"
        continue
      }
      for point in LiveWatch.points(of: series, in: answer) {
        guard let before = state.seen.insert(point, into: series.name) else { continue }
        state.revisions += 1
        progress.detail(
          "revised: \(series.name.name) at \(point.time.formatted(milliseconds: false)) from \(before.value) of "
            + "\(before.count) to \(point.value) of \(point.count)")
      }
    }
  }

  /// The points of `series`: a period without requests has none, one without failures has zero.
  static func points(of series: SeriesDefinition, in answer: MetricAnswer) -> [SeriesPoint] {
    func sums(_ metrics: [MetricStatistic]) -> [Timestamp: Double] {
      metrics.reduce(into: [:]) { sums, metric in
        sums.merge(answer.points[metric] ?? [:]) { $0 + $1 }
      }
    }
    let (values, counts) = (sums(series.values), sums(series.counts))
    switch series.name.kind {
    case .gauge: return values.map { SeriesPoint(time: $0.key, value: $0.value) }
    case .latency:
      return values.map { SeriesPoint(time: $0.key, value: $0.value, count: counts[$0.key] ?? 1) }
    case .errors:
      let times = Set(counts.keys).union(values.filter { $0.value > 0 }.keys)
      return times.map { time in
        let failures = values[time] ?? 0
        // Two metrics of one minute may arrive apart; a failure is a request.
        return SeriesPoint(time: time, value: failures, count: max(failures, counts[time] ?? 0))
      }
    }
  }

  // MARK: - Judging

  private func judge(_ state: inout State, isComplete: Bool) {
    let window = WatchWindow(
      deployedAt: schedule.deployedAt, duration: schedule.end - schedule.deployedAt, period: schedule.period,
      isComplete: isComplete)
    var seen = state.seen
    if let until = schedule.baselineUntil {
      // What came between was the fault that was undone: neither normal nor to be judged.
      seen.forget(from: until, to: schedule.deployedAt)
    }
    let known = state.knownUntil ?? schedule.deployedAt
    if isComplete, known < schedule.end {
      for series in targets.series {
        seen.gaps[series.name] = "AWS has not answered since \(known.formatted(milliseconds: false))"
      }
    }
    let series = seen.series(
      deployedAt: schedule.deployedAt, period: schedule.period, settled: known - schedule.settle,
      end: schedule.end)
    state.judgement = HealthJudge(policy: policy, window: window).judge(series)
  }

  private func show(_ state: State) {
    let passed = clock.now - schedule.deployedAt
    let total = schedule.end - schedule.deployedAt
    let front = state.judgement.series.first { $0.isFrontDoor && $0.kind == .errors }
    let figures =
      front.map { one in
        ", \(Int(one.observed["failures"] ?? 0)) of \(Int(one.observed["requests"] ?? 0)) requests failed"
      } ?? ""
    let worst = state.judgement.series.count { $0.verdict == .severe || $0.verdict == .degraded }
    progress.update(
      "watching \(Int(passed.inSeconds)) of \(Int(total.inSeconds)) s: \(state.judgement.series.count) series"
        + "\(figures)\(worst > 0 ? ", \(worst) got worse" : "")")
  }

  // MARK: - The end

  private func conclude(_ state: inout State, endedEarly: Bool, isInterrupted: Bool) async throws
    -> WatchResult
  {
    if isInterrupted {
      state.findings.append(
        Finding(
          "watch-early-end", .warning, "the watch was interrupted before its time", subject: "interrupt"))
    } else {
      try await readLogs(&state)
    }
    checkFlow(&state)
    for stack in targets.missingStacks {
      state.findings.append(
        Finding("watch-metrics-missing", .warning, "stack \(stack) does not exist", subject: stack))
    }
    let window = WindowRecord(
      deployedAt: schedule.deployedAt, duration: (schedule.end - schedule.deployedAt).inSeconds,
      period: schedule.period.inSeconds, interval: schedule.interval.inSeconds,
      settle: schedule.settle.inSeconds, judge: policy.judge.rawValue, mode: "live", looks: state.looks,
      revisions: state.revisions, endedEarly: endedEarly)
    return WatchResult(
      judgement: state.judgement, window: window, calls: state.calls, logs: state.logs,
      findings: state.findings)
  }

  /// Proves that metrics flow: a series that had points before and has none since, and probes that were answered and
  /// are counted nowhere.
  private func checkFlow(_ state: inout State) {
    let requests = state.judgement.series.filter { $0.isFrontDoor && $0.kind == .errors }
    guard !requests.isEmpty,
      let probe = state.judgement.series.first(where: { $0.name.hasPrefix(probePrefix) })
    else { return }
    let counted = requests.reduce(0) { $0 + ($1.observed["requests"] ?? 0) }
    let sent = probe.observed["requests"] ?? 0
    let answered = sent - (probe.observed["failures"] ?? 0)
    guard counted == 0, answered >= 3 else { return }
    state.findings.append(
      Finding(
        "watch-metrics-missing", .warning,
        "\(Int(answered)) probes were answered, but no API of the stacks counts a request since the deployment: is "
          + "API_ENDPOINT one of them?", subject: "flow"))
  }

  private func readLogs(_ state: inout State) async throws {
    guard let logs else { return }
    for group in targets.logGroups {
      do {
        let after = try await logs.errors(in: group, from: schedule.deployedAt, to: clock.now)
        if after.events.isEmpty { continue }
        let before = try await logs.errors(
          in: group, from: schedule.deployedAt - .seconds(86_400), to: schedule.deployedAt)
        let new = LogKinds.new(in: group.name, before: before.events, after: after.events)
        state.logs += new
        for kind in new.prefix(5) {
          let doubt = before.isWhole ? "" : " (the earlier log was too long to read whole)"
          state.findings.append(
            Finding(
              "watch-new-log-error", .warning,
              "\(group.name): \(kind.count) × since the deployment and not in the day before\(doubt): \(kind.example)",
              subject: "\(group.name) \(kind.kind)"))
        }
      } catch let error as CancellationError {
        throw error
      } catch {
        state.findings.append(
          Finding(
            "watch-aws-unreachable", .notice, "log group \(group.name) was not read: \(error)",
            subject: group.name))
      }
    }
  }
}

/// What a live watch found.
struct WatchResult: Sendable {
  var judgement: WatchJudgement
  var window: WindowRecord
  var calls: CallCount
  var logs: [LogRecord]
  var findings: [Finding]
}
