import HurlFile
import Testing

@Suite struct `Reading Hurl files` {
  private func read(_ text: String) throws -> HurlDocument { try HurlDocument(parsing: text, file: "t.hurl") }
  private func error(_ text: String) throws -> HurlSyntaxError {
    try #require(#expect(throws: HurlSyntaxError.self, "\(text)") { try read(text) })
  }

  @Test func `a file of nothing, of comments, of empty lines`() throws {
    for text in ["", "\n", "# a comment", "  # a\n\n\t\n#b", "\u{FEFF}# a"] {
      #expect(try read(text).entries.isEmpty)
    }
  }

  @Test func `entries follow each other without a separator`() throws {
    let document = try read(
      """
      GET http://a/ # comment
      GET http://b/
      HTTP 200


        POST http://c/{{x}}?[1]=('é')
        A: b
      # between
        C : d  # end
        [Query]

        e: f
        {"a": 1}
        HTTP/1.1 404
        X: y
        `text`
      DELETE http://d/
      HTTP/2 *
      """)
    #expect(document.entries.map(\.method) == ["GET", "GET", "POST", "DELETE"])
    #expect(document.entries.map { $0.position.line } == [1, 2, 6, 17])
    #expect(document.entries.map { $0.response?.status } == [nil, 200, 404, nil])
    #expect(document.entries.map { $0.response?.version } == [nil, nil, "1.1", "2"])
    let third = document.entries[2]
    #expect(third.position.column == 3)
    #expect(third.url.source == "http://c/{{x}}?[1]=('é')" && third.url.variableNames == ["x"])
    #expect(
      third.headers.map(\.key.source) == ["A", "C"] && third.headers.map(\.value.source) == ["b", "d"])
    #expect(third.query.map(\.position) == [HurlPosition(line: 12, column: 3)])
    #expect(third.body?.position == HurlPosition(line: 13, column: 3))
    #expect(third.response?.headers.count == 1 && third.response?.body?.position.line == 16)
  }

  @Test func `line ends of either kind`() throws {
    let text =
      "# @a\r\nGET http://a/\r\nA: b\r\n\r\nHTTP 200\r\n[Captures]\r\nx: body\r\n[Asserts]\r\nbody == \"a\"\r\n"
    let entry = try read(text).entries[0]
    #expect(entry.headers[0].value.source == "b" && entry.response?.asserts.count == 1)
    #expect(entry.annotations.map(\.name) == ["a"])
  }

  @Test func `annotations stay with their entry, those above an empty line with the file`() throws {
    let document = try read(
      """
      # @needs login.hurl
      # nothing else

      # @critical
      #@baseline latency
      GET http://a/
      # @flaky-is: failure
      HTTP 200 # @writes
      [Asserts]
      # @in-asserts  x y
      status == 200

      # plain comment, user@example.org
      # @second
      GET http://b/
      # @cookie_storage_set: localhost\tFALSE
      # @
      """)
    #expect(document.annotations.map(\.name) == ["needs"] && document.annotations[0].value == "login.hurl")
    #expect(
      document.entries[0].annotations.map { "\($0.name)=\($0.value)" }
        == ["critical=", "baseline=latency", "flaky-is=failure", "writes=", "in-asserts=x y"])
    #expect(document.entries[0].annotations.map { $0.position.line } == [4, 5, 7, 8, 10])
    #expect(document.entries[1].annotations.map(\.name) == ["second"])
  }

  @Test func `sections, in any order and with their short names`() throws {
    let entry = try read(
      """
      POST http://a/
      [Options]
      retry: 2
      [Form]
      a: b
      [Cookies]
      c: d
      [Query]
      [BasicAuth]
      e: f
      HTTP 200
      [Asserts]
      body exists
      [Captures]
      x: body
      y: header "a" split "," nth 0 toInt redact # comment
      """
    ).entries[0]
    #expect(entry.options.map(\.name) == [.retry] && entry.form?.count == 1 && entry.cookies.count == 1)
    #expect(entry.query.isEmpty && entry.basicAuth?.key.source == "e")
    #expect(entry.response?.captures.map(\.filters.count) == [0, 3])
    #expect(entry.response?.captures.map(\.isRedacted) == [false, true])
    #expect(entry.response?.asserts.map(\.source) == ["body exists"])
    let twice = try read(
      "GET http://a/\nHTTP 200\n[Asserts]\nbody exists\n[Captures]\na: body\n[Asserts]\nbody isEmpty\n")
    #expect(twice.entries[0].response?.asserts.map(\.source) == ["body exists", "body isEmpty"])
    #expect(try read("GET http://a/\n[Form]\n").entries[0].form == [])
    #expect(try read("GET http://a/\n").entries[0].form == nil)
  }

  @Test func `an assert keeps its text and its place`() throws {
    let text = "GET http://a/\nHTTP 200\n[Asserts]\n  jsonpath \"$.a\" count  >= 3   # three\nbody==1\n"
    #expect(try error(text).description.hasPrefix("t.hurl:5:5: expected a filter or a predicate"))
    let assert = try #require(try read(String(text.dropLast(8))).entries[0].response?.asserts.first)
    #expect(
      assert.source == "jsonpath \"$.a\" count  >= 3" && assert.position == HurlPosition(line: 4, column: 3))
    #expect(assert.predicate.name == ">=" && assert.filters.map(\.name) == ["count"])
  }

  @Test(arguments: [
    ("[1,2]", "json"), ("[]", "json"), ("[true]", "json"), ("\"x\"", "json"), ("-1", "json"),
    ("null", "json"), ("`x`", "text"),
    ("```\nx\n```", "multiline"), ("hex,00;", "bytes"), ("base64,AA==;", "bytes"), ("file,x;", "file"),
  ])
  func `kinds of body`(body: String, kind: String) throws {
    let found = try #require(try read("POST http://a/\n\(body)\nHTTP 200").entries[0].body)
    #expect("\(found.content)".hasPrefix(kind))
  }

  @Test(arguments: [
    ("xxx", 1, 1, "expected a request"), ("GET", 1, 4, "expected a space and a URL"),
    ("get http://a/", 1, 1, "expected a request"),
    ("GET /path", 1, 5, "begins with http://"), ("GET http://a/<b>", 1, 14, "'<' cannot stand"),
    ("GET http://a/ b", 1, 15, "end of the line"),
    ("GET http://a/{{}}", 1, 16, "name of a variable"), ("GET http://a/{{b", 1, 17, "expected }}"),
    ("GET http://a/{{b}", 1, 17, "expected }}"),
    ("GET http://a/\nHTTP", 2, 5, "a space and a status"), ("GET http://a/\nHTTP 0200", 2, 6, "a status"),
    ("GET http://a/\nHTTP/1 200", 2, 6, "HTTP/1.0"),
    ("GET http://a/\nHTTP 200 OK", 2, 10, "end of the line"), ("GET http://a/\n[Nope]\n", 2, 1, "no section"),
    ("GET http://a/\n[Asserts]\nstatus == 1", 2, 1, "belongs to a response"),
    ("GET http://a/\nHTTP 200\n[Query]\n", 3, 1, "belongs to a request"),
    ("GET http://a/\n[Query]\na: b\n[QueryStringParams]", 4, 1, "twice"),
    ("GET http://a/\n[Options]\nnope: 1", 3, 1, "nope is no option"),
    ("GET http://a/\n[Options]\nretry: -2", 3, 8, "at least -1"),
    ("GET http://a/\n[Options]\ndelay: 5x", 3, 9, "x is no unit"),
    ("GET http://a/\n[Options]\nvariable: =5", 3, 11, "name of a variable"),
    ("GET http://a/\n[Options]\nvariable: newDate=5", 3, 11, "is a function"),
    ("GET http://a/\n[Options]\ncacert: ", 3, 9, "name of a file"),
    ("GET http://a/\nA: \\q", 2, 5, "\\q is no escape"),
    ("GET http://a/\nA: \\u{110000}", 2, 7, "hexadecimal digits of a character"),
    ("GET http://a/\nA: \\u{41", 2, 9, "expected }"), ("POST http://a/\nhex,abc;", 2, 8, "even number"),
    ("POST http://a/\nhex,ab", 2, 7, "expected ;"),
    ("POST http://a/\nbase64,A;", 2, 8, "no Base64"), ("POST http://a/\nfile,;", 2, 6, "name of a file"),
    ("POST http://a/\n`a\n`", 2, 3, "at the end"),
    ("POST http://a/\n```\na", 3, 1, "expected ```"),
    ("POST http://a/\n```json,x\na\n```", 2, 1, "'x' cannot follow"),
    ("POST http://a/\n{\"a\":}", 2, 6, "a JSON value"), ("POST http://a/\n{\"a\" 1}", 2, 6, "a colon"),
    ("POST http://a/\n{a:1}", 2, 2, "name of a member"),
    ("POST http://a/\n[1 2]", 2, 4, "a comma or ]"), ("POST http://a/\n{\"a\":1", 2, 7, "a comma or }"),
    ("POST http://a/\n[01]", 2, 3, "a comma or ]"),
    ("POST http://a/\n[1.]", 2, 4, "a digit"), ("POST http://a/\n[1e]", 2, 4, "a digit"),
    ("POST http://a/\n\"a", 2, 1, "a quote"),
    ("POST http://a/\n\"\\ud800\"", 2, 2, "both halves"),
    ("POST http://a/\n\"\\x\"", 2, 2, "one of the escapes"), ("POST http://a/\n\"a\tb\"", 2, 3, "an escape"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus", 4, 7, "a filter or a predicate"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus ==", 4, 10, "expected a value"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus == 01", 4, 11, "expected a value"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus == 1.", 4, 13, "a digit"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus not", 4, 11, "a space after not"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus > true", 4, 10, "a number, a text"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody matches 1", 4, 14, "a pattern between /"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody matches /(/", 4, 15, "no pattern"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody matches /a", 4, 16, "at the end of the pattern"),
    ("GET http://a/\nHTTP 200\n[Asserts]\njsonpath $.a exists", 4, 10, "a text in \""),
    ("GET http://a/\nHTTP 200\n[Asserts]\ncookie \"a[Nope]\" exists", 4, 8, "in brackets"),
    ("GET http://a/\nHTTP 200\n[Asserts]\ncertificate \"Nope\" exists", 4, 13, "\"Subject\""),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader \"a\" nth exists", 4, 16, "a whole number"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader \"a\" replace \"b\" exists", 4, 24, "a text in \""),
    ("POST http://a/\n[Multipart]\na: file,b; ~~~text", 3, 12, "a media type"),
    ("POST http://a/\n[Multipart]\na: file,b", 3, 10, "expected ;"),
    ("POST http://a/\n <a><b></a>", 2, 10, "mismatched tag"),
    ("POST http://a/\n<a>\n&c;</a>", 3, 1, "undefined entity"),
    ("POST http://a/\n<a>\n", 3, 1, "no element found"),
    ("POST http://a/\n<a/> x", 2, 6, "end of the line"),
    ("POST http://a/\n```graphql\n{ a }\nvariables { \"b\": }\n```", 4, 18, "expected a JSON value"),
    ("POST http://a/\n```graphql\n{ a }\nvariables {}\nx```", 5, 1, "expected ``` after the variables"),
    ("POST http://a/\n```hex\n0\n```", 4, 1, "even number"),
    ("POST http://a/\n```base64\n=a\n```", 2, 1, "no Base64"),
    ("GET http://a/\n[Options]\nverbosity: loud", 3, 12, "brief, verbose or debug"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nfoo == 1", 4, 1, "expected a request"),
    ("GET http://a/\nHTTP 200\n[Captures]\na: foo", 4, 4, "expected a query"),
    ("GET http://a/\nHTTP 200\n[Captures]\na: body redacted", 4, 9, "end of the line"),
    ("GET http://a/\nHTTP 200\n[Captures]\na: body redact redact", 4, 16, "end of the line"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nxpath //a exists", 4, 7, "a text in \""),
    ("GET http://a/\nHTTP 200\n[Asserts]\nxpath \"//a\" == \"\\d\"", 4, 18, "\\d is no escape"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody xpath exists", 4, 12, "a text in \""),
    ("GET http://a/\nA: b\tc", 2, 6, "end of the line"),
    ("GET http://a/\nA: \\u{}", 2, 7, "hexadecimal digits of a character"),
    ("GET http://a/\nA: \\u{fffffffff}", 2, 7, "hexadecimal digits of a character"),
    ("GET http://a/\nA: \\u{d800}", 2, 7, "hexadecimal digits of a character"),
    ("GET http://a/\nA: \\u0041", 2, 6, "expected {"), ("GET http://a/\nA: b\\", 2, 6, "after the backslash"),
    ("GET http://a/\nA\\=: b", 2, 3, "\\= is no escape"),
    ("GET http://a/\n\"A\": b", 2, 4, "end of the line"),
    ("GET http://a/\nA b: c", 2, 3, "begins with http://"),
    ("GET http://a/\n: c", 2, 1, "expected a request"),
    ("GET\thttp://a/|", 1, 14, "'|' cannot stand"), ("GET \"http://a/\"", 1, 5, "begins with http://"),
    ("GET ftp://a/", 1, 5, "begins with http://"), ("GET http://a/{b}", 1, 14, "'{' cannot stand"),
    ("GE T http://a/", 1, 4, "begins with http://"), ("G3T http://a/", 1, 2, "a space and a URL"),
    ("GET http://a/\nHTTP -1", 2, 6, "a status"), ("GET http://a/\nHTTP 2xx", 2, 7, "end of the line"),
    ("GET http://a/\nHTTP/1.12 200", 2, 6, "HTTP/1.0"), ("GET http://a/\nHTTP/ 200", 2, 6, "HTTP/1.0"),
    ("GET http://a/\nHTTP/2.0 200", 2, 6, "HTTP/1.0"),
    ("GET http://a/\nhttp 200", 2, 1, "expected a request"),
    ("GET http://a/\n[query]\na: b", 2, 2, "a JSON value"),
    ("GET http://a/\n[Query\na: b", 2, 2, "a JSON value"),
    ("GET http://a/\n[Query] a: b", 2, 9, "end of the line"),
    ("GET http://a/\n[BasicAuth]\na: b\nc: d", 4, 1, "expected a request"),
    ("GET http://a/\n`a`\nA: b", 3, 2, "a space and a URL"),
    ("GET http://a/\n`a`\n[Query]\na: b", 3, 1, "expected a request"),
    ("GET http://a/\n[Query]\nHTTP 200\n[Asserts]\n[Options]\n", 5, 1, "belongs to a request"),
    ("GET http://a/\n[Options]\nlocation true", 3, 1, "expected a request"),
    ("GET http://a/\n[Options]\nlocation: TRUE", 3, 11, "true, false"),
    ("GET http://a/\n[Options]\nlocation: 1", 3, 11, "true, false"),
    ("GET http://a/\n[Options]\nlocation: \"true\"", 3, 11, "true, false"),
    ("GET http://a/\n[Options]\nretry: 1.5", 3, 9, "end of the line"),
    ("GET http://a/\n[Options]\nretry: 99999999999999999999", 3, 8, "a whole number"),
    ("GET http://a/\n[Options]\nmax-redirs: many", 3, 13, "a whole number"),
    ("GET http://a/\n[Options]\nmax-time: -1", 3, 11, "a length of time"),
    ("GET http://a/\n[Options]\ndelay: 1 s", 3, 10, "end of the line"),
    ("GET http://a/\n[Options]\ndelay: 10seconds", 3, 10, "seconds is no unit"),
    ("GET http://a/\n[Options]\nvariable: a b", 3, 13, "expected ="),
    ("GET http://a/\n[Options]\nvariable: a=\"b", 3, 15, "at the end of the text"),
    ("GET http://a/\n[Options]\nvariable: getEnv=b", 3, 11, "is a function"),
    ("POST http://a/\nbase64, a?;", 2, 10, "expected ;"),
    ("POST http://a/\nhex,0g;", 2, 6, "even number"), ("POST http://a/\nfile,a b;", 2, 8, "expected ;"),
    ("POST http://a/\n```a```b", 2, 8, "end of the line"),
    ("POST http://a/\n```toml\na\n```", 2, 1, "'toml' cannot follow"),
    ("POST http://a/\n```escape\n\\d\n```", 3, 2, "\\d is no escape"),
    ("POST http://a/\n```\n{{a\n```", 3, 4, "expected }}"), ("POST http://a/\n`{{a}`", 2, 5, "expected }}"),
    ("POST http://a/\n{\"a\": \"\\ud83d\\u0041\"}", 2, 8, "both halves"),
    ("POST http://a/\n{\"a\": \"\\u{41}\"}", 2, 10, "a hexadecimal digit"),
    ("POST http://a/\n{\"a\": 1,,}", 2, 9, "name of a member"),
    ("POST http://a/\n{,}", 2, 2, "name of a member"),
    ("POST http://a/\n[,]", 2, 2, "a JSON value"), ("POST http://a/\n[1,]", 2, 4, "a JSON value"),
    ("POST http://a/\n{\"a\": True}", 2, 7, "a JSON value"),
    ("POST http://a/\n{\"a\": +1}", 2, 7, "a JSON value"),
    ("POST http://a/\n{\"a\": .5}", 2, 7, "a JSON value"),
    ("POST http://a/\n{\"a\": 0x1}", 2, 8, "a comma or }"),
    ("POST http://a/\n{\"a\": {{b}", 2, 10, "expected }}"),
    ("POST http://a/\n{'a': 1}", 2, 2, "name of a member"),
    ("POST http://a/\n{\"a\": 1} x", 2, 10, "end of the line"),
    ("POST http://a/\ntruex", 2, 1, "expected a request"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus = 200", 4, 8, "a filter or a predicate"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus == 200 201", 4, 15, "end of the line"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus not not == 1", 4, 12, "a filter or a predicate"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus equals200", 4, 8, "a filter or a predicate"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nstatus notexists", 4, 8, "a filter or a predicate"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody == 'a'", 4, 9, "expected a value"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody == \"a", 4, 11, "at the end of the text"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody == /a/", 4, 9, "expected a value"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody == True", 4, 9, "expected a value"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody == 1e5", 4, 10, "end of the line"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody == hex,0;", 4, 14, "even number"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody > null", 4, 8, "a number, a text"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody startsWith 1", 4, 17, "a text in \""),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody matches \"a", 4, 16, "at the end of the text"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody matches /a/i", 4, 17, "end of the line"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nbody matches /[a/", 4, 15, "no pattern"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader Content-Type exists", 4, 8, "a text in \""),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader\"a\" exists", 4, 7, "a space after header"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader \"a\"exists", 4, 11, "a filter or a predicate"),
    ("GET http://a/\nHTTP 200\n[Asserts]\ncookie \"a[\" exists", 4, 8, "in brackets"),
    ("GET http://a/\nHTTP 200\n[Asserts]\ncookie \"a[Path]b\" exists", 4, 8, "in brackets"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader \"a\" nth 1.5 == 1", 4, 17, "a predicate"),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader \"a\" split == 1", 4, 18, "a text in \""),
    ("GET http://a/\nHTTP 200\n[Asserts]\nheader \"a\" Count == 1", 4, 12, "a filter or a predicate"),
    ("GET http://a/\nHTTP 200\n[Captures]\na body", 4, 1, "expected a request"),
    ("GET http://a/\nHTTP 200\n[Captures]\na: body == 1", 4, 9, "end of the line"),
    ("GET http://a/\nHTTP 200\n[Captures]\na:", 4, 3, "expected a query"),
    ("GET http://a/\nHTTP 200\n`a`\n[Asserts]\nbody == \"a\"", 4, 1, "expected a request"),
    ("GET http://a/\nHTTP 200\n`a`\n`b`", 4, 1, "expected a request"),
  ])
  func `mistakes are named with their place`(text: String, line: Int, column: Int, message: String) throws {
    let error = try error(text)
    #expect(!error.isUnsupported)
    #expect("\(error.line):\(error.column)" == "\(line):\(column)", "\(error)")
    #expect(error.message.contains(message), "\(error)")
  }

  @Test(arguments: [0, 1, 100, 127, 128, 255, 256, 257, 1000])
  func `columns count characters, also far into a long line`(length: Int) throws {
    for filling in ["a", "é", "語", "😀"] {
      let text = "# \(filling)\nGET http://a/\nX: \(String(repeating: filling, count: length))\\q\n"
      let error = #expect(throws: HurlSyntaxError.self) { try HurlDocument(parsing: text, file: "f.hurl") }
      #expect(error?.line == 3 && error?.column == 5 + length, "\(filling)")
    }
  }

  @Test(arguments: [
    ("GET http://a/\n[Options]\nntlm: true", 3, 1, "the option ntlm"),
    ("GET http://a/\n[Options]\nnegotiate: true", 3, 1, "the option negotiate"),
    ("GET http://a/{{getEnv \"A\"}}", 1, 16, "getEnv"),
    ("GET http://a/{{a toInt}}", 1, 18, "a filter in a placeholder"),
  ])
  func `what is Hurl but not supported is told apart`(text: String, line: Int, column: Int, construct: String)
    throws
  {
    let error = try error(text)
    #expect(error.isUnsupported && error.message.hasSuffix(": not supported here"))
    #expect("\(error.line):\(error.column)" == "\(line):\(column)", "\(error)")
    #expect(error.message.contains(construct), "\(error)")
  }

  @Test func `bytes that are no UTF-8 are refused with their place`() throws {
    let error = #expect(throws: HurlSyntaxError.self) {
      try HurlDocument(parsing: Array("# é\nGET ".utf8) + [0xFF], file: "t.hurl")
    }
    #expect(error?.description == "t.hurl:2:5: expected text in UTF-8")
  }

  @Test func `a file of many entries is read in one go`() throws {
    let entry =
      "# @critical\n# a comment\nGET http://a/{{x}}\nA: b\nHTTP 200\n[Asserts]\njsonpath \"$.a\" == 1\n\n"
    let document = try read(String(repeating: entry, count: 5000))
    #expect(document.entries.count == 5000)
    #expect(
      document.entries.allSatisfy { $0.annotations.map(\.name) == ["critical"] && $0.headers.count == 1 })
    #expect(document.entries[4999].position == HurlPosition(line: 4999 * 8 + 3, column: 1))
  }

  @Test func `nesting is bounded`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(try error("POST http://a/\n\(deep)").message.contains("256 levels"))
    let pattern = "GET http://a/\nHTTP 200\n[Asserts]\nbody matches /\(String(repeating: "(", count: 5000))/"
    #expect(try error(pattern).message.contains("no pattern"))
  }

  /// Each public file with one character more or another one, at places all over it.
  @Test(.enabled(if: PublicCases.arePresent))
  func `no change of a public file brings the reader down, and what is refused has its place`() throws {
    var read = 0, refused = 0
    for group in ["tests_ok", "tests_failed"] {
      for name in try PublicCases.hurlFiles(group) {
        let bytes = try PublicCases.bytes("smoke/hurl/\(group)/\(name)")
        let step = max(11, bytes.count / 12)
        for (round, position) in stride(from: 0, to: bytes.count, by: step).enumerated() {
          let others = Array("\"\\{`[#\n:;/\u{e9}".utf8)
          var changed = bytes
          changed[position] = others[round % others.count]
          var longer = bytes
          longer.insert(others[(round + 5) % others.count], at: position)
          for text in [changed, longer] {
            do {
              _ = try HurlDocument(parsing: text, file: name)
              read += 1
            } catch {
              let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
              #expect((1...lines.count).contains(error.line) && error.column > 0, "\(error)")
              #expect(error.column <= lines[error.line - 1].count + 1, "\(error)")
              refused += 1
            }
          }
        }
      }
    }
    #expect(read > 100 && refused > 100)
    print("\(read) changed files read, \(refused) refused")
  }

  @Test(.enabled(if: PublicCases.arePresent))
  func `no cut of a public file brings the reader down`() throws {
    var cuts = 0
    for group in ["tests_ok", "tests_failed", "tests_error_parser"] {
      for name in try PublicCases.hurlFiles(group) {
        let bytes = try PublicCases.bytes("smoke/hurl/\(group)/\(name)")
        for length in stride(from: 0, to: min(bytes.count, 3000), by: 37) {
          do {
            _ = try HurlDocument(parsing: Array(bytes[..<length]), file: name)
          } catch {
            #expect(error.line > 0 && error.column > 0)
          }
          cuts += 1
        }
      }
    }
    #expect(cuts > 100)
  }
}
