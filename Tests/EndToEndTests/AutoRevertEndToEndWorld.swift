import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport

/// A stack on the local AWS whose updates can be held and made to fail, and the built steps over it.
struct AutoRevertWorld {
  let folder = TemporaryFolder()
  let name = "ar-\(UUID().uuidString.prefix(8).lowercased())"
  let aws: LocalAWS
  var variables: [String: String] { aws.environment.variables }

  init(_ aws: LocalAWS, extraConfig: [String] = []) throws {
    self.aws = aws
    try writeConfig(["API_STACK=\(name)"] + extraConfig)
  }

  func writeConfig(_ lines: [String], environment: String = "prod") throws {
    let text = (["ENVIRONMENT=\(environment)", "AWS_REGION=us-east-1", "USE_EXTERNAL_DATABASE=true"] + lines)
      .joined(separator: "\n")
    try text.write(toFile: folder("deployment-\(environment).config"), atomically: true, encoding: .utf8)
  }

  /// A parameter alone: updates are done at once.
  func plain(_ description: String = "plain") -> String {
    """
    Description: \(description)
    Parameters:
      Version: {Type: String, Default: "1"}
    Resources:
      Marker:
        Type: AWS::SSM::Parameter
        Properties: {Name: "/\(name)/marker", Type: String, Value: !Ref Version}
    """
  }

  /// A chain of resources of a function's making. An update pauses at each for `Pause` seconds, and fails where a file
  /// `<resource>-<version>` stands in the test's folder.
  func chained() -> String {
    let links = ["Fragile", "Second", "Third", "Breaker"]
    let resources = links.enumerated().map { index, link in
      """
        \(link):
          Type: Custom::Link
          DependsOn: \(index == 0 ? "Marker" : links[index - 1])
          Properties: {ServiceToken: !GetAtt Maker.Arn, Version: !Ref Version, Pause: !Ref Pause}
      """
    }
    return """
      Parameters:
        Version: {Type: String, Default: "1"}
        Pause: {Type: String, Default: "0"}
      Resources:
        Role:
          Type: AWS::IAM::Role
          Properties:
            AssumeRolePolicyDocument:
              Version: '2012-10-17'
              Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
        Maker:
          Type: AWS::Lambda::Function
          Properties:
            FunctionName: \(name)-maker
            Runtime: python3.11
            Handler: index.make
            Timeout: 60
            Role: !GetAtt Role.Arn
            Code:
              ZipFile: |
                import json, os, time, urllib.request
                def make(event, context):
                    wanted = event["ResourceProperties"]
                    name = event["LogicalResourceId"]
                    fails = False
                    if event["RequestType"] == "Update":
                        time.sleep(float(wanted["Pause"]))
                        fails = os.path.exists("\(folder.path)/" + name + "-" + wanted["Version"])
                    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
                    answer.update(Status="FAILED" if fails else "SUCCESS", PhysicalResourceId=name,
                                  Reason="told to fail at version " + wanted["Version"], Data={})
                    urllib.request.urlopen(urllib.request.Request(
                        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT",
                        headers={"Content-Type": ""}))
        Marker:
          Type: AWS::SSM::Parameter
          DependsOn: Maker
          Properties: {Name: "/\(name)/marker", Type: String, Value: !Ref Version}
      \(resources.joined(separator: "\n"))
      """
  }

  /// Lets updates of `resource` to `version` fail, or no longer.
  func fail(_ resource: String, _ version: String, _ fails: Bool = true) throws {
    let path = folder("\(resource)-\(version)")
    if fails {
      try "".write(toFile: path, atomically: true, encoding: .utf8)
    } else {
      try FileManager.default.removeItem(atPath: path)
    }
  }

  /// Begins an update and does not wait for it.
  func beginUpdate(_ parameters: [String: String]) async throws {
    var update = StackUpdate(.previous)
    update.parameters = parameters.map { AWSClients.StackParameter($0.key, $0.value) }
    update.capabilities = ["CAPABILITY_IAM"]
    try await CloudFormationClient(aws.client).updateStack(name, update, token: "deploy-\(UUID().uuidString)")
  }

  /// Waits until the stack has `status`.
  func wait(for status: StackStatus, seconds: Double = 60) async throws {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
      let now = try await self.status()
      if now == status { return }
      guard Date() < deadline else {
        throw Unexpected(description: "\(name) is \(now.map(\.rawValue) ?? "gone"), not \(status)")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  func status() async throws -> StackStatus? {
    try await CloudFormationClient(aws.client).describeStack(name)?.status
  }

  /// What the stack's own resource holds.
  func marker() async throws -> String {
    try await SSMClient(aws.client).getParameter("/\(name)/marker").value
  }

  func run(_ step: String, _ arguments: [String], environment: String = "prod") throws -> BuiltStep.Outcome {
    try BuiltStep(step, in: folder.path, variables: variables).run([environment] + arguments)
  }

  /// Records the good version.
  func snapshot() throws {
    let outcome = try run("preflight-snapshot", [])
    guard outcome.status == 0 else {
      throw Unexpected(description: "preflight-snapshot: \(outcome.output)\(outcome.error)")
    }
  }

  /// Rolls production back, confirmed.
  func revert(_ arguments: String...) throws -> BuiltStep.Outcome {
    try run("auto-revert", ["--confirm", "rollback-production", "--format", "json"] + arguments)
  }

  /// What somebody does by hand, over the AWS CLI.
  func cli(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/aws")
    process.arguments = arguments
    process.environment = variables.merging(["AWS_PAGER": "", "AWS_DEFAULT_REGION": "us-east-1"]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Unexpected(
        description: "aws \(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
    }
  }

  struct Unexpected: Error, CustomStringConvertible { var description: String }
}
