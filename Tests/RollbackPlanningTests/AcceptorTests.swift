import CloudFormationModel
import RollbackPlanning
import Testing

@Suite struct `Waiting` {
  enum Kind: Sendable { case done, again, replan, failed }

  static func kind(_ outcome: WaitOutcome) -> Kind {
    switch outcome {
    case .done: .done
    case .again: .again
    case .replan: .replan
    case .failed: .failed
    }
  }

  static let rows: [(StackOperation, StackStatus, Kind)] = [
    (.cancel, .updateInProgress, .again),
    (.cancel, .updateRollbackInProgress, .again),
    (.cancel, .updateRollbackCompleteCleanupInProgress, .again),
    (.cancel, .updateRollbackComplete, .done),
    (.cancel, .updateCompleteCleanupInProgress, .again),
    (.cancel, .updateComplete, .replan),
    (.cancel, .updateRollbackFailed, .replan),
    (.cancel, .updateFailed, .replan),
    (.cancel, .deleteComplete, .failed),
    (.continueRollback, .updateRollbackInProgress, .again),
    (.continueRollback, .updateRollbackComplete, .done),
    (.continueRollback, .updateRollbackFailed, .failed),
    (.rollback, .updateRollbackInProgress, .again),
    (.rollback, .updateRollbackComplete, .done),
    (.rollback, .updateRollbackFailed, .replan),
    (.rollback, .updateFailed, .failed),
    (.restore, .updateInProgress, .again),
    (.restore, .updateCompleteCleanupInProgress, .again),
    (.restore, .updateComplete, .done),
    (.restore, .updateRollbackInProgress, .again),
    (.restore, .updateRollbackComplete, .failed),
    (.restore, .updateRollbackFailed, .failed),
    (.restore, .updateFailed, .failed),
    (.delete, .deleteInProgress, .again),
    (.delete, .deleteComplete, .done),
    (.delete, .deleteFailed, .failed),
    (.others, .updateComplete, .replan),
    (.others, .rollbackComplete, .replan),
    (.others, .createInProgress, .again),
  ]

  @Test(arguments: rows) func `judges a status by the operation`(
    _ operation: StackOperation, _ status: StackStatus, _ expected: Kind
  ) {
    #expect(Self.kind(operation.judge(status)) == expected)
  }

  @Test func `has an outcome for every operation and status, and waits for all that moves`() {
    for operation in StackOperation.allCases {
      for status in StackStatus.allCases {
        let kind = Self.kind(operation.judge(status))
        if status.rule.condition == .moving { #expect(kind == .again) } else { #expect(kind != .again) }
      }
    }
  }

  @Test func `takes a stack that is gone for done only after a deletion`() {
    for operation in StackOperation.allCases {
      #expect(Self.kind(operation.judge(nil)) == (operation == .delete ? .done : .failed))
    }
  }

  @Test func `reads back the tokens that it writes, and no others`() {
    for operation in StackOperation.allCases {
      let token = OperationToken(
        restorePoint: Sample.restorePoint, operation: operation, stack: "S", attempt: 3)
      #expect(OperationToken(token.description) == token)
      #expect(token.description.count <= 128)
      #expect(token.description.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    }
    let api = OperationToken(restorePoint: nil, operation: .cancel, stack: "api")
    #expect(api.description.hasPrefix("backstop-none-cancel-") && api.description.hasSuffix("-1"))
    #expect(api != OperationToken(restorePoint: nil, operation: .cancel, stack: "database"))
    for foreign in [
      "", "backstop", "backstop-x", "backstop--cancel-01234567-1", "backstop-x-cancel-01234567-0",
      "backstop-x-jump-1",
      "cdk-x-cancel-1",
    ] {
      #expect(OperationToken(foreign) == nil)
    }
  }
}
