import CloudFormationModel
import DeploymentConfig
import DeploymentEvidence
import DeploymentRecords
import JSONValues
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// `--list`: the restore points there are, with what the steps said of the deployment that each holds.
enum RestorePointList {
  static func text(_ session: StepSession) throws -> String {
    let history = try session.history(of: session.evidence())
    let latest = try latestGood(history, session)
    var rows: [[String]] = []
    var entries: [JSONValue] = []
    for id in try session.restorePoints.ids().reversed() {
      let row: (commit: String, age: String, verdicts: String, database: String, state: String)
      do {
        let point = try session.restorePoints.read(id)
        let missing = point.stacks.filter { !$0.restorable }
        let absent = absent(point, session)
        row = (
          point.commit ?? "unknown", age(session.context.clock.now - point.createdAt),
          point.held.map { said(of: $0, history) } ?? "", database(point),
          (missing.isEmpty
            ? counted(point.stacks.count, "stack")
            : "cannot restore \(missing.map(\.name).joined(separator: ", "))")
            + (absent.isEmpty ? "" : ", without \(absent.joined(separator: ", "))")
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
      "Restore point", "Commit", "Age", "", "Said of it", "Database snapshot", "Holds",
    ]
    section.rows = rows
    return TextReport.table(section).joined(separator: "\n") + "\n"
  }

  /// The newest good one that holds all stacks, or where none does the newest good one: a stack may be younger than it.
  ///
  /// As in a rollback, what a restore point holds by a name that nobody had confirmed does not make it another one.
  private static func latestGood(_ history: DeploymentHistory, _ session: StepSession) throws -> String? {
    let good = history.points.filter { history.isGood($0, holding: []) }
    let complete = try good.filter { point in
      let unnamed = try session.restorePoints.read(point.id).stacks.filter { $0.isDerived == true }
        .map(\.name)
      return point.deployment.holds(
        session.confirmedStacks.map(\.name).filter { !unnamed.contains($0) })
    }
    return (complete.isEmpty ? good : complete).map(\.id).max()
  }

  /// Stacks of the configuration that a restore point does not hold.
  private static func absent(_ point: RestorePoint, _ session: StepSession) -> [String] {
    let held = Set(point.stacks.map(\.name))
    return session.confirmedStacks.map(\.name).filter { !held.contains($0) }
  }

  /// `smoke-test go, watch-30m stop`; empty where none spoke of it.
  private static func said(of deployment: Deployment, _ history: DeploymentHistory) -> String {
    let said = history.said(of: deployment).filter { $0.statement != .nothing }
    return [Step.smokeTest, .watch30m].compactMap { step in
      said.last { $0.step == step }.map { "\(step.rawValue) \($0.verdict.rawValue)" }
    }.joined(separator: ", ")
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
