import CurlTransport
import HTTPTransport
import JSONValues
import SmokeTest
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

private let server = Result { try ServerProcess(python: "hurl_server.py") }
private let transport = CurlTransport(environment: Environment())

/// Runs Hurl files with the step in this process against a real server.
struct HurlBench {
  let folder = TemporaryFolder()
  let port: Int

  init() throws {
    port = try server.get().port("http")
    try write("ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:\(port)/\n", to: "deployment-dev.config")
  }

  /// Writes a file, the server's address in place of the usual one.
  func write(_ text: String, to name: String) throws {
    let moved = text.replacing("localhost:8000", with: "localhost:\(port)")
      .replacing(":8000", with: ":\(port)").replacing("=8000", with: "=\(port)")
      .replacing("localhost 8000", with: "localhost \(port)")
    try LocalFileSystem().writeAtomically(Array(moved.utf8), to: folder(name), mode: 0o644)
  }

  func run(_ arguments: [String]) async throws -> (status: Int32, output: String, error: String) {
    let terminal = CapturingTerminal()
    let status = await StepMain<SmokeTestCommand>.run(
      arguments: ["dev", "--settle", "0"] + arguments,
      context: StepContext(
        environment: Environment(), clock: SystemClock(), files: LocalFileSystem(), terminal: terminal,
        random: Randomness(), makeTransport: { _ in transport },
        openRepository: { folder, _ in throw StepFailure(.software, "no repository in \(folder)") },
        workingDirectory: folder.path, processId: 1))
    return (status, terminal.output, terminal.error)
  }

  /// The checks of one file with this text.
  func checks(_ text: String, _ arguments: String...) async throws -> [JSONValue] {
    try write(text, to: "file.hurl")
    let result = try await run(["--smoke", "file.hurl", "--format", "json"] + arguments)
    return try JSONValue(parsing: result.output)["checks"]?.array ?? []
  }
}

@Suite struct `Hurl files against a real server` {
  @Test(
    .enabled(if: SharedData.exists("smoke/hurl")),
    arguments: [
      "hello", "cookies", "basic_authentication_per_request", "bytes_empty", "predicates_string",
      "assert_match",
      "assert_regex", "querystring_params", "retry_option", "resolve_option", "connect_to_option",
      "options_template", "capture_and_assert", "parallel_a",
    ])
  func `public files that pass, pass`(name: String) async throws {
    let bench = try HurlBench()
    var text = try #require(SharedData.text("smoke/hurl/tests_ok/\(name).hurl"))
    if name == "hello" {
      // The bodies that stand in files of their own are not part of the data.
      text = text.replacing("file, data.txt;", with: "`Hello World!`")
    }
    if name == "capture_and_assert" { text = text.replacing("/capture-and-assert", with: "/hello") }
    try bench.write(text, to: "\(name).hurl")
    let result = try await bench.run([
      "--smoke", "\(name).hurl", "--variable", "name=Bruce", "--output", "out",
    ])
    #expect(result.status == 0, "\(result.output)\(result.error)")
    if let expected = SharedData.text("smoke/hurl/tests_ok/\(name).out"), name != "assert_match" {
      #expect(try LocalFileSystem().readText(bench.folder("out")) == expected)
    }
  }

  @Test(
    .enabled(if: SharedData.exists("smoke/hurl")),
    arguments: [
      ("continue_on_error", Int32(1)), ("retry_option", 1), ("invalid_url", 1), ("query_invalid_json", 1),
      ("options_template", 1), ("body_json", 65),
    ])
  func `public files that fail, stop`(name: String, status: Int32) async throws {
    let bench = try HurlBench()
    let text = try #require(SharedData.text("smoke/hurl/tests_failed/\(name).hurl"))
    try bench.write(text, to: "file.hurl")
    let result = try await bench.run(["--smoke", "file.hurl"])
    #expect(result.status == status, "\(result.output)\(result.error)")
  }

  @Test func `captures flow from entry to entry`() async throws {
    let checks = try await HurlBench().checks(
      """
      GET {{API_ENDPOINT}}/hello
      HTTP 200
      [Captures]
      greeting: body

      POST {{API_ENDPOINT}}/echo
      { "text": "{{greeting}}" }
      HTTP 200
      [Asserts]
      jsonpath "$.body" contains "Hello World!"
      jsonpath "$.method" == "POST"
      """)
    #expect(checks.map { $0["outcome"]?.string } == ["pass", "pass"])
    #expect(checks.map { $0["line"]?.int } == [1, 6])
  }

