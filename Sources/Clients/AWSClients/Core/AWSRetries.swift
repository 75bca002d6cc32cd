import HTTPTransport
import Synchronization
import SystemInterfaces

/// One attempt of a call.
struct AWSAttempt: Sendable {
  /// Counted from 1.
  var number: Int
  /// How many there may be.
  var maximum: Int
  /// The same for all attempts of one call.
  var invocationId: String
  /// What is to be added to this machine's clock.
  var clockOffset: Duration
}

/// Retries as the SDKs' standard mode has them: exponential waits with full jitter, a quota that a long outage uses up, and the
/// answer's own word on when to come back.
final class AWSRetries: Sendable {
  /// The standard mode's figures.
  enum Rule {
    static let maximumAttempts = 5
    /// A throttled call was not done, and will be: among many calls at once the same one may be refused time and again.
    static let throttledAttempts = 10
    static let quota = 500
    static let costOfRetry = 5
    static let costOfTimeout = 10
    /// A throttled call was not done, and fewer are sent at once from then on: that holds back enough.
    static let costOfThrottling = 1
    static let base: Duration = .milliseconds(100)
    static let throttledBase: Duration = .seconds(1)
    static let maximumWait: Duration = .seconds(20)
    /// What a request may take once the time for everything has run out.
    static let lastWord: Duration = .seconds(5)
    /// What a service may ask for at most.
    static let maximumRetryAfter: Duration = .seconds(60)
  }

  private struct State {
    var quota = Rule.quota
    var clockOffset: Duration = .zero
    var limit: Timestamp?
  }

  let maximumAttempts: Int
  private let throttledAttempts: Int
  private let clock: any WallClock
  private let random: Randomness
  private let state = Mutex(State())

  /// - Parameter environment: `AWS_MAX_ATTEMPTS` is read from it.
  init(environment: Environment, clock: any WallClock, random: Randomness) {
    let asked = environment.nonEmpty("AWS_MAX_ATTEMPTS").flatMap { Int($0) }.map { max(1, $0) }
    maximumAttempts = asked ?? Rule.maximumAttempts
    throttledAttempts = asked ?? Rule.throttledAttempts
    self.clock = clock
    self.random = random
  }

  /// What is added to this machine's clock, learnt from answers.
  var clockOffset: Duration { state.withLock { $0.clockOffset } }

  /// From `time` on nothing is tried again.
  func limit(to time: Timestamp) { state.withLock { $0.limit = time } }

  /// How long a request that may take `timeout` may take now: what is left, and after the limit enough for a last word.
  func timeout(_ timeout: Duration) -> Duration {
    guard let limit = state.withLock({ $0.limit }) else { return timeout }
    return min(timeout, max(limit - clock.now, Rule.lastWord))
  }

  /// The result of `body`, tried again where that can help and cannot do harm.
  func run<Result>(
    _ operation: AWSOperation, _ body: (AWSAttempt) async throws -> Result
  ) async throws -> Result {
    let invocation = random.hex(32)
    var number = 1
    var withdrawn = 0
    var correctedClock = false
    while true {
      try Task.checkCancellation()
      let failure: any Error
      do {
        let result = try await body(
          AWSAttempt(
            number: number, maximum: max(maximumAttempts, number), invocationId: invocation,
            clockOffset: clockOffset))
        giveBack(withdrawn)
        return result
      } catch { failure = error }
      let error: AWSError
      var response: HTTPResponse?
      switch failure {
      case let answered as AWSFailure: (error, response) = (answered.error, answered.response)
      case let unanswered as AWSError: error = unanswered
      default: throw failure
      }
      let isSkewed = !correctedClock && correctClock(error, response)
      correctedClock = correctedClock || isSkewed
      let most = error.kind == .throttled ? throttledAttempts : maximumAttempts
      guard isSkewed || mayRetry(error, operation), number < most else { throw error }
      let cost =
        switch error.kind {
        case .unreachable: Rule.costOfTimeout
        case .throttled: Rule.costOfThrottling
        default: Rule.costOfRetry
        }
      guard withdraw(cost) else { throw error }
      withdrawn = cost
      let pause = isSkewed ? .zero : wait(after: number, error, response)
      if let limit = state.withLock({ $0.limit }), clock.now + pause >= limit { throw error }
      if !isSkewed { try await clock.sleep(for: pause) }
      number += 1
    }
  }

  private func mayRetry(_ error: AWSError, _ operation: AWSOperation) -> Bool {
    switch error.kind {
    case .throttled: true
    case .unreachable: true
    // A fault may have come after the work was done.
    case .transient: operation.repeating == .safe || error.statusCode == 503
    default: false
    }
  }

  /// Full jitter over a doubling wait, unless the service names a longer one.
  private func wait(after attempt: Int, _ error: AWSError, _ response: HTTPResponse?) -> Duration {
    let base = error.kind == .throttled ? Rule.throttledBase : Rule.base
    let ceiling = min(Rule.maximumWait, base * (1 << min(attempt - 1, 16)))
    let jittered = Duration.seconds(random.double(in: 0...1) * ceiling.inSeconds)
    let asked = response.flatMap { AWSRetries.retryAfter($0.headers, now: clock.now) } ?? .zero
    return max(jittered, min(asked, Rule.maximumRetryAfter))
  }

  /// `x-amz-retry-after` in milliseconds, `Retry-After` in seconds or as a date.
  static func retryAfter(_ headers: [HTTPField], now: Timestamp) -> Duration? {
    if let text = headers.first("x-amz-retry-after"), let count = Int(text), count >= 0 {
      return .milliseconds(count)
    }
    guard let text = headers.first("retry-after") else { return nil }
    if let count = Int(text) { return count >= 0 ? .seconds(count) : nil }
    return HTTPDate.parse(text).map { max(.zero, $0 - now) }
  }

  private func withdraw(_ cost: Int) -> Bool {
    state.withLock { state in
      guard state.quota >= cost else { return false }
      state.quota -= cost
      return true
    }
  }

  private func giveBack(_ amount: Int) {
    state.withLock { $0.quota = min(Rule.quota, $0.quota + max(amount, 1)) }
  }

  /// Learns this machine's error from the date of an answer that complains of it; whether it learnt anything new.
  private func correctClock(_ error: AWSError, _ response: HTTPResponse?) -> Bool {
    let mayBeSkew =
      AWSError.skew.contains(error.code)
      || ["SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"].contains(error.code)
    guard mayBeSkew, let date = response?.headers.first("date").flatMap({ HTTPDate.parse($0) }) else {
      return false
    }
    let offset = date - clock.now
    return state.withLock { state in
      // Signatures are good for five minutes; a smaller difference is not what was wrong.
      let change = offset - state.clockOffset
      guard max(change, .zero - change) > .seconds(240) else { return false }
      state.clockOffset = offset
      return true
    }
  }
}
