import CloudFormationModel
import StepResults

/// What a restore may take away.
///
/// What holds data is named one by one, since each wants leave by name; the rest is told in one sentence a stack, so that
/// who reads it at night sees how much it is. The record holds every change.
struct ReplacementRules {
  let stack: StackFacts
  let options: PlanOptions

  /// A stop for what would go without leave, a warning for what goes with it.
  func findings(_ preview: RestorePreview) -> [PlanFinding] {
    let lost = preview.changes.filter(\.losesResource)
    let added = AdditionRules(stack: stack, options: options, lost: lost)
    var findings = lost.filter { $0.isStateful && !added.goes($0) }.map(data)
    findings += added.findings + MadeAnewRules(stack: stack, options: options).findings(preview.changes)
    let rest = lost.filter { !$0.isStateful && !added.goes($0) }
    if !rest.isEmpty {
      findings.append(
        PlanFinding(
          .wouldReplace, options.allowReplace ? .warning : .error, target: stack.name,
          remedy: options.allowReplace ? nil : .options(["--allow-replace"]),
          "the restore of \(stack.name) would \(listed(LossSummary.phrases(rest)))."
            + (options.allowReplace ? "" : " Only with --allow-replace.") + custom(rest)))
    }
    if preview.changes.contains(where: \.isUnseen) {
      findings.append(
        PlanFinding(
          .nestedUnseen, .warning, target: stack.name,
          "what the restore does inside \(listed(nested(preview.changes))) of \(stack.name) is not known: CloudFormation "
            + "showed no change set of it" + (preview.withoutNested.map { " (\($0))" } ?? "")
            + ". All in it counts as possibly replaced. Compare its templates before you give leave."))
    }
    return findings
  }

  private func data(_ change: RestoreChange) -> PlanFinding {
    let path = "\(stack.name)/\(change.logicalID)"
    let allowed = options.allows(change, of: stack)
    return PlanFinding(
      .wouldLoseData, allowed ? .warning : .error, target: path,
      remedy: allowed ? nil : .options(["--allow-stateful", path]),
      "the restore would \(LossSummary.verb(change.effect)) \(change.logicalID) (\(change.type)) in \(stack.name), which "
        + (change.isAddition ? "the deployment that is undone added, and which holds data." : "holds data.")
        + (allowed ? "" : " Only with --allow-stateful \(path)."))
  }

  /// CloudFormation calls every change of a custom resource a possible replacement, since the function behind it decides.
  private func custom(_ changes: [RestoreChange]) -> String {
    let custom = changes.filter { $0.isCustom && $0.effect == .mayReplace && !$0.isUnseen }
    guard !custom.isEmpty else { return "" }
    func names(_ kept: Bool?) -> String { LossSummary.names(custom.filter { $0.keptID == kept }) }
    var text = " \(LossSummary.names(custom)): \(CustomResources.outcomeOfChange)"
    if !names(true).isEmpty {
      text += " The deployment that is undone left the id as it was: \(names(true))."
    }
    if !names(false).isEmpty { text += " It has replaced \(names(false)) since the restore point." }
    return text
  }

  private func nested(_ changes: [RestoreChange]) -> [String] {
    let places = changes.filter(\.isUnseen).map {
      $0.logicalID.split(separator: "/").dropLast().joined(separator: "/")
    }
    return Set(places).sorted()
  }
}

/// What a restore takes away, in few words.
public enum LossSummary {
  /// How many names are told before the rest is counted.
  static let shown = 5

  /// `delete A and B`, `possibly replace 40: A, B, C, D, E and 35 others`.
  static func phrases(_ changes: [RestoreChange]) -> [String] {
    [RestoreChange.Effect.delete, .replace, .mayReplace].compactMap { effect in
      let some = changes.filter { $0.effect == effect }
      guard !some.isEmpty else { return nil }
      return "\(verb(effect)) \(some.count > shown ? "\(some.count): " : "")\(names(some))"
    }
  }

  /// One line for each resource that holds data, one for all others of an effect.
  static func lines(_ changes: [RestoreChange]) -> [String] {
    let lost = changes.filter(\.losesResource)
    return lost.filter(\.isStateful).map {
      "\($0.logicalID) (\($0.type)), which holds data: \(verb($0.effect))d"
    }
      + phrases(lost.filter { !$0.isStateful && !$0.isAddition })
      + phrases(lost.filter { !$0.isStateful && $0.isAddition }).map { "\($0), which the deployment added" }
  }

  /// A change set in a few lines: each change where they are few, else how many there are of each kind, with those
  /// by name that hold data.
  public static func changes(_ changes: [RestoreChange], all: Bool = false) -> [String] {
    guard !all, changes.count > 12 else { return changes.map(line) }
    let counts = [RestoreChange.Effect.add, .import, .modify, .mayReplace, .replace, .delete].compactMap {
      effect in
      let some = changes.filter { $0.effect == effect }
      return some.isEmpty ? nil : "\(effect.rawValue) \(some.count)"
    }
    return ["\(changes.count) resources: \(counts.joined(separator: ", "))"]
      + changes.filter { $0.losesResource && $0.isStateful }.map { "\(line($0)), which holds data" }
  }

  static func verb(_ effect: RestoreChange.Effect) -> String {
    switch effect {
    case .delete: "delete"
    case .mayReplace: "possibly replace"
    default: "replace"
    }
  }

  static func names(_ changes: [RestoreChange]) -> String {
    let names = changes.map(\.logicalID)
    guard names.count > shown + 1 else { return listed(names) }
    return "\(names.prefix(shown).joined(separator: ", ")) and \(names.count - shown) others"
  }

  private static func line(_ change: RestoreChange) -> String {
    "\(change.effect.rawValue) \(change.logicalID) (\(change.type)\(change.isRetained ? ", stays" : ""))"
  }
}
