import CryptoDigests
public import StepResults
import SystemInterfaces

/// What one record says: about which deployment of which application, when, and what was looked at.
///
/// It is read from a step's record and from the ledger alike, which keeps its JSON.
public struct Evidence: Hashable, Sendable {
  /// What a record states.
  public enum Statement: Hashable, Sendable {
    /// Checks of the live deployment had an answer.
    case checked(Checked)
    /// auto-revert came to an end that changed something, or found nothing to change.
    case reverted(Reverted)
    /// The deployment was recorded in a restore point.
    case recorded
    /// A range of commits was judged.
    case judged(Judged)
    /// Nothing about a deployment: a dry run, a refused or interrupted run, files that were only read, a replay.
    case nothing
  }
  /// The step that left the record, its answer, and when it began and ended.
  public var step: Step, verdict: Verdict, startedAt: Timestamp, finishedAt: Timestamp
  /// Of which application; nil in older records.
  public var application: String?
  /// About which deployment; nil where the step could not tell. Then it is history, and no evidence.
  public var deployment: Deployment?
  /// The commit that the record says is deployed.
  public var commit: String?
  /// What it states.
  public var statement: Statement
  /// What was found, the worst first; the ledger keeps no words.
  public var messages: [String] = []

  /// Evidence of a step.
  public init(
    _ step: Step, _ verdict: Verdict, _ statement: Statement, startedAt: Timestamp, finishedAt: Timestamp,
    application: String?, deployment: Deployment?, commit: String? = nil
  ) {
    (self.step, self.verdict, self.statement) = (step, verdict, statement)
    (self.startedAt, self.finishedAt) = (startedAt, finishedAt)
    (self.application, self.deployment, self.commit) = (application, deployment, commit)
  }

  /// Whether it is an answer of checks of the live deployment that did not pass: the health after a rollback counts too.
  public var isStop: Bool { verdict == .stop && checks != nil }
  /// Whether the checks passed.
  public var isGo: Bool { verdict == .go && checks != nil }

  /// What was checked; nil where nothing was.
  var checks: Checked? {
    switch statement {
    case .checked(let checked): checked
    case .reverted(let reverted): reverted.health
    default: nil
    }
  }
}

/// Which checks had an answer.
public struct Checked: Codable, Hashable, Sendable {
  /// The digest of what was asked, whatever came of it.
  public var scope: String
  /// Observations that the answer rests on.
  public var observations: Int
  /// Short digests of the checks that passed, and of those that failed; nil where there are too many to keep.
  public var passed: [String]?, failed: [String]?

  /// More short digests than this are not kept.
  static let keptChecks = 200

  /// One check and what came of it.
  public struct Outcome: Hashable, Sendable {
    /// What tells the check from others, and whether it speaks for the deployment.
    var id: String, isPassed: Bool
    /// How often it was tried.
    var attempts: Int

    /// - Parameters:
    ///   - word: as in a record: `pass`, `flaky`, `fail`, `error`.
    ///   - wasBrokenBefore: whether it failed before the deployment as well, which is not the deployment's doing.
    public init(id: String, word: String, wasBrokenBefore: Bool, attempts: Int) {
      self.id = id
      isPassed = ["pass", "flaky"].contains(word) || wasBrokenBefore
      self.attempts = attempts
    }
  }

  /// What came of the checks of one kind; nil where none was asked.
  public init?(_ kind: String, _ outcomes: [Outcome]) {
    guard !outcomes.isEmpty else { return nil }
    func keys(_ wanted: (Outcome) -> Bool) -> [String] {
      Set(outcomes.filter(wanted).map { Checked.short($0.id) }).sorted()
    }
    let (passed, failed) = (keys(\.isPassed), keys { !$0.isPassed })
    scope = Checked.short("\(kind) " + keys { _ in true }.joined(separator: " "))
    // A check that was tried twice failed twice.
    observations = max(
      1, outcomes.filter { !$0.isPassed }.reduce(0) { $0 + max(1, $1.attempts) })
    self.passed = passed.count <= Checked.keptChecks ? passed : nil
    self.failed = failed.count <= Checked.keptChecks ? failed : nil
  }

  private static func short(_ text: String) -> String {
    String(Digest.sha256Hex(Array(text.utf8)).prefix(8))
  }

  /// Whether these checks ask again what `other` found failing.
  func cover(_ other: Checked) -> Bool {
    if scope == other.scope { return true }
    guard let passed, let failed = other.failed, !failed.isEmpty else { return false }
    return Set(failed).isSubset(of: passed)
  }
}

/// What a rollback did.
public struct Reverted: Hashable, Sendable {
  /// Whether something was put back; else all was as recorded.
  public var changed: Bool
  /// Whether `--only` left stacks out.
  public var isPartial: Bool
  /// The deployment that was undone, and its commit; nil where that is not known.
  public var undone: Deployment?, undoneCommit: String?
  /// The restore point and its commit.
  public var restorePoint: String?, restoredCommit: String?
  /// The checks afterwards; nil where nothing was checked.
  public var health: Checked?

  /// A rollback.
  public init(
    changed: Bool, isPartial: Bool, undone: Deployment?, undoneCommit: String? = nil,
    restorePoint: String? = nil, restoredCommit: String? = nil, health: Checked? = nil
  ) {
    (self.changed, self.isPartial) = (changed, isPartial)
    (self.undone, self.undoneCommit) = (undone, undoneCommit)
    (self.restorePoint, self.restoredCommit, self.health) = (restorePoint, restoredCommit, health)
  }
}

/// What a gate judged.
public struct Judged: Hashable, Sendable {
  /// The commits that were compared.
  public var base: String, head: String
  /// Migrations after which the version before meets a schema that it cannot work with: `path (rule, rule)`.
  public var breaking: [String]

  /// A judgement of what lies between two commits.
  public init(base: String, head: String, breaking: [String] = []) {
    (self.base, self.head, self.breaking) = (base, head, breaking)
  }
}
