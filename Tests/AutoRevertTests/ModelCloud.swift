import AutoRevert
import JSONValues
import Records
import RollbackPlan
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

/// A template of the model: `version`, `exports` and `imports`, one a line.
struct ModelTemplate: Hashable, Sendable {
  var version: String
  var exports: [String] = []
  var imports: [String] = []

  var text: String {
    "version=\(version)\nexports=\(exports.joined(separator: ","))\nimports=\(imports.joined(separator: ","))\n"
  }

  init(_ version: String, exports: [String] = [], imports: [String] = []) {
    self.version = version
    self.exports = exports
    self.imports = imports
  }

  init(text: String) {
    func values(_ name: String) -> [String] {
      let line = text.split(separator: "\n").first { $0.hasPrefix("\(name)=") } ?? ""
      return line.dropFirst(name.count + 1).split(separator: ",").map(String.init)
    }
    self.init(values("version").first ?? "", exports: values("exports"), imports: values("imports"))
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
    var changeSets: [String: (template: ModelTemplate, updatedAt: Timestamp, stack: String)] = [:]
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
      state.stacks[name] = stack
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
      if isRevert, let policy = stack.policy.flatMap(StackPolicy.init), stack.next != stack.live,
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
        stack.resource(at, "Queue", "UPDATE_FAILED", "no access")
        stack.become(.updateRollbackFailed, at, nil)
      } else {
        stack.next = nil
        stack.become(.updateRollbackCompleteCleanupInProgress, at, 3)
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
  static let change = RollbackPlan.ResourceChange(
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
