import StepResults
import Testing
import YAMLDocuments

@testable import DiffGate

@Suite struct Acknowledgements {
  private let finding = Finding(
    "ban-drop-column", .error, "drops t.a", path: "migrations/v2.sql", subject: "t.a")
  private func acknowledgement(_ fingerprint: String, code: String? = nil, expires: String = "2026-12-31")
    -> Acknowledgement
  {
    Acknowledgement(
      fingerprint: fingerprint, code: code, reason: "snapshot taken", expires: expires, source: "f.yml:2",
      path: "f.yml",
      line: 2)
  }
  private func ledger(_ acknowledgement: Acknowledgement) -> AcknowledgementLedger {
    let rights = AcknowledgementRights(
      owners: ["@dba"], approvals: nil, needsApproval: false, teams: [:],
      inBase: [AcknowledgementRights.key(acknowledgement)])
    return AcknowledgementLedger([finding], [acknowledgement], rights, today: "2026-11-24")
  }

  @Test func `one that fits turns a stop into a notice that says why`() {
    let ledger = ledger(acknowledgement(finding.fingerprint, code: "ban-drop-column"))
    #expect(ledger.findings.map(\.severity) == [.notice])
    #expect(ledger.findings[0].message.contains("snapshot taken"))
    #expect(ledger.findings[0].fingerprint == finding.fingerprint)
    #expect(ledger.entries.map(\.state) == ["used"])
  }

  @Test func `it counts on its last day and not after`() {
    #expect(ledger(acknowledgement(finding.fingerprint, expires: "2026-11-24")).entries[0].state == "used")
    let expired = ledger(acknowledgement(finding.fingerprint, expires: "2026-11-23"))
    #expect(expired.findings.map(\.code) == ["ban-drop-column", "acknowledgement-expired"])
    #expect(expired.findings.map(\.severity) == [.error, .warning])
  }

  @Test func `one for another finding changes nothing, and is reported`() {
    let unused = ledger(acknowledgement("0123456789abcdef"))
    #expect(unused.findings.map(\.code) == ["ban-drop-column", "acknowledgement-unused"])
    #expect(unused.findings[0].severity == .error)
    let mismatched = ledger(acknowledgement("0123456789abcdef", code: "ban-drop-column"))
    #expect(mismatched.entries.map(\.state) == ["mismatched"])
    #expect(mismatched.findings[0].severity == .error)
    let otherCode = ledger(acknowledgement(finding.fingerprint, code: "truncate"))
    #expect(otherCode.entries.map(\.state) == ["mismatched"])
    #expect(otherCode.findings[0].severity == .error)
  }

  @Test func `the file is read with places`() throws {
    let text = """
      version: 1
      acknowledgements:
        - fingerprint: 0123456789ABCDEF
          reason: it is known
          expires: 2026-12-31
      """
    let read = try Acknowledgement.read(Array(text.utf8), path: "f.yml")
    #expect(read.map(\.fingerprint) == ["0123456789abcdef"])
    #expect(read.map(\.source) == ["f.yml:3"])
    #expect(try Acknowledgement.read(Array("# none\n".utf8), path: "f.yml").isEmpty)
  }

  @Test(arguments: [
    ("- fingerprint: a\n  expires: 2026-12-31\n", 1), ("- fingerprint: a\n  reason: b\n", 1),
    ("- fingerprint: a\n  reason: b\n  expires: soon\n", 3), ("acknowledgements: none\n", 1),
    ("- reason: b\n  expires: 2026-01-01\n", 1),
  ])
  func `what is missing is named with its line`(_ text: String, _ line: Int) {
    #expect { try Acknowledgement.read(Array(text.utf8), path: "f.yml") } throws: {
      ($0 as? YAMLError)?.line == line
    }
  }

  @Test func `trailers of commits count where they are whole`() {
    let message = """
      Drop a column

      Rollback-Plan: 0123456789abcdef 2026-12-31 restore the snapshot of the day
      Rollback-Plan: we will see
      rollback-plan: ABCDEF0123456789 2026-12-31 short
      """
    let read = Acknowledgement.read(message: message, commit: "abc")
    #expect(read.map(\.fingerprint) == ["0123456789abcdef", "abcdef0123456789"])
    #expect(read[0].reason == "restore the snapshot of the day")
    #expect(read[0].source == "commit abc")
  }
}

/// What a table's cell says of a finding.
@Suite struct FindingSubjectTests {
  @Test(arguments: [
    (
      "T (AWS::DynamoDB::Table) is replaced: the old one is deleted. It holds data.",
      "T (AWS::DynamoDB::Table) is replaced"
    ),
    ("app.users.email is dropped. Its values are lost", "app.users.email is dropped"),
    ("infra/a.yaml is gone\nit was a template", "infra/a.yaml is gone"), ("all is short", "all is short"),
  ])
  func `is its head, with types and paths whole`(_ message: String, _ subject: String) {
    #expect(CoverageReport.subject(message) == subject)
  }
}
