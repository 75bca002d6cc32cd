import DeploymentLedger
import StepResults
import SystemInterfaces

/// Minutes after a first moment.
func minute(_ count: Double) -> Timestamp {
  Timestamp(seconds: 1_760_000_000 + count * 60)
}

extension LedgerEntry {
  /// A record of `step` that took a minute and ended at minute `at`.
  static func record(
    _ step: Step, _ verdict: Verdict, commit: String? = commitA, at: Double = 1, run: String = "run-1",
    facts: [String: String] = [:]
  ) -> LedgerEntry {
    var entry = LedgerEntry(
      .record, step: step, environment: "prod", run: run, startedAt: minute(at - 1), finishedAt: minute(at))
    entry.verdict = verdict
    entry.commit = commit
    entry.facts = facts
    return entry
  }
}

let commitA = String(repeating: "a", count: 40)
let commitB = String(repeating: "b", count: 40)
