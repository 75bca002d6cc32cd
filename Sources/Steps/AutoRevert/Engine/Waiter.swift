import CloudFormationModel
import RollbackPlanning
import SystemInterfaces

/// Waits for an operation on a stack: a loop over the acceptors.
struct Waiter {
  let cloudFormation: any CloudFormationOperations
  let clock: any WallClock
  let calls: CallRunner
  let polling: Polling
  let reporter: ProgressReporter
  let deadline: Timestamp

  /// Waits until `operation` on `stack` has ended.
  /// - Parameter baseline: how the stack stood before our call; nil for an operation that already ran.
  func wait(
    for operation: StackOperation, on stack: String, name: String, since start: Timestamp,
    baseline: CallRunner.Baseline?
  ) async throws -> ActionResult.Ending {
    var pause = polling.first
    var lastShown = ""
    while true {
      let described = try await cloudFormation.describe(stack)
      let events = described == nil ? [] : try await cloudFormation.events(stack, since: start - .seconds(60))
      let shown = show(name, described, events, start)
      if shown != lastShown { pause = polling.first }
      lastShown = shown

      if let baseline, let described, !hasBegun(described, events, baseline) {
        // Accepted, and nothing to see yet: the service is eventually consistent.
        if clock.now - baseline.at > polling.startTimeout {
          return .replanned(
            "the call was accepted, but nothing has begun for \(polling.startTimeout.inSeconds) seconds")
        }
      } else {
        // An update for the triggers alone lasts as long as they are watched, and changes nothing meanwhile.
        if operation == .triggers, baseline != nil, isMoving(described) { return .done }
        switch judge(operation, described) {
        case .done: return .done
        case .replan(let why): return .replanned(why)
        case .failed(let why):
          return .failed(try await withCause(why, stack, events, baseline?.newestEvent ?? start))
        case .again: break
        }
      }
      if clock.now >= deadline {
        return .deadline("\(name) is still \(described?.status ?? "there")")
      }
      try await clock.sleep(for: min(pause, deadline - clock.now))
      pause = min(pause * polling.factor, polling.longest)
    }
  }

  private func isMoving(_ described: DescribedStack?) -> Bool {
    described.flatMap { StackStatus(known: $0.status) }?.rule.condition == .moving
  }

  private func judge(_ operation: StackOperation, _ described: DescribedStack?) -> WaitOutcome {
    guard let described else { return operation.judge(nil) }
    guard let status = StackStatus(known: described.status) else {
      return .failed("the stack is in the status \(described.status), which is not known here")
    }
    return operation.judge(status)
  }

  private func hasBegun(
    _ described: DescribedStack, _ events: [DescribedEvent], _ baseline: CallRunner.Baseline
  ) -> Bool {
    // A cancel leaves the status as it is until it takes effect; only an end must not be one from before the call.
    if StackStatus(known: described.status)?.rule.condition == .moving { return true }
    if described.status != baseline.status || described.updatedAt != baseline.updatedAt { return true }
    guard let newest = events.first(where: \.isOfStack)?.at else { return false }
    return baseline.newestEvent.map { newest > $0 } ?? true
  }

  private func withCause(
    _ why: String, _ stack: String, _ events: [DescribedEvent], _ since: Timestamp
  ) async throws -> String {
    if let cause = StackHistory(events).firstCause(since: since) {
      return
        "\(why). First cause: \(cause.logicalID) (\(cause.type)) \(cause.status): \(cause.reason ?? "no reason given")"
    }
    // What validation refuses, and what hooks do, stands among the operation's own events alone.
    return [why, try await OperationCauses(cloudFormation).first(of: stack, changeSet: nil, since: since)]
      .compactMap(\.self).joined(separator: ". First cause: ")
  }

  private func show(
    _ name: String, _ described: DescribedStack?, _ events: [DescribedEvent], _ start: Timestamp
  ) -> String {
    var text = "\(name): \(described?.status ?? "gone")"
    if let current = StackHistory(events).current, current.at >= start {
      text += ", \(current.logicalID) \(current.status)"
    }
    reporter.update("\(text) (\(Int((clock.now - start).inSeconds)) s)")
    return text
  }
}
