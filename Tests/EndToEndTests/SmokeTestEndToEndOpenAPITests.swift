import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// OpenAPI documents by the built `smoke-test`: who asks, how parameters are written, and how much of a document is asked.
@Suite(.blocking) struct SmokeTestEndToEndOpenAPITests {
  private let bench: SmokeTestEndToEndMeaningTests
  private let step: BuiltStep

  init() throws {
    bench = try SmokeTestEndToEndMeaningTests()
    step = BuiltStep(
      "smoke-test", in: bench.folder.path, variables: ["CLIENT_SECRET": "very-secret-client-word"])
    try bench.write(Self.document, to: "api.yaml")
  }

  private static let document = """
    openapi: 3.1.0
    paths:
      /api/open:
        get: { security: [], responses: { "200": {} } }
        post: { responses: { "201": {} } }
      /api/private:
        get: { responses: { "200": {} } }
        delete: { responses: { "204": {} } }
      /api/session:
        get: { security: [{ session: [] }], responses: { "200": {} } }
      /api/unknown/{id}:
        get:
          security: []
          parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
          responses: { "200": {} }
    webhooks:
      newOrder: { post: { responses: { "200": {} } } }
    security: [{ login: [] }]
    components:
      securitySchemes:
        login: { type: oauth2, flows: { clientCredentials: { tokenUrl: "https://x", scopes: {} } } }
        session: { type: apiKey, in: cookie, name: sid }
    """

  private func run(_ arguments: String...) throws -> (status: Int32, record: JSONValue, all: String) {
    let outcome = try step.run(
      ["dev", "--settle", "0", "--openapi", "api.yaml", "--format", "json"] + arguments)
    let record = outcome.output.isEmpty ? .null : try JSONValue(parsing: outcome.output)
    return (outcome.status, record, outcome.output + outcome.error)
  }

  private func outcomes(_ record: JSONValue) -> [String] {
    (record["checks"]?.array ?? []).map {
      "\($0["name"]?.string ?? "") \($0["outcome"]?.string ?? "")"
    }
  }

  private func notes(_ record: JSONValue) -> [String] {
    record["summary"]?["notes"]?.array?.compactMap(\.string) ?? []
  }

