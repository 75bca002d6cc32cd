import Foundation
import JSONValues
import TestSupport
import Testing

/// What the built `diff-gate` says about files that it does not read, and about values that stand beside templates.
@Suite(.blocking) struct DiffGateEndToEndCoverageTests {
  typealias Files = [String: String]

  private func change(_ base: Files, _ head: Files, config: Bool = true) throws -> TestRepository {
    let repository = try TestRepository()
    if config {
      try repository.write("ENVIRONMENT=prod\nAWS_REGION=us-east-1\n", to: "deployment-prod.config")
    }
    try repository.write(".backstop/\n", to: ".gitignore")
    for (path, text) in base { try repository.write(text, to: path) }
    try repository.commit("First", at: 1)
    for (path, text) in head { try repository.write(text, to: path) }
    try repository.commit("Second", at: 2)
    return repository
  }

  private func judge(_ repository: TestRepository, _ arguments: String...) throws -> (
    status: Int, record: JSONValue
  ) {
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(
      ["prod", "--format", "json"] + arguments)
    return (Int(outcome.status), try JSONValue(parsing: outcome.output))
  }

  private func codes(_ record: JSONValue) -> Set<String> {
    Set((record["findings"]?.array ?? []).compactMap { $0["code"]?.string })
  }

  /// `path disposition rule` of every file.
  private func files(_ record: JSONValue) -> Set<String> {
    Set(
      (record["files"]?.array ?? []).map { file in
        ["path", "disposition", "rule"].compactMap { file[$0]?.string }.joined(separator: " ")
      })
  }

  // MARK: - What nobody reads

  static let open: [(path: String, text: String, rule: String)] = [
    ("main.tf", "resource {}\n", "terraform"), ("infra/prod.tfvars", "a = 1\n", "terraform"),
    ("Pulumi.prod.yaml", "config: {}\n", "pulumi"), ("serverless.ts", "export default {}\n", "serverless"),
    ("amplify/backend.ts", "defineBackend({})\n", "amplify"),
    ("copilot/api/manifest.yml", "name: api\n", "copilot"),
    (".ebextensions/a.config", "Resources: {}\n", "elastic-beanstalk"),
    ("appspec.yml", "version: 0.0\n", "codedeploy"),
    ("k8s/bucket.yaml", "apiVersion: s3.services.k8s.aws/v1alpha1\nkind: Bucket\n", "ack"),
    ("deploy/app.yaml", "apiVersion: apps/v1\nkind: Deployment\n", "kubernetes"),
    ("taskdef.json", "{\"containerDefinitions\": []}\n", "ecs"),
    ("stack.yaml.j2", "Resources: {}\n", "generated-template"),
    ("ops/policy.json", "{\"Statement\": [{\"Effect\": \"Allow\"}]}\n", "policy-document"),
    ("lib/stack.py", "import aws_cdk\n", "cdk"), ("migrations/1.kt", "fun migrate() {}\n", "migration"),
    ("scripts/db.sql", "DROP TABLE jobs;\n", "migration"),
    ("prisma/schema.prisma", "model A { id Int }\n", "prisma-schema"),
    ("deploy.sh", "aws cloudformation deploy --parameter-overrides A=1\n", "pipeline"),
    (".github/workflows/deploy.yml", "jobs: {run: sam deploy}\n", "pipeline"),
    ("infra/notes.bin", "x\n", "infrastructure-folder"),
  ]

