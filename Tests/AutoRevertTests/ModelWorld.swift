import AutoRevert
import CloudFormationModel
import CryptoDigests
import DeploymentRecords
import JSONValues
import Redaction
import RollbackPlanning
import Synchronization
import SystemInterfaces
import TestSupport

/// Four stacks, a restore point of them, and a revert over the model.
struct ModelWorld {
  static let start = Timestamp("2026-11-24T01:00:00Z")!
  static let recordedAt = start - .seconds(1200)
  static let deployedAt = start - .seconds(600)
  static let restorePoint = "20261124T004000Z-abcdef"

  let clock = ManualClock(start)
  var files = MemoryFiles()
  let cloud: ModelCloud
  let recorded: [String: ModelTemplate]
  let targets: [TargetStack]
  /// What the restore point holds besides: triggers and policies by stack, other resources by name.
  var triggers: [String: RollbackTriggers] = [:]
  var policies: [String: String] = [:]
  var resources: [String: String] = [:]
  /// Stacks whose recorded template keeps a bucket with a fixed name when it is let go of.
  var keepsBucket: Set<String> = []
  /// Exports that a stack outside imports, by the stack that has them: the recorded version has them not.
  var foreignImports: [String: String] = [:]
  /// The id of the restore point that this run goes back to.
  var point = ModelWorld.restorePoint

  /// What the application was before the deployment.
  static let good: [(role: String, template: ModelTemplate)] = [
    ("monitoring", ModelTemplate("1", imports: ["fn"])),
    ("workflow", ModelTemplate("1", imports: ["fn"])),
    ("api", ModelTemplate("1", exports: ["fn"], imports: ["db"])),
    ("database", ModelTemplate("1", exports: ["db"])),
  ]

  static func name(_ role: String) -> String { "Shop-\(role)" }

  /// A stack in the state that `edit` gives it, after the good version was deployed.
  static func stack(_ role: String, _ template: ModelTemplate, _ edit: (inout ModelStack) -> Void = { _ in })
    -> ModelStack
  {
    var stack = ModelStack(
      name: name(role), id: "arn:aws:cloudformation:eu-west-1:1:stack/\(name(role))/1",
      status: .updateComplete,
      updatedAt: recordedAt - .seconds(3600), live: template, previous: template)
    edit(&stack)
    return stack
  }

  init(
    _ stacks: [ModelStack], recorded: [String: ModelTemplate], seed: UInt64 = 1,
    faults: ModelFaults = ModelFaults()
  ) {
    cloud = ModelCloud(stacks, seed: seed, faults: faults, clock: clock)
    self.recorded = recorded
    targets = stacks.map { TargetStack(role: String($0.name.dropFirst("Shop-".count)), name: $0.name) }
  }

  /// The application with the bad version of each stack brought into a state by `edit`.
  init(seed: UInt64 = 1, faults: ModelFaults = ModelFaults(), _ edit: (String, inout ModelStack) -> Void) {
    let stacks = Self.good.map { good in
      Self.stack(good.role, good.template) { edit(good.role, &$0) }
    }
    self.init(
      stacks,
      recorded: Dictionary(uniqueKeysWithValues: Self.good.map { (Self.name($0.role), $0.template) }),
      seed: seed,
      faults: faults)
  }

