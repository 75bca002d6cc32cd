import StepResults

/// What the trail of another environment says of a commit: "staging first".
public enum StageProof: Hashable, Sendable {
  /// Its checks passed there, and nothing was said against it since; the entry that said so.
  case passed(LedgerEntry)
  /// The last word there is no: a check that did not say go, or a restore that took it back.
  case stopped(LedgerEntry)
  /// Not every step that is asked for has spoken of it there.
  case unknown

  /// The judgement of a commit by the entries of an environment, in any order.
  /// - Parameter steps: each of them must have said go of this commit, last.
  public static func judge(
    _ commit: String, _ entries: [LedgerEntry], steps: [Step] = [.smokeTest]
  ) -> StageProof {
    let about = entries.filter { $0.kind == .record && $0.commit == commit }
    func newest(_ step: Step) -> LedgerEntry? {
      about.filter { $0.step == step }.max { $0.finishedAt < $1.finishedAt }
    }
    let words = Set(steps + [.smokeTest, .watch30m]).compactMap(newest)
    let newestWord = words.max { $0.finishedAt < $1.finishedAt }
    if let stop = words.filter({ $0.verdict == .stop }).max(by: { $0.finishedAt < $1.finishedAt }) {
      return .stopped(stop)
    }
    let restored = about.filter { $0.step == .autoRevert && $0.facts["outcome"] == "restored" }
      .max { $0.finishedAt < $1.finishedAt }
    if let restored, restored.finishedAt > newestWord?.finishedAt ?? restored.startedAt {
      return .stopped(restored)
    }
    let asked = steps.compactMap(newest)
    guard asked.count == steps.count, asked.allSatisfy({ $0.verdict == .go }),
      let last = asked.max(by: { $0.finishedAt < $1.finishedAt })
    else { return .unknown }
    return .passed(last)
  }
}
