import Foundation
import JSONValues
import TestSupport
import Testing

/// The built `diff-gate` over mistakes and hostile input: an exit code and a message, never a crash.
@Suite(.blocking) struct DiffGateEndToEndMistakeTests {
  private func repository() throws -> TestRepository {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.commit("First", at: 1)
    return repository
  }
  private func gate(_ repository: TestRepository, _ arguments: String...) throws -> BuiltStep.Outcome {
    try BuiltStep("diff-gate", in: repository.path).run(arguments)
  }

  @Test func `no arguments, wrong options`() throws {
    let repository = try repository()
    for arguments in [
      [], ["prod", "--nonsense"], ["prod", "--old", "a"],
      ["prod", "--old", "a", "--new", "b", "--base", "c"],
    ] {
      let outcome = try BuiltStep("diff-gate", in: repository.path).run(arguments)
      #expect(outcome.status == 64, "\(arguments)")
      #expect(outcome.output.isEmpty)
      #expect(!outcome.error.isEmpty)
    }
  }

  @Test func `a wrong environment, a malformed file, an unknown revision`() throws {
    let repository = try repository()
    let wrong = try gate(repository, "production")
    #expect(wrong.status == 65)
    #expect(wrong.error.contains("prod"))
    let unknown = try gate(repository, "prod", "--base", "nowhere")
    #expect(unknown.status == 65)
    #expect(unknown.error.contains("nowhere"))
    let missing = try gate(repository, "prod", "--old", "a.yaml", "--new", "b.yaml")
    #expect(missing.status == 65)
    #expect(missing.error.contains("--old a.yaml"))
    try repository.write("ENVIRONMENT=prod\nA=$(rm -rf /)\n", to: "deployment-prod.config")
    let malformed = try gate(repository, "prod")
    #expect(malformed.status == 65)
    #expect(malformed.error.contains("deployment-prod.config:2"))
  }

