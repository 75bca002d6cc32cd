import CloudFormationModel
import Redaction
import YAMLDocuments

/// What changed properties do to a resource that stays.
extension ResourceJudge {
  /// Attributes whose change is an update; `DependsOn` and `Condition` alone change nothing.
  private static let silentAttributes: Set<String> = ["Type", "Properties", "DependsOn", "Condition"]

  func judgeProperties(_ pair: Pair, _ outcome: inout Outcome) {
    guard let before = pair.old, let after = pair.new, let old, let new else { return }
    let comparison = comparison
    if before.type != after.type, !TypeFacts.isSameAfterTransform(before.type, after.type) {
      outcome.change.action = .replace
      outcome.change.properties = ["Type"]
      outcome.change.oldResource = fate(after)
      outcome.change.reasons = ["Its type changes from \(before.type) to \(after.type)."]
      return
    }
    let first = old.properties(of: before)
    let second = new.properties(of: after)
    outcome.differences = comparison.differences(first, second)
    let attributes = changedAttributes(before, after)
    let paths = outcome.differences.map { $0.path.joined(separator: "/") }
    let lookedUp = outcome.differences.filter(\.likeness.isLookUpOnly)
    outcome.isLookUpOnly =
      !lookedUp.isEmpty && lookedUp.count == outcome.differences.count && attributes.isEmpty
    if !outcome.isLookUpOnly, !(outcome.differences.isEmpty && attributes.isEmpty) {
      outcome.change.action = .update
    }
    for difference in outcome.differences {
      if case .open(let inputs) = difference.likeness { outcome.open.formUnion(inputs) }
    }
    judgeReplacement(after, first, second, &outcome)
    if before.type != after.type {
      outcome.change.action = outcome.change.action == .none ? .update : outcome.change.action
      outcome.change.reasons.append(
        "\(before.type) becomes \(after.type), which are the same after the transform.")
    }
    if outcome.change.action == .none {
      outcome.change.properties = []
      return
    }
    if outcome.change.action != .replace {
      outcome.losses = DataLossRules.losses(after.id, after.type, first, second)
      outcome.change.losses += outcome.losses.compactMap(\.loses)
    }
    outcome.change.properties = (paths + attributes).sorted()
    if outcome.change.action == .replace || outcome.change.action == .mayReplace {
      outcome.change.oldResource = fate(after)
    } else if outcome.differences.isEmpty {
      outcome.change.reasons.append("Only \(attributes.joined(separator: ", ")) changes.")
    }
  }

  private func changedAttributes(
    _ before: TemplateEvaluator.Resource, _ after: TemplateEvaluator.Resource
  ) -> [String] {
    guard let old, let new else { return [] }
    var names = (before.node.mapping?.members ?? []).map(\.name)
    names += (after.node.mapping?.members ?? []).map(\.name).filter { !names.contains($0) }
    return names.filter { name in
      guard !Self.silentAttributes.contains(name) else { return false }
      let first = before.node[name].map { old.evaluate($0) } ?? .absent
      let second = after.node[name].map { new.evaluate($0) } ?? .absent
      return comparison.compare(first, second) == .different
    }
  }

  private func judgeReplacement(
    _ after: TemplateEvaluator.Resource, _ first: ResolvedValue, _ second: ResolvedValue,
    _ outcome: inout Outcome
  ) {
    guard !outcome.differences.isEmpty else { return }
    let type = outcome.change.type
    if outcome.differences.contains(where: { $0.path.contains("Fn::Transform") }) {
      atLeastMayReplace(&outcome, "A macro may change any of its properties.")
    }
    if outcome.differences.contains(where: \.path.isEmpty) {
      atLeastMayReplace(&outcome, "Its properties as a whole are not known.")
    }
    if CustomResources.contains(type) { judgeCustom(&outcome) }
    guard let entry = entry(type) else {
      atLeastMayReplace(
        &outcome, "The table of replacements does not know \(type.isEmpty ? "its type" : type).")
      return
    }
    if entry.hasNoUpdate {
      let certain = outcome.differences.contains { $0.likeness == .different }
      let reason = "\(type) cannot be changed in place."
      if certain { replace(&outcome, reason) } else { atLeastMayReplace(&outcome, reason) }
    }
    for pointer in entry.createOnly {
      judge(pointer, isCertain: true, first, second, &outcome)
    }
    // For Auto Scaling groups the condition is known: it stands in the template.
    let isCertain = rollsByReplacement(after)
    for pointer in entry.conditionalCreateOnly where isCertain != false {
      judge(pointer, isCertain: isCertain == true, first, second, &outcome)
    }
    judgeRules(after, first, second, &outcome)
    if outcome.change.action == .replace, entry.deletesFirst {
      outcome.change.reasons.append("The old resource is deleted before the new one is made.")
    }
  }

