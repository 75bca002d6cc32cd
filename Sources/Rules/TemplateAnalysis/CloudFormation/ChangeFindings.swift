import StepResults
import YAMLDocuments

/// Turns what was judged into findings for a reviewer.
struct ChangeFindings {
  let judge: ResourceJudge
  let path: String
  private(set) var all: [Finding] = []

  init(judge: ResourceJudge, path: String) {
    self.judge = judge
    self.path = path
  }

  mutating func add(
    _ code: String, _ severity: Severity, _ message: String, line: Int? = nil, subject: String
  ) {
    all.append(Finding(code, severity, message, path: path, line: line, subject: subject))
  }

  // MARK: - Resources

  mutating func judgeResources() {
    for pair in judge.pairs {
      guard let outcome = judge.outcomes[pair.id] else { continue }
      judge(outcome, pair)
    }
    judgeRenames()
  }

  private mutating func judge(_ outcome: ResourceJudge.Outcome, _ pair: ResourceJudge.Pair) {
    let change = outcome.change
    let openSeverity: Severity =
      outcome.isLookUpOnly ? .notice : outcome.losesData && change.stateful ? .error : .warning
    if let finding = change.finding(in: path, openSeverity: openSeverity) { all.append(finding) }
    if change.action == .replace { judgeRefusal(outcome, pair) }
    judgeRefusals(outcome)
    if change.action == .update, TypeFacts.isNestedStack(change.type),
      judge.nestedOutcomes[change.logicalId] == nil
    {
      add(
        "nested-stack-changed", .notice,
        "\(change.logicalId) (\(change.type)) changes: what happens inside is judged by comparing its own template.",
        line: change.line, subject: change.logicalId)
    }
    judgeWeakenedPolicy(change, pair)
  }

  /// Replacements that CloudFormation does not carry out.
  private mutating func judgeRefusal(_ outcome: ResourceJudge.Outcome, _ pair: ResourceJudge.Pair) {
    let change = outcome.change
    if change.properties == ["Type"] {
      add(
        "replacement-refused", .error,
        "\(change.logicalId) changes its type, which CloudFormation refuses: give the new resource another "
          + "logical id.", line: change.line, subject: change.logicalId)
    } else if let property = judge.entry(change.type)?.customName(of: change.type),
      judge.entry(change.type)?.deletesFirst == false, !outcome.changedProperties.contains(property),
      let name = pair.new.flatMap({ judge.new?.properties(of: $0)[property].text }),
      let before = pair.old.flatMap({ judge.old?.properties(of: $0)[property].text }), before == name
    {
      add(
        "replacement-refused", .error,
        "\(change.logicalId) has the fixed name \(name) and would be replaced, which CloudFormation refuses: "
          + "change \(property) too, or leave the name out.", line: change.line, subject: change.logicalId)
    }
  }

  /// Updates in place that fail, cannot be taken back, or lose something.
  private mutating func judgeRefusals(_ outcome: ResourceJudge.Outcome) {
    let change = outcome.change
    let what = "\(change.logicalId) (\(change.type))"
    for refusal in outcome.refusals {
      if refusal.effect == .refused {
        // Made anew, it is set like any other property.
        guard change.action != .replace else { continue }
        add(
          "update-refused", .error, "\(what): the update fails. \(refusal.reason)", line: change.line,
          subject: "\(change.logicalId) \(refusal.property) \(refusal.reason)")
      } else {
        add(
          "upgrade-without-way-back", .error, "\(what): \(refusal.reason)", line: change.line,
          subject: "\(change.logicalId) \(refusal.property)")
      }
    }
    for loss in outcome.losses {
      add(
        loss.code, loss.isImmediate ? .error : .warning, loss.message, line: change.line,
        subject: "\(change.logicalId) \(loss.property) \(loss.message)")
    }
  }

  private mutating func judgeWeakenedPolicy(_ change: ResourceImpact, _ pair: ResourceJudge.Pair) {
    guard change.stateful, let old = pair.old, let new = pair.new, old.type == new.type else { return }
    for name in ["DeletionPolicy", "UpdateReplacePolicy"] {
      let before = old.node[name]?.text ?? TypeFacts.defaultPolicy(name, old.type, judge.old, old)
      let after = new.node[name]?.text ?? TypeFacts.defaultPolicy(name, new.type, judge.new, new)
      guard before != after, after == "Delete" else { continue }
      add(
        "policy-weakened", .warning,
        "\(change.logicalId) (\(change.type)) goes from \(name) \(before) to Delete: from now on a removal "
          + "takes its data along.", line: change.line, subject: "\(change.logicalId).\(name)")
    }
  }

  /// A resource that goes while an equal one comes: the logical id was changed, the data does not move along.
  private mutating func judgeRenames() {
    var created: [String: [ResourceJudge.Pair]] = [:]
    for pair in judge.pairs where judge.outcomes[pair.id]?.change.action == .create {
      created[pair.type, default: []].append(pair)
    }
    for pair in judge.pairs {
      guard let change = judge.outcomes[pair.id]?.change,
        change.action == .delete || change.action == .orphan,
        let gone = pair.old, let before = judge.old?.properties(of: gone), before != .map([])
      else { continue }
      // A change that moves hundreds of one type is no renaming that a list would help with.
      let twin = created[gone.type]?.prefix(200).first { other in
        guard let new = other.new, let after = judge.new?.properties(of: new) else {
          return false
        }
        return judge.comparison.compare(before, after) == .same
      }
      guard let twin else { continue }
      add(
        "resource-renamed", change.stateful ? .error : .notice,
        "\(pair.id) goes and the equal \(twin.id) comes: a new logical id makes a new resource, and what the "
          + "old one holds does not move along.", line: twin.new?.line, subject: "\(pair.id) \(twin.id)")
    }
  }
}
