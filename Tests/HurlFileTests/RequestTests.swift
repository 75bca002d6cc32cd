import HurlFile
import SystemInterfaces
import Testing

@Suite struct `Requests` {
  private func request(
    _ text: String, _ variables: [String: HurlValue] = [:], files: [String: [UInt8]] = [:]
  ) throws -> HurlRequestSpec {
    var evaluating = Evaluating()
    evaluating.files = files
    let entry = try #require(try HurlDocument(parsing: text, file: "test.hurl").entries.first)
    return try entry.request(HurlVariables(variables), evaluating.context)
  }
  private func body(_ text: String, _ variables: [String: HurlValue] = [:]) throws -> String {
    String(decoding: try request("POST http://x/\n\(text)\n", variables).body, as: UTF8.self)
  }

  @Test func `method, URL and header fields`() throws {
    let spec = try request(
      "PATCH http://{{host}}/a?b={{b}}\nX-{{n}}: {{n}} and \\#1 # comment\nX-Empty:\n",
      ["host": .string("localhost:8000"), "b": .integer(7), "n": .string("Name")])
    #expect(spec.method == "PATCH")
    #expect(spec.url == "http://localhost:8000/a?b=7")
    #expect(spec.headers == [.init(name: "X-Name", value: "Name and #1"), .init(name: "X-Empty", value: "")])
    #expect(spec.body.isEmpty && !spec.hasBody)
  }

  @Test func `query parameters are encoded and appended`() throws {
    let section = "[QueryStringParams]\nparam1: a=b&c\nparam2:\nk\\:\\u{20}y: é /\n$top: 1,2\n"
    let query = "param1=a%3Db%26c&param2=&k%3A%20y=%C3%A9%20%2F&%24top=1%2C2"
    #expect(try request("GET http://x/\n\(section)").url == "http://x/?\(query)")
    #expect(try request("GET http://x/?a=%2F\n\(section)").url == "http://x/?a=%2F&\(query)")
    #expect(try request("GET http://x/?\n[Query]\na: b\n").url == "http://x/?a=b")
    let fragment = try request("GET http://x/{{f}}\n[Query]\na: b\n", ["f": .string("p#top")])
    #expect(fragment.url == "http://x/p?a=b#top")
  }

  @Test func `what cannot stand in a URL is encoded, what is encoded stays`() throws {
    let spec = try request("GET {{url}}\n", ["url": .string("http://x/a b/é?q=\"{1}\"&p=%20&s=[1]|2")])
    #expect(spec.url == "http://x/a%20b/%C3%A9?q=%22%7B1%7D%22&p=%20&s=[1]%7C2")
  }

