import AWSClients
import Records
import SystemInterfaces
import Testing

@testable import PreflightSnapshot

@Suite struct StackReadinessTests {
  private func state() -> StackState {
    StackState(
      role: "api", name: "Shop-Api-prod", stackId: "arn:x", status: "UPDATE_COMPLETE",
      lastUpdatedAt: Timestamp(seconds: 0), templateFile: "t", templateSha256: "00")
  }

  /// Which of the 23 statuses a deployment may start from.
  @Test(arguments: StackStatus.all)
  func `every status is judged`(status: StackStatus) {
    let worst = StackReadiness.findings(state(), status: status, allowsDrift: true).map(\.severity).max()
    switch status.rawValue {
    case "CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE": #expect(worst == nil)
    case "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE": #expect(worst == .notice)
    case "DELETE_COMPLETE": break  // never read: a deleted stack counts as missing
    default: #expect(worst == .error, "\(status)")
    }
  }

  @Test func `an unknown status stops`() {
    let findings = StackReadiness.findings(
      state(), status: StackStatus(rawValue: "PAUSED"), allowsDrift: true)
    #expect(findings.map(\.severity) == [.error])
  }

  @Test func `drift warns or stops as the policy says`() {
    var drifted = state()
    drifted.driftStatus = "DRIFTED"
    #expect(
      StackReadiness.findings(drifted, status: .updateComplete, allowsDrift: true).map(\.severity) == [
        .warning
      ])
    #expect(
      StackReadiness.findings(drifted, status: .updateComplete, allowsDrift: false).map(\.severity) == [
        .error
      ])
  }

  @Test func `hidden parameters are named, never valued`() {
    var hidden = state()
    hidden.parameters = [
      StackParameter(name: "Password", value: nil, noEcho: true),
      StackParameter(name: "Size", value: "3", noEcho: false),
    ]
    let findings = StackReadiness.findings(hidden, status: .updateComplete, allowsDrift: true)
    #expect(findings.map(\.code) == ["hidden-parameter"])
    #expect(findings[0].message.contains("Password") && !findings[0].message.contains("Size"))
  }

  @Test func `a template beyond a call's size needs a bucket`() {
    #expect(StackReadiness.gap(state(), templateBytes: 51_200, hasBucket: false) == nil)
    #expect(StackReadiness.gap(state(), templateBytes: 51_201, hasBucket: false)?.contains("S3") == true)
    #expect(StackReadiness.gap(state(), templateBytes: 51_201, hasBucket: true) == nil)
    #expect(StackReadiness.gap(state(), templateBytes: 0, hasBucket: true) != nil)
  }

  @Test(
    arguments: [
      ("migrations/v2.sql", true), ("db/migrate/20260101_add.rb", true), ("alembic/versions/a.py", true),
      ("src/app.py", false), ("infra/api.yaml", false), ("schema.SQL", true),
    ])
  func `migrations are known by their paths`(path: String, expected: Bool) {
    #expect(PreflightRun.isMigration(path) == expected)
  }

  @Test func `every code that is raised is in the catalog`() {
    let codes = Set(PreflightFindings.catalog.map(\.code))
    var state = state()
    state.driftStatus = "DRIFTED"
    state.deploymentMode = "EXPRESS"
    state.parameters = [StackParameter(name: "P", value: nil, noEcho: true)]
    for status in StackStatus.all {
      for finding in StackReadiness.findings(state, status: status, allowsDrift: true) {
        #expect(codes.contains(finding.code), "\(finding.code)")
      }
    }
    #expect(PreflightFindings.catalog.count == codes.count)
  }
}
