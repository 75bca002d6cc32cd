import AutoRevert
import CloudFormationModel
import DeploymentRecords
import Redaction
import RollbackPlanning
import StepResults
import Synchronization
import SystemInterfaces

/// The calls of the model, each with what can go wrong with it.
extension ModelCloud {
  /// A read: it may be throttled or not be answered, and somebody may have deployed right before it.
  private func read<Value>(
    _ name: String?, _ body: (inout State) -> Value
  ) async throws(OperationFailure) -> Value {
    await letIntrude()
    let result: Result<Value, OperationFailure> = state.withLock { state in
      if let failure = Self.disturb(&state, isRead: true) { return .failure(failure) }
      Self.advance(&state, clock.now)
      if let name {
        Self.deployMeanwhile(&state, name, clock.now)
        Self.replaceMeanwhile(&state, name, clock.now)
      }
      return .success(body(&state))
    }
    return try result.get()
  }

  /// A call that changes something: `body` checks and does it, or says why the service refuses.
  private func change(
    _ call: StackCall, _ id: String, token: String, _ body: (inout State, inout ModelStack) -> String?
  ) async throws(OperationFailure) {
    let isRaced = await letIntrude()
    let result: Result<Void, OperationFailure> = state.withLock { state in
      state.isRaced = isRaced
      if let failure = Self.disturb(&state, isRead: false) { return .failure(failure) }
      Self.advance(&state, clock.now)
      let name = Self.name(id)
      guard var stack = Self.find(id, state) else {
        return .failure(OperationFailure(.refused, "ValidationError: Stack [\(id)] does not exist"))
      }
      if stack.isReplacement {
        state.violations.append("\(name): \(call.rawValue) on another stack of its name")
      }
      if let seen = stack.lastSeen, !state.isShared, !seen.permits(call) {
        state.violations.append("\(name): \(call.rawValue) in the status \(seen.rawValue)")
      }
      if stack.hasNewerDeployment {
        state.violations.append("\(name): \(call.rawValue) over a newer deployment")
      }
      if state.acceptedTokens.contains(token) {
        return .failure(OperationFailure(.alreadyAccepted, "TokenAlreadyExistsException"))
      }
      guard stack.status.permits(call) else {
        return .failure(
          OperationFailure(.refused, "ValidationError: \(name) is in \(stack.status.rawValue) state"))
      }
      if state.generator.chance(state.faults.lostCall) {
        return .failure(OperationFailure(.uncertain, "timed out"))
      }
      if let refusal = body(&state, &stack) { return .failure(OperationFailure(.refused, refusal)) }
      state.acceptedTokens.insert(token)
      state.mutations.append("\(call.rawValue) \(name)")
      state.stacks[name] = stack
      Self.advance(&state, clock.now)
      if state.killAt == state.calls {
        state.isDead = true
        return .failure(OperationFailure(.credentials, "killed after the call"))
      }
      if state.generator.chance(state.faults.lostAnswer) {
        return .failure(OperationFailure(.uncertain, "no answer"))
      }
      return .success(())
    }
    try result.get()
  }

  /// Another run gets in here, if it is its turn.
  @discardableResult
  func letIntrude() async -> Bool {
    let isDue = state.withLock { state in
      guard let at = state.intrudeAt, state.calls >= at, !state.isDead else { return false }
      state.intrudeAt = nil
      return true
    }
    guard isDue, let run = intruder.withLock({ $0 }) else { return false }
    let own = state.withLock { state in (state.calls, state.killAt) }
    await run()
    state.withLock { state in
      (state.calls, state.killAt) = own
      state.isDead = false
    }
    return true
  }

  static func disturb(_ state: inout State, isRead: Bool) -> OperationFailure? {
    if state.isDead { return OperationFailure(.credentials, "killed") }
    state.calls += 1
    // Every second kill comes after a call that changes something has been done.
    if state.killAt == state.calls, isRead || state.calls % 2 == 0 {
      state.isDead = true
      return OperationFailure(.credentials, "killed")
    }
    if state.generator.chance(state.faults.throttled) { return OperationFailure(.throttled, "Rate exceeded") }
    if isRead, state.generator.chance(state.faults.lostRead) {
      return OperationFailure(.uncertain, "the connection was closed")
    }
    if state.generator.chance(state.faults.nonsense) {
      return OperationFailure(.unintelligible, "<html>Login</html>")
    }
    if state.generator.chance(state.faults.unreachable) { return OperationFailure(.unreachable, "no route") }
    return nil
  }

