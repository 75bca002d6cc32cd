import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert` over stacks in further states: failed updates that were left, failed creations, stacks that
/// were made anew, nested ones, masked parameters, replacements.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndStackTests {
  let world: AutoRevertWorld
  var client: CloudFormationClient { CloudFormationClient(world.aws.client) }

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try JSONValue(parsing: Array(outcome.output.utf8))["actions"]?.array?.compactMap { $0["action"]?.string }
      ?? []
  }

  @Test func `a failed update that was left as it was is rolled back`() async throws {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.snapshot()
    try world.fail("Breaker", "2")
    var update = StackUpdate(.previous)
    update.parameters = [AWSClients.StackParameter("Version", "2")]
    update.capabilities = ["CAPABILITY_IAM"]
    try await client.updateStack(
      world.name, update, disablesRollback: true, token: "deploy-\(UUID().uuidString)")
    try await world.wait(for: .updateFailed)
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "rollbackStack")
    #expect(try await world.status() == .updateRollbackComplete)
    #expect(try await world.marker() == "1")
  }

  @Test func `a cancel that came too late becomes a restore`() async throws {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.snapshot()
    // The last link of the chain is the last resource: it takes the cancel, and ends all the same.
    try world.hold("Breaker", "2")
    try await world.beginUpdate(["Version": "2"])
    try await waitUntil("the last resource is being updated") {
      try await client.describeStackEvents(world.name).first { $0.logicalId == "Breaker" }?.status
        == "UPDATE_IN_PROGRESS"
    }
    let outcome = try world.revert("--allow-replace") { _ in try world.hold("Breaker", "2", false) }
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
    #expect(try actions(outcome) == ["cancel", "restore"])
  }

  @Test func `a failed creation needs a person, and is never deleted to repair it`() async throws {
    let template = """
      Resources:
        Broken: {Type: Custom::Link, Properties: {ServiceToken: 'arn:aws:lambda:us-east-1:000000000000:function:nobody'}}
      """
    try await world.aws.createStack(world.name, template: template)
    #expect(try await world.status() == .rollbackComplete)
    let outcome = try world.revert()
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("needs-person"))
    #expect(try await world.status() == .rollbackComplete)
  }

  @Test func `a stack that was deleted and made anew is not the recorded one`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await client.deleteStack(world.name, token: "delete-\(UUID().uuidString)")
    try await waitUntil("the stack is gone") {
      try await world.status() ?? .deleteComplete == .deleteComplete
    }
    let missing = try world.revert()
    #expect(missing.status == 1)
    #expect(missing.output.contains("stack-missing"))
    try await world.aws.createStack(world.name, template: world.plain(), parameters: ["Version": "5"])
    let outcome = try world.revert()
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("stack-recreated"))
    #expect(try await world.marker() == "5")
  }

  @Test func `11 a masked parameter keeps its value, and never its mask`() async throws {
    let template = world.plain().replacingOccurrences(
      of: "Resources:",
      with: "  Hidden: {Type: String, NoEcho: true}\nResources:\n  Kept:\n    Type: AWS::SSM::Parameter\n"
        + "    Properties: {Name: \"/\(world.name)/kept\", Type: String, Value: !Ref Hidden}")
    try await world.aws.createStack(world.name, template: template, parameters: ["Hidden": "planted-hidden"])
    try world.snapshot()
    try await world.aws.updateStack(
      world.name, template: template, parameters: ["Hidden": "planted-hidden", "Version": "2"])
    let outcome = try world.revert()
    // All is put back, and whether the deployment changed the masked value nobody can see.
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("parameter-unverified"))
    #expect(
      try JSONValue(parsing: Array(outcome.output.utf8))["summary"]?["outcome"]?.string == "restored")
    #expect(try await world.marker() == "1")
    #expect(
      try await SSMClient(world.aws.client).getParameter("/\(world.name)/kept").value == "planted-hidden")
    #expect(!outcome.output.contains("planted-hidden") && !outcome.error.contains("planted-hidden"))
  }

  @Test func `8 what a restore would delete is shown, and wants leave`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    let grown =
      world.plain() + "\n  Added:\n    Type: AWS::SSM::Parameter\n"
      + "    Properties: {Name: \"/\(world.name)/added\", Type: String, Value: x}\n"
      + "  Table:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: \(world.name)}\n"
    try await world.aws.updateStack(world.name, template: grown, parameters: ["Version": "2"])
    let refused = try world.revert("--allow-replace")
    #expect(refused.status == 1)
    #expect(
      refused.output.contains("would-lose-data")
        && refused.output.contains("--allow-stateful \(world.name)/Table"))
    #expect(try await world.marker() == "2")
    // What holds no data goes with the deployment that added it, and is told.
    let outcome = try world.revert("--allow-stateful", "api/Table")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("addition-removed") && outcome.output.contains("Added"))
    #expect(try await world.marker() == "1")
  }

  /// Images and zones hold data as much as tables do, and so does what the policy says: one list for all steps.
  @Test func `8 every type that holds data wants leave by name, the policy's own too`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    let grown =
      world.plain() + """

          Added: {Type: AWS::SSM::Parameter, Properties: {Name: "/\(world.name)/added", Type: String, Value: x}}
          Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: \(world.name)}}
          Zone: {Type: AWS::Route53::HostedZone, Properties: {Name: \(world.name).example.com}}
        """
    try await world.aws.updateStack(world.name, template: grown, parameters: ["Version": "2"])
    func refusals(_ arguments: String...) throws -> [String] {
      let outcome = try world.run(
        "auto-revert", ["--confirm", "rollback-production", "--allow-replace", "--dry-run"] + arguments)
      #expect(outcome.status == 1, "\(outcome.output)\(outcome.error)")
      return ["Added", "Images", "Zone"].filter {
        outcome.output.contains("Only with --allow-stateful \(world.name)/\($0).")
      }
    }
    #expect(try refusals() == ["Images", "Zone"])
    #expect(try refusals("--allow-stateful", "api/Zone") == ["Images"])
    try "diff-gate:\n  stateful-types: ['AWS::SSM::*']\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    #expect(try refusals() == ["Added", "Images", "Zone"])
  }

  @Test
  func
    `7 four finished stacks are put back with their exports, and one alone is refused where it would break another`()
    async throws
  {
    let names = ["monitoring", "workflow", "api", "database"].map { "\(world.name)-\($0)" }
    let roles = ["MONITORING", "WORKFLOW", "API", "DATABASE"]
    let lines = zip(roles, names).map { "\($0)_STACK=\($1)" }
    try (["ENVIRONMENT=prod", "AWS_REGION=us-east-1"] + lines).joined(separator: "\n")
      .write(toFile: world.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    func template(_ role: String, _ version: String) -> String {
      let imports = ["monitoring": "api", "workflow": "api", "api": "database"]
      let exports = [
        "api": version == "1" ? ["api"] : ["api", "extra"],
        "database": ["database"],
      ]
      let value =
        imports[role].map { "!Sub ['${V}-\(version)', {V: !ImportValue \(world.name)-\($0)}]" }
        ?? "'\(version)'"
      var text = """
        Resources:
          Marker:
            Type: AWS::SSM::Parameter
            Properties: {Name: "/\(world.name)/\(role)", Type: String, Value: \(value)}

        """
      if role == "monitoring", version == "2" {
        text +=
          "  Second:\n    Type: AWS::SSM::Parameter\n    Properties: {Name: \"/\(world.name)/second\", Type: String, "
          + "Value: !ImportValue \(world.name)-extra}\n"
      }
      let outputs = exports[role] ?? []
      if !outputs.isEmpty {
        text += "Outputs:\n"
        for name in outputs { text += "  \(name): {Value: \(role), Export: {Name: \(world.name)-\(name)}}\n" }
      }
      return text
    }
    for role in ["database", "api", "workflow", "monitoring"] {
      try await world.aws.createStack("\(world.name)-\(role)", template: template(role, "1"))
    }
    try world.snapshot()
    for role in ["database", "api", "workflow", "monitoring"] {
      try await world.aws.updateStack("\(world.name)-\(role)", template: template(role, "2"))
    }
    func marker(_ role: String) async throws -> String {
      try await SSMClient(world.aws.client).getParameter("/\(world.name)/\(role)").value
    }
    #expect(try await marker("monitoring") == "api-2")
    let alone = try world.revert("--only", "api")
    #expect(alone.status == 1)
    #expect(alone.output.contains("export-in-use") && alone.output.contains("\(world.name)-monitoring"))
    let outcome = try world.revert("--allow-replace")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    for (role, value) in [
      ("monitoring", "api-1"), ("workflow", "api-1"), ("api", "database-1"), ("database", "1"),
    ] {
      #expect(try await marker(role) == value)
    }
    // What imports an export that vanishes goes before it.
    let plan = try JSONValue(parsing: Array(outcome.output.utf8))["plan"]?.array ?? []
    let order = Dictionary(
      plan.compactMap { entry in
        entry["target"]?.string.flatMap { name in entry["stage"]?.int.map { (name, $0) } }
      },
      uniquingKeysWith: { first, _ in first })
    #expect(order["\(world.name)-monitoring"] ?? 9 < order["\(world.name)-api"] ?? 0)
  }

  @Test func `a nested stack goes back with its parent`() async throws {
    let bucket = "\(world.name)-nested"
    try world.cli("s3api", "create-bucket", "--bucket", bucket)
    let child = """
      Parameters: {Version: {Type: String}}
      Resources:
        Marker:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(world.name)/marker", Type: String, Value: !Ref Version}
      """
    try await S3Client(world.aws.client).putObject(bucket: bucket, key: "child", Array(child.utf8))
    let parent = """
      Parameters: {Version: {Type: String, Default: "1"}}
      Resources:
        Child:
          Type: AWS::CloudFormation::Stack
          Properties:
            TemplateURL: \(world.aws.endpoint)/\(bucket)/child
            Parameters: {Version: !Ref Version}
      """
    try await world.aws.createStack(world.name, template: parent)
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: parent, parameters: ["Version": "2"])
    #expect(try await world.marker() == "2")
    // The local AWS makes no change sets of nested stacks: what is not seen counts as replaced.
    let refused = try world.revert()
    #expect(refused.status == 1, "\(refused.error)")
    #expect(refused.output.contains("nested-unseen") && refused.output.contains("would-replace"))
    #expect(refused.output.contains("\"logicalId\": \"Child/Marker\""))
    #expect(try await world.marker() == "2")
    let outcome = try world.revert("--allow-replace")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
  }

  @Test func `a nested stack's template that was written again is a stop that says where it belongs`()
    async throws
  {
    let bucket = "\(world.name)-nested"
    try world.cli("s3api", "create-bucket", "--bucket", bucket)
    let s3 = S3Client(world.aws.client)
    func child(_ value: String) -> [UInt8] {
      Array(
        """
        Resources:
          Marker:
            Type: AWS::SSM::Parameter
            Properties: {Name: "/\(world.name)/marker", Type: String, Value: "\(value)"}
        Outputs:
          Marker: {Value: !Ref Marker}

        """.utf8)
    }
    func parent(_ version: String) -> String {
      """
      Description: version \(version)
      Resources:
        Child:
          Type: AWS::CloudFormation::Stack
          Properties: {TemplateURL: "\(world.aws.endpoint)/\(bucket)/child"}
        Own:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(world.name)/own", Type: String, Value: "\(version)"}
      """
    }
    try await s3.putObject(bucket: bucket, key: "child", child("1"))
    try await world.aws.createStack(world.name, template: parent("1"))
    try world.snapshot()
    // The restore point holds the nested stack with its template, its outputs and its place. (The local AWS does not say
    // which of a nested stack's outputs it exports.)
    let id = try String(contentsOfFile: world.folder(".backstop/prod/restore-points/latest"), encoding: .utf8)
    let folder = world.folder(
      ".backstop/prod/restore-points/\(id.trimmingCharacters(in: .whitespacesAndNewlines))")
    let manifest = try JSONValue(
      parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/restore-point.json"))))
    let nested = try #require(manifest["stacks"]?.array?.first { $0["parentId"]?.string != nil })
    #expect(nested["restorable"]?.bool == true)
    #expect(nested["outputs"]?.array?.first?["value"]?.string == "/\(world.name)/marker")
    let file = try #require(nested["templateFile"]?.string)
    #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))) == child("1"))

    try await s3.putObject(bucket: bucket, key: "child", child("2"))
    try await world.aws.updateStack(world.name, template: parent("2"))
    let refused = try world.revert("--allow-replace")
    #expect(refused.status == 1)
    #expect(
      refused.output.contains("not-restorable")
        && refused.output.contains("s3://\(bucket)/child, was written again"))
    #expect(refused.output.contains(file))
    try await s3.putObject(bucket: bucket, key: "child", child("1"))
    let outcome = try world.revert("--allow-replace")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await SSMClient(world.aws.client).getParameter("/\(world.name)/own").value == "1")
    #expect(try await world.marker() == "1")
  }

  @Test func `what a deletion fails on is named with its cause, and left behind on request alone`()
    async throws
  {
    try await world.aws.createStack(world.name, template: world.chained())
    try world.fail("Fragile", "delete")
    let words = ["--method", "delete", "--confirm", "DELETE"]
    func delete(_ more: String...) throws -> BuiltStep.Outcome {
      try world.run("auto-revert", ["--confirm", "rollback-production", "--format", "json"] + words + more)
    }
    let failed = try delete()
    #expect(failed.status == 1)
    #expect(try await world.status() == .deleteFailed)
    #expect(failed.output.contains("It could not delete Fragile (") && failed.output.contains("told to fail"))
    #expect(failed.output.contains("--skip \(world.name)/Fragile"))
    // Who only wants to go back is told that nothing leads there.
    let back = try world.revert()
    #expect(back.status == 1 && back.output.contains("Fragile ("))
    let other = try delete("--skip", "api/Marker")
    #expect(other.status == 1 && other.output.contains("skip-not-stuck"))
    #expect(try await world.status() == .deleteFailed)
    let unconfirmed = try world.revert("--method", "delete", "--skip", "api/Fragile")
    #expect(unconfirmed.status == 77 && unconfirmed.error.contains("--confirm DELETE"))
    let done = try delete("--skip", "api/Fragile")
    #expect(done.status == 0, "\(done.output)\(done.error)")
    #expect(done.output.contains("resource-retained"))
    #expect(try await [nil, .deleteComplete].contains(world.status()))
  }
}
