import AWSClients
import CloudFormationModel
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

  /// A chain of resources of a function's making. An update waits at one for as long as a file
  /// `<resource>-<version>.held` stands in the test's folder, and fails where there is a file `<resource>-<version>`.
  func chained() -> String {
    let links = ["Fragile", "Second", "Third", "Breaker"]
    let resources = links.enumerated().map { index, link in
      """
        \(link):
          Type: Custom::Link
          DependsOn: \(index == 0 ? "Marker" : links[index - 1])
          Properties: {ServiceToken: !GetAtt Maker.Arn, Version: !Ref Version}
      """
    }
    let maker = TemplateParts.function(
      "Maker", named: "\(name)-maker", handler: "index.make",
      """
      Timeout: 600
      Code:
        ZipFile: |
          import json, os, time, urllib.request
          def make(event, context):
              wanted = event["ResourceProperties"]
              name = event["LogicalResourceId"]
              fails = False
              if event["RequestType"] != "Create":
                  word = "delete" if event["RequestType"] == "Delete" else wanted["Version"]
                  told = "\(folder.path)/" + name + "-" + word
                  while os.path.exists(told + ".held"): time.sleep(0.05)
                  fails = os.path.exists(told)
              answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
              answer.update(Status="FAILED" if fails else "SUCCESS", PhysicalResourceId=name,
                            Reason="told to fail at version " + wanted["Version"], Data={})
              urllib.request.urlopen(urllib.request.Request(
                  event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT",
                  headers={"Content-Type": ""}))
      """)
    return """
      Parameters:
        Version: {Type: String, Default: "1"}
      Resources:
      \(TemplateParts.role)
      \(maker)
        Marker:
          Type: AWS::SSM::Parameter
          DependsOn: Maker
          Properties: {Name: "/\(name)/marker", Type: String, Value: !Ref Version}
      \(resources.joined(separator: "\n"))
      """
  }

  /// Lets updates of `resource` to `version` fail, or no longer; `delete` lets its deletion fail.
  func fail(_ resource: String, _ version: String, _ fails: Bool = true) throws {
    try mark("\(resource)-\(version)", fails)
  }

  /// Lets updates of `resource` to `version` wait, or no longer.
  func hold(_ resource: String, _ version: String, _ holds: Bool = true) throws {
    try mark("\(resource)-\(version).held", holds)
  }

  private func mark(_ name: String, _ isThere: Bool) throws {
    if isThere {
      try "".write(toFile: folder(name), atomically: true, encoding: .utf8)
    } else {
      try FileManager.default.removeItem(atPath: folder(name))
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
    try await waitUntil("\(name) is \(status)", seconds: seconds) { try await self.status() == status }
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

  /// Rolls production back, confirmed, and for a reason: nothing need be on record.
  func revert(_ arguments: String...) throws -> BuiltStep.Outcome {
    let reason = arguments.contains("--reason") ? [] : ["--reason", "it is bad"]
    return try run(
      "auto-revert", ["--confirm", "rollback-production", "--format", "json"] + reason + arguments)
  }

  /// Rolls production back and calls `body` with the process once CloudFormation has accepted the first call.
  func revert(
    _ arguments: String..., whenAccepted body: (Int32) throws -> Void
  ) throws -> BuiltStep.Outcome {
    try BuiltStep("auto-revert", in: folder.path, variables: variables).run(
      ["prod", "--confirm", "rollback-production", "--reason", "it is bad", "--format", "json"] + arguments
    ) { process in
      try waitUntil("auto-revert's first call is accepted", seconds: 120) {
        guard kill(process, 0) == 0 else {
          throw Unexpected(description: "auto-revert made no call: \(try journal)")
        }
        return try journal.contains("accepted")
      }
      try body(process)
    }
  }

  /// The journal of the revert, empty where there is none.
  var journal: String {
    get throws {
      let records = folder(".backstop/prod")
      guard FileManager.default.fileExists(atPath: records) else { return "" }
      let names = try FileManager.default.contentsOfDirectory(atPath: records).filter {
        $0.hasPrefix("journal-")
      }
      guard let name = names.first else { return "" }
      return try String(contentsOfFile: "\(records)/\(name)", encoding: .utf8)
    }
  }

  /// What somebody does by hand, over the AWS CLI.
  func cli(_ arguments: String..., as credentials: [String: String] = [:]) throws {
    _ = try cli(arguments, credentials)
  }

  /// What the AWS CLI answers.
  func output(_ arguments: String...) throws -> String { try output(arguments) }

  /// The same.
  func output(_ arguments: [String]) throws -> String {
    String(decoding: try cli(arguments, [:]), as: UTF8.self)
  }

  /// A user who may do `actions`, and the variables with the user's key; only a local AWS that checks them knows the
  /// difference.
  func makeUser(permits actions: [String]) throws -> [String: String] {
    try cli("iam", "create-user", "--user-name", name)
    try permit(actions)
    let made = try output("iam", "create-access-key", "--user-name", name)
    let key = try JSONValue(parsing: made)["AccessKey"]
    return [
      "AWS_ACCESS_KEY_ID": key?["AccessKeyId"]?.string ?? "",
      "AWS_SECRET_ACCESS_KEY": key?["SecretAccessKey"]?.string ?? "",
    ]
  }

  /// Lets the user do `actions` and nothing else.
  func permit(_ actions: [String]) throws {
    let list = JSONValue.array(actions.map { .string($0) }).serialized()
    try cli(
      "iam", "put-user-policy", "--user-name", name, "--policy-name", "all", "--policy-document",
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":\#(list),"Resource":"*"}]}"#)
  }

  private func cli(_ arguments: [String], _ credentials: [String: String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/aws")
    process.arguments = arguments
    process.environment = variables.merging(["AWS_PAGER": "", "AWS_DEFAULT_REGION": "us-east-1"]) { $1 }
      .merging(credentials) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.begin()
    let answer = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Unexpected(
        description: "aws \(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
    }
    return answer
  }

  struct Unexpected: Error, CustomStringConvertible { var description: String }
}
