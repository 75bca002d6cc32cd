import YAMLDocuments

/// Nested stacks: their own templates are judged with what the stack resource hands down.
extension ResourceJudge {
  /// What was found inside a nested stack.
  struct NestedOutcome {
    let change: NestedChange
    /// Outputs that do not stay as they are.
    let outputs: [String: OutputChange.Action]
  }

  /// How deep stacks may be nested in each other.
  private static let maximumNesting = 8

  /// Judges what the update does inside the nested stack, and counts a change in there as one of the resource.
  func judgeNested(_ pair: Pair, _ outcome: inout Outcome) {
    guard TypeFacts.isNestedStack(pair.type), context.nesting < Self.maximumNesting else { return }
    var before = pair.old.flatMap { context.oldNested[$0.id] }
    var after = pair.new.flatMap { context.newNested[$0.id] }
    switch outcome.change.action {
    case .create, .import: before = nil
    // What the stack held goes, whatever its successor makes.
    case .delete, .replace, .snapshotThenDelete: after = nil
    case .orphan: return
    case .update, .mayReplace, .move, .none: break
    }
    // One side alone says nothing about a stack that stays.
    let stays = ![.create, .import, .delete, .replace, .snapshotThenDelete].contains(outcome.change.action)
    guard before != nil || after != nil, !stays || before != nil && after != nil else { return }
    let values = handedDown(pair, before?.template, after?.template)
    var inner = context
    inner.nesting += 1
    inner.oldNested = before?.children ?? [:]
    inner.newNested = after?.children ?? [:]
    inner.missingParameters = .defaults
    // The service names nested stacks.
    inner.pseudoParameters["AWS::StackName"] = nil
    let nested = TemplateComparison.Sides(
      old: before.map { TemplateComparison.evaluator($0.template, values: values.old, inner) },
      new: after.map { TemplateComparison.evaluator($0.template, values: values.new, inner) },
      secrets: Set(secrets)
        .union(TemplateComparison.secretValues(of: before?.template, values.old.compactMapValues(\.text)))
        .union(TemplateComparison.secretValues(of: after?.template, values.new.compactMapValues(\.text))))
    let change = TemplateComparison.compare(nested, context: inner)
    nestedOutcomes[pair.id] = NestedOutcome(
      change: NestedChange(
        logicalId: pair.id, path: (after ?? before)?.template.path ?? "", change: change),
      outputs: Dictionary(change.outputs.map { ($0.name, $0.action) }, uniquingKeysWith: { $1 }))
    guard outcome.change.action == .none else { return }
    let count = change.resources.count { $0.action != .none }
    if count > 0 || !change.outputs.isEmpty {
      outcome.change.action = .update
      outcome.change.reasons.append(
        count > 0 ? "\(count) of the resources in it change." : "Only outputs of it change.")
    }
  }

  /// What became of an output of a nested stack that stays; nil where its templates are not known.
  func likeness(ofOutput attribute: String, of id: String) -> Likeness? {
    guard attribute.hasPrefix("Outputs."), let nested = nestedOutcomes[id] else { return nil }
    switch nested.outputs[String(attribute.dropFirst("Outputs.".count))] {
    case nil: return .same
    case .added, .removed, .changed: return .different
    case .mayChange: return .open([.reference(logicalId: id, attribute: attribute)])
    }
  }

  /// The values of the nested template's parameters on both sides. One that is not known is known to be the same, or
  /// another one, where the comparison of what stands in the stack resource says so.
  private func handedDown(
    _ pair: Pair, _ before: CloudFormationTemplate?, _ after: CloudFormationTemplate?
  ) -> (old: [String: ResolvedValue], new: [String: ResolvedValue]) {
    let given = pair.old.flatMap { old?.properties(of: $0)["Parameters"] } ?? .absent
    let wanted = pair.new.flatMap { new?.properties(of: $0)["Parameters"] } ?? .absent
    func values(_ template: CloudFormationTemplate?, _ own: ResolvedValue) -> [String: ResolvedValue] {
      var values: [String: ResolvedValue] = [:]
      for parameter in template?.parameters ?? [] {
        let value = own[parameter.name]
        if value == .absent {
          values[parameter.name] = TemplateComparison.value(of: parameter, parameter.defaultValue)
        } else if let text = value.handedDownText {
          values[parameter.name] = TemplateComparison.value(of: parameter, text)
        } else {
          values[parameter.name] = .unknown(
            .handedDown(parameter.name, comparison.compare(given[parameter.name], wanted[parameter.name])))
        }
      }
      return values
    }
    return (values(before, given), values(after, wanted))
  }
}

extension ResolvedValue {
  /// A parameter's value as text: lists with commas.
  fileprivate var handedDownText: String? {
    guard case .list(let elements) = self else { return text }
    let texts = elements.compactMap(\.text)
    return texts.count == elements.count ? texts.joined(separator: ",") : nil
  }
}
