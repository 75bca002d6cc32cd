import Foundation
import JSONValues
import TestSupport
import Testing

/// Small inputs that would be dear, and files that leave the gate's sight, through the built binaries.
@Suite(.blocking) struct HostileInputEndToEndTests {
  private let folder = TemporaryFolder()

  private func gate(old: String, new: String) throws -> (Int32, JSONValue) {
    try old.write(toFile: folder("old.yaml"), atomically: true, encoding: .utf8)
    try new.write(toFile: folder("new.yaml"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("diff-gate", in: folder.path).run(
      ["dev", "--old", "old.yaml", "--new", "new.yaml", "--format", "json"])
    return (outcome.status, try JSONValue(parsing: outcome.output))
  }

  // MARK: - What doubles

  @Test(arguments: [24, 300, 3000]) func `conditions that double at each step`(_ count: Int) throws {
    func template(_ size: Int) -> String {
      var lines = ["Parameters:", "  P: {Type: String}", "  Q: {Type: String}", "Conditions:"]
      lines.append("  C0: !Equals [!Ref P, a]")
      for index in 1...count {
        let before = "!Condition C\(index - 1)"
        lines.append("  C\(index): !Or [!And [\(before), !Equals [!Ref Q, x\(index)]], !Not [\(before)]]")
      }
      lines += ["Resources:", "  B:", "    Type: AWS::S3::Bucket", "    Condition: C\(count)"]
      lines += ["    Properties: {BucketName: \(size)}", ""]
      return lines.joined(separator: "\n")
    }
    let (status, report) = try gate(old: template(1), new: template(2))
    // A limit must never turn a stop into a go.
    #expect(status == 1)
    let codes = (report["findings"]?.array ?? []).compactMap { $0["code"]?.string }
    #expect(codes.contains("template-too-large"), "\(codes)")
  }

  @Test func `a text that holds what nobody knows four times, forty times over`() throws {
    var name = "\"${AWS::StackId}\""
    for _ in 0..<40 { name = "{\"Fn::Sub\": [\"${a}${a}-${a}${a}\", {\"a\": \(name)}]}" }
    name = name.replacing("\"${AWS::StackId}\"", with: "{\"Ref\": \"AWS::StackId\"}")
    func template(_ name: String) -> String {
      "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: \(name)\n"
    }
    let (status, report) = try gate(old: template("a"), new: template(name))
    // What is too long to be known may be anything: it is never said to be unchanged.
    let codes = (report["findings"]?.array ?? []).compactMap { $0["code"]?.string }
    #expect(status != 70 && codes.contains { $0.hasPrefix("resource-") }, "\(status) \(codes)")
  }

  @Test func `keys of the configuration that double each other`() throws {
    let keys = (1...64).map { "A\($0)=$A\($0 - 1)$A\($0 - 1)" }
    let text = (["ENVIRONMENT=dev", "A0=xxxxxxxxxxxxxxxx"] + keys).joined(separator: "\n") + "\n"
    try text.write(toFile: folder("deployment-dev.config"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("watch-30m", in: folder.path).run(["dev", "--show-config"])
    #expect(outcome.status == 65, "\(outcome.error.prefix(500))")
    #expect(outcome.error.contains("deployment-dev.config:") && outcome.error.contains("1048576 bytes"))
  }

  @Test func `expansions that stand in each other without end`() throws {
    let deep = String(repeating: "${X:-", count: 50_000) + "a" + String(repeating: "}", count: 50_000)
    try "ENVIRONMENT=dev\nA=\(deep)\n".write(
      toFile: folder("deployment-dev.config"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("watch-30m", in: folder.path).run(["dev", "--show-config"])
    #expect(outcome.status == 65, "\(outcome.error.prefix(500))")
    #expect(outcome.error.contains("deployment-dev.config:2"))
  }

  @Test func `a check that waits longer than the run has time`() throws {
    try "ENVIRONMENT=dev\n".write(toFile: folder("deployment-dev.config"), atomically: true, encoding: .utf8)
    try "GET http://127.0.0.1:9/\n[Options]\ndelay: 3600000\nHTTP 200\n".write(
      toFile: folder("a.hurl"), atomically: true, encoding: .utf8)
    let outcome = try BuiltStep("smoke-test", in: folder.path).run([
      "dev", "--smoke", "a.hurl", "--format", "json",
    ])
    #expect(outcome.status != 0 && outcome.output.contains("longer than the time that the run has left"))
  }

  @Test func `a snapshot of tests that Jest did not write`() throws {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    let snapshot = "exports[`a 1`] = `\nObject {\n  \"Resources\": Object {\n\": x {\n  },\n}\n`;\n"
    try repository.write("exports[`a 1`] = `1`;\n", to: "test/__snapshots__/a.test.ts.snap")
    try repository.commit("First", at: 1)
    try repository.write(snapshot, to: "test/__snapshots__/a.test.ts.snap")
    try repository.commit("Second", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(
      ["prod", "--base", "HEAD~1", "--format", "json"])
    // It holds no template, so that nothing is said of one; what counts is that there is an answer.
    #expect(outcome.status == 0, "\(outcome.status) \(outcome.error)")
    #expect(try JSONValue(parsing: outcome.output)["verdict"] == "go")
  }

  // MARK: - Out of sight

  /// git would take the tag, which whoever may push tags can make.
  @Test func `a tag of the base's name`() throws {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.write(database, to: "infra/database.yaml")
    try repository.commit("First", at: 1)
    try repository.git("branch", "release")
    try repository.write(database.replacing("DBName: a", with: "DBName: b"), to: "infra/database.yaml")
    try repository.commit("Second", at: 2)
    try repository.git("tag", "release")
    let step = BuiltStep("diff-gate", in: repository.path)
    let outcome = try step.run(["prod", "--base", "release"])
    #expect(
      [64, 65].contains(outcome.status) && outcome.error.contains("a tag and of a branch"), "\(outcome.error)"
    )
    #expect(try step.run(["prod", "--base", "refs/heads/release"]).status == 1)
  }

  private let database =
    "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {Engine: postgres, DBName: a}\n"

  private func change(_ move: (TestRepository) throws -> Void) throws -> [String] {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.write(
      database + String(repeating: "# the database of the shop\n", count: 20), to: "infra/database.yaml")
    try repository.commit("First", at: 1)
    try move(repository)
    try repository.commit("Second", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(
      ["prod", "--base", "HEAD~1", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.error)")
    return try JSONValue(parsing: outcome.output)["findings"]?.array?.compactMap { $0["code"]?.string } ?? []
  }

  @Test func `a template under another ending`() throws {
    let codes = try change { repository in
      let path = repository.path + "/infra/database"
      let text = try String(contentsOfFile: path + ".yaml", encoding: .utf8)
      try FileManager.default.removeItem(atPath: path + ".yaml")
      try repository.write(
        text.replacingOccurrences(of: "DBName: a", with: "DBName: b"), to: "infra/database.txt")
    }
    #expect(codes.contains("template-out-of-sight"), "\(codes)")
  }

  @Test func `a template that became a link`() throws {
    let codes = try change { repository in
      let path = repository.path + "/infra/database.yaml"
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/tmp/database.yaml")
    }
    #expect(codes.contains("template-out-of-sight"), "\(codes)")
  }

  @Test(arguments: [
    "Resources :\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {Engine: postgres, DBName: b}\n",
    "{\"Resour\\u0063es\": {\"Db\": {\"Type\": \"AWS::RDS::DBInstance\", \"Properties\": {\"Engine\": \"postgres\", \"DBName\": \"b\"}}}}\n",
    "\"Resour\\u0063es\":\n  Db:\n    Type: \"\\u0041WS::RDS::DBInstance\"\n    Properties: {Engine: postgres, DBName: b}\n",
    "{Resources: {Db: {Type: AWS::RDS::DBInstance, Properties: {Engine: postgres, DBName: b}}}}\n",
    "\u{FEFF}Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {Engine: postgres, DBName: b}\n",
    "? Resources\n: Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {Engine: postgres, DBName: b}\n",
  ]) func `a section of resources, however it is written`(_ text: String) throws {
    let codes = try change { try $0.write(text, to: "infra/database.yaml") }
    #expect(
      codes.contains { $0.hasPrefix("resource-") || $0.hasPrefix("stateful-") || $0.hasPrefix("data-") },
      "\(codes)")
    #expect(!codes.contains("template-unreadable"), "\(codes)")
  }

  // MARK: - Secrets of templates

  @Test func `values under names of secrets are in no report`() throws {
    func template(_ value: String) -> String {
      """
      Resources:
        Cache:
          Type: AWS::ElastiCache::ReplicationGroup
          Properties: {ReplicationGroupDescription: c, AuthToken: first-token-\(value), NumCacheClusters: 2}
        Directory:
          Type: AWS::DirectoryService::MicrosoftAD
          Properties: {Name: a.example, Password: first-password-\(value), VpcSettings: {SubnetIds: [a, b], VpcId: v}}

      """
    }
    try template("one").write(toFile: folder("old.yaml"), atomically: true, encoding: .utf8)
    try template("two").write(toFile: folder("new.yaml"), atomically: true, encoding: .utf8)
    var shown = ""
    for format in ["json", "text"] {
      let outcome = try BuiltStep("diff-gate", in: folder.path).run(
        [
          "dev", "--old", "old.yaml", "--new", "new.yaml", "--format", format, "--markdown", "a.md",
          "--sarif", "a.sarif",
        ])
      shown += outcome.output + outcome.error
    }
    for file in ["a.md", "a.sarif"] { shown += try String(contentsOfFile: folder(file), encoding: .utf8) }
    #expect(shown.contains("Password") && !shown.contains("first-password") && !shown.contains("first-token"))
  }
}