  /// Somebody else deploys. Only right before a read, since between a last look and the call nobody can help it.
  private static func deployMeanwhile(_ state: inout State, _ name: String, _ now: Timestamp) {
    guard var stack = state.stacks[name], stack.status.rule.condition == .settled, stack.lastSeen != nil,
      stack.pending == nil, state.generator.chance(state.faults.newerDeployment)
    else { return }
    stack.hasNewerDeployment = true
    stack.beginUpdate(
      to: ModelTemplate("newer", exports: stack.live.exports, imports: stack.live.imports), now,
      token: "deploy-newer",
      seconds: 30)
    state.stacks[name] = stack
  }

  /// Somebody deletes a settled stack, and sometimes makes a new one of its name.
  private static func replaceMeanwhile(_ state: inout State, _ name: String, _ now: Timestamp) {
    guard let stack = state.stacks[name], stack.status.rule.condition == .settled, stack.lastSeen != nil,
      stack.pending == nil, !stack.isReplacement, state.generator.chance(state.faults.replaced)
    else { return }
    var gone = stack.described
    gone.status = StackStatus.deleteComplete.rawValue
    state.deleted[stack.id] = gone
    state.stacks[name] = nil
    guard state.generator.chance(0.5) else { return }
    var new = ModelStack(
      name: name, id: "\(stack.id)2", status: .createInProgress, updatedAt: now, live: stack.live,
      previous: stack.live)
    new.live.version = "another"
    new.isReplacement = true
    new.become(.createComplete, now, nil)
    state.stacks[name] = new
  }

  /// The stack of a name, or of exactly this id.
  static func find(_ stack: String, _ state: State) -> ModelStack? {
    guard let found = state.stacks[name(stack)] else { return nil }
    return stack.hasPrefix("arn:") && found.id != stack ? nil : found
  }

  static func name(_ id: String) -> String {
    id.hasPrefix("arn:") ? String(id.split(separator: "/")[1]) : id
  }

  // MARK: - Reads

  func describe(_ stack: String) async throws(OperationFailure) -> DescribedStack? {
    try await read(Self.name(stack)) { state in
      guard let found = Self.find(stack, state) else { return state.deleted[stack] }
      state.stacks[found.name]?.lastSeen = found.status
      return found.described
    }
  }

  func events(_ stack: String, since time: Timestamp) async throws(OperationFailure) -> [DescribedEvent] {
    try await read(nil) { state in
      let nested = state.stacks.values.compactMap(\.nested).first { $0.id == stack }?.events
      return (nested ?? Self.find(stack, state)?.events ?? []).filter { $0.at >= time }
    }
  }

  func template(_ stack: String) async throws(OperationFailure) -> String {
    try await read(nil) { state in Self.find(stack, state)?.shown.text ?? "" }
  }

  func exports() async throws(OperationFailure) -> [DescribedExport] {
    try await read(nil) { state in
      state.stacks.values.sorted { $0.name < $1.name }.flatMap { stack in
        stack.live.exports.map { DescribedExport(name: $0, value: "v", stack: stack.id) }
      }
    }
  }

  func importers(of export: DescribedExport) async throws(OperationFailure) -> [String] {
    try await read(nil) { state in
      state.stacks.values.filter { $0.live.imports.contains(export.name) }.map(\.name).sorted()
    }
  }

  // MARK: - Changes

  func cancelUpdate(_ stack: String, token: String) async throws(OperationFailure) {
    try await change(.cancelUpdate, stack, token: token) { state, found in
      if found.token?.hasPrefix("backstop-") ?? false, !state.isRaced {
        state.violations.append("\(found.name): its own restore was cancelled")
      }
      // Too late: the update ends by itself.
      if state.generator.chance(state.faults.lateCancel) { return nil }
      let stuck = state.generator.chance(state.faults.stuck)
      Self.begin(&state, &found, clock.now) { stack, at in
        guard stack.status == .updateInProgress else { return }
        stack.token = token
        stack.isStuckNext = stuck
        stack.become(.updateRollbackInProgress, at, 15)
      }
      return nil
    }
  }

  func continueRollback(_ stack: String, skipping: [String], token: String) async throws(OperationFailure) {
    try await change(.continueUpdateRollback, stack, token: token) { state, found in
      if !skipping.allSatisfy({ $0 == found.stuckName }) {
        return "ValidationError: not in a state to be skipped"
      }
      let stuck = skipping.isEmpty && state.generator.chance(state.faults.stuck)
      Self.begin(&state, &found, clock.now) { stack, at in
        stack.token = token
        stack.skipped += skipping
        stack.isStuckNext = stuck
        stack.become(.updateRollbackInProgress, at, 10)
      }
      return nil
    }
  }

