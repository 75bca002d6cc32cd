import AWSClients
import DeploymentConfig
import DeploymentRecords
import GitHistory
import JSONValues
import Redaction
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// One run of the step: what is asked for, whether it may begin, and what an end without a result means.
struct RevertRun {
  let command: RevertCommand
  let session: StepSession

  func outcome() async throws -> StepOutcome<RevertPart> {
    if let branch = command.branch, !GitRepository.isBranchName(branch) {
      throw StepFailure(
        .usage, "--branch \(branch): git takes no branch of that name",
        advice: "git check-ref-format says which names it takes")
    }
    if command.gitOnly { return try await GitOnlyAdapter.outcome(command, session) }
    if let commits = command.revert.first {
      // It would roll the stacks back, whatever commits these are.
      throw StepFailure(
        .usage, "--revert \(commits) is for --git-only: stacks go back to a restore point",
        advice:
          "add --git-only to revert in git alone, or leave it out; --to names a restore point or its commit")
    }
    _ = try DeliveryWish(command, session)
    let limit = TimeLimit(try deadline(), clock: session.context.clock)
    let request = try await request()
    // The same command again goes on in the thread of the run that was killed, too.
    let notifier = Notifier(session, isContinued: try newestUnfinished() != nil)
    if command.dryRun { await notifier.check() }
    let evidence = try RevertEvidence(session)
    let stages = RevertStages(run: self, request: request, limit: limit, notifier: notifier)
    do {
      return try await limit.run { try await stages.outcome(evidence) }
    } catch {
      throw try await told(error, limit, notifier, evidence, request.options.method)
    }
  }

  // MARK: - What is asked for

  /// What the command line asks for, once it is known that it may begin: nothing is asked of AWS before.
  private func request() async throws -> RevertRequest {
    var options = try planOptions(mayBeTyped: canAsk || command.dryRun)
    let hidden = try HiddenParameters.requests(command.parameter)
    let reliefs = try reliefs()
    let targets = session.confirmedStacks.map { TargetStack(role: $0.role, name: $0.name) }
    guard !targets.isEmpty else {
      throw StepFailure(
        .data, "\(session.config.path) names no stack",
        advice: "write API_STACK=… and the like into the configuration")
    }
    try checkRoles(targets)
    try JournalCare(
      session: session, mayGoWithout: command.withoutJournal,
      commandWithout: CommandText(command, session).text(adding: ["--without-journal"])
    ).look()
    // What was not confirmed changes nothing and asks nobody.
    let confirmation = judgeConfirmation(isContinued: try unfinished() != nil)
    if case .refused(let reason, let advice) = confirmation, !command.dryRun {
      throw StepFailure(.refused, reason, advice: advice)
    }
    if let missing = missingWord, !canAsk, !command.dryRun { throw missing }
    if !command.dryRun {
      try await session.lockEnvironment(
        for: .autoRevert, takeOver: command.takeLock, mayGoWithoutShared: command.skipSharedLock)
    }
    // Whoever held the lock may have ended what was unfinished.
    let continued = try unfinished()
    if let continued {
      options.only = try continued.roles(options.only)
      options.method = try continued.method(command.method.map { _ in options.method })
      if options.method == .relief, reliefs.isEmpty {
        throw StepFailure(
          .usage,
          "--continue: the revert that is continued was --method relief, which needs its --relief again",
          advice: "give it as before")
      }
    }
    return RevertRequest(
      options: options, reliefs: reliefs, hidden: hidden, targets: targets, continued: continued,
      confirmation: confirmation)
  }

  /// What a method wants typed on the command line, whatever the plan is.
  private var missingWord: StepFailure? {
    func refusal(_ option: String, _ what: String, _ word: String) -> StepFailure? {
      guard !command.confirm.contains(word) else { return nil }
      return StepFailure(
        .refused, "\(option) \(what), and --confirm \(word) was not given",
        advice: "look at the plan with --dry-run, then run this again with --confirm \(word)")
    }
    if command.method == PlanOptions.Method.delete.rawValue {
      return refusal("--method delete", "removes the stacks and ALL THEIR DATA for good", "DELETE")
    }
    guard command.restoreDatabase else { return nil }
    return refusal(
      "--restore-database", "loses what was written since the snapshot to the application", "RESTORE-DATABASE"
    )
  }

  /// A role that the configuration does not have is a wrong command line.
  private func checkRoles(_ targets: [TargetStack]) throws {
    let known = Set(targets.map(\.role))
    for role in command.only where !known.contains(role.lowercased()) {
      throw StepFailure(
        .usage,
        "--only \(role): \(session.config.path) names no \(role.uppercased())_STACK",
        advice: "roles there are: \(known.sorted().joined(separator: ", "))")
    }
  }

  private func newestUnfinished() throws -> (restorePoint: String?, begin: JSONValue)? {
    try RevertJournal.newestUnfinished(
      records: session.records.root, application: session.application, files: session.context.files,
      clock: session.context.clock, redactor: session.redactor)
  }

