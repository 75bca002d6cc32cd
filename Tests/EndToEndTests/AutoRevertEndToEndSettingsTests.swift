import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// What people and services change without CloudFormation, through the built executables: recorded by one, put back by the
/// other.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndSettingsTests {
  let world: AutoRevertWorld
  private var client: AWSClient { world.aws.client }
  private var name: String { world.name }

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  private func record(_ outcome: BuiltStep.Outcome) throws -> JSONValue {
    try JSONValue(parsing: Array(outcome.output.utf8))
  }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try record(outcome)["actions"]?.array?.compactMap { $0["action"]?.string } ?? []
  }

  /// A service with its task definition, a rule, and an API with a stage that is throttled.
  private func template(_ image: String = "one") -> String {
    world.plain() + """

        Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: \(name)}}
        Task:
          Type: AWS::ECS::TaskDefinition
          Properties:
            Family: \(name)
            ContainerDefinitions: [{Name: app, Image: 'shop:\(image)', Memory: 128}]
        Service:
          Type: AWS::ECS::Service
          Properties:
            ServiceName: \(name)
            Cluster: !Ref Cluster
            TaskDefinition: !Ref Task
            DesiredCount: 0
        Rule:
          Type: AWS::Events::Rule
          Properties: {Name: \(name), ScheduleExpression: rate(1 day), State: ENABLED}
        Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: \(name)}}
        Get:
          Type: AWS::ApiGateway::Method
          Properties:
            {RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: GET, AuthorizationType: NONE,
             Integration: {Type: MOCK}}
        Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: {RestApiId: !Ref Api}}
        Stage:
          Type: AWS::ApiGateway::Stage
          Properties:
            RestApiId: !Ref Api
            DeploymentId: !Ref Deployment
            StageName: prod
            Variables: {tier: gold}
            MethodSettings: [{ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: 100, ThrottlingBurstLimit: 50}]
      Outputs:
        Api: {Value: !Ref Api}
      """
  }

  private func runs() async throws -> String? {
    try await ECSClient(client).describeService(name, cluster: name)?.taskDefinition
  }

  /// What somebody registers and rolls out past the template.
  private func rollOutByHand() async throws -> String {
    let registered = try JSONValue(
      parsing: world.output(
        "ecs", "register-task-definition", "--family", name, "--container-definitions",
        #"[{"name": "app", "image": "shop:by-hand", "memory": 128}]"#))
    let arn = try #require(registered["taskDefinition"]?["taskDefinitionArn"]?.string)
    try await ECSClient(client).updateService(name, cluster: name, taskDefinition: arn)
    return arn
  }

  @Test func `what was changed by hand beside the templates goes back`() async throws {
    try await world.aws.createStack(name, template: template())
    let parameters = SSMClient(client)
    try await parameters.putParameter("/\(name)/limit", value: "10", type: "String")
    try await parameters.putParameter("/\(name)/planted", value: "planted-value-1", type: "SecureString")
    let policy = "preflight-snapshot:\n  parameters: [/\(name)/limit, /\(name)/planted]\n"
    try policy.write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    let api = try #require(try await CloudFormationClient(client).describeStack(name)?.outputs.first?.value)
    let apis = APIGatewayClient(client)
    let (service, stage) = (
      try await runs(), try await apis.getStage(.rest, api: api, stage: "prod").settings
    )
    try world.snapshot()

    _ = try await rollOutByHand()
    try await EventBridgeClient(client).disableRule(name, bus: nil)
    try await parameters.putParameter("/\(name)/limit", value: "99", type: "String")
    try await parameters.putParameter("/\(name)/planted", value: "planted-value-2", type: "SecureString")
    try world.cli(
      "apigateway", "update-stage", "--rest-api-id", api, "--stage-name", "prod", "--patch-operations",
      "op=replace,path=/*/*/throttling/rateLimit,value=1", "op=replace,path=/variables/tier,value=none",
      "op=replace,path=/variables/extra,value=yes")
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(
      Set(try actions(outcome)) == [
        "restoreService", "restoreRule", "restoreStageSettings", "restoreParameter",
      ])
    #expect(try await runs() == service)
    #expect(try await EventBridgeClient(client).ruleState(name, bus: nil) == "ENABLED")
    #expect(try await parameters.getParameter("/\(name)/limit").value == "10")
    #expect(try await parameters.getParameter("/\(name)/planted", decrypts: true).value == "planted-value-1")
    #expect(try await apis.getStage(.rest, api: api, stage: "prod").settings == stage)
    #expect(!(outcome.output + outcome.error + (try world.journal)).contains("planted-value"))
    let left = try actions(try world.revert())
    #expect(left.isEmpty, "\(left)")
  }

  @Test func `what an API is set to as a whole goes back, of both kinds`() async throws {
    let web = """

        Web:
          Type: AWS::ApiGatewayV2::Api
          Properties: {Name: \(name)-web, ProtocolType: HTTP}
      """
    let whole = template().replacing("\nOutputs:", with: web + "\nOutputs:\n  Web: {Value: !Ref Web}")
    try await world.aws.createStack(name, template: whole)
    let outputs = try await CloudFormationClient(client).describeStack(name)?.outputs ?? []
    func id(_ key: String) throws -> String { try #require(outputs.first { $0.key == key }?.value) }
    let (api, web2) = (try id("Api"), try id("Web"))
    let apis = APIGatewayClient(client)
    let before = (
      try await apis.getApi(.rest, id: api).settings, try await apis.getApi(.v2, id: web2).settings
    )
    try world.snapshot()
    try world.cli(
      "apigateway", "update-rest-api", "--rest-api-id", api, "--patch-operations",
      "op=replace,path=/apiKeySource,value=AUTHORIZER",
      "op=replace,path=/minimumCompressionSize,value=1024")
    try world.cli(
      "apigatewayv2", "update-api", "--api-id", web2, "--disable-execute-api-endpoint",
      "--cors-configuration", "AllowOrigins=https://planted.example")
    let shown = try world.run("auto-revert", ["--dry-run", "--reason", "bad"])
    #expect(shown.status == 0 && shown.output.contains("restoreAPISettings"), "\(shown.output)\(shown.error)")
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome) == ["restoreAPISettings", "restoreAPISettings"])
    #expect(try await apis.getApi(.rest, id: api).settings == before.0)
    #expect(try await apis.getApi(.v2, id: web2).settings == before.1)
    let left = try actions(try world.revert())
    #expect(left.isEmpty, "\(left)")
  }

  @Test func `a service that goes back with its stack is not set once more`() async throws {
    try await world.aws.createStack(name, template: template())
    try world.snapshot()
    let recorded = try await runs()
    try await world.aws.updateStack(name, template: template("two"), parameters: ["Version": "2"])
    #expect(try await runs() != recorded)
    let outcome = try world.revert("--allow-replace")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome) == ["restore"])
    let left = try actions(try world.revert())
    #expect(left.isEmpty, "\(left)")
  }

  @Test func `what runs is recorded where it is not what the template says`() async throws {
    try await world.aws.createStack(name, template: template())
    let byHand = try await rollOutByHand()
    let outcome = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("service-other-than-template") && outcome.output.contains(byHand))
    try await world.aws.updateStack(name, template: template("two"), parameters: ["Version": "2"])
    let reverted = try world.revert("--allow-replace")
    #expect(reverted.status == 0, "\(reverted.output)\(reverted.error)")
    #expect(try await runs() == byHand)
  }

  @Test func `a configuration that the policy names is deployed again`() async throws {
    try await world.aws.createStack(name, template: world.plain())
    let app = try id("create-application", "--name", name)
    let environment = try id("create-environment", "--application-id", app, "--name", "prod")
    let profile = try id(
      "create-configuration-profile", "--application-id", app, "--name", "flags", "--location-uri", "hosted")
    for version in ["one", "two"] {
      let content = world.folder("\(version).json")
      try #"{"flag": "\#(version)"}"#.write(toFile: content, atomically: true, encoding: .utf8)
      try world.cli(
        "appconfig", "create-hosted-configuration-version", "--application-id", app,
        "--configuration-profile-id", profile, "--content", "fileb://\(content)", "--content-type",
        "application/json", world.folder("answer"))
    }
    let configurations = AppConfigClient(client)
    func deployed() async throws -> String? {
      try await configurations.listDeployments(application: app, environment: environment).first?
        .configurationVersion
    }
    // At once, and not watched afterwards.
    let strategy = try id(
      "create-deployment-strategy", "--name", name, "--deployment-duration-in-minutes", "0",
      "--final-bake-time-in-minutes", "0", "--growth-factor", "100", "--replicate-to", "NONE")
    func deploy(_ version: String, _ strategy: String) async throws {
      try world.cli(
        "appconfig", "start-deployment", "--application-id", app, "--environment-id", environment,
        "--configuration-profile-id", profile, "--configuration-version", version, "--deployment-strategy-id",
        strategy)
      try await waitUntil("version \(version) is deployed") {
        let newest = try await configurations.listDeployments(application: app, environment: environment)
          .first
        return ["COMPLETE", "BAKING"].contains(newest?.state)
      }
    }
    try await deploy("1", strategy)
    let policy = "preflight-snapshot:\n  app-configurations: \(name)/prod/flags\n"
    try policy.write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    try world.snapshot()
    try await deploy("2", strategy)
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome) == ["restoreConfiguration"])
    #expect(try await deployed() == "1")
  }

  private func id(_ arguments: String...) throws -> String {
    let answer = try world.output(["appconfig"] + arguments)
    return try #require(try JSONValue(parsing: answer)["Id"]?.string)
  }

  @Test func `what the policy names and is not there stops before a deployment`() async throws {
    try await world.aws.createStack(name, template: world.plain())
    try "preflight-snapshot:\n  parameters: [/\(name)/nobody]\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    let outcome = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(outcome.status == 1 && outcome.output.contains("setting-not-recorded"), "\(outcome.output)")
    try "preflight-snapshot:\n  app-configurations: [shop/prod]\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    let wrong = try world.run("preflight-snapshot", [])
    #expect(wrong.status == 65 && wrong.error.contains("backstop.yml:2"), "\(wrong.error)")
  }

  @Test func `what a restore does not cover is said once, and tables with the exact way`() async throws {
    try await world.aws.createStack(
      name,
      template: world.plain() + """

          Orders:
            Type: AWS::DynamoDB::Table
            Properties:
              TableName: \(name)-orders
              BillingMode: PAY_PER_REQUEST
              AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
              KeySchema: [{AttributeName: id, KeyType: HASH}]
          Loose:
            Type: AWS::DynamoDB::Table
            Properties:
              TableName: \(name)-loose
              BillingMode: PAY_PER_REQUEST
              AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
              KeySchema: [{AttributeName: id, KeyType: HASH}]
          Files: {Type: AWS::S3::Bucket, Properties: {BucketName: \(name)-files}}
        """)
    try world.cli(
      "dynamodb", "update-continuous-backups", "--table-name", "\(name)-orders",
      "--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true")
    let outcome = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    let findings =
      try record(outcome)["findings"]?.array?.filter { $0["code"]?.string == "not-covered" } ?? []
    #expect(findings.count == 1)
    let message = findings.first?["message"]?.string ?? ""
    #expect(message.contains("the contents of the bucket \(name)-files"))
    #expect(message.contains("update-continuous-backups --table-name \(name)-loose"))
    let way = try #require(
      message.firstMatch(of: /--target-table-name \S+-orders-restored --restore-date-time (\S+)\)/))
    let point = try FileManager.default.contentsOfDirectory(
      atPath: world.folder(".backstop/prod/restore-points"))
    let manifest = point.lazy.compactMap {
      try? String(
        contentsOfFile: world.folder(".backstop/prod/restore-points/\($0)/restore-point.json"),
        encoding: .utf8)
    }.first
    let createdAt = try JSONValue(parsing: Array((manifest ?? "{}").utf8))["createdAt"]?.string
    #expect(
      Timestamp(String(way.1))?.seconds.rounded(.down)
        == createdAt.flatMap { Timestamp($0) }?.seconds.rounded(.down))
  }
}
