import StepResults
import Testing

@testable import DiffGate

@Suite struct `Who may acknowledge` {
  private let finding = Finding("truncate", .error, "empties t", path: "v2.sql", subject: "t")
  private func acknowledgement(path: String? = "f.yml") -> Acknowledgement {
    Acknowledgement(
      fingerprint: finding.fingerprint, code: nil, reason: "known", expires: "2026-12-31",
      source: path ?? "commit abc", path: path, line: path == nil ? nil : 2)
  }
  private func rights(
    owners: [String] = ["@org/dba", "@Ada"], approved: String? = nil, needsApproval: Bool = false,
    inBase: Bool = false
  ) throws -> AcknowledgementRights {
    AcknowledgementRights(
      owners: owners,
      approvals: try approved.map { try Approvals(parsing: Array($0.utf8), commits: ["c2"]) },
      needsApproval: needsApproval, teams: ["org/dba": ["bob"]],
      inBase: inBase ? [AcknowledgementRights.key(acknowledgement())] : [])
  }
  private func ledger(_ acknowledgement: Acknowledgement, _ rights: AcknowledgementRights)
    -> AcknowledgementLedger
  {
    AcknowledgementLedger([finding], [acknowledgement], rights, today: "2026-11-24")
  }

  @Test func `what the base holds was reviewed; what the change brings waits for its owners, and says so`()
    throws
  {
    let reviewed = ledger(acknowledgement(), try rights(inBase: true))
    #expect(reviewed.entries.map(\.standing) == ["reviewed"])
    #expect(reviewed.findings.map(\.severity) == [.notice])
    let pending = ledger(acknowledgement(), try rights())
    #expect(pending.entries.map(\.state) == ["used"])
    #expect(pending.findings.map(\.code) == ["truncate", "acknowledgement-pending"])
    #expect(pending.findings[1].message.contains("@org/dba or @Ada"))
    // A trailer is never in the base's file, and no review has to look at it: it counts with an owner's word alone.
    let trailer = ledger(acknowledgement(path: nil), try rights(inBase: true))
    #expect(trailer.entries.map(\.state) == ["unapproved"])
    #expect(trailer.findings.map(\.severity) == [.error, .warning])
    let approved = ledger(acknowledgement(path: nil), try rights(approved: #"["ada"]"#))
    #expect(approved.entries.map(\.state) == ["used"])
    var lax = try rights()
    lax.trailersCount = true
    #expect(ledger(acknowledgement(path: nil), lax).findings.map(\.severity) == [.notice, .warning])
  }

  @Test func `where the policy wants approval, only an owner's word counts`() throws {
    for owners in [["@ada"], []] {
      let waiting = ledger(acknowledgement(), try rights(owners: owners, needsApproval: true))
      #expect(waiting.entries.map(\.state) == ["unapproved"])
      #expect(waiting.findings.map(\.severity) == [.error, .warning])
    }
    let given = ledger(acknowledgement(), try rights(approved: #"["ada"]"#, needsApproval: true))
    #expect(given.entries.map(\.standing) == ["approved"])
    #expect(given.findings.map(\.severity) == [.notice])
  }

  @Test func `approvals of others do not count, even where the policy does not ask for any`() throws {
    let other = ledger(acknowledgement(), try rights(approved: #"["mallory"]"#))
    #expect(other.findings.map(\.code) == ["truncate", "acknowledgement-unapproved"])
    #expect(other.findings[0].severity == .error)
  }

  @Test func `nobody owns the file`() throws {
    let unowned = ledger(acknowledgement(), try rights(owners: []))
    #expect(unowned.findings.map(\.code) == ["truncate", "acknowledgement-unowned"])
    #expect(unowned.findings[0].severity == .notice)
  }

  @Test(arguments: [
    (#"["@Ada"]"#, ["ada"]), ("[]", []), ("{}", []),
    (#"{"approved_by": [{"user": {"username": "bob"}}]}"#, ["bob"]),
    (#"[{"user": {"login": "Ada"}, "state": "APPROVED", "commit_id": "c2"}]"#, ["ada"]),
    // Of an earlier commit.
    (#"[{"user": {"login": "ada"}, "state": "APPROVED", "commit_id": "c1"}]"#, []),
    (#"[{"user": {"login": "ada"}, "state": "COMMENTED", "commit_id": "c2"}]"#, []),
    (
      #"[{"user": {"login": "ada"}, "state": "APPROVED", "commit_id": "c2"}, {"user": {"login": "ada"}, "state": "CHANGES_REQUESTED", "commit_id": "c2"}]"#,
      []
    ),
  ])
  func `the answers of review APIs`(_ text: String, _ names: [String]) throws {
    #expect(try Approvals(parsing: Array(text.utf8), commits: ["c2"]).names == Set(names))
  }

  @Test func `a member of a team that owns the file`() throws {
    #expect(ledger(acknowledgement(), try rights(approved: #"["bob"]"#)).entries[0].standing == "approved")
  }
}
