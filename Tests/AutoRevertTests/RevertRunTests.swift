import CloudFormationModel
import JSONValues
import RollbackPlanning
import StepResults
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

@Suite struct `Run` {
  @Test(arguments: [
    (OperationFailure.Kind.credentials, StepResults.ExitStatus.refused), (.unreachable, .unavailable),
    (.throttled, .unavailable),
    (.uncertain, .unavailable), (.unintelligible, .unavailable), (.refused, .stop), (.alreadyAccepted, .stop),
    (.pointless, .stop),
  ]) func `gives a failure of AWS its exit code, and says how to go on`(
    _ kind: OperationFailure.Kind, _ status: StepResults.ExitStatus
  ) {
    let failure = RevertRun.stepFailure(OperationFailure(kind, "what came back"), "prod", hasBegun: true)
    #expect(failure.status == status)
    #expect(failure.message == "what came back")
    #expect(failure.advice.contains("auto-revert prod --continue"))
    let early = RevertRun.stepFailure(OperationFailure(kind, ""), "prod", hasBegun: false)
    #expect(early.advice.hasPrefix("nothing was begun"))
  }

  @Test func `says of a full disk whether anything was begun`() {
    let full = FileError(operation: "append to", path: "/r/journal", code: 28)
    let early = RevertRun.stepFailure(full, "prod", hasBegun: false)
    #expect(early.status == .unavailable && early.message.contains("/r/journal"))
    #expect(early.advice.hasPrefix("nothing was begun: make room"))
    let late = RevertRun.stepFailure(full, "prod", hasBegun: true)
    #expect(late.status == .unavailable && late.advice.contains("auto-revert prod --continue"))
  }

  @Test func `an outage is told once, while it lasts`() async throws {
    let said = Mutex<[String]>([])
    let tries = Mutex(0)
    let reporter = ProgressReporter(say: { text in said.withLock { $0.append(text) } }, update: { _ in })
    let clock = ManualClock()
    let retrying = Retrying(
      clock: clock, outage: .seconds(300), reporter: reporter, deadline: clock.now + .seconds(7200))
    let answer = try await retrying.ask { () async throws(OperationFailure) -> Int in
      let number = tries.withLock { tries in
        tries += 1
        return tries
      }
      if number < 8 { throw OperationFailure(.unreachable, "no route to AWS") }
      return number
    }
    #expect(answer == 8)
    #expect(said.withLock { $0.count } == 1)
    #expect(said.withLock { $0.first }?.contains("no route to AWS") == true)
  }

  @Test func `a continued revert goes on as it was begun`() throws {
    let begun = ContinuedRevert(restorePoint: nil, only: [], method: .restore)
    #expect(try begun.method(nil) == .restore && begun.method(.restore) == .restore)
    #expect(throws: StepFailure.self) { try begun.method(.cancel) }
    let journal: JSONValue = ["event": "begin", "method": "cancel"]
    #expect(RevertJournal.method(journal) == .cancel)
    // Journals of before the method was written down.
    #expect(RevertJournal.method(["event": "begin"]) == .automatic)
  }

  @Test func `counts as a change what CloudFormation may replace`() {
    func effect(_ action: String, _ replacement: String?) -> RestoreChange.Effect {
      RestoreChange(
        ChangedResource(logicalID: "R", type: "T", action: action, replacement: replacement),
        statefulTypes: StatefulTypes()
      )
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