  func rollbackStack(_ stack: String, token: String) async throws(OperationFailure) {
    try await change(.rollbackStack, stack, token: token) { state, found in
      if found.isExpress { return "ValidationError: RollbackStack is not supported for EXPRESS mode" }
      let stuck = state.generator.chance(state.faults.stuck)
      Self.begin(&state, &found, clock.now) { stack, at in
        stack.token = token
        stack.isStuckNext = stuck
        stack.become(.updateRollbackInProgress, at, 10)
      }
      return nil
    }
  }

  func executeChangeSet(
    _ name: String, of stack: String, disablesRollback: Bool, token: String
  ) async throws(OperationFailure) {
    let call = disablesRollback ? StackCall.updateWithoutRollback : .update
    try await change(call, stack, token: token) { state, found in
      guard let set = state.changeSets["\(found.name)/\(name)"], set.updatedAt == found.updatedAt else {
        return "InvalidChangeSetStatus: \(name) is obsolete"
      }
      if state.generator.chance(state.faults.expiredChangeSet) {
        state.changeSets["\(found.name)/\(name)"] = nil
        return "ChangeSetNotFound: ChangeSet [\(name)] does not exist"
      }
      state.changeSets["\(found.name)/\(name)"] = nil
      let isTaken = !set.imports && Self.makesBucket(set.template, found.name, state)
      if isTaken { state.violations.append("\(found.name): a restore makes a bucket whose name is taken") }
      let fails = state.generator.chance(state.faults.failedRestore) || isTaken
      let stuck = state.generator.chance(state.faults.stuck)
      let template = set.template
      Self.begin(&state, &found, clock.now) { stack, at in
        stack.isStuckNext = stuck
        stack.triggers = RollbackTriggers()
        stack.beginUpdate(to: template, at, token: token, seconds: 25, willFail: fails)
        stack.disablesRollback = disablesRollback
      }
      return nil
    }
  }

  func updateTriggers(
    _ stack: String, to triggers: RollbackTriggers, token: String
  ) async throws(OperationFailure) {
    if state.withLock({ $0.generator.chance($0.faults.pointlessTriggers) }) {
      throw OperationFailure(.pointless, "No updates are to be performed.")
    }
    try await change(.update, stack, token: token) { state, found in
      Self.begin(&state, &found, clock.now) { stack, at in
        stack.triggers = triggers
        stack.beginUpdate(
          to: stack.live, at, token: token, seconds: max(1, triggers.monitoringMinutes * 60))
        stack.changesTriggersOnly = true
      }
      return nil
    }
  }

  func alarming(_ alarms: [String], of stack: String) async throws(OperationFailure) -> [String] {
    try await read(nil) { state in alarms.filter(state.alarming.contains) }
  }

  func stackPolicy(_ stack: String) async throws(OperationFailure) -> String? {
    try await read(nil) { state in Self.find(stack, state)?.policy }
  }

  func setStackPolicy(_ stack: String, _ policy: String) async throws(OperationFailure) {
    let refusal: OperationFailure? = try await read(nil) { state in
      guard let found = Self.find(stack, state) else {
        return OperationFailure(.refused, "ValidationError: Stack [\(stack)] does not exist")
      }
      if found.isReplacement {
        state.violations.append("\(found.name): a policy for another stack of its name")
      }
      state.stacks[found.name]?.policy = policy
      state.mutations.append("setStackPolicy \(found.name)")
      return state.generator.chance(state.faults.lostAnswer)
        ? OperationFailure(.uncertain, "no answer") : nil
    }
    if let refusal { throw refusal }
  }

  func deleteStack(_ stack: String, retaining: [String], token: String) async throws(OperationFailure) {
    try await change(.delete, stack, token: token) { state, found in
      if found.isProtected { state.violations.append("\(found.name): deleted though it is protected") }
      let used = state.stacks.values.filter { other in
        other.name != found.name && !Set(other.live.imports).isDisjoint(with: found.live.exports)
      }
      if let importer = used.first {
        state.violations.append("\(found.name): deleted before \(importer.name), which imports from it")
        return "ValidationError: export in use"
      }
      let fails = state.generator.chance(state.faults.failedDelete)
      Self.begin(&state, &found, clock.now) { stack, at in
        stack.token = token
        stack.willFail = fails
        stack.become(.deleteInProgress, at, 20)
      }
      return nil
    }
  }

  /// An accepted call shows after a while.
  static func begin(
    _ state: inout State, _ stack: inout ModelStack, _ now: Timestamp,
    _ effect: @escaping @Sendable (inout ModelStack, Timestamp) -> Void
  ) {
    let lag = state.faults.lag > 0 ? state.generator.below(state.faults.lag + 1) : 0
    stack.pending = effect
    stack.pendingAt = now + .seconds(lag)
  }

