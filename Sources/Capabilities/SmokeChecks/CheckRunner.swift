import DeploymentRecords
import HTTPTransport
import Synchronization
import SystemInterfaces

/// Runs the checks of chains with the settings of one run.
struct CheckRunner: Sendable {
  /// An object, as it is handed on several times and holds much.
  final class Outcome: Sendable {
    let result: CheckResult
    let observation: Observation?

    init(result: CheckResult, observation: Observation? = nil) {
      self.result = result
      self.observation = observation
    }
  }

  private let settings: SmokeSettings
  private let dependencies: SmokeDependencies
  private let baseline: [String: ResponseBaseline]
  private let limit: ConcurrencyLimit
  private let started: Timestamp
  private let finished = Counter()

  init(
    settings: SmokeSettings, dependencies: SmokeDependencies, baseline: [String: ResponseBaseline]
  ) {
    self.settings = settings
    self.dependencies = dependencies
    self.baseline = baseline
    limit = ConcurrencyLimit(settings.concurrency)
    started = dependencies.clock.now
  }

  // MARK: - A chain

  /// Runs a chain: in order, but neighbours that may overlap side by side.
  func run(_ chain: CheckChain) async -> [Outcome] {
    chain.prepare()
    var done: [Outcome] = []
    var hasFailed = false
    while done.count < chain.checks.count {
      let first = done.count
      var end = first + 1
      while end < chain.checks.count, chain.checks[first].mayOverlap, chain.checks[end].mayOverlap {
        end += 1
      }
      let found =
        end == first + 1
        ? [await runAndTell(chain.checks[first], afterFailure: hasFailed)]
        : await runTogether(chain.checks[first..<end])
      for outcome in found {
        if [.fail, .error].contains(outcome.result.outcome) { hasFailed = true }
        dependencies.result(outcome.result)
      }
      done += found
    }
    return done
  }

  private func runAndTell(_ check: Check, afterFailure: Bool) async -> Outcome {
    let outcome = await run(check, afterFailure: afterFailure)
    check.forget?()
    dependencies.progress(outcome.result, finished.add(1))
    return outcome
  }

  private func runTogether(_ checks: ArraySlice<Check>) async -> [Outcome] {
    let next = Counter(checks.startIndex - 1)
    // A second thread and its connections are worth it only where there is much to judge and more than one task. A
    // preference of nil would leave the transport's thread in an optimized build: two switches a request.
    let tasks = min(checks.count, max(1, settings.concurrency))
    let executors = dependencies.transport.executors.prefix(checks.count < 100 ? 1 : tasks)
    var found = [Outcome?](repeating: nil, count: checks.count)
    await withTaskGroup(of: [(Int, Outcome)].self) { group in
      for number in 0..<tasks {
        let executor = executors.isEmpty ? nil : executors[number % executors.count]
        group.addTask(executorPreference: executor) {
          var own: [(Int, Outcome)] = []
          while true {
            let position = next.add(1)
            guard position < checks.endIndex else { return own }
            own.append(
              (position - checks.startIndex, await runAndTell(checks[position], afterFailure: false)))
          }
        }
      }
      for await part in group {
        for (position, outcome) in part { found[position] = outcome }
      }
    }
    return found.compactMap { $0 }
  }

  // MARK: - A check

  private func run(_ check: Check, afterFailure: Bool) async -> Outcome {
    if check.writes, !settings.allowsWrites {
      return Outcome(
        result: CheckResult(
          check: check, outcome: .skipped, failure: .writesNotAllowed,
          message: "it writes, and the policy does not allow that here"))
    }
    if check.needsEarlier, afterFailure {
      return Outcome(
        result: CheckResult(
          check: check, outcome: .skipped, failure: .dependency,
          message: "it changes data, and an earlier check of its file did not pass"))
    }
    let before = baseline[check.key]
    var result = CheckResult(check: check, outcome: .pass)
    let begun = dependencies.clock.now
    var last = AttemptResult.passed
    while true {
      let now = dependencies.clock.now
      let left = settings.settling.deadline - (now - started)
      if Task.isCancelled || left <= .zero {
        if result.attempts.isEmpty {
          result.outcome = Task.isCancelled ? .skipped : .error
          result.failure = .deadline
          result.message =
            Task.isCancelled ? "the run was interrupted" : "the run's total time was up before it began"
          return Outcome(result: result)
        }
        break
      }
      let context = AttemptContext(
        transport: dependencies.transport, clock: dependencies.clock, random: dependencies.random,
        maxTime: settings.maxTime, left: left, redact: dependencies.redact,
        deadline: started + settings.settling.deadline,
        before: before, isRecording: settings.recordsBaseline)
      last = await limit.run { await check.ask(context) }
      if result.attempts.isEmpty { markCutOff(&last, since: now, left: left) }
      judgeVersion(&last, before)
      record(last, since: now, in: &result)
      guard case .failed(_, _, let settles) = last.verdict, settles,
        let wait = settings.settling.wait(
          afterFailures: result.attempts.count, elapsed: dependencies.clock.now - started,
          askedFor: last.retryAfter, staleFor: last.staleFor, random: dependencies.random)
      else { break }
      do { try await dependencies.clock.sleep(for: wait) } catch { break }
    }
    conclude(last, check, in: &result)
    await sampleLatency(last, before, in: &result)
    if let before {
      BaselineComparison.apply(before, last.observation, to: &result, thresholds: settings.thresholds)
    }
    result.durationMs = milliseconds(dependencies.clock.now - begun)
    return Outcome(result: result, observation: last.observation)
  }

