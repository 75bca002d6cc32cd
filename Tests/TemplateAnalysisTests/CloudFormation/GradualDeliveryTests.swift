import Foundation
import StepResults
import TemplateAnalysis
import Testing

/// Which part of a change a share of the users meets first, as tables of templates.
@Suite struct GradualDeliveryTests {
  private func change(_ old: String, _ new: String, _ parameters: [String: String] = [:]) throws
    -> TemplateChange
  {
    TemplateComparison.compare(
      old: try CloudFormationTemplate(parsing: old, path: "t.yml"),
      new: try CloudFormationTemplate(parsing: new, path: "t.yml"), oldParameters: parameters,
      newParameters: parameters)
  }

  // MARK: - SAM

  private func sam(_ memory: Int, _ preference: String, policies: String = "AWSLambdaBasicExecutionRole")
    -> String
  {
    """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Pace: {Type: String}
    Resources:
      Fn:
        Type: AWS::Serverless::Function
        Properties:
          Handler: index.handle
          Runtime: python3.12
          CodeUri: s3://bucket/key
          MemorySize: \(memory)
          Policies: [\(policies)]
          \(preference)
      Table:
        Type: AWS::DynamoDB::Table
        Properties:
          AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
          KeySchema: [{AttributeName: id, KeyType: HASH}]
          ProvisionedThroughput: {ReadCapacityUnits: \(memory), WriteCapacityUnits: 1}
    """
  }

  static let preferences: [(text: String, pace: ResourceDelivery.Pace, steps: String?)] = [
    (
      "AutoPublishAlias: live\n      DeploymentPreference: {Type: Canary10Percent5Minutes}", .gradual,
      "10 % for 5 minutes, then all"
    ),
    (
      "AutoPublishAlias: live\n      DeploymentPreference: {Type: Linear10PercentEvery1Minute}", .gradual,
      "10 % more every minute"
    ),
    (
      "AutoPublishAlias: live\n      DeploymentPreference: {Type: Linear25PercentEvery10Minutes}", .gradual,
      "25 % more every 10 minutes"
    ),
    (
      "AutoPublishAlias: live\n      DeploymentPreference: {Type: OwnConfiguration}", .gradual,
      "as the configuration OwnConfiguration says"
    ),
    ("AutoPublishAlias: live\n      DeploymentPreference: {Type: AllAtOnce}", .atOnce, nil),
    (
      "AutoPublishAlias: live\n      DeploymentPreference: {Type: Canary10Percent5Minutes, Enabled: false}",
      .atOnce, nil
    ),
    (
      "AutoPublishAlias: live\n      DeploymentPreference: {Type: !ImportValue Pace}", .unknown,
      "which steps is not told by the template"
    ),
    // Without an alias nobody is moved.
    ("DeploymentPreference: {Type: Canary10Percent5Minutes}", .atOnce, nil),
    ("AutoPublishAlias: live", .atOnce, nil),
  ]

  @Test(arguments: preferences.indices)
  func `SAM's deployment preference`(index: Int) throws {
    let row = Self.preferences[index]
    let found = try change(sam(128, row.text), sam(256, row.text))
    #expect(found["Fn"]?.delivery?.pace == row.pace, "\(row.text)")
    #expect(found["Fn"]?.delivery?.steps == row.steps, "\(row.text)")
    // A table is never at ten percent.
    #expect(found["Table"]?.delivery == ResourceDelivery(.atOnce))
    #expect(found.findings.contains { $0.code == "at-once-beside-gradual" } == (row.pace == .gradual))
  }

  @Test func `what a version does not hold is at once`() throws {
    let preference = Self.preferences[0].text
    let role = try change(sam(128, preference), sam(128, preference, policies: "AdministratorAccess"))
    #expect(role["Fn"]?.delivery == ResourceDelivery(.atOnce))
    let both = try change(sam(128, preference), sam(256, preference, policies: "AdministratorAccess"))
    #expect(both["Fn"]?.delivery?.steps == "10 % for 5 minutes, then all; Policies at once")
  }

  @Test func `SAM's globals count`() throws {
    func text(_ memory: Int) -> String {
      """
      Transform: AWS::Serverless-2016-10-31
      Globals:
        Function: {AutoPublishAlias: live, DeploymentPreference: {Type: Canary10Percent30Minutes}}
      Resources:
        Fn: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.12, CodeUri: s3://b/k, MemorySize: \(memory)}}
      """
    }
    #expect(try change(text(128), text(256))["Fn"]?.delivery?.steps == "10 % for 30 minutes, then all")
  }

  // MARK: - Lambda

