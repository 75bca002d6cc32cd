import AWSClients
import CloudFormationModel
import DeploymentRecords
import JSONValues
import StepResults
import SystemInterfaces
import Testing

@testable import PreflightSnapshot
@testable import RestorePoints

@Suite struct StackReadinessTests {
  private func state() -> StackState {
    StackState(
      role: "api", name: "Shop-Api-prod", stackId: "arn:x", status: "UPDATE_COMPLETE",
      lastUpdatedAt: Timestamp(seconds: 0), templateFile: "t", templateSha256: "00")
  }

  /// Which of the 23 statuses a deployment may start from.
  @Test(arguments: StackStatus.allCases)
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
    #expect(findings.map(\.code) == ["hidden-parameter"] && findings[0].message.contains("unverified"))
    #expect(findings[0].message.contains("Password") && !findings[0].message.contains("Size"))
  }

  @Test func `a template beyond a call's size needs a bucket`() {
    #expect(StackReadiness.gap(templateBytes: 51_200, missingBucket: "no bucket is named") == nil)
    let large = StackReadiness.gap(templateBytes: 51_201, missingBucket: "no bucket is named")
    #expect(large?.code == "template-bucket-missing")
    #expect(large?.why.contains("51201 bytes") == true && large?.why.contains("no bucket is named") == true)
    #expect(StackReadiness.gap(templateBytes: 51_201, missingBucket: nil) == nil)
    #expect(StackReadiness.gap(templateBytes: 0, missingBucket: nil)?.code == "not-restorable")
    #expect(StackReadiness.gap(templateBytes: 1_048_577, missingBucket: nil)?.code == "not-restorable")
  }

  @Test func `what a template fetches must be there`() {
    let gap = StackReadiness.gap(
      templateBytes: 10, missingBucket: nil, missingAssets: ["s3://b/k, which Worker names"])
    #expect(gap?.code == "asset-missing")
    #expect(gap?.why.contains("s3://b/k, which Worker names") == true)
  }

  @Test func `deployments that CloudFormation could take back by itself are advised`() {
    var plain = StackReading(state: state(), status: .updateComplete, files: [:], template: "")
    plain.disablesRollback = true
    var watched = plain
    watched.state.name = "Watched"
    watched.disablesRollback = false
    watched.state.rollbackConfiguration = ["triggers": [], "monitoringMinutes": 30]
    let findings = StackReadiness.advice([plain, watched], watch: .seconds(1800))
    #expect(findings.map(\.code) == ["no-monitoring-time", "rollback-disabled"])
    #expect(findings[0].message.contains("MonitoringTimeInMinutes 30"))
    #expect(!findings[0].message.contains("Watched"))
    #expect(StackReadiness.advice([watched], watch: .seconds(1800)).isEmpty)
    #expect(StackReadiness.advice([watched], watch: .seconds(3600)).map(\.code) == ["no-monitoring-time"])
    #expect(findings.allSatisfy { $0.severity < .error })
  }

  @Test(
    arguments: [
      ("migrations/v2.sql", true), ("db/migrate/20260101_add.rb", true), ("alembic/versions/a.py", true),
      ("src/app.py", false), ("infra/api.yaml", false), ("schema.SQL", true),
    ])
  func `migrations are known by their paths`(path: String, expected: Bool) {
    #expect(CommitRange.isMigration(path) == expected)
  }

  @Test func `every code that is raised is in the catalog`() {
    let codes = Set(PreflightFindings.catalog.map(\.code))
    var state = state()
    state.driftStatus = "DRIFTED"
    state.deploymentMode = "EXPRESS"
    state.parameters = [StackParameter(name: "P", value: nil, noEcho: true)]
    for status in StackStatus.allCases {
      for finding in StackReadiness.findings(state, status: status, allowsDrift: true) {
        #expect(codes.contains(finding.code), "\(finding.code)")
      }
    }
    #expect(PreflightFindings.catalog.count == codes.count)
  }
}
