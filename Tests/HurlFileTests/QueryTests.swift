import HurlFile
import SystemInterfaces
import Testing

@Suite struct `Queries` {
  @Test func `what an answer says of itself`() throws {
    var evaluating = Evaluating("caf\u{e9}", headers: [("Content-Type", "text/plain; charset=utf-8")])
    evaluating.response.url = "http://localhost/hello"
    evaluating.response.version = "2"
    evaluating.response.duration = .milliseconds(1234)
    evaluating.response.address = "127.0.0.1"
    try evaluating.expectAll([
      "status == 200", "status < 300", "version == \"2\"", "url endsWith \"/hello\"",
      "body == \"caf\\u{e9}\"",
      "duration == 1234", "duration < 2000", "bytes count == 5", "bytes == hex,636166c3a9;",
      "bytes == base64,Y2Fmw6k=;", "ip isIpv4", "redirects isEmpty",
      "sha256 == hex,850f7dc43910ff890f8879c0ed26fe697c93a067ad93a7d50f466a7028a9bf4e;",
      "md5 == hex,07117fe4a1ebd544965dc19573183da2;", "body contains \"\u{e9}\"",
    ])
  }

  @Test func `header fields: one is a text, several are a list, names know no case`() throws {
    let evaluating = Evaluating(
      "", headers: [("X-Fruit", "Banana"), ("x-fruit", "Lemon"), ("ETag", "\"33a\"")])
    try evaluating.expectAll([
      "header \"etag\" == \"\\\"33a\\\"\"", "header \"X-FRUIT\" count == 2",
      "header \"x-fruit\" nth 1 == \"Lemon\"",
      "header \"X-Fruit\" isCollection", "header \"X-Fruit\" includes \"Banana\"",
      "header \"X-Fruit\" not includes \"Kiwi\"", "header \"Custom\" not exists", "header \"ETag\" exists",
    ])
    try evaluating.expectNone([
      "header \"Custom\" exists", "header \"ETag\" not exists", "header \"ETag\" count == 1",
    ])
  }

  @Test func `cookies and their attributes`() throws {
    let evaluating = Evaluating(
      "",
      headers: [
        (
          "Set-Cookie",
          "LSID=DQAAAKEaem_vYg; Expires=Wed, 13 Jan 2021 22:23:01 GMT; Secure; HttpOnly; Path=/accounts"
        ),
        ("Set-Cookie", "gone=; Max-Age=0; Domain=localhost; SameSite=None"),
        ("Set-Cookie", "old=a=b; expires=Wed, 13-Jan-2021 22:23:01 GMT"),
      ])
    try evaluating.expectAll([
      "cookie \"LSID\" == \"DQAAAKEaem_vYg\"", "cookie \"LSID[Value]\" == \"DQAAAKEaem_vYg\"",
      "cookie \"LSID[Expires]\" exists", "cookie \"LSID[Expires]\" isDate",
      "cookie \"LSID[Expires]\" format \"%a, %d %b %Y %H:%M:%S\" == \"Wed, 13 Jan 2021 22:23:01\"",
      "cookie \"LSID[Max-Age]\" not exists", "cookie \"LSID[Domain]\" not exists",
      "cookie \"LSID[Path]\" == \"/accounts\"", "cookie \"LSID[secure]\" exists",
      "cookie \"LSID[HttpOnly]\" exists",
      "cookie \"LSID[SameSite]\" not exists", "cookie \"gone\" == \"\"", "cookie \"gone[Max-Age]\" == 0",
      "cookie \"gone[Secure]\" not exists", "cookie \"gone[SameSite]\" == \"None\"",
      "cookie \"old\" == \"a=b\"",
      "cookie \"old[Expires]\" dateFormat \"%Y\" == \"2021\"", "cookie \"none\" not exists",
    ])
    // An attribute without a value is there or not; it equals nothing, nor does the opposite hold.
    try evaluating.expectNone([
      "cookie \"LSID[Secure]\" == true", "cookie \"LSID[Secure]\" not == true",
      "cookie \"LSID[Secure]\" != false",
    ])
  }

