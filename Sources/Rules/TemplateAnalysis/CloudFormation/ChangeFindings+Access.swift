import StepResults

/// Findings about permissions and networks that become wider.
extension ChangeFindings {
  mutating func judgePermissions() {
    for pair in judge.pairs {
      guard let outcome = changed(pair), let after = pair.new.flatMap({ judge.new?.properties(of: $0) })
      else {
        continue
      }
      let isNew = outcome.change.action == .create || outcome.change.action == .import
      let before = PermissionGrants(isNew ? .map([]) : oldProperties(pair))
      let grants = PermissionGrants(after)
      let added = before.added(by: grants)
      let wildcards = added.filter { $0.isWildcard(in: pair.type) }
      if !wildcards.isEmpty {
        tell(
          "iam-wildcard", isNew ? .warning : .error,
          "\(pair.id) (\(pair.type)) newly allows \(Self.list(wildcards.map(\.description))).", outcome)
      }
      if let locked = LockoutRules.lockout(pair.type, before: before, after: grants) {
        if locked.isSure {
          tell(
            "access-locked-out", .error, "\(pair.id) (\(pair.type)) locks its owner out: \(locked.words).",
            outcome)
        } else {
          tell("access-narrowed", .warning, "\(pair.id) (\(pair.type)): \(locked.words).", outcome)
        }
      }
      // What a new resource may do is part of reviewing it; what an old one gains is easily missed.
      if isNew { continue }
      let rest = added.filter { !$0.isWildcard(in: pair.type) }
      if !rest.isEmpty {
        tell(
          "iam-widened", .warning,
          "\(pair.id) (\(pair.type)) newly allows \(Self.list(rest.map(\.description))).", outcome)
      }
      let managed = grants.managed.filter { !before.managed.contains($0) }
      if !managed.isEmpty {
        let isAdministrator = managed.contains { $0.text?.hasSuffix("/AdministratorAccess") == true }
        tell(
          "iam-policy-attached", isAdministrator ? .error : .warning,
          "\(pair.id) (\(pair.type)) gains \(Self.list(managed.map { $0.text ?? $0.summary })).", outcome)
      }
      let dropped = before.denied.filter { !grants.denied.contains($0) }
      if !dropped.isEmpty {
        tell(
          "iam-deny-removed", .warning,
          "\(pair.id) (\(pair.type)) no longer denies \(Self.list(dropped.map(\.description))).", outcome)
      }
    }
  }

  mutating func judgeNetworks() {
    for pair in judge.pairs {
      guard let outcome = changed(pair), let after = pair.new.flatMap({ judge.new?.properties(of: $0) })
      else {
        continue
      }
      let isNew = outcome.change.action == .create
      let before = isNew ? [] : NetworkRule.inbound(pair.type, oldProperties(pair))
      let added = NetworkRule.inbound(pair.type, after).filter { rule in
        !before.contains { $0.covers(rule) }
      }
      let world = added.filter(\.isWorld)
      if !world.isEmpty {
        tell(
          "network-opened", world.allSatisfy(\.isWeb) ? .notice : .error,
          "\(pair.id) lets the whole Internet in: \(Self.list(world.map(\.description))).", outcome)
      }
      let rest = added.filter { !$0.isWorld }
      if !rest.isEmpty, !isNew {
        tell(
          "network-widened", .warning, "\(pair.id) lets in \(Self.list(rest.map(\.description))).", outcome)
      }
    }
  }

  /// The outcome of a resource that is there afterwards and not as it was.
  private func changed(_ pair: ResourceJudge.Pair) -> ResourceJudge.Outcome? {
    guard let outcome = judge.outcomes[pair.id] else { return nil }
    switch outcome.change.action {
    case .create, .update, .replace, .mayReplace, .import, .move: return outcome
    case .delete, .orphan, .snapshotThenDelete, .none: return nil
    }
  }

  private func oldProperties(_ pair: ResourceJudge.Pair) -> ResolvedValue {
    pair.old.flatMap { judge.old?.properties(of: $0) } ?? .map([])
  }

  private mutating func tell(
    _ code: String, _ severity: Severity, _ message: String, _ outcome: ResourceJudge.Outcome
  ) {
    add(code, severity, message, line: outcome.change.line, subject: message)
  }

  private static func list(_ texts: [String]) -> String {
    let shown = texts.prefix(5).joined(separator: "; ")
    return texts.count > 5 ? "\(shown); and \(texts.count - 5) more" : shown
  }
}
