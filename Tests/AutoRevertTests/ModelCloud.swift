import AutoRevert
import CloudFormationModel
import DeploymentRecords
import JSONValues
import RollbackPlanning
import Synchronization
import SystemInterfaces

/// A small generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func chance(_ part: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < part }
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}

/// A template of the model: `version`, `exports`, `imports` and whether it has a NoEcho parameter, one a line.
struct ModelTemplate: Hashable, Sendable {
  var version: String
  var exports: [String] = []
  var imports: [String] = []
  var isHiding = false

  var text: String {
    "version=\(version)\nexports=\(exports.joined(separator: ","))\nimports=\(imports.joined(separator: ","))\n"
      + (isHiding ? "hides=Secret\n" : "")
  }

  init(_ version: String, exports: [String] = [], imports: [String] = [], isHiding: Bool = false) {
    self.version = version
    self.exports = exports
    self.imports = imports
    self.isHiding = isHiding
  }

  init(text: String) {
    func values(_ name: String) -> [String] {
      let line = text.split(separator: "\n").first { $0.hasPrefix("\(name)=") } ?? ""
      return line.dropFirst(name.count + 1).split(separator: ",").map(String.init)
    }
    self.init(
      values("version").first ?? "", exports: values("exports"), imports: values("imports"),
      isHiding: !values("hides").isEmpty)
  }
}

/// What goes wrong in the model, and how likely it is.
struct ModelFaults: Sendable {
  var throttled = 0.0
  var unreachable = 0.0
  /// The call is done, and its answer is lost.
  var lostAnswer = 0.0
  /// The call is not done, and no answer comes.
  var lostCall = 0.0
  /// A rollback gets stuck.
  var stuck = 0.0
  /// A restore fails and is undone.
  var failedRestore = 0.0
  /// A cancel comes too late.
  var lateCancel = 0.0
  /// Seconds before an accepted call shows, at most.
  var lag = 0
  /// Somebody deploys meanwhile.
  var newerDeployment = 0.0
  /// A read is not answered, or with a fault of the service.
  var lostRead = 0.0
  /// Somebody deletes a stack meanwhile, or makes a new one of its name.
  var replaced = 0.0
  /// A change set cannot be made, or is gone when it is to be executed.
  var failedChangeSet = 0.0
  var expiredChangeSet = 0.0
  /// What gets stuck does so inside a nested stack.
  var nestedStuck = 0.0
  /// A deletion fails half-way.
  var failedDelete = 0.0
  /// What comes back is no answer of the service.
  var nonsense = 0.0
  /// The service takes no triggers without another change.
  var pointlessTriggers = 0.0
}

/// One stack of the model.
struct ModelStack: Sendable {
  var name: String
  var id: String
  var status: StackStatus
  var updatedAt: Timestamp
  var live: ModelTemplate
  var previous: ModelTemplate
  var next: ModelTemplate?
  var events: [DescribedEvent] = []
  /// When the present status ends by itself.
  var until: Timestamp?
  var token: String?
  var willFail = false
  var disablesRollback = false
  var isStuckNext = false
  var skipped: [String] = []
  var triggers = RollbackTriggers()
  var policy: String?
  /// A deployment that began after the revert had looked.
  var hasNewerDeployment = false
  var lastSeen: StackStatus?
  /// It stands where another stack of its name was deleted.
  var isReplacement = false
  /// The nested stack whose resource is stuck, and that stack's events.
  var nested: (id: String, events: [DescribedEvent])?
  var isStuckInside = false
  var isProtected = false
  /// Deployed in EXPRESS mode, and whether the description says so.
  var isExpress = false
  var tellsExpress = true
  /// The update that runs is for the triggers alone.
  var changesTriggersOnly = false
  /// An accepted call that does not show yet.
  var pending: (@Sendable (inout ModelStack, Timestamp) -> Void)?
  var pendingAt: Timestamp?
}

