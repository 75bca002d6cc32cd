import HTTPTransport
import HurlFile
import JSONValues
import Synchronization
import SystemInterfaces

/// An entry that can be given back before all that leads to it: files of tens of thousands hold much.
final class HurlEntryHolder: Sendable {
  private let held: Mutex<HurlEntry?>
  private let session: HurlSession

  init(_ entry: HurlEntry, _ session: HurlSession) {
    held = Mutex(entry)
    self.session = session
  }

  func ask(_ context: AttemptContext) async -> AttemptResult {
    guard let entry = held.withLock({ $0 }) else {
      return AttemptResult(.skipped(.other, "it was asked and given back"))
    }
    return await HurlEntryRunner(entry: entry, session: session).ask(context)
  }

  func forget() { held.withLock { $0 = nil } }
}

/// Asks one entry of a Hurl file: options, request, exchange, judgement, captures.
final class HurlEntryRunner: Sendable {
  let entry: HurlEntry
  let session: HurlSession
  private let usesXPath: Bool

  init(entry: HurlEntry, session: HurlSession) {
    self.entry = entry
    self.session = session
    usesXPath = entry.usesXPath
  }

  /// Asks once, or as often as the file's own `repeat` and `retry` say.
  func ask(_ context: AttemptContext) async -> AttemptResult {
    if usesXPath, !session.environment.hasXPath() {
      let missing = "xpath needs libxml2, which is not on this machine"
      return AttemptResult(.unusable(.controlPlane, "\(missing): \(XPathLibrary.advice)"))
    }
    let options: HurlOptions
    do throws(HurlRuntimeError) {
      options = try resolveOptions(context)
    } catch {
      return unusable(error)
    }
    if options.skip == true { return AttemptResult(.skipped(.skippedByFile, "the file skips it")) }
    if let repetitions = options.repetitions, repetitions < 0 {
      return AttemptResult(
        .unusable(.deadline, "repeat: \(repetitions) asks without end; say how often"))
    }
    var last = AttemptResult.passed
    let repetitions = max(1, options.repetitions ?? 1)
    for done in 0..<repetitions {
      if done > 0, context.remaining(at: context.clock.now) <= .zero {
        last.verdict = .unusable(
          .deadline, "the run's total time was up after \(done) of \(repetitions) repetitions")
        break
      }
      last = await askWithRetries(options, context)
      guard case .passed = last.verdict else { break }
    }
    noteCaptures(of: last)
    return last
  }

