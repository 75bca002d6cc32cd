import DeploymentConfig
import StepResults

/// From results to findings and the verdict.
public enum SmokeVerdict {
  /// One finding a check that is worth one, and what they come to together.
  static func judge(_ checks: [CheckEntry], policy: SmokePolicy) -> (findings: [Finding], verdict: Verdict) {
    let findings = checks.compactMap { finding($0, policy) }
    if findings.contains(where: { $0.severity == .error }) { return (findings, .stop) }
    // Nothing ran, so nothing is known.
    if !checks.isEmpty, checks.allSatisfy({ $0.outcome == .skipped }) { return (findings, .inconclusive) }
    return (findings, .go)
  }

  /// Codes of findings that leave a question open: with one of them the answer is no go.
  public static let leavesOpen: Set<String> = [
    "file-without-checks", "version-not-seen", "endpoint-not-asked", "check-not-finished",
    "shard-missing", "shard-inconclusive",
  ]

  /// A gap as a finding.
  static func finding(_ gap: HurlGap) -> Finding {
    let code = gap.kind == .fileWithoutChecks ? "file-without-checks" : "status-not-expected"
    return Finding(
      code, .warning, gap.message, path: gap.file, line: gap.line, subject: "\(gap.file):\(gap.line)")
  }

  /// What is to be said where no answer named `wanted`: it was asked for, and nobody saw it. Answers that name another
  /// have failed already.
  static func unseen(_ wanted: String, among versions: [String]) -> Finding? {
    let matches = versions.map { VersionMatch.of($0, expected: wanted) }
    if matches.contains(.expected) || matches.contains(.other) { return nil }
    let seen =
      versions.isEmpty ? "no answer names a version" : "answers name \(versions[0]), which is of another kind"
    return Finding(
      "version-not-seen", .warning, "whether \(wanted) answers is not known: \(seen)", subject: "version")
  }

  private static func finding(_ check: CheckEntry, _ policy: SmokePolicy) -> Finding? {
    let stops: Severity = policy.onlyCriticalStops && !check.critical ? .warning : .error
    switch check.outcome {
    case .pass:
      guard let first = check.differences.first else { return nil }
      return make("answer-differs", .notice, check, "passed, but \(first)")
    case .flaky:
      let severity: Severity =
        switch policy.flaky {
        case .fail: stops
        case .warn: .warning
        case .pass: .notice
        }
      return make("check-flaky", severity, check, check.message)
    case .skipped where check.failure == .routeMissing || check.failure == .forbidden:
      // Told once, though several checks ask the same path.
      return check.id == "endpoint" ? make("endpoint-not-asked", .warning, check, check.message) : nil
    case .skipped where check.failure == .openWithoutKey:
      // Public by design is no fault, and nobody says that it is not.
      return make("key-not-judged", .notice, check, check.message)
    case .skipped:
      let severity: Severity = check.failure == .skippedByFile ? .notice : .warning
      return make("check-skipped", severity, check, check.message)
    // The run's own time says nothing of the deployment.
    case .error where check.failure == .deadline:
      return make("check-not-finished", .warning, check, check.message)
    case .error: return make("check-unusable", stops, check, check.message)
    case .fail:
      switch (check.failure, check.comparison) {
      case (.oldVersion, _): return make("old-version-answers", stops, check, check.message)
      case (.latency, _): return make("latency-regressed", stops, check, check.message)
      case (.regressed, _): return make("answer-regressed", stops, check, check.message)
      case (.certificateExpiring, _): return make("certificate-ends-soon", stops, check, check.message)
      case (_, .brokenBefore):
        // The deployment is not its cause, and a rollback would not mend it.
        return make("check-broken-before", .warning, check, check.message + "; it failed before as well")
      default: return make("check-failed", stops, check, check.message)
      }
    }
  }

  private static func make(
    _ code: String, _ severity: Severity, _ check: CheckEntry, _ message: String
  ) -> Finding {
    let kind = check.failure.map { " (\($0.rawValue))" } ?? ""
    let advice = severity == .error && !check.advice.isEmpty ? "\n\(check.advice)" : ""
    let line = check.attempts.last?.conditions.first?.line ?? check.line
    return Finding(
      code, severity, "\(check.name): \(message)\(kind)\(advice)", path: check.file, line: line,
      subject: check.id)
  }
}
