/// Whether a rollback of a finished deployment may go on without a person.
public enum RollbackPermission: Hashable, Sendable {
  /// Somebody says why, or sits before it.
  case byPerson
  /// These stops about what is live stand.
  case byEvidence([Evidence])
  /// Nobody does, and none stands.
  case missing

  /// - Parameters:
  ///   - isAttended: whether a person sits at a terminal or takes responsibility by name.
  ///   - live: what is live; nil where that is not known.
  public static func judge(
    _ history: DeploymentHistory, live: Deployment?, hasReason: Bool, isAttended: Bool
  ) -> RollbackPermission {
    let reasons = live.map { history.reasons(against: $0) } ?? []
    if !reasons.isEmpty { return .byEvidence(reasons) }
    return hasReason || isAttended ? .byPerson : .missing
  }
}
