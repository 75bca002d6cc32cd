import DeploymentConfig
import DeploymentEvidence
import DeploymentRecords
import StepResults
import SystemInterfaces
import Testing

@testable import PreflightSnapshot

@Suite struct CommitReadinessTests {
  private let commit = "0123456789abcdef0123456789abcdef01234567"

  @Test func `a clean and pushed commit is nothing to speak of`() {
    for isPushed in [true, nil] {
      let facts = CommitReadiness.Facts(commit: commit, isPushed: isPushed)
      #expect(CommitReadiness.findings(facts, stops: true).isEmpty)
    }
  }

  @Test func `changes that no commit has, and commits that no remote has`() {
    var facts = CommitReadiness.Facts(commit: commit, isPushed: false)
    facts.changedPaths = (1...7).map { "file\($0)" }
    let findings = CommitReadiness.findings(facts, stops: true)
    #expect(findings.map(\.code) == ["commit-dirty", "commit-unpushed"])
    #expect(findings.allSatisfy { $0.severity == .error && $0.message.contains("0123456789ab") })
    #expect(findings[0].message.contains("file5 and 2 more"))
    #expect(CommitReadiness.findings(facts, stops: false).allSatisfy { $0.severity == .warning })
  }

  // MARK: - Windows and freezes

  private func findings(_ time: String, zone: String = "+01:00", skip: String? = nil) throws -> [Finding] {
    var calendar = DeploymentCalendar()
    calendar.timeZone = zone
    calendar.windows = [try #require(WeeklyWindow("Mon-Thu 09:00-16:00"))]
    calendar.freezes = [try #require(Freeze(from: "2026-12-20", to: "2027-01-03", reason: "holidays"))]
    return CalendarReadiness.findings(
      calendar, zone: try #require(TimeZoneRules(offset: zone)), now: try #require(Timestamp(time)),
      skipReason: skip)
  }

  @Test func `the zone decides whether the window is open`() throws {
    #expect(try findings("2026-11-26T08:30:00Z").isEmpty)
    #expect(try findings("2026-11-26T08:30:00Z", zone: "UTC").map(\.code) == ["outside-window"])
    let closed = try findings("2026-11-26T15:00:00Z")
    #expect(closed.map(\.code) == ["outside-window"] && closed[0].severity == .error)
    #expect(closed[0].message.contains("Thu 2026-11-26 16:00 in +01:00"))
    #expect(closed[0].message.contains("Mon-Thu 09:00-16:00"))
  }

  @Test func `a freeze says why and until when; a person may pass over it, and that is recorded`() throws {
    let frozen = try findings("2026-12-22T10:00:00Z")
    #expect(frozen.map(\.code) == ["deployment-freeze"] && frozen[0].severity == .error)
    #expect(frozen[0].message.contains("holidays") && frozen[0].message.contains("2027-01-03"))
    let passed = try findings("2026-12-22T10:00:00Z", skip: "card payments fail")
    #expect(passed[0].severity == .warning && passed[0].message.contains("card payments fail"))
  }

  // MARK: - Staging first

  @Test func `only a pass in staging is a proof, and a stop there is named`() throws {
    let time = try #require(Timestamp("2026-11-25T10:00:00Z"))
    let entry = Evidence(
      .smokeTest, .go, .nothing, startedAt: time, finishedAt: time, application: ".", deployment: nil)
    func finding(_ proof: StageProof, stops: Bool = true) -> Finding? {
      StagingEvidence.finding(proof, commit, "staging", stops: stops)
    }
    #expect(finding(.passed(entry)) == nil)
    let unsigned = try #require(StagingEvidence.attestation(.passed(entry), commit, "staging"))
    #expect(unsigned.code == "staging-unattested" && unsigned.severity == .warning)
    #expect(StagingEvidence.attestation(.unknown, commit, "staging") == nil)
    let missing = try #require(finding(.unknown))
    #expect(missing.code == "staging-missing" && missing.severity == .error)
    #expect(missing.message.contains("0123456789ab in staging"))
    #expect(finding(.stopped(entry))?.message.contains("smoke-test at 2026-11-25") == true)
    #expect(finding(.unknown, stops: false)?.severity == .warning)
  }

  // MARK: - Freshness

  @Test func `a restore point that still is what is there`() throws {
    #expect(freshness { _, _ in }.isEmpty)
  }

  @Test func `every way to become stale is named`() throws {
    #expect(freshness { point, _ in point.createdAt = Timestamp(seconds: 0) } == ["it was made 1970"])
    #expect(freshness { _, live in live[0].updatedAt = Timestamp(seconds: 999) } == ["api was updated at"])
    #expect(freshness { _, live in live[0].stackId = "arn:other" } == ["api was deleted and made anew"])
    #expect(freshness { _, live in live[0].name = "new" } == ["new is not in it", "api is gone"])
    #expect(
      freshness { point, _ in point.commit = "aaaaaaaaaaaabbbb" } == ["it is of the commit aaaaaaaaaaaa"])
    #expect(
      freshness { point, _ in
        point.stacks[0].restorable = false
        point.stacks[0].why = "an asset is gone"
      } == ["api cannot be put back from it: an asset is gone"])
  }

  /// The beginnings of the reasons, after `change`.
  private func freshness(
    _ change: (inout RestorePoint, inout [RestorePointFreshness.Live]) -> Void
  ) -> [String] {
    var point = RestorePoint(
      id: "20261126T000000Z-aaaaaa", environment: "prod", commit: commit,
      createdAt: Timestamp(seconds: 10_000),
      region: "us-east-1", account: nil)
    point.stacks = [
      StackState(
        role: "api", name: "api", stackId: "arn:api", status: "UPDATE_COMPLETE",
        lastUpdatedAt: Timestamp(seconds: 5), templateFile: "t", templateSha256: "0")
    ]
    var live = [RestorePointFreshness.Live(name: "api", stackId: "arn:api", updatedAt: Timestamp(seconds: 5))]
    change(&point, &live)
    let findings = RestorePointFreshness.findings(
      point, live: live, now: Timestamp(seconds: 10_060), maximumAge: .seconds(3600), deployed: commit)
    let known = [
      "it was made 1970", "api was updated at", "api was deleted and made anew", "new is not in it",
      "api is gone",
      "it is of the commit aaaaaaaaaaaa", "api cannot be put back from it: an asset is gone",
    ]
    return findings.map { finding in
      known.first { finding.message.contains("any more: \($0)") } ?? finding.message
    }
  }
}
