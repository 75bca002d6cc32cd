import Foundation
import JSONValues
import TestSupport
import Testing

/// What the built `diff-gate` says of resources that move, of values that are not known, and of applications that it has
/// synthesized.
@Suite(.blocking) struct DiffGateEndToEndMoveTests {
  typealias Files = [String: String]

  private func change(_ base: Files, _ head: Files) throws -> TestRepository {
    try TestRepository(base: base, head: head)
  }

  private func judge(
    _ repository: TestRepository, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> (status: Int32, record: JSONValue, errors: String) {
    let outcome = try BuiltStep("diff-gate", in: repository.path, variables: environment).run(
      ["prod", "--format", "json"] + arguments)
    let record = outcome.output.isEmpty ? JSONValue.null : try JSONValue(parsing: outcome.output)
    return (outcome.status, record, outcome.error)
  }

  private func codes(_ record: JSONValue) -> Set<String> {
    Set((record["findings"]?.array ?? []).compactMap { $0["code"]?.string })
  }

  /// `path id action` of every resource that does not stay.
  private func actions(_ record: JSONValue) -> Set<String> {
    Set(
      (record["templates"]?.array ?? []).flatMap { template in
        (template["resources"]?.array ?? []).map { resource in
          [template["path"], resource["logicalId"], resource["action"]].compactMap { $0?.string }.joined(
            separator: " ")
        }
      })
  }

  private static func table(_ id: String, _ more: String = "", name: String? = nil) -> String {
    """
      \(id):
        Type: AWS::DynamoDB::Table
    \(more)    Properties:
    \(name.map { "      TableName: \($0)\n" } ?? "")      KeySchema: [{AttributeName: id, KeyType: HASH}]
          AttributeDefinitions: [{AttributeName: id, AttributeType: S}]

    """
  }
  private static func template(_ resources: String...) -> String {
    "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n"
      + resources.joined()
  }
  private static let keep = "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n"

  // MARK: - Moves

  static let renames: [(file: String, text: String)] = [
    (
      "refactor.json",
      #"[{"Source": {"StackName": "shop", "LogicalResourceId": "Old"}, "Destination": {"StackName": "shop", "LogicalResourceId": "New"}}]"#
    ),
    (
      "overrides.json",
      #"{"environments": [{"account": "1", "region": "eu-west-1", "resources": {"shop.Old": "shop.New"}}]}"#
    ),
  ]

  @Test(arguments: renames) func `a logical id that a refactor changes keeps what it holds`(
    _ file: String, _ text: String
  ) throws {
    let user = "  Alarm: {Type: AWS::SSM::Parameter, Properties: {Name: !Ref TABLE, Value: x}}\n"
    let base = ["shop.yaml": Self.template(Self.table("Old"), user.replacing("TABLE", with: "Old"))]
    let head = ["shop.yaml": Self.template(Self.table("New"), user.replacing("TABLE", with: "New"))]
    let (bare, record, _) = try judge(try change(base, head))
    #expect(bare == 1)
    #expect(codes(record).isSuperset(of: ["resource-deleted", "resource-renamed"]))
    let repository = try change(base, head.merging([file: text]) { $1 })
    let (status, declared, _) = try judge(repository)
    #expect(status == 0, "\(declared["findings"]?.serialized() ?? "")")
    #expect(codes(declared).contains("resource-moved"))
    #expect(actions(declared) == ["shop.yaml New move"])
    #expect(declared["files"]?.array?.contains { $0["rule"]?.string == "declared-moves" } == true)
  }

  @Test func `a resource that a refactor moves between stacks is not lost`() throws {
    let base = [
      "stacks/data.yaml": Self.template(Self.table("Orders")), "stacks/api.yaml": Self.template(),
    ]
    let head = ["stacks/data.yaml": Self.template(), "stacks/api.yaml": Self.template(Self.table("Orders"))]
    #expect(try judge(try change(base, head)).status == 1)
    let mapping =
      #"[{"Source": {"StackName": "data", "LogicalResourceId": "Orders"}, "Destination": {"StackName": "api", "LogicalResourceId": "Orders"}}]"#
    let (status, record, _) = try judge(try change(base, head.merging(["refactor.json": mapping]) { $1 }))
    #expect(status == 0, "\(record["findings"]?.serialized() ?? "")")
    #expect(actions(record) == ["stacks/api.yaml Orders move"])
    // The command line can name it as well, for files that are in no commit.
    let repository = try change(base, head)
    try mapping.write(toFile: "\(repository.path)/mapping.json", atomically: true, encoding: .utf8)
    #expect(try judge(repository, ["--moves", "mapping.json"]).status == 0)
    try "{}".write(toFile: "\(repository.path)/empty.json", atomically: true, encoding: .utf8)
    let (refused, _, errors) = try judge(repository, ["--moves", "empty.json"])
    #expect(refused == 65)
    #expect(errors.contains("it declares no moves and no imports"))
  }

  @Test func `a named resource that its policy keeps needs an import in the other stack`() throws {
    let base = [
      "stacks/data.yaml": Self.template(Self.table("Orders", Self.keep, name: "orders")),
      "stacks/api.yaml": Self.template(),
    ]
    let head = [
      "stacks/data.yaml": Self.template(),
      "stacks/api.yaml": Self.template(Self.table("Orders", Self.keep, name: "orders")),
    ]
    let (status, record, _) = try judge(try change(base, head))
    #expect(status == 1)
    #expect(codes(record).contains("import-needed"))
    let file =
      #"[{"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": "Orders", "ResourceIdentifier": {"TableName": "orders"}}]"#
    let (declared, after, _) = try judge(try change(base, head.merging(["import.json": file]) { $1 }))
    #expect(declared == 0, "\(after["findings"]?.serialized() ?? "")")
    #expect(actions(after).contains("stacks/api.yaml Orders import"))
    let cdk = #"{"Orders": {"TableName": "orders"}}"#
    #expect(try judge(try change(base, head.merging(["cdk-import.json": cdk]) { $1 })).status == 0)
  }

  @Test func `a new resource under the name of one that goes fails`() throws {
    let base = [
      "shop.yaml": Self.template(
        "  A: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/url, Value: a}}\n")
    ]
    let head = [
      "shop.yaml": Self.template(
        "  B: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/url, Value: b}}\n")
    ]
    let (status, record, _) = try judge(try change(base, head))
    #expect(status == 1)
    #expect(codes(record).contains("name-taken"))
    let other = [
      "shop.yaml": Self.template(
        "  B: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/uri, Value: b}}\n")
    ]
    #expect(try judge(try change(base, other)).status == 0)
    // Records of one name and different types stand beside each other.
    func entry(_ id: String, _ type: String) -> String {
      "  \(id): {Type: AWS::Route53::RecordSet, Properties: {HostedZoneName: a., Name: a.b., Type: \(type), TTL: 9, ResourceRecords: [x]}}\n"
    }
    #expect(
      try judge(
        try change(
          ["d.yaml": Self.template(entry("A", "A"))], ["d.yaml": Self.template(entry("B", "AAAA"))])
      ).status == 0)
  }