  @Test(arguments: ["https://???", "{{u}}", "http://:80/", "http://user@/", "http:// x/"])
  func `what is no URL is an error with its place`(url: String) throws {
    let error = #expect(throws: HurlRuntimeError.self) {
      try request("GET {{u}}\n", ["u": .string(url.contains("{{") ? "ftp://x/" : url)])
    }
    #expect(error?.position == HurlPosition(line: 1, column: 5))
    #expect(error?.message.contains("is no URL") == true)
  }

  @Test func `form, cookies and basic authentication become header fields and a body`() throws {
    let spec = try request(
      """
      POST http://x/
      [FormParams]
      name: John Doe
      key2: a=b&{{v}}
      [Cookies]
      a: 1
      b: two 2
      [BasicAuth]
      bob@email.com: secret # comment
      """, ["v": .string("+")])
    #expect(String(decoding: spec.body, as: UTF8.self) == "name=John%20Doe&key2=a%3Db%26%2B")
    #expect(
      spec.headers == [
        .init(name: "Authorization", value: "Basic Ym9iQGVtYWlsLmNvbTpzZWNyZXQ="),
        .init(name: "Cookie", value: "a=1; b=two 2"),
        .init(name: "Content-Type", value: "application/x-www-form-urlencoded"),
      ])
    #expect(spec.basicAuth == .init(name: "bob@email.com", value: "secret"))
    #expect(spec.cookies.count == 2 && spec.hasBody)
  }

  @Test func `the content type follows from the body unless it is named`() throws {
    func type(_ text: String) throws -> String? {
      try request("POST http://x/\n\(text)\n").headers.first { $0.name.lowercased() == "content-type" }?.value
    }
    #expect(try type("{}") == "application/json")
    #expect(try type("```json\n{}\n```") == "application/json")
    #expect(try type("```xml\n<a/>\n```") == "application/xml")
    #expect(try type("```\ntext\n```") == nil)
    #expect(try type("`text`") == nil)
    #expect(try type("content-type: text/plain\n{}") == "text/plain")
  }

  @Test func `JSON keeps its white space, digits and escapes; placeholders fit in`() throws {
    let text = """
      {
        "name" : "{{name}}", "age": {{age}},"esc": "\\u00e9\\n\\/",
        "items": [ 1.0, 1e3, true , {{flag}}, "x{{age}}y" ], "n": {{nothing}}, "k{{age}}": { }
      }
      """
    let variables: [String: HurlValue] = [
      "name": .string("a \"b\"\n\\"), "age": .integer(30), "flag": .bool(true), "nothing": .null,
    ]
    #expect(
      try body(text, variables) == """
        {
          "name" : "a \\"b\\"\\n\\\\", "age": 30,"esc": "\\u00e9\\n\\/",
          "items": [ 1.0, 1e3, true , true, "x30y" ], "n": null, "k30": { }
        }
        """)
  }

  @Test(arguments: [
    "[1,2,3]", "[]", "\"Hello\"", "100", "-0.5e+3", "true", "null", "{}", "[true]", "[[1],[]]",
  ])
  func `every JSON value may be a body`(json: String) throws {
    #expect(try body(json) == json)
  }

  @Test func `texts in one line and in several`() throws {
    #expect(try body("`a {{v}} \\` \\u{e9}\\n`", ["v": .float(1.5)]) == "a 1.5 ` é\n")
    #expect(
      try body("```\nline1 {{v}}\n\"\\n\" # no comment\n```", ["v": .bool(false)])
        == "line1 false\n\"\\n\" # no comment\n")
    #expect(try body("```text```") == "text")
    #expect(try body("``````") == "")
    #expect(try body("```\n```") == "")
    #expect(try body("```escape\na\\tb\\u{21}\\`\n```") == "a\tb!`\n")
    #expect(try body("```novariable\n{{v}}\n```") == "{{v}}\n")
    #expect(try body("```json,novariable,escape\n{{v}}\\n\n```") == "{{v}}\n\n")
    #expect(try body("```\r\na\r\nb\r\n```\r") == "a\r\nb\r\n")
  }

  @Test func `bytes and files`() throws {
    #expect(try request("POST http://x/\nhex, c3a9 ;\n").body == [0xC3, 0xA9])
    #expect(try request("POST http://x/\nbase64, SGVs\n bG8= ;\n").body == Array("Hello".utf8))
    let files: [String: [UInt8]] = ["with space;": [1, 2]]
    #expect(
      try request("POST http://x/\nfile,with\\ {{f}}\\;;\n", ["f": .string("space")], files: files).body == [
        1, 2,
      ])
    let error = #expect(throws: HurlRuntimeError.self) { try request("POST http://x/\nfile,none;\n") }
    #expect(error?.message == "the file none cannot be read: there is no such file")
  }

  @Test(arguments: [
    (HurlValue.null, "null"), (.bool(true), "true"), (.integer(-3), "-3"),
    (.bigInteger("99999999999999999999"), "99999999999999999999"),
    (.float(1.7), "1.7"), (.float(2), "2.0"), (.float(-0.5), "-0.5"), (.string("é"), "é"),
    (.date(Timestamp(microseconds: 1_673_339_392_000_001)), "2023-01-10T08:29:52.000001Z"),
    (.date(Timestamp(microseconds: -1)), "1969-12-31T23:59:59.999999Z"),
  ])
  func `values that can be written into text`(value: HurlValue, text: String) throws {
    #expect(try body("`{{v}}`", ["v": value]) == text)
  }

  @Test(arguments: [HurlValue.list([.integer(1)]), .object([]), .bytes([1]), .unit, .nodeset(2)])
  func `values that cannot are errors with their place`(value: HurlValue) throws {
    let error = #expect(throws: HurlRuntimeError.self) { try body("`{{ v }}`", ["v": value]) }
    #expect(error?.position == HurlPosition(line: 2, column: 5))
    #expect(error?.message.contains("cannot be written into a text") == true)
  }

  @Test func `a variable that is not set is an error with its place`() throws {
    let error = #expect(throws: HurlRuntimeError.self) { try request("GET http://x/\nA: b\nX-Y: {{gone}}\n") }
    #expect(error?.description == "3:8: the variable gone is not set")
  }

  @Test func `functions use the clock and the randomness that are handed in`() throws {
    let uuid = try body("`{{newUuid}}`")
    try Evaluating(uuid).expectAll([
      "body isUuid", #"body matches /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/"#,
    ])
    #expect(try body("`{{newDate}}`") == "2026-11-24T00:00:00.000000Z")
    #expect(try body("`{{newUuid}}`") != uuid)
  }

  @Test func `options are resolved in order`() throws {
    let text = """
      GET http://x/
      [Options]
      variable: port=8000
      variable: who = "a {{port}}"
      variable: b={{who}}!
      variable: no=null
      location: {{redirect}}
      max-redirs: -1
      resolve: x:{{port}}:127.0.0.1
      resolve: y:1:127.0.0.2
      connect-to: a:1:b:2
      retry: 3
      retry-interval: 2s
      delay: {{port}}
      connect-timeout: 5
      max-time: 500ms
      http2: false
      user: {{who}}:x
      cert: a\\ b.pem:pw
      compressed: true
      insecure: false
      skip: false
      aws-sigv4: aws:amz:eu-central-1:execute-api
      very-verbose: true
      header: X-A: {{who}}
      digest: true
      unix-socket: /run/{{port}}.sock
      pinnedpubkey: sha256//abc=
      limit-rate: 1000
      HTTP 200
      """
    let entry = try HurlDocument(parsing: text, file: "t").entries[0]
    var variables = HurlVariables(["redirect": .bool(true)])
    let options = try entry.resolvedOptions(&variables, Evaluating().context)
    #expect(variables["port"] == .integer(8000))
    #expect(variables["who"] == .string("a 8000"))
    #expect(variables["b"] == .string("a 8000!"))
    #expect(variables["no"] == .null)
    var expected = HurlOptions()
    expected.followsRedirects = true
    expected.maxRedirects = -1
    expected.resolve = ["x:8000:127.0.0.1", "y:1:127.0.0.2"]
    expected.connectTo = ["a:1:b:2"]
    expected.retries = 3
    expected.retryInterval = .seconds(2)
    expected.delay = .seconds(8)
    expected.connectTimeout = .seconds(5)
    expected.maxTime = .milliseconds(500)
    expected.version = .http11
    expected.user = "a 8000:x"
    expected.clientCertificate = "a b.pem:pw"
    expected.compressed = true
    expected.insecure = false
    expected.skip = false
    expected.awsSigV4 = "aws:amz:eu-central-1:execute-api"
    expected.verbosity = .debug
    expected.headers = ["X-A: a 8000"]
    expected.digest = true
    expected.unixSocket = "/run/8000.sock"
    expected.pinnedPublicKey = "sha256//abc="
    expected.limitRate = 1000
    #expect(options == expected)
  }

  @Test(arguments: [
    ("location: {{v}}", HurlValue.integer(10), "location expects true or false, not integer 10"),
    ("retry: {{v}}", .string("3"), "retry expects a whole number of at least -1, not string"),
    ("delay: {{v}}", .integer(-1), "delay expects a length of time"), ("skip: {{w}}", .null, "w is not set"),
  ])
  func `options of the wrong type are errors`(line: String, value: HurlValue, message: String) throws {
    let entry = try HurlDocument(parsing: "GET http://x/\n[Options]\n\(line)\n", file: "t").entries[0]
    var variables = HurlVariables(["v": value])
    let error = #expect(throws: HurlRuntimeError.self) {
      try entry.resolvedOptions(&variables, Evaluating().context)
    }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    #expect(error?.position.line == 3)
  }

  @Test(arguments: [
    ("null", HurlValue.null), ("true", .bool(true)), ("12", .integer(12)), ("-1.50", .float(-1.5)),
    ("1.", .string("1.")),
    ("\"12\"", .string("12")), ("12a", .string("12a")), ("", .string("")), ("1e3", .string("1e3")),
    ("\"", .string("\"")),
    ("99999999999999999999", .bigInteger("99999999999999999999")),
  ])
  func `variables given as text have a type`(text: String, value: HurlValue) {
    #expect(HurlValue(inferredFrom: text) == value)
  }
}
