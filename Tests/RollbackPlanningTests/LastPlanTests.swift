import CloudFormationModel
import RollbackPlanning
import Testing

/// The schema and the database: on request only, and last.
@Suite struct `Schema and database` {
  static var schema: SchemaFacts {
    SchemaFacts(database: "shop on db:5432", scripts: ["2.down.sql", "1.down.sql"])
  }

  static func facts(_ difference: StackDifference = .none, _ edit: (inout RevertFacts) -> Void) -> RevertFacts
  {
    var facts = Sample.facts([Sample.stack("api", .updateComplete, difference: difference)])
    edit(&facts)
    return facts
  }

  // MARK: - The schema

  @Test func `12 the application first, then the schema`() {
    let facts = Self.facts(.some(["template"])) {
      $0.schema = Self.schema
      $0.breakingMigrations = ["migrations/7.sql"]
    }
    let plan = Sample.plan(facts) { $0.rollBackSchema = true }
    #expect(plan.stops.isEmpty)
    #expect(plan.codes.contains(.schemaAhead))
    #expect(plan.due == ["restore Shop-api-prod", "rollBackSchema shop on db:5432"])
    #expect(plan.next.map(\.kind) == [.restore])
    #expect(plan.actions.last?.reason.contains("2.down.sql, 1.down.sql") == true)
    // Not asked for, nothing of it is planned, and old code on a new schema is refused.
    #expect(Sample.plan(facts).stops == [.schemaAhead])
    #expect(!Sample.plan(facts).actions.contains { $0.kind == .rollBackSchema })
  }

