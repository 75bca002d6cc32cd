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

  // MARK: - Users

  /// What all users meet at once beside what a share of them meets first: the old version meets it too.
  mutating func judgeDelivery(_ resources: [ResourceImpact]) {
    func names(_ pace: ResourceDelivery.Pace) -> [String] {
      resources.filter { $0.delivery?.pace == pace }.map { "\($0.logicalId) (\($0.type))" }
    }
    let (gradual, atOnce) = (names(.gradual), names(.atOnce))
    guard !gradual.isEmpty, !atOnce.isEmpty else { return }
    add(
      "at-once-beside-gradual", .notice,
      "a share of the users meets \(gradual.joined(separator: ", ")) first, and all meet \(atOnce.joined(separator: ", ")) at "
        + "once: the old version, which the others still have, must get along with that.", subject: "delivery"
    )
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
      outcome.isLookUpOnly && !change.stateful
      ? .notice : outcome.losesData && change.stateful ? .error : .warning
    if let finding = change.finding(in: path, openSeverity: openSeverity) { all.append(finding) }
    if change.action == .replace { judgeRefusal(outcome, pair) }
    judgeRefusals(outcome)
    if change.action == .update, TypeFacts.isNestedStack(change.type),
      judge.nestedOutcomes[change.logicalId] == nil
    {
      // Tags and times of a nested stack change nothing of what is in it but tags.
      let outer: Set<String> = ["Tags", "TimeoutInMinutes", "NotificationARNs"]
      let isInside = !outcome.changedProperties.isSubset(of: outer)
      add(
        "nested-stack-changed", isInside ? .warning : .notice,
        isInside
          ? "\(change.logicalId) (\(change.type)) changes, and its own template is not at hand on both sides: what happens "
            + "inside is not judged."
          : "\(change.logicalId) (\(change.type)) changes in \(outcome.changedProperties.sorted().joined(separator: ", ")) "
            + "alone.",
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
      let name = pair.new.flatMap({ judge.new?.properties(of: $0)[property] }), name != .absent,
      let before = pair.old.flatMap({ judge.old?.properties(of: $0)[property] }),
      judge.comparison.compare(before, name) == .same
    {
      add(
        "replacement-refused", .error,
        "\(change.logicalId) has the fixed name \(judge.isSecret(name) ? "that a secret value gives" : name.text ?? name.summary) and would be "
          + "replaced, which CloudFormation refuses: "
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
    var renamed: [(old: ResourceJudge.Pair, new: ResourceJudge.Pair, change: ResourceImpact)] = []
    for pair in judge.pairs {
      guard let change = judge.outcomes[pair.id]?.change,
        [.delete, .orphan, .snapshotThenDelete].contains(change.action),
        let gone = pair.old, let before = judge.old?.properties(of: gone), before != .map([])
      else { continue }
      if judgeTakenName(pair, gone, created[gone.type] ?? []) { continue }
      // A change that moves hundreds of one type is no renaming that a list would help with.
      let twin = created[gone.type]?.prefix(200).first { other in
        guard let new = other.new, let after = judge.new?.properties(of: new) else {
          return false
        }
        return judge.comparison.compare(before, after) == .same
      }
      guard let twin else { continue }
      renamed.append((pair, twin, change))
    }
    for isStateful in [true, false] { tell(renamed.filter { $0.change.stateful == isStateful }, isStateful) }
  }

  /// Few renamed resources are told one by one, many in one line: the record holds each among the resources.
  private mutating func tell(
    _ renamed: [(old: ResourceJudge.Pair, new: ResourceJudge.Pair, change: ResourceImpact)],
    _ isStateful: Bool
  ) {
    let why = "a new logical id makes a new resource, and what the old one holds does not move along."
    let severity: Severity = isStateful ? .error : .notice
    guard renamed.count > 3 else {
      for (old, new, _) in renamed {
        add(
          "resource-renamed", severity, "\(old.id) goes and the equal \(new.id) comes: \(why)",
          line: new.new?.line,
          subject: "\(old.id) \(new.id)")
      }
      return
    }
    let names = renamed.map { "\($0.old.id) \($0.new.id)" }
    let shown = renamed.prefix(3).map { "\($0.old.id) becomes \($0.new.id)" }.joined(separator: ", ")
    // That each of them is deleted needs no line of its own then.
    let ids = Set(renamed.map { $0.old.id })
    all.removeAll { finding in
      finding.code == "resource-deleted" && finding.severity == severity
        && ids.contains(String(finding.message.prefix { $0 != " " }))
    }
    add(
      "resource-renamed", severity,
      "\(renamed.count) resources go and equal ones come under other logical ids: \(shown), and \(renamed.count - 3) more, "
        + "each among the resources of the record: \(why)", line: renamed[0].new.new?.line,
      subject: names.joined(separator: " "))
  }

  /// A new resource under the name of one that goes: CloudFormation makes all that is new before it deletes anything.
  private mutating func judgeTakenName(
    _ pair: ResourceJudge.Pair, _ gone: TemplateEvaluator.Resource, _ created: [ResourceJudge.Pair]
  ) -> Bool {
    guard let entry = judge.entry(gone.type), let property = entry.customName(of: gone.type),
      let before = judge.old?.properties(of: gone), before[property] != .absent
    else { return false }
    // What `Ref` returns is one of a kind by itself; other names are within what else is fixed when it is made.
    var properties = [property]
    if entry.nameProperty == nil { properties += entry.createOnly.compactMap(\.first) }
    if gone.type == "AWS::Route53::RecordSet" { properties += ["Type", "SetIdentifier", "HostedZoneName"] }
    let twin = created.prefix(200).first { other in
      guard let new = other.new, let after = judge.new?.properties(of: new) else { return false }
      return properties.allSatisfy { judge.comparison.compare(before[$0], after[$0]) == .same }
    }
    guard let twin else { return false }
    let isKept = judge.outcomes[pair.id]?.change.action == .orphan
    let name = before[property].text.map { judge.isSecret(before[property]) ? "its name" : "the name \($0)" }
    add(
      "name-taken", .error,
      "\(twin.id) (\(gone.type)) is made under \(name ?? "the \(property)") that \(pair.id) still has: CloudFormation makes "
        + "what is new before it deletes what goes, so that the update fails. Keep the logical id \(pair.id), or "
        + (isKept
          ? "let go of \(pair.id) in one deployment and import it as \(twin.id) in the next."
          : "take another \(property), or move it by a stack refactor."),
      line: twin.new?.line, subject: "\(pair.id) \(twin.id) \(property)")
    return true
  }
}
