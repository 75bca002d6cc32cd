import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import JSONValues
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// Gathers what the safety rules look at, and turns what they refuse into an end or a finding.
struct SafetyCheck {
  let command: RevertCommand
  let session: StepSession
  /// A revert that was begun under the rules is ended.
  let isContinued: Bool

  /// What can be known before AWS is asked.
  func firstFacts() async throws -> SafetyFacts {
    var facts = SafetyFacts()
    guard !isContinued else { return facts }
    facts.killSwitch = await KillSwitch(session: session).state()
    facts.rollbacksToday = try max(begunToday(), recordedToday())
    return facts
  }

  /// `facts` and what the plan rests on.
  func completed(
    _ facts: SafetyFacts, _ live: RevertFacts, _ plan: Plan, _ point: RestorePoint?,
    _ evidence: RevertEvidence,
    _ commits: [UndoneCommit]
  ) -> SafetyFacts {
    var facts = facts
    guard !isContinued else { return facts }
    let touched = Set(plan.open.map(\.target))
    let stacks = live.stacks.filter { touched.contains($0.name) }.compactMap(\.live)
    // A person at a terminal sees the age; what runs by itself does not.
    if !session.context.terminal.isInteractive(.standardError) {
      facts.deployedAt = stacks.map(\.updateBeganAt).max()
    }
    facts.lastPutBack = stacks.compactMap(\.lastUpdateToken)
      .filter { $0.operation == .restore && $0.restorePoint != "none" }.map(\.restorePoint).max()
    facts.restorePoint = point?.id
    facts.commits = commits
    facts.failures = evidence.failures
    facts.successes = evidence.successes
    return facts
  }

  /// Ends the run where a rule forbids it and nobody takes responsibility; else what is to be said of it.
  func enforce(_ facts: SafetyFacts) throws -> [PlanFinding] {
    guard !isContinued else { return [] }
    var limits = SafetyLimits()
    limits.rollbacksPerDay = session.policy.revert.maximumPerDay
    limits.isDefaultPerDay = !session.policy.revert.namesMaximumPerDay
    limits.maximumAge = session.policy.revert.maximumAge
    limits.requiresEvidence = session.policy.revert.evidence == .required
    let refusals = SafetyRules.refusals(facts, limits, now: session.context.clock.now)
    if let person = command.operator {
      return refusals.map {
        PlanFinding(
          .safetyRuleOverridden, .warning, target: $0.rule,
          "\(person) takes responsibility although \($0.reason).")
      }
    }
    if command.dryRun {
      return refusals.map {
        PlanFinding(
          .safetyRule, .error, target: $0.rule, remedy: .options(["--operator", "NAME"]),
          "\($0.reason). A person can override it: \(override).")
      }
    }
    guard refusals.isEmpty else {
      throw SafetyRefusal(
        failure: StepFailure(
          .refused, refusals.map(\.reason).joined(separator: "; "),
          advice: "a person can take responsibility: \(override)"))
    }
    return []
  }

  /// Ends the run where nothing lets a program undo what is live, and nobody says why; a dry run shows it in the plan.
  func enforce(_ plan: Plan) throws {
    guard !command.dryRun, let refusal = plan.findings.first(where: { $0.code == .noEvidence }) else {
      return
    }
    throw SafetyRefusal(failure: StepFailure(.refused, refusal.message, advice: bothWays))
  }

  /// What a dry run says where the rollback itself would be refused.
  func wanted(_ refusal: String) -> PlanFinding {
    PlanFinding(
      .noEvidence, .notice, "to be carried out without a person it wants more, for \(refusal): \(bothWays)")
  }

  /// How a finished deployment is rolled back: by evidence, or by somebody's word.
  private var bothWays: String {
    "let smoke-test \(session.environment) or watch-30m \(session.environment) judge what is live: a stop on record lets it "
      + "be rolled back; or say why: \(CommandText(command, session).text(adding: ["--reason", "TEXT"]))"
  }

