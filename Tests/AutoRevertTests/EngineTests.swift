import AutoRevert
import CloudFormationModel
import JSONValues
import RollbackPlanning
import StepResults
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `Engine over a model of CloudFormation` {
  static func bad(_ template: ModelTemplate) -> ModelTemplate {
    ModelTemplate("2", exports: template.exports, imports: template.imports)
  }

  static func finished(_ stack: inout ModelStack) {
    stack.updatedAt = ModelWorld.deployedAt
    stack.previous = stack.live
    stack.live = bad(stack.live)
    stack.become(.updateComplete, ModelWorld.deployedAt + .seconds(60), nil)
  }

  static func updating(_ stack: inout ModelStack) {
    stack.beginUpdate(
      to: bad(stack.live), ModelWorld.start - .seconds(30), token: "deploy", seconds: 300)
  }

  @Test func `cancels updates that run, all at once and in order`() async throws {
    let world = ModelWorld { _, stack in Self.updating(&stack) }
    let result = try await world.run()
    #expect(result.ending == .restored)
    #expect(world.isRestored)
    #expect(
      world.cloud.mutations
        == ["monitoring", "workflow", "api", "database"].map { "cancelUpdate Shop-\($0)" })
    // All of them side by side: no longer than one.
    #expect((world.clock.now - ModelWorld.start).inSeconds < 60)
    #expect(world.cloud.violations == [])
  }

  @Test func `puts finished updates back`() async throws {
    let world = ModelWorld { _, stack in Self.finished(&stack) }
    let result = try await world.run()
    #expect(result.ending == .restored)
    #expect(world.isRestored)
    #expect(result.actions.map(\.action.kind) == [.restore, .restore, .restore, .restore])
    #expect(result.actions.allSatisfy { $0.ending == .done })
    #expect((world.clock.now - ModelWorld.start).inSeconds < 90)
    // And again: nothing to do.
    #expect(try await world.run().ending == .nothingToDo)
    #expect(world.cloud.mutations.count == 4)
  }

  @Test func `restores where a cancel came too late`() async throws {
    let world = ModelWorld(faults: ModelFaults(lateCancel: 1)) { role, stack in
      if role == "api" { Self.updating(&stack) }
    }
    let result = try await world.run()
    #expect(result.ending == .restored)
    #expect(world.isRestored)
    #expect(world.cloud.mutations == ["cancelUpdate Shop-api", "update Shop-api"])
  }

  @Test func `continues a stuck rollback, and says what is stuck where that fails`() async throws {
    func world(stuck: Double) -> ModelWorld {
      ModelWorld(faults: ModelFaults(stuck: stuck)) { role, stack in
        guard role == "api" else { return }
        stack.beginUpdate(to: Self.bad(stack.live), ModelWorld.deployedAt, token: nil, seconds: 1)
        stack.become(.updateRollbackInProgress, ModelWorld.deployedAt + .seconds(1), nil)
        stack.resource(ModelWorld.deployedAt + .seconds(2), "Queue", "UPDATE_FAILED", "no access")
        stack.become(.updateRollbackFailed, ModelWorld.deployedAt + .seconds(2), nil)
      }
    }
    let healed = world(stuck: 0)
    #expect(try await healed.run().ending == .restored)
    #expect(healed.isRestored)

    let broken = world(stuck: 1)
    let result = try await broken.run()
    #expect(result.ending == .stopped)
    let stop = result.findings.first { $0.severity == .error }
    #expect(stop?.code == .stuckResources)
    #expect(stop?.message.contains("Queue (no access)") == true)
    #expect(stop?.message.contains("--skip Shop-api/Queue") == true)

    let skipped = try await broken.run({ $0.options.skipStuck = true })
    #expect(skipped.ending == .restored)
    #expect(broken.cloud.stack("Shop-api")?.skipped == ["Queue"])
    #expect(skipped.findings.contains { $0.code == .driftAfterSkip && $0.message.contains("Queue") })
  }

  @Test func `rolls back a failed update that was left as it was`() async throws {
    let world = ModelWorld { role, stack in
      guard role == "workflow" else { return }
      stack.beginUpdate(to: Self.bad(stack.live), ModelWorld.deployedAt, token: nil, seconds: 1)
      stack.become(.updateFailed, ModelWorld.deployedAt + .seconds(1), nil)
    }
    #expect(try await world.run().ending == .restored)
    #expect(world.isRestored)
    #expect(world.cloud.mutations == ["rollbackStack Shop-workflow"])
  }

  @Test func `2 does not call a restore good that was undone`() async throws {
    let world = ModelWorld(faults: ModelFaults(failedRestore: 1)) { role, stack in
      if role == "api" { Self.finished(&stack) }
    }
    let result = try await world.run()
    #expect(result.ending == .stopped)
    #expect(world.cloud.stack("Shop-api")?.status == .updateRollbackComplete)
    let stop = result.findings.first { $0.severity == .error }
    #expect(stop?.code == .actionFailed)
    #expect(stop?.message.contains("Fn (AWS::Lambda::Function) UPDATE_FAILED: code not found") == true)
    // A later run tries once more, under another token.
    world.cloud.state.withLock { $0.faults.failedRestore = 0 }
    #expect(try await world.run().ending == .restored)
    #expect(world.isRestored)
  }

  @Test func `7 unties a cycle of exports in two phases`() async throws {
    let recorded = [
      "Shop-api": ModelTemplate("1", imports: ["old"]), "Shop-database": ModelTemplate("1", exports: ["old"]),
    ]
    let world = ModelWorld(
      [
        ModelWorld.stack("api", ModelTemplate("2", imports: ["new"])) {
          $0.updatedAt = ModelWorld.deployedAt
        },
        ModelWorld.stack("database", ModelTemplate("2", exports: ["new"])) {
          $0.updatedAt = ModelWorld.deployedAt
        },
      ], recorded: recorded)
    let result = try await world.run()
    #expect(result.ending == .restored)
    #expect(world.isRestored)
    #expect(world.cloud.mutations == ["update Shop-database", "update Shop-api", "update Shop-database"])
    #expect(world.cloud.violations == [])
  }

  @Test func `changes nothing in a dry run, and leaves no change set`() async throws {
    let world = ModelWorld { _, stack in Self.finished(&stack) }
    let result = try await world.run(isDryRun: true)
    #expect(result.ending == .planned)
    #expect(result.plan.open.count == 4)
    #expect(world.cloud.mutations == [])
    #expect(world.cloud.state.withLock { $0.changeSets.count } == 0)
    #expect(try world.journal().lines().isEmpty)
  }

  @Test func `changes nothing that nobody agreed to`() async throws {
    let world = ModelWorld { _, stack in Self.finished(&stack) }
    #expect(try await world.run(approve: false).ending == .declined)
    #expect(world.cloud.mutations == [])
    #expect(world.cloud.state.withLock { $0.changeSets.count } == 0)
  }

  @Test func `5 stops at a deployment that begins meanwhile`() async throws {
    let world = ModelWorld(faults: ModelFaults(newerDeployment: 1)) { role, stack in
      if role == "api" { Self.finished(&stack) }
    }
    let result = try await world.run()
    #expect(result.ending == .stopped)
    #expect(result.findings.contains { $0.code == .newerDeployment })
    #expect(world.cloud.violations == [])
    #expect(world.cloud.mutations == [])
  }

  @Test func `a call without an answer before the deadline may take effect yet`() async throws {
    var faults = ModelFaults()
    faults.lostCall = 1
    let world = ModelWorld(faults: faults) { role, stack in
      guard role == "api" else { return }
      stack.live = ModelTemplate("2", exports: stack.live.exports, imports: stack.live.imports)
    }
    let result = try await world.run({ $0.deadline = ModelWorld.start + .seconds(3) })
    #expect(result.ending == .stopped)
    let told = result.findings.map(\.message).joined(separator: "\n")
    #expect(told.contains("so that it may take effect yet (--continue looks)"), "\(told)")
  }

  @Test func `says at the deadline what still runs`() async throws {
    let world = ModelWorld { role, stack in
      if role == "api" {
        stack.beginUpdate(to: Self.bad(stack.live), ModelWorld.deployedAt, token: nil, seconds: 1)
        stack.become(.updateRollbackInProgress, ModelWorld.deployedAt, 100_000)
      }
    }
    let result = try await world.run({ $0.deadline = ModelWorld.start + .seconds(300) })
    #expect(result.ending == .stopped)
    let stop = result.findings.first { $0.code == .deadline }
    #expect(stop?.message.contains("Shop-api is still UPDATE_ROLLBACK_IN_PROGRESS") == true)
    #expect(stop?.message.contains("--continue") == true)
    #expect((world.clock.now - ModelWorld.start).inSeconds < 330)
  }

  @Test func `asks again for an answer that never came instead of calling twice`() async throws {
    for fault in [ModelFaults(lostAnswer: 1), ModelFaults(lostAnswer: 1, lag: 20)] {
      let world = ModelWorld(seed: 7, faults: fault) { role, stack in
        if role == "api" { Self.updating(&stack) }
      }
      #expect(try await world.run().ending == .restored)
      #expect(world.cloud.mutations == ["cancelUpdate Shop-api"])
    }
  }

  @Test func `a policy stays lifted while a restore without an answer may run`() async throws {
    let deny = #"{"Statement":[{"Effect":"Deny","Action":"Update:*","Principal":"*","Resource":"*"}]}"#
    var stayed = 0
    for seed in 1...40 as ClosedRange<UInt64> {
      // The answer to one restore is lost, and the other is still waited for when time is up.
      var world = ModelWorld(seed: seed, faults: ModelFaults(lostAnswer: 0.6, lag: 8)) { role, stack in
        guard ["monitoring", "workflow"].contains(role) else { return }
        Self.finished(&stack)
        stack.policy = deny
      }
      world.policies = ["Shop-monitoring": deny, "Shop-workflow": deny]
      let (first, cloud) = (world, world.cloud)
      let stopped = try await withTaskExecutorPreference(OneThread()) {
        try await first.run({ $0.options.overrideStackPolicy = true }, seconds: 15)
      }
      let told = stopped.findings.filter { $0.code == .stackPolicy && $0.severity == .error }.compactMap(
        \.target)
      #expect(stopped.ending == .stopped && told == first.openPolicies, "\(seed)")
      stayed += told.count

      cloud.state.withLock { $0.faults = ModelFaults() }
      let continued = try await withTaskExecutorPreference(OneThread()) {
        try await first.run({ $0.options.overrideStackPolicy = true })
      }
      #expect(continued.ending == .restored && world.isRestored && world.openPolicies == [], "\(seed)")
      #expect(cloud.violations == [], "\(seed)")
    }
    #expect(stayed > 40)
  }

  @Test func `journals a line before and after every call`() async throws {
    let world = ModelWorld { _, stack in Self.finished(&stack) }
    _ = try await world.run()
    let lines = try world.journal().lines()
    #expect(lines.first?["event"]?.string == "begin")
    let before = lines.filter { $0["event"]?.string == "before" }
    let after = lines.filter { $0["event"]?.string == "after" }
    #expect(before.count == 4 && after.count == 4)
    #expect(
      before.allSatisfy {
        $0["requestId"]?.string?.hasPrefix("backstop-\(ModelWorld.restorePoint)-restore-") ?? false
      })
    #expect(after.allSatisfy { $0["result"]?.string == "accepted" })
  }
}

@Suite struct `Journal on a full disk` {
  @Test(arguments: [0, 1, 2, 3, 5]) func `no call is made that could not be written down first`(_ room: Int)
    async throws
  {
    let world = ModelWorld { _, stack in `Engine over a model of CloudFormation`.finished(&stack) }
    world.files.fail(afterAppends: room)
    await #expect(throws: FileError.self) { _ = try await world.run() }
    // Before the first line, nothing; then one call for each `before` that reached the disk.
    let written = try world.journal().lines().count { $0["event"]?.string == "before" }
    #expect(world.cloud.mutations.count == written)
    #expect(world.cloud.violations == [])
    // With room again the same command goes on, and no call is made twice.
    world.files.fail(afterAppends: nil)
    #expect(try await world.run().ending == .restored)
    #expect(world.isRestored && world.cloud.violations == [])
    #expect(world.cloud.mutations.count == 4)
  }
}
