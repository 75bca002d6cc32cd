import TestSupport

/// Four applications as their tools deploy them: one API that answers with what its code says. Templates are as the tools
/// write them, with their own way of naming what each deployment makes anew.
enum SampleApplication: String, CaseIterable, Sendable, CustomStringConvertible {
  /// A template by hand, its code in it.
  case plain
  /// What `sam deploy` makes of a function with `AutoPublishAlias: live` and an event of the kind `Api`.
  case sam
  /// What `cdk deploy` makes of a function, its current version, an alias and a REST API.
  case cdk
  /// What `serverless deploy` makes of a function with an event of the kind `http`.
  case serverless

  var description: String { rawValue }

  /// What differs between two deployments.
  struct Deployment {
    /// The parameter `Version`, by which resources are told to wait or to fail.
    var version = "1"
    /// What the API answers.
    var answer = "one"
    /// Where the package with that answer lies.
    var key = "1700000000001/app.zip"
    /// Whether the deployment adds a topic, a role and a log group.
    var adds = false
    /// Whether it drops the topic that there was.
    var drops = false
    /// The function's setting.
    var memory = 128
    /// Whether there are resources at which an update waits or fails. Whether a restore replaces them CloudFormation cannot tell,
    /// so they are only where none is needed.
    var hasGates = false

    /// Which package it is, as tools put it into logical ids: letters and digits alone.
    var digest: String { key.filter { $0.isLetter || $0.isNumber } + answer }
  }

  /// The stage under which the API answers.
  var stage: String { self == .sam ? "Prod" : "prod" }
  /// Which function, or alias of it, answers.
  func function(_ name: String) -> String {
    switch self {
    case .plain, .serverless: "\(name)-fn"
    case .sam, .cdk: "\(name)-fn:live"
    }
  }

  private var code: String {
    switch self {
    case .plain: "Fn"
    case .sam: "HelloFunction"
    case .cdk: "Fn9270CBC0"
    case .serverless: "HelloLambdaFunction"
    }
  }

  /// The template of a deployment.
  /// - Parameters:
  ///   - name: the stack's.
  ///   - maker: the ARN of the function behind the custom resources that wait or fail; their flags stand in `flags`.
  func template(_ name: String, _ deployment: Deployment, maker: String, flags: String) -> String {
    let parts = [
      head, role, function(name, deployment), versions(deployment), api(name, deployment),
      more(deployment),
      deployment.hasGates ? gates(maker, flags) : "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n") + "\nOutputs:\n  Api: {Value: !Ref Api}\n"
  }

  private var head: String {
    let metadata =
      self == .cdk
      ? "\n  BootstrapVersion: {Type: String, Default: '21'}"
      : ""
    return """
      AWSTemplateFormatVersion: '2010-09-09'
      Parameters:
        Version: {Type: String, Default: "1"}\(metadata)
      Resources:
      """
  }

  private var role: String {
    """
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: '2012-10-17'
            Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
    """
  }

  private func function(_ name: String, _ deployment: Deployment) -> String {
    let body =
      self == .plain
      ? "ZipFile: \"def handler(event, context): return {'statusCode': 200, 'body': '\(deployment.answer)'}\""
      : "S3Bucket: \(name)-code\n        S3Key: \(deployment.key)"
    let metadata = self == .cdk ? "\n    Metadata: {'aws:cdk:path': Shop/Fn/Resource}" : ""
    return """
        \(code):
          Type: AWS::Lambda::Function\(metadata)
          Properties:
            FunctionName: \(name)-fn
            Runtime: python3.11
            Handler: index.handler
            MemorySize: \(deployment.memory)
            Role: !GetAtt Role.Arn
            Environment: {Variables: {VERSION: !Ref Version}}
            Code:
              \(body)
      """
  }

  /// SAM, the CDK and the Serverless Framework name a version after its code; the first keeps it.
  private func versions(_ deployment: Deployment) -> String {
    func version(_ id: String, retained: Bool) -> String {
      """
        \(id):
          Type: AWS::Lambda::Version\(retained ? "\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain" : "")
          Properties: {FunctionName: !Ref \(code)}
      """
    }
    func alias(_ id: String, _ version: String) -> String {
      """
        \(id):
          Type: AWS::Lambda::Alias
          Properties: {FunctionName: !Ref \(code), FunctionVersion: !GetAtt \(version).Version, Name: live}
      """
    }
    switch self {
    case .plain: return ""
    case .sam:
      let id = "HelloFunctionVersion\(deployment.digest)"
      return version(id, retained: true) + "\n" + alias("HelloFunctionAliaslive", id)
    case .cdk:
      let id = "FnCurrentVersion17A89ABB\(deployment.digest)"
      return version(id, retained: false) + "\n" + alias("FnAliaslive5F14F53D", id)
    case .serverless: return version("HelloLambdaVersion\(deployment.digest)", retained: true)
    }
  }