  /// A word where nobody says why and little is on record.
  func advice(_ evidence: RevertEvidence) -> [PlanFinding] {
    guard !isContinued, command.reason == nil, command.operator == nil, evidence.failures < 2
    else { return [] }
    return [
      PlanFinding(
        .evidenceThin, .notice,
        "fewer than two failures of this deployment are on record, and --reason was not given.")
    ]
  }

  /// The command for a person, with what was asked for.
  private var override: String {
    CommandText(command, session).text(adding: ["--operator", "NAME"])
  }

  /// Rollbacks of the last 24 hours in the environment's trail, which runs on other machines wrote as well.
  private func recordedToday() throws -> Int {
    let since = session.context.clock.now - .seconds(86_400)
    var count = 0
    try session.ledger()?.walk { line in
      let entry = line.entry
      if entry.step == .autoRevert, ["restored", "deleted"].contains(entry.facts["outcome"]),
        entry.finishedAt > since
      {
        count += 1
      }
      return entry.finishedAt > since
    }
    return count
  }

  /// Begin lines of the last 24 hours in all journals; those of one revert that was continued count once.
  private func begunToday() throws -> Int {
    let (files, records) = (session.context.files, session.records.root)
    guard try files.status(of: records) != nil else { return 0 }
    var count = 0
    for name in try files.names(in: records) where name.hasPrefix("journal-") && name.hasSuffix(".jsonl") {
      let id = String(name.dropFirst("journal-".count).dropLast(".jsonl".count))
      let journal = RevertJournal(
        records: records, restorePoint: id, application: session.application, files: files,
        clock: session.context.clock, redactor: session.redactor)
      var isOpen = false
      for line in try journal.lines() {
        switch line["event"]?.string {
        // A quick setting alone rolls nothing back.
        case RevertJournal.Event.begin.rawValue
        where line["method"]?.string != PlanOptions.Method.relief.rawValue:
          let at = line["at"]?.string.flatMap { Timestamp($0) }
          let age = at.map { session.context.clock.now - $0 }
          // A time from the future is no time of a run.
          if !isOpen, let age, age < .seconds(86_400), age > .zero - FileTrust.clockTolerance { count += 1 }
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

/// The end of a run that a safety rule forbids.
struct SafetyRefusal: Error {
  let failure: StepFailure
}

/// The command line that a run was begun with, for a person to run again.
struct CommandText {
  private var words: [String]

  init(_ command: RevertCommand, _ session: StepSession) {
    words = ["auto-revert", session.environment]
    func add(_ name: String, _ value: String?) { if let value { words += [name, value] } }
    add("--config-dir", command.common.configDir)
    add("--records", command.common.records)
    add("--policy", command.common.policy)
    add("--method", command.method)
    for role in command.only { add("--only", role) }
    add("--to", command.to)
    add("--reason", command.reason)
    add("--deadline", command.deadline)
    for word in command.confirm { add("--confirm", word) }
    for path in command.skip { add("--skip", path) }
    for path in command.allowStateful { add("--allow-stateful", path) }
    for change in command.relief { add("--relief", change) }
    for parameter in command.parameter { add("--parameter", parameter) }
    let flags = [
      (command.overrideStackPolicy, "--override-stack-policy"), (command.rollbackSchema, "--rollback-schema"),
      (command.restoreDatabase, "--restore-database"), (command.common.pushLedger, "--push-ledger"),
      (command.force, "--force"), (command.allowReplace, "--allow-replace"),
      (command.skipStuck, "--skip-stuck"),
      (command.acceptSchema, "--accept-schema"), (command.skipSharedLock, "--skip-shared-lock"),
      (command.keepExports, "--keep-exports"),
    ]
    words += flags.filter(\.0).map(\.1)
  }

  /// The line that goes back to the restore point `id`, whichever was named.
  func text(to id: String) -> String {
    var copy = self
    if let place = copy.words.firstIndex(of: "--to") { copy.words.removeSubrange(place...(place + 1)) }
    return copy.text(adding: ["--to", id])
  }

  /// The line, quoted for a shell where that is needed.
  func text(adding more: [String] = []) -> String {
    (words + more).map { word in
      let isPlain = word.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || "-_./:=,@".utf8.contains($0)
      }
      return isPlain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }.joined(separator: " ")
  }
}
