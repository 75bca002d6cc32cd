import DeploymentRecords
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `diff-gate` over templates that name other templates, and over assemblies of the CDK.
@Suite(.blocking) struct DiffGateEndToEndTemplateTests {
  private static let inner = """
    Parameters: {Name: {Type: String, Default: none}}
    Resources:
      Table:
        Type: AWS::DynamoDB::Table
        Properties: {TableName: !Ref Name, KeySchema: [], BillingMode: PAY_PER_REQUEST}
    Outputs: {Arn: {Value: !GetAtt Table.Arn}}

    """
  private static let outer = """
    Resources:
      Store:
        Type: AWS::CloudFormation::Stack
        Properties:
          TemplateURL: !Sub "https://${Bucket}.s3.amazonaws.com/release/nested/store.yaml"
          Parameters: {Name: orders}
      Reader: {Type: AWS::S3::Bucket, Properties: {BucketName: !GetAtt Store.Outputs.Arn}}

    """

  private func record(_ outcome: BuiltStep.Outcome) throws -> JSONValue {
    try JSONValue(parsing: outcome.output)
  }

  /// `path: logicalId action` of every resource in the record.
  private func actions(_ record: JSONValue) -> Set<String> {
    Set(
      (record["templates"]?.array ?? []).flatMap { template in
        (template["resources"]?.array ?? []).map { resource in
          [template["nestedIn"]?.string, resource["logicalId"]?.string, resource["action"]?.string].compactMap
          { $0 }
          .joined(separator: " ")
        }
      })
  }

  // MARK: - Gradual delivery