  @Test func `certificate fields`() throws {
    var evaluating = Evaluating()
    try evaluating.expectAll(["certificate \"Subject\" not exists"])
    var certificate = HurlResponseValues.Certificate()
    certificate.subject = "CN=example.org"
    certificate.issuer = "C=US, O=Test"
    certificate.serialNumber = "1e:e8"
    certificate.start = evaluating.now - .seconds(86400 * 10)
    certificate.end = evaluating.now + .seconds(86400 * 80 + 3600)
    evaluating.response.certificate = certificate
    try evaluating.expectAll([
      "certificate \"Subject\" == \"CN=example.org\"", "certificate \"Issuer\" startsWith \"C=US\"",
      "certificate \"Serial-Number\" == \"1e:e8\"", "certificate \"Expire-Date\" daysAfterNow > 15",
      "certificate \"Expire-Date\" daysAfterNow == 80", "certificate \"Start-Date\" daysBeforeNow == 10",
      "certificate \"Start-Date\" daysBeforeNow < 100", "certificate \"Subject-Alt-Name\" not exists",
    ])
  }

  @Test func `JSONPath: one place gives its value, several give a list, none gives nothing`() throws {
    let evaluating = Evaluating(
      #"{"count":5,"nil":null,"empty":{},"none":[],"errors":[{"id":"e1"},{"id":"e2"}],"profile-id":"123abc","big":99999999999999999999,"f":1.5e2}"#
    )
    try evaluating.expectAll([
      "jsonpath \"$.count\" == 5", "jsonpath \"$.count\" == 5.0", "jsonpath \"$.nil\" == null",
      "jsonpath \"$.nil\" exists", "jsonpath \"$.gone\" not exists",
      "jsonpath \"$.errors[*].id\" includes \"e1\"",
      "jsonpath \"$.errors[0,1].id\" includes \"e2\"", "jsonpath \"$.errors[0].id\" == \"e1\"",
      "jsonpath \"$.errors[?(@.id=='e1')].id\" nth 0 == \"e1\"", "jsonpath \"$.errors..*\" count == 4",
      "jsonpath \"$..id\" count == 2", "jsonpath \"$.profile-id\" == \"123abc\"",
      "jsonpath \"$.*\" count == 8",
      "jsonpath \"$['profile-id']\" == \"123abc\"", "jsonpath \"$.[ 'count' ]\" == 5",
      "jsonpath \"$.empty\" isEmpty",
      "jsonpath \"$.none\" count == 0", "jsonpath \"$.errors[0].[ 'id' ]\" == \"e1\"",
      "jsonpath \"$.big\" == 99999999999999999999", "jsonpath \"$.big\" > 1", "jsonpath \"$.big\" isInteger",
      "jsonpath \"$.f\" isFloat", "jsonpath \"$.f\" == 150", "jsonpath \"$.errors[7]\" not exists",
      "jsonpath \"$.errors[-1].id\" == \"e2\"", "jsonpath \"$\" isCollection",
    ])
    for path in [
      "", "$.tags[0]x", "$.tags[0,A]", "$.tags[0:A]", "$.tags[]", "$.", "count", "$..", "$[?(@.a=)]",
    ] {
      let assertion = try evaluating.assert("jsonpath \"\(path)\" == false")
      #expect(
        !assertion.passed && assertion.actual.contains("cannot be used"), "\(path): \(assertion.actual)")
    }
  }

  @Test func `regex gives its first group, or nothing`() throws {
    let evaluating = Evaluating("Hello World!")
    try evaluating.expectAll([
      #"regex "Hello ([0-9]+)!" not exists"#, #"regex /Hello ([0-9]+)!/ not exists"#,
      #"regex "Hello ([a-zA-Z]+)!" == "World""#, #"regex /(?i)hello (\w+)!/ == "World""#,
      #"regex /Hello World/ not exists"#, #"body regex /(W.*)!$/ == "World""#,
    ])
  }

  @Test func `variables are visible by name and type`() throws {
    var evaluating = Evaluating()
    evaluating.variables["age"] = .integer(30)
    evaluating.variables["nothing"] = .null
    try evaluating.expectAll([
      "variable \"age\" == 30", "variable \"age\" isInteger", "variable \"nothing\" == null",
      "variable \"unknown\" not exists", "status not == {{age}}",
    ])
  }

  @Test func `bodies are read by their charset`() throws {
    let cases: [(label: String, bytes: [UInt8], text: String)] = [
      ("latin1", [0x63, 0xE9], "cé"), ("ISO-8859-1", [0x80], "€"),
      ("gb2312", [0xC4, 0xE3, 0xBA, 0xC3], "你好"),
      ("cp1256", [0xE3, 0xD1], "مر"), ("UTF-8", [0xC3, 0xA9], "é"), ("shift_jis", [0x82, 0xA0], "あ"),
      ("koi8-r", [0xC1], "а"), ("utf-16le", [0x61, 0], "a"), ("euc-kr", [0xB0, 0xA1], "가"),
    ]
    for (label, bytes, text) in cases {
      for type in ["text/html; charset=\(label)", "text/html;version=1; CHARSET=\"\(label)\"; x=y"] {
        var evaluating = Evaluating("", headers: [("content-type", type)])
        evaluating.response.body = bytes
        try evaluating.expectAll(["body == \"\(text)\"", "bytes count == \(bytes.count)"])
      }
    }
    var evaluating = Evaluating()
    evaluating.response.body = [0xC4, 0xE3]
    #expect(try evaluating.assert("body == \"你\"").actual.contains("UTF-8"))
    try evaluating.expectAll(["bytes decode \"gb2312\" == \"你\"", "bytes contains hex,e3;"])
    #expect(
      try evaluating.assert("bytes decode \"klingon\" == \"x\"").actual.contains("klingon is not known"))
    #expect(try evaluating.assert("bytes decode \"gbk//IGNORE\" == \"x\"").actual.contains("not known"))
  }

  @Test func `a content coding that could not be removed fails every query of the body`() throws {
    var evaluating = Evaluating("xx")
    evaluating.response.bodyProblem = "the content coding unknown is not supported"
    for query in ["body", "bytes", "sha256", "md5", "jsonpath \"$\"", "regex \"(x)\""] {
      #expect(try evaluating.assert("\(query) exists").actual.contains("content coding"))
    }
    try evaluating.expectAll(["status == 200"])
  }
}