/// CloudFormation as far as going back needs it: states, events, tokens, change sets, exports; and what goes wrong.
final class ModelCloud: CloudFormationOperations {
  struct State: Sendable {
    var stacks: [String: ModelStack] = [:]
    var changeSets:
      [String: (
        template: ModelTemplate, updatedAt: Timestamp, stack: String, failure: String?, imports: Bool
      )] =
        [:]
    /// Stacks that are deleted, by id.
    var deleted: [String: DescribedStack] = [:]
    var acceptedTokens = Set<String>()
    var generator: SeededGenerator
    var faults: ModelFaults
    var calls = 0
    var killAt: Int?
    var isDead = false
    var violations: [String] = []
    var mutations: [String] = []
    /// Alarms that are on.
    var alarming = Set<String>()
    /// What stacks do not own, by name: the stack and the value.
    var resources: [String: (stack: String, value: String)] = [:]
    /// Stacks whose bad version let go of a bucket with a fixed name and left it behind, and whether an import takes it in.
    var leftBehind: [String: Bool] = [:]
    /// Gets in before the call of this number, once.
    var intrudeAt: Int?
    /// Two runs are at work: what one of them saw last is not what the other calls after.
    var isShared = false
    /// The other run got in between the last look and this very call, which only a lock prevents.
    var isRaced = false
  }
  /// Another run that gets in between two calls of the first.
  let intruder = Mutex<(@Sendable () async -> Void)?>(nil)
  let state: Mutex<State>
  let clock: any WallClock

  init(_ stacks: [ModelStack], seed: UInt64, faults: ModelFaults = ModelFaults(), clock: any WallClock) {
    self.clock = clock
    state = Mutex(State(generator: SeededGenerator(seed), faults: faults))
    state.withLock { state in for stack in stacks { state.stacks[stack.name] = stack } }
  }

  var violations: [String] { state.withLock { $0.violations } }
  var mutations: [String] { state.withLock { $0.mutations } }
  func stack(_ name: String) -> ModelStack? {
    state.withLock { state in
      Self.advance(&state, clock.now)
      return state.stacks[name]
    }
  }

  // MARK: - Time

  static func advance(_ state: inout State, _ now: Timestamp) {
    for name in state.stacks.keys.sorted() {
      guard var stack = state.stacks[name] else { continue }
      while true {
        if let at = stack.pendingAt, at <= now, stack.until.map({ at <= $0 }) ?? true,
          let pending = stack.pending
        {
          stack.pending = nil
          stack.pendingAt = nil
          pending(&stack, at)
        } else if let until = stack.until, until <= now {
          step(&stack, until, &state)
        } else {
          break
        }
      }
      state.stacks[name] = stack.status == .deleteComplete ? nil : stack
      if stack.status == .deleteComplete { state.deleted[stack.id] = stack.described }
    }
  }

  /// The present status ends.
  private static func step(_ stack: inout ModelStack, _ at: Timestamp, _ state: inout State) {
    stack.until = nil
    switch stack.status {
    case .updateInProgress where stack.changesTriggersOnly:
      if stack.triggers.arns.contains(where: state.alarming.contains) {
        stack.triggers = RollbackTriggers()
        stack.become(.updateRollbackInProgress, at, 1)
      } else {
        stack.become(.updateCompleteCleanupInProgress, at, 1)
      }
    case .updateInProgress:
      let taken = stack.next.map { next in
        stack.live.exports.filter { !next.exports.contains($0) }.filter { export in
          state.stacks.values.contains { $0.name != stack.name && $0.live.imports.contains(export) }
        }
      }
      let isRevert = stack.token?.hasPrefix("backstop-") ?? false
      if let taken, !taken.isEmpty, isRevert, !state.stacks.values.contains(where: \.hasNewerDeployment) {
        state.violations.append("\(stack.name): a restore takes the export \(taken[0]) from its importers")
      }
      // Alarms that the bad version set off undo the very restore (danger 3).
      if isRevert, stack.triggers.arns.contains(where: state.alarming.contains) {
        state.violations.append("\(stack.name): a restore ran under the triggers of a stack in alarm")
      }
      // The other of two runs may put back what this one lifted: CloudFormation then denies the restore, and only a lock
      // keeps them apart.
      if isRevert, !state.isShared, let policy = stack.policy.flatMap(StackPolicy.init),
        stack.next != stack.live,
        !policy.denied([ModelStack.change]).isEmpty
      {
        state.violations.append("\(stack.name): a restore ran against the stack's policy")
      }
      if stack.willFail || !(taken ?? []).isEmpty {
        stack.resource(at, "Fn", "UPDATE_FAILED", "code not found")
        if stack.disablesRollback {
          stack.become(.updateFailed, at, nil)
        } else {
          stack.become(.updateRollbackInProgress, at, 20)
        }
      } else {
        stack.previous = stack.live
        stack.live = stack.next ?? stack.live
        stack.become(.updateCompleteCleanupInProgress, at, 5)
      }
    case .updateCompleteCleanupInProgress:
      stack.changesTriggersOnly = false
      stack.become(.updateComplete, at, nil)
    case .updateRollbackInProgress:
      if stack.isStuckNext {
        stack.isStuckNext = false
        stack.isStuckInside = state.generator.chance(state.faults.nestedStuck)
        stack.getStuck(at)
        stack.become(.updateRollbackFailed, at, nil)
      } else {
        stack.next = nil
        stack.become(.updateRollbackCompleteCleanupInProgress, at, 3)
      }
    case .deleteInProgress:
      if stack.willFail {
        stack.resource(at, "Bucket", "DELETE_FAILED", "it is not empty")
        stack.become(.deleteFailed, at, nil)
      } else {
        stack.become(.deleteComplete, at, nil)
      }
    case .updateRollbackCompleteCleanupInProgress:
      stack.changesTriggersOnly = false
      stack.become(.updateRollbackComplete, at, nil)
    default: break
    }
  }
}

