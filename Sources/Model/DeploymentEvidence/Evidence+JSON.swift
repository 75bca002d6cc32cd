import JSONValues
import StepResults
import SystemInterfaces

extension Evidence {
  /// As the ledger keeps it.
  public var json: JSONValue {
    var object = JSONObject()
    func text(_ name: String, _ value: String?) { if let value { object[name] = .string(value) } }
    text("application", application)
    if let deployment {
      text("deployment", deployment.id)
      object["liveStacks"] = deployment.json
    }
    text("deployedCommit", commit)
    switch statement {
    case .nothing: break
    case .recorded: object["recorded"] = true
    case .checked(let checked): object["checked"] = checked.json
    case .judged(let judged):
      object["judged"] = [
        "base": .string(judged.base), "head": .string(judged.head),
        "breaking": .array(judged.breaking.map { .string($0) }),
      ]
    case .reverted(let reverted):
      var members = JSONObject([
        .init("changed", .bool(reverted.changed)), .init("partial", .bool(reverted.isPartial)),
      ])
      if let undone = reverted.undone { members["undone"] = undone.json }
      if let commit = reverted.undoneCommit { members["undoneCommit"] = .string(commit) }
      if let point = reverted.restorePoint { members["restorePoint"] = .string(point) }
      if let commit = reverted.restoredCommit { members["restoredCommit"] = .string(commit) }
      if let health = reverted.health { members["health"] = health.json }
      object["reverted"] = .object(members)
    }
    return .object(object)
  }

  /// Reads what the ledger keeps beside the step, the verdict and the times. A member that cannot be read states nothing.
  public init(
    json: JSONValue, _ step: Step, _ verdict: Verdict, startedAt: Timestamp, finishedAt: Timestamp
  ) {
    var statement = Statement.nothing
    if let checked = json["checked"].flatMap({ Checked($0) }) {
      statement = .checked(checked)
    } else if json["recorded"]?.bool == true {
      statement = .recorded
    } else if let judged = json["judged"], let base = judged["base"]?.string,
      let head = judged["head"]?.string
    {
      statement = .judged(
        Judged(base: base, head: head, breaking: (judged["breaking"]?.array ?? []).compactMap(\.string)))
    } else if let reverted = json["reverted"], let changed = reverted["changed"]?.bool,
      let isPartial = reverted["partial"]?.bool
    {
      statement = .reverted(
        Reverted(
          changed: changed, isPartial: isPartial,
          undone: reverted["undone"].flatMap { Deployment(json: $0) },
          undoneCommit: reverted["undoneCommit"]?.string,
          restorePoint: reverted["restorePoint"]?.string, restoredCommit: reverted["restoredCommit"]?.string,
          health: reverted["health"].flatMap { Checked($0) }))
    }
    self.init(
      step, verdict, statement, startedAt: startedAt, finishedAt: finishedAt,
      application: json["application"]?.string,
      deployment: json["liveStacks"].flatMap { Deployment(json: $0) }, commit: json["deployedCommit"]?.string)
  }
}

extension Checked {
  var json: JSONValue {
    var object = JSONObject([
      .init("scope", .string(scope)), .init("observations", .number(JSONNumber(observations))),
    ])
    if let passed { object["passed"] = .array(passed.map { .string($0) }) }
    if let failed { object["failed"] = .array(failed.map { .string($0) }) }
    return .object(object)
  }

  init?(_ json: JSONValue) {
    guard let scope = json["scope"]?.string else { return nil }
    self.scope = scope
    observations = json["observations"]?.int ?? 1
    passed = json["passed"]?.array?.compactMap(\.string)
    failed = json["failed"]?.array?.compactMap(\.string)
  }
}
