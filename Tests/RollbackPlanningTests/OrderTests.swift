import CloudFormationModel
import RollbackPlanning
import SystemInterfaces
import Testing

@Suite struct `Order` {
  static func name(_ role: String) -> String { "Shop-\(role)-prod" }

  static func restore(
    _ role: String, live: [String: [String]] = [:], recorded: [String: [String]] = [:], imports: [String] = []
  ) -> StackFacts {
    Sample.stack(
      role, .updateComplete, edit: { $0.exports = live },
      record: {
        $0.exports = recorded
        $0.imports = imports
      })
  }

  @Test func `cancels all at once in the runbook's order, and waits afterwards`() {
    let plan = Sample.plan(Sample.facts(Sample.roles.map { Sample.stack($0, .updateInProgress) }))
    #expect(plan.next.map(\.target) == ["monitoring", "workflow", "api", "database"].map(Self.name))
    #expect(plan.next.allSatisfy { $0.kind == .cancel })
    #expect(Set(plan.next.map(\.stage)) == [1])
    // What may follow is shown, and not yet due.
    #expect(plan.actions.filter { $0.kind == .restore }.count == 4)
    #expect(plan.actions.filter { $0.kind == .restore }.allSatisfy { $0.isConditional })
  }

  @Test func `sends cancels before it waits for anything`() {
    let plan = Sample.plan(
      Sample.facts([
        Sample.stack("monitoring", .updateRollbackInProgress),
        Sample.stack("workflow", .updateRollbackFailed),
        Sample.stack("api", .updateInProgress), Sample.stack("database", .updateInProgress),
      ]))
    #expect(
      plan.next.map { "\($0.kind.rawValue) \($0.target)" } == [
        "cancel Shop-api-prod", "cancel Shop-database-prod", "wait Shop-monitoring-prod",
        "continueRollback Shop-workflow-prod",
      ])
  }

  @Test func `follows the policy's order, with roles that it does not name before the last`() {
    let facts = Sample.facts(
      ["queue", "api", "database", "monitoring"].map { Sample.stack($0, .updateInProgress) })
    let plan = Sample.plan(facts) { $0.roleOrder = ["api", "monitoring", "database"] }
    #expect(plan.next.map(\.target) == ["api", "monitoring", "queue", "database"].map(Self.name))
  }

  @Test func `puts independent stacks back side by side`() {
    let plan = Sample.plan(Sample.facts(Sample.roles.map { Self.restore($0) }))
    #expect(plan.next.map(\.target) == ["monitoring", "workflow", "api", "database"].map(Self.name))
    #expect(plan.actions.map(\.order) == [1, 2, 3, 4])
  }

  @Test func `7 an export that the bad deployment removed is there before its old importer`() {
    // The database stack lost its export; the old api imports it. "Database last" would fail.
    let plan = Sample.plan(
      Sample.facts([
        Self.restore("api", imports: ["db-secret"]),
        Self.restore("database", recorded: ["db-secret": [Self.name("api")]]),
        Self.restore("monitoring"),
      ]).knowing([]))
    #expect(plan.stops.isEmpty)
    #expect(plan.next.map(\.target) == [Self.name("monitoring"), Self.name("database")])
    #expect(plan.actions.last?.target == Self.name("api"))
  }

  @Test func `7 an export that the bad deployment added loses its importer first`() {
    let plan = Sample.plan(
      Sample.facts([
        Self.restore("monitoring", live: ["new": [Self.name("database")]]), Self.restore("database"),
      ]))
    #expect(plan.actions.map(\.target) == [Self.name("database"), Self.name("monitoring")])
    #expect(Set(plan.actions.map(\.stage)).count == 2)
  }

  @Test func `7 a cycle takes two phases`() {
    // api needs the database's old export back, and uses the new one until then.
    let facts = Sample.facts([
      Self.restore("api", imports: ["old"]),
      Self.restore("database", live: ["new": [Self.name("api")]], recorded: ["old": [Self.name("api")]]),
    ]).knowing(["new"])
    let plan = Sample.plan(facts)
    #expect(plan.stops.isEmpty)
    #expect(
      plan.actions.map { "\($0.kind.rawValue) \($0.target)" } == [
        "restoreKeepingExports Shop-database-prod", "restore Shop-api-prod", "restore Shop-database-prod",
      ])
    #expect(plan.actions.first?.keptExports == ["new"])
    #expect(plan.actions.map(\.stage) == [1, 2, 3])
  }

  @Test func `refuses to take an export from a stack that is not put back`() {
    let facts = Sample.facts([
      Self.restore("api", live: ["fn": [Self.name("monitoring")]]), Self.restore("monitoring"),
    ])
    #expect(Sample.plan(facts).stops.isEmpty)
    let only = Sample.plan(facts) { $0.only = ["api"] }
    #expect(only.stops == [.exportInUse])
    #expect(only.findings.first?.message.contains("Shop-monitoring-prod") == true)
    // A stack of nobody in the configuration counts as well.
    let outside = Sample.facts([Self.restore("api", live: ["fn": ["Other"]])])
    #expect(Sample.plan(outside).stops == [.exportInUse])
  }

  @Test func `refuses to put back an importer alone`() {
    let facts = Sample.facts([
      Self.restore("api", imports: ["db"]), Self.restore("database", recorded: ["db": [Self.name("api")]]),
    ]).knowing([])
    #expect(Sample.plan(facts) { $0.only = ["api"] }.stops == [.importMissing])
    #expect(Sample.plan(facts.knowing(["db"])) { $0.only = ["api"] }.stops.isEmpty)
  }

  @Test func `names a role that the configuration does not have`() {
    let plan = Sample.plan(Sample.facts([Self.restore("api")])) { $0.only = ["web"] }
    #expect(plan.stops == [.unknownRole])
    #expect(plan.open.isEmpty)
  }

  @Test func `puts back beside a cancel what has nothing to do with it`() {
    let facts = Sample.facts([Sample.stack("api", .updateInProgress), Self.restore("workflow")])
    #expect(
      Sample.plan(facts).next.map { "\($0.kind.rawValue) \($0.target)" } == [
        "cancel Shop-api-prod", "restore Shop-workflow-prod",
      ])
    let related = Sample.facts([
      Sample.stack("api", .updateInProgress) { $0.exports = ["fn": [Self.name("workflow")]] },
      Self.restore("workflow"),
    ])
    #expect(Sample.plan(related).next.map(\.kind) == [.cancel])
  }
}

extension RevertFacts {
  func knowing(_ exports: Set<String>) -> RevertFacts {
    var facts = self
    facts.allExports = Set(exports.map { PlacedExport($0, of: Sample.id("api")) })
    return facts
  }
}