@Suite struct `JSONPath queries that may find several` {
  private let evaluating = Evaluating(
    #"{"list":[{"a":1,"on":true},{"a":2}],"empty":[],"tags":["x","y"],"n":null}"#)

  @Test func `nothing found is an empty list that does not exist`() throws {
    for path in [
      "$.gone[*]", "$.list[?@.a==3]", "$.list[?@.a==2].on", "$..gone", "$.empty[*]", "$.list[5:]", "$.n[*]",
    ] {
      try evaluating.expectAll([
        "jsonpath \"\(path)\" not exists", "jsonpath \"\(path)\" count == 0", "jsonpath \"\(path)\" isEmpty",
        "jsonpath \"\(path)\" isCollection", "jsonpath \"\(path)\" isList",
        "jsonpath \"\(path)\" not includes 1",
        "jsonpath \"\(path)\" first not exists",
      ])
      try evaluating.expectNone([
        "jsonpath \"\(path)\" exists", "jsonpath \"\(path)\" == null", "jsonpath \"\(path)\" isObject",
        "jsonpath \"\(path)\" includes 1", "jsonpath \"\(path)\" nth 0 exists",
      ])
    }
    let judged = try evaluating.evaluate("HTTP 200\n[Captures]\nnone: jsonpath \"$.gone[*]\"")
    #expect(judged.captures.map(\.value) == [.list([])])
  }

  @Test func `something found is a list, also of one`() throws {
    try evaluating.expectAll([
      #"jsonpath "$.list[?@.on]" exists"#, #"jsonpath "$.list[?@.on].a" count == 1"#,
      #"jsonpath "$.list[*].a" includes 2"#, #"jsonpath "$.tags" contains "x""#,
      #"jsonpath "$.tags[*]" contains "y""#,
      #"jsonpath "$.tags" not contains "z""#, #"jsonpath "$.empty" exists"#, #"jsonpath "$.n" exists"#,
      #"jsonpath "$.list[*].on" count == 1"#,
    ])
    try evaluating.expectNone([#"jsonpath "$.tags" contains "z""#, #"jsonpath "$.list" contains "x""#])
  }
}
