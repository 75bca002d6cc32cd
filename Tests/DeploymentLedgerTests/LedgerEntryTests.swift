import DeploymentLedger
import DeploymentRecords
import JSONValues
import Redaction
import StepResults
import SystemInterfaces
import Testing

@Suite struct LedgerEntryTests {
  private static let record: JSONValue = [
    "schemaVersion": 1, "step": "preflight-snapshot", "tool": ["name": "backstop", "version": "9.9.9"],
    "environment": "prod", "commit": .string(commitA), "verdict": "stop",
    "startedAt": "2026-11-26T01:00:00.000Z", "finishedAt": "2026-11-26T01:01:00.000Z",
    "inputs": [["path": "deployment-prod.config", "sha256": "00ff"]],
    "findings": [
      ["code": "drift", "severity": "error", "message": "one that says much", "fingerprint": "1"],
      ["code": "drift", "severity": "error", "message": "another", "fingerprint": "2"],
      ["code": "hidden-parameter", "severity": "notice", "message": "a third", "fingerprint": "3"],
    ],
    "summary": ["restorePoint": "20261126T010000Z-abcdef", "words": "not kept", "outcome": "has a space"],
    "stacks": [["name": "CiraInvoice-Api-prod"]],
  ]

  @Test func `of a record only verdict, ids, digests, times and codes are kept`() throws {
    let entry = try LedgerEntry(record: Self.record, sha256: "d1", run: "github-7-1")
    #expect(entry.kind == .record && entry.step == .preflightSnapshot && entry.verdict == .stop)
    #expect(entry.commit == commitA && entry.recordSha256 == "d1" && entry.tool == "9.9.9")
    #expect(entry.findings.map(\.code) == ["drift", "hidden-parameter"])
    #expect(entry.findings.map(\.count) == [2, 1])
    #expect(entry.facts == ["restorePoint": "20261126T010000Z-abcdef"])
    let text = entry.message
    for word in ["says much", "another", "not kept", "has a space", "CiraInvoice"] {
      #expect(!text.contains(word))
    }
    #expect(text.hasPrefix("preflight-snapshot: stop aaaaaaaaaa\n\n{"))
  }

  @Test func `an entry reads back as it was written`() throws {
    var entry = try LedgerEntry(record: Self.record, sha256: "d1", run: "github-7-1")
    entry.committedAt = minute(-30)
    entry.releases = "1234"
    #expect(try LedgerEntry(message: entry.message) == entry)
    var lock = LedgerEntry(
      .lock, step: .autoRevert, environment: "prod", run: "r", startedAt: minute(0), finishedAt: minute(0))
    lock.lock = LedgerLock(
      id: "ab", run: "r", step: .autoRevert, holder: "host, process 1", since: minute(0),
      expiresAt: minute(240), takenOverFrom: "q")
    #expect(try LedgerEntry(message: lock.message) == lock)
    #expect(lock.headline == "auto-revert: lock")
  }

  @Test(arguments: [
    ("no entry here", "holds no entry"), ("x\n\n{\"a\":", "holds no entry"),
    ("x\n\n{}", "formatVersion: missing"), ("x\n\n{\"formatVersion\": 2}", "format version 2"),
    ("x\n\n{\"formatVersion\": 1}", "kind: missing"),
    ("x\n\n{\"formatVersion\": 1, \"kind\": \"guess\"}", "unknown word 'guess'"),
  ]) func `what is no entry is refused with the reason`(message: String, reason: String) {
    let error = #expect(throws: LedgerFormatError.self) { try LedgerEntry(message: message) }
    #expect(error?.description.contains(reason) == true)
  }

  @Test(arguments: ["kind", "step", "environment", "run", "tool", "startedAt", "finishedAt", "verdict"])
  func `no member may be missing`(name: String) throws {
    let entry = try LedgerEntry(record: Self.record, sha256: "d1", run: "r")
    guard case .object(let object) = entry.json else { return #expect(Bool(false)) }
    let cut = JSONValue.object(JSONObject(object.members.filter { $0.name != name }))
    let error = #expect(throws: LedgerFormatError.self) { try LedgerEntry(json: cut) }
    #expect(error?.description.hasPrefix("\(name): missing") == true)
  }

  @Test func `a commit that is none is not kept`() throws {
    guard case .object(var object) = Self.record else { return }
    object["commit"] = "main"
    #expect(try LedgerEntry(record: .object(object), sha256: "d", run: "r").commit == nil)
    object["commit"] = .null
    #expect(try LedgerEntry(record: .object(object), sha256: "d", run: "r").commit == nil)
  }
}