  @Test func `what needs a capture that did not come says so`() async throws {
    let checks = try await HurlBench().checks(
      """
      GET {{API_ENDPOINT}}/hello
      HTTP 200
      [Captures]
      id: jsonpath "$.id"

      GET {{API_ENDPOINT}}/jobs/{{id}}
      HTTP 200

      GET {{API_ENDPOINT}}/hello
      HTTP 200
      """)
    #expect(checks.map { $0["outcome"]?.string } == ["fail", "skipped", "pass"])
    #expect(checks[1]["class"]?.string == "dependency")
    #expect(checks[1]["message"]?.string == "needs id, which line 4 did not capture")
  }

  @Test func `the endpoint fits with and without a slash`() async throws {
    let checks = try await HurlBench().checks(
      """
      GET {{API_ENDPOINT}}/hello
      HTTP 200
      GET {{API_ENDPOINT}}hello
      HTTP 200
      """)
    #expect(checks.map { $0["outcome"]?.string } == ["pass", "pass"])
    #expect(checks[0]["url"] == checks[1]["url"])
  }

  @Test func `a file's captures reach those that say they need it`() async throws {
    let bench = try HurlBench()
    try bench.write(
      "GET {{API_ENDPOINT}}/hello\nHTTP 200\n[Captures]\nword: body\n", to: "login.hurl")
    try bench.write(
      """
      # @needs login.hurl

      POST {{API_ENDPOINT}}/echo
      `{{word}}`
      HTTP 200
      [Asserts]
      jsonpath "$.body" == "Hello World!"
      """, to: "use.hurl")
    let result = try await bench.run(["--smoke", "use.hurl", "--format", "json"])
    #expect(result.status == 0, "\(result.output)")
    let checks = try JSONValue(parsing: result.output)["checks"]?.array
    #expect(checks?.map { $0["file"]?.string } == ["login.hurl", "use.hurl"])
  }

  @Test func `files that need each other are a data error`() async throws {
    let bench = try HurlBench()
    try bench.write("# @needs b.hurl\n\nGET http://a/\n", to: "a.hurl")
    try bench.write("# @needs a.hurl\n\nGET http://a/\n", to: "b.hurl")
    let result = try await bench.run(["--smoke", "a.hurl"])
    #expect(result.status == 65)
    #expect(result.error.contains("b.hurl:1: needs a.hurl, which needs this file"))
  }

  @Test func `every file that cannot be read is named with its line`() async throws {
    let bench = try HurlBench()
    try bench.write("GET http://a/\nHTTP 200\n[Nonsense]\n", to: "a.hurl")
    try bench.write("GET http://a/\nHTTP abc\n", to: "b.hurl")
    let result = try await bench.run(["--smoke", "a.hurl", "--smoke", "b.hurl"])
    #expect(result.status == 65)
    #expect(result.error.contains("a.hurl:3:"))
    #expect(result.error.contains("b.hurl:2:"))
  }

  @Test func `a body's file stays inside the project`() async throws {
    let bench = try HurlBench()
    try LocalFileSystem().createExclusively(Array("inside".utf8), at: bench.folder("body.txt"), mode: 0o644)
    let inside = try await bench.checks(
      "POST {{API_ENDPOINT}}/echo\nfile,body.txt;\nHTTP 200\n[Asserts]\njsonpath \"$.body\" == \"inside\"\n")
    #expect(inside.map { $0["outcome"]?.string } == ["pass"])
    try bench.write("POST {{API_ENDPOINT}}/echo\nfile,../../etc/hostname;\nHTTP 200\n", to: "file.hurl")
    let outside = try await bench.run(["--smoke", "file.hurl"])
    #expect(outside.status == 65)
    #expect(outside.error.contains("outside the project's folder"), "\(outside.error)")
  }