  // MARK: - What is not known

  @Test func `a default is no deployed value`() throws {
    let head =
      "AWSTemplateFormatVersion: 2010-09-09\nParameters:\n  Stage: {Type: String, Default: dev}\n"
      + "Conditions:\n  IsProd: !Equals [!Ref Stage, prod]\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n"
    let table = Self.table("Orders", "    Condition: IsProd\n")
    let repository = try change(["shop.yaml": head + table], ["shop.yaml": head])
    let (status, record, _) = try judge(repository)
    #expect(status == 3, "\(record["findings"]?.serialized() ?? "")")
    #expect(codes(record).contains("resource-may-be-replaced"))
    // With the values at hand it is decided.
    try #"{"Stage": "prod"}"#.write(toFile: "\(repository.path)/p.json", atomically: true, encoding: .utf8)
    try #"{"Stage": "dev"}"#.write(toFile: "\(repository.path)/d.json", atomically: true, encoding: .utf8)
    #expect(try judge(repository, ["--old-parameters", "p.json", "--new-parameters", "p.json"]).status == 1)
    #expect(try judge(repository, ["--old-parameters", "d.json", "--new-parameters", "d.json"]).status == 0)
    // Two files are judged by their defaults, which is said where others would lose something.
    try (head + table).write(toFile: "\(repository.path)/before.yaml", atomically: true, encoding: .utf8)
    let (files, assumed, _) = try judge(repository, ["--old", "before.yaml", "--new", "shop.yaml"])
    #expect(files == 3)
    #expect(codes(assumed).contains("values-assumed"))
  }

