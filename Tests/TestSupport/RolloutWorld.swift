import AWSClients
import Foundation
import JSONValues
import SystemInterfaces

/// A function of a stack in the local AWS with an alias `live` on version 1 and a version 2, and metrics of both.
public struct RolloutWorld: Sendable {
  /// The local AWS.
  public let cloud: LocalAWS
  /// Of the function, and of the stack.
  public let function: String, stack: String

  /// Makes the stack and publishes the second version.
  public init(_ cloud: LocalAWS, _ name: String) async throws {
    self.cloud = cloud
    function = "\(name)-api"
    stack = "\(name)-Api-prod"
    try await cloud.createStack(
      stack,
      template: """
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              RoleName: \(name)-role
              AssumeRolePolicyDocument:
                Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
          Api:
            Type: AWS::Lambda::Function
            Properties:
              FunctionName: \(function)
              Runtime: python3.11
              Handler: index.handler
              Role: !GetAtt Role.Arn
              Code: { ZipFile: "def handler(event, context): return {'statusCode': 200}" }
          First: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Api } }
          Live:
            Type: AWS::Lambda::Alias
            Properties: { FunctionName: !Ref Api, Name: live, FunctionVersion: !GetAtt First.Version }
        """)
    try python(["publish", function])
  }

  /// Records `requests` a period of `step` seconds from `from` periods before `start` to `to` periods after it, for each
  /// version with the share and the rate of errors that it is given.
  public func putMetrics(
    start: Timestamp, step: Int = 60, from: Int = -60, to: Int = 70, requests: Int = 1000,
    alias: String = "live", versions: [String: JSONValue]
  ) throws {
    let document: JSONValue = [
      "function": .string(function), "alias": .string(alias),
      "start": .number(JSONNumber(Int(start.microseconds / 1_000_000))),
      "step": .number(JSONNumber(step)), "from": .number(JSONNumber(from)), "to": .number(JSONNumber(to)),
      "requests": .number(JSONNumber(requests)),
      "versions": .object(JSONObject(versions.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })),
    ]
    try python(["metrics", document.serialized()])
  }

  /// A version's share of the requests and its rate of errors.
  public static func version(_ share: Double, _ rate: Double) -> JSONValue {
    ["share": .number(JSONNumber(share)), "rate": .number(JSONNumber(rate))]
  }

  private func python(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/python")
    process.arguments = [Repository.root + "/Tests/Servers/rollout.py"] + arguments
    process.environment = cloud.environment.variables
    process.standardOutput = FileHandle.nullDevice
    try process.begin()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableRuntimeMismatch) }
  }

  /// The alias in the cloud.
  public func alias(_ name: String = "live") async throws -> FunctionAlias {
    try await LambdaClient(cloud.client).getAlias(function, name: name)
  }

  /// Makes another alias, of the first version.
  public func addAlias(_ name: String) throws { try python(["alias", function, name, "1"]) }

  /// Points an alias to a version, and gives another one weight.
  public func setAlias(_ version: String, weights: [String: Double] = [:], of alias: String = "live")
    async throws
  {
    _ = try await LambdaClient(cloud.client).updateAlias(
      function, name: alias, version: version, weights: weights)
  }

  /// Writes a configuration of `environment` that names the stack.
  public func writeConfig(_ environment: String, in folder: TemporaryFolder) throws {
    let text = "ENVIRONMENT=\(environment)\nAWS_REGION=us-east-1\nAPI_STACK=\(stack)\n"
    try LocalFileSystem().writeAtomically(
      Array(text.utf8), to: folder("deployment-\(environment).config"), mode: 0o644)
  }
}
