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
  var alarms: (any AlarmSource)?
  var probe: (any Probe)?
  var clock: any WallClock
  var progress: Progress
  /// Whether one look is made, and the next left to another run.
  var isOnce = false
  /// Called as soon as the answer is to roll back, before anything else is done.
  var onStop: @Sendable () async -> Void = {}
  /// Called after each look with all that was seen, to write it down.
  var save: @Sendable (Observations) throws -> Void = { _ in }
  /// Called after each look with what another run needs to go on; with nil when the watch is over.
  var keep: @Sendable (WatchState?) async throws -> Void = { _ in }

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
    /// Kinds of error that each log group had before, and whether all were read.
    var knownKinds: [String: (kinds: Set<String>, isWhole: Bool)] = [:]
    /// Log groups that could not be read.
    var unreadLogs: Set<String> = []
    /// What is known of the baselines.
    var memory = BaselineMemory()
    /// The series as they were judged last.
    var series: [WatchedSeries] = []
    /// How much longer than planned the watch goes on, because something has begun and is not decided.
    var extended: Duration = .zero
  }

  /// Watches to the end. `earlier` holds what a run that was interrupted had seen, `begun` what it had done.
  /// - Throws: what AWS threw at the very first look; later failures leave the question open instead.
  func run(earlier: Observations = Observations(), begun: WatchState? = nil) async throws -> WatchResult {
    var state = State(seen: earlier)
    if let begun {
      (state.looks, state.failedLooks, state.revisions) = (begun.looks, begun.failedLooks, begun.revisions)
      state.calls = begun.calls
      if let name = probe?.name { for point in begun.probes { state.seen.insert(point, into: name) } }
      for name in momentary {
        for point in begun.samples[name] ?? [] { state.seen.insert(point, into: name) }
      }
    }
    let looksBefore = state.looks
    for series in targets.series { state.seen.declare(series.name) }
    if alarms != nil { for alarm in targets.alarms { state.seen.declare(alarm.series) } }
    var endedEarly = false
    var isInterrupted = false
    var isFinished = true
    do {
      // The last look is one that began when all was over: what came slowly does not tell of the time that it took.
      var asked = clock.now
      try await ask(from: schedule.baselineStart, &state)
      while true {
        try await readLogs(&state)
        var isLast = asked >= schedule.lastLook + state.extended
        judge(&state, isComplete: isLast)
        if state.judgement.verdict == .stop { await onStop() }
        if isLast, state.judgement.verdict != .stop, state.judgement.hasBegun,
          clock.now < schedule.lastLook + schedule.longestExtension
        {
          state.extended = min(schedule.longestExtension, clock.now - schedule.lastLook + schedule.interval)
          progress.detail("something has begun: the watch goes on")
          isLast = false
          judge(&state, isComplete: false)
        }
        try save(state.seen)
        try await keep(kept(state))
        show(state)
        if state.judgement.verdict == .stop {
          endedEarly = !isLast
          break
        }
        if isLast { break }
        if isOnce {
          isFinished = false
          break
        }
        try await clock.sleep(
          for: min(
            schedule.interval, max(.milliseconds(1), schedule.lastLook + state.extended - clock.now)))
        asked = clock.now
        try await look(&state)
      }
    } catch is CancellationError where state.looks > looksBefore {
      isInterrupted = true
      isFinished = false
      judge(&state, isComplete: false)
      if state.judgement.verdict == .stop { await onStop() }
      if state.judgement.verdict != .stop {
        state.judgement.verdict = .inconclusive
        state.judgement.reasons = ["the watch was interrupted before its time"]
      }
      try save(state.seen)
      try await keep(kept(state))
    }
    if isFinished { try await keep(nil) }
    if !isFinished, !isInterrupted {
      let passed = min(clock.now - schedule.deployedAt, schedule.end - schedule.deployedAt)
      state.judgement.verdict = .inconclusive
      state.judgement.reasons =
        [
          "the watch goes on: \(people(passed)) of \(people(schedule.end - schedule.deployedAt)) have passed"
        ] + state.judgement.reasons
    }
    return conclude(&state, endedEarly: endedEarly, isInterrupted: isInterrupted, isFinished: isFinished)
  }

  /// The series of which nobody remembers what they were a moment ago.
  private var momentary: [SeriesName] {
    targets.series.filter(\.isSampled).map(\.name) + (alarms == nil ? [] : targets.alarms.map(\.series))
  }

  /// What another run needs to go on.
  private func kept(_ state: State) -> WatchState {
    var kept = WatchState(deployedAt: schedule.deployedAt, end: schedule.end)
    (kept.looks, kept.failedLooks, kept.revisions) = (state.looks, state.failedLooks, state.revisions)
    kept.calls = state.calls
    if let name = probe?.name {
      kept.probes = (state.seen.points[name] ?? [:]).values.sorted { $0.time < $1.time }
    }
    for name in momentary {
      kept.samples[name] = (state.seen.points[name] ?? [:]).values.sorted { $0.time < $1.time }
    }
    return kept
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
      var got = try await metrics.points(of: wanted, from: start, to: time, period: schedule.period)
      if start < schedule.deployedAt { try await addFurtherWindows(to: &got, of: wanted, state) }
      state.looks += 1
      state.knownUntil = time
      state.calls.add(got.calls)
      take(got, from: start, to: time, &state)
      try await readAlarms(at: time, &state)
      if !state.hasBaseline, got.incomplete.isEmpty {
        state.hasBaseline = true
        // The period in which the deployment took place belongs to neither part.
        state.seen.freeze(before: schedule.deployedAt - schedule.period + .microseconds(1))
        state.memory = BaselineMemory()
      }
      record(answer, at: time, isAWSReachable: true, &state)
    } catch {
      // The probe's answer is good whatever AWS says, but where both are silent the fault may be this machine's.
      if state.looks > 0 { record(answer, at: time, isAWSReachable: false, &state) }
      throw error
    }
  }

  /// Asks for the same hours of other weeks and for earlier beginnings. What does not come makes the baseline thinner.
  private func addFurtherWindows(
    to got: inout MetricAnswer, of wanted: [MetricStatistic], _ state: State
  ) async throws {
    for window in schedule.furtherWindows(warmUp: policy.warmUp) {
      do {
        let more = try await metrics.points(
          of: wanted, from: window.lowerBound, to: window.upperBound, period: schedule.period)
        got.calls.add(more.calls)
        got.points.merge(more.points) { $0.merging($1) { first, _ in first } }
      } catch let error as CancellationError {
        throw error
      } catch {
        progress.detail(
          "what was at \(window.lowerBound.formatted(milliseconds: false)) is not known, and the baseline is of the last day "
            + "alone: \(error)")
        return
      }
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
    case .foreign(let why):
      progress.detail("probe: \(why)")
      state.seen.declare(name)
      state.seen.gaps[name] = why
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

  private func take(_ answer: MetricAnswer, from start: Timestamp, to end: Timestamp, _ state: inout State) {
    state.seen.gaps = [:]
    let whole = Set(answer.points.keys).subtracting(answer.incomplete.keys)
    progress.detail("\(counted(whole.count, "metric")) came whole, \(answer.incomplete.count) did not")
    for series in targets.series {
      if let (metric, why) = (series.values + series.counts).lazy.compactMap({ metric in
        answer.incomplete[metric].map { (metric, $0) }
      }).first {
        state.seen.gaps[series.name] = "\(metric.source): \(why)"
        continue
      }
      var points = LiveWatch.points(of: series, in: answer)
      if series.isZeroWhereAbsent { points += zeros(beside: points, from: start, to: end) }
      for point in points where !schedule.isCut(point.time) {
        guard let before = state.seen.insert(point, into: series.name) else { continue }
        state.revisions += 1
        progress.detail(
          "revised: \(series.name.name) at \(point.time.formatted(milliseconds: false)) from \(before.value) of "
            + "\(before.count) to \(point.value) of \(point.count)")
      }
    }
  }

  /// Points of nothing for all periods that `points` do not have.
  private func zeros(beside points: [SeriesPoint], from start: Timestamp, to end: Timestamp) -> [SeriesPoint]
  {
    let known = Set(points.map(\.time))
    let size = max(1, schedule.period.microseconds)
    return stride(from: start.microseconds / size * size, to: end.microseconds, by: Int64.Stride(size))
      .compactMap {
        let time = Timestamp(microseconds: $0)
        return known.contains(time) ? nil : SeriesPoint(time: time, value: 0)
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
    case .gauge: return values.map { SeriesPoint(time: $0.key, value: $0.value * series.scale) }
    case .latency:
      return values.map {
        SeriesPoint(time: $0.key, value: $0.value * series.scale, count: counts[$0.key] ?? 1)
      }
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
    let end = schedule.end + state.extended
    let window = WatchWindow(
      deployedAt: schedule.deployedAt, duration: end - schedule.deployedAt, period: schedule.period,
      isComplete: isComplete)
    var seen = state.seen
    let known = state.knownUntil ?? schedule.deployedAt
    if isComplete, known < end {
      for series in targets.series {
        seen.gaps[series.name] = "AWS has not answered since \(known.formatted(milliseconds: false))"
      }
    }
    let own = Dictionary(targets.series.map { ($0.name, $0) }) { first, _ in first }
    let lags =
      schedule.waitsForEach ? own.mapValues { $0.settle - schedule.settle }.filter { $0.value > .zero } : [:]
    state.series = seen.series(
      deployedAt: schedule.deployedAt, period: schedule.period, settled: known - schedule.settle, end: end,
      lags: lags, versions: targets.versions)
    for index in state.series.indices {
      let name = SeriesName(name: state.series[index].name, kind: state.series[index].kind)
      state.series[index].ceiling = own[name]?.ceiling
      if name.kind == .latency { state.series[index].earlierStarts = starts(of: name, state) }
    }
    // Only a baseline that is whole stays what it is.
    if !state.hasBaseline { state.memory = BaselineMemory() }
    state.judgement = HealthJudge(policy: policy, window: window).judge(
      state.series, remembering: &state.memory)
  }

  /// The minutes after earlier deployments that were good, moved to the time of this one.
  private func starts(of name: SeriesName, _ state: State) -> [[SeriesPoint]] {
    guard !schedule.history.starts.isEmpty, let known = state.seen.frozen[name] else { return [] }
    return schedule.history.starts.map { start in
      let end = start + policy.warmUp + schedule.period
      return known.filter { $0.time >= start && $0.time < end }.map { point in
        var point = point
        point.time = schedule.deployedAt + (point.time - start)
        return point
      }
    }
  }

  private func show(_ state: State) {
    let passed = clock.now - schedule.deployedAt
    let total = schedule.end - schedule.deployedAt
    let left = max(.zero, schedule.lastLook + state.extended - clock.now)
    let worst = state.judgement.series.count { $0.verdict == .severe || $0.verdict == .degraded }
    // What is worst first, then what users meet: as many as a line has room for.
    let ranks: [SeriesVerdict: Int] = [.severe: 0, .degraded: 1, .inconclusive: 3, .healthy: 3]
    let shown = zip(state.judgement.series, state.series).sorted { one, other in
      let (first, second) = (ranks[one.0.verdict] ?? 3, ranks[other.0.verdict] ?? 3)
      return first == second ? one.0.isFrontDoor && !other.0.isFrontDoor : first < second
    }.prefix(3)
    let lines = shown.map { judged, series in
      let figures =
        judged.kind == .errors
        ? " \(number(judged.observed["failures"] ?? 0)) of \(number(judged.observed["requests"] ?? 0)) failed"
        : judged.observed["medianMs"].map { " \(number($0)) ms" } ?? ""
      return "\(judged.name) \(Sparkline.text(series))\(figures)"
    }
    progress.update(
      "watching \(people(min(passed, total))) of \(people(total)), \(people(left)) left: "
        + "\(state.judgement.series.count) series\(worst > 0 ? ", \(worst) got worse" : ""); "
        + lines.joined(separator: "; "))
  }

  // MARK: - The end

  private func conclude(
    _ state: inout State, endedEarly: Bool, isInterrupted: Bool, isFinished: Bool
  ) -> WatchResult {
    if isInterrupted {
      state.findings.append(
        Finding(
          "watch-early-end", .warning, "the watch was interrupted before its time", subject: "interrupt"))
    } else if !isFinished {
      state.findings.append(
        Finding(
          "watch-goes-on", .notice, state.judgement.reasons[0] + "; the next look is another run's",
          subject: "once"))
    }
    reportLogs(&state)
    checkFlow(&state)
    for stack in targets.missingStacks {
      state.findings.append(
        Finding("watch-metrics-missing", .warning, "stack \(stack) does not exist", subject: stack))
    }
    let window = WindowRecord(
      deployedAt: schedule.deployedAt, duration: (schedule.end - schedule.deployedAt).inSeconds,
      period: schedule.period.inSeconds, interval: schedule.interval.inSeconds,
      settle: schedule.settle.inSeconds, judge: policy.judge.rawValue, mode: "live", looks: state.looks,
      revisions: state.revisions, endedEarly: endedEarly, extended: state.extended.inSeconds)
    return WatchResult(
      judgement: state.judgement, series: state.series, window: window, calls: state.calls, logs: state.logs,
      findings: state.findings, isFinished: isFinished)
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
        "\(number(answered)) probes were answered, but no API of the stacks counts a request since the deployment: is "
          + "API_ENDPOINT one of them?", subject: "flow"))
  }
}

/// What a live watch found.
struct WatchResult: Sendable {
  var judgement: WatchJudgement
  /// As they were judged.
  var series: [WatchedSeries]
  var window: WindowRecord
  var calls: CallCount
  var logs: [LogRecord]
  var findings: [Finding]
  /// Whether no further look is to be made.
  var isFinished: Bool
}
