import DeploymentRecords
import SystemInterfaces

/// How the answers of now stand to those recorded before the deployment.
public enum BaselineComparison {
  /// What counts as a difference.
  public struct Thresholds: Hashable, Sendable {
    /// A median latency this many times the recorded one is a regression. The runbook's threshold is five.
    public var latencyFactor = 5.0
    /// Below this many milliseconds no latency is a regression: five times nothing is nothing.
    public var latencyFloorMs = 50.0

    /// The defaults.
    public init() {}
  }

  /// Sets `comparison` and `differences`, and turns a passed check whose answer lost something into a failed one.
  static func apply(
    _ before: ResponseBaseline, _ observation: Observation?, to result: inout CheckResult,
    thresholds: Thresholds
  ) {
    let wasGood =
      before.outcome == CheckOutcome.pass.rawValue || before.outcome == CheckOutcome.flaky.rawValue
    switch result.outcome {
    case .skipped, .error: return
    case .fail:
      result.comparison = wasGood ? .regressed : .brokenBefore
      if wasGood, let status = before.status { result.differences.append("answered \(status) before") }
      return
    case .pass, .flaky: result.comparison = wasGood ? .unchanged : .fixed
    }
    guard wasGood else { return }
    let now = median(result.latencyMs)
    let then = median(before.latencies)
    if let now, let then, now > thresholds.latencyFloorMs, now > then * thresholds.latencyFactor {
      result.outcome = .fail
      result.failure = .latency
      result.comparison = .regressed
      result.message =
        "median of \(result.latencyMs.count) warm samples \(rounded(now)) ms, \(rounded(then)) ms before"
    }
    guard let observation else { return }
    if let shape = before.shape.map(JSONShape.init(recorded:)) {
      let losses = observation.shape.map { shape.losses(in: $0) } ?? ["the body is no JSON any more"]
      if !losses.isEmpty {
        result.differences += losses
        result.comparison = .regressed
        if result.outcome != .fail {
          result.outcome = .fail
          result.failure = .regressed
          result.message =
            losses.prefix(3).joined(separator: "; ")
            + (losses.count > 3 ? "; and \(losses.count - 3) more" : "")
        }
      }
    }
    guard observation.status != nil else { return }
    let gone = Set(before.headerNames ?? []).subtracting(observation.headers).subtracting(passing)
    result.differences += gone.sorted().map { "header \($0) is gone" }
    if let was = before.certificateExpires, let expires = observation.certificateExpires, expires < was {
      result.differences.append(
        "the certificate ends \(expires.formatted(milliseconds: false)), the one before ended later")
    }
  }

  /// Header fields that come and go without meaning.
  private static let passing: Set<String> = [
    "age", "date", "connection", "keep-alive", "set-cookie", "etag", "last-modified", "content-length",
    "transfer-encoding", "x-cache", "via", "x-amz-cf-id", "x-amz-cf-pop", "x-amzn-trace-id",
    "x-amzn-requestid",
    "x-amz-apigw-id", "apigw-requestid", "vary", "expires", "alt-svc", "server-timing", "retry-after",
  ]

  /// The middle value, nil of none.
  static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

extension ResponseBaseline {
  /// What a run saw of one check.
  init(_ result: CheckResult, _ observation: Observation?) {
    self.init(
      name: result.key, outcome: result.outcome.rawValue, status: observation?.status,
      latencies: result.latencyMs)
    shape = observation?.shape?.recorded
    headerNames = observation?.headers
    certificateExpires = observation?.certificateExpires
    answeredVersion = result.version
    value = observation?.value
  }
}

extension JSONShape {
  /// As a restore point keeps it: `$.id` → `null|string`.
  var recorded: [String: String] { paths.mapValues { $0.joined(separator: "|") } }
  init(recorded: [String: String]) {
    self.init(paths: recorded.mapValues { $0.split(separator: "|").map(String.init) })
  }
}

/// `number` with at most one decimal.
func rounded(_ number: Double) -> String {
  let tenths = (number * 10).rounded() / 10
  return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
}
