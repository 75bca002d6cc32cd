import AWSClients
import DeploymentConfig
import DeploymentRecords
import HTTPTransport
import JSONValues
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import PreflightSnapshot
@testable import RestorePoints

@Suite struct DatabaseRuleTests {
  private func database(_ status: String = "available") -> DatabaseState {
    DatabaseState(kind: "instance", identifier: "shop", status: status, stack: "db")
  }

  @Test func `14 a snapshot is made where the range has migrations, may have some, or on request`() {
    for range in [CommitRange.unknown, .known(hasMigrations: true)] {
      #expect(DatabasePhase.decide(database(), wanted: .migrations, range: range) == .make)
    }
    #expect(DatabasePhase.decide(database(), wanted: .always, range: .known(hasMigrations: false)) == .make)
    for (wanted, range) in [
      (SnapshotPolicyWord.migrations, CommitRange.known(hasMigrations: false)), (.never, .unknown),
    ] {
      guard case .leave(let finding) = DatabasePhase.decide(database(), wanted: wanted, range: range) else {
        Issue.record("made")
        continue
      }
      #expect(finding.code == "no-database-snapshot" && finding.severity == .warning)
      #expect(finding.message.contains("automatic backups are off"))
    }
  }

  @Test func `point-in-time restore is named as the alternative`() {
    var state = database()
    state.restorableUntil = Timestamp("2026-11-26T00:00:00Z")
    guard case .leave(let finding) = DatabasePhase.decide(state, wanted: .never, range: .unknown) else {
      Issue.record("made")
      return
    }
    #expect(finding.severity == .notice && finding.message.contains("up to 2026-11-26"))
  }

  @Test(arguments: ["creating", "modifying", "backing-up", "stopped", "failed"])
  func `a snapshot needs the database available`(status: String) {
    guard case .refuse(let finding) = DatabasePhase.decide(database(status), wanted: .always, range: .unknown)
    else {
      Issue.record("not refused")
      return
    }
    #expect(finding.severity == .error && finding.message.contains(status))
    #expect(DatabasePhase.decide(database("storage-optimization"), wanted: .always, range: .unknown) == .make)
  }

  @Test func `names are what RDS takes`() {
    let name = DatabaseSnapshotter.name(environment: "prod.eu_1", restorePoint: "20261126T004100Z-ab12cd")
    #expect(name == "backstop-prod-eu-1-20261126t004100z-ab12cd")
    #expect(DatabaseSnapshotter.name(environment: "a..b", restorePoint: "x") == "backstop-a-b-x")
  }

  // MARK: - Over a scripted RDS

  private struct Snapshot {
    var id: String
    var environment: String? = "prod"
    var type = "manual"
    var status = "available"
    var name: String?
  }

  private func client(_ snapshots: [Snapshot]) -> (RDSClient, ScriptedTransport) {
    let elements = snapshots.map { snapshot in
      let name = snapshot.name ?? DatabaseSnapshotter.name(environment: "prod", restorePoint: snapshot.id)
      let tags = snapshot.environment.map {
        "<Tag><Key>backstop:environment</Key><Value>\($0)</Value></Tag>"
          + "<Tag><Key>backstop:restore-point</Key><Value>\(snapshot.id)</Value></Tag>"
      }
      return """
        <DBSnapshot><DBSnapshotIdentifier>\(name)</DBSnapshotIdentifier><Status>\(snapshot.status)</Status>
        <SnapshotType>\(snapshot.type)</SnapshotType><TagList>\(tags ?? "")</TagList></DBSnapshot>
        """
    }.joined()
    let transport = ScriptedTransport { request in
      let body = String(decoding: request.body, as: UTF8.self)
      let name = body.split(separator: "&").first.map { $0.dropFirst("Action=".count) } ?? ""
      let inner = name == "DescribeDBSnapshots" ? "<DBSnapshots>\(elements)</DBSnapshots>" : ""
      return .xml("<\(name)Response><\(name)Result>\(inner)</\(name)Result></\(name)Response>")
    }
    return (RDSClient(.scripted(transport)), transport)
  }

  @Test func `only the oldest of ours are deleted, never what others made`() async throws {
    let own = (1...5).map { Snapshot(id: "2026112\($0)T000000Z-aaaaaa") }
    let others = [
      Snapshot(id: "20200101T000000Z-aaaaaa", environment: nil),
      Snapshot(id: "20200102T000000Z-aaaaaa", environment: "staging"),
      Snapshot(id: "20200103T000000Z-aaaaaa", type: "automated"),
      Snapshot(id: "20200104T000000Z-aaaaaa", status: "creating"),
      Snapshot(id: "20200105T000000Z-aaaaaa", name: "somebody-copied-the-tags"),
    ]
    let (rds, transport) = client((others + own).shuffled())
    let snapshotter = DatabaseSnapshotter(rds: rds, clock: ManualClock(), progress: .silent)
    let (deleted, findings) = try await snapshotter.prune(database(), environment: "prod", kept: 3)
    let expected = ["20261121", "20261122"].map { "backstop-prod-\($0)t000000z-aaaaaa" }
    #expect(deleted == expected)
    #expect(findings.isEmpty)
    let asked = transport.requests.map { String(decoding: $0.body, as: UTF8.self) }
    #expect(asked.count { $0.contains("Action=DeleteDBSnapshot&") } == 2)
    #expect(expected.allSatisfy { name in asked.contains { $0.contains("DBSnapshotIdentifier=\(name)") } })
  }

  @Test func `0 keeps all`() async throws {
    let (rds, transport) = client((1...5).map { Snapshot(id: "2026112\($0)T000000Z-aaaaaa") })
    let snapshotter = DatabaseSnapshotter(rds: rds, clock: ManualClock(), progress: .silent)
    #expect(try await snapshotter.prune(database(), environment: "prod", kept: 0).0.isEmpty)
    #expect(transport.requests.count == 1)
  }

  @Test func `who may not delete is told, and nothing fails`() async throws {
    let rds = RDSClient(
      .scripted(
        ScriptedTransport { _ in
          .xml(
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
            status: 403)
        }))
    let snapshotter = DatabaseSnapshotter(rds: rds, clock: ManualClock(), progress: .silent)
    let (deleted, findings) = try await snapshotter.prune(database(), environment: "prod", kept: 3)
    #expect(deleted.isEmpty && findings.map(\.code) == ["database-snapshots-kept"])
  }

  @Test func `a snapshot is waited for, and one that fails is said`() async throws {
    for (states, isGood) in [
      (["creating", "creating", "available"], true), (["creating", "failed"], false),
    ] {
      let states = Script(states)
      let transport = ScriptedTransport { request in
        let isDescribe = String(decoding: request.body, as: UTF8.self).contains("Action=Describe")
        let name = isDescribe ? "DescribeDBSnapshots" : "CreateDBSnapshot"
        let inner =
          isDescribe
          ? "<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>s</DBSnapshotIdentifier><Status>\(states.next())</Status>"
            + "<PercentProgress>40</PercentProgress></DBSnapshot></DBSnapshots>" : ""
        return .xml("<\(name)Response><\(name)Result>\(inner)</\(name)Result></\(name)Response>")
      }
      let snapshotter = DatabaseSnapshotter(
        rds: RDSClient(.scripted(transport)), clock: ManualClock(), progress: .silent)
      do {
        #expect(try await snapshotter.make("s", of: database(), tags: []) == "s")
        #expect(isGood)
      } catch {
        #expect(!isGood && "\(error)".contains("ended failed"))
      }
    }
  }
}
