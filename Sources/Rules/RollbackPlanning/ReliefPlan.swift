import CloudFormationModel
import StepResults

/// `--relief`: a quick setting of a function, before the rollback that undoes it.
///
/// Only where the stack that owns the function stands still: a call beside the stack's own update would conflict with
/// it, and only where the restore point knows what to go back to (danger 9).
struct ReliefPlan {
  let facts: RevertFacts
  let options: PlanOptions

  /// The settings to make now.
  func actions(_ findings: inout [PlanFinding]) -> [PlannedAction] {
    facts.reliefs.compactMap { relief in
      guard !facts.done.contains("\(PlannedAction.Kind.relieve.rawValue) \(relief.function)") else {
        return nil
      }
      if let why = obstacle(relief) {
        findings.append(
          PlanFinding(
            .reliefSet, options.method == .relief ? .error : .warning, target: relief.function,
            "\(relief.function) does not get \(relief.wanted): \(why)."))
        return nil
      }
      guard relief.live != relief.wanted else { return nil }
      let raised = ReliefPlan.raised(relief)
      if let lower = raised.lower {
        findings.append(
          PlanFinding(
            .reliefSet, options.method == .relief && raised.wanted == nil ? .error : .warning,
            target: relief.function,
            "\(relief.function) does not get \(lower): it has \(relief.live ?? ""), and --relief never lowers."
          ))
      }
      guard let wanted = raised.wanted else { return nil }
      var action = PlannedAction(
        .relieve, target: relief.function,
        reason: "runs with \(relief.live ?? ""), --relief asks for \(wanted); undone again to "
          + (relief.afterwards ?? ""))
      action.payload = .settings(wanted)
      action.stack = relief.stack
      findings.append(
        PlanFinding(
          .reliefSet, .warning, target: relief.function,
          "\(relief.function) gets \(wanted) for now. "
            + (options.method == .relief
              ? "The next auto-revert puts \(relief.afterwards ?? "") back, also where the template would not."
              : "It is put back to \(relief.afterwards ?? "") after the rollback.")))
      return action
    }
  }

  /// With nothing to roll back a setting would be undone at once.
  func sayNothingToRollBack(_ findings: inout [PlanFinding]) {
    for relief in facts.reliefs
    where !facts.done.contains("\(PlannedAction.Kind.relieve.rawValue) \(relief.function)") {
      findings.append(
        PlanFinding(
          .reliefSet, .warning, target: relief.function,
          "there is nothing to roll back, so \(relief.function) does not get \(relief.wanted): --method relief sets it "
            + "alone."))
    }
  }

  /// What of a wanted setting is more than what is there, and what of it is less; what is the same is neither.
  static func raised(_ relief: ReliefFacts) -> (wanted: String?, lower: String?) {
    guard let wanted = FunctionSetting(relief.wanted), let live = relief.live.flatMap(FunctionSetting.init)
    else { return (relief.wanted, nil) }
    var (more, less) = (FunctionSetting(), FunctionSetting())
    if let timeout = wanted.timeout, let now = live.timeout, timeout != now {
      if timeout > now { more.timeout = timeout } else { less.timeout = timeout }
    }
    if let memory = wanted.memory, let now = live.memory, memory != now {
      if memory > now { more.memory = memory } else { less.memory = memory }
    }
    return (more.text.isEmpty ? nil : more.text, less.text.isEmpty ? nil : less.text)
  }

  private func obstacle(_ relief: ReliefFacts) -> String? {
    if let failure = facts.failures[relief.function]?.last(where: { $0.kind == .relieve }) {
      return failure.reason
    }
    guard relief.live != nil else { return "there is no such function" }
    guard let stack = facts.stacks.first(where: { $0.name == relief.stack }), let live = stack.live else {
      return "no stack of the configuration owns it"
    }
    guard live.status?.rule.condition == .settled else {
      return
        "its stack \(stack.name) is \(live.statusText), and a setting beside the stack's own work would conflict with it"
    }
    guard relief.afterwards != nil else {
      return "the restore point does not hold it, so nothing would undo the setting"
    }
    return nil
  }
}
