/// Whether a rollback may begin: what a person has to have typed, by environment.
public enum RollbackConfirmation: Hashable, Sendable {
  /// It may.
  case given
  /// A person at a terminal is asked to type `word`.
  case ask(word: String)
  /// It may not: exit 77, nothing changed.
  case refused(reason: String, advice: String)

  /// The word that confirms a rollback of production, by the runbook.
  public static let productionWord = "rollback-production"

  /// Judges what was typed.
  /// - Parameters:
  ///   - words: the values of `--confirm`.
  ///   - isForced: `--force`.
  ///   - isContinued: an unfinished journal says that this very revert was confirmed.
  ///   - canAsk: somebody sits at a terminal.
  public static func judge(
    environment: String, isProduction: Bool, words: Set<String>, isForced: Bool, isContinued: Bool,
    canAsk: Bool
  ) -> RollbackConfirmation {
    if isProduction {
      if words.contains(productionWord) || isContinued { return .given }
      if canAsk { return .ask(word: productionWord) }
      return .refused(
        reason: "\(environment) is production, and --confirm \(productionWord) was not given",
        advice:
          "look at the plan with --dry-run, then run auto-revert \(environment) --confirm \(productionWord)")
    }
    if isForced || isContinued { return .given }
    return .refused(
      reason: "\(environment) is not production: fix forward instead of rolling back",
      advice: "deploy the fix, or run auto-revert \(environment) --force to roll back all the same")
  }
}
