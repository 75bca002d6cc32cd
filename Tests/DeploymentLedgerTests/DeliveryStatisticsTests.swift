import DeploymentLedger
import DeploymentRecords
import Redaction
import StepResults
import SystemInterfaces
import Testing

@Suite struct DeliveryStatisticsTests {
  private func statistics(_ entries: LedgerEntry...) -> DeliveryStatistics {
    DeliveryStatistics(entries, since: minute(0), until: minute(7 * 24 * 60))
  }

  @Test func `nothing is no figure, not zero`() {
    let empty = statistics()
    #expect(empty.perWeek == nil && empty.changeFailureRate == nil)
    #expect(DeliveryStatistics.median(empty.timesToRestore) == nil)
    #expect(statistics(.record(.diffGate, .stop), .record(.preflightSnapshot, .stop)).deployments.isEmpty)
  }

  @Test func `the checks of one commit are one deployment`() {
    let found = statistics(
      .record(.preflightSnapshot, .go, at: 1), .record(.smokeTest, .go, at: 5),
      .record(.watch30m, .go, at: 40),
      .record(.smokeTest, .go, commit: commitB, at: 100),
      .record(.watch30m, .inconclusive, commit: commitB, at: 140))
    #expect(found.deployments.map(\.commit) == [commitA, commitB])
    #expect(found.perWeek == 2)
    #expect(found.changeFailureRate == 0)
  }

  @Test func `the same commit deployed again after a snapshot counts twice, after a dry run it does not`() {
    func count(_ facts: [String: String]) -> Int {
      statistics(
        .record(.smokeTest, .go, at: 5), .record(.preflightSnapshot, .go, at: 50, facts: facts),
        .record(.smokeTest, .go, at: 60)
      ).deployments.count
    }
    #expect(count(["restorePoint": "r"]) == 2)
    #expect(count([:]) == 1)
  }

  @Test func `a stop is restored by auto-revert`() {
    let found = statistics(
      .record(.smokeTest, .go, at: 5), .record(.smokeTest, .stop, commit: commitB, at: 100),
      .record(.autoRevert, .go, commit: commitB, at: 120, facts: ["outcome": "planned"]),
      .record(.autoRevert, .go, commit: commitB, at: 129, facts: ["outcome": "restored"]),
      .record(.smokeTest, .go, at: 500))
    #expect(found.deployments.count == 3)
    #expect(found.failures.map(\.commit) == [commitB])
    // From the start of the check, minute 99, to the end of the restore.
    #expect(found.timesToRestore == [30 * 60])
  }

  @Test func `a stop is restored by the next check that passes`() {
    let found = statistics(
      .record(.smokeTest, .stop, at: 11), .record(.smokeTest, .inconclusive, at: 15),
      .record(.smokeTest, .go, commit: commitB, at: 40))
    #expect(found.deployments.count == 2)
    #expect(found.changeFailureRate == 0.5)
    #expect(found.timesToRestore == [30 * 60])
  }

  @Test func `what is not restored yet has no time`() {
    let found = statistics(.record(.watch30m, .stop, at: 30))
    #expect(found.changeFailureRate == 1)
    #expect(found.timesToRestore.isEmpty)
  }

  @Test func `what was taken back without a stop failed all the same`() {
    let found = statistics(
      .record(.smokeTest, .go, at: 5), .record(.autoRevert, .go, at: 20, facts: ["outcome": "restored"]))
    #expect(found.changeFailureRate == 1)
    #expect(found.timesToRestore == [60])
  }

  @Test func `lead time is from the commit to the first check that passed`() {
    var first = LedgerEntry.record(.smokeTest, .go, at: 30)
    first.committedAt = minute(-30)
    var second = LedgerEntry.record(.smokeTest, .stop, commit: commitB, at: 60)
    second.committedAt = minute(40)
    var later = LedgerEntry.record(.smokeTest, .go, commit: commitB, at: 100)
    later.committedAt = minute(40)
    #expect(statistics(first, second, later).leadTimes == [60 * 60, 60 * 60])
    var odd = LedgerEntry.record(.smokeTest, .go, at: 10)
    odd.committedAt = minute(500)
    #expect(statistics(odd).leadTimes.isEmpty)
  }

  @Test func `entries before and after the time that is asked for are left out, in any order`() {
    let found = DeliveryStatistics(
      [
        .record(.smokeTest, .go, commit: commitB, at: 100), .record(.smokeTest, .go, at: 5),
        .record(.smokeTest, .go, commit: nil, at: 900),
      ], since: minute(50), until: minute(500))
    #expect(found.deployments.map(\.commit) == [commitB])
  }

  @Test func `medians`() {
    #expect(DeliveryStatistics.median([1, 2, 10]) == 2)
    #expect(DeliveryStatistics.median([1, 3]) == 2)
  }
}
