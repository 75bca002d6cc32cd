import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

@Suite struct OpenAPITests {
  private let document = """
    openapi: 3.1.0
    info: { title: Invoices, version: "1" }
    servers:
      - url: https://{stage}.example.com/v1
        variables: { stage: { default: live } }
    security: [{ key: [] }]
    paths:
      /health:
        get:
          security: []
          responses:
            "200": { content: { application/json: {} } }
      /invoices/{id}:
        parameters:
          - { name: id, in: path, required: true, schema: { type: string, default: "not this" } }
        get:
          parameters:
            - { name: id, in: path, required: true, example: "a/b c" }
            - { $ref: "#/components/parameters/page" }
            - { name: colour, in: query }
            - { name: X-Tenant, in: header, required: true, schema: { enum: [acme] } }
          responses:
            2XX: { $ref: "#/components/responses/invoice" }
            default: { description: an error }
        post: {}
      /secret:
        get:
          security: [{ login: [] }]
          responses: { "200": {} }
      /by-name:
        get:
          parameters: [{ name: name, in: query, required: true }]
    components:
      parameters:
        page: { name: page, in: query, required: true, schema: { type: integer, default: 1 } }
      responses:
        invoice: { content: { application/json: {}, text/plain: {} } }
      securitySchemes:
        key: { type: apiKey, in: header, name: x-api-key }
        login: { type: http, scheme: bearer }
    """

  private func read(_ text: String) throws(CheckSourceError) -> OpenAPIDocument {
    try OpenAPIDocument(parsing: Array(text.utf8), file: "api.yaml")
  }

