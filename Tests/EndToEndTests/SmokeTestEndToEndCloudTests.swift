import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result { try ServerProcess(python: "meaning_server.py") }

/// What the live API, or its template, says about who may ask, and what was logged: the built steps on the local AWS.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct SmokeTestEndToEndCloudTests {
  private let folder = TemporaryFolder()
  private let name = "smoke-\(UUID().uuidString.prefix(8).lowercased())"
  private let aws: LocalAWS
  private let endpoint: String

  init() throws {
    aws = try LocalAWS.shared()
    endpoint = "http://127.0.0.1:\(try server.get().port("http"))"
  }

  /// A stack with an API whose root is public by design, and a path of its own.
  private func template(
    rootWantsKey: Bool = false, root: String = "NONE", policy: String = "", ordersWantKey: Bool = false
  ) -> String {
    """
    Resources:
      Api:
        Type: AWS::ApiGateway::RestApi
        Properties:
          Name: \(name)
          \(policy)
      Root:
        Type: AWS::ApiGateway::Method
        Properties:
          RestApiId: !Ref Api
          ResourceId: !GetAtt Api.RootResourceId
          HttpMethod: GET
          AuthorizationType: \(root)
          ApiKeyRequired: \(rootWantsKey)
          Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'}}
      Orders:
        Type: AWS::ApiGateway::Resource
        Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: orders}
      ListOrders:
        Type: AWS::ApiGateway::Method
        Properties:
          RestApiId: !Ref Api
          ResourceId: !Ref Orders
          HttpMethod: GET
          AuthorizationType: NONE
          ApiKeyRequired: \(ordersWantKey)
          Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'}}
      Deployment:
        Type: AWS::ApiGateway::Deployment
        DependsOn: [Root, ListOrders]
        Properties: {RestApiId: !Ref Api}
      Stage:
        Type: AWS::ApiGateway::Stage
        Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: live}
    """
  }

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  private func run(
    _ arguments: [String], variables: [String: String] = [:]
  ) throws -> BuiltStep.Outcome {
    try BuiltStep(
      "smoke-test", in: folder.path, variables: aws.environment.variables.merging(variables) { $1 }
    ).run(["dev"] + arguments)
  }

  private func configure(_ path: String) throws {
    try write(
      "ENVIRONMENT=dev\nAWS_REGION=us-east-1\nAPI_ENDPOINT=\(endpoint)\(path)\nAPI_KEY=0123456789abcdef\n"
        + "API_STACK=\(name)\nUSE_EXTERNAL_DATABASE=true\n", to: "deployment-dev.config")
  }

  private func codes(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try (JSONValue(parsing: outcome.output)["findings"]?.array ?? []).compactMap { $0["code"]?.string }
  }

  @Test func `a root that is public by design is no finding, and one that wants the key is asked without it`()
    async throws
  {
    try await aws.createStack(name, template: template())
    try configure("/public/")
    let open = try run(["--format", "json", "--settle", "0"])
    #expect(open.status == 0, "\(open.output)\(open.error)")
    #expect(try codes(open) == [])
    // The same answers, and an API that says it wants the key.
    try await aws.updateStack(name, template: template(rootWantsKey: true))
    let hole = try run(["--format", "json", "--settle", "0"])
    #expect(hole.status == 1, "\(hole.output)")
    #expect(hole.output.contains("open-without-key"))
    try configure("/guarded/")
    #expect(try run(["--settle", "0"]).status == 0)
  }

  @Test func `a rollback of an API that is public by design ends healthy`() async throws {
    let world = try AutoRevertWorld(
      aws, extraConfig: ["API_ENDPOINT=\(endpoint)/public/", "API_KEY=0123456789abcdef"])
    func version(_ number: Int) -> String {
      template() + """

          Marker:
            Type: AWS::SSM::Parameter
            Properties: {Name: "/\(world.name)/marker", Type: String, Value: "\(number)"}
        """
    }
    try await aws.createStack(world.name, template: version(1))
    try world.snapshot()
    try await aws.updateStack(world.name, template: version(2))
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
  }

  @Test func `what another method wants is asked there`() async throws {
    try await aws.createStack(name, template: template(ordersWantKey: true))
    try configure("/public/")
    let outcome = try run(["--format", "json", "--settle", "0"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    let checks = try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
    #expect(
      checks.contains {
        $0["id"] == "endpoint-without-key" && $0["url"]?.string?.hasSuffix("/public/orders") == true
      }, "\(outcome.output)")
  }

  @Test func `a root that wants a signature is not asked, and that is said once`() async throws {
    try await aws.createStack(name, template: template(root: "AWS_IAM"))
    try configure("/public/")
    let outcome = try run(["--format", "json", "--settle", "0"])
    #expect(outcome.status == 3, "\(outcome.output)")
    #expect(try codes(outcome) == ["endpoint-not-asked"])
  }

  @Test func `whom a resource policy keeps out learns nothing of the deployment`() async throws {
    let policy = """
      Policy:
              Version: "2012-10-17"
              Statement:
                - {Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*",
                   Condition: {IpAddress: {"aws:SourceIp": ["10.0.0.0/8"]}}}
      """
    try await aws.createStack(name, template: template(policy: policy))
    try configure("/private/")
    let outcome = try run(["--format", "json", "--settle", "0"])
    #expect(outcome.status == 3, "\(outcome.output)")
    #expect(try codes(outcome) == ["endpoint-not-asked"], "\(outcome.output)")
    #expect(outcome.output.contains("resource policy"))
    // Without a policy the same answer is a fault.
    try await aws.updateStack(name, template: template())
    #expect(try run(["--settle", "0"]).status == 1)
  }

  @Test func `the line that was logged about a request stands with its failure`() async throws {
    try await aws.createStack(
      name,
      template: """
        Resources:
          Log:
            Type: AWS::Logs::LogGroup
            Properties: {LogGroupName: /aws/lambda/\(name)-fn}
        """)
    let id = UUID().uuidString.lowercased()
    try log("/aws/lambda/\(name)-fn", ["START RequestId: other", "[ERROR] \(id) KeyError: 'customer'"])
    try configure("/")
    try write("GET {{API_ENDPOINT}}/failing?id=\(id)&untraced\nHTTP 200\n", to: "a.hurl")
    let outcome = try run(["--smoke", "a.hurl", "--settle", "0", "--format", "json"])
    #expect(outcome.status == 1)
    let lines = try JSONValue(parsing: outcome.output)["checks"]?[0]?["evidence"]?["log"]?.array ?? []
    #expect(
      lines.count == 1 && lines[0].string?.contains("KeyError: 'customer'") == true, "\(outcome.output)")
    #expect(try run(["--smoke", "a.hurl", "--settle", "0"]).output.contains("log: "))
    let permissions = try run(["--iam-policy"]).output
    for action in ["logs:FilterLogEvents", "cloudformation:GetTemplate"] {
      #expect(permissions.contains(action), "\(permissions)")
    }
    // Where nothing may be read, nothing is said, and the answer is the same.
    let blind = try run(
      ["--smoke", "a.hurl", "--settle", "0"], variables: ["AWS_ENDPOINT_URL": "http://127.0.0.1:9"])
    #expect(blind.status == 1)
  }

  private func log(_ group: String, _ messages: [String]) throws {
    let now = Int(Date().timeIntervalSince1970 * 1000)
    let events = try JSONSerialization.data(
      withJSONObject: messages.map { ["timestamp": now, "message": $0] as [String: Any] })
    try cli("create-log-stream", "--log-group-name", group, "--log-stream-name", "one")
    try cli(
      "put-log-events", "--log-group-name", group, "--log-stream-name", "one", "--log-events",
      String(decoding: events, as: UTF8.self))
  }

  private func cli(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/python")
    process.arguments = ["-m", "awscli", "logs"] + arguments
    process.environment = aws.environment.variables.merging(
      ["AWS_PAGER": "", "AWS_DEFAULT_REGION": "us-east-1"]
    ) { $1 }
    process.standardOutput = Pipe()
    try process.begin()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(arguments)")
  }
}
