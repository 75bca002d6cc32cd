import SystemInterfaces

/// Series before and after a deployment in, a verdict with its reasons out. Pure: the same input gives the same answer,
/// whether the points were recorded last year or a second ago.
public struct HealthJudge: Sendable {
  /// The thresholds.
  public var policy: HealthPolicy
  /// The length of the watch.
  public var window: WatchWindow

  /// A judge of watches of that length.
  public init(policy: HealthPolicy = HealthPolicy(), window: WatchWindow) {
    self.policy = policy
    self.window = window
  }

  /// The judgement of all `series` together. While the window is not complete, only `stop` is final.
  public func judge(_ series: [WatchedSeries]) -> WatchJudgement {
    var memory = BaselineMemory()
    return judge(series, remembering: &memory)
  }

  /// The same, with what an earlier look found out of the same baselines.
  public func judge(_ series: [WatchedSeries], remembering memory: inout BaselineMemory) -> WatchJudgement {
    let shares = falseAlarmShares(series)
    let judged = series.indices.map { judge(series[$0], falseAlarms: shares[$0], &memory) }
    return conclude(withProbe(withoutBlame(judged)))
  }

  /// Half of the false alarms are spent on the front door, the rest on all others, in equal parts.
  func falseAlarmShares(_ series: [WatchedSeries]) -> [Double] {
    let tested = series.filter { !$0.isProbe && !$0.isAlarm }
    let front = tested.count { $0.isFirstMet }
    let others = tested.count - front
    return series.map { one in
      if front == 0 || others == 0 { return policy.falseAlarms / Double(max(1, tested.count)) }
      return policy.falseAlarms / 2 / Double(one.isFirstMet ? front : others)
    }
  }

  private func judge(
    _ series: WatchedSeries, falseAlarms: Double, _ memory: inout BaselineMemory
  ) -> SeriesJudgement {
    if series.isProbe { return ProbeRule(window: window).judge(series) }
    if series.isAlarm { return AlarmRule(policy: policy).judge(series) }
    if policy.judge == .mannWhitney { return MannWhitneyRule(policy: policy, window: window).judge(series) }
    switch series.kind {
    case .errors:
      return ErrorRule(policy: policy, window: window, falseAlarms: falseAlarms)
        .judge(series, &memory)
    case .latency:
      return LatencyRule(policy: policy, window: window, falseAlarms: falseAlarms).judge(series, &memory)
    case .gauge: return GaugeRule(policy: policy, window: window, falseAlarms: falseAlarms).judge(series)
    }
  }

  /// Series in which both versions are mixed, where these fail alike: severe as they are, they are no reason to take the new
  /// version back.
  private func withoutBlame(_ judged: [SeriesJudgement]) -> [SeriesJudgement] {
    let shared = judged.filter { $0.doubt == .shared }
    guard !shared.isEmpty else { return judged }
    let bases = shared.map { WatchedSeries.base(of: $0.name) }
    return judged.map { one in
      guard one.verdict == .severe, one.comparison == nil,
        one.isFrontDoor || one.isProbe
          || bases.contains(where: { $0 == one.name || $0.hasPrefix(one.name + ":") })
      else { return one }
      var one = one
      (one.verdict, one.doubt, one.decidedAt) = (.inconclusive, .shared, nil)
      one.reasons.append("the old version fails at the same time, so the new one is not to blame by itself")
      return one
    }
  }

  /// Lost traffic at the front door with the probe's answer beside it, and severe where the policy wants that.
  private func withProbe(_ judged: [SeriesJudgement]) -> [SeriesJudgement] {
    let probe = judged.first { $0.isProbe && ($0.observed["requests"] ?? 0) > 0 }
    return judged.map { one in
      guard one.doubt == .vanished, one.isFrontDoor else { return one }
      var one = one
      if let probe, let sent = probe.observed["requests"] {
        let answered = sent - (probe.observed["failures"] ?? 0)
        one.reasons[0] += "; \(whole(answered)) of \(whole(sent)) probes were answered"
      }
      if policy.stopsOnLostTraffic, window.isComplete, one.kind == .errors {
        (one.verdict, one.doubt) = (.severe, nil)
        one.decidedAt = window.deployedAt + window.duration
      }
      return one
    }
  }

