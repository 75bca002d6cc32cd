import DeploymentConfig
import Records
import SmokeChecks

/// From results to findings and the verdict.
enum SmokeVerdict {
  /// One finding a check that is worth one, and what they come to together.
  static func judge(_ checks: [CheckEntry], policy: SmokePolicy) -> (findings: [Finding], verdict: Verdict) {
    let findings = checks.compactMap { finding($0, policy) }
    if findings.contains(where: { $0.severity == .error }) { return (findings, .stop) }
    // Nothing ran, so nothing is known.
    if !checks.isEmpty, checks.allSatisfy({ $0.outcome == .skipped }) { return (findings, .inconclusive) }
    return (findings, .go)
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
    case .skipped:
      let severity: Severity = check.failure == .skippedByFile ? .notice : .warning
      return make("check-skipped", severity, check, check.message)
    case .error: return make("check-unusable", stops, check, check.message)
    case .fail:
      switch (check.failure, check.comparison) {
      case (.oldVersion, _): return make("old-version-answers", stops, check, check.message)
      case (.latency, _): return make("latency-regressed", stops, check, check.message)
      case (.regressed, _): return make("answer-regressed", stops, check, check.message)
      case (.certificateExpiring, _): return make("certificate-ends-soon", stops, check, check.message)
      case (_, .brokenBefore):
        return make("check-broken-before", stops, check, check.message + "; it failed before as well")
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

  /// The codes, for the documentation and SARIF.
  static let catalog = [
    FindingDescription(
      "check-failed", "A check did not hold, or its endpoint gave no usable answer.",
      remedy: "The message says what came back and what to look at."),
    FindingDescription(
      "check-unusable", "A check could not be run: its file, a variable or its request is at fault.",
      remedy: "Correct the check."),
    FindingDescription(
      "check-broken-before", "A check failed, and had failed before the deployment as well.",
      remedy: "The deployment is not the cause; going back will not cure it."),
    FindingDescription(
      "check-flaky", "A check passed only when it was tried again.",
      remedy: "Look at the first try's failure; choose with --flaky what it counts as."),
    FindingDescription("check-skipped", "A check was not run.", remedy: "The message says why."),
    FindingDescription(
      "answer-regressed", "An answer lacks fields that it had before, or their types changed.",
      remedy: "Restore the fields, or record a new baseline where the change is meant."),
    FindingDescription(
      "answer-differs", "A check passed, but its answer differs from before.", remedy: "Have a look."),
    FindingDescription(
      "latency-regressed", "Warm samples are several times slower than before.",
      remedy: "Look at durations, cold starts and the database."),
    FindingDescription(
      "old-version-answers", "Another version than the deployed one answers.",
      remedy: "Look at stage deployment, alias, function version and caches."),
    FindingDescription(
      "certificate-ends-soon", "The certificate ends too soon.", remedy: "Renew it."),
    FindingDescription(
      "no-checks", "There was nothing to check.",
      remedy: "Set API_ENDPOINT or stack names in the configuration, or name a file with --smoke."),
    FindingDescription(
      "no-baseline", "No restore point to compare with was found or could be read.",
      remedy: "Run preflight-snapshot before deploying."),
    FindingDescription(
      "other-commit-answers", "An answer names another commit than HEAD.",
      remedy: "Say with --expect-version which one should answer."),
    FindingDescription(
      "control-plane-note", "Something about the stacks that is worth knowing.", remedy: "Have a look."),
    FindingDescription(
      "shard-missing", "Not all shards of a run were merged.", remedy: "Name the records of all shards."),
  ]
}