  var loaded: LoadedRestorePoint {
    var point = RestorePoint(
      id: point, environment: "prod", commit: "0123456789", createdAt: Self.recordedAt,
      region: "eu-west-1", account: nil)
    for target in targets {
      guard let template = recorded[target.name] else { continue }
      var state = StackState(
        role: target.role, name: target.name,
        stackId: "arn:aws:cloudformation:eu-west-1:1:stack/\(target.name)/1", status: "UPDATE_COMPLETE",
        lastUpdatedAt: Self.recordedAt - .seconds(3600), templateFile: "\(target.name).template",
        templateSha256: Digest.sha256Hex(Array(template.text.utf8)))
      state.parameters = [StackParameter(name: "Version", value: template.version, noEcho: false)]
      if template.isHiding {
        state.parameters.append(StackParameter(name: "Secret", value: nil, noEcho: true))
      }
      state.imports = template.imports
      if let triggers = triggers[target.name] {
        state.rollbackConfiguration = [
          "triggers": .array(
            triggers.types.sorted { $0.key < $1.key }.map {
              ["arn": .string($0.key), "type": .string($0.value)]
            }),
          "monitoringMinutes": .number(JSONNumber(triggers.monitoringMinutes)),
        ]
      }
      for export in template.exports {
        state.outputs.append(StackOutput(name: export, value: "v", exportName: export))
        state.importers[export] = recorded.filter { $0.value.imports.contains(export) }.map(\.key)
      }
      if keepsBucket.contains(target.name) {
        state.resources = [
          StackResourceState(
            logicalId: "Files", physicalId: "shop-files", type: "AWS::S3::Bucket", status: "CREATE_COMPLETE")
        ]
      }
      point.stacks.append(state)
    }
    var loaded = LoadedRestorePoint(point: point, templates: recorded.mapValues(\.text))
    loaded.policies = policies
    for name in keepsBucket { loaded.leftBehind[name] = ["Files": KeptResource(isNamed: true)] }
    return loaded
  }

  func journal() -> RevertJournal {
    RevertJournal(
      records: "/records", restorePoint: point, files: files, clock: clock, redactor: Redactor())
  }

  /// One run, as the command makes it: what an unfinished journal says of an earlier one is taken over.
  /// - Parameter seconds: the total deadline, from now on.
  func run(
    _ edit: (inout RevertTask) -> Void = { _ in }, isDryRun: Bool = false, approve: Bool = true,
    seconds: Int = 7200
  ) async throws -> EngineResult {
    var task = RevertTask(
      targets: targets, restorePoint: loaded, options: PlanOptions(), deadline: clock.now + .seconds(seconds))
    let journal = journal()
    if let begin = try journal.unfinished() { task.firstSeen = RevertJournal.firstSeen(begin) }
    task.accepted = try journal.acceptedTokens()
    (task.done, task.unknown) = try journal.outside()
    task.liftedPolicies = try journal.liftedPolicies()
    edit(&task)
    let engine = RevertEngine(
      task, cloudFormation: cloud,
      resources: resources.isEmpty ? nil : ModelResources(cloud: cloud, recorded: resources), clock: clock,
      journal: journal,
      keepExports: { text, exports in
        var template = ModelTemplate(text: text)
        template.exports += exports.map(\.name)
        return template.text
      })
    return try await engine.run(dryRun: isDryRun) { _, _ in approve }
  }

  /// Whether every stack is as recorded and stands still.
  var isRestored: Bool {
    targets.allSatisfy { target in
      guard let stack = cloud.stack(target.name), let template = recorded[target.name] else { return false }
      // An update for the triggers alone changes nothing, and lasts as long as they are watched.
      let isSettled = stack.status.rule.condition == .settled || stack.changesTriggersOnly
      var live = stack.live
      // What a stack outside imports may stay; nothing else.
      live.exports.removeAll { $0 == foreignImports[target.name] }
      return live == template && isSettled && !stack.hasNewerDeployment
    } && wrongResources.isEmpty
  }

  /// Resources that are not as recorded.
  var wrongResources: [String] {
    let now = cloud.state.withLock { $0.resources }
    return resources.filter { now[$0.key]?.value != $0.value }.map(\.key).sorted()
  }

  /// Stacks that lie open: their policy is lifted, and the recorded one is not back.
  var openPolicies: [String] {
    policies.keys.filter { name in
      cloud.stack(name)?.policy.map { $0 == StackPolicy.permissive } ?? false
        && policies[name] != StackPolicy.permissive
    }.sorted()
  }
}
