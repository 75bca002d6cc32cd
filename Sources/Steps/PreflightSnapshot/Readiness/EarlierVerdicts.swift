import DeploymentRecords
import JSONValues
import StepResults
import SystemInterfaces

/// What the other steps said last, as far as a snapshot must know: a bad version must never become the good one.
struct EarlierVerdicts: Hashable, Sendable {
  /// The verdict of one step's latest record.
  struct Entry: Hashable, Sendable {
    var step: Step
    var verdict: Verdict
    var finishedAt: Timestamp
    var commit: String?
  }
  var entries: [Entry]

  /// Reads the latest record of each step.
  /// - Parameter latest: the record of a step, where there is one that can be used.
  init(latest: (Step) -> JSONValue?) {
    entries = Step.allCases.compactMap { step in
      guard let tree = latest(step), let verdict = tree["verdict"]?.string.flatMap(Verdict.init),
        let time = tree["finishedAt"]?.string.flatMap(Timestamp.init)
      else { return nil }
      return Entry(step: step, verdict: verdict, finishedAt: time, commit: tree["commit"]?.string)
    }
  }

  init(_ entries: [Entry]) { self.entries = entries }

  /// The stops that nothing has answered: neither a restore, nor a passing smoke test of another commit.
  var unansweredStops: [Entry] {
    let restored = entry(.autoRevert).flatMap { $0.verdict == .go ? $0.finishedAt : nil }
    let passed = entry(.smokeTest).flatMap { $0.verdict == .go ? $0 : nil }
    return entries.filter { stop in
      guard stop.verdict == .stop, [.smokeTest, .watch30m, .autoRevert].contains(stop.step) else {
        return false
      }
      if let restored, restored > stop.finishedAt { return false }
      if let passed, passed.finishedAt > stop.finishedAt, passed.commit != stop.commit { return false }
      return true
    }
  }

  /// The commit that a passing check or a finished restore last spoke of: what is deployed, unless somebody deployed
  /// since without checking.
  var deployedCommit: String? {
    entries.filter { [.smokeTest, .watch30m].contains($0.step) && $0.verdict == .go }
      .max { $0.finishedAt < $1.finishedAt }?.commit
  }

  private func entry(_ step: Step) -> Entry? { entries.first { $0.step == step } }

  /// One finding for each unanswered stop.
  var findings: [Finding] {
    unansweredStops.map { stop in
      Finding(
        "unrestored-stop", .error,
        "\(stop.step.rawValue) said stop at \(stop.finishedAt) and nothing was put back since: "
          + "this state must not be recorded as good", subject: stop.step.rawValue)
    }
  }
}
