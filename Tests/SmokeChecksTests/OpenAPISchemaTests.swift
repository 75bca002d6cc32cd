import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

@Suite struct `Bodies against an OpenAPI document` {
  private static let head = """
    openapi: 3.0.3
    paths:
      /orders:
        get:
          responses:
            "200":
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Orders" }
    components:
      schemas:

    """
  private static let orders = """
        Orders:
          type: object
          required: [items, next]
          properties:
            next: { type: string, nullable: true }
            items: { type: array, minItems: 1, items: { $ref: "#/components/schemas/Order" } }
        Order:
          type: object
          required: [id, state, secret]
          additionalProperties: false
          properties:
            id: { type: integer, minimum: 1 }
            state: { type: string, enum: [OPEN, DONE], maxLength: 8 }
            secret: { type: string, writeOnly: true }
            price: { type: number, exclusiveMinimum: true, minimum: 0 }
            parent: { $ref: "#/components/schemas/Order" }
            tags: { type: object, additionalProperties: { type: string } }
            by: { oneOf: [{ type: string }, { type: object, required: [name], properties: { name: { type: string } } }] }
            note: { allOf: [{ type: string }, { minLength: 2 }] }
    """

  @Test(arguments: [
    ("{ multipleOf: 0.1 }", "0.3", true), ("{ multipleOf: 0.5 }", "1.3", false),
    ("{ uniqueItems: true }", "[1, 2, {\"a\": 1}]", true),
    ("{ uniqueItems: true }", "[{\"a\": 1}, {\"a\": 1}]", false),
    ("{ uniqueItems: true }", "[1, 1.0]", false), ("{ minProperties: 1 }", "{}", false),
    ("{ minProperties: 1, maxProperties: 1 }", "{\"a\": 1}", true),
    ("{ maxProperties: 0 }", "{\"a\": 1}", false),
    ("{ pattern: '^a' }", "5", true), ("{ format: int32 }", "2147483648", false),
    ("{ format: int64 }", "9223372036854775807", true), ("{ format: int64 }", "9223372036854775808", false),
    ("{ format: date }", "\"2026-02-30\"", false),
    ("{ not: { type: string } }", "1", true), ("{ not: { type: string } }", "\"a\"", false),
    ("{ not: { required: [error] } }", "{\"ok\": 1}", true),
    ("{ not: { required: [error] } }", "{\"error\": 1}", false),
    ("{ not: { enum: [FAILED, LOST] } }", "\"LOST\"", false),
    ("{ not: { anyOf: [{ minimum: 5 }, { maximum: 1 }] } }", "3", true),
    ("{ not: { not: { type: integer } } }", "\"a\"", false),
    // What is not judged as it is meant excludes nothing.
    ("{ not: { propertyNames: { pattern: '^a' } } }", "{\"b\": 1}", true),
    ("{ not: { oneOf: [{ type: integer }, { minimum: 1 }] } }", "2", true),
    ("{ not: { $ref: 'elsewhere.yaml#/x' } }", "2", true),
    ("{ if: { required: [a] }, then: { required: [b] } }", "{\"a\": 1}", false),
    ("{ if: { required: [a] }, then: { required: [b] } }", "{\"c\": 1}", true),
    ("{ if: { required: [a] }, then: {}, else: { required: [b] } }", "{\"c\": 1}", false),
    ("{ if: { contains: {} }, then: { required: [b] } }", "{\"c\": 1}", true),
  ]) func `limits of numbers, lists, objects and texts`(schema: String, body: String, fits: Bool) async throws
  {
    let document = """
      openapi: 3.1.0
      paths: { /orders: { get: { responses: { 200: { content: { application/json: { schema: \(schema) } } } } } } }
      """
    let result = try await ask(body, document: document)
    #expect((result.outcome == .pass) == fits, "\(schema) \(body): \(result.message)")
  }

