import StepResults
import SystemInterfaces

/// What is on record in another environment of a commit: "staging first".
public enum StageProof: Hashable, Sendable {
  /// Its checks passed there, and nothing was said against it since; who said so.
  case passed(Evidence)
  /// The last word there is no: checks that did not say go, or a rollback that took it back.
  case stopped(Evidence)
  /// Not every step that is asked for has spoken of it there.
  case unknown

  /// The judgement of a commit, in any order. What states nothing, such as files that were only read or a dry run, counts
  /// neither way.
  /// - Parameter steps: each of them must have said go of this commit, last.
  public static func judge(
    _ commit: String, _ evidence: [Evidence], application: String, steps: [Step] = [.smokeTest]
  ) -> StageProof {
    let mine = evidence.filter { $0.application == nil || $0.application == application }
    let checks = mine.filter { evidence in
      guard evidence.commit == commit, case .checked = evidence.statement else { return false }
      return true
    }
    func newest(_ step: Step) -> Evidence? {
      checks.filter { $0.step == step }.max { $0.finishedAt < $1.finishedAt }
    }
    let words = Set(steps + [.smokeTest, .watch30m]).compactMap(newest)
    let newestWord = words.max { $0.finishedAt < $1.finishedAt }
    if let stop = words.filter({ $0.verdict == .stop }).max(by: { $0.finishedAt < $1.finishedAt }) {
      return .stopped(stop)
    }
    let takenBack = mine.filter { evidence in
      guard case .reverted(let reverted) = evidence.statement, reverted.changed else { return false }
      if let undone = reverted.undone, let checked = newestWord?.deployment { return undone == checked }
      return reverted.undoneCommit == commit
    }.max { $0.finishedAt < $1.finishedAt }
    if let takenBack, takenBack.finishedAt > newestWord?.finishedAt ?? takenBack.startedAt {
      return .stopped(takenBack)
    }
    let asked = steps.compactMap(newest)
    guard asked.count == steps.count, asked.allSatisfy({ $0.verdict == .go }),
      let last = asked.max(by: { $0.finishedAt < $1.finishedAt })
    else { return .unknown }
    return .passed(last)
  }
}
