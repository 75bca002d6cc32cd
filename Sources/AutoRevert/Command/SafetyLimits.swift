import DeploymentConfig
import JSONValues
import Records
import RollbackPlan
import StepCommand
import SystemInterfaces

/// Rules of systems that revert by themselves; a person overrides each with `--operator NAME`.
struct SafetyLimits {
  let command: RevertCommand
  let session: StepSession

  /// The kill switch, and how often a revert may run in a day. A dry run and one that is continued are not counted.
  func check(isContinued: Bool) throws {
    guard command.operator == nil, !command.dryRun, !isContinued else { return }
    let policy = session.policy.revert
    if !policy.killSwitch.isEmpty {
      let path = "\(session.repositoryRoot ?? session.context.workingDirectory)/\(policy.killSwitch)"
      // Closed also where it cannot be looked at.
      if try session.context.files.status(of: path) != nil {
        throw refused("the kill switch \(policy.killSwitch) forbids automatic reverts")
      }
    }
    let count = try begunToday()
    if count >= policy.maximumPerDay {
      throw refused(
        "\(count) reverts were begun in the last 24 hours, and the policy allows \(policy.maximumPerDay)")
    }
  }

  /// A deployment that is long live is not undone without a person.
  func checkAge(_ facts: RevertFacts, isContinued: Bool) throws {
    guard command.operator == nil, !isContinued, !session.context.terminal.isInteractive(.standardError),
      let newest = facts.stacks.compactMap({ $0.live?.updateBeganAt }).max()
    else { return }
    let age = session.context.clock.now - newest
    let limit = session.policy.revert.maximumAge
    if age > limit {
      throw refused(
        "the newest deployment began \(RevertReport.minutes(age.inSeconds)) ago; after "
          + "\(RevertReport.minutes(limit.inSeconds)) a person decides")
    }
  }

  private func refused(_ reason: String) -> StepFailure {
    StepFailure(
      .refused, reason,
      advice:
        "a person can take responsibility: auto-revert \(session.environment) --operator NAME and the options as "
        + "before")
  }

  /// Begin lines of the last 24 hours in all journals; those of one revert that was continued count once.
  private func begunToday() throws -> Int {
    let (files, records) = (session.context.files, session.records.root)
    guard try files.status(of: records) != nil else { return 0 }
    var count = 0
    for name in try files.names(in: records) where name.hasPrefix("journal-") && name.hasSuffix(".jsonl") {
      let id = String(name.dropFirst("journal-".count).dropLast(".jsonl".count))
      let journal = RevertJournal(
        records: records, restorePoint: id, files: files, clock: session.context.clock,
        redactor: session.redactor)
      var isOpen = false
      for line in try journal.lines() {
        switch line["event"]?.string {
        case RevertJournal.Event.begin.rawValue:
          let at = line["at"]?.string.flatMap { Timestamp($0) }
          if !isOpen, let at, session.context.clock.now - at < .seconds(86_400) { count += 1 }
          isOpen = true
        case RevertJournal.Event.end.rawValue: isOpen = false
        default: break
        }
      }
      // Going on with an open one is no new revert.
      if isOpen { count -= 1 }
    }
    return max(0, count)
  }
}