  @Test func `how much is asked is told, and what the rest needs`() throws {
    let (status, record, all) = try run()
    #expect(status == 0, "\(all)")
    #expect(outcomes(record) == ["GET /api/open pass"])
    let notes = notes(record)
    #expect(
      notes.first
        == "api.yaml: 1 of 7 operations asked; 6 need examples (1), another method than GET (2), "
        + "credentials (2), to be called by the service (webhooks) (1)", "\(notes)")
    #expect(notes.contains { $0.contains("GET /api/private is not asked") && $0.contains("--header") })
    #expect(notes.contains { $0.contains("its path parameter id has no example") })
    let read = try run("--parse-only")
    #expect(read.status == 0 && self.notes(read.record).first == notes.first, "\(read.all)")
  }

  @Test func `fields of the command line prove who asks, and are shown nowhere`() throws {
    let token = "issued-token-0123456789"
    let (status, record, all) = try run(
      "--header", "Authorization: Bearer \(token)", "--header", "Cookie: sid=a-session-0123456789")
    #expect(status == 0, "\(all)")
    #expect(outcomes(record) == ["GET /api/open pass", "GET /api/private pass", "GET /api/session pass"])
    #expect(notes(record).first?.contains("3 of 7 operations asked") == true)
    let wrong = try run("--header", "Authorization: Bearer another-token-0123456789")
    #expect(wrong.status == 1)
    for text in [all, wrong.all] {
      for secret in [token, "a-session-0123456789", "another-token-0123456789"] {
        #expect(!text.contains(secret))
      }
    }
    for text in ["no-colon", "a b: c", ": c", "A: b\nC: d"] {
      #expect(try run("--header", text).status == 64, "\(text)")
    }
  }

  @Test func `references to other files are followed, and those are recorded`() throws {
    for name in ["parts", "schemas"] {
      try LocalFileSystem().createFolder(bench.folder(name), mode: 0o755)
    }
    try bench.write(
      """
      openapi: 3.1.0
      paths:
        /api/open: { $ref: parts/paths.yaml#/open }
        /api/gone:
          get: { responses: { "200": { content: { application/json: { schema: { $ref: "gone.json" } } } } } }
      """, to: "api.yaml")
    try bench.write(
      """
      open:
        get: { responses: { "200": { content: { application/json: { schema: { $ref: "../schemas/a.json" } } } } } }
      """, to: "parts/paths.yaml")
    func answer(_ path: String) throws {
      try bench.write(
        ##"{"$defs":{"path":{"type":"string","not":{"const":"\##(path)"}}},"required":["path"],"##
          + ##""properties":{"path":{"$ref":"#/$defs/path"}}}"##, to: "schemas/a.json")
    }
    try answer("/api/other")
    let good = try run()
    #expect(good.status == 0, "\(good.all)")
    #expect(outcomes(good.record) == ["GET /api/open pass", "GET /api/gone pass"])
    #expect(
      good.record["inputs"]?.array?.compactMap { $0["path"]?.string }
        == ["deployment-dev.config", "api.yaml", "parts/paths.yaml", "schemas/a.json"])
    #expect(
      notes(good.record).contains(
        "api.yaml: what $ref leads to in gone.json is not judged: the file cannot be read"))
    try answer("/api/open")
    let bad = try run()
    #expect(bad.status == 1)
    #expect(bad.all.contains("$.path is what it is documented not to be"), "\(bad.all)")
    try bench.write("{ broken", to: "schemas/a.json")
    let broken = try run("--parse-only")
    #expect(broken.status == 65)
    #expect(broken.all.contains("schemas/a.json:2: "), "\(broken.all)")
  }

  private func policy(_ lines: String) throws {
    try bench.write("smoke-test:\n  oauth:\n" + lines, to: "backstop.yml")
  }

  @Test(arguments: ["header", "body"])
  func `a token is had by client credentials, once`(auth: String) throws {
    try policy(
      """
          token-url: \(bench.endpoint)/token?\(auth)
          client-id: the-client
          client-secret-from: CLIENT_SECRET
          scope: read
          auth: \(auth)
      """)
    let (status, record, all) = try run("--policy", "backstop.yml")
    #expect(status == 0, "\(all)")
    #expect(outcomes(record) == ["GET /api/open pass", "GET /api/private pass"])
    #expect(!all.contains("issued-token") && !all.contains("very-secret-client-word"))
    #expect(try bench.asked("/token?\(auth)").count >= 1)
  }

  @Test func `a token that is not given is no fault of the deployment`() throws {
    try policy(
      "    token-url: \(bench.endpoint)/token\n    client-id: nobody\n    client-secret-from: CLIENT_SECRET\n"
    )
    let (status, record, all) = try run("--policy", "backstop.yml")
    #expect(status == 77, "\(all)")
    #expect(record["verdict"] == "inconclusive")
    #expect(all.contains("no token was given by") && all.contains("invalid_client"), "\(all)")
    try policy("    token-url: \(bench.endpoint)/token\n    client-id: x\n    client-secret-from: NOT_SET\n")
    let missing = try run("--policy", "backstop.yml")
    #expect(missing.status == 65 && missing.all.contains("the environment has no NOT_SET"), "\(missing.all)")
    #expect(try run("--policy", "backstop.yml", "--parse-only").status == 0)
    for (lines, line) in [
      ("    client-id: x\n", 3), ("    token-url: ftp://x\n    client-secret-from: A\n", 3),
    ] {
      try policy(lines)
      let wrong = try run("--policy", "backstop.yml")
      #expect(wrong.status == 65 && wrong.all.contains("backstop.yml:\(line)"), "\(wrong.all)")
    }
  }

  @Test func `what a document of 3_2 and its examples ask arrives as it should`() throws {
    try bench.write(
      """
      openapi: 3.2.0
      paths:
        /api/list/{ids}:
          additionalOperations: { COPY: { responses: { "200": {} } } }
          query: { responses: { "200": {} } }
          get:
            parameters:
              - { name: ids, in: path, required: true, style: matrix, explode: true, example: [1, 2] }
              - { name: tag, in: query, required: true, example: [a, "b c"] }
              - { name: near, in: query, required: true, style: deepObject, example: { lat: 1, lon: 2 } }
              - name: who
                in: query
                required: true
                examples: { other: { value: nobody }, smoke: { value: somebody } }
            responses: { "200": {} }
      """, to: "api.yaml")
    try bench.write("smoke-test:\n  openapi-example: smoke\n", to: "backstop.yml")
    let (status, record, all) = try run("--policy", "backstop.yml")
    #expect(status == 0, "\(all)")
    let url = record["checks"]?[0]?["url"]?.string ?? ""
    #expect(
      url.hasSuffix(
        "/api/list/;ids=1;ids=2?tag=a&tag=b%20c&near%5Blat%5D=1&near%5Blon%5D=2&who=somebody"), "\(url)")
    #expect(notes(record).first == "api.yaml: 1 of 3 operations asked; 2 need another method than GET (2)")
  }

  @Test func `a body that a pattern or a format does not allow fails`() throws {
    func document(_ schema: String) -> String {
      """
      openapi: 3.0.3
      paths:
        /items:
          get:
            responses:
              "200":
                content:
                  application/json:
                    schema: { items: { properties: { n: \(schema) } } }
      """
    }
    for (schema, expected) in [
      ("{ pattern: '^[a-z]$' }", 0), ("{ pattern: '^[A-Z]$' }", 1), ("{ format: uuid }", 1),
      ("{ format: unknown-to-all }", 0), ("{ minLength: 1 }", 0), ("{ pattern: '(?i)^[A-Z]$' }", 0),
    ] {
      try bench.write(document(schema), to: "api.yaml")
      let (status, record, _) = try run()
      #expect(status == expected, "\(schema)")
      if expected == 1 {
        #expect(record["checks"]?[0]?["message"]?.string?.contains("$[0].n is \"a\", documented") == true)
      }
    }
  }
}
