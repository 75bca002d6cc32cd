import DeploymentConfig
import HTTPTransport
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

/// A stack with one API, and its routes.
private struct APITable: ControlPlane, APIPlane {
  var routes: [APIRoute]?
  var type = "AWS::ApiGateway::RestApi"
  var template: String?

  func stack(_ name: String) async throws(ControlPlaneError) -> StackHealth? {
    StackHealth(status: "UPDATE_COMPLETE")
  }
  func resources(ofStack name: String) async throws(ControlPlaneError) -> [StackMember] {
    [StackMember(logicalId: "Api", physicalId: "abc123", type: type)]
  }
  func function(_ name: String, of stack: String?) async throws(ControlPlaneError) -> FunctionHealth? { nil }
  func stateMachine(_ arn: String, of stack: String?) async throws(ControlPlaneError) -> String? { nil }
  func database(
    _ identifier: String, isCluster: Bool, of stack: String?
  ) async throws(ControlPlaneError) -> String? { nil }
  func routes(
    ofAPI id: String, isREST: Bool, of stack: String?
  ) async throws(ControlPlaneError) -> [APIRoute]? {
    guard let routes else { throw ControlPlaneError(.refused, "apigateway:GET is not allowed") }
    return routes
  }
  func template(ofStack name: String) async throws(ControlPlaneError) -> String? { template }
}

@Suite struct `What the routes of an API say about the checks of its endpoint` {
  private typealias Asked = (outcomes: [String: CheckOutcome], paths: [String], notes: [String])