  @Test func `files that deploy and are not read make it inconclusive, each with its reason`() throws {
    let repository = try change(
      ["README.md": "a"], Dictionary(uniqueKeysWithValues: Self.open.map { ($0.path, $0.text) }))
    let (status, record) = try judge(repository)
    #expect(status == 3)
    #expect(record["verdict"]?.string == "inconclusive")
    #expect(files(record) == Set(Self.open.map { "\($0.path) notJudged \($0.rule)" }))
    #expect(record["summary"]?["coverage"]?["judged"]?.int == 0)
    #expect(record["summary"]?["coverage"]?["relevant"]?.int == Self.open.count)
    for file in record["files"]?.array ?? [] { #expect(file["remedy"]?.string?.isEmpty == false) }
    let text = try BuiltStep("diff-gate", in: repository.path).run(["prod"]).output
    #expect(text.hasPrefix("INCONCLUSIVE  diff-gate prod:"))
    #expect(text.contains("0 of \(Self.open.count) files that can change the deployment were judged"))
    #expect(!text.contains("nothing to roll back"))
  }

  @Test func `files that cannot change a deployment go, by a rule that is named`() throws {
    let harmless: [(String, String, String)] = [
      ("README.md", "words", "documentation"), ("docs/a.png", "x", "documentation"),
      ("test/a.test.ts", "it()", "test"), ("Dockerfile", "FROM a", "build"),
      ("src/a.ts", "export {}", "application"),
      ("package.json", "{\"dependencies\": {\"a\": \"^1\"}}", "pipeline"),
      ("db/queries/a.sql", "-- name: Get :one\nSELECT 1;", "queries"),
      ("Makefile", "test:\n\tgo test\n", "pipeline"),
    ]
    let repository = try change(["a": "a"], Dictionary(uniqueKeysWithValues: harmless.map { ($0.0, $0.1) }))
    let (status, record) = try judge(repository)
    #expect(status == 0, "\(codes(record))")
    #expect(files(record) == Set(harmless.map { "\($0.0) harmless \($0.2)" }))
    // Code goes with the version before, so that it is not said that nothing needs a rollback.
    let text = try BuiltStep("diff-gate", in: repository.path).run(["prod"]).output
    #expect(text.contains("deploying the version before undoes this change"))
  }

  @Test func `the policy of the base says what is not this deployment's; the change's own does not`() throws {
    let base = ["main.tf": "a", "backstop.yml": "version: 1\ndiff-gate: {ignore: [\"*.tf\"]}\n"]
    let ignored = try judge(try change(base, ["main.tf": "b"]))
    #expect(ignored.status == 0)
    #expect(files(ignored.record) == ["main.tf harmless ignored"])
    let own = try judge(
      try change(["main.tf": "a"], ["main.tf": "b", "backstop.yml": base["backstop.yml"]!]))
    #expect(own.status == 3)
    let strict = try judge(
      try change(
        ["backstop.yml": "version: 1\ndiff-gate: {severities: {file-not-judged: error}}\n"], ["main.tf": "b"])
    )
    #expect(strict.status == 1)
  }

  @Test func `a template that is renamed out of sight, a link, a submodule that moves`() throws {
    let template = "Resources: {T: {Type: 'AWS::S3::Bucket'}}\n"
    let moved = try change(["infra/database.yaml": template], [:])
    try moved.git("mv", "infra/database.yaml", "infra/database.txt")
    try moved.commit("Move", at: 3)
    let hidden = try judge(moved)
    #expect(hidden.status == 1)
    #expect(codes(hidden.record).contains("template-out-of-sight"))
    #expect(files(hidden.record) == ["infra/database.txt notJudged template"])
    let linked = try change(["a": "a"], [:])
    try FileManager.default.createSymbolicLink(
      atPath: linked.path + "/infra", withDestinationPath: "elsewhere")
    try linked.commit("Link", at: 3)
    #expect(try judge(linked).status == 3)
    let module = try change(["a": "a"], [:])
    for (number, digit) in ["1", "2"].enumerated() {
      try module.git(
        "update-index", "--add", "--cacheinfo", "160000,\(String(repeating: digit, count: 40)),infra")
      try module.git("commit", "-q", "-m", "Module \(number)")
    }
    let submodule = try judge(module)
    #expect(submodule.status == 3)
    #expect(files(submodule.record) == ["infra notJudged submodule"])
  }

  @Test func `the configuration is optional, and what it would have told is said to be open`() throws {
    let repository = try change(["a.md": "a"], ["a.md": "b"], config: false)
    let (status, record) = try judge(repository)
    #expect(status == 0)
    #expect(codes(record) == ["config-absent"])
  }

  // MARK: - Values beside templates

  private static let template =
    "Parameters: {Id: {Type: String}}\nResources: {B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Id}}}\n"

  static let values: [(path: String, before: String, template: String)] = [
    (
      "samconfig.toml", "version = 0.1\n[default.deploy.parameters]\nparameter_overrides = \"Id=aaa\"\n",
      "template.yaml"
    ),
    (
      "samconfig.toml", "[prod.deploy.parameters]\nparameter_overrides = [\n  \"Id=aaa\", # it\n]\n",
      "template.yaml"
    ),
    ("params/prod.json", "[{\"ParameterKey\": \"Id\", \"ParameterValue\": \"aaa\"}]", "api.yaml"),
    ("pipeline.json", "{\"Parameters\": {\"Id\": \"aaa\"}, \"Tags\": {}}", "api.yaml"),
    ("deployment.yaml", "template-file-path: x/api.yaml\nparameters: {Id: aaa}\n", "x/api.yaml"),
    ("deployment-prod.config", "ENVIRONMENT=prod\nID=aaa\n", "api.yaml"),
  ]

  @Test(arguments: values) func `other values of an equal template are a change`(
    _ path: String, _ before: String, _ template: String
  ) throws {
    let repository = try change(
      [template: Self.template, path: before], [path: before.replacing("aaa", with: "bbb")],
      config: path != "deployment-prod.config")
    let (status, record) = try judge(repository)
    #expect(status == 1, "\(files(record))")
    #expect(codes(record).contains("resource-replaced"))
    #expect(files(record).contains("\(template) judged template"))
  }

  @Test func `values of another environment, and values that no template takes`() throws {
    let other = try change(
      [
        "api.yaml": Self.template,
        "params/dev.json": "[{\"ParameterKey\": \"Id\", \"ParameterValue\": \"a\"}]",
      ],
      ["params/dev.json": "[{\"ParameterKey\": \"Id\", \"ParameterValue\": \"b\"}]"])
    let (status, record) = try judge(other)
    #expect(status == 0)
    #expect(files(record) == ["params/dev.json harmless other-environment"])
    let nobody = try judge(
      try change(
        ["params/prod.json": "[{\"ParameterKey\": \"No\", \"ParameterValue\": \"a\"}]"],
        ["params/prod.json": "[{\"ParameterKey\": \"No\", \"ParameterValue\": \"b\"}]"]))
    #expect(nobody.status == 3)
  }

  @Test func `two files that are the same, with other parameters`() throws {
    let folder = TemporaryFolder()
    for (name, text) in [
      ("t.yaml", Self.template), ("a.json", "{\"Id\": \"aaa\"}"), ("b.json", "{\"Id\": \"bbb\"}"),
    ] {
      try text.write(toFile: folder(name), atomically: true, encoding: .utf8)
    }
    let arguments = [
      "dev", "--old", "t.yaml", "--new", "t.yaml", "--old-parameters", "a.json", "--new-parameters",
    ]
    let other = try BuiltStep("diff-gate", in: folder.path).run(arguments + ["b.json"])
    #expect(other.status == 1, "\(other.output)\(other.error)")
    let same = try BuiltStep("diff-gate", in: folder.path).run(arguments + ["a.json"])
    #expect(same.status == 0, "\(same.output)\(same.error)")
    #expect(same.output.contains("nothing differs"))
  }

  @Test func `an export that a template beside it imports`() throws {
    let exporting = "Resources: {B: {Type: 'AWS::S3::Bucket'}}\n"
    let repository = try change(
      [
        "base.yaml": exporting + "Outputs: {O: {Value: !Ref B, Export: {Name: shared}}}\n",
        "app.yaml":
          "Resources: {P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !ImportValue shared}}}\n",
      ], ["base.yaml": exporting])
    let (status, record) = try judge(repository)
    #expect(status == 1)
    #expect(codes(record) == ["export-in-use"])
  }

  // MARK: - Templates in other files

  @Test func `a serverless configuration: its resources are judged, the rest is said to be open`() throws {
    let rest = "service: shop\nprovider: {name: aws, memorySize: 128}\nresources:\n  Resources:\n"
    let bucket = "    A: {Type: 'AWS::S3::Bucket'}\n"
    let table = "    T: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: t}}\n"
    let (status, record) = try judge(
      try change(["serverless.yml": rest + bucket + table], ["serverless.yml": rest + bucket]))
    #expect(status == 1)
    #expect(codes(record) == ["resource-deleted"])
    #expect(files(record) == ["serverless.yml judged serverless"])
    let memory = try judge(
      try change(
        ["serverless.yml": rest + bucket], ["serverless.yml": (rest + bucket).replacing("128", with: "256")]))
    #expect(memory.status == 3)
    #expect(files(memory.record) == ["serverless.yml notJudged serverless"])
  }

  @Test func `templates in snapshots of Jest are compared, at their lines`() throws {
    func snapshot(_ type: String) -> String {
      """
      // Jest Snapshot v1

      exports[`stack 1`] = `
      Object {
        "Resources": Object {
          "T": Object {
            "Properties": Object {
              "AttributeDefinitions": Array [
                Object {
                  "AttributeName": "id",
                  "AttributeType": "\(type)",
                },
              ],
            },
            "Type": "AWS::DynamoDB::Table",
          },
        },
      }
      `;

      """
    }
    let (status, record) = try judge(
      try change(
        ["test/__snapshots__/a.test.ts.snap": snapshot("S")],
        ["test/__snapshots__/a.test.ts.snap": snapshot("N")]))
    #expect(status == 1, "\(record)")
    let finding = record["findings"]?.array?.first { $0["code"]?.string == "resource-replaced" }
    #expect(finding?["line"]?.int == 6)
  }

  @Test func `the record with every kind of file is as its schema says`() throws {
    let checker = Repository.root + "/.build/venv/bin/check-jsonschema"
    guard FileManager.default.isExecutableFile(atPath: checker) else { return }
    let repository = try change(
      ["a": "a"], ["main.tf": "a", "README.md": "b", "deployment-prod.config": "A=1\n"])
    _ = try judge(repository)
    let result = try runProgram(
      checker,
      [
        "--schemafile", Repository.root + "/ci/schemas/diff-gate.schema.json",
        repository.path + "/.backstop/prod/diff-gate.json",
      ])
    #expect(result.status == 0, "\(result.text)\(result.error)")
  }
}
