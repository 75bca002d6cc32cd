import CloudFormationModel
import CommandArguments
import CryptoDigests
import DeploymentLedger
import DeploymentRecords
import Foundation
import JSONValues
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

/// Which restore point is taken, and what is said of those that are elsewhere or damaged. AWS is asked nothing here.
@Suite struct `Choice of the restore point` {
  private let bench: SessionBench
  private let session: StepSession
  private static let here = "20261125T000000Z-aaaaaa", elsewhere = "20261126T000000Z-bbbbbb"
  private static let commit = String(repeating: "abcd", count: 10)

  init() throws {
    var bench = SessionBench()
    bench.config += "AWS_REGION=eu-west-1\n"
    bench.variables = ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-test"]
    for arguments in [["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]] {
      _ = try runProgram("git", arguments, in: bench.folder.path, variables: TestRepository.variables)
    }
    self.bench = bench
    session = try bench.start().session
  }

  private func find(_ named: String? = nil) async throws -> RestorePointFinder.Choice {
    let clients = try session.clients()
    let operations = AWSOperations(clients, clock: bench.clock, templates: TemplateUploader(clients))
    return try await RestorePointFinder(
      command: try bench.start().command, session: session, clients: clients, operations: operations
    ).find(named: named, continued: nil, targets: [], evidence: try RevertEvidence(session))
  }

  /// A line of the trail that the snapshot of another machine left.
  private func recordElsewhere(_ id: String, _ verdict: String = "go") async throws {
    let record: JSONValue = [
      "step": "preflight-snapshot", "environment": "prod", "startedAt": "2026-11-26T00:00:00Z",
      "finishedAt": "2026-11-26T00:01:00Z", "verdict": .string(verdict),
      "summary": ["restorePoint": .string(id), "deployedCommit": .string(Self.commit)],
    ]
    _ = try await session.ledger()?.append(LedgerEntry(record: record, sha256: "", run: "ci-7"))
  }

  private func recordHere() throws {
    var point = RestorePoint(
      id: Self.here, environment: "prod", commit: nil, createdAt: Timestamp("2026-11-25T00:00:00Z")!,
      region: "eu-west-1", account: nil)
    point.stacks = [
      StackState(
        role: "api", name: "Shop-Api", stackId: "arn:aws:cloudformation:eu-west-1:1:stack/Shop-Api/1",
        status: "UPDATE_COMPLETE", lastUpdatedAt: point.createdAt, templateFile: "t",
        templateSha256: Digest.sha256Hex(Array("{}".utf8)))
    ]
    try session.restorePoints.write(point, contents: ["t": Array("{}".utf8)])
    try session.restorePoints.markLatest(Self.here)
  }

  @Test func `one that the trail alone knows is told with the run that made it`() async throws {
    try await recordElsewhere("20261126T010000Z-cccccc", "stop")
    #expect(try await find().findings.first?.message.contains("On record") == false)
    try await recordElsewhere(Self.elsewhere)
    for name in [Self.elsewhere, "ABCDabcd"] {
      let failure = await #expect(throws: StepFailure.self) { try await find(name) }
      #expect(failure?.status == .data)
      #expect(
        failure?.advice.contains("\(Self.elsewhere) (commit abcdabcdabcd) was made by the run ci-7") == true)
      #expect(failure?.advice.contains("--store") == true)
    }
    let unknown = await #expect(throws: StepFailure.self) { try await find("nobody") }
    #expect(unknown?.advice == "")

    let none = try await find()
    #expect(none.loaded == nil && none.findings.map(\.code) == [.restorePointMissing])
    #expect(none.findings.first?.message.contains("run ci-7 at 2026-11-26T00:01:00Z") == true)
  }

  @Test func `an older one here is taken, and the newer one elsewhere is told`() async throws {
    try recordHere()
    #expect(try await find().findings == [])
    try await recordElsewhere("20261124T000000Z-dddddd")
    #expect(try await find().findings == [])
    try await recordElsewhere(Self.elsewhere)
    let choice = try await find()
    #expect(choice.loaded?.point.id == Self.here)
    #expect(choice.findings.map(\.code) == [.restorePointElsewhere])
    #expect(choice.findings.map(\.target) == [Self.elsewhere])
  }

  @Test func `a file of a restore point that was altered is named`() async throws {
    try recordHere()
    let file = "\(session.restorePoints.folder(Self.here))/t"
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    try "{ }".write(toFile: file, atomically: true, encoding: .utf8)
    for name in [nil, Self.here] {
      let failure = await #expect(throws: StepFailure.self) { try await find(name) }
      #expect(failure?.status == .data && failure?.message.contains(file) == true)
      #expect(failure?.advice.contains("auto-revert prod --list") == true)
    }
  }
}
