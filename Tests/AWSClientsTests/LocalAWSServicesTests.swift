import AWSClients
import CurlTransport
import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

/// The other services against one deployed application: function, API, state machine, secret, database.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"), .serialized)
struct LocalAWSServicesTests {
  /// The application, deployed once for all tests.
  private static let application = Task {
    let aws = try LocalAWS.shared()
    let name = unique("app")
    try await aws.createStack(name, template: template, parameters: ["Name": name])
    return name
  }

  let aws: LocalAWS
  let name: String

  init() async throws {
    aws = try LocalAWS.shared()
    name = try await Self.application.value
  }

  static let template = """
    Parameters: {Name: {Type: String}}
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: '2012-10-17'
            Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Function:
        Type: AWS::Lambda::Function
        Properties:
          FunctionName: !Ref Name
          Runtime: python3.11
          Handler: index.handler
          Role: !GetAtt Role.Arn
          Environment: {Variables: {COLOUR: green}}
          Code:
            ZipFile: |
              def handler(event, context):
                  print("ERROR said by the function")
                  return {"statusCode": 200, "body": "{}"}
      Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Function}}
      Alias:
        Type: AWS::Lambda::Alias
        Properties: {FunctionName: !Ref Function, FunctionVersion: !GetAtt Version.Version, Name: live}
      Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: !Ref Name}}
      Get:
        Type: AWS::ApiGateway::Method
        Properties:
          RestApiId: !Ref Api
          ResourceId: !GetAtt Api.RootResourceId
          HttpMethod: GET
          AuthorizationType: NONE
          Integration:
            Type: AWS_PROXY
            IntegrationHttpMethod: POST
            Uri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
      Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: {RestApiId: !Ref Api}}
      Stage:
        Type: AWS::ApiGateway::Stage
        Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: prod}
      Machine:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          StateMachineName: !Ref Name
          RoleArn: !GetAtt Role.Arn
          DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":{"a":1},"End":true}}}'
      Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: !Ref Name, SecretString: first-secret}}
      Database:
        Type: AWS::RDS::DBInstance
        Properties:
          DBInstanceIdentifier: !Ref Name
          Engine: postgres
          DBInstanceClass: db.t3.micro
          AllocatedStorage: '20'
          MasterUsername: master
          MasterUserPassword: master-password
    Outputs:
      ApiId: {Value: !Ref Api}
      Machine: {Value: !Ref Machine}
    """

  func output(_ key: String) async throws -> String {
    let stack = try await CloudFormationClient(aws.client).describeStack(name)
    return try #require(stack?.outputs.first { $0.key == key }?.value)
  }

  @Test func `a function, its version and its alias`() async throws {
    let service = LambdaClient(aws.client)
    let configuration = try await service.getFunctionConfiguration(name)
    #expect(configuration.environment == ["COLOUR": "green"])
    #expect(configuration.version == "$LATEST")
    #expect(configuration.codeSha256 != nil)
    let byARN = try await service.getFunctionConfiguration(configuration.arn)
    #expect(byARN.codeSha256 == configuration.codeSha256)
    #expect(try await service.getFunction(name).codeLocation != nil)
    #expect(try await service.listVersionsByFunction(name).map(\.version).sorted() == ["$LATEST", "1"])
    #expect(try await service.listAliases(name).map(\.name) == ["live"])
    let alias = try await service.getAlias(name, name: "live")
    #expect(alias.functionVersion == "1")
    let changed = try await service.updateFunctionConfiguration(
      name, environment: ["COLOUR": "blue"], revisionId: configuration.revisionId)
    #expect(changed.environment == ["COLOUR": "blue"])
    let moved = try await service.updateAlias(name, name: "live", version: "$LATEST", weights: [:])
    #expect(moved.functionVersion == "$LATEST")
    let error = await #expect(throws: AWSError.self) { try await service.getFunction("absent") }
    #expect(error?.kind == .notFound)
    #expect(error?.subject == "function absent")
  }

