import JSONValues
import Records
import RollbackPlan
import SystemInterfaces
import Testing

@testable import AutoRevert

@Suite struct `Run` {
  @Test func `3 tells which rollback triggers a restore took away`() {
    var stack = StackState(
      role: "api", name: "S", stackId: "arn:s", status: "UPDATE_COMPLETE",
      lastUpdatedAt: Timestamp(seconds: 1),
      templateFile: "t", templateSha256: "x")
    stack.rollbackConfiguration = ["triggers": [["arn": "arn:alarm", "type": "AWS::CloudWatch::Alarm"]]]
    var point = RestorePoint(
      id: "r", environment: "prod", commit: nil, createdAt: Timestamp(seconds: 2), region: "eu-west-1",
      account: nil)
    point.stacks = [stack]
    func left(_ kind: PlannedAction.Kind, _ ending: ActionResult.Ending, _ point: RestorePoint)
      -> [PlanFinding]
    {
      let action = PlannedAction(kind, target: "S", reason: "")
      let result = EngineResult(
        ending: .restored, plan: Plan(),
        actions: [
          ActionResult(
            action: action, startedAt: Timestamp(seconds: 3), finishedAt: Timestamp(seconds: 4),
            ending: ending)
        ], findings: [], facts: RevertFacts(stacks: [], restorePoint: "r"))
      return RevertEnding.triggersLeft(result, LoadedRestorePoint(point: point, templates: [:]))
    }
    let found = left(.restore, .done, point)
    #expect(found.map(\.code) == [.rollbackConfigurationLeft])
    #expect(found.first?.message.contains("arn:alarm") == true)
    // A cancelled update keeps them; a restore that failed took none away; a stack without triggers has none.
    #expect(left(.cancel, .done, point).isEmpty)
    #expect(left(.restore, .failed("no"), point).isEmpty)
    point.stacks[0].rollbackConfiguration = ["triggers": [], "monitoringMinutes": 5]
    #expect(left(.restore, .done, point).isEmpty)
  }

  @Test(arguments: [
    (OperationFailure.Kind.credentials, Records.ExitStatus.refused), (.unreachable, .unavailable),
    (.throttled, .unavailable),
    (.uncertain, .unavailable), (.refused, .stop), (.alreadyAccepted, .stop),
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
