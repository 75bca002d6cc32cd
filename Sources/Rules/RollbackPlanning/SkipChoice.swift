import StepResults

/// Which resources a continued rollback skips: the fewest, on request only, and only ones that are stuck.
struct SkipChoice {
  var skips: [String] = []
  var findings: [PlanFinding] = []
  /// Why the rollback is not continued.
  var refusal: PlanFinding?

  init(stack: StackFacts, live: LiveStack, options: PlanOptions, failures: [FailedAttempt]) {
    let stuck = live.stuck.map(\.path)
    let wanted = options.skips(of: stack)
    for resource in wanted where !stuck.contains(resource) {
      refusal = PlanFinding(
        .skipNotStuck, .error, target: "\(stack.name)/\(resource)",
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
        .stuckResources, .error, target: stack.name,
        remedy: .options(stuck.flatMap { ["--skip", "\(stack.name)/\($0)"] }),
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
          "\(listed(skips)) in \(stack.name) will be marked as updated but "
            + "\(skips.count == 1 ? "stays as it is" : "stay as they are"). Drift is looked for afterwards."))
    }
  }

  private static func causes(_ stuck: [StuckResource]) -> String {
    stuck.isEmpty
      ? "nothing that the events name" : listed(stuck.map { "\($0.path) (\($0.reason))" })
  }
}

extension PlanOptions {
  /// The resources of `stack` that a person wants left out.
  func skips(of stack: StackFacts) -> [String] {
    skips.compactMap { skip in
      guard let slash = skip.firstIndex(of: "/") else { return nil }
      let name = String(skip[..<slash])
      return name == stack.name || name == stack.role ? String(skip[skip.index(after: slash)...]) : nil
    }
  }
}
