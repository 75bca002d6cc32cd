import JSONValues
import Records
import RollbackPlan
import SystemInterfaces
import Testing

@testable import AutoRevert

@Suite struct `Run` {
  @Test(arguments: [
    (OperationFailure.Kind.credentials, Records.ExitStatus.refused), (.unreachable, .unavailable),
    (.throttled, .unavailable),
    (.uncertain, .unavailable), (.refused, .stop), (.alreadyAccepted, .stop), (.pointless, .stop),
  ]) func `gives a failure of AWS its exit code, and says how to go on`(
    _ kind: OperationFailure.Kind, _ status: Records.ExitStatus
  ) {
    let failure = RevertRun.stepFailure(OperationFailure(kind, "what came back"), "prod", hasBegun: true)
    #expect(failure.status == status)
    #expect(failure.message == "what came back")
    #expect(failure.advice.contains("auto-revert prod --continue"))
    let early = RevertRun.stepFailure(OperationFailure(kind, ""), "prod", hasBegun: false)
    #expect(early.advice.hasPrefix("nothing was begun"))
  }

  @Test func `counts as a change what CloudFormation may replace`() {
    func effect(_ action: String, _ replacement: String?) -> ResourceChange.Effect {
      ResourceChange(ChangedResource(logicalID: "R", type: "T", action: action, replacement: replacement))
        .effect
    }
    #expect(effect("Add", nil) == .add)
    #expect(effect("Remove", nil) == .delete)
    #expect(effect("Import", nil) == .import)
    #expect(effect("Modify", "False") == .modify)
    #expect(effect("Modify", "True") == .replace)
    #expect(effect("Modify", "Conditional") == .mayReplace)
    #expect(effect("Dynamic", nil) == .mayReplace)
  }
}
