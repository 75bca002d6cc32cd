import CloudFormationModel
import RollbackPlanning
import Testing

@Suite struct `Status table` {
  /// One row a status, written from the service's documentation and not from the code: what the status permits, and
  /// what is done first to a recorded stack in it that differs from the restore point.
  struct Row: Sendable, CustomTestStringConvertible {
    var status: StackStatus
    var permits: Set<StackCall>
    var first: PlannedAction.Kind?
    var stop: PlanFindingCode?
    var testDescription: String { status.rawValue }
  }

  static let rows: [Row] = [
    Row(status: .createInProgress, permits: [], first: .wait),
    Row(status: .createFailed, permits: [.rollbackStack, .delete], stop: .needsPerson),
    Row(status: .createComplete, permits: [.update, .delete], first: .restore),
    Row(status: .rollbackInProgress, permits: [], first: .wait),
    Row(status: .rollbackFailed, permits: [.delete], stop: .needsPerson),
    Row(status: .rollbackComplete, permits: [.delete], stop: .needsPerson),
    Row(status: .deleteInProgress, permits: [], first: .wait),
    Row(status: .deleteFailed, permits: [.delete], stop: .needsPerson),
    Row(status: .deleteComplete, permits: [], stop: .stackMissing),
    Row(status: .updateInProgress, permits: [.cancelUpdate], first: .cancel),
    Row(status: .updateCompleteCleanupInProgress, permits: [], first: .wait),
    Row(status: .updateComplete, permits: [.update, .delete], first: .restore),
    Row(
      status: .updateFailed, permits: [.rollbackStack, .updateWithoutRollback, .delete], first: .rollbackStack
    ),
    Row(status: .updateRollbackInProgress, permits: [], first: .wait),
    Row(
      status: .updateRollbackFailed, permits: [.continueUpdateRollback, .delete], first: .continueRollback),
    Row(status: .updateRollbackCompleteCleanupInProgress, permits: [], first: .wait),
    Row(status: .updateRollbackComplete, permits: [.update, .delete], first: .restore),
    Row(status: .reviewInProgress, permits: [.delete], stop: .stackMissing),
    Row(status: .importInProgress, permits: [], first: .wait),
    Row(status: .importComplete, permits: [.update, .delete], first: .restore),
    Row(status: .importRollbackInProgress, permits: [], first: .wait),
    Row(status: .importRollbackFailed, permits: [.delete], stop: .needsPerson),
    Row(status: .importRollbackComplete, permits: [.update, .delete], first: .restore),
  ]

  @Test func `has a row for each of the 23 statuses`() {
    #expect(Self.rows.count == 23)
    #expect(Set(Self.rows.map(\.status)) == Set(StackStatus.allCases))
  }

  @Test(arguments: rows) func `permits the calls that the service accepts`(_ row: Row) {
    #expect(row.status.rule.permits == row.permits)
    for call in StackCall.allCases { #expect(row.status.permits(call) == row.permits.contains(call)) }
  }

  @Test(arguments: rows) func `leads to the one action that goes back`(_ row: Row) {
    let plan = Sample.plan(Sample.stack("api", row.status))
    #expect(plan.open.first?.kind == row.first)
    #expect(plan.stops == (row.stop.map { [$0] } ?? []))
    // Never a call that the status does not permit, and never a deletion to repair.
    for action in plan.next {
      if let call = action.call { #expect(row.permits.contains(call)) }
      #expect(action.kind != .delete)
    }
  }

  @Test(arguments: rows) func `changes nothing where the stack is as recorded and stands still`(_ row: Row) {
    guard row.status.rule.condition == .settled else { return }
    let plan = Sample.plan(Sample.stack("api", row.status, difference: .none))
    #expect(plan.open.isEmpty)
    #expect(!plan.isBlocked)
  }

  @Test(arguments: rows) func `never blocks on what the deployment itself made, unless it moves`(_ row: Row) {
    let plan = Sample.plan(Sample.stack("api", row.status, isRecorded: false))
    switch row.status.rule.condition {
    case .moving, .stuck: #expect(!plan.open.isEmpty)
    case .settled, .needsPerson, .absent:
      #expect(plan.open.isEmpty)
      #expect(plan.codes == [.stackNotRecorded])
      #expect(!plan.isBlocked)
    }
  }

  @Test func `refuses a status that is not known`() {
    var stack = Sample.stack("api", .updateComplete)
    stack.live?.statusText = "UPDATE_TELEPORTED"
    #expect(Sample.plan(stack).stops == [.unknownStatus])
    #expect(Sample.plan(stack).open.isEmpty)
  }

  @Test func `without a restore point does only what needs none`() {
    for row in Self.rows {
      let plan = Sample.plan(
        Sample.facts([Sample.stack("api", row.status, isRecorded: false)], restorePoint: nil))
      #expect(!plan.actions.contains { $0.kind == .restore })
      if row.status == .updateRollbackComplete {
        // CloudFormation put back what it had: nothing is to be done, and nothing was compared.
        #expect(plan.stops.isEmpty && plan.codes == [.nothingCompared])
      } else if row.status.rule.condition == .settled {
        #expect(plan.stops == [.restorePointMissing])
      }
      if row.status == .updateInProgress { #expect(plan.due == ["cancel Shop-api-prod"]) }
    }
  }

  @Test func `a status of the future is read, and permits nothing`() {
    let status = StackStatus(rawValue: "UPDATE_PAUSED")
    #expect(!status.isKnown && StackStatus(known: "UPDATE_PAUSED") == nil)
    #expect(status.rule.condition == .needsPerson && status.rule.permits.isEmpty)
    #expect("\(status)" == "UPDATE_PAUSED")
    #expect(StackStatus(known: "UPDATE_COMPLETE") == .updateComplete)
  }
}