  private func resolveOptions(_ context: AttemptContext) throws(HurlRuntimeError) -> HurlOptions {
    if entry.options.isEmpty { return HurlOptions() }
    let now = session.context(now: context.clock.now)
    let result: Result<HurlOptions, HurlRuntimeError> = session.update { state in
      do throws(HurlRuntimeError) {
        return .success(try entry.resolvedOptions(&state.variables, now))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func askWithRetries(_ options: HurlOptions, _ context: AttemptContext) async -> AttemptResult {
    let retries = options.retries ?? 0
    var earlier: [AttemptResult] = []
    while true {
      let began = context.clock.now
      do {
        if let delay = options.delay, delay > .zero {
          guard delay < context.remaining(at: began) else {
            return AttemptResult(
              .unusable(
                .deadline, "its delay of \(delay.words) is longer than the time that the run has left"))
          }
          try await context.clock.sleep(for: delay)
        }
      } catch { return AttemptResult(.skipped(.deadline, "the run was interrupted")) }
      var result = await askOnce(options, context)
      result.began = began
      result.ended = context.clock.now
      // The file's own tries come before settling, and are kept like all others.
      guard case .failed = result.verdict, retries < 0 || earlier.count < retries,
        context.remaining(at: context.clock.now) > .zero
      else {
        result.earlier = earlier
        return result
      }
      earlier.append(result)
      do { try await context.clock.sleep(for: options.retryInterval ?? .seconds(1)) } catch {
        result.earlier = Array(earlier.dropLast())
        return result
      }
      if context.remaining(at: context.clock.now) <= .zero {
        result.earlier = Array(earlier.dropLast())
        return result
      }
    }
  }

  private func askOnce(_ options: HurlOptions, _ context: AttemptContext) async -> AttemptResult {
    var now = session.context(now: context.clock.now)
    now.coercesJSONPath = options.keepsJSONPathLists != true
    let variables = session.variables
    let exchange: HurlExchange
    do {
      let spec = try entry.request(variables.fitting(entry.url), now)
      exchange = try HurlExchange(
        spec, options: options, entry: entry, session: session, timeout: context.timeout(for: spec.url),
        keepsBody: context.wantsObservation || session.environment.keepsLastBody || entry.looksIntoBody)
    } catch let error as HurlRuntimeError {
      return unusable(error)
    } catch let error as RefusedOption {
      return AttemptResult(.unusable(.badRequest, "\(error)"))
    } catch {
      return AttemptResult(.unusable(.file, "\(error)"))
    }
    switch await exchange.run(context) {
    case .failure(let failure): return failure.result(of: exchange.first, redact: context.redact)
    case .success(let answer):
      if answer.response.body.count < HurlEntryRunner.largeBody {
        return judged(answer, exchange, variables, now, options, context)
      }
      // On this thread other answers are read too: they would have to wait, and count as slow.
      return await withTaskExecutorPreference(globalConcurrentExecutor) {
        judged(answer, exchange, variables, now, options, context)
      }
    }
  }

  /// Bytes from which on a body takes longer to judge than a change of threads.
  private static let largeBody = 65_536

  // MARK: - Judgement

  private func judged(
    _ answer: HurlExchange.Answer, _ exchange: HurlExchange, _ variables: HurlVariables, _ now: HurlContext,
    _ options: HurlOptions, _ context: AttemptContext
  ) -> AttemptResult {
    var result = AttemptResult.passed
    Exchange.describe(answer.response, of: exchange.first, in: &result)
    let evaluation = entry.evaluate(answer.values, variables, now)
    judge(evaluation, answer.response, context, &result)
    judgeTrailers(answer.response, exchange.first.url, context, &result)
    Exchange.explain(answer.response, of: exchange.first, in: &result, redact: context.redact)
    keep(evaluation.captures, body: answer.response.body)
    observe(answer.response, evaluation.json, exchange, context, &result)
    if let path = options.output { write(answer.response.body, to: path, &result) }
    return result
  }

  private func judge(
    _ evaluation: HurlEvaluation, _ response: HTTPResponse, _ context: AttemptContext,
    _ result: inout AttemptResult
  ) {
    func shortened(_ text: String) -> String {
      if text.utf8.count <= 300 { return text }
      return String(context.redact(text).prefix(300)) + "…"
    }
    let failed = evaluation.passed ? [] : evaluation.assertions.filter { !$0.passed }
    result.conditions = failed.map {
      FailedCondition(
        line: $0.line,
        "\($0.description): expected \(shortened($0.expected)), got \(shortened($0.actual))"
          + ($0.hint.map { " (\($0))" } ?? ""))
    }
    if let status = entry.response?.status, status != response.status {
      let diagnosis = AnswerClassifier.diagnosis(
        status: response.status, headers: response.headers, body: response.body, redact: context.redact)
      result.verdict = .failed(
        diagnosis.failure, "\(diagnosis.message), expected \(status)", settles: diagnosis.failure.settles)
    } else if let error = evaluation.error {
      result.conditions.append(FailedCondition(line: error.position.line, error.message))
      result.verdict = .failed(.capture, error.message, settles: false)
    } else if let first = result.conditions.first {
      let others = result.conditions.dropFirst().map(\.message)
      result.verdict = .failed(
        .assertion, ([first.message] + others).joined(separator: "; "), settles: false)
    }
  }

  /// An answer of gRPC is 200 whatever happened: what the file does not say of its status is that it succeeded, and of a
  /// health check that the service is serving.
  private func judgeTrailers(
    _ response: HTTPResponse, _ url: String, _ context: AttemptContext, _ result: inout AttemptResult
  ) {
    guard case .passed = result.verdict, !entry.judges(header: "grpc-status"),
      let answer = GRPCAnswer(response)
    else { return }
    let isHealth = url.hasSuffix(GRPCHealthChecks.path) && !entry.looksIntoBody
    guard let problem = answer.failure(redact: context.redact) ?? (isHealth ? answer.complaint() : nil) else {
      return
    }
    let settles = problem.failure.settles || problem.failure == .unhealthy
    result.verdict = .failed(problem.failure, problem.message, settles: settles)
    result.conditions.append(FailedCondition(line: entry.position.line, problem.message))
  }

  private func unusable(_ error: HurlRuntimeError) -> AttemptResult {
    let missing = session.update { state in
      state.missing.first { error.message.contains($0.key) }
    }
    var result =
      missing.map { name, line in
        AttemptResult(.skipped(.dependency, "needs \(name), which line \(line) did not capture"))
      } ?? AttemptResult(.unusable(.variable, error.message))
    result.conditions = [FailedCondition(line: error.position.line, error.message)]
    result.method = entry.method
    return result
  }

  // MARK: - What stays

  private func keep(_ captures: [HurlEvaluation.Capture], body: [UInt8]) {
    guard !captures.isEmpty || session.environment.keepsLastBody else { return }
    let environment = session.environment
    let line = entry.position.line
    session.update { state in
      for capture in captures {
        if capture.isRedacted || environment.isSecretName(capture.name) {
          if case .string(let text) = capture.value { environment.learnSecret(text) }
          state.variables.setSecret(capture.name, capture.value)
        } else {
          state.variables[capture.name] = capture.value
        }
        state.missing[capture.name] = nil
      }
      // Entries may overlap: the last in the file counts, whichever ends last.
      if environment.keepsLastBody, (state.lastBody?.line ?? 0) <= line { state.lastBody = (line, body) }
    }
  }

  /// Remembers which captures are missing, so that entries that need them say why they did not run.
  private func noteCaptures(of result: AttemptResult) {
    guard let captures = entry.response?.captures, !captures.isEmpty else { return }
    if case .passed = result.verdict { return }
    session.update { state in
      for capture in captures where state.variables[capture.name.source] == nil {
        state.missing[capture.name.source] = capture.position.line
      }
    }
  }

  private func observe(
    _ response: HTTPResponse, _ parsed: JSONValue?, _ exchange: HurlExchange, _ context: AttemptContext,
    _ result: inout AttemptResult
  ) {
    let source = session.environment.versionSource
    // A version stands in a small answer; large ones are read only where their shape is wanted.
    let isRead = context.wantsObservation || response.body.count < HurlEntryRunner.largeBody
    let json = parsed ?? (isRead ? Exchange.json(response) : nil)
    result.version = source.version(headers: response.headers, json: json)
    guard context.wantsObservation else { return }
    result.observation = Exchange.observation(response, json: json, version: result.version)
    if ["GET", "HEAD"].contains(exchange.first.method), exchange.isPlain {
      result.repeatable = exchange.first
    }
  }

  private func write(_ body: [UInt8], to path: String, _ result: inout AttemptResult) {
    let target = path.hasPrefix("/") ? path : "\(session.folder)/\(path)"
    let files = session.environment.files
    do {
      let parent = target.lastIndex(of: "/").map { String(target[..<$0]) } ?? "."
      let root = try files.realPath(session.environment.root)
      guard try (files.realPath(parent) + "/").hasPrefix(root + "/") else {
        throw FileAccess.Refusal(
          description: "output \(path) lies outside the project's folder \(session.environment.root)")
      }
      try files.writeAtomically(body, to: target, mode: 0o644)
    } catch {
      result.verdict = .unusable(.file, "\(error)")
    }
  }
}

extension HurlVariables {
  /// These variables with `API_ENDPOINT` written so that `{{API_ENDPOINT}}/path`, `{{API_ENDPOINT}}path` and
  /// `{{API_ENDPOINT}}` alone all mean what they look like.
  func fitting(_ url: HurlTemplate) -> HurlVariables {
    guard case .placeholder(let first)? = url.parts.first, first.kind == .variable("API_ENDPOINT"),
      case .string(var endpoint)? = self["API_ENDPOINT"]
    else { return self }
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    if url.parts.count > 1, case .text(let next) = url.parts[1], next.hasPrefix("/") {
    } else {
      endpoint += "/"
    }
    var copy = self
    copy["API_ENDPOINT"] = .string(endpoint)
    return copy
  }
}
