import CloudFormationModel
import YAMLDocuments

/// Whether a resource comes, goes or stays; what becomes of it is then judged by its properties or its policy.
extension ResourceJudge {
  func judge(_ pair: Pair) -> Outcome {
    let before = pair.old.flatMap { old?.presence(of: $0) } ?? .truth(false)
    let after = pair.new.flatMap { new?.presence(of: $0) } ?? .truth(false)
    var outcome = Outcome(
      change: ResourceImpact(
        logicalId: pair.id, type: pair.type, action: .none,
        stateful: context.statefulTypes.contains(pair.type)
          || (pair.old.map { context.statefulTypes.contains($0.type) } ?? false),
        line: (pair.new ?? pair.old)?.line, name: name(of: pair)))
    switch (before.truth, after.truth) {
    case (false, false): break
    case (false, true): create(pair, &outcome)
    case (false, nil):
      create(pair, &outcome)
      outcome.open = comparison.inputs(after)
      outcome.change.reasons.append("It is made only if \(describe(after)) holds.")
    case (true, false), (nil, false):
      remove(pair, &outcome)
      if before.truth == nil {
        outcome.change.action = .mayReplace
        outcome.open = comparison.inputs(before)
        outcome.change.reasons.append("It goes if it is there, which is if \(describe(before)) holds.")
      }
      if pair.new != nil { outcome.change.reasons.append("Its condition no longer holds.") }
    case (true, true), (nil, true): judgeProperties(pair, &outcome)
    case (true, nil), (nil, nil):
      if before.truth == nil, comparison.compare(before, after) == .same {
        judgeProperties(pair, &outcome)
      } else {
        judgeProperties(pair, &outcome)
        remove(pair, &outcome)
        outcome.change.action = .mayReplace
        outcome.open = comparison.inputs(after)
        outcome.change.reasons = ["It goes unless \(describe(after)) holds."]
      }
    }
    return outcome
  }

  private func name(of pair: Pair) -> String? {
    let name =
      pair.new.flatMap { new?.physicalName(of: $0) } ?? pair.old.flatMap { old?.physicalName(of: $0) }
    return name.flatMap { isSecret($0) ? nil : $0.text }
  }

  private func describe(_ condition: ResolvedValue) -> String {
    let inputs = comparison.inputs(condition).map(\.description).sorted()
    return "a condition on \(inputs.joined(separator: ", "))"
  }

  private func create(_ pair: Pair, _ outcome: inout Outcome) {
    outcome.change.action = context.importedLogicalIds.contains(pair.id) ? .import : .create
  }

  /// What DeletionPolicy, as the deployed template has it, makes of a removal.
  private func remove(_ pair: Pair, _ outcome: inout Outcome) {
    guard let resource = pair.old, let old else { return }
    outcome.change.line = pair.new == nil ? resource.line : outcome.change.line
    let stated = resource.node["DeletionPolicy"].map { old.evaluate($0) }
    let policy =
      stated?.text
      ?? TypeFacts.defaultDeletionPolicy(resource.type, properties: old.properties(of: resource))
    if let stated, stated.text == nil {
      outcome.change.reasons.append("Its DeletionPolicy is not known here: \(stated.summary).")
      outcome.open.formUnion(comparison.inputs(stated))
      outcome.change.action = .mayReplace
      return
    }
    switch policy {
    case "Retain", "RetainExceptOnCreate":
      outcome.change.action = .orphan
      outcome.change.oldResource = .retained
    case "Snapshot" where StatefulTypes.snapshotTypes.contains(resource.type):
      outcome.change.action = .snapshotThenDelete
      outcome.change.oldResource = .snapshot
    default:
      outcome.change.action = .delete
      outcome.change.oldResource = .deleted
    }
  }
}
