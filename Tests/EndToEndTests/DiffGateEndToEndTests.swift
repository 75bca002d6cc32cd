import Foundation
import JSONValues
import TestSupport
import Testing

/// The built `diff-gate` in real git repositories.
@Suite(.blocking) struct DiffGateEndToEndTests {
  private static let config = """
    ENVIRONMENT=prod
    AWS_REGION=us-east-1
    API_KEY=AbCdEf0123456789
    API_STACK=Invoices-Api-prod
    WORKFLOW_STACK=Invoices-Workflow-prod

    """
  private static let database = """
    AWSTemplateFormatVersion: "2010-09-09"
    Resources:
      Database:
        Type: AWS::RDS::DBInstance
        DeletionPolicy: Snapshot
        Properties:
          DBInstanceIdentifier: invoices
          DBInstanceClass: db.t3.micro
          AllocatedStorage: "20"

    """

  /// A repository with a template, a migration and its way back, and `deployment-prod.config` outside of git.
  private static func repository() throws -> TestRepository {
    let repository = try TestRepository()
    try repository.write("deployment-*.config\n.backstop/\n", to: ".gitignore")
    try repository.write(database, to: "infra/database.yaml")
    try repository.write("CREATE TABLE jobs (id bigint, notes text);\n", to: "migrations/v1.sql")
    try repository.write("DROP TABLE jobs;\n", to: "migrations/rollback-v1.sql")
    try repository.commit("First", at: 1)
    try repository.write(config, to: "deployment-prod.config")
    return repository
  }

  private func gate(_ repository: TestRepository, _ arguments: String..., variables: [String: String] = [:])
    throws
    -> BuiltStep.Outcome
  {
    try BuiltStep("diff-gate", in: repository.path, variables: variables).run(arguments)
  }

  private func record(_ outcome: BuiltStep.Outcome) throws -> JSONValue {
    try JSONValue(parsing: outcome.output)
  }
  private func codes(_ record: JSONValue) -> [String] {
    (record["findings"]?.array ?? []).compactMap { $0["code"]?.string }
  }

  // MARK: - Verdicts

