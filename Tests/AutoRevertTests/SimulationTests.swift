import AutoRevert
import CloudFormationModel
import DeploymentRecords
import Foundation
import JSONValues
import Redaction
import RollbackPlanning
import StepResults
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

/// The engine over thousands of worlds, each with its own states, faults, kills and newer deployments.
///
/// `BACKSTOP_SEEDS` sets how many; `BACKSTOP_SEED` runs a single one.
@Suite struct `Simulation` {
  static var seeds: Range<UInt64> {
    let variables = ProcessInfo.processInfo.environment
    if let one = variables["BACKSTOP_SEED"].flatMap(UInt64.init) { return one..<(one + 1) }
    return 0..<(variables["BACKSTOP_SEEDS"].flatMap(UInt64.init) ?? 2500)
  }

  @Test func `always ends restored or with an honest stop`() async throws {
    var endings: [String: Int] = [:]
    var bad = 0
    for seed in Self.seeds where bad < 5 {
      var trial = Trial(seed)
      let outcome = await withTaskExecutorPreference(OneThread()) {
        await trial.surviving { try await $0.run() }
      }
      endings[outcome.ending, default: 0] += 1
      for violation in outcome.violations { Issue.record("seed \(seed): \(violation)") }
      if !outcome.violations.isEmpty { bad += 1 }
    }
    if Self.seeds.count >= 1000, bad == 0 {
      // The worlds are worth something only if all ends are reached.
      #expect(endings["restored", default: 0] > Self.seeds.count / 3)
      #expect(endings["stopped", default: 0] > 20)
      #expect(endings["nothingToDo", default: 0] > 20)
    }
  }

