import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result { try ServerProcess(python: "meaning_server.py") }

/// What files and options mean, by the built `smoke-test` against a real server.
@Suite(.blocking) struct SmokeTestEndToEndMeaningTests {
  let folder = TemporaryFolder()
  let endpoint: String

  init() throws {
    endpoint = "http://127.0.0.1:\(try server.get().port("http"))"
    try write("ENVIRONMENT=dev\nAPI_ENDPOINT=\(endpoint)/\n", to: "deployment-dev.config")
  }

  func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  func run(_ arguments: String...) throws -> BuiltStep.Outcome {
    try BuiltStep("smoke-test", in: folder.path).run(["dev", "--settle", "0"] + arguments)
  }

  /// The outcome of a run over one file with this text.
  func run(file text: String, _ arguments: String...) throws -> BuiltStep.Outcome {
    try write(text, to: "a.hurl")
    return try BuiltStep("smoke-test", in: folder.path).run(
      ["dev", "--settle", "0", "--smoke", "a.hurl"] + arguments)
  }

  /// The codes of the findings in a record.
  func codes(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try (JSONValue(parsing: outcome.output)["findings"]?.array ?? []).compactMap { $0["code"]?.string }
  }

  /// What the server was asked whose path begins so, in order.
  func asked(_ prefix: String) throws -> [String] {
    try write("GET \(endpoint)/log\n[Query]\nof: \(prefix)\nHTTP 200\n", to: "log.hurl")
    let outcome = try run("--smoke", "log.hurl", "--output", "log.json")
    #expect(outcome.status == 0, "\(outcome.output)")
    let text = try LocalFileSystem().readText(folder("log.json"))
    return try (JSONValue(parsing: text)["asked"]?.array ?? []).compactMap(\.string)
  }

  // MARK: Order

