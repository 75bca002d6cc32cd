import StepResults

/// What is to be done, in order, and what is to be said about it.
public struct Plan: Hashable, Sendable {
  /// In order; conditional ones after those that they depend on.
  public var actions: [PlannedAction] = []
  /// Stops, warnings and notes.
  public var findings: [PlanFinding] = []

  /// Nothing to do and nothing to say.
  public init() {}

  /// Whether something keeps the plan from running.
  public var isBlocked: Bool { findings.contains { $0.severity == .error && !$0.isAside } }
  /// Stacks that are left to a person while the others are put back.
  public var asides: [PlanFinding] { findings.filter { $0.severity == .error && $0.isAside } }
  /// Whether there is something to change: an action on a stack or a resource that is not conditional.
  public var changesSomething: Bool { !open.isEmpty }
  /// The actions that are due now, without conditional ones and the closing ones.
  public var open: [PlannedAction] {
    actions.filter { !$0.isConditional && $0.kind != .verify && $0.kind != .revertCommit }
  }
  /// The first stage of `open`: what is done next, side by side.
  public var next: [PlannedAction] {
    guard let stage = open.map(\.stage).min() else { return [] }
    return open.filter { $0.stage == stage }
  }
  /// Seconds for all stages, each as long as its slowest action.
  public var estimate: Double {
    Dictionary(grouping: actions, by: \.stage).values.map { $0.map(\.estimate).max() ?? 0 }.reduce(0, +)
  }
}

/// Makes the plan: a pure function of facts and options.
public enum Planner {
  /// The plan for `facts`.
  public static func plan(_ facts: RevertFacts, _ options: PlanOptions, estimates: Estimates = .runbook)
    -> Plan
  {
    var plan = Plan()
    let known = Set(facts.stacks.map(\.role))
    for role in options.only.sorted() where !known.contains(role) {
      plan.findings.append(
        PlanFinding(
          .unknownRole, .error, target: role,
          "--only \(role): the configuration names no \(role.uppercased())_STACK. It names: "
            + "\(known.sorted().joined(separator: ", "))."))
    }
    let chosen = facts.stacks.filter { options.only.isEmpty || options.only.contains($0.role) }
      .sorted { options.rank($0.role) < options.rank($1.role) }
    switch options.method {
    case .delete: DeletePlan(facts: facts, options: options).extend(&plan, chosen)
    case .relief:
      let reliefs = ReliefPlan(facts: facts, options: options).actions(&plan.findings)
      plan.actions = reliefs.map { staged($0, 1) }
    default: extend(&plan, chosen, facts, options)
    }
    // What is undone by CloudFormation itself is no finished deployment; one that came after what was judged is.
    let undoesFinished =
      plan.open.contains(where: \.undoesFinished)
      || plan.findings.contains { $0.code == .newerDeployment && $0.severity == .error }
    if let refusal = facts.refusal, ![.delete, .relief].contains(options.method), undoesFinished {
      plan.findings.append(PlanFinding(.noEvidence, .error, remedy: .options(["--reason", "TEXT"]), refusal))
    }
    number(&plan, estimates)
    return plan
  }