  @Test func `a request says how long its body is, also where there is none`() async throws {
    let echoed = #"jsonpath "$.headers[?@[0]=='Content-Length'][1]""#
    let checks = try await HurlBench().checks(
      ["POST", "PUT", "PATCH"].map {
        """
        \($0) {{API_ENDPOINT}}/echo
        HTTP 200
        [Asserts]
        jsonpath "$.method" == "\($0)"
        \(echoed) includes "0"
        \(echoed) count == 1
        """
      }.joined(separator: "\n\n") + """


        GET {{API_ENDPOINT}}/echo
        HTTP 200
        [Asserts]
        \(echoed) count == 0

        DELETE {{API_ENDPOINT}}/echo
        HTTP 200
        [Asserts]
        \(echoed) not exists

        POST {{API_ENDPOINT}}/echo
        Empty:
        `café`
        HTTP 200
        [Asserts]
        \(echoed) includes "5"
        jsonpath "$.headers[?@[0]=='Empty'][1]" includes ""
        jsonpath "$.headers[?@[0]=='Content-Type']" not exists
        """)
    #expect(checks.map { $0["outcome"]?.string } == Array(repeating: "pass", count: 6), "\(checks)")
  }

  @Test func `redirects are followed where asked, up to a limit, and no further than HTTP`() async throws {
    let checks = try await HurlBench().checks(
      """
      GET {{API_ENDPOINT}}/redirect/3
      HTTP 302

      GET {{API_ENDPOINT}}/redirect/3
      [Options]
      location: true
      HTTP 200
      [Asserts]
      url endsWith "/redirected"

      GET {{API_ENDPOINT}}/redirect/7
      [Options]
      location: true
      max-redirs: 5
      HTTP 200
      """)
    #expect(checks.map { $0["outcome"]?.string } == ["pass", "pass", "fail"])
    #expect(checks[2]["class"]?.string == "redirect-loop")
  }

  @Test func `a path may be sent as it is, and an address family asked for`() async throws {
    let checks = try await HurlBench().checks(
      """
      GET {{API_ENDPOINT}}/a/../hello
      HTTP 200

      GET {{API_ENDPOINT}}/a/../hello
      [Options]
      path-as-is: true
      HTTP 404

      GET http://localhost:8000/hello
      [Options]
      ipv4: true
      HTTP 200

      GET http://localhost:8000/hello
      [Options]
      ipv6: true
      HTTP 200
      """)
    // The server listens on an address of version 4 alone.
    #expect(checks.map { $0["outcome"]?.string } == ["pass", "pass", "pass", "fail"])
  }

  @Test func `compressed answers are read whether or not they were asked for`() async throws {
    let checks = try await HurlBench().checks(
      """
      GET {{API_ENDPOINT}}/compressed/gzip
      HTTP 200
      `Hello World!`

      GET {{API_ENDPOINT}}/compressed/zlib
      [Options]
      compressed: true
      HTTP 200
      `Hello World!`

      GET {{API_ENDPOINT}}/echo
      HTTP 200
      [Asserts]
      body not contains "Accept-Encoding"
      body contains "backstop"
      """)
    #expect(checks.map { $0["outcome"]?.string } == ["pass", "pass", "pass"])
  }

  @Test func `a captured secret is in no output`() async throws {
    let bench = try HurlBench()
    try bench.write(
      """
      GET {{API_ENDPOINT}}/hello
      HTTP 200
      [Captures]
      session: body redact

      GET {{API_ENDPOINT}}/echo?x={{session}}
      HTTP 200
      [Asserts]
      jsonpath "$.query" == "nothing"
      """, to: "file.hurl")
    let result = try await bench.run(["--smoke", "file.hurl", "--junit", "j.xml", "--verbose"])
    #expect(result.status == 1)
    let all = try result.output + result.error + LocalFileSystem().readText(bench.folder("j.xml"))
    #expect(!all.contains("Hello World!"))
    #expect(!all.contains("Hello%20World"))
  }

  @Test func `many entries at once come back in order`() async throws {
    let text = (0..<200).map {
      "GET {{API_ENDPOINT}}/echo?n=\($0)\nHTTP 200\n[Asserts]\njsonpath \"$.query\" == \"n=\($0)\"\n"
    }
    let checks = try await HurlBench().checks(text.joined(separator: "\n"), "--concurrency", "16")
    #expect(checks.count == 200)
    #expect(checks.allSatisfy { $0["outcome"]?.string == "pass" })
    #expect(checks.enumerated().allSatisfy { $1["url"]?.string?.hasSuffix("?n=\($0)") == true })
  }
}