  @Test func `entries of a file run in order, and nothing is sent twice`() throws {
    let outcome = try run(
      file: """
        GET {{API_ENDPOINT}}/setc?order
        HTTP 200

        GET {{API_ENDPOINT}}/getc?order
        HTTP 200

        GET {{API_ENDPOINT}}/delc?order
        HTTP 200

        GET {{API_ENDPOINT}}/getc?order&gone
        HTTP 401

        """)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    let all = try asked("/")
    #expect(
      all.filter { $0.contains("?order") } == [
        "/setc?order", "/getc?order", "/delc?order", "/getc?order&gone",
      ])
  }

  @Test func `entries overlap where the file or the policy asks for it, and then too each is sent once`()
    throws
  {
    func entries(_ mark: String) -> String {
      (0..<8).map { "GET {{API_ENDPOINT}}/slow?s=0.2&\(mark)=\($0)\nHTTP 200\n\n" }.joined()
    }
    func milliseconds(_ outcome: BuiltStep.Outcome) throws -> Double {
      let checks = try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
      return checks.compactMap { $0["attempts"]?.array?.last?["startedAfterMs"]?.double }.max() ?? 0
    }
    let ordered = try run(file: entries("ordered"), "--format", "json")
    #expect(ordered.status == 0)
    // Eight of a fifth of a second, one after the other.
    #expect(try milliseconds(ordered) >= 1400)
    let asking = try run(file: "# @parallel\n\n" + entries("asking"), "--format", "json")
    #expect(asking.status == 0)
    #expect(try milliseconds(asking) < 1400)
    try write("smoke-test:\n  parallel: ['safe/*.hurl']\n", to: "backstop.yml")
    try LocalFileSystem().createFolder(folder("safe"), mode: 0o755)
    try write(entries("policy"), to: "safe/b.hurl")
    let allowed = try run("--smoke", "safe/b.hurl", "--policy", "backstop.yml", "--format", "json")
    #expect(allowed.status == 0, "\(allowed.error)")
    #expect(try milliseconds(allowed) < 1400)
    for mark in ["ordered", "asking", "policy"] {
      #expect(try asked("/slow").filter { $0.contains("&\(mark)=") }.count == 8)
    }
  }

  // MARK: JSONPath

  @Test(arguments: [
    (#"jsonpath "$[?(@.n=='a')].price" == 300"#, true),
    (#"jsonpath "$[?(@.n=='a')].state" != "FAILED""#, false),
    (#"jsonpath "$[?(@.n=='a')].state" not == "FAILED""#, false),
    (#"jsonpath "$[?(@.n=='a')].state" not contains "FAIL""#, false),
    (#"jsonpath "$[?(@.n=='a')].state" not includes "FAILED""#, false),
    (#"jsonpath "$[?(@.n=='a')].state" not matches /FAIL/"#, false),
    (#"jsonpath "$[?(@.n=='z')].state" != "FAILED""#, false), (#"jsonpath "$[?(@.n=='z')]" exists"#, false),
    (#"jsonpath "$[?(@.n=='z')]" count == 0"#, true), (#"jsonpath "$[?(@.n=='z')]" isEmpty"#, true),
    (#"jsonpath "$[?(@.n=='a')]" count == 1"#, true), (#"jsonpath "$[?(@.n=='a')].n" nth 0 == "a""#, true),
    (#"jsonpath "$[?(@.n=='a')].n" includes "a""#, true), (#"jsonpath "$[*].n" count == 2"#, true),
    (#"jsonpath "$..price" includes 300"#, true), (#"jsonpath "$[?@.gone == @.away]" count == 2"#, true),
    (#"jsonpath "$[?@.gone < 1]" count == 0"#, true), (#"jsonpath "$[?@.gone != 1]" count == 2"#, true),
  ])
  func `a path that finds one value gives that value`(line: String, holds: Bool) throws {
    let outcome = try run(file: "GET {{API_ENDPOINT}}/items\nHTTP 200\n[Asserts]\n\(line)\n")
    #expect(outcome.status == (holds ? 0 : 1), "\(line): \(outcome.output)")
  }

  @Test func `lists are kept where the entry asks for it`() throws {
    let outcome = try run(
      file: """
        GET {{API_ENDPOINT}}/items
        [Options]
        no-jsonpath-coercion: true
        HTTP 200
        [Asserts]
        jsonpath "$[0].n" count == 1
        jsonpath "$[0].n" isList
        jsonpath "$[?(@.n=='a')].n" != "a"
        """)
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test func `made-up values differ, and a field can be left out`() throws {
    let outcome = try run(
      file: """
        POST {{API_ENDPOINT}}/echo
        X-Gone: 1
        [Options]
        no-header: user-agent
        no-header: X-Gone
        no-header: Accept
        { "number": {{randomInt}}, "text": "{{randomString}}", "other": "{{randomString}}" }
        HTTP 200
        [Captures]
        sent: jsonpath "$.body"
        [Asserts]
        jsonpath "$.headers['user-agent']" not exists
        jsonpath "$.headers['x-gone']" not exists
        jsonpath "$.headers.accept" not exists
        variable "sent" jsonpath "$.number" isInteger
        variable "sent" jsonpath "$.number" >= 0
        variable "sent" jsonpath "$.text" matches /^[A-Za-z0-9]{16}$/
        variable "sent" jsonpath "$[?@.text == $.other]" count == 0

        POST {{API_ENDPOINT}}/echo
        [Multipart]
        HTTP 200
        [Asserts]
        jsonpath "$.body" == ""
        """)
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  // MARK: Time

  @Test func `an answer may take as long as API Gateway lets it, and a bound can be set`() throws {
    let slow = "GET {{API_ENDPOINT}}/slow?s=12\nHTTP 200\n"
    #expect(try run(file: slow).status == 0)
    let quick = "GET {{API_ENDPOINT}}/slow?s=3\nHTTP 200\n"
    let cut = try run(file: quick, "--max-time", "1s", "--format", "json")
    #expect(cut.status == 1)
    #expect(try JSONValue(parsing: cut.output)["checks"]?.array?.first?["class"] == "timeout")
    try write("smoke-test:\n  max-time: 1s\n", to: "backstop.yml")
    #expect(try run(file: quick, "--policy", "backstop.yml").status == 1)
    #expect(try run(file: quick, "--policy", "backstop.yml", "--max-time", "20s").status == 0)
    #expect(try BuiltStep("smoke-test", in: folder.path).run(["--help"]).output.contains("29s"))
  }

  @Test func `the size and the digests of a body that is too large to keep`() throws {
    let outcome = try run(
      file: """
        GET {{API_ENDPOINT}}/large?mib=40
        HTTP 200
        [Captures]
        digest: header "X-Sha256"
        size: bytes count
        [Asserts]
        bytes count == 41943040
        sha256 toHex == "{{digest}}"
        variable "size" == 41943040
        """)
    #expect(outcome.status == 0, "\(outcome.output)")
    let kept = try run(
      file: "GET {{API_ENDPOINT}}/large?mib=40\nHTTP 200\n[Asserts]\nbody contains \"abc\"\n", "--format",
      "json")
    #expect(try JSONValue(parsing: kept.output)["checks"]?.array?.first?["class"] == "body-too-large")
  }

  @Test func `events are judged by the first that come, a changed protocol by its answer`() throws {
    let outcome = try run(
      file: """
        GET {{API_ENDPOINT}}/events
        HTTP 200
        Content-Type: text/event-stream
        [Asserts]
        body startsWith "event: tick"
        body contains "data: 2"
        duration < 4000

        # A connection that was left in the middle is not used again.
        GET {{API_ENDPOINT}}/ok/next
        HTTP 200
        `ok`

        GET {{API_ENDPOINT}}/socket
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        HTTP 101
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
        [Asserts]
        duration < 4000

        GET {{API_ENDPOINT}}/events?count=0
        HTTP 200
        [Asserts]
        body isEmpty
        """)
    #expect(outcome.status == 0, "\(outcome.output)")
    let wrong = try run(
      file: "GET {{API_ENDPOINT}}/events\nHTTP 200\n[Asserts]\nbody contains \"error\"\n")
    #expect(wrong.status == 1)
  }
}