  private static func extend(
    _ plan: inout Plan, _ chosen: [StackFacts], _ facts: RevertFacts, _ options: PlanOptions
  ) {
    let decider = StackDecider(facts: facts, options: options)
    var first: [PlannedAction] = []
    var quick: [PlannedAction] = []
    var closing: [PlannedAction] = []
    var restored: [StackFacts] = []
    var restores: [String: PlannedAction] = [:]
    for stack in chosen {
      let decision = decider.decide(stack)
      plan.findings += decision.findings
      if let action = decision.action, action.kind == .restore {
        restored.append(stack)
        restores[stack.name] = action
      } else if let action = decision.action {
        first.append(action)
      }
      for action in decision.followUps {
        restored.append(stack)
        restores[stack.name] = action
      }
      if let action = decision.before { quick.append(action) }
      closing += decision.closing
    }
    sayWhatIsPossible(&plan, restored)
    schemaFindings(&plan, restored, facts, options)
    quick += packages(restored, facts, &plan)
    if !first.isEmpty || !restored.isEmpty {
      quick += ReliefPlan(facts: facts, options: options).actions(&plan.findings)
    } else if !facts.reliefs.isEmpty {
      ReliefPlan(facts: facts, options: options).sayNothingToRollBack(&plan.findings)
    }
    // Cancels go out before anything is waited for; the order among the rest is the runbook's too.
    let beginning = first.sorted { ($0.kind == .cancel ? 0 : 1) < ($1.kind == .cancel ? 0 : 1) } + quick
    plan.actions = beginning.map { staged($0, 1) }
    arrange(
      &plan, restored, restores, first: first, quick: quick, facts, keepsExports: options.keepsExports)
    // A policy is put back before anything but a stack's own update is done.
    for action in closing where action.kind == .restoreStackPolicy { append(action, to: &plan) }
    resources(&plan, chosen, facts, options)
    LastPlan(facts: facts, options: options).extend(&plan)
    // An update for the triggers keeps the stack in progress for the length of the monitoring: nothing follows it.
    for var action in closing where action.kind == .restoreTriggers {
      action.isConditional = action.isConditional || plan.actions.contains { $0.kind != .restoreTriggers }
      append(action, to: &plan)
    }
  }

  /// Where one stack stops all, the others can often go without it.
  private static func sayWhatIsPossible(_ plan: inout Plan, _ restored: [StackFacts]) {
    let stops = plan.findings.filter { $0.severity == .error && !$0.isAside }
    let stopped = Set(
      stops.map { $0.target.flatMap { $0.split(separator: "/").first.map(String.init) } ?? "" })
    let others = restored.filter { !stopped.contains($0.name) }
    guard !stops.isEmpty, !stopped.contains(""), !others.isEmpty else { return }
    plan.findings.append(
      PlanFinding(
        .othersPossible, .notice, remedy: .options(others.flatMap { ["--only", $0.role] }),
        "nothing is done while \(listed(stopped.sorted())) stops it; the rest can be put back alone: "
          + others.map { "--only \($0.role)" }.joined(separator: " ") + "."))
  }

  /// What the restores fetch goes back to its place before them.
  private static func packages(
    _ restored: [StackFacts], _ facts: RevertFacts, _ plan: inout Plan
  ) -> [PlannedAction] {
    let names = Set(restored.map(\.name))
    return facts.lostPackages.compactMap { package in
      let kind = PlannedAction.Kind.restorePackage
      guard names.contains(package.stack), !facts.done.contains("\(kind.rawValue) \(package.place)") else {
        return nil
      }
      if let failure = facts.failures[package.place]?.last {
        plan.findings.append(
          PlanFinding(
            .actionFailed, .error, target: package.stack,
            "the package of \(package.function) could not be put back to \(package.place): \(failure.reason)."
          ))
        return nil
      }
      var action = PlannedAction(
        kind, target: package.place,
        reason:
          "the recorded template of \(package.stack) fetches the code of \(package.function) from there, and it is gone"
      )
      action.stack = package.stack
      action.payload = .package(function: package.function)
      return action
    }
  }

  /// Puts the restores into stages, by exports and by what has to end before.
  private static func arrange(
    _ plan: inout Plan, _ restored: [StackFacts], _ restores: [String: PlannedAction], first: [PlannedAction],
    quick: [PlannedAction], _ facts: RevertFacts, keepsExports: Bool
  ) {
    let order = RestoreOrder(restored: restored, facts: facts, keepsExports: keepsExports)
    // What conditional restores would meet is only a forecast: it is judged when it comes to that.
    if first.isEmpty { plan.findings += order.findings }
    let links = ExportLinks(facts)
    let isBegun = !first.isEmpty || !quick.isEmpty
    for (level, steps) in order.levels.enumerated() {
      for step in steps {
        guard var action = restores[step.stack] else { continue }
        if step.keepsForOthers {
          action.keptExports = step.keptExports
          action.reason += "; keeps \(listed(step.keptExports)), which stacks outside import"
          if plan.actions.contains(where: { $0.target == step.stack && $0.kind == .restoreKeepingExports }) {
            action.isConditional = true
          }
        } else if !step.keptExports.isEmpty {
          action.kind = .restoreKeepingExports
          action.keptExports = step.keptExports
          action.reason += "; first phase, keeps \(listed(step.keptExports)) until nobody imports it"
        } else if plan.actions.contains(where: {
          $0.target == step.stack && $0.kind == .restoreKeepingExports
        }) {
          action.isConditional = true
        }
        let waits =
          quick.contains { $0.stack == step.stack }
          || first.contains { $0.target == step.stack || links.areRelated($0.target, step.stack) }
        action.stage = level == 0 && !waits && isBegun ? 1 : level + (isBegun ? 2 : 1)
        plan.actions.append(action)
      }
    }
  }