  /// What was cut off because the run's time was up, and not because the service took longer than it may, was not judged.
  /// Where an earlier try failed, that one counts.
  private func markCutOff(_ attempt: inout AttemptResult, since: Timestamp, left: Duration) {
    let (lasted, moment) = (dependencies.clock.now - since, Duration.milliseconds(50))
    guard case .failed(.timedOut, let message, _) = attempt.verdict, attempt.earlier.isEmpty,
      lasted > left - moment, lasted < left + moment
    else { return }
    attempt.verdict = .unusable(.deadline, "the run's total time was up before it was answered: \(message)")
  }

  /// A good answer of the version from before the deployment is not yet a good answer.
  private func judgeVersion(_ attempt: inout AttemptResult, _ before: ResponseBaseline?) {
    guard case .passed = attempt.verdict, let version = attempt.version,
      VersionMatch.of(version, expected: settings.expectedVersion) == .other
    else { return }
    let isOld = before?.answeredVersion == version
    attempt.verdict = .failed(
      .oldVersion,
      "\(isOld ? "the old version still answers" : "another version answers"): \(version), "
        + "expected \(settings.expectedVersion ?? "")", settles: true)
  }

  private func record(_ attempt: AttemptResult, since: Timestamp, in result: inout CheckResult) {
    func add(_ attempt: AttemptResult) {
      if case .skipped = attempt.verdict { return }
      let begun = attempt.began ?? since
      let ended = attempt.ended ?? dependencies.clock.now
      let failure = attempt.failure
      result.attempts.append(
        Attempt(
          startedAfterMs: milliseconds(begun - started), durationMs: milliseconds(ended - begun),
          status: attempt.status, failure: failure?.class, message: failure?.message ?? "",
          conditions: attempt.conditions, address: attempt.address, waterfall: attempt.waterfall))
    }
    for earlier in attempt.earlier { add(earlier) }
    add(attempt)
    result.evidence = attempt.evidence ?? attempt.earlier.last?.evidence ?? result.evidence
    result.method = attempt.method ?? result.method
    result.url = attempt.url ?? result.url
    result.version = attempt.version ?? result.version
  }

  private func conclude(_ last: AttemptResult, _ check: Check, in result: inout CheckResult) {
    switch last.verdict {
    case .passed:
      // Tries that the file itself asks for are polling, not flakiness.
      let retried = result.attempts.count - 1 - last.earlier.count
      guard retried > 0, let failed = result.attempts.dropLast().last(where: { !$0.passed }) else {
        result.outcome = .pass
        return
      }
      result.outcome = check.failsWhenFlaky ? .fail : .flaky
      result.failure = coldStart(result) ? .coldStart : failed.failure
      result.message = "passed at try \(result.attempts.count); before: \(failed.message)"
    case .failed(let failure, let message, _):
      result.outcome = .fail
      result.failure = failure
      result.message = message
    case .skipped(let failure, let message):
      result.outcome = .skipped
      result.failure = failure
      result.message = message
    case .unusable(let failure, let message):
      result.outcome = .error
      result.failure = failure
      result.message = message
    }
  }

  /// Only the first try failed, in a way that a function's first start explains.
  private func coldStart(_ result: CheckResult) -> Bool {
    guard result.attempts.count == 2, let first = result.attempts.first?.failure else { return false }
    return [.timedOut, .functionTimedOut, .unavailable, .functionFailed].contains(first)
  }

  /// Warm samples of a check that passed: the exchange that passed was the warm-up.
  private func sampleLatency(
    _ last: AttemptResult, _ before: ResponseBaseline?, in result: inout CheckResult
  ) async {
    guard result.outcome == .pass || result.outcome == .flaky, let request = last.repeatable,
      settings.recordsBaseline || before?.latencies.isEmpty == false
    else { return }
    for _ in 0..<settings.latencySamples {
      guard !Task.isCancelled, dependencies.clock.now - started < settings.settling.deadline else { return }
      let begun = dependencies.clock.now
      let answer = await limit.run { () -> HTTPResponse? in
        // A sample that fails is no sample; the check itself has its answer.
        do { return try await dependencies.transport.send(request) } catch { return nil }
      }
      guard let answer else { continue }
      let measured = answer.timings.total
      result.latencyMs.append(
        milliseconds(measured > .zero ? measured : dependencies.clock.now - begun))
    }
  }
}

/// A number that tasks count up together.
final class Counter: Sendable {
  private let value: Mutex<Int>
  init(_ start: Int = 0) { value = Mutex(start) }
  /// The number after adding `count`.
  @discardableResult func add(_ count: Int) -> Int {
    value.withLock {
      $0 += count
      return $0
    }
  }
}

/// `duration` in milliseconds, to a microsecond.
func milliseconds(_ duration: Duration) -> Double { Double(duration.microseconds) / 1000 }
