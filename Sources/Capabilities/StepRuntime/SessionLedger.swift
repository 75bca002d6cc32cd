import CryptoDigests
import DeploymentConfig
public import DeploymentEvidence
public import DeploymentLedger
import DeploymentRecords
import GitHistory
import JSONValues
import Redaction
import Reporting
import StepResults
import Synchronization
import SystemInterfaces

/// The trail of the records, as a session reads and writes it.
extension StepSession {
  /// The trail of an environment, this run's own unless another is named; nil outside a repository.
  public func ledger(of environment: String? = nil) throws -> Ledger? {
    guard repositoryRoot != nil else { return nil }
    return Ledger(placeName(of: environment ?? self.environment), in: try repository(), clock: context.clock)
  }

  /// What another environment's trail and records say of a commit: whether it passed its checks there.
  /// - Parameters:
  ///   - commit: the full id.
  ///   - steps: which steps must have said go of it there.
  public func stageProof(
    of commit: String, in environment: String, steps: [Step] = [.smokeTest]
  ) throws -> StageProof {
    var evidence: [Evidence] = []
    // Its records where they stand beside this one's.
    if records.root.hasSuffix("/\(self.environment)") {
      evidence = try recorded(in: records.root.dropLast(self.environment.count) + environment)
    }
    if let ledger = try ledger(of: environment) {
      evidence += try ledger.entries().compactMap(\.entry.evidence)
    }
    return StageProof.judge(commit, evidence, application: application, steps: steps)
  }

  /// How far back the trail is read for figures that a step can do without.
  private static let recent = 2000

  /// How long this environment's newest rollbacks have taken; nil where its trail tells of none.
  public func restoreTimes() throws -> RestoreTimes? {
    guard let ledger = try ledger() else { return nil }
    var found: [LedgerEntry] = []
    var read = 0
    try ledger.walk { line in
      read += 1
      if RestoreTimes.isRestored(line.entry) { found.append(line.entry) }
      return read < StepSession.recent && found.count < RestoreTimes.limit
    }
    return RestoreTimes(found)
  }

  /// Adds what may be kept of a record to the trail, and pushes it where that is wanted; a lock that the session holds
  /// ends with it. What keeps it from being written is told, and changes no verdict: the record itself stands.
  func addToLedger<Part>(_ record: RedactedRecord<Part>) async {
    let shared = lock.withLock { $0?.shared }
    guard policy.ledger.isRecorded || shared != nil else { return }
    var isWritten = false
    do {
      guard let ledger = try ledger() else {
        if pushesLedger { throw StepSession.noRepository(context) }
        return
      }
      var entry = try LedgerEntry(
        record: record.tree, sha256: Digest.sha256Hex(record.document), run: redactor.redact(records.run))
      entry.committedAt = try committedAt(entry.commit)
      entry.releases = shared?.id
      try await ledger.append(entry)
      isWritten = true
      if pushesLedger { try await withLedgerSync { try await $0.push() } }
      lock.withLock { $0 = nil }
    } catch {
      if let shared { return tellLockStays(shared, error) }
      let what = isWritten ? "was written here and not pushed to \(ledgerRemoteName)" : "was not written"
      progress.say(
        "the ledger \(Ledger.reference(of: ledgerName)) \(what): \(StepFailure(describing: error))")
    }
  }

  /// When a commit was made, where this clone holds it.
  private func committedAt(_ commit: String?) throws -> Timestamp? {
    guard let id = commit.flatMap({ ObjectId(hex: $0) }) else { return nil }
    let repository = try repository()
    guard repository.has(id) else { return nil }
    return Timestamp(seconds: Double(try repository.commit(id).committer.seconds))
  }
}