  @Test func `a dangerous change stops, and says what a rollback would be`() throws {
    let repository = try Self.repository()
    try repository.write(
      Self.database.replacing("DBInstanceIdentifier: invoices", with: "DBInstanceIdentifier: invoicing"),
      to: "infra/database.yaml")
    try repository.write("ALTER TABLE jobs DROP COLUMN notes;\n", to: "migrations/v2.sql")
    try repository.commit("Dangerous", at: 2)
    let outcome = try gate(repository, "prod", "--base", "HEAD^", "--format", "json")
    #expect(outcome.status == 1, "\(outcome.error)")
    let record = try record(outcome)
    #expect(record["verdict"]?.string == "stop")
    #expect(
      Set(codes(record)).isSuperset(of: [
        "resource-replaced", "ban-drop-column", "migration-without-rollback",
      ]))
    let resource = try #require(record["templates"]?[0]?["resources"]?[0])
    #expect(resource["action"]?.string == "replace")
    #expect(resource["stateful"]?.bool == true)
    #expect(record["templates"]?[0]?["stack"]?.string == "Invoices-Database-prod")
    let migration = try #require(record["migrations"]?[0])
    #expect(migration["path"]?.string == "migrations/v2.sql")
    #expect(migration["statements"]?[0]?["line"]?.int == 1)
    #expect(migration["statements"]?[0]?["rules"]?.array?.contains("ban-drop-column") == true)
    #expect(migration["rollbackScript"] == nil)
    let rollback = try #require(record["summary"]?["rollback"])
    #expect(rollback["reversibility"]?.string == "restoreOnly")
    #expect(rollback["loses"]?.array?.contains("the values of jobs.notes") == true)
    #expect(rollback["steps"]?.array?.map { $0["action"]?.string } == ["redeploy", "databaseRestore"])
  }

  @Test func `harmless changes go`() throws {
    let repository = try Self.repository()
    try repository.write(
      Self.database.replacing("db.t3.micro", with: "db.t3.small"), to: "infra/database.yaml")
    try repository.write("CREATE TABLE parts (id bigint PRIMARY KEY);\n", to: "migrations/v2.sql")
    try repository.write("DROP TABLE parts;\n", to: "migrations/rollback-v2.sql")
    try repository.write("# hello\n", to: "README.md")
    try repository.commit("Harmless", at: 2)
    let outcome = try gate(repository, "prod", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.output)")
    let record = try record(outcome)
    #expect(record["verdict"]?.string == "go")
    #expect(record["migrations"]?[0]?["rollbackScript"]?.string == "migrations/rollback-v2.sql")
    #expect(record["summary"]?["comparedBecause"]?.string == "HEAD and the commit before")
    let written = try String(
      contentsOfFile: repository.path + "/.backstop/prod/diff-gate.json", encoding: .utf8)
    #expect(try JSONValue(parsing: written) == record)
  }

  @Test func `a rollback script that leaves something out stops`() throws {
    let repository = try Self.repository()
    try repository.write("CREATE TABLE a (i int);\nCREATE TABLE b (i int);\n", to: "migrations/v2.sql")
    try repository.write("DROP TABLE a;\n", to: "migrations/rollback-v2.sql")
    try repository.commit("Forgetful", at: 2)
    let outcome = try gate(repository, "prod")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("table b stays (line 2) [rollback-script-incomplete]"))
  }

  @Test func `a rollback script that goes alone stops, one that goes with its migration does not`() throws {
    let repository = try Self.repository()
    try repository.git("rm", "-q", "migrations/rollback-v1.sql")
    try repository.commit("Remove the way back", at: 2)
    let alone = try record(try gate(repository, "prod", "--format", "json"))
    #expect(codes(alone) == ["rollback-script-removed"])
    try repository.git("rm", "-q", "migrations/v1.sql")
    try repository.commit("Remove the migration, too", at: 3)
    let both = try record(try gate(repository, "prod", "--base", "HEAD~2", "--format", "json"))
    #expect(codes(both) == ["migration-removed"])
  }

  @Test func `the record is as its schema says`() throws {
    let checker = Repository.root + "/.build/venv/bin/check-jsonschema"
    guard FileManager.default.isExecutableFile(atPath: checker) else { return }
    let repository = try Self.repository()
    try repository.write(Self.database.replacing("invoices", with: "invoicing"), to: "infra/database.yaml")
    try repository.write("ALTER TABLE jobs DROP COLUMN notes;\n", to: "migrations/v2.sql")
    try repository.commit("Dangerous", at: 2)
    #expect(try gate(repository, "prod").status == 1)
    let result = try runProgram(
      checker,
      [
        "--schemafile", Repository.root + "/ci/schemas/diff-gate.schema.json",
        repository.path + "/.backstop/prod/diff-gate.json",
      ])
    #expect(result.status == 0, "\(result.text)\(result.error)")
  }

  @Test func `what cannot be parsed is a finding with its line, not a failure`() throws {
    let repository = try Self.repository()
    try repository.write("Resources:\n  A: [\nType: AWS::S3::Bucket\n", to: "infra/broken.yaml")
    try repository.write("SELECT 1;\nDORP TABLE jobs;\n", to: "migrations/v2.sql")
    try repository.commit("Broken", at: 2)
    let record = try record(try gate(repository, "prod", "--format", "json"))
    #expect(record["verdict"]?.string == "stop")
    #expect(Set(codes(record)).isSuperset(of: ["template-unreadable", "sql-syntax"]))
    let syntax = record["findings"]?.array?.first { $0["code"]?.string == "sql-syntax" }
    #expect(syntax?["line"]?.int == 2)
  }

  @Test func `no secret is shown anywhere`() throws {
    let repository = try Self.repository()
    try repository.write(".backstop/\n", to: ".gitignore")
    try repository.git("add", "-f", "deployment-prod.config")
    try repository.commit("Committed", at: 2)
    let markdown = repository.path + "/../gate-\(UUID().uuidString).md"
    defer { try? FileManager.default.removeItem(atPath: markdown) }
    let outcome = try gate(repository, "prod", "--format", "json", "--markdown", markdown)
    #expect(outcome.status == 1)
    #expect(try codes(record(outcome)).contains("config-secret-committed"))
    let text = try outcome.output + outcome.error + String(contentsOfFile: markdown, encoding: .utf8)
    #expect(!text.contains("AbCdEf0123456789"))
  }

  // MARK: - A change cannot loosen its own gate

  @Test func `policy is the base's; acknowledgements count with reason and day`() throws {
    let repository = try Self.repository()
    try repository.write("ALTER TABLE jobs DROP COLUMN notes;\n", to: "migrations/v2.sql")
    try repository.write("ALTER TABLE jobs ADD COLUMN notes text;\n", to: "migrations/rollback-v2.sql")
    try repository.write(
      "version: 1\ndiff-gate:\n  severities:\n    ban-drop-column: off\n", to: "backstop.yml")
    try repository.commit("Loosen", at: 2)
    let stopped = try record(try gate(repository, "prod", "--format", "json"))
    #expect(stopped["verdict"]?.string == "stop")
    #expect(codes(stopped).contains("policy-changed"))
    let finding = stopped["findings"]?.array?.first { $0["code"]?.string == "ban-drop-column" }
    let fingerprint = try #require(finding?["fingerprint"]?.string)
    try repository.write(
      "acknowledgements:\n  - fingerprint: \(fingerprint)\n    reason: snapshot taken\n    expires: 2999-12-31\n",
      to: "backstop-acknowledgements.yml")
    try repository.commit("Acknowledge", at: 3)
    let acknowledged = try gate(repository, "prod", "--base", "HEAD~2", "--format", "json")
    #expect(acknowledged.status == 0, "\(acknowledged.output)")
    let record = try record(acknowledged)
    #expect(record["acknowledgements"]?[0]?["state"]?.string == "used")
    #expect(codes(record).contains("acknowledgement-unowned"))
    // In the base of the next change, the policy counts.
    try repository.write("ALTER TABLE jobs DROP COLUMN id;\n", to: "migrations/v3.sql")
    try repository.write("ALTER TABLE jobs ADD COLUMN id bigint;\n", to: "migrations/rollback-v3.sql")
    try repository.commit("Allowed", at: 4)
    #expect(try gate(repository, "prod").status == 0)
  }

  // MARK: - What is compared

  @Test func `a pull request's merge ref is compared with its first parent`() throws {
    let repository = try Self.repository()
    try repository.git("switch", "-q", "-c", "change")
    try repository.write("TRUNCATE jobs;\n", to: "migrations/v2.sql")
    try repository.commit("Change", at: 2)
    try repository.git("switch", "-q", "main")
    try repository.write("SELECT 1;\n", to: "other.txt")
    try repository.commit("Main goes on", at: 3)
    try repository.git("merge", "-q", "--no-ff", "-m", "Merge", "change")
    let record = try record(
      try gate(
        repository, "prod", "--format", "json",
        variables: [
          "GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_BASE_REF": "main",
          "GITHUB_RUN_ID": "1",
        ]))
    #expect(record["summary"]?["base"]?.string == (try repository.git("rev-parse", "HEAD^1")))
    #expect(record["migrations"]?.array?.count == 1)
    #expect(record["summary"]?["changedFiles"]?.int == 1)
  }

  @Test func `a shallow clone is told which depth to ask for`() throws {
    let repository = try Self.repository()
    try repository.write("more\n", to: "x.txt")
    try repository.commit("Second", at: 2)
    let shallow = try TestRepository(cloning: repository, options: ["--depth", "1", "--no-local"])
    try shallow.write(Self.config, to: "deployment-prod.config")
    let outcome = try gate(shallow, "prod")
    #expect(outcome.status == 69, "\(outcome.error)")
    #expect(outcome.error.contains("depth"))
    #expect(outcome.output.isEmpty)
  }

  @Test func `two files are compared without git and without configuration`() throws {
    let folder = TemporaryFolder()
    let step = BuiltStep("diff-gate", in: folder.path)
    try Self.database.write(toFile: folder("old.yaml"), atomically: true, encoding: .utf8)
    let parameters = #"{"Id": "b"}"#
    let template = "Parameters: {Id: {Type: String}}\n" + Self.database.replacing("invoices", with: "!Ref Id")
    try template.write(toFile: folder("new.yaml"), atomically: true, encoding: .utf8)
    try parameters.write(toFile: folder("p.json"), atomically: true, encoding: .utf8)
    let outcome = try step.run(
      ["dev", "--old", "old.yaml", "--new", "new.yaml", "--new-parameters", "p.json", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.error)")
    #expect(try record(outcome)["templates"]?[0]?["resources"]?[0]?["action"]?.string == "replace")
    let array = #"[{"ParameterKey": "Id", "ParameterValue": "invoices"}]"#
    try array.write(toFile: folder("p.json"), atomically: true, encoding: .utf8)
    let same = try step.run(["dev", "--old", "old.yaml", "--new", "new.yaml", "--new-parameters", "p.json"])
    #expect(same.status == 0, "\(same.output)\(same.error)")
  }

  // MARK: - Reports

  @Test func `every report is written`() throws {
    let repository = try Self.repository()
    try repository.write("DROP TABLE jobs;\n", to: "migrations/v2.sql")
    try repository.commit("Drop", at: 2)
    let folder = TemporaryFolder()
    let names = ["sarif", "code-quality", "markdown", "junit", "tap", "html"]
    let outcome = try BuiltStep(
      "diff-gate", in: repository.path,
      variables: ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": folder("summary.md")]
    ).run(["prod"] + names.flatMap { ["--\($0)", folder($0)] })
    #expect(outcome.status == 1)
    for name in names + ["summary.md"] {
      #expect(try String(contentsOfFile: folder(name), encoding: .utf8).contains("ban-drop-table"), "\(name)")
    }
    #expect(
      outcome.error.contains("::error file=migrations/v2.sql,line=1,title=diff-gate%3A ban-drop-table::"))
    #expect(!outcome.output.contains("::error"))
  }
}
