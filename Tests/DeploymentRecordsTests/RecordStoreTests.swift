import DeploymentRecords
import JSONValues
import Redaction
import StepResults
import SystemInterfaces
import TestSupport
import Testing

private struct SamplePart: StepPart, Equatable {
  struct Summary: Codable, Sendable { var checked: Int }
  static let step = Step.smokeTest
  var checks: [String]
}

@Suite struct RecordStoreTests {
  private let folder = TemporaryFolder()
  private let files = LocalFileSystem()
  private let redactor = Redactor()

  private func store() -> RecordStore {
    RecordStore(root: folder("records"), run: "run-1", files: files, redactor: redactor)
  }

  private func record(checks: [String] = ["a"]) -> Record<SamplePart> {
    Record(
      environment: "prod", commit: nil, verdict: .stop, startedAt: Timestamp(seconds: 0),
      finishedAt: Timestamp(seconds: 1.5), inputs: [RecordInput(path: "x", sha256: "00")],
      findings: [Finding("low", .notice, "n"), Finding("high", .error, "e", path: "p", line: 3)],
      summary: .init(checked: 1), part: SamplePart(checks: checks))
  }

  @Test func `the envelope comes first, the worst finding first, the commit even where unknown`() throws {
    let tree = try store().redactedTree(record())
    #expect(
      tree.object?.names == [
        "schemaVersion", "step", "tool", "environment", "application", "deployment", "commit", "verdict",
        "startedAt", "finishedAt", "summary", "findings", "inputs", "checks",
      ])
    #expect(tree["commit"] == .null)
    #expect(tree["findings"]?[0]?["code"]?.string == "high")
    #expect(tree["finishedAt"]?.string == "1970-01-01T00:00:01.500Z")
  }

  @Test func `a second record of a run stands beside the first, the latest is the last`() throws {
    let store = store()
    #expect(try store.write(record(checks: ["a"])) == folder("records/runs/run-1/smoke-test.json"))
    #expect(try store.write(record(checks: ["b"])) == folder("records/runs/run-1/smoke-test-2.json"))
    #expect(try store.latest(SamplePart.self)?.part.checks == ["b"])
    #expect(try files.status(of: folder("records/smoke-test.json"))?.mode == 0o600)
    #expect(try files.status(of: folder("records/runs/run-1"))?.mode == 0o700)
  }

  @Test func `secrets are gone from every string of a record, names included`() throws {
    redactor.learn("very-secret-value")
    let store = store()
    let path = try store.write(record(checks: ["x very-secret-value y"]))
    let text = try files.readText(path)
    #expect(!text.contains("very-secret-value"))
    #expect(text.contains("x [redacted] y"))
  }

  @Test func `a malformed record says which member and why`() throws {
    let store = store()
    try store.write(record())
    try files.writeAtomically(
      Array("{\"step\": \"smoke-test\"}".utf8), to: folder("records/smoke-test.json"), mode: 0o600)
    let error = #expect(throws: RecordError.self) { try store.latest(SamplePart.self) }
    #expect(error?.reason == "schemaVersion: missing")
    try files.writeAtomically(Array("{".utf8), to: folder("records/smoke-test.json"), mode: 0o600)
    #expect(throws: RecordError.self) { try store.latest(SamplePart.self) }
  }

  @Test func `no record is nil, not an error`() throws { #expect(try store().latest(SamplePart.self) == nil) }

  @Test func `a fingerprint stays when the line moves and changes with the subject`() {
    let first = Finding("c", .error, "m", path: "p", line: 1, subject: "s")
    #expect(
      first.fingerprint == Finding("c", .warning, "other", path: "p", line: 9, subject: "s").fingerprint)
    #expect(first.fingerprint != Finding("c", .error, "m", path: "p", line: 1, subject: "t").fingerprint)
    #expect(first.fingerprint.count == 16)
  }
}