  // MARK: - Change sets

  func createChangeSet(_ request: RestoreRequest) async throws(OperationFailure) -> String {
    await letIntrude()
    let result: Result<String, OperationFailure> = state.withLock { state in
      if let failure = Self.disturb(&state, isRead: true) { return .failure(failure) }
      Self.advance(&state, clock.now)
      let name = Self.name(request.stack)
      guard let stack = Self.find(request.stack, state) else {
        return .failure(
          OperationFailure(.refused, "ValidationError: Stack [\(request.stack)] does not exist"))
      }
      if request.parameters.contains(where: { $0.value == "****" }) {
        state.violations.append("\(name): a mask was sent as a value")
      }
      if request.parameters.contains(where: { $0.value == nil }), !stack.shown.isHiding {
        return .failure(OperationFailure(.refused, "ValidationError: there is no previous value of Secret"))
      }
      guard stack.status.permits(.update) || stack.status.permits(.updateWithoutRollback) else {
        return .failure(
          OperationFailure(.refused, "\(name) is in \(stack.status.rawValue) state and can not be updated"))
      }
      let template = ModelTemplate(text: request.template)
      let there = Set(state.stacks.values.flatMap(\.live.exports))
      if let missing = template.imports.first(where: { !there.contains($0) }) {
        return .failure(OperationFailure(.refused, "No export named \(missing) found"))
      }
      var failure = state.generator.chance(state.faults.failedChangeSet) ? "a hook refused it" : nil
      if request.importsExisting, state.leftBehind[name] == false { failure = "Files cannot be imported" }
      state.changeSets["\(name)/\(request.name)"] = (
        template, stack.updatedAt, name, failure, request.importsExisting
      )
      if state.generator.chance(state.faults.lostAnswer) {
        return .failure(OperationFailure(.uncertain, "no answer"))
      }
      return .success(request.name)
    }
    return try result.get()
  }

  func changeSet(_ name: String, of stack: String) async throws(OperationFailure) -> DescribedChangeSet? {
    try await read(nil) { state in
      guard let set = state.changeSets["\(Self.name(stack))/\(name)"],
        let live = state.stacks[set.stack]?.shown
      else { return nil }
      if let failure = set.failure { return DescribedChangeSet(state: .failed(failure)) }
      if set.template == live { return DescribedChangeSet(state: .empty) }
      let makesBucket = Self.makesBucket(set.template, set.stack, state)
      return DescribedChangeSet(
        state: .ready,
        changes: [
          ChangedResource(
            logicalID: "Fn", type: "AWS::Lambda::Function", action: "Modify", replacement: "False")
        ]
          // What the bad version let go of, made anew or taken in.
          + (makesBucket
            ? [
              ChangedResource(
                logicalID: "Files", type: "AWS::S3::Bucket", action: set.imports ? "Import" : "Add")
            ] : [])
          // What the bad version added, and what each deployment makes anew.
          + (live.version == "1"
            ? []
            : [
              ChangedResource(logicalID: "Topic", type: "AWS::SNS::Topic", action: "Remove"),
              ChangedResource(
                logicalID: "FnVersion\(live.version)", type: "AWS::Lambda::Version", action: "Remove",
                policy: "Retain"),
            ]))
    }
  }

  /// Whether an update to `template` has the bucket in it that the live version let go of.
  private static func makesBucket(_ template: ModelTemplate, _ name: String, _ state: State) -> Bool {
    state.leftBehind[name] != nil && template.version == "1" && state.stacks[name]?.live.version == "2"
  }

  func deleteChangeSet(_ name: String, of stack: String) async throws(OperationFailure) {
    let isLost = try await read(nil) { state in
      state.changeSets["\(Self.name(stack))/\(name)"] = nil
      return state.generator.chance(state.faults.lostAnswer)
    }
    if isLost { throw OperationFailure(.uncertain, "no answer") }
  }

  func drift(_ stack: String) async throws(OperationFailure) -> DriftAnswer {
    try await read(nil) { state in
      DriftAnswer(drifted: Self.find(stack, state)?.skipped ?? [], inSync: [])
    }
  }

  func failures(
    of stack: String, changeSet: String?, since time: Timestamp
  ) async throws(OperationFailure) -> [String] {
    try await read(nil) { state in
      changeSet.flatMap { state.changeSets["\(Self.name(stack))/\($0)"]?.failure }.map { ["Fn: \($0)"] } ?? []
    }
  }
}
