/// Which resources a continued rollback skips: the fewest, on request only, and only ones that are stuck.
struct SkipChoice {
  var skips: [String] = []
  var findings: [PlanFinding] = []
  /// Why the rollback is not continued.
  var refusal: PlanFinding?

  init(stack: StackFacts, live: LiveStack, options: PlanOptions, failures: [FailedAttempt]) {
    let stuck = live.stuck.map(\.path)
    let wanted = options.skips.compactMap { skip -> String? in
      guard let slash = skip.firstIndex(of: "/") else { return nil }
      let name = String(skip[..<slash])
      return name == stack.name || name == stack.role ? String(skip[skip.index(after: slash)...]) : nil
    }
    for resource in wanted where !stuck.contains(resource) {
      refusal = PlanFinding(
        .skipNotStuck, .stop, target: "\(stack.name)/\(resource)",
        "\(resource) is not stuck in \(stack.name), so it cannot be skipped. Stuck: "
          + (stuck.isEmpty ? "nothing that the events name" : listed(stuck)) + ".")
      return
    }
    skips = wanted
    // Without skips first: what made the rollback fail may have passed.
    let triedWithout = failures.contains { $0.skips.isEmpty }
    if skips.isEmpty, triedWithout, options.skipStuck, !stuck.isEmpty { skips = stuck }
    if let failure = failures.last(where: { Set($0.skips) == Set(skips) }) {
      refusal = PlanFinding(
        .stuckResources, .stop, target: stack.name,
        "the rollback of \(stack.name) failed again: \(failure.reason). Stuck: \(SkipChoice.causes(live.stuck)). "
          + "Repair what they name and run auto-revert again, or leave them as they are with "
          + stuck.map { "--skip \(stack.name)/\($0)" }.joined(separator: " ") + ".")
      return
    }
    if !live.stuck.isEmpty {
      findings.append(
        PlanFinding(
          .stuckResources, .warning, target: stack.name,
          "\(stack.name) is stuck on \(SkipChoice.causes(live.stuck))."))
    }
    if !skips.isEmpty {
      findings.append(
        PlanFinding(
          .resourcesSkipped, .warning, target: stack.name,
          "\(listed(skips)) in \(stack.name) will be marked as updated but stay as they are. Drift is looked for "
            + "afterwards."))
    }
  }

  private static func causes(_ stuck: [StuckResource]) -> String {
    stuck.isEmpty
      ? "nothing that the events name" : listed(stuck.map { "\($0.path) (\($0.reason))" })
  }
}

/// What a restore may take away.
struct ReplacementRules {
  let stack: StackFacts
  let options: PlanOptions

  /// A stop for each resource that would go without leave, a warning for each that goes with it.
  func findings(_ changes: [ResourceChange]) -> [PlanFinding] {
    changes.filter(\.losesResource).map { change in
      let path = "\(stack.name)/\(change.logicalID)"
      let byRole = "\(stack.role)/\(change.logicalID)"
      let verb =
        switch change.effect {
        case .delete: "delete"
        case .mayReplace: "possibly replace"
        default: "replace"
        }
      if change.isStateful {
        let allowed = options.allowStateful.contains(path) || options.allowStateful.contains(byRole)
        return PlanFinding(
          .wouldLoseData, allowed ? .warning : .stop, target: path,
          "the restore would \(verb) \(change.logicalID) (\(change.type)) in \(stack.name), which holds data."
            + (allowed ? "" : " Only with --allow-stateful \(path)."))
      }
      return PlanFinding(
        .wouldReplace, options.allowReplace ? .warning : .stop, target: path,
        "the restore would \(verb) \(change.logicalID) (\(change.type)) in \(stack.name)."
          + (options.allowReplace ? "" : " Only with --allow-replace."))
    }
  }
}
