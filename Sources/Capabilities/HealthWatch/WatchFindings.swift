import HealthAnalysis
import StepResults

/// The findings of a watch: stable codes and what they mean.
public enum WatchFindings {
  /// The codes, for the documentation and SARIF.
  public static let catalog = [
    FindingDescription(
      "watch-severe", "A series got worse than a rollback's threshold.",
      remedy: "Run auto-revert, or read the series' reasons first."),
    FindingDescription(
      "watch-degraded", "A series got worse, not enough to roll back.", severity: .warning,
      remedy: "Look at it in working hours."
    ),
    FindingDescription(
      "watch-probe-unasked", "This machine's network or settings kept the endpoint from being asked.",
      remedy: "Check http_proxy, https_proxy, no_proxy and the CA settings of the machine that watches."),
    FindingDescription(
      "watch-outage", "The endpoint failed probe after probe.", remedy: "Run auto-revert."),
    FindingDescription(
      "watch-inconclusive", "A series that matters could not be judged.",
      severity: .warning, remedy: "Look at the reason; watch longer, or with more traffic."),
    FindingDescription(
      "watch-no-deployment-time", "Recorded points were judged without the time of the deployment.",
      severity: .warning, remedy: "Give it with --deployed-at: it parts the baseline from the watch."),
    FindingDescription(
      "watch-early-end", "The watch was interrupted before its time.", severity: .warning,
      remedy: "Run it again."),
    FindingDescription(
      "watch-goes-on", "One look was made, and the watch is not over.",
      remedy: "Run watch-30m --once again after the interval, until it says finished."),
    FindingDescription(
      "watch-new-log-error", "The logs show a kind of error that they did not show before the deployment.",
      severity: .warning, remedy: "Read the example and its log group."),
    FindingDescription(
      "watch-metrics-missing", "CloudWatch has no point of a series since the deployment.",
      severity: .warning, remedy: "Check that the metric exists and that the service gets traffic."),
    FindingDescription(
      "promotion-done", "The new version got as much traffic as was asked for, and was good at each share.",
      severity: .notice,
      remedy: "Nothing; let the template name the new version, or the next update takes it back."
    ),
    FindingDescription(
      "promotion-taken-back", "The new version was bad at a share, and the old one gets all traffic again.",
      severity: .warning, remedy: "Read the series that stopped it, mend the version, and publish another."),
    FindingDescription(
      "promotion-not-taken-back", "The new version was bad, and could not be taken back.",
      remedy: "Set the alias back by hand with the command of the message; the same command tries it again."),
    FindingDescription(
      "promotion-watching", "The watch of a share is not over: the next look is another run's.",
      severity: .notice, remedy: "Run the same command again after the interval."),
    FindingDescription(
      "promotion-waiting", "The evidence at a share did not suffice to give the new version more.",
      severity: .warning,
      remedy: "Run the same command again to watch on, or take the new version back."),
    FindingDescription(
      "promotion-changed-by-others", "Somebody else changed an alias while the new version was watched.",
      severity: .warning,
      remedy: "Find out who by UpdateAlias in CloudTrail; begin anew when that is settled."),
    FindingDescription(
      "promotion-interrupted", "A signal ended the promotion; the weights stay what they were.",
      severity: .warning, remedy: "Run the same command again, or take the new version back."),
    FindingDescription(
      "promotion-journal",
      "The journal of a promotion could not be written when the new version was taken back.",
      severity: .warning, remedy: "Make room or set the permissions; the weights are back."),
    FindingDescription(
      "watch-aws-unreachable", "AWS could not be asked in one or more looks.",
      remedy: "Check the network and the credentials."),
  ]

  /// The findings of what the judge said.
  static func of(_ judgement: WatchJudgement) -> [Finding] {
    judgement.series.flatMap { series -> [Finding] in
      let subject = "\(series.name) \(series.kind.rawValue)"
      let text = "\(series.name) (\(series.kind.rawValue)): \(series.reasons.joined(separator: "; "))"
      switch series.verdict {
      case .severe:
        let code = series.name.hasPrefix(probePrefix) ? "watch-outage" : "watch-severe"
        return [Finding(code, .error, text, subject: subject)]
      case .degraded: return [Finding("watch-degraded", .warning, text, subject: subject)]
      case .inconclusive:
        let holdsUp = judgement.verdict == .inconclusive && series.doubt != .idle
        return holdsUp ? [Finding("watch-inconclusive", .warning, text, subject: subject)] : []
      case .healthy: return []
      }
    }
  }
}