  private func unfinished() throws -> ContinuedRevert? {
    let found = try newestUnfinished()
    if command.continues, found == nil {
      throw StepFailure(
        .data, "--continue: there is no unfinished revert in \(session.records.root)",
        advice: "run auto-revert \(session.environment) without --continue")
    }
    guard let found, command.continues else { return nil }
    return ContinuedRevert(
      restorePoint: found.restorePoint, only: RevertJournal.only(found.begin),
      method: RevertJournal.method(found.begin))
  }

  private func judgeConfirmation(isContinued: Bool) -> RollbackConfirmation {
    RollbackConfirmation.judge(
      environment: session.environment, isProduction: session.isProduction, words: Set(command.confirm),
      isForced: command.force, isContinued: isContinued,
      canAsk: canAsk)
  }

  // MARK: - An end without a result

  /// What to end with, once those who were told of the beginning are told of the end.
  private func told(
    _ error: any Error, _ limit: TimeLimit, _ notifier: Notifier, _ evidence: RevertEvidence,
    _ method: PlanOptions.Method
  ) async throws -> any Error {
    func tell(_ detail: String) async {
      guard !command.dryRun else { return }
      await notifier.tell(message(Plan(), evidence, method, .needsPerson, detail: detail))
      for finding in await notifier.findings { session.progress.say("warning: \(finding.message)") }
    }
    switch error {
    case _ where limit.isOver && (error is CancellationError || error is OperationFailure):
      let ended = try outOfTime(error)
      await tell("\(ended.message); \(ended.advice)")
      return ended
    case _ where error is OperationFailure || error is FileError:
      let hasBegun = try !command.dryRun && newestUnfinished() != nil
      let ended = RevertRun.stepFailure(error, session.environment, hasBegun: hasBegun)
      await tell("\(ended.message); \(ended.advice)")
      return ended
    case let refusal as SafetyRefusal:
      await tell("refused: \(refusal.failure.message); \(refusal.failure.advice)")
      return refusal.failure
    case let failure as StepFailure where [.refused, .usage].contains(failure.status):
      // The person who called it sits before it.
      return failure
    case is CancellationError: return error
    default:
      await tell("\(StepFailure(describing: error))")
      return error
    }
  }

  /// The time ran out before there was anything to say of stacks.
  private func outOfTime(_ error: any Error) throws -> StepFailure {
    let hasBegun = try !command.dryRun && newestUnfinished() != nil
    let last = (error as? OperationFailure).map { ": \($0.message)" } ?? ""
    return StepFailure(
      .unavailable, "the time for everything ran out\(last)",
      advice: hasBegun
        ? "what was begun goes on in AWS: run auto-revert \(session.environment) --continue"
        : "nothing was begun: run the same command again, with a longer --deadline if AWS is slow")
  }

  /// A call that AWS did not take, or a journal that cannot be written, since no call is made without its line: with the word
  /// whether anything was begun.
  static func stepFailure(_ error: any Error, _ environment: String, hasBegun: Bool) -> StepFailure {
    let status: StepResults.ExitStatus =
      switch (error as? OperationFailure)?.kind {
      case .credentials: .refused
      case .refused, .alreadyAccepted, .pointless: .stop
      case .unreachable, .throttled, .uncertain, .unintelligible, nil: .unavailable
      }
    let mend = error is FileError ? "make room or set the permissions" : "mend that"
    return StepFailure(
      status, "\(error)",
      advice: hasBegun
        ? "what was begun goes on in AWS: \(mend), then run auto-revert \(environment) --continue"
        : "nothing was begun: \(mend), and run the same command again")
  }
}

/// What the command line asks for.
struct RevertRequest {
  var options: PlanOptions
  var reliefs: [ReliefRequest]
  var hidden: [HiddenParameters.Request]
  var targets: [TargetStack]
  var continued: ContinuedRevert?
  var confirmation: RollbackConfirmation
}

/// A revert that an earlier run began and did not end.
struct ContinuedRevert {
  /// Nil where there was none.
  var restorePoint: String?
  /// The roles that it was confirmed for; empty means all.
  var only: Set<String>
  /// How it went back.
  var method = PlanOptions.Method.automatic

  /// The roles to go on with, of which `asked` are asked for now: nobody confirms a continued revert again, so it never
  /// reaches a stack that it was not confirmed for.
  func roles(_ asked: Set<String>) throws(StepFailure) -> Set<String> {
    if asked.isEmpty || only.isEmpty { return asked.union(only) }
    let more = asked.subtracting(only).sorted()
    guard more.isEmpty else {
      throw StepFailure(
        .usage,
        "--only \(more.joined(separator: ", ")): the revert that is continued was for \(only.sorted().joined(separator: ", ")) alone",
        advice: "continue it without --only, and roll the other stacks back by a run of their own")
    }
    return asked
  }

  /// The method to go on with, of which `asked` was named now; nil where none was.
  func method(_ asked: PlanOptions.Method?) throws(StepFailure) -> PlanOptions.Method {
    guard let asked, asked != method else { return method }
    throw StepFailure(
      .usage,
      "--method \(asked.rawValue): the revert that is continued was begun with --method \(method.rawValue)",
      advice: "continue it without --method, or begin another one without --continue")
  }
}
