import CryptoDigests
import DeploymentRecords
import HTTPTransport
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

/// What a restore point rests on outside it, over an AWS that answers as it is told.
@Suite struct `Restore point's policyAndTriggers` {
  private static let template = """
    Resources:
      Fn:
        Type: AWS::Lambda::Function
        Properties: {Code: {S3Bucket: assets-1, S3Key: code/fn.zip}, Role: r, Handler: h, Runtime: python3.11}
    """

  private func loaded(snapshot: String? = nil) -> LoadedRestorePoint {
    var point = RestorePoint(
      id: "20261126T000000Z-aaaaaa", environment: "prod", commit: nil,
      createdAt: Timestamp("2026-11-26T00:00:00Z")!, region: "eu-west-1", account: nil)
    point.stacks = [
      StackState(
        role: "api", name: "Shop-Api",
        stackId: "arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop-Api/1",
        status: "UPDATE_COMPLETE", lastUpdatedAt: point.createdAt, templateFile: "t",
        templateSha256: Digest.sha256Hex(Array(Self.template.utf8)))
    ]
    if let snapshot {
      point.database = DatabaseState(
        kind: "instance", identifier: "shop", status: "available", stack: "Shop-Api")
      point.database?.snapshotId = snapshot
    }
    return LoadedRestorePoint(point: point, templates: ["Shop-Api": Self.template])
  }

  private func check(
    _ loaded: LoadedRestorePoint, object: Int = 200,
    snapshots: @escaping @Sendable () -> HTTPResponse = {
      HTTPResponse(status: 500)
    }
  ) async throws -> (loaded: LoadedRestorePoint, findings: [PlanFinding]) {
    var bench = SessionBench()
    bench.config += "AWS_REGION=eu-west-1\n"
    bench.variables = [
      "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-test", "AWS_MAX_ATTEMPTS": "1",
    ]
    bench.transport = ScriptedTransport { request in
      request.method == "HEAD" ? HTTPResponse(status: object) : snapshots()
    }
    let session = try bench.start().session
    return try await RestorePointCheck(session: session, clients: try session.clients()).check(loaded)
  }

  private static func answer(_ status: String?) -> HTTPResponse {
    let item =
      status.map {
        "<DBSnapshot><DBSnapshotIdentifier>s</DBSnapshotIdentifier><DBInstanceIdentifier>shop</DBInstanceIdentifier>"
          + "<Status>\($0)</Status><Engine>postgres</Engine></DBSnapshot>"
      } ?? ""
    let text =
      "<DescribeDBSnapshotsResponse><DescribeDBSnapshotsResult><DBSnapshots>\(item)</DBSnapshots>"
      + "</DescribeDBSnapshotsResult></DescribeDBSnapshotsResponse>"
    return HTTPResponse(status: 200, body: Array(text.utf8))
  }

  @Test func `code that has gone from its bucket is an obstacle of its stack`() async throws {
    let gone = try await check(loaded(), object: 404).loaded
    #expect(gone.missingAssets.keys.sorted() == ["Shop-Api"])
    let obstacles = gone.recorded("Shop-Api", live: nil)?.obstacles ?? []
    #expect(obstacles.count == 1)
    #expect(obstacles.first?.contains("assets-1") == true && obstacles.first?.contains("Fn") == true)
    #expect(obstacles.first?.hasSuffix("is not there any more") == true)
    let there = try await check(loaded()).loaded
    #expect(there.missingAssets.isEmpty && there.recorded("Shop-Api", live: nil)?.obstacles == [])
    // What may not be looked at is not called gone.
    #expect(try await check(loaded(), object: 403).loaded.missingAssets.isEmpty)
  }

  @Test(
    arguments: [("available", nil), ("creating", "is creating"), ("failed", "is failed")]
      as [(String, String?)])
  func `a database snapshot is looked for`(_ status: String, _ words: String?) async throws {
    let found = try await check(loaded(snapshot: "s"), snapshots: { Self.answer(status) }).findings
    #expect(found.map(\.code) == (words == nil ? [] : [.restorePointIncomplete]))
    if let words { #expect(found.first?.message.contains(words) == true) }
  }

  @Test func `a database snapshot that was deleted is told, whichever way the service says so`() async throws
  {
    let refusal =
      "<ErrorResponse><Error><Code>DBSnapshotNotFound</Code><Message>s not found</Message></Error></ErrorResponse>"
    for answer in [Self.answer(nil), HTTPResponse(status: 404, body: Array(refusal.utf8))] {
      let found = try await check(loaded(snapshot: "s"), snapshots: { answer }).findings
      #expect(found.map(\.code) == [.restorePointIncomplete] && found.first?.severity == .warning)
      #expect(found.first?.message.contains("not there any more") == true)
    }
  }
}