  @Test func `operations that can be asked, with examples and defaults in place`() throws {
    let found = try read(document)
    #expect(found.server == "https://live.example.com/v1")
    #expect(found.operations.map(\.path) == ["/health", "/invoices/a%2Fb%20c?page=1", "/secret"])
    #expect(found.operations.map(\.security) == [[], [[.headerKey("x-api-key")]], [[.bearer("login")]]])
    #expect(found.operations[1].headers == ["X-Tenant": "acme"])
    #expect(found.operations.map(\.line) == [9, 16, 27])
    #expect(
      found.omissions.map { "\($0.method) \($0.template) \($0.reason)" } == [
        "POST /invoices/{id} only GET operations are asked",
        "GET /by-name its query parameter name has no example and no default",
      ])
  }

  @Test func `Swagger 2 and JSON`() throws {
    let found = try read(
      #"""
      {"swagger":"2.0","host":"api.example.com","basePath":"/v2","schemes":["http","https"],
       "produces":["application/json"],
       "paths":{"/items":{"get":{"parameters":[{"name":"size","in":"query","required":true,"type":"integer","default":10}],
                "responses":{"200":{"schema":{}}}}},
                "/loop":{"get":{"parameters":[{"$ref":"#/parameters/x"}]}}},
       "parameters":{"x":{"$ref":"#/parameters/x"}}}
      """#)
    #expect(found.server == "https://api.example.com/v2")
    #expect(found.operations.map(\.path) == ["/items?size=10", "/loop"])
    #expect(found.operations[0].answers.map(\.status) == ["200"])
    #expect(found.operations[0].answers.map(\.mediaTypes) == [["application/json"]])
  }

  @Test(arguments: [
    ("openapi: 2.9.0\npaths: {}", 1, "version 2.9.0 is not read"), ("a: 1", 1, "neither openapi nor swagger"),
    ("openapi: 3.0.3\n", 1, "paths is missing"), ("openapi: 3.0.3\npaths: [", 2, ""),
  ]) func `what is no such document is named with its line`(text: String, line: Int, reason: String) {
    let error = #expect(throws: CheckSourceError.self) { try read(text) }
    let problem = error?.problems.first ?? ""
    #expect(problem.hasPrefix("api.yaml:"), "\(problem)")
    #expect(problem.contains(reason), "\(problem)")
  }

  @Test(
    arguments: [
      ("https://e.example/prod/", nil, "https://e.example/prod"),
      ("https://e.example/", "/v1", "https://e.example/v1"),
      ("https://e.example/v1/", "/v1/", "https://e.example/v1"),
      ("https://e.example/", "https://other.example/v1", "https://e.example"),
      (nil, "https://other.example/v1/", "https://other.example/v1"), (nil, "/v1", nil), (nil, nil, nil),
    ] as [(String?, String?, String?)])
  func `the configured endpoint comes before the document's server`(
    endpoint: String?, server: String?, base: String?
  ) {
    #expect(OpenAPIServer.base(endpoint: endpoint, server: server) == base)
  }

  private func run(
    _ text: String, apiKey: String? = nil, _ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) async throws -> (results: [CheckResult], requests: [HTTPRequest], notes: [String]) {
    let checks = try OpenAPIChecks(
      [try read(text)], endpoint: "http://app.example/prod/", credentials: CheckCredentials(apiKey: apiKey))
    let transport = ScriptedTransport { answer($0) }
    var settings = SmokeSettings()
    settings.settling = Settling(window: .zero)
    let report = await SmokeRun.run(
      checks.chains, settings: settings,
      dependencies: SmokeDependencies(transport: transport, clock: ManualClock(), random: Randomness()))
    return (report.results, transport.requests, checks.notes)
  }

  @Test func `the documented status and media type pass, with the key only where it is asked for`()
    async throws
  {
    let (results, requests, notes) = try await run(document, apiKey: "the-api-key") { _ in
      HTTPResponse(
        status: 200, headers: [HTTPField("content-type", "Application/JSON; charset=utf-8")],
        body: [0x7B, 0x7D])
    }
    #expect(results.map(\.outcome) == [.pass, .pass])
    let urls = Set(requests.map(\.url))
    #expect(
      urls == ["http://app.example/prod/health", "http://app.example/prod/invoices/a%2Fb%20c?page=1"])
    for request in requests {
      #expect((request.headers.first("x-api-key") != nil) == request.url.contains("invoices"))
      #expect(request.headers.first("accept")?.hasPrefix("application/json") == true)
    }
    #expect(
      notes[0]
        == "api.yaml: 2 of 5 operations asked; 3 need examples (1), another method than GET (1), credentials (1)"
    )
    #expect(notes.count == 3)
  }

  @Test func `without a key its operations are not asked, and that is said`() async throws {
    let (results, _, notes) = try await run(document) { _ in HTTPResponse(status: 204) }
    #expect(results.count == 1)
    #expect(
      notes.contains { $0.contains("GET /invoices/{id} is not asked: it needs an API key: set API_KEY") })
  }

  @Test(arguments: [
    ("in: query, example: [a, b c]", "?p=a&p=b%20c"),
    ("in: query, explode: false, example: [a, b]", "?p=a,b"),
    ("in: query, style: spaceDelimited, explode: false, example: [a, b]", "?p=a%20b"),
    ("in: query, style: pipeDelimited, explode: false, example: [a, b]", "?p=a%7Cb"),
    ("in: query, example: { x: 1, y: 2 }", "?x=1&y=2"),
    ("in: query, explode: false, example: { x: 1, y: 2 }", "?p=x,1,y,2"),
    ("in: query, style: deepObject, example: { x: 1, y: 2 }", "?p%5Bx%5D=1&p%5By%5D=2"),
    ("in: query, allowReserved: true, example: 'a/b?c'", "?p=a/b?c"),
    ("in: query, content: { application/json: { example: { x: [1] } } }", "?p=%7B%22x%22%3A%5B1%5D%7D"),
    ("in: query, schema: { type: array, items: { type: string, enum: [u, v] } }", "?p=u"),
    ("in: query, schema: { enum: [u, v] }", "?p=u"),
    ("in: query, schema: { allOf: [{ default: 3 }] }", "?p=3"),
    ("in: query, examples: { one: { value: 1 }, two: { value: 2 } }", "?p=1"),
    ("in: querystring, content: { a/b: { example: { x: 1 } } }", "?x=1"),
  ]) func `query parameters by style and explode`(described: String, query: String) throws {
    let found = try read(
      "openapi: 3.2.0\npaths: { /a: { get: { parameters: [{ name: p, required: true, \(described) }] } } }")
    #expect(found.operations.map(\.path) == ["/a\(query)"], "\(found.omissions)")
  }

  @Test(arguments: [
    ("example: [a, b]", "a,b"), ("example: { x: 1, y: 2 }", "x,1,y,2"),
    ("explode: true, example: { x: 1, y: 2 }", "x=1,y=2"), ("style: label, example: [a, b]", ".a,b"),
    ("style: label, explode: true, example: [a, b]", ".a.b"),
    ("style: label, explode: true, example: { x: 1, y: 2 }", ".x=1.y=2"),
    ("style: matrix, example: [a, b]", ";p=a,b"),
    ("style: matrix, explode: true, example: [a, b]", ";p=a;p=b"),
    ("style: matrix, explode: true, example: { x: 1, y: 2 }", ";x=1;y=2"),
    ("style: matrix, example: 5", ";p=5"),
    ("style: label, example: 5", ".5"),
  ]) func `path parameters by style and explode`(described: String, path: String) throws {
    let found = try read(
      "openapi: 3.0.0\npaths: { '/a/{p}': { get: { parameters: [{ name: p, in: path, \(described) }] } } }")
    #expect(found.operations.map(\.path) == ["/a/\(path)"], "\(found.omissions)")
  }

  @Test(arguments: [
    ("csv", "?p=a,b"), ("ssv", "?p=a%20b"), ("tsv", "?p=a%09b"), ("pipes", "?p=a%7Cb"), ("multi", "?p=a&p=b"),
  ]) func `lists of Swagger 2`(format: String, query: String) throws {
    let found = try read(
      "swagger: '2.0'\npaths: { /a: { get: { parameters: [{ name: p, in: query, required: true, type: array, "
        + "collectionFormat: \(format), default: [a, b] }] } } }")
    #expect(found.operations.map(\.path) == ["/a\(query)"])
  }

  @Test func `parameters and answers are described together by a name`() throws {
    let text = """
      openapi: 3.1.0
      paths:
        /a/{id}/{kind}:
          get:
            parameters:
              - { name: id, in: path, examples: { gone: { value: 9 }, here: { value: 1 }, far: { value: 2 } } }
              - { name: kind, in: path, examples: { far: { value: y }, here: { value: x } } }
            responses: { "200": { content: { application/json: { examples: { here: {} } } } } }
      """
    #expect(try read(text).operations.map(\.path) == ["/a/1/x"])
    let named = try OpenAPIDocument(parsing: Array(text.utf8), file: "api.yaml", example: "far")
    #expect(named.operations.map(\.path) == ["/a/2/y"])
    let other = try OpenAPIDocument(parsing: Array(text.utf8), file: "api.yaml", example: "unknown")
    #expect(other.operations.map(\.path) == ["/a/1/x"])
  }

  @Test func `a document of webhooks alone is one since 3_1`() throws {
    let hooks = "webhooks: { order: { post: {} } }"
    let found = try read("openapi: 3.1.0\n" + hooks)
    #expect(found.operations.isEmpty && found.omissions.map(\.need) == [.webhook])
    #expect(throws: CheckSourceError.self) { try read("openapi: 3.0.0\n" + hooks) }
  }

  @Test(arguments: [
    (200, "text/html", CheckOutcome.fail, "is text/html, documented application/json"),
    (500, "application/json", .fail, "answered 500, documented 200"),
    (404, "application/json", .fail, "answered 404, documented 200"),
    (201, "application/json", .fail, "documented 200"), (200, "application/json", .pass, ""),
  ]) func `what is not documented as a success fails`(
    status: Int, type: String, outcome: CheckOutcome, message: String
  ) async throws {
    let text = """
      openapi: 3.0.0
      paths: { /a: { get: { responses: { 200: { content: { application/json: {} } }, 404: {} } } } }
      """
    let (results, _, _) = try await run(text) { _ in
      HTTPResponse(status: status, headers: [HTTPField("Content-Type", type)], body: [0x7B, 0x7D])
    }
    #expect(results[0].outcome == outcome)
    #expect(results[0].message.contains(message), "\(results[0].message)")
  }

  @Test(arguments: [
    ("application/json;charset=utf-8", "application/json", true), ("application/json", "*/*", true),
    ("image/png", "image/*", true), ("application/problem+json", "application/json", false),
    ("json", "*/*", false),
  ]) func `media types`(type: String, documented: String, falls: Bool) {
    #expect(OpenAPIRules.accepts(type, documented) == falls)
  }
}