extension ModelStack {
  /// What every restore of the model changes.
  static let change = RestoreChange(
    logicalID: "Fn", type: "AWS::Lambda::Function", effect: .modify)

  mutating func become(_ status: StackStatus, _ at: Timestamp, _ seconds: Int?) {
    self.status = status
    until = seconds.map { at + .seconds($0) }
    events.insert(
      DescribedEvent(
        at: at, logicalID: name, type: "AWS::CloudFormation::Stack", status: status.rawValue, token: token,
        isOfStack: true), at: 0)
  }

  mutating func resource(_ at: Timestamp, _ id: String, _ status: String, _ reason: String) {
    events.insert(
      DescribedEvent(
        at: at, logicalID: id, type: "AWS::Lambda::Function", status: status, reason: reason, token: token,
        isOfStack: false), at: 0)
  }

  /// A resource's own rollback fails, in the stack itself or in one nested in it.
  mutating func getStuck(_ at: Timestamp) {
    guard isStuckInside else {
      nested = nil
      return resource(at, "Queue", "UPDATE_FAILED", "no access")
    }
    let name = "\(name)-Child-1ABCDE"
    let inside = "arn:aws:cloudformation:eu-west-1:1:stack/\(name)/9"
    nested = (
      inside,
      [
        DescribedEvent(
          at: at, logicalID: "Queue", type: "AWS::SQS::Queue", status: "UPDATE_FAILED", reason: "no access",
          isOfStack: false)
      ]
    )
    events.insert(
      DescribedEvent(
        at: at, logicalID: "Child", physicalID: inside, type: "AWS::CloudFormation::Stack",
        status: "UPDATE_FAILED", reason: "Embedded stack was not successfully updated", token: token,
        isOfStack: false), at: 0)
  }

  /// What a skip names.
  var stuckName: String { isStuckInside ? "\(name)-Child-1ABCDE.Queue" : "Queue" }

  /// The template that GetTemplate shows: that of a failed update stays.
  var shown: ModelTemplate { status == .updateFailed ? next ?? live : live }

  /// As DescribeStacks shows it.
  var described: DescribedStack {
    var described = DescribedStack(id: id, name: name, status: status.rawValue, updatedAt: updatedAt)
    described.triggers = triggers
    described.isTerminationProtected = isProtected
    described.isExpress = isExpress && tellsExpress
    described.parameters = [StackParameter(name: "Version", value: shown.version, noEcho: false)]
    if shown.isHiding {
      described.parameters.append(StackParameter(name: "Secret", value: "****", noEcho: true))
    }
    return described
  }

  mutating func beginUpdate(
    to template: ModelTemplate, _ at: Timestamp, token: String?, seconds: Int, willFail: Bool = false
  ) {
    next = template
    self.token = token
    self.willFail = willFail
    disablesRollback = false
    changesTriggersOnly = false
    updatedAt = at
    become(.updateInProgress, at, seconds)
    resource(at, "Fn", "UPDATE_IN_PROGRESS", "")
  }
}
