import ChangeAnalysis
import DeploymentConfig

extension RollbackOutline {
  /// Minutes that each way back takes, at least and at most: the runbook's estimates.
  static let minutes: [String: (Int, Int)] = [
    "cancel": (5, 10), "redeploy": (10, 15), "schemaScript": (1, 5), "databaseRestore": (15, 30),
  ]

  /// What a rollback of exactly this change would be.
  static func make(
    templates: [JudgedTemplate], migrations: MigrationJudge,
    config: DeploymentConfig,
    policy: Policy
  ) -> (outline: RollbackOutline, stacks: [String]) {
    var outline = RollbackOutline()
    let changing = templates.filter { !$0.entry.resources.isEmpty }
    var targets: [(role: String, name: String)] = []
    for entry in changing.map(\.entry) where entry.nestedIn == nil {
      let stack = config.stacks.first { $0.name == entry.stack }
      targets.append((stack?.role ?? entry.path.lowercased(), entry.stack ?? entry.path))
    }
    let order = policy.sorted(targets.map(\.role))
    targets.sort {
      (order.firstIndex(of: $0.role) ?? 0, $0.name) < (order.firstIndex(of: $1.role) ?? 0, $1.name)
    }
    let stacks = targets.map(\.name)

    var loses: [String] = []
    var isGone = migrations.needsRestore
    for change in changing.map(\.change) {
      for resource in change.resources where resource.stateful {
        let words: String? =
          switch (resource.action, resource.oldResource) {
          case (.delete, _), (.replace, .deleted), (.replace, nil): "all data of \(resource.logicalId)"
          case (.mayReplace, .deleted), (.mayReplace, nil):
            "all data of \(resource.logicalId), if it is replaced"
          case (.snapshotThenDelete, _), (.replace, .snapshot):
            "what \(resource.logicalId) takes in after its last snapshot"
          case (.replace, .retained), (.orphan, _):
            "what the old and the new \(resource.logicalId) take in apart from each other"
          default: nil
          }
        guard let words else { continue }
        loses.append(words)
        isGone = isGone || resource.action != .orphan
      }
    }
    for loss in migrations.losses where !loses.contains(loss) { loses.append(loss) }

    var steps: [(action: String, target: String)] = []
    for target in targets { steps.append(("redeploy", target.name)) }
    for script in migrations.rollbackScripts { steps.append(("schemaScript", script)) }
    if isGone {
      let database =
        config.stack("database")?.name ?? (config.usesExternalDatabase ? "the external database" : "database")
      steps.append(("databaseRestore", database))
    }
    outline.steps = steps.enumerated().map { index, step in
      let (low, high) = minutes[step.action] ?? (0, 0)
      return Step(order: index + 1, action: step.action, target: step.target, minutes: [low, high])
    }
    // The runbook's figure is for all application stacks together; a single stack more adds a little.
    let redeploys = targets.count
    var total = redeploys > 0 ? (10 + (redeploys - 1) * 2, 15 + (redeploys - 1) * 5) : (0, 0)
    for step in outline.steps where step.action != "redeploy" {
      total.0 += step.minutes[0]
      total.1 += step.minutes[1]
    }
    outline.minutes = [total.0, total.1]
    outline.loses = loses
    let hasWork = !targets.isEmpty || !migrations.entries.isEmpty
    let isMissing = migrations.entries.contains { $0.rollbackScript == nil && !$0.staysLost.isEmpty }
    outline.reversibility =
      !hasWork ? .nothingToDo : isMissing ? .restoreOnly : loses.isEmpty ? .complete : .withLoss
    return (outline, stacks)
  }
}
