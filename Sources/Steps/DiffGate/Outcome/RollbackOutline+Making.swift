import DeploymentConfig
import DeploymentLedger
import TemplateAnalysis

extension RollbackOutline {
  /// Minutes that each way back takes, at least and at most: the runbook's estimates.
  static let minutes: [String: (Int, Int)] = [
    "cancel": (5, 10), "redeploy": (10, 15), "deleteStack": (5, 15), "configuration": (10, 15),
    "schemaScript": (1, 5), "databaseRestore": (15, 30),
  ]

  /// How a loss ends that only a replacement which may not happen brings.
  static let perhaps = ", if it is replaced"

  /// What one run of a rollback does for all stacks.
  private static let together = ["redeploy", "deleteStack", "configuration"]

  /// What a rollback of exactly this change would be: the application first, then the schema or the data.
  static func make(
    templates: [JudgedTemplate], migrations: MigrationJudge,
    configuration: ConfigurationJudge, config: DeploymentConfig, policy: Policy, times: RestoreTimes? = nil
  ) -> (outline: RollbackOutline, stacks: [String]) {
    var outline = RollbackOutline()
    let targets = ordered(
      templates.filter { !$0.entry.resources.isEmpty && $0.entry.nestedIn == nil }, config, policy)
    let resources = Losses(templates.map(\.change))
    // What is gone whole comes first.
    let existing = unique(resources.existing + migrations.losses)
    outline.loses = existing.filter { $0.hasPrefix("all ") } + existing.filter { !$0.hasPrefix("all ") }
    let later = unique(resources.later + migrations.laterLosses)

    var steps = targets.map { Step(action: $0.isNew ? "deleteStack" : "redeploy", target: $0.name) }
    let configFiles = configuration.paths(of: config.environment)
    steps += configFiles.map { Step(action: "configuration", target: $0) }
    let scripts = migrations.rollbackScripts
    let firstScript = steps.count + 1
    steps += scripts.map { Step(action: "schemaScript", target: $0) }
    if migrations.needsRestore || resources.needsRestore {
      let database =
        config.stack("database")?.name ?? (config.usesExternalDatabase ? "the external database" : "database")
      var restore = Step(action: "databaseRestore", target: database)
      // A snapshot from before has the schema from before: the scripts have nothing to undo in it.
      if !scripts.isEmpty { restore.insteadOf = Array(firstScript..<firstScript + scripts.count) }
      steps.append(restore)
      outline.loses.append("what is written to the database after its snapshot, where it is restored")
    }
    outline.loses += later
    outline.steps = steps.enumerated().map { index, step in
      var step = step
      step.order = index + 1
      let (low, high) = minutes[step.action] ?? (0, 0)
      step.minutes = [low, high]
      if let times, together.contains(step.action) { step.minutes = times.minutes }
      return step
    }
    outline.minutes = total(outline.steps)
    // A rollback on the trail put all stacks back, however many.
    if let times, outline.steps.contains(where: { together.contains($0.action) }) {
      let others = total(outline.steps.filter { !together.contains($0.action) })
      outline.minutes = [times.minutes[0] + others[0], times.minutes[1] + others[1]]
      outline.measuredRollbacks = times.runs
    }
    if !targets.isEmpty {
      outline.duringUpdate = Step(action: "cancel", target: targets.map(\.name).joined(separator: ", "))
      outline.duringUpdate?.minutes = [minutes["cancel"]!.0, minutes["cancel"]!.1]
    }
    let isMissing = migrations.entries.contains { $0.rollbackScript == nil && !$0.staysLost.isEmpty }
    let losesNow = !resources.existing.isEmpty || !migrations.losses.isEmpty
    outline.reversibility =
      steps.isEmpty && migrations.entries.isEmpty
      ? .nothingToDo : isMissing ? .restoreOnly : losesNow ? .withLoss : .complete
    return (outline, targets.map(\.name))
  }

  /// The stacks that change, in the order in which a rollback goes through them.
  private static func ordered(
    _ changing: [JudgedTemplate], _ config: DeploymentConfig, _ policy: Policy
  ) -> [(role: String, name: String, isNew: Bool)] {
    let targets = changing.map { template in
      let entry = template.entry
      return (
        role: config.stacks.first { $0.name == entry.stack }?.role ?? entry.path.lowercased(),
        name: entry.stack ?? entry.path, isNew: template.change.resources.allSatisfy { $0.action == .create }
      )
    }
    let order = policy.sorted(targets.map(\.role))
    return targets.sorted {
      (order.firstIndex(of: $0.role) ?? 0, $0.name) < (order.firstIndex(of: $1.role) ?? 0, $1.name)
    }
  }

  /// The runbook's figure is for all application stacks together; a single stack more adds a little. Of two ways to do
  /// the same, the faster counts for the least and the slower for the most.
  private static func total(_ steps: [Step]) -> [Int] {
    var low = 0
    var high = 0
    var isFirst = true
    for step in steps where together.contains(step.action) {
      low += isFirst ? step.minutes[0] : 2
      high += isFirst ? step.minutes[1] : 5
      isFirst = false
    }
    let replaced = Set(steps.flatMap { $0.insteadOf ?? [] })
    func sum(_ steps: [Step], _ index: Int) -> Int { steps.reduce(0) { $0 + $1.minutes[index] } }
    let scripts = steps.filter { replaced.contains($0.order) }
    let restores = steps.filter { $0.insteadOf != nil }
    let rest = steps.filter {
      !together.contains($0.action) && !replaced.contains($0.order) && $0.insteadOf == nil
    }
    low += sum(rest, 0) + (restores.isEmpty ? sum(scripts, 0) : min(sum(scripts, 0), sum(restores, 0)))
    high += sum(rest, 1) + max(sum(scripts, 1), sum(restores, 1))
    return [low, high]
  }

  private static func unique(_ words: [String]) -> [String] {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }
  }
}

/// What the change of resources loses, at once and by going back later.
private struct Losses {
  var existing: [String] = []
  var later: [String] = []
  /// Whether a backup has to bring data back.
  var needsRestore = false

  init(_ changes: [TemplateChange]) {
    for resource in changes.flatMap(\.resources) {
      existing += resource.losses
      guard resource.stateful else { continue }
      switch (resource.action, resource.oldResource) {
      case (.delete, _), (.replace, .deleted), (.replace, nil):
        existing.append("all data of \(resource.logicalId)")
      case (.mayReplace, .deleted), (.mayReplace, nil):
        existing.append("all data of \(resource.logicalId)" + RollbackOutline.perhaps)
      case (.snapshotThenDelete, _), (.replace, .snapshot):
        existing.append("what \(resource.logicalId) takes in after its last snapshot")
      case (.replace, .retained), (.orphan, _):
        later.append("what the old and the new \(resource.logicalId) take in apart from each other")
        continue
      case (.create, _):
        later.append("what the new \(resource.logicalId) takes in, unless its DeletionPolicy keeps it")
        continue
      default: continue
      }
      needsRestore = needsRestore || resource.type.hasPrefix("AWS::RDS::")
    }
  }
}
