import CloudFormationModel
import DeploymentLedger
import DeploymentRecords
import JSONValues
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// What the earlier steps put on record about the deployment that is undone and about the version before it.
struct EarlierEvidence: Sendable {
  /// The latest record of a step.
  struct Entry: Sendable, Hashable {
    var step: Step
    var verdict: Verdict
    var startedAt: Timestamp, finishedAt: Timestamp
    var commit: String?
    /// What it found, the worst first.
    var messages: [String]
    /// How many observations its answer rests on.
    var observations: Int
  }
  /// In the order of the pipeline.
  var entries: [Entry] = []
  /// What the environment's trail keeps of them.
  private var trail: [Entry] = []

  /// Reads `<records>/<step>.json` of the four other steps. What another machine wrote into the environment's trail counts as
  /// well where it is newer, or where this machine has no record: then it is known that a step stopped, and with which
  /// codes, but not in which words.
  init(_ session: StepSession) throws {
    readRecords(session)
    for line in try session.ledger()?.entries(limit: 500, where: { $0.kind == .record }) ?? [] {
      if let entry = Entry(line.entry) { trail.append(entry) }
    }
    for step in EarlierEvidence.steps {
      guard let newest = trail.filter({ $0.step == step }).max(by: { $0.finishedAt < $1.finishedAt }) else {
        continue
      }
      if let own = entries.firstIndex(where: { $0.step == step }) {
        if entries[own].finishedAt < newest.finishedAt { entries[own] = newest }
      } else {
        entries.append(newest)
      }
    }
  }

  private static let steps = [Step.diffGate, .preflightSnapshot, .smokeTest, .watch30m]

  /// All that the steps said, run by run, for the story of an incident; oldest first. It reads many files, so it is asked
  /// for once the calls are made. A record that cannot be read is missing in the story, and decides nothing.
  func history(_ session: StepSession) -> [Entry] {
    var all = ((try? EarlierRuns.paths(session, newest: 50)) ?? []).compactMap { step, path -> Entry? in
      guard EarlierEvidence.steps.contains(step), let bytes = try? session.context.files.read(path),
        let tree = try? JSONValue(parsing: bytes)
      else { return nil }
      return Entry(step, tree)
    }
    for entry in trail
    where !all.contains(where: { $0.step == entry.step && $0.finishedAt == entry.finishedAt }) {
      all.append(entry)
    }
    return all.isEmpty ? entries : all.sorted { $0.finishedAt < $1.finishedAt }
  }

  private mutating func readRecords(_ session: StepSession) {
    for step in EarlierEvidence.steps {
      guard let tree = session.latestDocument(of: step), let entry = Entry(step, tree) else { continue }
      entries.append(entry)
    }
  }

  init(_ entries: [Entry]) { self.entries = entries }

  /// Records that speak of the deployment: begun after the restore point was made.
  func ofDeployment(since point: RestorePoint?) -> [Entry] {
    entries.filter { entry in
      [.smokeTest, .watch30m].contains(entry.step) && (point.map { entry.startedAt > $0.createdAt } ?? true)
    }
  }

  /// The start of the newest record of the deployment that did not say go: what was deployed later was not judged.
  func judgedAt(since point: RestorePoint?) -> Timestamp? {
    ofDeployment(since: point).filter { $0.verdict != .go }.map(\.startedAt).max()
  }

  /// Observations that the deployment is bad.
  func failures(since point: RestorePoint?) -> Int {
    ofDeployment(since: point).filter { $0.verdict == .stop }.map(\.observations).reduce(0, +)
  }

  /// Observations that the restored version was good: its restore point, and what passed before that was made.
  func successes(of point: RestorePoint?) -> Int {
    guard let point else { return 0 }
    let passed = entries.filter { $0.verdict == .go && $0.startedAt <= point.createdAt }
    return 1 + point.baselineObservations + passed.filter { [.smokeTest, .watch30m].contains($0.step) }.count
  }
}

extension EarlierEvidence.Entry {
  /// What the trail keeps of a record; nil for a step or a line that says nothing of a deployment.
  init?(_ line: LedgerEntry) {
    guard let verdict = line.verdict, line.step != .autoRevert else { return nil }
    step = line.step
    self.verdict = verdict
    (startedAt, finishedAt, commit) = (line.startedAt, line.finishedAt, line.commit)
    let errors = line.findings.filter { $0.severity == .error }
    messages = errors.map {
      "\($0.code)\($0.count > 1 ? " (\($0.count) times)" : ""), by the environment's trail"
    }
    observations = line.step == .watch30m ? 2 : max(1, errors.map(\.count).reduce(0, +))
  }

  /// A record; nil where it is none.
  init?(_ step: Step, _ tree: JSONValue) {
    guard let verdict = tree["verdict"]?.string.flatMap(Verdict.init),
      let startedAt = tree["startedAt"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    self.step = step
    self.verdict = verdict
    self.startedAt = startedAt
    finishedAt = tree["finishedAt"]?.string.flatMap { Timestamp($0) } ?? startedAt
    commit = tree["commit"]?.string
    let findings = tree["findings"]?.array ?? []
    messages = findings.filter { $0["severity"]?.string == "error" }.compactMap { $0["message"]?.string }
    // A watch says stop after several looks; a check that was tried twice failed twice.
    let attempts = (tree["checks"]?.array ?? [])
      .filter { ["fail", "error"].contains($0["outcome"]?.string ?? "") }
      .map { max(1, $0["attempts"]?.array?.count ?? 1) }
    observations = step == .watch30m ? 2 : max(1, attempts.reduce(0, +))
  }
}

extension RestorePoint {
  /// 1 where the restore point recorded what the endpoints answered.
  var baselineObservations: Int { baseline == Baseline() ? 0 : 1 }
}
