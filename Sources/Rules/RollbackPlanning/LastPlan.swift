import StepResults

/// What is done once the application is back: the schema, and the database from its snapshot. Both on request only.
struct LastPlan {
  let facts: RevertFacts
  let options: PlanOptions

  /// The word that confirms a restored database.
  static let databaseWord = "RESTORE-DATABASE"

  func extend(_ plan: inout Plan) {
    guard options.method == .automatic || options.method == .restore else { return }
    if options.rollBackSchema { schema(&plan) }
    if options.restoreDatabase { database(&plan) }
  }

  // MARK: - The schema

  private func schema(_ plan: inout Plan) {
    guard let schema = facts.schema else {
      return stop(&plan, .schemaRollback, nil, "--rollback-schema: there are no migrations to take back.")
    }
    let name = "\(PlannedAction.Kind.rollBackSchema.rawValue) \(schema.database)"
    guard !facts.done.contains(name) else { return }
    if !schema.obstacles.isEmpty {
      return stop(
        &plan, .schemaRollback, schema.database,
        "the schema of \(schema.database) is not rolled back: \(schema.obstacles.joined(separator: "; ")).")
    }
    if let failure = facts.failures[schema.database]?.last {
      return stop(
        &plan, .actionFailed, schema.database,
        "the schema of \(schema.database) could not be rolled back: \(failure.reason)")
    }
    if facts.unknown.contains(name), !schema.isKnown {
      return stop(
        &plan, .schemaRollback, schema.database,
        "a run before this one began to roll the schema of \(schema.database) back and did not see it end. Look whether "
          + "\(listed(schema.scripts)) took effect. If so, run auto-revert without --rollback-schema; if not, finish this "
          + "revert without it, and begin another with it.")
    }
    for remark in schema.remarks {
      plan.findings.append(PlanFinding(.schemaRollback, .warning, target: schema.database, remark))
    }
    guard !schema.scripts.isEmpty else { return }
    var action = PlannedAction(
      .rollBackSchema, target: schema.database,
      reason: "the application first, then the schema: \(schema.scripts.joined(separator: ", "))")
    action.losses = ["what the reverted migrations added, with the data in it"]
    Planner.append(action, to: &plan)
  }

  // MARK: - The database

  private func database(_ plan: inout Plan) {
    guard options.typedWords.contains(LastPlan.databaseWord) else {
      return stop(
        &plan, .methodNotPossible, nil,
        "--restore-database puts the application on a database of the snapshot: what was written since is lost to it. It "
          + "wants --confirm \(LastPlan.databaseWord) as well.")
    }
    guard let database = facts.database else {
      return stop(&plan, .databaseNotRestorable, nil, "the restore point holds no database.")
    }
    guard let snapshot = database.snapshot, let status = database.snapshotStatus else {
      return stop(
        &plan, .databaseNotRestorable, database.identifier,
        database.snapshot.map { "the snapshot \($0) of \(database.identifier) is not there any more." }
          ?? "the restore point has no snapshot of \(database.identifier): preflight-snapshot makes one when asked, or "
          + "when migrations are to be deployed.")
    }
    guard status == "available" else {
      return stop(
        &plan, .databaseNotRestorable, database.identifier,
        "the snapshot \(snapshot) is \(status), not available.")
    }
    if let failure = facts.failures[database.restored]?.last {
      return stop(
        &plan, .actionFailed, database.restored,
        "\(database.restored) could not be made of \(snapshot): \(failure.reason)")
    }
    let isThere = database.restoredStatus == "available"
    if !isThere {
      var action = PlannedAction(
        .restoreDatabase, target: database.restored,
        reason: database.restoredStatus.map { "it is \($0): an earlier run of this revert began it" }
          ?? "a new database of the snapshot \(snapshot), with the settings of \(database.identifier)")
      action.payload = .snapshot(snapshot)
      action.stack = database.stack
      action.losses = ["for the application: what was written to \(database.identifier) since \(snapshot)"]
      Planner.append(action, to: &plan)
    }
    if isThere, !probed(&plan, database) { return }
    switches(&plan, database, isThere: isThere)
    redeploys(&plan, database, isThere: isThere)
    remarks(&plan, database)
  }

  /// Whether the data of the new database are what the policy wants of them: nothing is switched to others.
  private func probed(_ plan: inout Plan, _ database: DatabaseFacts) -> Bool {
    guard !(database.secrets + database.proxies + database.redeploys).isEmpty else { return true }
    var bad: [String] = []
    for probe in database.probes ?? [] {
      switch probe.answer {
      case .passed: break
      case .failed(let why), .unasked(let why, isCritical: true): bad.append("\(probe.name): \(why)")
      case .unasked(let why, isCritical: false):
        plan.findings.append(
          PlanFinding(
            .databaseBeside, .warning, target: database.restored,
            "whether the data of \(database.restored) are as the policy wants is not known: \(probe.name): \(why)."
          ))
      }
    }
    guard !bad.isEmpty else { return true }
    stop(
      &plan, .databaseNotRestorable, database.restored,
      "the data of \(database.restored) are not what the policy wants of them, so nothing was switched to it: "
        + "\(listed(bad)). The application goes on with \(database.identifier).")
    return false
  }