  /// `action` after all that is planned so far.
  static func append(_ action: PlannedAction, to plan: inout Plan) {
    plan.actions.append(staged(action, (plan.actions.map(\.stage).max() ?? 0) + 1))
  }

  private static func staged(_ action: PlannedAction, _ stage: Int) -> PlannedAction {
    var action = action
    action.stage = stage
    return action
  }

  /// Resources are looked at once the stacks stand still: a restore may bring them back by itself, and a call beside
  /// a stack's own update would conflict with it (danger 9).
  private static func resources(
    _ plan: inout Plan, _ chosen: [StackFacts], _ facts: RevertFacts, _ options: PlanOptions
  ) {
    // What a stack's restore would have brought back says nothing where that restore is stopped.
    guard options.method == .automatic || options.method == .restore, !plan.isBlocked else { return }
    let names = Set(chosen.map(\.name))
    let stage = (plan.actions.map(\.stage).max() ?? 0) + 1
    let stacksAreDue = !plan.actions.isEmpty
    for resource in facts.resources where resource.stack.map(names.contains) ?? options.only.isEmpty {
      let decision = ResourceDecider(facts: facts).decide(resource)
      if stacksAreDue {
        guard var action = decision.action else { continue }
        action.isConditional = true
        action.stage = stage
        action.reason += "; only if the stack's restore has not put it back"
        plan.actions.append(action)
      } else {
        plan.findings += decision.findings
        if var action = decision.action {
          action.stage = stage
          plan.actions.append(action)
        }
      }
    }
  }

  /// Danger 12: old code on a new schema.
  private static func schemaFindings(
    _ plan: inout Plan, _ restored: [StackFacts], _ facts: RevertFacts, _ options: PlanOptions
  ) {
    guard !restored.isEmpty else { return }
    if let unknown = facts.unknownMigrations {
      // What takes the migrations back is tried on the database itself, whatever they hold.
      let isAccepted = !unknown.stops || options.acceptSchema || options.rollBackSchema
      plan.findings.append(
        PlanFinding(
          .schemaUnknown, isAccepted ? .warning : .error,
          remedy: isAccepted ? nil : .options(["--accept-schema"]),
          "whether the recorded version fits the schema is not known: \(unknown.reason)."
            + (isAccepted ? "" : " Look yourself, and accept it with --accept-schema.")))
    }
    guard !facts.breakingMigrations.isEmpty else { return }
    plan.findings.append(
      PlanFinding(
        .schemaAhead, options.acceptSchema || options.rollBackSchema ? .warning : .error,
        remedy: options.acceptSchema || options.rollBackSchema ? nil : .options(["--rollback-schema"]),
        "the recorded version does not fit the schema that these migrations made: "
          + "\(facts.breakingMigrations.joined(separator: ", ")). "
          + (options.rollBackSchema
            ? "The schema is rolled back right after it is live again."
            : options.acceptSchema
              ? "Accepted by --accept-schema."
              : "Roll the schema back as well with --rollback-schema, or accept it with --accept-schema.")))
  }

  private static func number(_ plan: inout Plan, _ estimates: Estimates) {
    let sorted = plan.actions.enumerated().sorted {
      ($0.element.stage, $0.offset) < ($1.element.stage, $1.offset)
    }
    plan.actions = sorted.map(\.element)
    for index in plan.actions.indices {
      plan.actions[index].order = index + 1
      plan.actions[index].estimate = estimates.seconds(plan.actions[index].kind)
    }
  }
}
