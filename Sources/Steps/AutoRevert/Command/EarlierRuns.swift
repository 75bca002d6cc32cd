import DeploymentRecords
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// What earlier runs of this step left on record of themselves: how long actions took, which commits were made.
enum EarlierRuns {
  /// How many of this step made a revert commit since `age` ago.
  static func revertCommits(_ session: StepSession, within age: Duration) throws -> Int {
    let now = session.context.clock.now
    return try records(session, newest: 100)
      .filter { $0.summary.branch != nil && now - $0.finishedAt < age }.count
  }

  /// Where the newest `count` runs left records, oldest run first. A run whose folder cannot be read has none.
  private static func paths(_ session: StepSession, newest count: Int) throws -> [(step: Step, path: String)]
  {
    let (files, folder) = (session.context.files, "\(session.records.root)/runs")
    guard try files.status(of: folder) != nil else { return [] }
    return try files.names(in: folder).suffix(count).flatMap { run in
      ((try? files.names(in: "\(folder)/\(run)")) ?? []).compactMap { name in
        guard
          let step = Step.allCases.first(where: {
            name == "\($0.rawValue).json" || name.hasPrefix("\($0.rawValue)-") && name.hasSuffix(".json")
          })
        else { return nil }
        return (step, "\(folder)/\(run)/\(name)")
      }
    }
  }

  /// The records of the newest runs. One that cannot be read teaches nothing and stops nothing.
  private static func records(_ session: StepSession, newest count: Int) throws -> [Record<RevertPart>] {
    try paths(session, newest: count).filter { $0.step == .autoRevert }
      .compactMap { try? session.records.read(RevertPart.self, at: $0.path) }
      .filter { ($0.application ?? session.application) == session.application }
  }

  /// Estimates learned from the records of earlier runs.
  static func estimates(_ session: StepSession) throws -> Estimates {
    var estimates = Estimates.runbook
    for record in try records(session, newest: 20) {
      estimates.learn(
        record.part.actions.filter { $0.result == "done" }.compactMap { action in
          PlannedAction.Kind(rawValue: action.action).map {
            ($0, (action.finishedAt - action.startedAt).inSeconds)
          }
        })
    }
    return estimates
  }
}