  /// A custom resource: its function decides, but for the function itself, which stays the one that made it.
  private func judgeCustom(_ outcome: inout Outcome) {
    for difference in outcome.differences where difference.path.first == "ServiceToken" {
      guard difference.likeness == .different else { continue }
      outcome.refusals.append(
        .init(
          effect: .refused, property: "ServiceToken",
          reason: "CloudFormation does not change the ServiceToken of a custom resource that is there."))
    }
    atLeastMayReplace(&outcome, "\(outcome.change.logicalId): \(CustomResources.outcomeOfChange)")
  }

  /// What the documentation says beyond the schemas.
  private func judgeRules(
    _ after: TemplateEvaluator.Resource, _ first: ResolvedValue, _ second: ResolvedValue,
    _ outcome: inout Outcome
  ) {
    let policy = after.node["UpdatePolicy"].flatMap { new?.evaluate($0) } ?? .absent
    let change = UpdateRules.Change(
      type: after.type, old: first, new: second, updatePolicy: policy, comparison: comparison)
    for consequence in UpdateRules.consequences(of: change) {
      switch consequence.effect {
      case .replaces:
        outcome.change.reasons.removeAll {
          $0.hasPrefix("A change of \(consequence.property) replaces it in some cases")
        }
        replace(&outcome, consequence.reason)
      case .mayReplace: atLeastMayReplace(&outcome, consequence.reason)
      case .refused: outcome.refusals.append(consequence)
      case .cannotGoBack:
        outcome.refusals.append(consequence)
        outcome.change.losses.append(
          "what \(after.id) takes in after its last snapshot, which alone brings back its \(consequence.property)"
        )
      }
    }
  }

  private func judge(
    _ pointer: [String], isCertain: Bool, _ first: ResolvedValue, _ second: ResolvedValue,
    _ outcome: inout Outcome
  ) {
    guard let head = pointer.first, outcome.differences.contains(where: { $0.path.first == head }) else {
      return
    }
    let before = first.value(at: pointer[...])
    let after = second.value(at: pointer[...])
    let name = pointer.joined(separator: "/")
    switch comparison.compare(before, after) {
    case .same: return
    case .different where isCertain:
      replace(
        &outcome, "\(name) can only be set when it is made: \(arrow(before, after, at: pointer, outcome)).")
    case .different:
      outcome.losesData = outcome.losesData || TypeFacts.replacesInFact(name, of: outcome.change.type)
      atLeastMayReplace(
        &outcome,
        "A change of \(name) replaces it in some cases: \(arrow(before, after, at: pointer, outcome)).")
    case .open(let inputs):
      let names = inputs.map(\.description).sorted().joined(separator: ", ")
      atLeastMayReplace(
        &outcome,
        isCertain
          ? "\(name) can only be set when it is made, and whether it changes depends on \(names)."
          : "A change of \(name) replaces it in some cases, and whether it changes depends on \(names).")
    }
  }

  /// Whether an Auto Scaling group's UpdatePolicy asks for a new group where what it launches changes; nil for other
  /// types and where it is not known.
  private func rollsByReplacement(_ after: TemplateEvaluator.Resource) -> Bool? {
    guard after.type == "AWS::AutoScaling::AutoScalingGroup", let new else { return nil }
    guard let policy = after.node["UpdatePolicy"]?["AutoScalingReplacingUpdate"]?["WillReplace"] else {
      return false
    }
    return new.evaluate(policy).truth
  }

  private func replace(_ outcome: inout Outcome, _ reason: String) {
    outcome.change.action = .replace
    outcome.change.reasons.append(reason)
  }

  private func atLeastMayReplace(_ outcome: inout Outcome, _ reason: String) {
    if outcome.change.action != .replace { outcome.change.action = .mayReplace }
    outcome.change.reasons.append(reason)
  }

  /// What UpdateReplacePolicy, as the new template has it, makes of the old resource.
  private func fate(_ resource: TemplateEvaluator.Resource) -> ReplacedResourceFate {
    switch resource.node["UpdateReplacePolicy"].flatMap({ new?.evaluate($0).text }) {
    case "Retain", "RetainExceptOnCreate": .retained
    case "Snapshot" where StatefulTypes.snapshotTypes.contains(resource.type): .snapshot
    default: .deleted
    }
  }

  private func arrow(
    _ before: ResolvedValue, _ after: ResolvedValue, at pointer: [String], _ outcome: Outcome
  ) -> String {
    // The key itself stands under a name that tells nothing.
    let isKey = outcome.change.type == "AWS::ApiGateway::ApiKey" && pointer == ["Value"]
    if isKey || isSecret(before) || isSecret(after) || pointer.contains(where: Redactor.isSecretProperty) {
      return "a secret value"
    }
    let (old, new) = (before.summary, after.summary)
    return old == new ? "\(new) is another one now" : "\(old) becomes \(new)"
  }
}
