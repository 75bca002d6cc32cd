import DeploymentRecords
import Reporting
import StepResults
import SystemInterfaces

/// How far the verdict reaches, for people; and what to do about each kind of finding.
enum CoverageReport {
  /// `4 of 7 files that can change the deployment were judged`.
  static func words(_ coverage: Coverage) -> String {
    coverage.relevant == 1
      ? "the one file that can change the deployment was \(coverage.isWhole ? "" : "not ")judged"
      : "\(coverage.judged) of \(counted(coverage.relevant, "file")) that can change the deployment were judged"
  }

  /// What was not judged, one line for all files of a kind.
  static func notJudged(_ files: [FileDisposition]) -> [ReportSection] {
    var groups: [(first: FileDisposition, paths: [String])] = []
    for file in files where file.disposition == .notJudged {
      if let index = groups.firstIndex(where: { $0.first.rule == file.rule && $0.first.why == file.why }) {
        groups[index].paths.append(file.path)
      } else {
        groups.append((file, [file.path]))
      }
    }
    guard !groups.isEmpty else { return [] }
    return [
      ReportSection(
        "Not judged", columns: ["file", "why", "to have it judged"],
        rows: groups.map { first, paths in
          let shown = paths.prefix(3).joined(separator: ", ")
          return [
            paths.count > 3 ? "\(shown) and \(paths.count - 3) more in the record" : shown, first.why,
            first.remedy ?? "",
          ]
        })
    ]
  }

  /// Which files cannot change the deployment, by rule.
  static func harmless(_ coverage: Coverage) -> ReportSection? {
    guard !coverage.harmless.isEmpty else { return nil }
    let parts = coverage.harmless.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      "\($0.value) \($0.key)"
    }
    return ReportSection(
      "Files that cannot change the deployment",
      lines: ["\(parts.joined(separator: ", ")) (each in the record)"])
  }

  /// What to do about each kind of finding, once.
  static func remedies(_ record: Record<GatePart>) -> ReportSection? {
    var seen: Set<String> = []
    let codes = record.findings.filter { $0.severity > .notice }.map(\.code).filter {
      seen.insert($0).inserted
    }
    let rows = codes.compactMap { code -> [String]? in
      guard let description = GateFindings.catalog.first(where: { $0.code == code }) else { return nil }
      let words = [description.remedy, exact[code].map { "Write: \($0)" } ?? ""].filter { !$0.isEmpty }
      return words.isEmpty ? nil : [code, words.joined(separator: " ")]
    }
    return rows.isEmpty ? nil : ReportSection("What to do", columns: ["finding", "do"], rows: rows)
  }

  /// The lines to add, where they are the same for every finding of a code.
  private static let exact: [String: String] = [
    "resource-deleted": "DeletionPolicy: Retain",
    "resource-replaced": "UpdateReplacePolicy: Retain",
    "policy-weakened": "DeletionPolicy: Retain and UpdateReplacePolicy: Retain",
    "file-not-judged": "diff-gate: {ignore: [PATH]} in backstop.yml of the base",
    "require-concurrent-index-creation": "CREATE INDEX CONCURRENTLY name ON table (column);",
    "require-concurrent-index-deletion": "DROP INDEX CONCURRENTLY name;",
    "ban-concurrent-index-creation-in-transaction":
      "dbmate transaction:false, -- +goose NO TRANSACTION, disable_ddl_transaction!, atomic = False, or one statement a file",
    "adding-foreign-key-constraint":
      "ADD CONSTRAINT name FOREIGN KEY (column) REFERENCES other NOT VALID; then VALIDATE CONSTRAINT name;",
    "row-security-without-policy": "CREATE POLICY name ON table USING (true);",
    "renaming-table": "CREATE VIEW old AS SELECT * FROM new;",
    "adding-required-field": "ADD COLUMN name type NOT NULL DEFAULT value",
  ]

  /// The resource, table or column at the head of a message, for a table's cell.
  static func subject(_ message: String) -> String {
    // A type has colons and a path has points: what ends the head has a space behind it.
    let ends = [": ", ". ", "\n"].compactMap { message.firstRange(of: $0)?.lowerBound }
    return String(message[..<(ends.min() ?? message.endIndex)])
  }
}