  private func ask(
    _ body: String, type: String = "application/json; charset=utf-8", document: String = head + orders,
    status: Int = 200
  ) async throws -> CheckResult {
    let checks = try OpenAPIChecks(
      [try OpenAPIDocument(parsing: Array(document.utf8), file: "api.yaml")], endpoint: "http://a.example/",
      credentials: CheckCredentials())
    var settings = SmokeSettings()
    settings.settling = Settling(window: .zero)
    let report = await SmokeRun.run(
      checks.chains, settings: settings,
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in
          HTTPResponse(status: status, headers: [HTTPField("Content-Type", type)], body: Array(body.utf8))
        }, clock: ManualClock(), random: Randomness()))
    return report.results[0]
  }

  @Test(arguments: [
    #"{"items":[{"id":1,"state":"OPEN"}],"next":null}"#,
    #"{"items":[{"id":2.0,"state":"DONE","price":0.5,"tags":{"a":"b"},"note":"ok"}],"next":"x","more":1}"#,
    #"{"items":[{"id":1,"state":"OPEN","parent":{"id":3,"state":"DONE"},"by":"me"}],"next":null}"#,
    #"{"items":[{"id":1,"state":"OPEN","by":{"name":"me"}}],"next":null}"#,
  ])
  func `what fits passes`(body: String) async throws {
    let result = try await ask(body)
    #expect(result.outcome == .pass, "\(result.message)")
  }

  @Test(
    arguments: [
      ("[]", "$ is an array, documented object", 13),
      (#"{"items":[]}"#, "$.next is missing; $.items has a length of 0", 14),
      (#"{"items":{},"next":null}"#, "$.items is an object, documented array", 17),
      (#"{"items":[],"next":null}"#, "$.items has a length of 0, documented at least 1", 17),
      (
        #"{"items":[{"id":"1","state":"OPEN"}],"next":1}"#,
        "$.items[0].id is a string, documented integer; $.next is ", 23
      ),
      (
        #"{"items":[{"id":1.5,"state":"OPEN"}],"next":""}"#, "$.items[0].id is a number, documented integer",
        23
      ),
      (#"{"items":[{"id":0,"state":"OPEN"}],"next":""}"#, "$.items[0].id is 0, documented at least 1", 23),
      (#"{"items":[{"id":null,"state":"OPEN"}],"next":""}"#, "$.items[0].id is null, documented integer", 23),
      (
        #"{"items":[{"id":1,"state":"GONE"}],"next":""}"#,
        #"$.items[0].state is "GONE", documented one of "OPEN", "DONE""#, 24
      ),
      (#"{"items":[{"id":1,"state":"OPEN","x y":1}],"next":""}"#, "$.items[0]['x y'] is not documented", 21),
      (
        #"{"items":[{"id":1,"state":"OPEN","price":0}],"next":""}"#,
        "$.items[0].price is 0, documented more than 0", 26
      ),
      (
        #"{"items":[{"id":1,"state":"OPEN","parent":{"id":1}}],"next":""}"#,
        "$.items[0].parent.state is missing", 20
      ),
      (
        #"{"items":[{"id":1,"state":"OPEN","tags":{"a":1}}],"next":""}"#,
        "$.items[0].tags.a is an integer, documented string", 28
      ),
      (
        #"{"items":[{"id":1,"state":"OPEN","by":{}}],"next":""}"#,
        "$.items[0].by is an object, documented string", 29
      ),
      (
        #"{"items":[{"id":1,"state":"OPEN","note":"x"}],"next":""}"#,
        "$.items[0].note has a length of 1, documented at least 2", 30
      ),
      ("{", "the body is no JSON, though its type says so", nil),
    ] as [(String, String, Int?)])
  func `what does not is named with its place in both`(body: String, message: String, line: Int?) async throws
  {
    let result = try await ask(body)
    #expect(result.outcome == .fail && result.failure == .assertion)
    #expect(result.message.hasPrefix(message), "\(result.message)")
    #expect(result.attempts.last?.conditions.first?.line == line, "\(result.message)")
  }

  @Test func `version 3.1's types and limits, and Swagger's place for schemas`() async throws {
    let modern = """
      openapi: 3.1.0
      paths:
        /a: { get: { responses: { "200": { content: { application/problem+json: { schema:
          { type: [object, "null"], properties: { n: { exclusiveMaximum: 5 }, c: { const: [1] } } } } } } } } }
      """
    let type = "application/problem+json"
    #expect(try await ask("null", type: type, document: modern).outcome == .pass)
    #expect(try await ask(#"{"n":4,"c":[1.0]}"#, type: type, document: modern).outcome == .pass)
    #expect(
      try await ask(#"{"n":5}"#, type: type, document: modern).message == "$.n is 5, documented less than 5")
    #expect(
      try await ask(#"{"c":[2]}"#, type: type, document: modern).message == "$.c is [2], documented [1]")
    let old = """
      swagger: "2.0"
      produces: [application/json]
      paths: { /a: { get: { responses: { "200": { schema: { type: array, items: { type: integer, x-nullable: true } } } } } } }
      """
    #expect(try await ask("[1,null]", document: old).outcome == .pass)
    #expect(try await ask("[1,\"x\"]", document: old).message == "$[1] is a string, documented integer")
  }

  @Test func `a schema that goes round in circles, and choices that nest, come to an end`() async throws {
    let circle =
      Self.head + """
            Orders: { allOf: [{ $ref: "#/components/schemas/Orders" }] }
        """
    #expect(try await ask("{}", document: circle).outcome == .pass)
    let choices =
      Self.head + """
            Orders:
              anyOf: [{ $ref: "#/components/schemas/A" }, { $ref: "#/components/schemas/A" }, { type: string }]
            A: { oneOf: [{ $ref: "#/components/schemas/Orders" }, { $ref: "#/components/schemas/Orders" }] }
        """
    #expect(try await ask("1", document: choices).failure == nil)
  }
}
