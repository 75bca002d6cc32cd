import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport

/// An application of one stack with something of every kind that a deployment can change, on the local AWS.
struct RestoreWorld {
  let folder = TemporaryFolder()
  let name = "rp-\(UUID().uuidString.prefix(8).lowercased())"
  let aws: LocalAWS

  init(_ aws: LocalAWS) throws {
    self.aws = aws
    try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nUSE_EXTERNAL_DATABASE=true\nAPI_STACK=\(name)\n"
      .write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
  }

  /// What a version of the application is made of.
  struct Version: Hashable {
    var timeout = 30
    var answer = "good"
    var definition = "good"
    var marker = "good"
    var extra = ""
    var parameters = ["Greeting": "hello"]
    var tags = ["team": "shop"]
  }

  func template(_ version: Version) -> String {
    let worker = TemplateParts.function(
      "Worker", named: "\(name)-worker", handler: "index.handle",
      """
      Timeout: \(version.timeout)
      Environment: {Variables: {GREETING: !Ref Greeting}}
      Code:
        ZipFile: |
          import os
          def handle(event, context):
              return "\(version.answer) " + os.environ["GREETING"]
      """)
    return """
      Parameters:
        Greeting: {Type: String, Default: hello}
        Password: {Type: String, NoEcho: true, Default: planted-secret-value}
      Resources:
      \(TemplateParts.role)
      \(worker)
        WorkerVersion:
          Type: AWS::Lambda::Version
          Properties: {FunctionName: !Ref Worker}
        Live:
          Type: AWS::Lambda::Alias
          Properties: {FunctionName: !Ref Worker, Name: live, FunctionVersion: !GetAtt WorkerVersion.Version}
        Api:
          Type: AWS::ApiGateway::RestApi
          Properties: {Name: \(name)}
        Method:
          Type: AWS::ApiGateway::Method
          Properties:
            RestApiId: !Ref Api
            ResourceId: !GetAtt Api.RootResourceId
            HttpMethod: GET
            AuthorizationType: NONE
            Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'}}
        Deployment:
          Type: AWS::ApiGateway::Deployment
          DependsOn: Method
          Properties: {RestApiId: !Ref Api}
        Stage:
          Type: AWS::ApiGateway::Stage
          Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: live}
        Machine:
          Type: AWS::StepFunctions::StateMachine
          Properties:
            StateMachineName: \(name)-machine
            RoleArn: !GetAtt Role.Arn
            DefinitionString: '{"StartAt": "One", "States": {"One": {"Type": "Pass", "Result": "\(version.definition)", "End": true}}}'
        Secret:
          Type: AWS::SecretsManager::Secret
          Properties: {Name: \(name)-secret, SecretString: good}
        Marker:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(name)/marker", Type: String, Value: \(version.marker)}
        Queue:
          Type: AWS::SQS::Queue
          Properties: {QueueName: \(name)-queue, VisibilityTimeout: \(version.timeout)}
      \(version.extra)
      Outputs:
        Queue: {Value: !Ref Queue, Export: {Name: "\(name)-queue"}}
      """
  }

  /// Creates or updates the stack and waits until CloudFormation has finished.
  func deploy(_ version: Version, creating: Bool = false) async throws {
    let cloudFormation = CloudFormationClient(aws.client)
    var update = StackUpdate(.body(template(version)))
    update.parameters =
      version.parameters.map { AWSClients.StackParameter($0.key, $0.value) }
      + (creating ? [] : [.previous("Password")])
    update.capabilities = ["CAPABILITY_NAMED_IAM"]
    update.tags = version.tags.map { AWSTag($0.key, $0.value) }
    let token = UUID().uuidString
    if creating {
      try await cloudFormation.createStack(name, update, token: token)
    } else {
      try await cloudFormation.updateStack(name, update, token: token)
    }
    try await aws.wait(for: name)
    let status = try await cloudFormation.describeStack(name)?.status
    guard status == (creating ? .createComplete : .updateComplete) else {
      throw Failed("\(name) ended \(status?.rawValue ?? "gone")")
    }
  }

  /// Every field of every resource, read by botocore.
  func facts() throws -> JSONValue {
    let text = try python(["Tests/Servers/aws_facts.py", name])
    return try JSONValue(parsing: text)
  }

  /// What somebody does by hand, over the AWS CLI.
  @discardableResult
  func cli(_ arguments: String...) throws -> JSONValue {
    let text = try python(["-m", "awscli"] + arguments + ["--output", "json"])
    return text.isEmpty ? .null : try JSONValue(parsing: text)
  }

  private func python(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/python")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: Repository.root)
    process.environment = aws.environment.variables.merging(
      ["AWS_PAGER": "", "AWS_DEFAULT_REGION": "us-east-1"]
    ) { $1 }
    let output = Pipe()
    process.standardOutput = output
    try process.begin()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failed("\(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
    }
    return String(decoding: data, as: UTF8.self)
  }

  /// A package of one Python file for `aws lambda update-function-code --zip-file fileb://…`.
  func package(_ code: String) throws -> String {
    try code.write(toFile: folder("index.py"), atomically: true, encoding: .utf8)
    let path = folder("bad.zip")
    _ = try python(["-m", "zipfile", "-c", path, folder("index.py")])
    return "fileb://\(path)"
  }

  func run(_ step: String, _ arguments: [String]) throws -> BuiltStep.Outcome {
    try BuiltStep(step, in: folder.path, variables: aws.environment.variables).run(["prod"] + arguments)
  }

  /// The paths at which two documents differ.
  static func differences(_ one: JSONValue?, _ other: JSONValue?, at path: String = "") -> [String] {
    if one == other { return [] }
    if let left = one?.object, let right = other?.object {
      let names = Set(left.members.map(\.name)).union(right.members.map(\.name))
      return names.sorted().flatMap { differences(left[$0], right[$0], at: "\(path)/\($0)") }
    }
    if let left = one?.array, let right = other?.array, left.count == right.count {
      return left.indices.flatMap { differences(left[$0], right[$0], at: "\(path)/\($0)") }
    }
    return ["\(path): \(one?.serialized() ?? "absent") → \(other?.serialized() ?? "absent")"]
  }

  struct Failed: Error, CustomStringConvertible {
    var description: String
    init(_ text: String) { description = text }
  }
}
