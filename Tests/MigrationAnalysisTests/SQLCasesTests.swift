import Foundation
import JSONValues
import MigrationAnalysis
import TestSupport
import Testing

/// The public cases, read in place; where they are absent there is nothing to compare with.
enum SQLCases {
  static func exists(_ name: String) -> Bool { SharedData.exists("gate/\(name)") }

  static func lines(_ name: String) throws -> [JSONValue] {
    let text = try String(contentsOfFile: #require(SharedData.path("gate/\(name)")), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
  }
}

@Suite struct `SQL cases of other linters` {
  @Test(.enabled(if: SQLCases.exists("squawk-cases.jsonl")))
  func `squawk's rules are found where squawk finds them`() throws {
    var right = 0
    var wrong: [String] = []
    for entry in try SQLCases.lines("squawk-cases.jsonl") {
      let sql = try #require(entry["sql"]?.string)
      let rule = try #require(entry["rule"]?.string)
      let report = SQLAnalysis.analyze(
        Array(sql.utf8), dialect: .postgresql,
        settings: SQLSettings(
          postgresVersion: entry["settings"]?["pg_version"]?.string.flatMap { Int($0) },
          runsInTransaction: entry["settings"]?["assume_in_transaction"]?.bool ?? false))
      let found = report.statements.contains { $0.rules.contains(rule) }
      if found == entry["violates"]?.bool {
        right += 1
      } else {
        wrong.append("\(entry["name"]?.string ?? "") found: \(found)")
      }
    }
    print("squawk cases: \(right) right, \(wrong.count) wrong")
    for line in wrong { print("  wrong: \(line)") }
    // The rest are cases that squawk's own options decide: PostgreSQL 10, an assumed transaction.
    #expect(Double(right) >= 0.96 * Double(right + wrong.count))
  }

  @Test(.enabled(if: SQLCases.exists("djlint-cases.jsonl")))
  func `Django's migrations are judged as its linter judges them`() throws {
    var right = 0
    var wrong: [String] = []
    for entry in try SQLCases.lines("djlint-cases.jsonl") {
      let sql = try #require(entry["sql"]?.string)
      let dialect = try #require(SQLDialect(rawValue: entry["dialect"]?.string ?? ""))
      let report = SQLAnalysis.analyze(Array(sql.utf8), dialect: dialect)
      let stops = report.issues.contains { [.irreversible, .breaking, .syntax].contains($0.risk) }
      // The linter warns; PostgreSQL refuses CONCURRENTLY in a transaction, so that the migration surely fails.
      let isRefused =
        entry["name"]?.string == "PostgresqlAnalyserTestCase::test_create_concurrently_index_exclusive"
      let expected = isRefused || entry["expected"]?.string == "error"
      if stops == expected {
        right += 1
      } else {
        wrong.append("\(entry["name"]?.string ?? ""): \(stops) \(report.issues.map(\.rule))")
      }
    }
    print("djlint cases: \(right) right, \(wrong.count) wrong")
    for line in wrong { print("  wrong: \(line)") }
    #expect(Double(right) >= 0.85 * Double(right + wrong.count))
  }
}
