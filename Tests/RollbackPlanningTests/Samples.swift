import CloudFormationModel
import DeploymentRecords
import Redaction
import RollbackPlanning
import StepResults
import SystemInterfaces

/// The four stacks of the runbook in the states that a test asks for.
enum Sample {
  static let recordedAt = Timestamp("2026-11-24T00:00:00Z")!
  static let deployedAt = Timestamp("2026-11-24T00:10:00Z")!
  static let restorePoint = "20261124T000100Z-abcdef"
  static let roles = ["api", "database", "monitoring", "workflow"]

  static func id(_ role: String) -> String {
    "arn:aws:cloudformation:us-east-1:123456789012:stack/Shop-\(role)-prod/1"
  }

  static func stack(
    _ role: String, _ status: StackStatus, difference: StackDifference = .some(["template"]),
    isRecorded: Bool = true, edit: (inout LiveStack) -> Void = { _ in },
    record: (inout RecordedStack) -> Void = { _ in }
  ) -> StackFacts {
    var live = LiveStack(id: id(role), statusText: status.rawValue, updatedAt: deployedAt)
    live.difference = difference
    edit(&live)
    var recorded = RecordedStack(id: id(role), updatedAt: recordedAt)
    record(&recorded)
    return StackFacts(
      role: role, name: "Shop-\(role)-prod", live: live, recorded: isRecorded ? recorded : nil)
  }

  static func facts(_ stacks: [StackFacts], restorePoint: String? = restorePoint) -> RevertFacts {
    RevertFacts(stacks: stacks, restorePoint: restorePoint)
  }

  static func token(_ operation: StackOperation, attempt: Int = 1, of point: String = restorePoint) -> String
  {
    OperationToken(restorePoint: point, operation: operation, stack: "Shop-api-prod", attempt: attempt)
      .description
  }

  static func plan(_ stack: StackFacts, _ edit: (inout PlanOptions) -> Void = { _ in }) -> Plan {
    plan(facts([stack]), edit)
  }

  static func plan(_ facts: RevertFacts, _ edit: (inout PlanOptions) -> Void = { _ in }) -> Plan {
    var options = PlanOptions()
    edit(&options)
    return Planner.plan(facts, options)
  }
}

extension Plan {
  /// `cancel Shop-api-prod` for each action that is due.
  var due: [String] { open.map { "\($0.kind.rawValue) \($0.target)" } }
  /// Codes of the findings that stop.
  var stops: [PlanFindingCode] { findings.filter { $0.severity == .error }.map(\.code) }
  /// Codes of all findings.
  var codes: [PlanFindingCode] { findings.map(\.code) }
}
