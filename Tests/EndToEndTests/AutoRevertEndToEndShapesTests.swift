import AWSClients
import CloudFormationModel
import CurlTransport
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert` over the shapes that common ways of deploying leave behind: no person, no leave.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndShapesTests {
  let world: AutoRevertWorld

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  private func record(_ outcome: BuiltStep.Outcome) throws -> JSONValue {
    try JSONValue(parsing: Array(outcome.output.utf8))
  }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try record(outcome)["actions"]?.array?.compactMap { $0["action"]?.string } ?? []
  }

  /// Restored without leave, and with nothing left that a second run would do.
  private func expectRestored(_ done: [String] = ["restore"]) throws {
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome) == done)
    let again = try world.revert()
    let left = try actions(again)
    #expect(again.status == 0 && left.isEmpty, "\(again.output)\(again.error)")
  }

  // MARK: - Versions and deployments made anew each time

  /// What SAM makes of a function with `AutoPublishAlias: live`: the version's name changes with the code, and is kept.
  private func published(_ answer: String) -> String {
    let function = TemplateParts.function(
      "Fn", named: "\(world.name)-fn", handler: "index.answer",
      "Code:\n  ZipFile: |\n    def answer(event, context): return '\(answer)'")
    return """
      Resources:
      \(TemplateParts.role)
      \(function)
        FnVersion\(answer):
          Type: AWS::Lambda::Version
          DeletionPolicy: Retain
          UpdateReplacePolicy: Retain
          Properties: {FunctionName: !Ref Fn}
        FnAliaslive:
          Type: AWS::Lambda::Alias
          Properties: {FunctionName: !Ref Fn, FunctionVersion: !GetAtt FnVersion\(answer).Version, Name: live}
      """
  }

  @Test
  func `17 a function with AutoPublishAlias goes back, and its alias stays where CloudFormation put it`()
    async throws
  {
    try await world.aws.createStack(world.name, template: published("one"))
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: published("two"))
    try expectRestored()
    let answer = world.folder("answer")
    try world.cli("lambda", "invoke", "--function-name", "\(world.name)-fn:live", answer)
    #expect(try String(contentsOfFile: answer, encoding: .utf8).contains("one"))
  }

  /// What the Serverless Framework and the CDK make of an API: a deployment under a new name each time.
  private func api(_ time: String, _ path: String) -> String {
    """
    Resources:
      Api:
        Type: AWS::ApiGateway::RestApi
        Properties: {Name: \(world.name)}
      Health:
        Type: AWS::ApiGateway::Resource
        Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: \(path)}
      Get:
        Type: AWS::ApiGateway::Method
        Properties:
          {RestApiId: !Ref Api, ResourceId: !Ref Health, HttpMethod: GET, AuthorizationType: NONE,
           Integration: {Type: MOCK}}
      Deployment\(time):
        Type: AWS::ApiGateway::Deployment
        DependsOn: Get
        Properties: {RestApiId: !Ref Api}
      Stage:
        Type: AWS::ApiGateway::Stage
        Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment\(time), StageName: prod}
      Marker:
        Type: AWS::SSM::Parameter
        Properties: {Name: "/\(world.name)/marker", Type: String, Value: "\(time)"}
    """
  }

  @Test func `17 an API that is deployed under a new name each time goes back`() async throws {
    try await world.aws.createStack(world.name, template: api("1700000000001", "health"))
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: api("1700000000002", "health"))
    try expectRestored()
    #expect(try await world.marker() == "1700000000001")
  }

  @Test func `17 what the deployment added goes without leave, and with leave where the policy asks`()
    async throws
  {
    let more = """
        Topic: {Type: "AWS::SNS::Topic"}
        Log: {Type: "AWS::Logs::LogGroup"}
      \(TemplateParts.role)
      """
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(
      world.name, template: world.plain() + "\n" + more, parameters: ["Version": "2"])
    let policy = world.folder("asks.yml")
    try "auto-revert:\n  additions: ask\n".write(toFile: policy, atomically: true, encoding: .utf8)
    let asked = try world.revert("--policy", policy)
    #expect(asked.status == 1 && asked.output.contains("addition-removed"), "\(asked.output)\(asked.error)")
    #expect(try await world.marker() == "2")
    try expectRestored()
    #expect(try await world.marker() == "1")
  }

  @Test func `17 a queue that the deployment added wants leave by name`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(
      world.name, template: world.plain() + "\n  Queue: {Type: \"AWS::SQS::Queue\"}")
    let refused = try world.revert()
    #expect(refused.status == 1 && refused.output.contains("--allow-stateful \(world.name)/Queue"))
    #expect(try world.revert("--allow-stateful", "api/Queue").status == 0)
  }

  @Test(arguments: ["SNS::Topic", "SQS::Queue"])
  func `17 a nested stack that the deployment added goes, and what holds data in it wants leave by name`(
    type: String
  ) async throws {
    let bucket = "\(world.name)-nested"
    try world.cli("s3api", "create-bucket", "--bucket", bucket)
    try await S3Client(world.aws.client).putObject(
      bucket: bucket, key: "child.yaml", Array("Resources:\n  Inner: {Type: \"AWS::\(type)\"}\n".utf8))
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    let child = """

        Child:
          Type: AWS::CloudFormation::Stack
          Properties: {TemplateURL: "\(world.aws.endpoint)/\(bucket)/child.yaml"}
      """
    try await world.aws.updateStack(world.name, template: world.plain() + child, parameters: ["Version": "2"])
    guard type == "SQS::Queue" else { return try expectRestored() }
    let refused = try world.revert()
    #expect(
      refused.status == 1 && refused.output.contains("--allow-stateful \(world.name)/Child/Inner"),
      "\(refused.output)\(refused.error)")
    #expect(try actions(refused).isEmpty)
    // The stack that holds it is named as well.
    let outcome = try world.revert(
      "--allow-stateful", "\(world.name)/Child/Inner", "--allow-stateful", "\(world.name)/Child")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
  }

  // MARK: - What was left behind

  private func kept(_ name: String) -> String {
    world.plain() + """

        Files:
          Type: AWS::S3::Bucket
          DeletionPolicy: Retain
          UpdateReplacePolicy: Retain
          Properties: {BucketName: \(name)}
      """
  }

  @Test func `20 a bucket that the deployment let go of is taken in again with what is in it`() async throws {
    let bucket = "\(world.name)-files"
    try await world.aws.createStack(world.name, template: kept(bucket))
    try await S3Client(world.aws.client).putObject(bucket: bucket, key: "order", [1])
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    try expectRestored()
    let members = try await CloudFormationClient(world.aws.client).listStackResources(world.name)
    #expect(members.contains { $0.logicalId == "Files" && $0.physicalId == bucket })
    #expect(try await S3Client(world.aws.client).headObject(bucket: bucket, key: "order") != nil)
  }

  @Test func `20 one that cannot be taken in stops by name before anything is touched`() async throws {
    try await world.aws.createStack(world.name, template: kept("!Sub '${AWS::StackName}-files'"))
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let shown = try world.run("auto-revert", ["--dry-run"])
    #expect(
      shown.status == 1 && shown.output.contains("\(world.name)-files"), "\(shown.output)\(shown.error)")
    let outcome = try world.revert()
    #expect(outcome.status == 1 && outcome.output.contains("name-taken"), "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).isEmpty)
    #expect(try await world.marker() == "2")
  }

  @Test func `20 one that another was put in the place of stops by name before anything is touched`()
    async throws
  {
    let old = "\(world.name)-old"
    try await world.aws.createStack(world.name, template: kept(old))
    try world.snapshot()
    try await world.aws.updateStack(
      world.name, template: kept("\(world.name)-new"), parameters: ["Version": "2"])
    for leave in [[], ["--allow-replace"]] {
      let shown = try world.run("auto-revert", ["--dry-run"] + leave)
      #expect(
        shown.status == 1 && shown.output.contains("left \(old) behind"), "\(shown.output)\(shown.error)")
    }
    let outcome = try world.revert()
    #expect(outcome.status == 1 && outcome.output.contains("name-taken"), "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).isEmpty)
    #expect(try await world.marker() == "2")
  }

  // MARK: - Code at a fixed place

  /// A package with one Python file.
  private func package(_ body: String) throws -> [UInt8] {
    let folder = TemporaryFolder()
    try "def answer(event, context): return \(body)\n"
      .write(toFile: folder("index.py"), atomically: true, encoding: .utf8)
    let made = try runProgram(
      "python3", ["-c", "import zipfile; zipfile.ZipFile('fn.zip', 'w').write('index.py')"], in: folder.path)
    #expect(made.status == 0, "\(made.error)")
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder("fn.zip"))))
  }

  private func coded(_ key: String) -> String {
    world.plain() + "\n" + TemplateParts.role + "\n"
      + TemplateParts.function(
        "Fn", named: "\(world.name)-fn", handler: "index.answer",
        "Code: {S3Bucket: \(world.name)-code, S3Key: \(key)}")
  }

  private func put(_ key: String, _ body: String) async throws {
    try await S3Client(world.aws.client).putObject(
      bucket: "\(world.name)-code", key: key, package(body))
  }

  private func digest() async throws -> String? {
    try await LambdaClient(world.aws.client).getFunctionConfiguration("\(world.name)-fn").codeSha256
  }

  @Test(arguments: [false, true])
  func `23 code that the next deployment wrote over is put back from the restore point`(vanishes: Bool)
    async throws
  {
    try world.cli("s3api", "create-bucket", "--bucket", "\(world.name)-code")
    try await put("app.zip", "1")
    try await world.aws.createStack(world.name, template: coded("app.zip"))
    try world.snapshot()
    let recorded = try await digest()
    if vanishes {
      try await put("app-2.zip", "2")
      try await world.aws.updateStack(
        world.name, template: coded("app-2.zip"), parameters: ["Version": "2"])
      try await S3Client(world.aws.client).deleteObject(bucket: "\(world.name)-code", key: "app.zip")
    } else {
      try await put("app.zip", "2")
      _ = try await LambdaClient(world.aws.client).updateFunctionCode(
        "\(world.name)-fn", .s3(bucket: "\(world.name)-code", key: "app.zip", version: nil))
      try await world.aws.updateStack(world.name, template: coded("app.zip"), parameters: ["Version": "2"])
    }
    #expect(try await digest() != recorded)
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await digest() == recorded)
    #expect(try await world.marker() == "1")
  }

  @Test
  func `23 a bucket that has gone is seen in the plan, and its package goes back once it is there again`()
    async throws
  {
    let (bucket, other) = ("\(world.name)-code", "\(world.name)-other")
    for name in [bucket, other] { try world.cli("s3api", "create-bucket", "--bucket", name) }
    try await put("app.zip", "1")
    try await S3Client(world.aws.client).putObject(bucket: other, key: "app.zip", package("2"))
    try await world.aws.createStack(world.name, template: coded("app.zip"))
    try world.snapshot()
    let recorded = try await digest()
    try await world.aws.updateStack(
      world.name, template: coded("app.zip").replacing(bucket, with: other), parameters: ["Version": "2"])
    try await S3Client(world.aws.client).deleteObject(bucket: bucket, key: "app.zip")
    try world.cli("s3api", "delete-bucket", "--bucket", bucket)
    let shown = try world.run("auto-revert", ["--dry-run", "--reason", "bad"])
    #expect(
      shown.status == 1 && shown.output.contains("make the bucket \(bucket) again"),
      "\(shown.output)\(shown.error)")
    let stopped = try world.revert()
    let done = try actions(stopped)
    #expect(stopped.status == 1 && done.isEmpty, "\(stopped.output)")
    try world.cli("s3api", "create-bucket", "--bucket", bucket)
    let outcome = try world.revert()
    let digest = try await digest()
    #expect(outcome.status == 0 && digest == recorded, "\(outcome.output)\(outcome.error)")
  }

  @Test func `23 what is not kept is not promised`() async throws {
    try world.cli("s3api", "create-bucket", "--bucket", "\(world.name)-code")
    try await put("app.zip", "1")
    try await put("layer.zip", "1")
    let layer = """

        Layer:
          Type: AWS::Lambda::LayerVersion
          Properties: {LayerName: \(world.name), Content: {S3Bucket: \(world.name)-code, S3Key: layer.zip}}
      """
    try await world.aws.createStack(world.name, template: coded("app.zip") + layer)
    let policy = world.folder("never.yml")
    try "preflight-snapshot:\n  function-code: never\n"
      .write(toFile: policy, atomically: true, encoding: .utf8)
    let outcome = try world.run("preflight-snapshot", ["--policy", policy, "--format", "json"])
    #expect(outcome.output.contains("function-code-not-kept"), "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("restore cannot be promised"))
    #expect(outcome.output.contains("asset-not-pinned") && outcome.output.contains("layer.zip"))
    // Written over, it stops the restore instead of bringing another layer back.
    try world.snapshot()
    try await put("layer.zip", "2")
    try await world.aws.updateStack(
      world.name, template: coded("app.zip") + layer, parameters: ["Version": "2"])
    let stopped = try world.revert()
    #expect(stopped.status == 1 && stopped.output.contains("written again"), "\(stopped.output)")
    #expect(try actions(stopped).isEmpty)
  }

  // MARK: - One that needs a person

  @Test func `a stack that needs a person does not hold the other back`() async throws {
    let other = "\(world.name)-w"
    try world.writeConfig(["API_STACK=\(world.name)", "WORKFLOW_STACK=\(other)"])
    try await world.aws.createStack(world.name, template: world.plain())
    let topic = "Resources:\n  Topic: {Type: \"AWS::SNS::Topic\"}\n"
    try await world.aws.createStack(other, template: topic)
    try world.snapshot()
    try world.cli("cloudformation", "delete-stack", "--stack-name", other)
    try await world.aws.wait(for: other)
    let broken =
      topic + """
          Link:
            Type: Custom::Link
            Properties: {ServiceToken: "arn:aws:lambda:us-east-1:000000000000:function:nobody"}
        """
    try await world.aws.createStack(other, template: broken)
    #expect(
      try await CloudFormationClient(world.aws.client).describeStack(other)?.status == .rollbackComplete)
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let outcome = try world.revert()
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("aws cloudformation delete-stack --stack-name \(other)"))
    #expect(try actions(outcome) == ["restore"])
    #expect(try await world.marker() == "1")
  }
}

/// Answers that are none, quotas and the deadline, each on a local AWS of its own.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndAnswerTests {
  private let curl = CurlTransport(environment: Environment())

  private func deployed() async throws -> AutoRevertWorld {
    let world = try AutoRevertWorld(try LocalAWS())
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    return world
  }

  @Test(arguments: ["DescribeStacks", "*"])
  func `25 a login page is 69, and nothing is called deleted`(action: String) async throws {
    let world = try await deployed()
    try await world.aws.setFaults([.init(.page, action, times: 1_000_000)], over: curl)
    for arguments in [["--method", "delete", "--confirm", "DELETE"], []] {
      let outcome = try world.run(
        "auto-revert", ["--confirm", "rollback-production", "--format", "json"] + arguments)
      #expect(outcome.status == 69, "\(outcome.output)\(outcome.error)")
      #expect(!outcome.output.contains("deleted") && !outcome.error.contains("DELETED"))
    }
    #expect(try world.run("preflight-snapshot", []).status == 69)
    try await world.aws.setFaults([], over: curl)
    #expect(try await world.status() == .updateComplete)
  }

  /// What the last update left in failure gets the recorded template again, by an update with rollback disabled; where nothing
  /// says beforehand that RollbackStack is of no use, its refusal does.
  @Test(arguments: [true, false])
  func `18 a failed deployment in EXPRESS mode is put back by playing the recorded template again`(
    isTold: Bool
  ) async throws {
    let world = try await deployed()
    try await world.aws.setFaults([.init(.failed, "*", isExpress: isTold)], over: curl)
    let shown = try world.run("auto-revert", ["--dry-run", "--reason", "bad", "--format", "json"])
    #expect(shown.status == 0, "\(shown.output)\(shown.error)")
    #expect(try await world.status() == .updateFailed)
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    let actions = try JSONValue(parsing: outcome.output)["actions"]?.array ?? []
    let kinds = actions.compactMap { $0["action"]?.string }
    #expect(kinds.last == "restore" && kinds.contains("rollbackStack") == !isTold, "\(kinds)")
    let why = isTold ? "it was deployed in EXPRESS mode" : "RollbackStack was refused"
    #expect(outcome.output.contains(why), "\(outcome.output)")
    let called = try await world.aws.calls(over: curl).compactMap { $0["action"]?.string }
    // Twice the same words are enough.
    #expect(called.count { $0 == "RollbackStack" } == (isTold ? 0 : 2))
    #expect(called.count { $0 == "ExecuteChangeSet" } == 1)
    let status = try await world.status()
    let marker = try await world.marker()
    #expect(status == .updateComplete && marker == "1")
  }

  @Test func `24 a quota that is used up ends the run at once`() async throws {
    let world = try await deployed()
    try await world.aws.setFaults([.init(.quota, "CreateChangeSet", times: 1_000_000)], over: curl)
    let outcome = try world.revert("--deadline", "120s")
    #expect(outcome.status == 1 && outcome.output.contains("LimitExceededException"), "\(outcome.error)")
    #expect(outcome.duration < .seconds(60))
    let made = try await world.aws.calls(over: curl).filter { $0["action"]?.string == "CreateChangeSet" }
    // The rehearsal's, and one of ours.
    #expect(made.count == 2)
  }

  @Test func `one deadline holds over calls and their retries`() async throws {
    let world = try await deployed()
    try await world.aws.setFaults([.init(.throttle, "CreateChangeSet", times: 1_000_000)], over: curl)
    let outcome = try world.revert("--deadline", "8s")
    #expect([1, 69].contains(outcome.status), "\(outcome.status) \(outcome.output)\(outcome.error)")
    #expect(outcome.duration < .seconds(60))
    #expect(try await world.marker() == "2")
  }
}