  private func conclude(_ judged: [SeriesJudgement]) -> WatchJudgement {
    func reasons(_ chosen: [SeriesJudgement]) -> [String] {
      chosen.flatMap { one in one.reasons.map { "\(one.name) (\(one.kind.rawValue)): \($0)" } }
    }
    let open = HealthJudge.unjudged(judged)
    let severe = judged.filter { $0.verdict == .severe }
    if !severe.isEmpty { return WatchJudgement(verdict: .stop, series: judged, reasons: reasons(severe)) }
    let holding = holdingUp(judged)
    if !holding.isEmpty {
      return WatchJudgement(verdict: .inconclusive, series: judged, reasons: reasons(holding) + open)
    }
    let proved = judged.filter {
      !$0.isProbe && !$0.isAlarm && ($0.verdict == .healthy || $0.verdict == .degraded)
    }
    if proved.isEmpty {
      let why =
        judged.isEmpty ? ["there is no series to judge"] : reasons(judged.filter { $0.doubt != .idle })
      return WatchJudgement(
        verdict: .inconclusive, series: judged, reasons: ["nothing was proved to be healthy"] + why + open)
    }
    let degraded = judged.filter { $0.verdict == .degraded }
    if !degraded.isEmpty {
      return WatchJudgement(verdict: .go, series: judged, reasons: reasons(degraded) + open)
    }
    let count = judged.count { $0.verdict != .inconclusive }
    let all =
      count == judged.count
      ? count == 1 ? "the one series stays where it was" : "all \(count) series stay where they were"
      : "\(count) of \(judged.count) series could be judged, and \(count == 1 ? "it stays where it was" : "all of these stay where they were")"
    return WatchJudgement(verdict: .go, series: judged, reasons: [all] + open)
  }

  /// What could not be judged, each cause in one line.
  private static func unjudged(_ judged: [SeriesJudgement]) -> [String] {
    let open = judged.filter { $0.verdict == .inconclusive }
    let causes: [(Doubt, String)] = [
      (.idle, "idle, before as after"), (.noBaseline, "without a past to compare with"),
      (.tooFew, "with too few requests to say"),
    ]
    return causes.compactMap { doubt, words in
      let names = open.filter { $0.doubt == doubt }.map { "\($0.name) (\($0.kind.rawValue))" }
      guard !names.isEmpty else { return nil }
      let shown =
        names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
      return "\(names.count) of \(judged.count) series \(words): \(shown)"
    }
  }
}

extension HealthJudge {
  /// The inconclusive series that keep a watch from saying go.
  ///
  /// Missing data and vanished traffic always do. What merely cannot be proved (a quiet function, a new one) does so at
  /// the front door alone: an application has many corners that thirty minutes say nothing about. Gauges prove little
  /// and hold nothing up.
  private func holdingUp(_ judged: [SeriesJudgement]) -> [SeriesJudgement] {
    let hasFront = judged.contains { $0.isFrontDoor && !$0.isProbe }
    let busiest = judged.indices.filter {
      !judged[$0].isProbe && !judged[$0].isAlarm && judged[$0].kind != .gauge
    }
    .max { judged[$0].traffic < judged[$1].traffic }
    return judged.indices.filter { index in
      let one = judged[index]
      // A version that gets a share of the traffic is there to be judged.
      if one.verdict == .inconclusive, one.comparison != nil, one.kind != .gauge, one.doubt != .idle {
        return true
      }
      guard one.verdict == .inconclusive, one.kind != .gauge || one.doubt == .notWhole else { return false }
      switch one.doubt {
      case .idle: return false
      case .tooFew, .noBaseline: return hasFront ? one.isFrontDoor : index == busiest
      case .vanished, .notWhole, .early, .begun, .seenOnce, .shared, nil: return true
      }
    }.map { judged[$0] }
  }
}

extension SeriesJudgement {
  /// Requests before and after; errors before latencies of the same traffic.
  fileprivate var traffic: Double {
    (baseline["requests"] ?? 0) + (observed["requests"] ?? 0) + (kind == .errors ? 0.5 : 0)
  }
}

/// How probes are told from metrics, in the watch and in recorded files.
public let probePrefix = "probe:"

/// How alarms are told from metrics.
public let alarmPrefix = "alarm:"

extension WatchedSeries {
  /// Where a new version is met first: the front door, and a version that gets a share of the traffic.
  var isFirstMet: Bool { isFrontDoor || concurrent != nil }
  /// The name without what says which version it is of.
  static func base(of name: String) -> String {
    name.hasSuffix(ConcurrentSeries.newSuffix)
      ? String(name.dropLast(ConcurrentSeries.newSuffix.count)) : name
  }
  var isProbe: Bool { kind == .errors && name.hasPrefix(probePrefix) }
  var isAlarm: Bool { kind == .errors && name.hasPrefix(alarmPrefix) }
}

extension SeriesJudgement {
  var isProbe: Bool { kind == .errors && name.hasPrefix(probePrefix) }
  var isAlarm: Bool { kind == .errors && name.hasPrefix(alarmPrefix) }
}