  @Test func `outside of a repository`() throws {
    let folder = TemporaryFolder()
    try "ENVIRONMENT=prod\n".write(
      toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("diff-gate", in: folder.path).run(["prod"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("repository"))
  }

  @Test func `templates that want to exhaust the reader`() throws {
    let repository = try repository()
    let bomb =
      "AWSTemplateFormatVersion: '2010-09-09'\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
      + (1...12).map { level in
        let before = level == 1 ? "a" : "a\(level - 1)"
        return
          "a\(level): &a\(level) [\(Array(repeating: "*\(before)", count: 10).joined(separator: ", "))]\n"
      }.joined()
    let deep =
      "{\"Resources\": {\"AWS::X\": " + String(repeating: "[", count: 10_000)
      + String(repeating: "]", count: 10_000) + "}}"
    try repository.write(bomb, to: "infra/bomb.yaml")
    try repository.write(deep, to: "infra/deep.json")
    try Data(
      [0x52, 0x65, 0x73] + Array("ources: {A: {Type: AWS::S3::Bucket, X: \"".utf8) + [0xFF, 0xFE, 0x22]
        + Array("}}\n".utf8)
    )
    .write(to: URL(fileURLWithPath: repository.path + "/infra/bytes.yaml"))
    try repository.commit("Hostile", at: 2)
    let outcome = try gate(repository, "prod", "--format", "json")
    #expect(outcome.status == 1, "\(outcome.error)")
    let findings = try #require(try JSONValue(parsing: outcome.output)["findings"]?.array)
    for path in ["infra/bomb.yaml", "infra/deep.json", "infra/bytes.yaml"] {
      #expect(
        findings.contains { $0["path"]?.string == path && $0["code"]?.string == "template-unreadable" },
        "\(path)")
    }
  }

  @Test func `a template of a hundred megabytes`() throws {
    let folder = TemporaryFolder()
    let line = "  A: {Type: AWS::S3::Bucket}\n"
    let text = "Resources:\n" + String(repeating: line, count: (100 << 20) / line.utf8.count)
    try text.write(toFile: folder("big.yaml"), atomically: true, encoding: .utf8)
    try "Resources: {}\n".write(toFile: folder("small.yaml"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("diff-gate", in: folder.path).run([
      "dev", "--old", "small.yaml", "--new", "big.yaml",
    ])
    #expect(outcome.status == 65, "\(outcome.error)")
    #expect(outcome.error.contains("big.yaml"), "\(outcome.error)")
    #expect(outcome.error.contains("larger than 16 MiB"), "\(outcome.error)")
  }

  @Test(arguments: [
    ("- a\n- b\n", "a template is a mapping of sections"),
    ("just words\n", "a template is a mapping of sections"),
    ("Resources:\n  - a\n", "Resources has to be a mapping"),
    ("Resources: {A: \u{0}}\n", "control characters"),
    ("{\"Resources\": \u{0}}\n", "expected a value"), ("Resources: {A: [}\n", "did not find"),
    ("a: &a [*a]\nResources: {}\n", "alias *a names what contains it"),
  ])
  func `files that are named and are no templates`(_ text: String, _ words: String) throws {
    let folder = TemporaryFolder()
    try text.write(toFile: folder("new.yaml"), atomically: true, encoding: .utf8)
    try "Resources: {}\n".write(toFile: folder("old.yaml"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("diff-gate", in: folder.path).run([
      "dev", "--old", "old.yaml", "--new", "new.yaml",
    ])
    #expect(outcome.status == 65, "\(outcome.output)\(outcome.error)")
    #expect(outcome.error.contains("new.yaml:"), "\(outcome.error)")
    #expect(outcome.error.contains(words), "\(outcome.error)")
    #expect(outcome.output.isEmpty)
  }

  @Test func `a file that stops being a template stops; other documents that mention resources are none`()
    throws
  {
    let repository = try repository()
    try repository.write("Resources: {A: {Type: AWS::S3::Bucket}}\n", to: "infra/api.yaml")
    try repository.write("[{\"Resources\": [\"AWS::S3::Bucket\"]}]\n", to: "docs/list.json")
    try repository.commit("Template", at: 2)
    try repository.write("words\n", to: "infra/api.yaml")
    try repository.write("[{\"Resources\": [\"AWS::S3::Object\"]}]\n", to: "docs/list.json")
    try repository.write("{\"Resources\": [\"AWS::S3::Object\"], \"Rules\": 1}\n", to: "docs/rules.json")
    try repository.commit("Words", at: 3)
    let outcome = try gate(repository, "prod", "--format", "json")
    #expect(outcome.status == 1, "\(outcome.error)")
    let findings = try JSONValue(parsing: outcome.output)["findings"]?.array ?? []
    #expect(findings.map { $0["path"]?.string } == ["infra/api.yaml"])
    #expect(findings.first?["code"]?.string == "template-unreadable")
  }

  @Test func `paths with newlines, links out of the tree, submodules`() throws {
    let repository = try repository()
    try repository.write("TRUNCATE t;\n", to: "migrations/v\n2.sql")
    try FileManager.default.createSymbolicLink(
      atPath: repository.path + "/migrations/v3.sql", withDestinationPath: "/etc/passwd")
    try repository.git(
      "update-index", "--add", "--cacheinfo",
      "160000,\(repository.git("rev-parse", "HEAD")),migrations/v4.sql")
    try repository.git("add", "migrations")
    try repository.git("commit", "-q", "-m", "Odd")
    let outcome = try gate(repository, "prod", "--format", "json")
    #expect(outcome.status == 1, "\(outcome.error)")
    let record = try JSONValue(parsing: outcome.output)
    #expect(record["migrations"]?.array?.map { $0["path"]?.string } == ["migrations/v\n2.sql"])
    #expect(
      record["findings"]?.array?.contains {
        $0["path"]?.string == "migrations/v3.sql" && $0["code"]?.string == "link-not-followed"
      } == true)
    #expect(!outcome.output.contains("root:"))
  }

  @Test func `migrations that want to exhaust the reader`() throws {
    let repository = try repository()
    let line = "INSERT INTO t VALUES (1, 'a value of a dump');\n"
    try repository.write(
      String(repeating: line, count: (100 << 20) / line.utf8.count), to: "migrations/1_dump.sql")
    let deep = String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000)
    try repository.write("SELECT \(deep);\nDROP TABLE deep;\n", to: "migrations/2_deep.sql")
    try repository.write(
      "SELECT " + String(repeating: "1 + ", count: 50_000) + "1;\n", to: "migrations/3_long.sql")
    try Data(Array("DROP TABLE t\u{0}; -- ".utf8) + [0xFF, 0xC0]).write(
      to: URL(fileURLWithPath: repository.path + "/migrations/4_bytes.sql"))
    try repository.write(
      "DO $$ BEGIN EXECUTE 'DROP TABLE ' || name; DROP TABLE sure; END $$;\n\\i other.sql\n"
        + "COPY t FROM STDIN;\nDROP TABLE data;\n\\.\nTRUNCATE u;\n", to: "migrations/5_psql.sql")
    try repository.write("/* " + String(repeating: "/* ", count: 10_000), to: "migrations/6_comment.sql")
    try repository.write("SELECT '" + String(repeating: "x", count: 1 << 20), to: "migrations/7_string.sql")
    try repository.commit("Hostile", at: 2)
    let outcome = try gate(repository, "prod", "--format", "json")
    #expect(outcome.status == 1, "\(outcome.error)")
    let findings = try #require(try JSONValue(parsing: outcome.output)["findings"]?.array)
    func found(_ path: String) -> Set<String> {
      Set(
        findings.filter { $0["path"]?.string == "migrations/\(path).sql" }.compactMap {
          "\($0["code"]?.string ?? "") \($0["line"]?.int ?? 0)"
        })
    }
    #expect(found("1_dump").contains("sql-not-understood 1"))
    #expect(found("2_deep").isSuperset(of: ["sql-syntax 1", "ban-drop-table 2"]))
    #expect(found("3_long").contains("sql-syntax 1"))
    #expect(found("4_bytes").contains("sql-syntax 1"))
    #expect(
      found("5_psql").isSuperset(of: [
        "sql-not-understood 1", "ban-drop-table 1", "sql-not-understood 2", "truncate 6",
      ]))
    #expect(!found("5_psql").contains("ban-drop-table 4"))
    #expect(!found("7_string").isEmpty)
  }
}
