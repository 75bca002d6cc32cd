import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import GitHistory
import Glibc
import Redaction
import Reporting
import StepResults
import Synchronization
import SystemInterfaces

/// The lock of the environment, held from here to the end of the step.
extension StepSession {
  /// What a session holds.
  struct HeldLock: Sendable {
    var local: EnvironmentLock
    var step: Step
    /// The lock in the ledger, where the remote holds it, or may hold it: the answer to the push was lost.
    var shared: LedgerLock?
  }

  /// Locks the environment: on this machine by the records folder, and with `--push-ledger` for all who use the remote.
  /// The step's end releases it.
  /// - Parameters:
  ///   - takeOver: the run that was named to take the ledger's lock from.
  ///   - mayGoWithoutShared: whether the lock on this machine does where the ledger's remote cannot be asked.
  /// - Throws: `StepFailure` with the status `busy` where another run holds it.
  public func lockEnvironment(
    for step: Step, takeOver: String? = nil, mayGoWithoutShared: Bool = false
  ) async throws {
    let now = context.clock.now
    let local = try localLock(now)
    var held = HeldLock(local: local, step: step)
    if pushesLedger {
      let wanted = sharedLock(step, now)
      do {
        try await lockLedger(local, wanted, takeOver: takeOver, now: now)
        held.shared = wanted
      } catch let error as GitError {
        guard mayGoWithoutShared else { throw StepSession.advising(error, wanted, ledgerRemoteName) }
        if StepSession.mayHoldLock(after: error) { held.shared = wanted }
        remarkUnshared(error, wanted)
      }
    } else if takeOver != nil {
      throw StepFailure(
        .usage, "--take-lock takes over a lock of the ledger, and the ledger is not used",
        advice: "add --push-ledger; a lock on this machine ends with its run")
    }
    lock.withLock { $0 = held }
  }

  /// Ends where another run holds the environment, and locks nothing: for a run that changes nothing.
  /// - Throws: `StepFailure` with the status `busy`.
  public func lookAtLock() async throws {
    let now = context.clock.now
    let local = try localLock(now)
    defer { withExtendedLifetime(local) {} }
    guard pushesLedger else { return }
    progress.update("looking at the lock of \(environment) at \(ledgerRemoteName)")
    try await fetchLedger()
    let found = try ledger()?.lock()
    let standing = LedgerLock.standing(found, own: Set(local.staleLocks), takeOver: nil, now: now)
    if standing == .held, let found { throw heldByAnother(found, now) }
  }

  /// The lock on this machine.
  private func localLock(_ now: Timestamp) throws -> EnvironmentLock {
    clearTheWay()
    try records.prepareFolder()
    return try EnvironmentLock(
      records: records.root, files: context.files,
      owner: "process \(context.processId), run \(records.run)", now: now, setAside: setAside)
  }

  private func heldByAnother(_ other: LedgerLock, _ now: Timestamp) -> StepFailure {
    StepFailure(
      .busy,
      "another run holds the lock of \(environment) in \(Ledger.reference(of: ledgerName)) at "
        + "\(ledgerRemoteName): \(other.words(at: now))",
      advice:
        "wait until it has ended; if it was killed, take the lock with --take-lock \(other.run), or wait until "
        + other.expiresAt.formatted(milliseconds: false))
  }

  private func sharedLock(_ step: Step, _ now: Timestamp) -> LedgerLock {
    LedgerLock(
      id: context.random.hex(16), run: redactor.redact(records.run), step: step,
      holder: "\(StepSession.hostName), process \(context.processId)", since: now,
      expiresAt: now + policy.ledger.lockExpiry)
  }

  private func lockLedger(
    _ local: EnvironmentLock, _ wanted: LedgerLock, takeOver: String?, now: Timestamp
  ) async throws {
    try local.note(wanted.id)
    progress.update("locking \(environment) at \(ledgerRemoteName)")
    let answer = try await withLedgerSync {
      try await $0.take(wanted, own: Set(local.staleLocks), takeOver: takeOver)
    }
    switch answer {
    case .held(let other): throw heldByAnother(other, now)
    case .taken(let other):
      if let other { progress.say("took over the lock of \(other.words(at: now))") }
    }
  }

  /// Whether the remote may have taken a lock although no answer came: where fetching failed before, nothing was sent.
  private static func mayHoldLock(after error: GitError) -> Bool {
    error.kind == .unreachable && error.call != "git_remote_fetch"
  }

  /// The same error, with the ways on: an outage of git must not keep a rollback from beginning.
  private static func advising(_ error: GitError, _ wanted: LedgerLock, _ remote: String) -> GitError {
    var advice = error.advice
    if !advice.isEmpty { advice += "; " }
    advice += "--skip-shared-lock goes on with the lock on this machine alone"
    if mayHoldLock(after: error) {
      advice +=
        "; if the remote has taken the lock all the same, it stands at \(remote) until "
        + "\(wanted.expiresAt.formatted(milliseconds: false)): the next run on this machine knows it, others take it with "
        + "--take-lock \(wanted.run)"
    }
    return GitError(error.kind, call: error.call, code: error.code, error.message, advice: advice)
  }

  private func remarkUnshared(_ error: GitError, _ wanted: LedgerLock) {
    let left =
      StepSession.mayHoldLock(after: error)
      ? "; if \(ledgerRemoteName) has taken it all the same, it is released at the end, or stands until "
        + "\(wanted.expiresAt.formatted(milliseconds: false)) (--take-lock \(wanted.run))" : ""
    let text =
      "the lock of \(environment) at \(ledgerRemoteName) was not taken, so that runs on other machines are not kept out: "
      + "\(error.message)\(left)"
    progress.say("warning: \(text)")
    remark(Finding("lock-not-shared", .warning, text, subject: environment))
  }

  /// Ends the lock on this machine with the step, whoever still knows of the session.
  func endLocalLock() { lock.withLock { $0 = nil } }

  /// Releases what the session holds; `nil` where it holds nothing in the ledger or a record has released it.
  func releaseEnvironment() async {
    guard let held = lock.withLock({ $0 }), let shared = held.shared else { return }
    do {
      guard let ledger = try ledger() else { return }
      let now = context.clock.now
      var entry = LedgerEntry(
        .release, step: held.step, environment: environment, run: shared.run, startedAt: now, finishedAt: now)
      entry.releases = shared.id
      try await ledger.append(entry)
      try await withLedgerSync { try await $0.push() }
      lock.withLock { $0 = nil }
    } catch {
      tellLockStays(shared, error)
    }
  }

  func tellLockStays(_ shared: LedgerLock, _ error: any Error) {
    progress.say(
      "the lock of \(environment) at \(ledgerRemoteName) was not released and stays until "
        + "\(shared.expiresAt.formatted(milliseconds: false)), or --take-lock \(shared.run): "
        + "\(StepFailure(describing: error))")
  }

  private static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown host" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