  @Test func `a seed gives the same journal each time`() async throws {
    func journal(_ seed: UInt64) async throws -> [String] {
      var trial = Trial(seed)
      _ = await withTaskExecutorPreference(OneThread()) { await trial.surviving { try await $0.run() } }
      return try trial.world.journal().lines().map { $0.serialized() }
    }
    for seed in Self.seeds.prefix(50) { #expect(try await journal(seed) == journal(seed), "seed \(seed)") }
  }

  @Test func `two runs at once go the same way each time`() async throws {
    // Which number the model draws next tells of every draw before.
    func end(_ seed: UInt64) async throws -> [String] {
      let trial = Trial(seed)
      let violations = try await withTaskExecutorPreference(OneThread()) {
        try await trial.runBesideAnother()
      }
      return trial.world.cloud.state.withLock { $0.mutations + ["\($0.generator.next())"] } + violations
    }
    for seed in Self.seeds.prefix(100) {
      let first = try await end(seed)
      for _ in 1...3 { #expect(try await end(seed) == first, "seed \(seed)") }
    }
  }

  @Test func `two runs at once never undo one another`() async throws {
    for seed in Self.seeds.prefix(max(1, Self.seeds.count / 5)) {
      let trial = Trial(seed)
      let violations = try await withTaskExecutorPreference(OneThread()) {
        try await trial.runBesideAnother()
      }
      for violation in violations { Issue.record("seed \(seed): \(violation)") }
      if !violations.isEmpty { return }
    }
  }

  @Test func `a teardown deletes importers first, and nothing that is protected or not ours`() async throws {
    var endings: [String: Int] = [:]
    for seed in Self.seeds.prefix(max(1, Self.seeds.count / 5)) {
      var trial = Trial(seed)
      let outcome = await withTaskExecutorPreference(OneThread()) {
        await trial.surviving { try await $0.tearDown() }
      }
      endings[outcome.ending, default: 0] += 1
      for violation in outcome.violations { Issue.record("seed \(seed): \(violation)") }
      if !outcome.violations.isEmpty { return }
    }
    if Self.seeds.count >= 1000 {
      #expect(endings["restored", default: 0] > 20 && endings["stopped", default: 0] > 20)
    }
  }

  /// One world and all runs over it until one is not killed.
  struct Trial {
    let seed: UInt64
    var world: ModelWorld
    let faults: ModelFaults
    let kills: Int
    /// Whether the good version has a NoEcho parameter, and the bad one too.
    let hides: (good: Bool, bad: Bool)
    var generator: SeededGenerator
    var options = PlanOptions()

    init(_ seed: UInt64) {
      self.seed = seed
      var generator = SeededGenerator(seed)
      faults = Trial.faults(&generator)
      kills = generator.below(4)
      hides = (generator.chance(0.15), generator.chance(0.7))
      if generator.chance(0.3) { options.skipStuck = true }
      if generator.chance(0.15) {
        world = Trial.cycle(seed, faults, &generator)
      } else {
        let isWhole = generator.chance(0.3)
        var states: [String: Int] = [:]
        let shared = generator.below(9)
        for role in PlanOptions.runbookOrder { states[role] = isWhole ? shared : generator.below(9) }
        var local = generator
        let hiding = hides
        world = ModelWorld(seed: seed, faults: faults) { role, stack in
          stack.live.isHiding = hiding.good && role == "api"
          stack.previous = stack.live
          Trial.bring(&stack, into: states[role] ?? 0, hides: hiding.bad, &local)
        }
        generator = local
      }
      self.generator = generator
      surround()
    }

    /// Triggers, policies and what stacks do not own, for some worlds.
    private mutating func surround() {
      let deny =
        #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"},"#
        + #"{"Effect":"Deny","Action":"Update:*","Principal":"*","Resource":"LogicalResourceId/Fn"}]}"#
      options.overrideStackPolicy = generator.chance(0.7)
      let (hasTriggers, hasPolicies, hasResources) = (
        generator.chance(0.3), generator.chance(0.25), generator.chance(0.5)
      )
      for name in world.targets.map(\.name) {
        if hasTriggers, generator.chance(0.6) {
          let alarm = "arn:aws:cloudwatch:eu-west-1:1:alarm:\(name)"
          world.triggers[name] = RollbackTriggers(
            types: [alarm: "AWS::CloudWatch::Alarm"], monitoringMinutes: generator.below(4))
          if generator.chance(0.4) { world.cloud.state.withLock { _ = $0.alarming.insert(alarm) } }
        }
        if hasPolicies, generator.chance(0.6) { world.policies[name] = deny }
        if hasResources {
          for suffix in [":live", "-settings"] {
            let value = generator.chance(0.4) ? "2" : "1"
            world.resources["\(name)\(suffix)"] = "1"
            world.cloud.state.withLock { $0.resources["\(name)\(suffix)"] = (name, value) }
          }
        }
      }
      importFromOutside()
      leaveBehind()
      let world = world
      world.cloud.state.withLock { state in
        for (name, triggers) in world.triggers { state.stacks[name]?.triggers = triggers }
        for (name, policy) in world.policies { state.stacks[name]?.policy = policy }
      }
    }

    /// The bad version of a stack exports something that a stack outside the configuration imports by now.
    private mutating func importFromOutside() {
      guard generator.chance(0.2) else { return }
      options.keepsExports = generator.chance(0.6)
      let name = ModelWorld.name("api")
      let isImported = world.cloud.state.withLock { state in
        guard var api = state.stacks[name], api.live.version == "2",
          [.updateComplete, .updateCompleteCleanupInProgress].contains(api.status)
        else { return false }
        api.live.exports.append("extra")
        api.next = nil
        state.stacks[name] = api
        state.stacks["Other-report"] = ModelWorld.stack("report", ModelTemplate("1", imports: ["extra"])) {
          $0.name = "Other-report"
          $0.id = "arn:aws:cloudformation:eu-west-1:1:stack/Other-report/1"
        }
        return true
      }
      if isImported { world.foreignImports[name] = "extra" }
    }

    /// The bad version of some stacks let go of a bucket whose name the recorded one needs.
    private mutating func leaveBehind() {
      guard generator.chance(0.2) else { return }
      for name in world.targets.map(\.name) where generator.chance(0.5) {
        let canBeImported = generator.chance(0.7)
        world.keepsBucket.insert(name)
        world.cloud.state.withLock { $0.leftBehind[name] = canBeImported }
      }
    }

    static func faults(_ generator: inout SeededGenerator) -> ModelFaults {
      var faults = ModelFaults()
      func some(_ share: Double, _ limit: Double) -> Double {
        generator.chance(share) ? limit * Double(generator.below(100)) / 100 : 0
      }
      faults.throttled = some(0.3, 0.3)
      faults.unreachable = some(0.2, 0.2)
      faults.lostAnswer = some(0.4, 0.6)
      faults.lostCall = some(0.3, 0.4)
      faults.stuck = some(0.3, 0.7)
      faults.failedRestore = some(0.2, 0.8)
      faults.lateCancel = some(0.3, 1)
      faults.lag = generator.chance(0.3) ? 8 : 0
      faults.newerDeployment = some(0.15, 0.05)
      faults.lostRead = some(0.2, 0.3)
      faults.replaced = some(0.06, 0.03)
      faults.failedChangeSet = some(0.1, 0.5)
      faults.expiredChangeSet = some(0.15, 0.5)
      faults.nestedStuck = generator.chance(0.3) ? 1 : 0
      faults.pointlessTriggers = generator.chance(0.3) ? 1 : 0
      faults.nonsense = some(0.1, 0.2)
      return faults
    }

    /// A stack of the good version that a deployment has brought into one of nine states.
    static func bring(
      _ stack: inout ModelStack, into state: Int, hides: Bool, _ generator: inout SeededGenerator
    ) {
      let bad = ModelTemplate(
        "2", exports: stack.live.exports, imports: stack.live.imports, isHiding: stack.live.isHiding && hides)
      let began = ModelWorld.start - .seconds(10)
      func update(_ seconds: Int, fails: Bool = false) {
        stack.beginUpdate(
          to: bad, began, token: generator.chance(0.5) ? "deploy" : nil, seconds: seconds, willFail: fails)
      }
      switch state {
      case 0: break
      case 1: update(11 + generator.below(100))
      case 2: update(11 + generator.below(20), fails: true)
      case 3:
        update(1)
        stack.previous = stack.live
        stack.live = bad
        stack.become(.updateComplete, began + .seconds(1), nil)
      case 4:
        update(1)
        stack.live = bad
        stack.become(.updateCompleteCleanupInProgress, began + .seconds(1), 15 + generator.below(30))
      case 5:
        update(1)
        stack.become(.updateRollbackInProgress, began + .seconds(1), 15 + generator.below(30))
      case 6:
        update(1)
        stack.become(.updateRollbackInProgress, began + .seconds(1), nil)
        stack.isStuckInside = generator.chance(0.3)
        stack.getStuck(began + .seconds(2))
        stack.become(.updateRollbackFailed, began + .seconds(2), nil)
      case 7:
        update(1)
        stack.isExpress = generator.chance(0.5)
        stack.tellsExpress = generator.chance(0.7)
        stack.become(.updateFailed, began + .seconds(1), nil)
      default:
        update(1)
        stack.become(.updateRollbackComplete, began + .seconds(5), nil)
      }
    }

    /// Exports that the bad version moved: the order matters, and one shape needs two phases.
    static func cycle(_ seed: UInt64, _ faults: ModelFaults, _ generator: inout SeededGenerator) -> ModelWorld
    {
      let keepsOld = generator.chance(0.3)
      let recorded = [
        "Shop-monitoring": ModelTemplate("1"), "Shop-api": ModelTemplate("1", imports: ["old"]),
        "Shop-database": ModelTemplate("1", exports: ["old"]),
      ]
      let deployed = [
        ("monitoring", ModelTemplate("2", exports: ["seen"])),
        ("api", ModelTemplate("2", imports: ["new", "seen"])),
        ("database", ModelTemplate("2", exports: keepsOld ? ["new", "old"] : ["new"])),
      ]
      let stacks = deployed.map { role, template in
        ModelWorld.stack(role, template) { stack in
          stack.beginUpdate(to: template, ModelWorld.deployedAt, token: nil, seconds: 1)
          stack.become(.updateComplete, ModelWorld.deployedAt + .seconds(1), nil)
        }
      }
      return ModelWorld(stacks, recorded: recorded, seed: seed, faults: faults)
    }

    /// What `body` comes to; an error that it throws is a violation too.
    mutating func surviving(
      _ body: (inout Trial) async throws -> (ending: String, violations: [String])
    ) async -> (ending: String, violations: [String]) {
      do {
        return try await body(&self)
      } catch {
        return ("thrown", ["threw \(error)"])
      }
    }

    mutating func run() async throws -> (ending: String, violations: [String]) {
      var violations: [String] = []
      for life in 0...kills {
        let isKilled = life < kills
        // Between two calls, or in the middle of a line of the journal.
        let kill = isKilled && generator.chance(0.6) ? 1 + generator.below(60) : nil
        let tears = isKilled && kill == nil ? 1 + generator.below(20) : nil
        let isShort = isKilled && generator.chance(0.15)
        let seconds = isShort ? generator.below(90) : 7200
        // A run that was killed before its first line has left nothing: what is there now is what is judged.
        let isFresh = try world.journal().unfinished() == nil
        world.cloud.state.withLock { state in
          for name in state.stacks.keys where isFresh {
            state.stacks[name]?.hasNewerDeployment = false
            state.stacks[name]?.isReplacement = false
            state.stacks[name]?.lastSeen = nil
          }
          state.isDead = false
          state.calls = 0
          state.killAt = kill
        }
        world.files.freeze(false)
        world.files.die(inAppend: tears, bytes: generator.below(80))
        let (options, cloud) = (options, world.cloud)
        world.files.onDeath.withLock { $0 = { cloud.state.withLock { $0.isDead = true } } }
        do {
          let result = try await world.run({ $0.options = options }, seconds: seconds)
          if world.cloud.state.withLock({ $0.isDead }) { continue }
          if isShort, result.findings.contains(where: { $0.code == .deadline && $0.severity == .error }) {
            // What still runs is named, and another run goes on.
            violations += honesty(result)
            guard violations.isEmpty else { return ("deadline", violations) }
            continue
          }
          violations += world.cloud.violations + honesty(result)
          return ("\(result.ending)", violations)
        } catch let failure as OperationFailure {
          world.files.freeze(false)
          let isDead = world.cloud.state.withLock { $0.isDead }
          // A service that cannot be reached for minutes ends a run honestly too.
          if !isDead {
            return ("unavailable", violations + world.cloud.violations + Self.unexplained(failure))
          }
        }
      }
      return ("killed", world.cloud.violations)
    }

    /// To give up on a service that does not answer, or not often enough, is an honest end. The model's clock runs for
    /// all who wait side by side, so its minutes are short.
    private static func unexplained(_ failure: OperationFailure) -> [String] {
      [.throttled, .unreachable, .uncertain, .unintelligible].contains(failure.kind)
        ? [] : ["threw \(failure)"]
    }

    /// `--method delete`, killed at times: in the end no stack is left, or it says which one and why.
    mutating func tearDown() async throws -> (ending: String, violations: [String]) {
      options.method = .delete
      options.typedWords = ["DELETE", "DELETE-DATABASE"]
      let protects = generator.chance(0.3)
      world.cloud.state.withLock { state in
        state.faults.failedDelete = state.faults.stuck
        if protects { state.stacks[ModelWorld.name("workflow")]?.isProtected = true }
      }
      for life in 0...kills {
        let kill = life < kills ? 1 + generator.below(60) : nil
        let isFresh = try world.journal().unfinished() == nil
        world.cloud.state.withLock { state in
          // What is there when a run looks first is what it is told to delete.
          for name in state.stacks.keys where isFresh {
            state.stacks[name]?.hasNewerDeployment = false
            state.stacks[name]?.isReplacement = false
            state.stacks[name]?.lastSeen = nil
          }
          (state.isDead, state.calls, state.killAt) = (false, 0, kill)
        }
        let options = options
        do {
          let result = try await world.run({ $0.options = options })
          if world.cloud.state.withLock({ $0.isDead }) { continue }
          var violations = world.cloud.violations
          let left = world.targets.compactMap { world.cloud.stack($0.name) }
          switch result.ending {
          case .restored, .nothingToDo:
            if !left.isEmpty { violations.append("called deleted: \(left.map(\.name)) are there") }
          case .stopped:
            if !result.findings.contains(where: { $0.severity == .error }) {
              violations.append("stopped without a reason")
            }
          default: violations.append("ended \(result.ending)")
          }
          return ("\(result.ending)", violations)
        } catch let failure as OperationFailure {
          if !world.cloud.state.withLock({ $0.isDead }) {
            return ("unavailable", world.cloud.violations + Self.unexplained(failure))
          }
        }
      }
      return ("killed", world.cloud.violations)
    }

    /// One run, with a second one from another machine getting in between two of its calls: no lock keeps them apart.
    func runBesideAnother() async throws -> [String] {
      var generator = generator
      var other = world
      other.files = MemoryFiles()
      if generator.chance(0.5) { other.point = "20261123T004000Z-fedcba" }
      let (second, options) = (other, options)
      let said = Mutex<[String]>([])
      let gaveUp = Mutex(false)
      world.cloud.intruder.withLock { intruder in
        intruder = {
          do {
            let result = try await second.run({ $0.options = options })
            said.withLock { $0 += self.honesty(result, beside: true, isInside: true) }
          } catch let failure as OperationFailure {
            // To give up on a service that answers nonsense is as honest as it is for one run alone; what it had begun, its
            // own next run ends.
            gaveUp.withLock { $0 = true }
            said.withLock { $0 += Self.unexplained(failure).map { "the second run \($0)" } }
          } catch {
            said.withLock { $0.append("the second run threw \(error)") }
          }
        }
      }
      let at = generator.below(80)
      world.cloud.state.withLock { state in
        state.intrudeAt = at
        state.isShared = true
        // What stands when a run looks first is what it judges, so a deployment between the two is no newer one to both.
        state.faults.newerDeployment = 0
        state.faults.replaced = 0
      }
      let result: EngineResult
      do {
        result = try await world.run({ $0.options = options })
      } catch let failure as OperationFailure
        where [.throttled, .unreachable, .uncertain, .unintelligible].contains(failure.kind)
      {
        // The time that the other took is time in which the service did not answer: to give up then is honest.
        return world.cloud.violations + said.withLock { $0 }
      }
      return world.cloud.violations + said.withLock { $0 }
        + honesty(result, beside: true, isInside: gaveUp.withLock { $0 })
    }

    /// What the engine says against what is.
    /// - Parameters:
    ///   - beside: another run works on the same stacks.
    ///   - isInside: that other run is not at its end yet.
    private func honesty(_ result: EngineResult, beside: Bool = false, isInside: Bool = false) -> [String] {
      var violations: [String] = []
      switch result.ending {
      case .restored, .nothingToDo:
        if !world.isRestored {
          let stacks =
            world.targets.compactMap { world.cloud.stack($0.name) }.map {
              "\($0.name) \($0.status.rawValue) version \($0.live.version)"
                + ($0.hasNewerDeployment ? " with a newer deployment" : "")
            } + world.wrongResources
          violations.append("called \(result.ending), but: \(stacks); done: \(world.cloud.mutations)")
        }
        if result.findings.contains(where: { $0.severity == .error }) {
          violations.append("a stop in a good end")
        }
      case .stopped:
        let stops = result.findings.filter { $0.severity == .error }
        if stops.isEmpty { violations.append("stopped without a reason") }
        let mayStop =
          faults.stuck > 0 || faults.failedRestore > 0 || faults.replaced > 0 || faults.failedChangeSet > 0
          || faults.expiredChangeSet > 0 || faults.nonsense > 0 || faults.lostRead > 0
          || hides.good && !hides.bad
          || stops.contains { $0.code == .deadline } || faults.newerDeployment > 0 || faults.lostCall > 0
          || faults.lostAnswer > 0 || faults.throttled > 0 || faults.unreachable > 0
          || !world.policies.isEmpty && !options.overrideStackPolicy
          || !world.foreignImports.isEmpty && !options.keepsExports
          || world.cloud.state.withLock { $0.leftBehind.values.contains(false) }
        if !mayStop, !beside { violations.append("stopped without a fault: \(stops.map(\.message))") }
      // A run that got in runs inside a task of the other, and may be cancelled with it.
      case .interrupted where isInside: break
      default: violations.append("ended \(result.ending)")
      }
      if !isInside, !world.openPolicies.isEmpty,
        !result.findings.contains(where: { $0.code == .stackPolicy && $0.severity == .error })
      {
        violations.append("the policy of \(world.openPolicies) was left lifted")
      }
      return violations
    }
  }
}
