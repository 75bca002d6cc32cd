import CloudFormationModel
import DeploymentLedger
import DeploymentRecords
import JSONValues
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// `--list`: the restore points there are, with what the steps said of the commit that each holds.
enum RestorePointList {
  static func text(_ session: StepSession) throws -> String {
    let latest = try session.restorePoints.latestId()
    let verdicts = try CommitVerdicts(session)
    var rows: [[String]] = []
    var entries: [JSONValue] = []
    for id in try session.restorePoints.ids().reversed() {
      let row: (commit: String, age: String, verdicts: String, database: String, state: String)
      do {
        let point = try session.restorePoints.read(id)
        let missing = point.stacks.filter { !$0.restorable }
        row = (
          point.commit ?? "unknown", age(session.context.clock.now - point.createdAt),
          point.commit.map(verdicts.text) ?? "", database(point),
          missing.isEmpty
            ? "\(point.stacks.count) stacks" : "cannot restore \(missing.map(\.name).joined(separator: ", "))"
        )
      } catch {
        // One that cannot be used is shown with the reason, beside the others.
        row = ("", "", "", "", "unusable: \(error)")
      }
      let mark = id == latest ? "latest good" : ""
      rows.append([id, String(row.commit.prefix(12)), row.age, mark, row.verdicts, row.database, row.state])
      entries.append([
        "id": .string(id), "commit": .string(row.commit), "age": .string(row.age),
        "latest": .bool(id == latest), "verdicts": .string(row.verdicts), "database": .string(row.database),
        "state": .string(row.state),
      ])
    }
    if session.format == .json {
      return JSONValue.object(JSONObject([.init("restorePoints", .array(entries))])).serialized(pretty: true)
        + "\n"
    }
    guard !rows.isEmpty else {
      return "There are no restore points in \(session.restorePoints.root). preflight-snapshot makes one.\n"
    }
    var section = ReportSection("")
    section.columns = [
      "Restore point", "Commit", "Age", "", "Said of the commit", "Database snapshot", "Holds",
    ]
    section.rows = rows
    return TextReport.table(section).joined(separator: "\n") + "\n"
  }

  private static func database(_ point: RestorePoint) -> String {
    guard let database = point.database else { return "no database" }
    return database.snapshotId ?? "none of \(database.identifier)"
  }

  private static func age(_ duration: Duration) -> String {
    let minutes = Int(duration.inSeconds / 60)
    if minutes < 120 { return "\(minutes) min" }
    return minutes < 2880 ? "\(minutes / 60) h" : "\(minutes / 1440) days"
  }
}

/// What the steps that check a deployment last said of each commit, by the trail and by the records.
struct CommitVerdicts {
  private var known: [String: [Step: (at: Timestamp, verdict: Verdict)]] = [:]

  init(_ session: StepSession) throws {
    for line in try session.ledger()?.entries(limit: 500) ?? [] {
      guard let commit = line.entry.commit, let verdict = line.entry.verdict else { continue }
      take(commit, line.entry.step, line.entry.finishedAt, verdict)
    }
    for (_, path) in try EarlierRuns.paths(session, newest: 200) {
      // A record that cannot be read is no reason to show no list.
      guard let tree = (try? session.context.files.read(path)).flatMap({ try? JSONValue(parsing: $0) }),
        let commit = tree["commit"]?.string, let step = tree["step"]?.string.flatMap(Step.init),
        let at = tree["finishedAt"]?.string.flatMap({ Timestamp($0) }),
        let verdict = tree["verdict"]?.string.flatMap(Verdict.init)
      else { continue }
      take(commit, step, at, verdict)
    }
  }

  private mutating func take(_ commit: String, _ step: Step, _ at: Timestamp, _ verdict: Verdict) {
    guard [.smokeTest, .watch30m].contains(step) else { return }
    if let before = known[commit]?[step], before.at > at { return }
    known[commit, default: [:]][step] = (at, verdict)
  }

  /// `smoke-test go, watch-30m stop`; empty where none spoke of it.
  func text(_ commit: String) -> String {
    [Step.smokeTest, .watch30m].compactMap { step in
      known[commit]?[step].map { "\(step.rawValue) \($0.verdict.rawValue)" }
    }.joined(separator: ", ")
  }
}