  private func switches(_ plan: inout Plan, _ database: DatabaseFacts, isThere: Bool) {
    var actions: [PlannedAction] = []
    for secret in database.secrets {
      if let why = secret.obstacle ?? failure(of: .switchDatabase, on: secret.target) {
        plan.findings.append(
          PlanFinding(
            .secretLeft, .warning, target: secret.target,
            "the secret \(secret.target) goes on naming \(database.identifier): \(why). Point it at "
              + "\(database.restored) by hand."))
        continue
      }
      actions.append(
        leading(
          .switchDatabase, secret.target, to: database, in: database.stack, isConditional: !isThere,
          "it names \(database.identifier); a new version names \(database.restored), the present one is kept"
        ))
    }
    for proxy in database.proxies {
      if let why = proxy.obstacle ?? failure(of: .switchDatabaseProxy, on: proxy.target) {
        plan.findings.append(
          PlanFinding(
            .databaseStillUsed, .warning, target: proxy.target,
            "the proxy \(proxy.target) goes on leading to \(database.identifier): \(why)."))
        continue
      }
      actions.append(
        leading(
          .switchDatabaseProxy, proxy.target, to: database, in: database.stack, isConditional: !isThere,
          "it leads to \(database.identifier), and leads to \(database.restored) then; in between to neither"
        ))
    }
    // One that leads to the new database and does not reach it is no more among those that are to be switched.
    let left = Set(database.proxies.map(\.target))
    for (target, failures) in facts.failures.sorted(by: { $0.key < $1.key }) where !left.contains(target) {
      guard let failure = failures.last(where: { $0.kind == .switchDatabaseProxy }) else { continue }
      plan.findings.append(
        PlanFinding(
          .databaseStillUsed, .warning, target: target,
          "the proxy \(target) could not be switched to \(database.restored): \(failure.reason)."))
    }
    let stage = (plan.actions.map(\.stage).max() ?? 0) + 1
    plan.actions += actions.map { action in
      var action = action
      action.stage = stage
      return action
    }
  }

  /// The runbook's third step, as far as a parameter holds the address: once the secrets lead on, since functions that are updated
  /// read them anew.
  private func redeploys(_ plan: inout Plan, _ database: DatabaseFacts, isThere: Bool) {
    let isWaiting =
      !isThere || plan.actions.contains { $0.kind == .switchDatabase || $0.kind == .switchDatabaseProxy }
    for stack in database.redeploys {
      if let why = stack.obstacle ?? failure(of: .redeploy, on: stack.target) {
        plan.findings.append(
          PlanFinding(
            .databaseStillUsed, .warning, target: stack.target,
            "the stack \(stack.target) goes on taking the address of \(database.identifier) by a parameter: \(why). Deploy it "
              + "with the address of \(database.restored)."))
        continue
      }
      Planner.append(
        leading(
          .redeploy, stack.target, to: database, in: stack.target, isConditional: isWaiting,
          "a parameter of it holds the address of \(database.identifier), and gets that of \(database.restored)"
        ), to: &plan)
    }
  }

  /// Why the last such action on `target` failed; nil where none did.
  private func failure(of kind: PlannedAction.Kind, on target: String) -> String? {
    facts.failures[target]?.last { $0.kind == kind }?.reason
  }

  /// The action that makes `target` use the new database.
  private func leading(
    _ kind: PlannedAction.Kind, _ target: String, to database: DatabaseFacts, in stack: String,
    isConditional: Bool, _ reason: String
  ) -> PlannedAction {
    var action = PlannedAction(kind, target: target, reason: reason)
    action.payload = .database(database.restored)
    action.stack = stack
    action.isConditional = isConditional
    return action
  }

  private func remarks(_ plan: inout Plan, _ database: DatabaseFacts) {
    plan.findings.append(
      PlanFinding(
        .databaseBeside, .warning, target: database.restored,
        "CloudFormation goes on owning \(database.identifier), which \(database.stack) describes; \(database.restored) "
          + "belongs to no stack. Functions read the secret when they start: deploy the API stack again, so that all use "
          + "the new database. Take it into the stack by a resource import, and delete the old one, once nobody needs it."
      ))
    for way in database.waysBack {
      plan.findings.append(
        PlanFinding(.databaseBeside, .notice, target: database.restored, "the way back of the switch: \(way)")
      )
    }
    for user in database.oldUsers {
      plan.findings.append(PlanFinding(.databaseStillUsed, .warning, target: database.identifier, user))
    }
    if !database.differences.isEmpty {
      plan.findings.append(
        PlanFinding(
          .databaseBeside, .warning, target: database.restored,
          "\(database.restored) differs from \(database.identifier): \(listed(database.differences))."))
    }
  }

  private func stop(_ plan: inout Plan, _ code: PlanFindingCode, _ target: String?, _ message: String) {
    plan.findings.append(PlanFinding(code, .error, target: target, message))
  }
}