  @Test func `what a share of the users meets first is told apart from what is at once, in every report`()
    throws
  {
    let folder = TemporaryFolder()
    func write(_ memory: Int, _ name: String) throws {
      try """
      Transform: AWS::Serverless-2016-10-31
      Resources:
        Api:
          Type: AWS::Serverless::Function
          Properties:
            Handler: index.handle
            Runtime: python3.12
            CodeUri: s3://bucket/key
            MemorySize: \(memory)
            AutoPublishAlias: live
            DeploymentPreference: {Type: Canary10Percent5Minutes}
        Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: \(memory)}}
      """.write(toFile: folder(name), atomically: true, encoding: .utf8)
    }
    try write(128, "old.yaml")
    try write(256, "new.yaml")
    let outcome = try BuiltStep("diff-gate", in: folder.path).run([
      "prod", "--old", "old.yaml", "--new", "new.yaml", "--format", "json", "--markdown", "report.md",
      "--html",
      "report.html",
    ])
    #expect(outcome.status != 70, "\(outcome.error)")
    let record = try record(outcome)
    let resources = record["templates"]?.array?.first?["resources"]?.array ?? []
    let api = resources.first { $0["logicalId"] == "Api" }?["delivery"]
    #expect(api?["pace"] == "gradual" && api?["steps"] == "10 % for 5 minutes, then all")
    #expect(api?["means"] == "SAM's DeploymentPreference: CodeDeploy, by the alias live")
    #expect(resources.first { $0["logicalId"] == "Queue" }?["delivery"]?["pace"] == "atOnce")
    #expect(record["findings"]?.array?.contains { $0["code"] == "at-once-beside-gradual" } == true)
    let text = try BuiltStep("diff-gate", in: folder.path).run([
      "prod", "--old", "old.yaml", "--new", "new.yaml",
    ]).output
    let reports =
      [text]
      + (try ["report.md", "report.html"].map { try String(contentsOfFile: folder($0), encoding: .utf8) })
    for report in reports {
      #expect(
        report.contains("How it comes before users") && report.contains("10 % for 5 minutes, then all"),
        "\(report)")
      #expect(report.contains("at once: Queue"), "\(report)")
    }
  }

  // MARK: - Nested stacks

  private func repository() throws -> TestRepository {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\nAWS_REGION=us-east-1\n", to: "deployment-prod.config")
    try repository.write(Self.outer, to: "infra/main.yaml")
    try repository.write(Self.inner, to: "infra/nested/store.yaml")
    try repository.commit("First", at: 1)
    return repository
  }

  @Test func `a nested template that changes is judged with what its untouched outer template hands down`()
    throws
  {
    let repository = try repository()
    try repository.write(
      Self.inner.replacing("TableName: !Ref Name", with: "TableName: !Sub '${Name}-2'"),
      to: "infra/nested/store.yaml")
    try repository.commit("Another key", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.error)")
    let record = try record(outcome)
    #expect(actions(record) == ["Store update", "Reader replace", "Store Table replace"])
    #expect(
      record["templates"]?.array?.map { $0["path"]?.string } == [
        "infra/main.yaml", "infra/nested/store.yaml",
      ])
    let finding = record["findings"]?.array?.first {
      $0["code"]?.string == "resource-replaced" && $0["path"]?.string == "infra/nested/store.yaml"
    }
    #expect(finding?["severity"]?.string == "error")
    // One stack is put back, not two.
    #expect(
      record["summary"]?["rollback"]?["steps"]?.array?.filter { $0["action"]?.string == "redeploy" }.count
        == 1)
  }

  @Test func `a parameter that the outer template hands down reaches the nested one`() throws {
    let repository = try repository()
    try repository.write(Self.outer.replacing("orders", with: "invoices"), to: "infra/main.yaml")
    try repository.commit("Another name", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.error)")
    #expect(try actions(record(outcome)) == ["Store update", "Reader replace", "Store Table replace"])
  }

  @Test func `two files: what they name is read beside them, and nowhere else`() throws {
    let folder = TemporaryFolder()
    let secret = TemporaryFolder()
    try Self.inner.write(toFile: secret("store.yaml"), atomically: true, encoding: .utf8)
    for (name, url) in [
      ("old", "store.yaml"), ("new", "store.yaml"),
      ("out", "..\(secret.path.dropFirst("/tmp".count))/store.yaml"),
    ] {
      try Self.outer.replacing(
        "!Sub \"https://${Bucket}.s3.amazonaws.com/release/nested/store.yaml\"", with: url
      )
      .replacing("Name: orders", with: "Name: \(name)").write(
        toFile: folder("\(name).yaml"), atomically: true, encoding: .utf8)
    }
    try Self.inner.write(toFile: folder("store.yaml"), atomically: true, encoding: .utf8)
    func gate(_ old: String, _ new: String) throws -> JSONValue {
      try record(
        BuiltStep("diff-gate", in: folder.path).run(["dev", "--old", old, "--new", new, "--format", "json"]))
    }
    #expect(try actions(gate("old.yaml", "new.yaml")).contains("Store Table replace"))
    let outside = try gate("out.yaml", "new.yaml")
    #expect(!actions(outside).contains { $0.hasPrefix("Store ") && $0.contains("Table") })
    #expect(outside["findings"]?.array?.contains { $0["code"]?.string == "nested-stack-changed" } == true)
  }

  // MARK: - The table of create-only properties

  @Test func `a table of one's own counts as the base has it`() throws {
    let repository = try TestRepository()
    func template(_ value: Int) -> String {
      "Resources: {R: {Type: 'Own::A::B', Properties: {Size: \(value)}}}\n"
    }
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.write("version: 1\ndiff-gate: {replacement-table: ci/types.txt}\n", to: "backstop.yml")
    try repository.write("AWSTemplateFormatVersion: '2010-09-09'\n" + template(1), to: "a.yaml")
    try repository.commit("First", at: 1)
    try repository.write("Own::A::B||Size||\n", to: "ci/types.txt")
    try repository.write("AWSTemplateFormatVersion: '2010-09-09'\n" + template(2), to: "a.yaml")
    try repository.commit("Table", at: 2)
    let missing = try BuiltStep("diff-gate", in: repository.path).run(["prod"])
    #expect(missing.status == 65, "\(missing.error)")
    #expect(missing.error.contains("ci/types.txt"))
    try repository.write("AWSTemplateFormatVersion: '2010-09-09'\n" + template(3), to: "a.yaml")
    try repository.commit("Size", at: 3)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    let record = try record(outcome)
    #expect(actions(record) == ["R replace"], "\(outcome.error)")
    #expect(record["summary"]?["replacementTable"]?.string?.contains("cfn-lint") == true)
    try repository.write("Own::A::B|Size\n", to: "ci/types.txt")
    try repository.commit("Malformed", at: 4)
    let malformed = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--base", "HEAD"])
    #expect(malformed.status == 65, "\(malformed.error)")
    #expect(malformed.error.contains("ci/types.txt:1"))
  }

  // MARK: - Assemblies

  /// An output folder of `cdk synth` with one stack that nests another, found by its asset's digest.
  private func assembly(_ path: String, key: String, size: String, noted: Bool = false) throws {
    let metadata = "\"Metadata\": {\"aws:asset:path\": \"Inner.nested.template.json\"},"
    let digest = String(repeating: key == "id" ? "1a" : "2b", count: 32)
    let files: [(String, String)] = [
      (
        "manifest.json",
        """
        {"artifacts": {"Api": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Api.template.json",
         "stackName": "Shop-Api", "parameters": {"Size": "\(size)"}}},
         "Api.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Api.assets.json"}},
         "Stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}}}}
        """
      ),
      (
        "Api.assets.json",
        """
        {"files": {"\(digest)": {"source": {"path": "Inner.nested.template.json", "packaging": "file"}}}}
        """
      ),
      (
        "Api.template.json",
        """
        {"Parameters": {"Size": {"Type": "String"}}, "Resources": {
         "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Size"}}},
         "Inner": {"Type": "AWS::CloudFormation::Stack",\(noted ? metadata : "") "Properties": {"TemplateURL": {"Fn::Sub":
          "https://s3.${AWS::Region}.${AWS::URLSuffix}/cdk-assets-${AWS::AccountId}-${AWS::Region}/\(digest).json"}}}}}
        """
      ),
      (
        "Inner.nested.template.json",
        """
        {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName":
         "\(key)"}}}}
        """
      ),
      (
        "assembly-Stage/manifest.json",
        """
        {"artifacts": {"Web": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Web.template.json"}}}}
        """
      ),
      (
        "assembly-Stage/Web.template.json",
        """
        {"Resources": {"Site": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "site-\(key)"}}}}
        """
      ),
    ]
    for (name, text) in files {
      let url = URL(fileURLWithPath: "\(path)/\(name)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
  }

  @Test func `two output folders of cdk synth: stacks by name, parameters, assets, stages`() throws {
    let folder = TemporaryFolder()
    try assembly(folder("old.out"), key: "id", size: "1")
    try assembly(folder("new.out"), key: "name", size: "2")
    let outcome = try BuiltStep("diff-gate", in: folder.path).run([
      "dev", "--old", "old.out", "--new", "new.out", "--format", "json",
    ])
    #expect(outcome.status == 1, "\(outcome.error)")
    let record = try record(outcome)
    #expect(actions(record) == ["Queue replace", "Inner update", "Inner Table replace", "Site replace"])
    #expect(record["templates"]?[0]?["stack"]?.string == "Shop-Api")
    let same = try BuiltStep("diff-gate", in: folder.path).run([
      "dev", "--old", "new.out", "--new", "new.out",
    ])
    #expect(same.status == 0, "\(same.output)\(same.error)")
  }

  @Test func `an assembly that git tracks: parameters that alone change are a change`() throws {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try assembly(repository.path + "/cdk.out", key: "id", size: "1")
    try repository.commit("First", at: 1)
    try assembly(repository.path + "/cdk.out", key: "id", size: "2")
    try repository.commit("Parameters", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.error)")
    #expect(try actions(record(outcome)) == ["Queue replace"])
  }

  // MARK: - Assemblies outside of git

  /// An application whose output git ignores; code changed in the last commit.
  private func application() throws -> TestRepository {
    let repository = try TestRepository()
    try repository.write("cdk.out/\n.backstop/\ndeployment-*.config\n", to: ".gitignore")
    try repository.write("{\"app\": \"node app.js\"}", to: "cdk.json")
    try repository.write("new Stack(1)", to: "lib/stack.ts")
    try repository.commit("First", at: 1)
    try repository.write("new Stack(2)", to: "lib/stack.ts")
    try repository.commit("Second", at: 2)
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    return repository
  }

  /// What `preflight-snapshot` records of the stack of `assembly` and the one nested in it.
  private func record(_ folder: String, in repository: TestRepository) throws {
    func text(_ name: String) throws -> [UInt8] { try LocalFileSystem().read("\(folder)/\(name)") }
    func state(_ name: String, _ id: String) -> StackState {
      StackState(
        role: "api", name: name, stackId: id, status: "UPDATE_COMPLETE",
        lastUpdatedAt: Timestamp(seconds: 1),
        templateFile: "\(id).json", templateSha256: "")
    }
    var point = RestorePoint(
      id: "20261101T000000Z-abc", environment: "prod", commit: nil, createdAt: Timestamp(seconds: 1),
      region: "us-east-1", account: nil)
    var outer = state("Shop-Api", "outer")
    outer.parameters = [.init(name: "Size", value: "1", noEcho: false)]
    outer.resources = [
      .init(
        logicalId: "Inner", physicalId: "inner", type: "AWS::CloudFormation::Stack", status: "CREATE_COMPLETE"
      )
    ]
    var inner = state("Shop-Api-Inner-1", "inner")
    inner.parentId = "outer"
    point.stacks = [outer, inner]
    let store = RestorePointStore(records: repository.path + "/.backstop/prod", files: LocalFileSystem())
    try store.write(
      point,
      contents: [
        "outer.json": try text("Api.template.json"), "inner.json": try text("Inner.nested.template.json"),
      ])
    try store.markLatest(point.id)
  }

  @Test func `code of a CDK application changes and nothing can be compared: that is said`() throws {
    let repository = try application()
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    #expect(outcome.status == 3, "\(outcome.error)")
    let findings = try record(outcome)["findings"]?.array ?? []
    #expect(findings.map { $0["code"]?.string } == ["cdk-app-unjudged"])
    #expect(findings.first?["message"]?.string?.contains("--old DIR --new DIR") == true)
    #expect(try record(outcome)["files"]?[0]?["disposition"]?.string == "notJudged")
    // A change of other files is none of the application.
    try repository.write("words", to: "README.md")
    try repository.commit("Words", at: 3)
    let words = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    #expect(try record(words)["findings"]?.array?.isEmpty == true)
  }

  @Test func `what cdk synth left is compared with what the restore point says is deployed`() throws {
    let repository = try application()
    try assembly(repository.path + "/cdk.out", key: "id", size: "1", noted: true)
    try record(repository.path + "/cdk.out", in: repository)
    let same = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    #expect(same.status == 0, "\(same.error)")
    #expect(try actions(record(same)).isEmpty)
    try assembly(repository.path + "/cdk.out", key: "name", size: "2", noted: true)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.error)")
    #expect(try actions(record(outcome)) == ["Queue replace", "Inner update", "Inner Table replace"])
    #expect(try record(outcome)["templates"]?[0]?["path"]?.string == "cdk.out/Api.template.json")
  }

  @Test func `a folder that is no assembly, a folder against a file`() throws {
    let folder = TemporaryFolder()
    try Self.inner.write(toFile: folder("a.yaml"), atomically: true, encoding: .utf8)
    try FileManager.default.createDirectory(atPath: folder("empty"), withIntermediateDirectories: true)
    for (old, new, words) in [("empty", "empty", "manifest.json"), ("empty", "a.yaml", "one is a folder")] {
      let outcome = try BuiltStep("diff-gate", in: folder.path).run(["dev", "--old", old, "--new", new])
      #expect(outcome.status == 65, "\(outcome.error)")
      #expect(outcome.error.contains(words), "\(outcome.error)")
    }
  }
}