  private func lambda(_ memory: Int, alias: String, more: String = "") -> String {
    """
    Resources:
      Fn:
        Type: AWS::Lambda::Function
        Properties: {Handler: a.b, Runtime: python3.12, Role: arn:aws:iam::1:role/r, MemorySize: \(memory), Code: {S3Bucket: b, S3Key: k}}
      Version\(memory): {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
      Live:
        Type: AWS::Lambda::Alias
        \(alias.replacingOccurrences(of: "VERSION", with: "!GetAtt Version\(memory).Version"))
    \(more)
    """
  }

  @Test func `an alias that CodeDeploy moves takes its function and version along`() throws {
    let alias = """
      UpdatePolicy: {CodeDeployLambdaAliasUpdate: {ApplicationName: !Ref App, DeploymentGroupName: !Ref Group}}
          Properties: {FunctionName: !Ref Fn, FunctionVersion: VERSION, Name: live}
      """
    let group = """
        App: {Type: AWS::CodeDeploy::Application, Properties: {ComputePlatform: Lambda}}
        Group:
          Type: AWS::CodeDeploy::DeploymentGroup
          Properties: {ApplicationName: !Ref App, ServiceRoleArn: arn:aws:iam::1:role/r, DeploymentConfigName: CodeDeployDefault.LambdaCanary10Percent15Minutes}
      """
    let found = try change(lambda(128, alias: alias, more: group), lambda(256, alias: alias, more: group))
    for id in ["Fn", "Live", "Version256"] {
      #expect(found[id]?.delivery?.pace == .gradual, "\(id)")
      #expect(found[id]?.delivery?.means == "CodeDeploy, by the alias Live", "\(id)")
      #expect(found[id]?.delivery?.steps == "10 % for 15 minutes, then all", "\(id)")
    }
    let atOnce = group.replacingOccurrences(
      of: ", DeploymentConfigName: CodeDeployDefault.LambdaCanary10Percent15Minutes", with: "")
    let none = try change(lambda(128, alias: alias, more: atOnce), lambda(256, alias: alias, more: atOnce))
    #expect(none["Live"]?.delivery?.pace == .atOnce && none["Fn"]?.delivery?.pace == .atOnce)
  }

  @Test func `an own configuration of CodeDeploy tells its steps`() throws {
    let alias = """
      UpdatePolicy: {CodeDeployLambdaAliasUpdate: {ApplicationName: app, DeploymentGroupName: !Ref Group}}
          Properties: {FunctionName: !Ref Fn, FunctionVersion: VERSION, Name: live}
      """
    let group = """
        Steps:
          Type: AWS::CodeDeploy::DeploymentConfig
          Properties: {ComputePlatform: Lambda, TrafficRoutingConfig: {Type: TimeBasedLinear, TimeBasedLinear: {LinearPercentage: 5, LinearInterval: 2}}}
        Group:
          Type: AWS::CodeDeploy::DeploymentGroup
          Properties: {ApplicationName: app, ServiceRoleArn: arn:aws:iam::1:role/r, DeploymentConfigName: !Ref Steps}
      """
    let found = try change(lambda(128, alias: alias, more: group), lambda(256, alias: alias, more: group))
    #expect(found["Live"]?.delivery?.steps == "5 % more every 2 minutes")
  }

