import CloudFormationModel
import DatabaseAccess
import Foundation
import GitHistory
import MigrationAnalysis
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

  static func shape(_ scripts: SchemaScripts) -> [String] {
    scripts.steps.map { step in
      switch step {
      case .scripts(let scripts, let isTransaction):
        "\(scripts.map(\.path).joined(separator: " ")) \(isTransaction ? "together" : "alone")"
      case .command(let command): "\(command.calls)"
      }
    }
  }

  @Test func `run in one transaction where PostgreSQL can`() {
    let plain = SchemaScripts([Self.script("2", "DROP TABLE b;"), Self.script("1", "DROP TABLE a;")])
    #expect(Self.shape(plain) == ["2 1 together"])
    #expect(plain.remarks.isEmpty)
    let mixed = SchemaScripts([
      Self.script("4", "DROP TABLE d;"), Self.script("3", "DROP INDEX CONCURRENTLY c;"),
      Self.script("2", "BEGIN; DROP TABLE b; COMMIT;"), Self.script("1", "DROP TABLE a;"),
    ])
    #expect(Self.shape(mixed) == ["4 together", "3 alone", "2 alone", "1 together"])
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
    let range = try SchemaRange(
      repository, from: repository.resolve(older), to: repository.resolve(newer), patterns: [])
    let scripts = SchemaScripts(range, history: nil)
    #expect(scripts.paths == ["migrations/10_third.sql", "migrations/2_second.down.sql"])
    #expect(range.entries.first?.script?.sql?.contains("DROP TABLE t;") == true)
    #expect(range.entries.first?.script?.sql?.contains("CREATE") == false)
    #expect(range.entries.last?.earlier.map(\.file.path) == ["migrations/1_first.up.sql"])
    #expect(scripts.obstacles == [])
    let commanded = SchemaScripts(
      range, history: nil, commands: [.golangMigrate: ["migrate", "goto", "{to}"]])
    #expect(Self.shape(commanded) == ["migrations/10_third.sql together", #"[["migrate", "goto", "1"]]"#])
    #expect(commanded.remarks.contains { $0.contains("golang-migrate's own undo") })

    try git.write("CREATE TABLE alone (id int);", to: "migrations/11_alone.up.sql")
    try git.write("CREATE TABLE first (id bigint);", to: "migrations/1_first.up.sql")
    let last = try git.commit("without a way back")
    let missing = SchemaScripts(
      try SchemaRange(
        repository, from: repository.resolve(older), to: repository.resolve(last), patterns: []),
      history: nil)
    #expect(missing.obstacles.contains("migrations/11_alone.up.sql has no rollback script"))
    #expect(missing.obstacles.contains { $0.hasPrefix("migrations/1_first.up.sql was edited") })
  }

  @Test func `the first that fails ends it, and what was done before is said`() async throws {
    let scripts = SchemaScripts([
      Self.script("2", "DROP TABLE b;"), Self.script("1", "DROP INDEX CONCURRENTLY a;"),
    ])
    let adapter = SchemaAdapter(scripts: scripts) { _, transaction in
      if transaction == .eachStatement { throw OperationFailure(.refused, "no such index") }
    }
    let failure = await #expect(throws: OperationFailure.self) { try await adapter.run() }
    #expect(failure?.message.contains("no such index") == true)
    #expect(failure?.message.contains("done before that, and not undone: 2") == true)
  }

  @Test func `what a transaction can take back is tried, and what cannot is named`() async throws {
    let scripts = SchemaScripts([
      Self.script("3", "DROP TABLE c;"), Self.script("2", "DROP INDEX CONCURRENTLY b;"),
      Self.script("1", "DROP TABLE a;"),
    ])
    let tried = try await SchemaAdapter(scripts: scripts) { parts, transaction in
      #expect(parts.map(\.name) == ["3"] && transaction == .trial)
    }.tryOut()
    #expect(tried.failure == nil)
    #expect(tried.untried == ["2 (no transaction takes it)", "1 (it comes after 2)"])
    let failing = try await SchemaAdapter(scripts: scripts) { _, _ in
      throw OperationFailure(.refused, "no right")
    }.tryOut()
    #expect(failing.failure == "no right")
  }

  @Test func `what the history still holds afterwards is said`() async {
    var adapter = SchemaAdapter(scripts: SchemaScripts([Self.script("1", "DROP TABLE a;")])) { _, _ in }
    adapter.stillApplied = { ["1"] }
    let failure = await #expect(throws: OperationFailure.self) { try await adapter.run() }
    #expect(failure?.message.contains("still holds 1 as applied") == true)
  }
}
