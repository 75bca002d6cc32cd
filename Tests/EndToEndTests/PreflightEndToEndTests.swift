import CurlTransport
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// `preflight-snapshot` as built, against the local AWS.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct PreflightEndToEndTests {
  private let folder = TemporaryFolder()
  private let name = "pf-\(UUID().uuidString.prefix(8).lowercased())"

  private func template(value: String, secret: Bool = true) -> String {
    """
    Parameters:
      Value: {Type: String, Default: "\(value)"}
      Hidden: {Type: String, NoEcho: true, Default: "\(secret ? "planted-secret-value" : "x")"}
    Resources:
      Marker:
        Type: AWS::SSM::Parameter
        Properties: {Name: "/\(name)/marker", Type: String, Value: !Ref Value}
    Outputs:
      Marker: {Value: !Ref Marker, Export: {Name: "\(name)-marker"}}
    """
  }

  private func writeConfig(_ lines: String...) throws {
    try (["ENVIRONMENT=prod", "AWS_REGION=us-east-1"] + lines).joined(separator: "\n")
      .write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
  }

  private func preflight(_ arguments: String..., variables: [String: String]) throws -> BuiltStep.Outcome {
    try BuiltStep("preflight-snapshot", in: folder.path, variables: variables).run(["prod"] + arguments)
  }

  @Test func `a complete stack is recorded, rehearsed and can be put back`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template(value: "one"))
    try writeConfig("API_STACK=\(name)", "USE_EXTERNAL_DATABASE=true")
    let result = try preflight("--format", "json", variables: aws.environment.variables)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("reading 1 stack\n"), "\(result.error)")
    let record = try JSONValue(parsing: result.output)
    #expect(record["stacks"]?[0]?["restorable"]?.bool == true)
    #expect(record["database"]?["status"]?.string == "external")
    let id = try #require(record["restorePoint"]?.string)
    let point = folder(".backstop/prod/restore-points/\(id)")
    #expect(
      try String(contentsOfFile: "\(point)/templates/api.yaml", encoding: .utf8) == template(value: "one"))
    let latest = try String(contentsOfFile: folder(".backstop/prod/restore-points/latest"), encoding: .utf8)
    #expect(latest == id + "\n")
    let manifest = try JSONValue(
      parsing: String(contentsOfFile: "\(point)/restore-point.json", encoding: .utf8))
    #expect(
      manifest["stacks"]?[0]?["parameters"]?.array?.contains {
        $0["noEcho"]?.bool == true && $0["value"] == nil
      } == true)
    #expect(manifest["stacks"]?[0]?["outputs"]?[0]?["exportName"]?.string == "\(name)-marker")
    for file in ["\(point)/restore-point.json", folder(".backstop/prod/preflight-snapshot.json")] {
      let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
    #expect(!result.output.contains("planted-secret-value"))
    #expect(
      try Schema.problems(of: folder(".backstop/prod/preflight-snapshot.json"), "preflight-snapshot") == "")
    let rehearsals = try await aws.changeSets(of: name)
    #expect(rehearsals.isEmpty, "the rehearsal's change set is removed")
  }

  @Test func `a stop that does not say about which deployment is told, and nothing rests on it`() async throws
  {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template(value: "one"))
    try writeConfig("API_STACK=\(name)", "USE_EXTERNAL_DATABASE=true")
    try FileManager.default.createDirectory(
      atPath: folder(".backstop/prod"), withIntermediateDirectories: true)
    let times = #""startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:00:00Z""#
    try #"{"step":"smoke-test","verdict":"stop",\#(times),"checks":[{"id":"a","outcome":"fail"}]}"#
      .write(toFile: folder(".backstop/prod/smoke-test.json"), atomically: true, encoding: .utf8)
    let result = try preflight(variables: aws.environment.variables)
    #expect(result.status == 0, "\(result.output)\(result.error)")
    #expect(result.output.contains("[stop-unnamed]"))
  }

  @Test func `a missing stack is a stop that names it`() async throws {
    let aws = try LocalAWS.shared()
    try writeConfig("API_STACK=\(name)-none", "USE_EXTERNAL_DATABASE=true")
    let result = try preflight(variables: aws.environment.variables)
    #expect(result.status == 1)
    #expect(result.output.contains("there is no stack \(name)-none in us-east-1"))
  }

  @Test func `a closed port is 69, nothing half-written, and says what to check`() throws {
    try writeConfig("API_STACK=x")
    let variables = [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
      "AWS_MAX_ATTEMPTS": "1",
    ]
    let result = try preflight(variables: variables)
    #expect(result.status == 69)
    #expect(result.error.contains("127.0.0.1:1") && result.error.contains("AWS_ENDPOINT_URL"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder(".backstop/prod")).sorted()
        == [".gitignore", "environment.lock"])
  }

  @Test func `no credentials are 77 and say which were looked for`() throws {
    try writeConfig("API_STACK=x")
    let result = try preflight(
      variables: ["AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_EC2_METADATA_DISABLED": "true"])
    #expect(result.status == 77)
    #expect(result.error.contains("AWS_ACCESS_KEY_ID"))
  }

  @Test func `no stack in the configuration is 65`() throws {
    try writeConfig("API_ENDPOINT=https://x.example/")
    #expect(try preflight(variables: [:]).status == 65)
  }

  @Test func `throttling is waited out`() async throws {
    let aws = try LocalAWS()
    try await aws.createStack(name, template: template(value: "one"))
    try await aws.setFaults(
      [.init(.throttle, "GetTemplate", times: 2)], over: CurlTransport(environment: Environment()))
    try writeConfig("API_STACK=\(name)", "USE_EXTERNAL_DATABASE=true")
    #expect(try preflight(variables: aws.environment.variables).status == 0)
  }
}

extension LocalAWS {
  /// The names of a stack's change sets, by the AWS CLI.
  func changeSets(of stack: String) async throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/aws")
    process.arguments = [
      "cloudformation", "list-change-sets", "--stack-name", stack, "--query", "Summaries[].ChangeSetName",
      "--output",
      "text",
    ]
    process.environment = environment.variables.merging(["PATH": "/usr/bin:/bin", "AWS_PAGER": ""]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    try process.begin()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
  }
}
