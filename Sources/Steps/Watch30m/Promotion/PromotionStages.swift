import AWSClients
import HealthAnalysis
import HealthWatch
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// The shares one after the other: set, watched, judged.
struct PromotionStages {
  let run: PromotionRun
  let plan: PromotionRun.Plan
  let weights: AliasWeights
  let journal: PromotionJournal

  private var session: StepSession { run.session }
  private var clock: any WallClock { session.context.clock }

  func outcome() async throws -> StepOutcome<WatchPart> {
    if plan.isTakenBack {
      await weights.takeBack()
      return try ended(.init(emptyAt: clock.now, .stop, "an earlier run's watch said stop"), .takenBack, [])
    }
    let begunAt = plan.unfinished?.begunAt ?? clock.now
    var steps: [PromotionRecord.Step] = []
    var last = StepOutcome<WatchPart>(emptyAt: clock.now, .go, "every share was watched by an earlier run")
    for share in plan.shares {
      let since: Timestamp
      do {
        try await weights.raise(to: share)
        // As the journal says it, so that a run that goes on watches the same minutes.
        since = try journal.unfinished()?.since[share] ?? clock.now
      } catch {
        return try halted(last, steps, error)
      }
      session.progress.say("the new version gets \(shareText(share)) of the calls; watching it")
      do {
        last = try await watch(since: since, begunAt: begunAt)
      } catch is CancellationError {
        return try interrupted(
          .init(emptyAt: clock.now, .inconclusive, "interrupted before the first look"), steps)
      } catch {
        throw stopped(by: error)
      }
      let answer = answer(last, at: share)
      steps.append(
        .init(share: share, since: since, verdict: answer.verdict.rawValue, reasons: answer.reasons))
      if last.verdict == .stop { return try ended(last, .takenBack, steps) }
      if !last.part.finished {
        return run.request.isOnce && !Task.isCancelled
          ? said(last, .watching, steps) : try interrupted(last, steps)
      }
      if answer.verdict != .go {
        (last.verdict, last.summary.reasons) = (.inconclusive, answer.reasons)
        return said(last, .waiting, steps)
      }
      do {
        try await weights.look()
      } catch {
        return try halted(last, steps, error)
      }
      try journal.passed(share)
    }
    return try ended(last, .promoted, steps)
  }

  /// The watch of one share. As soon as it says stop the weights go back, before anything else.
  private func watch(since: Timestamp, begunAt: Timestamp) async throws -> StepOutcome<WatchPart> {
    var request = run.request
    request.length = run.wish.each
    request.deployedAt = since
    // What both versions did is no baseline.
    request.baselineUntil = request.baselineUntil ?? begunAt
    let weights = weights
    request.onStop = { await weights.takeBack() }
    return try await request.watch(in: session)
  }

  /// A new version gets more traffic where it was seen and is good: not where it was not seen, though all else is good, and
  /// not where it is surely worse, though it need not be taken back.
  private func answer(
    _ outcome: StepOutcome<WatchPart>, at share: Double
  ) -> (verdict: Verdict, reasons: [String]) {
    guard outcome.verdict == .go else { return (outcome.verdict, outcome.summary.reasons) }
    var open = outcome.part.series.filter { $0.comparison != nil && $0.verdict == "degraded" }.map { series in
      "\(series.name) (\(series.kind)): \(series.reasons.first ?? "worse than the old version")"
    }
    for alias in weights.aliases {
      let name =
        "function/\(alias.function)" + (share < 100 ? ":\(alias.alias)\(ConcurrentSeries.newSuffix)" : "")
      let series = outcome.part.series.first { $0.name == name && $0.kind == "errors" }
      guard series?.verdict != "healthy", series?.verdict != "degraded" || share >= 100 else { continue }
      open.append(
        "\(name) (errors): "
          + (series?.reasons.first ?? "the version's calls were not looked at: may this role list aliases?"))
    }
    return open.isEmpty ? (.go, outcome.summary.reasons) : (.inconclusive, open)
  }

  // MARK: - Endings

  /// What was found, with what was done beside it.
  private func said(
    _ outcome: StepOutcome<WatchPart>, _ result: PromotionRecord.Outcome, _ steps: [PromotionRecord.Step]
  ) -> StepOutcome<WatchPart> {
    var outcome = outcome
    var record = PromotionRecord(
      aliases: weights.aliases.map(\.record), plan: run.wish.shares.values, each: run.wish.each.inSeconds,
      outcome: result, journal: journal.journal.path)
    (record.steps, record.changes) = (steps, weights.changes)
    outcome.part.promotion = record
    var text = words(result)
    if result == .changedByOthers, let why = outcome.summary.reasons.first {
      text = "\(why); \(text)"
      outcome.summary.reasons.removeFirst()
    }
    outcome.summary.reasons.insert(text, at: 0)
    let severity: Severity =
      switch result {
      case .notTakenBack: .error
      case .promoted, .watching: .notice
      case .takenBack, .waiting, .changedByOthers, .interrupted: .warning
      }
    outcome.findings.append(
      Finding("promotion-\(PromotionStages.code(result))", severity, text, subject: targets))
    return outcome
  }