  @Test func `a nested stack whose template is not at hand is not judged`() throws {
    func outer(_ version: String, _ more: String = "") -> String {
      Self.template(
        "  App: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: a, SemanticVersion: \(version)}\(more)}}\n"
      )
    }
    let (status, record, _) = try judge(
      try change(["shop.yaml": outer("1.0.0")], ["shop.yaml": outer("1.1.0")]))
    #expect(status == 3)
    #expect(codes(record).contains("nested-stack-changed"))
    #expect(
      try judge(try change(["shop.yaml": outer("1.0.0")], ["shop.yaml": outer("1.0.0", ", Tags: {a: b}")]))
        .status == 0)
  }

  @Test func `a custom resource is judged as a rollback judges it`() throws {
    func custom(_ token: String, _ value: String) -> String {
      Self.template("  Link: {Type: Custom::Link, Properties: {ServiceToken: \(token), A: \(value)}}\n")
    }
    let (_, record, _) = try judge(
      try change(["shop.yaml": custom("t", "1")], ["shop.yaml": custom("t", "2")]))
    #expect(actions(record) == ["shop.yaml Link mayReplace"])
    #expect(
      record["findings"]?.array?.contains {
        $0["message"]?.string?.contains("another PhysicalResourceId") == true
      } == true)
    let (status, refused, _) = try judge(
      try change(["shop.yaml": custom("t", "1")], ["shop.yaml": custom("u", "1")]))
    #expect(status == 1)
    #expect(codes(refused).contains("update-refused"))
  }

  // MARK: - Minutes

  @Test func `minutes are those that the environment's own rollbacks took`() throws {
    let repository = try change(
      ["shop.yaml": Self.template()],
      ["shop.yaml": Self.template("  Queue: {Type: AWS::SNS::Topic}\n")])
    let (_, before, _) = try judge(repository)
    #expect(before["summary"]?["rollback"]?["minutes"] == [10, 15])
    let tree = try repository.git("mktree", input: "")
    var newest = ""
    for (start, end) in [("10:00:00", "10:04:30"), ("12:00:00", "12:07:10")] {
      let entry = """
        auto-revert: go

        {"formatVersion": 1, "kind": "record", "step": "auto-revert", "environment": "prod", "run": "r", "tool": "1",
        "verdict": "go", "startedAt": "2026-11-01T\(start)Z", "finishedAt": "2026-11-01T\(end)Z", "facts": {"outcome": "restored"}}
        """
      newest =
        newest.isEmpty
        ? try repository.git("commit-tree", tree, "-m", entry)
        : try repository.git("commit-tree", tree, "-m", entry, "-p", newest)
    }
    try repository.git("update-ref", "refs/backstop/prod", newest)
    let (_, record, _) = try judge(repository)
    #expect(record["summary"]?["rollback"]?["minutes"] == [4, 8])
    #expect(record["summary"]?["rollback"]?["measuredRollbacks"]?.int == 2)
    let text = try BuiltStep("diff-gate", in: repository.path).run(["prod"]).output
    #expect(text.contains("minutes: as the last 2 rollbacks of prod took, by the ledger"))
  }

  // MARK: - Synthesis

  /// An application whose "synthesis" is a copy: what counts is who says what runs, where, and with which variables.
  private func application(_ command: String, changed: String? = nil) throws -> TestRepository {
    let manifest =
      #"{"version": "36.0.0", "artifacts": {"shop": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "shop.template.json"}}}}"#
    func stack(_ body: String) -> String { #"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}\#(body)}}"# }
    let policy = "diff-gate:\n  synth:\n    - app: infra\n      command: \(command)\n"
    let base = [
      "backstop.yml": policy, "infra/cdk.json": #"{"app": "npx ts-node app.ts"}"#,
      "infra/app.ts": "import 'aws-cdk-lib'; // 1\n",
      "infra/made/manifest.json.txt": manifest,
      "infra/made/shop.txt": stack(#", "Data": {"Type": "AWS::S3::Bucket"}"#),
    ]
    var head = ["infra/app.ts": "import 'aws-cdk-lib'; // 2\n", "infra/made/shop.txt": stack("")]
    if let changed { head["backstop.yml"] = policy.replacing(command, with: changed) }
    return try change(base, head)
  }
  private static let copy =
    "cp made/manifest.json.txt \"$BACKSTOP_OUTPUT/manifest.json\" && cp made/shop.txt \"$BACKSTOP_OUTPUT/shop.template.json\""

  @Test func `an application is synthesized where the command line names a sandbox, and never by itself`()
    throws
  {
    let repository = try application("'\(Self.copy.replacing("'", with: "''"))'")
    let (bare, unjudged, _) = try judge(repository)
    #expect(bare == 3)
    #expect(codes(unjudged).contains("cdk-app-unjudged"))
    let (status, record, errors) = try judge(repository, ["--synth", "env"])
    #expect(status == 1, "\(errors)")
    #expect(actions(record) == ["infra/cdk.out/shop.template.json Data delete"])
    #expect(!codes(record).contains("cdk-app-unjudged"))
    // The environment cannot ask for it.
    #expect(try judge(repository, environment: ["BACKSTOP_SYNTH": "env"]).status == 3)
  }

  @Test func `the base's command counts, and it gets no secrets`() throws {
    let marked = try application(
      "'\(Self.copy) && env > \"$HOME/seen\"'", changed: "'touch \"$HOME/taken\"'")
    let folder = TemporaryFolder()
    let home = folder.path
    let (status, _, errors) = try judge(
      marked, ["--synth", "env"],
      environment: ["HOME": home, "AWS_SECRET_ACCESS_KEY": "s3cr3t", "GITHUB_TOKEN": "t0k3n"])
    #expect(status == 1, "\(errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(home)/taken"))
    let seen = try String(contentsOfFile: "\(home)/seen", encoding: .utf8)
    #expect(seen.contains("BACKSTOP_OUTPUT="))
    #expect(!seen.contains("s3cr3t"))
    #expect(!seen.contains("t0k3n"))
  }

  @Test func `a command that fails, or none, is said`() throws {
    let failing = try application("'echo no such module >&2; exit 3'")
    let (status, _, errors) = try judge(failing, ["--synth", "env"])
    #expect(status == 69)
    #expect(errors.contains("cannot synthesize infra of the base"))
    #expect(errors.contains("no such module"))
    let (none, _, words) = try judge(try change(["a.txt": "a"], ["a.txt": "b"]), ["--synth", "env"])
    #expect(none == 65)
    #expect(words.contains("diff-gate.synth is not there"))
    let (missing, _, program) = try judge(failing, ["--synth", "no-such-sandbox run"])
    #expect(missing == 69)
    #expect(program.contains("there is no program no-such-sandbox"))
  }
}