  private func api(_ name: String, _ deployment: Deployment) -> String {
    let deploymentID =
      switch self {
      case .plain: "Deployment"
      case .sam: "ServerlessRestApiDeployment\(deployment.digest)"
      case .cdk: "ApiDeployment149F1294\(deployment.digest)"
      case .serverless: "ApiGatewayDeployment\(deployment.key.prefix { $0 != "/" })"
      }
    let target = self == .sam || self == .cdk ? "${\(code).Arn}:live" : "${\(code).Arn}"
    // The Serverless Framework has no stage of its own: its deployment makes it.
    let stage =
      self == .serverless
      ? ""
      : """

        Stage:
          Type: AWS::ApiGateway::Stage
          Properties: {RestApiId: !Ref Api, DeploymentId: !Ref \(deploymentID), StageName: \(self.stage)}
      """
    let properties = self == .serverless ? "{RestApiId: !Ref Api, StageName: prod}" : "{RestApiId: !Ref Api}"
    return """
        Api:
          Type: AWS::ApiGateway::RestApi
          Properties: {Name: \(name)}
        Hello:
          Type: AWS::ApiGateway::Resource
          Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: hello}
        Get:
          Type: AWS::ApiGateway::Method
          Properties:
            RestApiId: !Ref Api
            ResourceId: !Ref Hello
            HttpMethod: GET
            AuthorizationType: NONE
            Integration:
              Type: AWS_PROXY
              IntegrationHttpMethod: POST
              Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/\(target)/invocations'
        \(deploymentID):
          Type: AWS::ApiGateway::Deployment
          DependsOn: Get
          Properties: \(properties)\(stage)
      """
  }

  private func more(_ deployment: Deployment) -> String {
    var parts: [String] = []
    if !deployment.drops { parts.append("  Orders: {Type: 'AWS::SNS::Topic'}") }
    if deployment.adds {
      parts.append("  Added: {Type: 'AWS::SNS::Topic'}")
      parts.append("  AddedLog: {Type: 'AWS::Logs::LogGroup'}")
      parts.append(role.replacing("  Role:\n", with: "  AddedRole:\n"))
    }
    if self == .serverless { parts.append("  HelloLogGroup: {Type: 'AWS::Logs::LogGroup'}") }
    return parts.joined(separator: "\n")
  }

  /// Two resources after the function and the API, at which an update waits or fails.
  private func gates(_ maker: String, _ flags: String) -> String {
    """
      Gate:
        Type: Custom::Gate
        DependsOn: [\(code), Get]
        Properties: {ServiceToken: '\(maker)', Version: !Ref Version, Flags: '\(flags)'}
      Last:
        Type: Custom::Gate
        DependsOn: Gate
        Properties: {ServiceToken: '\(maker)', Version: !Ref Version, Flags: '\(flags)'}
    """
  }

  /// The function behind the custom resources: it waits while there is a file `<resource>-<version>.held`, and fails where
  /// there is one `<resource>-<version>`.
  static func maker(_ name: String) -> String {
    "Resources:\n" + TemplateParts.role + "\n"
      + TemplateParts.function(
        "Maker", named: name, handler: "index.make",
        """
        Timeout: 600
        Code:
          ZipFile: |
            import json, os, time, urllib.request
            def make(event, context):
                wanted, name = event["ResourceProperties"], event["LogicalResourceId"]
                told = os.path.join(wanted["Flags"], name + "-" + wanted["Version"])
                fails = False
                if event["RequestType"] == "Update":
                    while os.path.exists(told + ".held"): time.sleep(0.05)
                    fails = os.path.exists(told)
                answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
                answer.update(Status="FAILED" if fails else "SUCCESS", PhysicalResourceId=name,
                              Reason="told to fail", Data={})
                urllib.request.urlopen(urllib.request.Request(
                    event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT", headers={"Content-Type": ""}))
        """) + "\nOutputs:\n  Maker: {Value: !GetAtt Maker.Arn}\n"
  }
}

/// How a deployment goes wrong.
enum Breakage: String, CaseIterable, Sendable, CustomStringConvertible {
  case badCode = "code that fails"
  case additions = "code that fails, and resources that were added"
  case removal = "a resource was dropped"
  case setting = "a setting that is wrong"
  case byHand = "changed by hand after the deployment"
  case twice = "two bad deployments in a row"
  case undone = "an update that CloudFormation undid"
  case running = "an update that still runs"
  case leftInFailure = "an update that failed with rollback disabled"
  case stuck = "a rollback that is stuck, and whose cause has passed"

  var description: String { rawValue }

  /// Whether CloudFormation itself takes the update back, told to or not.
  var isUnfinished: Bool { [.undone, .running, .leftInFailure, .stuck].contains(self) }
}
