import AWSClients
import DeploymentConfig
import HealthWatch
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// Gives a new version more and more of the traffic, watching it at each share, and takes it back at once where it is bad.
struct PromotionRun {
  let wish: PromotionWish
  /// The watch of each share; its length and its deployment are the promotion's.
  let request: WatchRequest
  let session: StepSession

  /// What is to be done.
  struct Plan {
    var aliases: [PromotedAlias]
    /// In per cent, the one that is watched first.
    var shares: [Double]
    /// What an earlier run of the same command has done.
    var unfinished: PromotionJournal.Unfinished?
    /// Whether an earlier run had begun to take the new versions back.
    var isTakenBack: Bool { unfinished?.since[0] != nil }
  }

  private var journal: PromotionJournal { PromotionJournal(session) }

  func outcome() async throws -> StepOutcome<WatchPart> {
    try confirm(isContinued: try journal.unfinished() != nil)
    try await session.lockEnvironment(for: .watch30m)
    if let done = try await alreadyDone() { return done }
    let plan = try await plan()
    for line in lines(plan) { session.progress.say(line) }
    if plan.unfinished == nil {
      try journal.begin(plan.aliases, plan.shares, each: wish.each)
      for alias in plan.aliases where alias.share > 0 {
        try journal.after(alias, alias.share, PromotionJournal.found)
      }
    }
    let weights = AliasWeights(
      plan.aliases, clients: try session.clients(), journal: journal, clock: session.context.clock)
    return try await PromotionStages(run: self, plan: plan, weights: weights, journal: journal).outcome()
  }

  /// The plan alone.
  /// - Throws: what would keep it from being run, with the status `stop`.
  func shownPlan() async throws -> String {
    do {
      if try await alreadyDone() != nil {
        return "nothing is left to do: the last promotion came to its end\n"
      }
      let plan = try await plan()
      var text = lines(plan)
      if session.isProduction, plan.unfinished == nil, !wish.confirm.contains(PromotionWish.productionWord) {
        text.append(
          "\(session.environment) is production: it wants --confirm \(PromotionWish.productionWord)")
      }
      return text.joined(separator: "\n") + "\n"
    } catch let failure as StepFailure where failure.status == .refused {
      throw StepFailure(.stop, failure.message, advice: failure.advice)
    }
  }

  // MARK: - May it begin?

  private func confirm(isContinued: Bool) throws {
    let word = PromotionWish.productionWord
    guard session.isProduction, !isContinued, !wish.confirm.contains(word) else { return }
    guard session.context.terminal.isInteractive(.standardError) else {
      throw StepFailure(
        .refused, "\(session.environment) is production, and --confirm \(word) was not given",
        advice: "look at the plan with --dry-run, then run this again with --confirm \(word)")
    }
    session.context.terminal.write(
      "WARNING: GIVING A NEW VERSION TRAFFIC OF PRODUCTION (\(session.environment))\nType '\(word)' to confirm: ",
      to: .standardError)
    guard session.context.terminal.readAnswer() == word else {
      throw StepFailure(.refused, "'\(word)' was not typed", advice: "nothing was changed")
    }
  }

  // MARK: - The plan

  /// Whether the last promotion ended well and every alias still stands as it left it, with nothing newer to promote.
  private func alreadyDone() async throws -> StepOutcome<WatchPart>? {
    guard try journal.unfinished() == nil else { return nil }
    let done = try journal.promoted()
    guard !done.isEmpty, try await targets().isEmpty else { return nil }
    for alias in done {
      let live = try await LambdaClient(try session.clients()[alias.stack]).getAlias(
        alias.function, name: alias.alias)
      guard alias.seen(live)?.share == alias.share else { return nil }
    }
    var record = PromotionRecord(
      aliases: done.map(\.record), plan: wish.shares.values, each: wish.each.inSeconds, outcome: .promoted,
      journal: journal.journal.path)
    record.steps = []
    return StepOutcome(
      verdict: .go, findings: [],
      summary: .init(
        reasons: [
          "promoted already: "
            + done.map { "\($0.target) stands for version \($0.new)" }.joined(separator: ", ")
        ],
        counts: [:]),
      part: WatchPart(nothingSeenAt: session.context.clock.now, promotion: record))
  }

  private func targets() async throws -> [PromotedAlias] {
    try await PromotionTargets(
      stacks: session.config.stacks.map(\.name), clients: try session.clients(), wish: wish
    ).found()
  }

  private func plan() async throws -> Plan {
    if let unfinished = try journal.unfinished() { return try await continued(unfinished) }
    let found = try await targets()
    guard !found.isEmpty else {
      throw StepFailure(
        .refused,
        "nothing to promote: no alias of the stacks' functions"
          + (wish.aliases.isEmpty ? "" : " called \(wish.aliases.joined(separator: " or "))")
          + " has a newer published version",
        advice: "publish a version of the function, or name the alias with --alias")
    }
    for (function, all) in Dictionary(grouping: found, by: \.function).sorted(by: { $0.key < $1.key })
    where all.count > 1 && wish.aliases.isEmpty {
      throw StepFailure(
        .refused,
        "\(function) has \(all.count) aliases with a newer version: \(all.map(\.alias).sorted().joined(separator: ", "))",
        advice: "say which with --alias, once for each")
    }
    for alias in found where alias.new == "$LATEST" {
      throw StepFailure(
        .refused, "\(alias.target) divides its calls with $LATEST, which changes under it",
        advice: "publish a version")
    }
    return Plan(aliases: found, shares: wish.shares.from(found.map(\.share).max() ?? 0))
  }

  /// The plan of an earlier run, from where it stands now.
  private func continued(_ unfinished: PromotionJournal.Unfinished) async throws -> Plan {
    var aliases: [PromotedAlias] = []
    for alias in unfinished.aliases {
      let live = try await LambdaClient(try session.clients()[alias.stack]).getAlias(
        alias.function, name: alias.alias)
      guard let seen = alias.seen(live) else {
        throw StepFailure(
          .refused,
          "\(alias.target) stands for \(PromotedAlias.text(live)), and the promotion that was begun is of version "
            + "\(alias.new) beside version \(alias.old)",
          advice: "somebody else has changed it: move \(journal.journal.path) away to begin anew")
      }
      aliases.append(seen)
    }
    // An alias that an earlier run did not come to is brought where the others are.
    let reached = aliases.map(\.share).max() ?? 0
    let all = Set(wish.shares.values).union(reached > 0 ? [reached] : []).sorted()
    let open = all.filter { !unfinished.passed.contains($0) && $0 >= reached }
    return Plan(aliases: aliases, shares: open, unfinished: unfinished)
  }

  /// The plan in words.
  func lines(_ plan: Plan) -> [String] {
    if plan.isTakenBack {
      return ["an earlier run had begun to take the new version back: that is brought to its end"]
    }
    let steps = plan.shares.map { shareText($0) }.joined(separator: ", ")
    var lines = plan.aliases.map { alias in
      "\(alias.target): version \(alias.new) beside version \(alias.old), \(shareText(alias.share)) of the calls now"
    }
    lines.append(
      "then \(steps), each watched for \(people(wish.each)); a stop gives version "
        + "\(Set(plan.aliases.map(\.old)).sorted().joined(separator: ", ")) all calls again at once")
    if plan.unfinished != nil { lines.append("going on with what an earlier run began") }
    return lines
  }
}