  static func code(_ result: PromotionRecord.Outcome) -> String {
    switch result {
    case .promoted: "done"
    case .takenBack: "taken-back"
    case .notTakenBack: "not-taken-back"
    case .watching: "watching"
    case .waiting: "waiting"
    case .changedByOthers: "changed-by-others"
    case .interrupted: "interrupted"
    }
  }

  private var targets: String { weights.aliases.map(\.target).joined(separator: ", ") }

  /// How things stand, and what goes on and what takes back.
  private var ways: String {
    let taking = weights.aliases.filter { $0.share > 0 }.map(\.takingBack).joined(separator: "; ")
    return "the same command goes on" + (taking.isEmpty ? "" : "; to take it back: \(taking)")
  }

  private func words(_ result: PromotionRecord.Outcome) -> String {
    let standing = weights.aliases.map { alias in
      "\(alias.target) gives version \(alias.new) \(shareText(alias.share)) of the calls"
    }.joined(separator: ", ")
    switch result {
    case .promoted:
      return standing + (weights.aliases.allSatisfy { $0.share == 100 } ? "" : ", as far as was asked for")
    case .takenBack:
      return weights.aliases.map { "\($0.target) gives version \($0.old) all calls again" }.joined(
        separator: ", ")
    case .notTakenBack:
      return "THE NEW VERSION STILL GETS TRAFFIC: " + weights.problems.joined(separator: "; ")
    case .watching: return "\(standing); the watch goes on, and the next look is another run's"
    case .waiting: return "\(standing), and gets no more: the evidence does not suffice; \(ways)"
    case .changedByOthers: return "the promotion ends here, and changes nothing more"
    case .interrupted: return "interrupted; \(standing), and stays there; \(ways)"
    }
  }

  /// The promotion came to its end.
  private func ended(
    _ outcome: StepOutcome<WatchPart>, _ result: PromotionRecord.Outcome, _ steps: [PromotionRecord.Step]
  ) throws -> StepOutcome<WatchPart> {
    let isBack = weights.aliases.allSatisfy { $0.share == 0 }
    guard result == .takenBack else {
      try journal.end("promoted", weights.aliases)
      return said(outcome, result, steps)
    }
    // Where not all is back the same command tries it again.
    if isBack { try journal.end("takenBack", weights.aliases) }
    var told = said(outcome, isBack ? .takenBack : .notTakenBack, steps)
    if isBack {
      told.findings += weights.problems.map {
        Finding("promotion-journal", .warning, $0, subject: journal.journal.path)
      }
    }
    return told
  }

  private func interrupted(
    _ outcome: StepOutcome<WatchPart>, _ steps: [PromotionRecord.Step]
  ) throws -> StepOutcome<WatchPart> {
    let told = said(outcome, .interrupted, steps)
    session.progress.say(told.summary.reasons[0])
    return told
  }

  /// Somebody else changed an alias, or AWS did not do what was asked.
  private func halted(
    _ outcome: StepOutcome<WatchPart>, _ steps: [PromotionRecord.Step], _ error: any Error
  ) throws -> StepOutcome<WatchPart> {
    if error is CancellationError {
      var told = outcome
      told.verdict = .inconclusive
      return try interrupted(told, steps)
    }
    guard let halt = error as? PromotionHalt else { throw stopped(by: error) }
    try journal.end("changedByOthers", weights.aliases)
    var told = outcome
    told.verdict = .inconclusive
    told.summary.reasons = [halt.message]
    return said(told, .changedByOthers, steps)
  }

  /// An error with how things stand.
  private func stopped(by error: any Error) -> StepFailure {
    let failure = StepFailure(describing: error)
    let standing = weights.aliases.map { "\($0.target) at \(shareText($0.share))" }.joined(separator: ", ")
    let advice = [failure.advice, "the weights stay (\(standing)): \(ways)"].filter { !$0.isEmpty }
    return StepFailure(failure.status, failure.message, advice: advice.joined(separator: "; "))
  }
}

extension StepOutcome<WatchPart> {
  /// Nothing was watched.
  init(emptyAt time: Timestamp, _ verdict: Verdict, _ reason: String) {
    self.init(
      verdict: verdict, findings: [], summary: .init(reasons: [reason], counts: [:]),
      part: WatchPart(nothingSeenAt: time))
  }
}