  @Test func `weights of an alias`() throws {
    let alias = "Properties: {FunctionName: !Ref Fn, FunctionVersion: '3', Name: live}"
    let shared =
      "Properties: {FunctionName: !Ref Fn, FunctionVersion: '3', Name: live, RoutingConfig: "
      + "{AdditionalVersionWeights: [{FunctionVersion: '4', FunctionWeight: 0.1}]}}"
    let found = try change(lambda(128, alias: alias), lambda(256, alias: shared))
    #expect(found["Live"]?.delivery?.means == "weights of the alias Live")
    #expect(
      found["Live"]?.delivery?.steps
        == "10 % to version 4, the rest as before, until somebody changes the weights")
    #expect(try change(lambda(128, alias: alias), lambda(256, alias: alias))["Fn"]?.delivery?.pace == .atOnce)
  }

  // MARK: - APIs, services, listeners

  @Test func `a canary of an API takes its methods along`() throws {
    func text(_ type: String, _ canary: String) -> String {
      """
      Resources:
        Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
        Method:
          Type: AWS::ApiGateway::Method
          Properties: {RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: GET, AuthorizationType: \(type)}
        Stage:
          Type: AWS::ApiGateway::Stage
          Properties: {RestApiId: !Ref Api, DeploymentId: d, StageName: live\(canary)}
      """
    }
    let found = try change(text("NONE", ""), text("AWS_IAM", ", CanarySetting: {PercentTraffic: 12.5}"))
    #expect(
      found["Stage"]?.delivery?.steps
        == "12.5 % to the canary, the rest as before, until somebody promotes it")
    #expect(found["Method"]?.delivery?.pace == .gradual)
    #expect(try change(text("NONE", ""), text("AWS_IAM", ""))["Method"]?.delivery?.pace == .atOnce)
  }

  static let services: [(configuration: String, steps: String?)] = [
    (
      "DeploymentConfiguration: {Strategy: CANARY, CanaryConfiguration: {CanaryPercent: 10, CanaryBakeTimeInMinutes: 10}}",
      "10 % for 10 minutes, then all"
    ),
    (
      "DeploymentConfiguration: {Strategy: LINEAR, LinearConfiguration: {StepPercent: 20, StepBakeTimeInMinutes: 1}}",
      "20 % more every minute"
    ),
    ("DeploymentController: {Type: ECS}", nil), ("DeploymentConfiguration: {Strategy: BLUE_GREEN}", nil),
    ("DeploymentController: {Type: CODE_DEPLOY}", "10 % for 5 minutes, then all"),
  ]

  @Test(arguments: services.indices)
  func `a service of ECS takes its task definition along`(index: Int) throws {
    let row = Self.services[index]
    func text(_ image: String) -> String {
      """
      Resources:
        Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: f, ContainerDefinitions: [{Name: a, Image: "\(image)"}]}}
        Service:
          Type: AWS::ECS::Service
          Properties: {Cluster: c, TaskDefinition: !Ref Task, \(row.configuration)}
        Group:
          Type: AWS::CodeDeploy::DeploymentGroup
          Properties:
            ApplicationName: a
            ServiceRoleArn: arn:aws:iam::1:role/r
            DeploymentConfigName: CodeDeployDefault.ECSCanary10Percent5Minutes
            ECSServices: [{ClusterName: c, ServiceName: !GetAtt Service.Name}]
      """
    }
    let found = try change(text("a:1"), text("a:2"))
    #expect(found["Task"]?.delivery?.pace == (row.steps == nil ? .atOnce : .gradual))
    #expect(found["Task"]?.delivery?.steps == row.steps)
  }

  @Test func `CloudFormation's own blue and green hook`() throws {
    func text(_ image: String, _ routing: String) -> String {
      """
      Transform: AWS::CodeDeployBlueGreen
      Hooks:
        Shift:
          Type: AWS::CodeDeploy::BlueGreen
          Properties:
            \(routing)
            Applications: [{Target: {Type: AWS::ECS::Service, LogicalID: Service}, ECSAttributes: {TaskDefinitions: [Blue, Green], TaskSets: [A, B]}}]
      Resources:
        Blue: {Type: AWS::ECS::TaskDefinition, Properties: {Family: f, ContainerDefinitions: [{Name: a, Image: "\(image)"}]}}
        Service: {Type: AWS::ECS::Service, Properties: {Cluster: c, DeploymentController: {Type: EXTERNAL}}}
      """
    }
    let canary =
      "TrafficRoutingConfig: {Type: TimeBasedCanary, TimeBasedCanary: {StepPercentage: 15, BakeTimeMins: 5}}"
    #expect(
      try change(text("a:1", canary), text("a:2", canary))["Blue"]?.delivery?.steps
        == "15 % for 5 minutes, then all")
    #expect(
      try change(text("a:1", "ServiceRole: r"), text("a:2", "ServiceRole: r"))["Blue"]?.delivery?.steps
        == "15 % for 5 minutes, then all")
    let atOnce = "TrafficRoutingConfig: {Type: AllAtOnce}"
    #expect(try change(text("a:1", atOnce), text("a:2", atOnce))["Blue"]?.delivery?.pace == .atOnce)
  }

  @Test func `weights of target groups`() throws {
    func text(_ blue: Int, _ green: Int) -> String {
      """
      Resources:
        Rule:
          Type: AWS::ElasticLoadBalancingV2::ListenerRule
          Properties:
            ListenerArn: arn:aws:elasticloadbalancing:r:1:listener/app/a/1/2
            Priority: 1
            Conditions: [{Field: path-pattern, Values: ["/*"]}]
            Actions: [{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: a, Weight: \(blue)}, {TargetGroupArn: b, Weight: \(green)}]}}]
      """
    }
    let found = try change(text(100, 0), text(90, 10))
    #expect(found["Rule"]?.delivery?.means == "weights of the rule Rule")
    #expect(
      found["Rule"]?.delivery?.steps
        == "90 % and 10 % to its target groups, until somebody changes the weights")
    #expect(try change(text(90, 10), text(0, 100))["Rule"]?.delivery?.pace == .atOnce)
  }

  @Test func `what is new or goes is at once, and machinery is nobody's`() throws {
    let found = try change(
      "Resources: {Gone: {Type: AWS::SQS::Queue}}",
      "Resources: {New: {Type: AWS::SQS::Queue}, Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: m}}}"
    )
    #expect(found["New"]?.delivery == ResourceDelivery(.atOnce))
    #expect(found["Gone"]?.delivery == ResourceDelivery(.atOnce))
    #expect(found["Alarm"]?.delivery == nil)
    #expect(!found.findings.contains { $0.code == "at-once-beside-gradual" })
  }
}