  /// What is asked of an API that has `routes`, all open.
  private func ask(
    _ routes: [APIRoute]?, template: String? = nil, policy: SmokePolicy = SmokePolicy(),
    endpoint: String = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/"
  ) async throws -> Asked {
    let config = try DeploymentConfig(
      parsing: Array("API_ENDPOINT=\(endpoint)\nAPI_KEY=0123456789\nAPI_STACK=Api\n".utf8), path: "c",
      environment: "dev", variables: [:])
    let table = APITable(routes: routes, template: template)
    var policy = policy
    policy.builtIn.certificate = .off
    policy.builtIn.stacks = false
    let built = await BuiltInChecks(config: config, policy: policy, plane: table, apis: table)
    let asked = Mutex<[String]>([])
    let report = await SmokeRun.run(
      built.chains, settings: SmokeSettings(),
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { request in
          let key = request.headers.first("x-api-key") == nil ? "" : " with the key"
          asked.withLock { $0.append(request.url.dropFirst(endpoint.count - 1) + key) }
          return HTTPResponse(status: 200)
        }, clock: ManualClock(), random: Randomness()))
    return (
      Dictionary(uniqueKeysWithValues: report.results.map { ($0.key, $0.outcome) }),
      // The two checks of the endpoint run beside each other.
      asked.withLock { $0.sorted() }, built.notes?.all ?? []
    )
  }

  private func get(_ path: String, key: Bool = false, more: Bool = false, _ method: String = "GET")
    -> APIRoute
  {
    APIRoute(method: method, path: path, wantsKey: key, wantsMore: more)
  }

  @Test func `a method that is public by design is no finding`() async throws {
    let open = try await ask([get("/"), get("/orders", "POST")])
    #expect(open.outcomes == ["endpoint": .pass])
    #expect(open.paths == ["/ with the key"])
    #expect(open.notes.count == 1 && open.notes[0].contains("ApiKeyRequired"))
  }

  @Test func `the one that wants the key is asked without it`() async throws {
    let mixed = try await ask([get("/"), get("/orders/{id}", key: true), get("/orders", key: true)])
    #expect(mixed.outcomes == ["endpoint": .pass, "endpoint-without-key": .fail])
    #expect(mixed.paths == ["/ with the key", "/orders"])
    let guarded = try await ask([get("/", key: true), get("/a", key: true)])
    #expect(guarded.paths == ["/", "/ with the key"])
    let filled = try await ask([get("/"), get("/orders/{id}/{rest+}", key: true)])
    #expect(filled.paths == ["/ with the key", "/orders/0/0"])
  }

  @Test func `a root that wants a signature or is not there is not asked`() async throws {
    let signed = try await ask([get("/", more: true), get("/health")])
    #expect(signed.paths == ["/health with the key"])
    #expect(signed.notes.contains { $0.contains("smoke-test.built-in.endpoint") })
    let none = try await ask([get("/orders", "POST")])
    #expect(none.outcomes == ["endpoint": .skipped] && none.paths == [])
    let proxy = try await ask([get("/{proxy+}", "ANY")])
    #expect(proxy.paths == ["/health with the key"])
    let fallback = try await ask([get("", "$default")])
    #expect(fallback.paths == ["/ with the key"])
  }

  @Test func `what the endpoint holds already is no part of a route`() async throws {
    let below = try await ask(
      [get("/v1"), get("/v1/a", key: true), get("/a", key: true)],
      endpoint: "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/v1/")
    #expect(below.paths == ["/ with the key", "/a"])
  }

  @Test func `routes that cannot be known leave the question open`() async throws {
    let unknown = try await ask(nil)
    #expect(unknown.outcomes == ["endpoint": .pass, "endpoint-without-key": .skipped])
  }

  private static let template = """
    Resources:
      Api: {Type: "AWS::ApiGateway::RestApi"}
      Orders:
        Type: AWS::ApiGateway::Resource
        Properties: {ParentId: !GetAtt Api.RootResourceId, PathPart: orders, RestApiId: !Ref Api}
      Order:
        Type: AWS::ApiGateway::Resource
        Properties: {ParentId: {Ref: Orders}, PathPart: "{id}"}
      Root:
        Type: AWS::ApiGateway::Method
        Properties: {HttpMethod: GET, ResourceId: {"Fn::GetAtt": [Api, RootResourceId]}, AuthorizationType: NONE}
      GetOrder:
        Type: AWS::ApiGateway::Method
        Properties: {HttpMethod: GET, ResourceId: !Ref Order, ApiKeyRequired: true, AuthorizationType: NONE}
    """

  @Test func `where the API may not be asked, the template that it was made from tells`() async throws {
    let found = try await ask(nil, template: Self.template)
    #expect(found.paths == ["/ with the key", "/orders/0"])
    #expect(found.outcomes == ["endpoint": .pass, "endpoint-without-key": .fail])
    let open = try await ask(
      nil, template: Self.template.replacing("ApiKeyRequired: true", with: "ApiKeyRequired: false"))
    #expect(open.outcomes == ["endpoint": .pass])
    // One that describes no methods tells nothing.
    for text in ["Resources: {Api: {Type: 'AWS::ApiGateway::RestApi'}}", "", "a: ["] {
      #expect(try await ask(nil, template: text).outcomes["endpoint-without-key"] == .skipped, "\(text)")
    }
  }

  @Test(arguments: [
    (#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke"}]}"#, false),
    (#"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"}}}"#, false),
    (#"{"Statement":[{"Effect":"Allow","Principal":"*","Condition":{"IpAddress":{}}}]}"#, true),
    (#"{"Statement":[{"Effect":"Allow","Principal":"*"},{"Effect":"Deny","Principal":"*"}]}"#, true),
    (#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}"#, true),
    ("no JSON", true),
  ]) func `a resource policy may keep callers out`(policy: String, keepsOut: Bool) {
    #expect(APIResourcePolicy.keepsOut(policy) == keepsOut)
  }

  @Test func `the policy chooses`() async throws {
    var policy = SmokePolicy()
    policy.builtIn.endpoint = .path("/up")
    policy.builtIn.withoutKey = .path("/orders")
    let chosen = try await ask([get("/")], policy: policy)
    #expect(chosen.paths == ["/orders", "/up with the key"])
    #expect(chosen.outcomes["endpoint-without-key"] == .fail)
    policy.builtIn.endpoint = .off
    policy.builtIn.withoutKey = .off
    #expect(try await ask([get("/")], policy: policy).outcomes.isEmpty)
  }
}
