import AWSClients
import HealthWatch
import StepResults
import Synchronization
import SystemInterfaces

/// Why a promotion does not go on, where neither the watch nor a fault says so.
struct PromotionHalt: Error, Hashable {
  var message: String
}

/// The weights of the aliases of a promotion: changed one call an alias, each with a journal line before and after.
final class AliasWeights: Sendable {
  private let clients: StackClients
  private let journal: PromotionJournal
  private let clock: any WallClock
  private struct State {
    var aliases: [PromotedAlias]
    var changes: [PromotionRecord.Change] = []
    var problems: [String] = []
  }
  private let state: Mutex<State>

  init(
    _ aliases: [PromotedAlias], clients: StackClients, journal: PromotionJournal, clock: any WallClock
  ) {
    self.clients = clients
    self.journal = journal
    self.clock = clock
    state = Mutex(State(aliases: aliases))
  }

  /// As they were seen last.
  var aliases: [PromotedAlias] { state.withLock { $0.aliases } }
  /// The calls so far.
  var changes: [PromotionRecord.Change] { state.withLock { $0.changes } }
  /// What went wrong when the old version was to get all traffic again.
  var problems: [String] { state.withLock { $0.problems } }

  /// Sees that nobody else has changed the aliases since they were seen last.
  /// - Throws: `PromotionHalt` where somebody has; what AWS throws.
  func look() async throws {
    for alias in aliases { _ = try await seen(alias, wanted: alias.share) }
  }

  /// Gives the new versions `share` per cent. An alias that has it already is left alone.
  /// - Throws: `PromotionHalt` where somebody else has changed an alias; what AWS throws.
  func raise(to share: Double) async throws {
    // A signal must not leave open whether a call was made.
    try await Task { try await self.raiseEach(to: share) }.value
  }

  private func raiseEach(to share: Double) async throws {
    for alias in aliases {
      let seen = try await seen(alias, wanted: share)
      guard seen.share != share else { continue }
      try journal.before(seen, share)
      do {
        keep(try await update(seen, share))
      } catch let error as AWSError {
        try journal.after(seen, share, error.kind.rawValue)
        note(seen, share, error.description)
        // The call whose answer was lost may have been made, and the same call again was refused for it.
        let now = try await client(alias).getAlias(alias.function, name: alias.alias)
        guard let found = alias.seen(now), found.share == share else {
          if error.kind == .conflict { throw changed(alias, to: now) }
          throw error
        }
        keep(found)
      }
      try journal.after(seen, share, "accepted")
      note(seen, share, "accepted")
    }
  }

  /// Gives the old versions all traffic again: one call an alias, and nothing before it. A journal that cannot be written does
  /// not keep it back, and neither does an alias that cannot be changed keep back the others.
  func takeBack() async {
    await Task { await self.takeBackEach() }.value
  }

  private func takeBackEach() async {
    for alias in aliases where alias.share > 0 {
      written { try journal.before(alias, 0) }
      do {
        keep(try await update(alias, 0))
        written { try journal.after(alias, 0, "accepted") }
        note(alias, 0, "accepted")
      } catch {
        await lookAfter(error, alias)
      }
    }
  }

  /// A call that was refused or not answered: was it made all the same, or has somebody else been at it?
  private func lookAfter(_ error: any Error, _ alias: PromotedAlias) async {
    do {
      let now = try await client(alias).getAlias(alias.function, name: alias.alias)
      if let found = alias.seen(now), found.share == 0 {
        keep(found)
        written { try journal.after(alias, 0, "accepted") }
        return note(alias, 0, "accepted")
      }
      if (error as? AWSError)?.kind == .conflict {
        problem("\(changed(alias, to: now).message); it was left as it is")
        return note(alias, 0, "changed by others")
      }
    } catch let other {
      problem("\(alias.target) could not be looked at: \(other)")
    }
    written { try journal.after(alias, 0, (error as? AWSError)?.kind.rawValue ?? "failed") }
    note(alias, 0, "\(error)")
    problem("\(alias.target) was not taken back: \(error); do it by hand: \(alias.takingBack)")
  }

  /// The alias in AWS, if it has the share that is known or the one that is wanted.
  private func seen(_ alias: PromotedAlias, wanted: Double) async throws -> PromotedAlias {
    let live = try await client(alias).getAlias(alias.function, name: alias.alias)
    guard let seen = alias.seen(live), seen.share == alias.share || seen.share == wanted else {
      throw changed(alias, to: live)
    }
    keep(seen)
    return seen
  }

  private func changed(_ alias: PromotedAlias, to live: FunctionAlias) -> PromotionHalt {
    PromotionHalt(
      message:
        "somebody else has changed the alias \(alias.target): it stands for \(PromotedAlias.text(live)), and stood "
        + "for version \(alias.old) and version \(alias.new) at \(shareText(alias.share)); UpdateAlias in CloudTrail "
        + "says who")
  }

  private func update(_ alias: PromotedAlias, _ share: Double) async throws -> PromotedAlias {
    let routing = alias.routing(share)
    let answer = try await client(alias).updateAlias(
      alias.function, name: alias.alias, version: routing.version, weights: routing.weights,
      revisionId: alias.revisionId)
    return alias.seen(answer) ?? alias
  }

  private func client(_ alias: PromotedAlias) -> LambdaClient { LambdaClient(clients[alias.stack]) }

  private func keep(_ alias: PromotedAlias) {
    state.withLock { state in
      for index in state.aliases.indices where state.aliases[index].target == alias.target {
        state.aliases[index] = alias
      }
    }
  }

  private func note(_ alias: PromotedAlias, _ share: Double, _ result: String) {
    state.withLock {
      $0.changes.append(.init(at: clock.now, target: alias.target, share: share, result: result))
    }
  }

  private func problem(_ text: String) { state.withLock { $0.problems.append(text) } }

  private func written(_ write: () throws -> Void) {
    do { try write() } catch { problem("the journal could not be written: \(error)") }
  }
}