  @Test func `an API, its stage, the metrics and the log of a call`() async throws {
    let service = APIGatewayClient(aws.client)
    let id = try await output("ApiId")
    #expect(try await service.getApis(.rest).contains { $0.id == id && $0.name == name })
    #expect(try await service.getApi(.rest, id: id).protocolType == "REST")
    let stage = try await service.getStage(.rest, api: id, stage: "prod")
    let deployment = try #require(stage.deploymentId)
    #expect(try await service.getStages(.rest, api: id).map(\.name) == ["prod"])
    #expect(try await service.getDeployments(.rest, api: id).map(\.id) == [deployment])
    let updated = try await service.updateStage(.rest, api: id, stage: "prod", deployment: deployment)
    #expect(updated.deploymentId == deployment)

    let start = SystemClock().now
    let url = "\(aws.endpoint)/restapis/\(id)/prod/_user_request_/"
    #expect(try await curl.send(HTTPRequest("GET", url)).status == 200)
    let metric = Metric(
      namespace: "AWS/ApiGateway", name: "Count", dimensions: ["ApiName": name, "Stage": "prod"])
    let data = try await CloudWatchClient(aws.client).getMetricData(
      [MetricQuery(id: "calls", metric: metric, statistic: "Sum", period: 60)],
      start: start - .seconds(120), end: start + .seconds(120))
    #expect(data.series.first?.points.map(\.value).reduce(0, +) == 1)
    #expect(data.series.first?.isComplete == true)
    #expect(
      try await CloudWatchClient(aws.client).listMetrics(
        namespace: "AWS/ApiGateway", dimensions: ["ApiName": name]
      ).contains(metric))
    var events: [LogEvent] = []
    while events.isEmpty {
      events = try await LogsClient(aws.client).filterLogEvents(
        group: "/aws/lambda/\(name)", pattern: "ERROR", start: start - .seconds(5))
    }
    #expect(events.first?.message.contains("said by the function") == true)
  }

  @Test func `a state machine and an execution`() async throws {
    let service = StepFunctionsClient(aws.client)
    let arn = try await output("Machine")
    let machine = try await service.describeStateMachine(arn)
    #expect(machine.definition.contains(#""StartAt":"A""#))
    let execution = try await service.startExecution(arn, name: "once")
    var state = try await service.describeExecution(execution)
    while state.status == "RUNNING" { state = try await service.describeExecution(execution) }
    #expect(state.status == "SUCCEEDED")
    #expect(state.output == #"{"a":1}"# || state.output == #"{"a": 1}"#)
    let definition = #"{"StartAt":"B","States":{"B":{"Type":"Succeed"}}}"#
    try await service.updateStateMachine(arn, definition: definition)
    #expect(try await service.describeStateMachine(arn).definition == definition)
    let error = await #expect(throws: AWSError.self) {
      try await service.describeStateMachine(arn + "-absent")
    }
    #expect(error?.kind == .notFound)
  }

  @Test func `a secret and its versions`() async throws {
    let service = SecretsManagerClient(aws.client)
    let described = try await service.describeSecret(name)
    let version = try #require(described.currentVersion)
    #expect(!described.rotates)
    #expect(try await service.getSecretValue(name).text == "first-secret")
    #expect(try await service.getSecretValue(name, versionId: version).stages.contains("AWSCURRENT"))
    try await service.updateSecretVersionStage(name, stage: "backstop-kept", moveTo: version)
    #expect(try await service.describeSecret(name).version(of: "backstop-kept") == version)
    #expect(try await service.listSecretVersionIds(name).map(\.id) == [version])
  }

  @Test func `a database, its snapshot and an instance restored from it`() async throws {
    let service = RDSClient(aws.client)
    let instance = try #require(try await service.describeDBInstances(name).first)
    #expect(instance.canBeSnapshotted)
    let snapshot = unique("snapshot")
    let made = try await service.createDBSnapshot(
      snapshot, ofInstance: name, tags: [AWSTag("made-by", "a test")])
    #expect(made.sourceIdentifier == name)
    let found = try #require(try await service.describeDBSnapshots(snapshot).first)
    #expect(found.status == "available")
    #expect(try await service.describeDBSnapshots(ofInstance: name).map(\.identifier) == [snapshot])
    try await service.addTagsToResource(found.arn, [AWSTag("kept", "yes")])
    let again = await #expect(throws: AWSError.self) {
      try await service.createDBSnapshot(snapshot, ofInstance: name)
    }
    #expect(again?.kind == .conflict)
    let restored = try await service.restoreDBInstanceFromDBSnapshot(
      DBRestore(identifier: "\(name)-restored", snapshot: snapshot, like: instance))
    #expect(restored.identifier == "\(name)-restored")
    try await service.deleteDBSnapshot(snapshot)
    let error = await #expect(throws: AWSError.self) { try await service.describeDBSnapshots(snapshot) }
    #expect(error?.kind == .notFound)
  }
}