  @Test func `scripts run once, and never again where their end is not known`() {
    let name = "rollBackSchema shop on db:5432"
    func plan(_ edit: (inout RevertFacts) -> Void) -> Plan {
      Sample.plan(
        Self.facts {
          $0.schema = Self.schema
          edit(&$0)
        }
      ) { $0.rollBackSchema = true }
    }
    #expect(plan { _ in }.due == [name])
    #expect(plan { $0.done = [name] }.due == [])
    #expect(plan { $0.unknown = [name] }.stops == [.schemaRollback])
    #expect(plan { $0.unknown = [name] }.due == [])
    // The database's own history tells what is still to be done.
    let isKnown = plan {
      $0.unknown = [name]
      $0.schema?.isKnown = true
    }
    #expect(isKnown.due == [name])
    #expect(
      plan { $0.failures["shop on db:5432"] = [FailedAttempt(kind: .rollBackSchema, reason: "no")] }.stops
        == [
          .actionFailed
        ])
    #expect(plan { $0.schema?.obstacles = ["1.sql has no rollback script"] }.stops == [.schemaRollback])
    #expect(plan { $0.schema?.remarks = ["one by one"] }.codes == [.schemaRollback])
    #expect(plan { $0.schema?.scripts = [] }.due == [])
  }

  @Test func `a stack that takes the address by a parameter is deployed again once the secrets lead on`() {
    func plan(_ edit: (inout DatabaseFacts) -> Void, failed: Bool = false) -> Plan {
      Sample.plan(
        Self.facts {
          var database = Self.database
          database.restoredStatus = "available"
          database.redeploys = [.init(target: "Shop-api-prod")]
          edit(&database)
          $0.database = database
          if failed {
            $0.failures["Shop-api-prod"] = [FailedAttempt(kind: .redeploy, reason: "it would replace Fn")]
          }
        }
      ) {
        $0.restoreDatabase = true
        $0.typedWords = ["RESTORE-DATABASE"]
      }
    }
    #expect(plan { $0.secrets = [] }.due == ["redeploy Shop-api-prod"])
    let waiting = plan { $0.secrets = [.init(target: "secret")] }
    #expect(waiting.due == ["switchDatabase secret"])
    #expect(waiting.actions.last?.kind == .redeploy && waiting.actions.last?.isConditional == true)
    let left = plan({ $0.secrets = [] }, failed: true)
    #expect(
      left.due == []
        && left.findings.contains { $0.code == .databaseStillUsed && $0.message.contains("replace Fn") })
    #expect(
      plan { $0.redeploys = [.init(target: "Shop-api-prod", obstacle: "it is UPDATE_FAILED")] }.codes
        .contains(.databaseStillUsed))
  }

  // MARK: - The database

  static var database: DatabaseFacts {
    var facts = DatabaseFacts(
      identifier: "shop", stack: "Shop-database-prod", snapshot: "snap-1", restored: "shop-restored-abcde")
    facts.snapshotStatus = "available"
    facts.secrets = [.init(target: "shop/db"), .init(target: "shop/other", obstacle: "rotation is on")]
    return facts
  }

  static func plan(
    _ edit: (inout DatabaseFacts) -> Void = { _ in }, words: Set<String> = ["RESTORE-DATABASE"]
  ) -> Plan {
    var database = database
    edit(&database)
    return Sample.plan(facts { $0.database = database }) {
      $0.restoreDatabase = true
      $0.typedWords = words
    }
  }

  @Test func `makes a new database of the snapshot, then switches the secrets`() {
    let plan = Self.plan()
    #expect(plan.due == ["restoreDatabase shop-restored-abcde"])
    #expect(plan.next.first?.payload == .snapshot("snap-1"))
    #expect(plan.next.first?.losses.first?.contains("since snap-1") == true)
    #expect(plan.actions.map(\.kind) == [.restoreDatabase, .switchDatabase])
    #expect(plan.actions.last?.isConditional == true)
    // CloudFormation goes on owning the old one, and says so.
    #expect(plan.codes == [.secretLeft, .databaseBeside])
    #expect(plan.findings.last?.message.contains("goes on owning shop") == true)
  }

  @Test func `waits for one that is being made, and switches once it is there`() {
    #expect(Self.plan { $0.restoredStatus = "creating" }.due == ["restoreDatabase shop-restored-abcde"])
    let there = Self.plan { $0.restoredStatus = "available" }
    #expect(there.due == ["switchDatabase shop/db"])
    let done = Self.plan {
      $0.restoredStatus = "available"
      $0.secrets = []
      $0.differences = ["multi-AZ false instead of true"]
    }
    #expect(done.due == [])
    #expect(done.findings.contains { $0.message.contains("multi-AZ false instead of true") })
  }

  @Test func `a proxy is switched with the secrets, and what does not reach the new database is told`() {
    let there = Self.plan {
      $0.restoredStatus = "available"
      $0.proxies = [.init(target: "front")]
      $0.waysBack = ["aws rds …"]
    }
    #expect(there.due == ["switchDatabase shop/db", "switchDatabaseProxy front"])
    #expect(there.findings.contains { $0.message == "the way back of the switch: aws rds …" })
    var database = Self.database
    database.restoredStatus = "available"
    let failed = Sample.plan(
      Self.facts {
        $0.database = database
        $0.failures["front"] = [FailedAttempt(kind: .switchDatabaseProxy, reason: "AUTH_FAILURE")]
      }
    ) {
      $0.restoreDatabase = true
      $0.typedWords = ["RESTORE-DATABASE"]
    }
    #expect(failed.codes.contains(.databaseStillUsed))
  }

  @Test func `nothing is switched to data that are not as the policy wants`() {
    func plan(_ answer: DatabaseFacts.Probe.Answer, _ status: String? = "available") -> Plan {
      Self.plan {
        $0.restoredStatus = status
        $0.probes = [.init(name: "owners", answer: answer)]
      }
    }
    #expect(plan(.passed).due == ["switchDatabase shop/db"])
    #expect(plan(.failed("gave 7")).stops == [.databaseNotRestorable])
    #expect(plan(.failed("gave 7")).due == [])
    #expect(plan(.unasked("no way there", isCritical: true)).stops == [.databaseNotRestorable])
    let unasked = plan(.unasked("no way there", isCritical: false))
    #expect(unasked.due == ["switchDatabase shop/db"])
    #expect(unasked.findings.contains { $0.message.contains("is not known: owners: no way there") })
  }

  @Test func `never without its word, a snapshot that is there, or being asked`() {
    #expect(Self.plan(words: ["rollback-production"]).stops == [.methodNotPossible])
    #expect(Self.plan { $0.snapshot = nil }.stops == [.databaseNotRestorable])
    #expect(Self.plan { $0.snapshotStatus = nil }.stops == [.databaseNotRestorable])
    #expect(Self.plan { $0.snapshotStatus = "creating" }.stops == [.databaseNotRestorable])
    #expect(Sample.plan(Self.facts { $0.database = Self.database }).actions.isEmpty)
    let missing = Sample.plan(Self.facts { _ in }) {
      $0.restoreDatabase = true
      $0.typedWords = ["RESTORE-DATABASE"]
    }
    #expect(missing.stops == [.databaseNotRestorable])
  }

  @Test func `10 a secret that names the restored database is not moved back`() {
    var guarded = SecretGuard()
    guarded.namesRestoredDatabase = true
    let facts = Self.facts {
      $0.resources = [
        ResourceFacts(
          kind: .secret(guarded), target: "shop/db", stack: "Shop-api-prod", recorded: "v1",
          live: "backstop-db-1")
      ]
    }
    #expect(Sample.plan(facts).due == [])
    #expect(Sample.plan(facts).codes == [.secretLeft])
  }

  // MARK: - What stacks do not own

  @Test func `code, settings and aliases are put back, or it is said why not`() {
    func plan(_ kind: ResourceFacts.Kind, live: String? = "new") -> Plan {
      Sample.plan(
        Self.facts {
          $0.resources = [
            ResourceFacts(kind: kind, target: "fn", stack: "Shop-api-prod", recorded: "old", live: live)
          ]
        })
    }
    #expect(plan(.functionCode(CodeGuard(source: "the restore point"))).due == ["restoreFunctionCode fn"])
    #expect(plan(.functionCode(CodeGuard())).stops == [.resourceLeft])
    #expect(plan(.functionSettings).due == ["restoreFunctionSettings fn"])
    #expect(plan(.alias(AliasGuard())).due == ["restoreAlias fn"])
    var guarded = AliasGuard()
    guarded.missingVersions = ["3"]
    guarded.codeSha256 = "abc="
    #expect(plan(.alias(guarded)).stops == [.resourceLeft])
    let stop = plan(.alias(guarded)).findings.first?.message ?? ""
    #expect(stop.contains("publish-version --function-name fn --code-sha256 abc=") && stop.contains("3"))
    guarded.republication = .now
    #expect(plan(.alias(guarded)).due == ["restoreAlias fn"])
    // Not before the function is back: the next look makes it due.
    guarded.republication = .onceFunctionIsBack
    #expect(plan(.alias(guarded)).stops == [] && plan(.alias(guarded)).due == [])
    #expect(plan(.alias(guarded)).actions.map(\.isConditional) == [true])
    #expect(plan(.functionSettings, live: nil).codes == [.resourceLeft])
    #expect(plan(.functionSettings, live: "old").actions.isEmpty)
  }
}
