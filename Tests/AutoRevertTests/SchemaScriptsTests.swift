import CloudFormationModel
import Foundation
import GitHistory
import RollbackPlanning
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

@Suite struct `Rollback scripts` {
  typealias Script = SchemaScripts.Script

  static func script(_ name: String, _ sql: String) -> Script {
    Script(path: name, migration: name, sql: sql)
  }

  @Test func `run in one transaction where PostgreSQL can`() {
    let plain = SchemaScripts([Self.script("2", "DROP TABLE b;"), Self.script("1", "DROP TABLE a;")])
    #expect(plain.steps.map(\.isTransaction) == [true])
    #expect(plain.steps.first?.scripts.map(\.path) == ["2", "1"])
    #expect(plain.remarks.isEmpty)
    let mixed = SchemaScripts([
      Self.script("4", "DROP TABLE d;"), Self.script("3", "DROP INDEX CONCURRENTLY c;"),
      Self.script("2", "BEGIN; DROP TABLE b; COMMIT;"), Self.script("1", "DROP TABLE a;"),
    ])
    #expect(mixed.steps.map(\.isTransaction) == [true, false, false, true])
    #expect(mixed.remarks.count == 2)
    #expect(mixed.obstacles.isEmpty)
  }

  @Test func `what reaches outside the database or does nothing is not run`() {
    #expect(SchemaScripts([Self.script("1", "\\! rm -rf x\n")]).obstacles.contains { $0.contains("\\! rm") })
    #expect(SchemaScripts([Self.script("1", "-- nothing")]).obstacles == ["1 does nothing"])
  }

  @Test(arguments: [
    ("migrations/2_a.sql", "migrations/10_b.sql"), ("V1__a.sql", "V2__a.sql"), ("001_a.sql", "2_a.sql"),
    ("20240101_a.sql", "20240102_a.sql"), ("a.sql", "b.sql"), ("1", "1_a"),
  ]) func `newest first means by number`(_ older: String, _ newer: String) {
    #expect(SchemaScripts.isBefore(older, newer))
    #expect(!SchemaScripts.isBefore(newer, older))
    #expect(!SchemaScripts.isBefore(older, older))
  }

  @Test func `are found between two commits, whatever the tool calls them`() throws {
    let git = try TestRepository()
    try git.write("CREATE TABLE first (id int);", to: "migrations/1_first.up.sql")
    try git.write("DROP TABLE first;", to: "migrations/1_first.down.sql")
    let older = try git.commit("before")
    try git.write("CREATE TABLE second (id int);", to: "migrations/2_second.up.sql")
    try git.write("DROP TABLE second;", to: "migrations/2_second.down.sql")
    try git.write(
      "-- migrate:up\nCREATE TABLE t (id int);\n-- migrate:down\nDROP TABLE t;\n",
      to: "migrations/10_third.sql")
    let newer = try git.commit("after")
    let repository = try GitRepository(at: git.path, environment: Environment())
    let scripts = try SchemaScripts(
      repository, from: repository.resolve(older), to: repository.resolve(newer), patterns: [])
    #expect(scripts.scripts.map(\.path) == ["migrations/10_third.sql", "migrations/2_second.down.sql"])
    #expect(scripts.scripts.first?.sql.contains("DROP TABLE t;") == true)
    #expect(scripts.scripts.first?.sql.contains("CREATE") == false)
    #expect(scripts.obstacles == [])

    try git.write("CREATE TABLE alone (id int);", to: "migrations/11_alone.up.sql")
    try git.write("CREATE TABLE first (id bigint);", to: "migrations/1_first.up.sql")
    let last = try git.commit("without a way back")
    let missing = try SchemaScripts(
      repository, from: repository.resolve(older), to: repository.resolve(last), patterns: [])
    #expect(missing.obstacles.contains("migrations/11_alone.up.sql has no rollback script"))
    #expect(missing.obstacles.contains { $0.hasPrefix("migrations/1_first.up.sql was edited") })
  }

  @Test func `the first that fails ends it, and what was done before is said`() async throws {
    let scripts = SchemaScripts([
      Self.script("2", "DROP TABLE b;"), Self.script("1", "DROP INDEX CONCURRENTLY a;"),
    ])
    let adapter = SchemaAdapter(scripts: scripts) { sql, isTransaction in
      if !isTransaction { throw OperationFailure(.refused, "no such index") }
    }
    let failure = await #expect(throws: OperationFailure.self) { try await adapter.run() }
    #expect(failure?.message.contains("no such index") == true)
    #expect(failure?.message.contains("done before that, and not undone: 2") == true)
  }
}
