import HurlFile
import Testing

@Suite struct `Predicates` {
  static let body = #"""
    {"true":true,"zero":0,"text":"Hello","void":"","float":1.5,"list":[1,2.0,"x",null],"date":"2022-10-31T09:00:00.594Z",
    "object":{"a":1},"four":"127.0.0.1","six":"::1","uuid":"01cc0f54-8885-4a1d-9121-ae5d316a33c5","num":"12","nil":null}
    """#
  let evaluating = Evaluating(Self.body)

  @Test func `equality goes by value for numbers and by type and value for all else`() throws {
    try evaluating.expectAll([
      "jsonpath \"$.zero\" == 0", "jsonpath \"$.zero\" == 0.0", "jsonpath \"$.zero\" == -0.0",
      "jsonpath \"$.float\" == 1.50", "jsonpath \"$.float\" ==1.5", "jsonpath \"$.zero\" != 1",
      "jsonpath \"$.true\" == true", "jsonpath \"$.true\" != null", "jsonpath \"$.true\" != \"true\"",
      "jsonpath \"$.text\" equals \"Hello\"", "jsonpath \"$.text\" notEquals \"hello\"",
      "jsonpath \"$.nil\" == null",
      "jsonpath \"$.zero\" not == 10", "jsonpath \"$.zero\" not == true", "jsonpath \"$.text\" == `Hello`",
      "jsonpath \"$.text\" == ```Hello```",
    ])
    try evaluating.expectNone([
      "jsonpath \"$.true\" == \"true\"", "jsonpath \"$.text\" == 0", "jsonpath \"$.void\" == 0",
      "jsonpath \"$.num\" == 12", "jsonpath \"$.zero\" == null", "jsonpath \"$.gone\" == null",
      "jsonpath \"$.gone\" != 1",
    ])
  }

  @Test func `text is compared character by character, not by how it looks`() throws {
    let evaluating = Evaluating("e\u{301}")
    try evaluating.expectAll([#"body == "e\u{301}""#, #"body != "\u{e9}""#, #"body contains "e""#])
  }

  @Test func `numbers and texts have an order, nothing else has`() throws {
    try evaluating.expectAll([
      "jsonpath \"$.float\" > 1", "jsonpath \"$.float\" >= 1.5", "jsonpath \"$.float\" <= 1.5",
      "jsonpath \"$.float\" < 2", "jsonpath \"$.text\" > \"He\"", "jsonpath \"$.text\" < \"Hellp\"",
      "jsonpath \"$.text\" <= \"Hello\"", "jsonpath \"$.zero\" greaterThan -1", "jsonpath \"$.zero\" not > 0",
      "jsonpath \"$.gone\" not > 1",
    ])
    // Neither holds for a type without an order: the comparison itself is wrong.
    try evaluating.expectNone([
      "jsonpath \"$.true\" > 0", "jsonpath \"$.true\" not > 0", "jsonpath \"$.text\" < 1",
      "jsonpath \"$.nil\" >= 0",
      "jsonpath \"$.list\" not < 9",
    ])
  }

  @Test func `parts of texts and of bytes`() throws {
    try evaluating.expectAll([
      "jsonpath \"$.text\" startsWith \"He\"", "jsonpath \"$.text\" endsWith \"lo\"",
      "jsonpath \"$.text\" contains \"ell\"",
      "jsonpath \"$.text\" not contains \"xx\"", "jsonpath \"$.text\" startsWith \"\"",
      "bytes startsWith hex,7b22;",
      "bytes endsWith hex,7d;", "bytes contains hex,74727565;", "bytes not contains hex,00;",
      "jsonpath \"$.gone\" not startsWith \"x\"",
    ])
    try evaluating.expectNone([
      "jsonpath \"$.zero\" startsWith \"0\"", "jsonpath \"$.zero\" not startsWith \"1\"",
      "bytes startsWith \"{\"",
      "jsonpath \"$.text\" contains hex,48;", "jsonpath \"$.list\" contains \"no such element\"",
      "jsonpath \"$.gone\" contains \"x\"",
      "jsonpath \"$.text\" endsWith \"Hello World\"",
    ])
  }

  @Test func `what a list includes`() throws {
    try evaluating.expectAll([
      "jsonpath \"$.list\" includes 1", "jsonpath \"$.list\" includes 2",
      "jsonpath \"$.list\" includes \"x\"",
      "jsonpath \"$.list\" includes null", "jsonpath \"$.list\" not includes 100",
    ])
    try evaluating.expectNone([
      "jsonpath \"$.list\" includes 3", "jsonpath \"$.text\" includes \"H\"",
      "jsonpath \"$.zero\" not includes \"foo\"",
    ])
  }

  @Test func `patterns`() throws {
    try evaluating.expectAll([
      #"jsonpath "$.text" matches "^H[a-z]+$""#, #"jsonpath "$.text" matches /l{2}/"#,
      #"jsonpath "$.text" not matches /\d/"#, #"jsonpath "$.date" matches "^\\d{4}-\\d{2}""#,
      #"jsonpath "$.date" matches /^\d{4}-\d{2}-\d{2}T/"#, #"jsonpath "$.gone" not matches /x/"#,
    ])
    try evaluating.expectNone([
      #"jsonpath "$.zero" matches "0""#, #"jsonpath "$.zero" not matches "hi""#,
      #"jsonpath "$.text" matches "hi{""#,
      #"jsonpath "$.gone" not matches "hi{""#,
    ])
  }

  @Test func `types`() throws {
    try evaluating.expectAll([
      "jsonpath \"$.zero\" isInteger", "jsonpath \"$.zero\" isNumber", "jsonpath \"$.zero\" not isFloat",
      "jsonpath \"$.float\" isFloat", "jsonpath \"$.float\" isNumber", "jsonpath \"$.text\" isString",
      "jsonpath \"$.true\" isBoolean", "jsonpath \"$.list\" isCollection",
      "jsonpath \"$.object\" isCollection",
      "bytes isCollection", "jsonpath \"$.list\" isList", "jsonpath \"$.object\" isObject",
      "jsonpath \"$.text\" not isCollection", "jsonpath \"$.num\" not isNumber",
      "jsonpath \"$.date\" isIsoDate",
      "jsonpath \"$.date\" not isDate", "jsonpath \"$.date\" toDate \"%+\" isDate",
      "jsonpath \"$.text\" not isIsoDate",
      "jsonpath \"$.four\" isIpv4", "jsonpath \"$.four\" not isIpv6", "jsonpath \"$.six\" isIpv6",
      "jsonpath \"$.uuid\" isUuid", "jsonpath \"$.text\" not isUuid", "jsonpath \"$.void\" isEmpty",
      "jsonpath \"$.text\" not isEmpty", "jsonpath \"$.list\" not isEmpty",
      "jsonpath \"$.gone\" not isString",
    ])
    try evaluating.expectNone([
      "jsonpath \"$.zero\" isEmpty", "jsonpath \"$.zero\" isIsoDate", "jsonpath \"$.zero\" not isIsoDate",
      "jsonpath \"$.gone\" isInteger", "jsonpath \"$.gone\" isEmpty", "jsonpath \"$.zero\" not isIpv4",
    ])
  }

  @Test func `times by RFC 3339`() throws {
    for text in [
      "1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1990-12-31T23:59:60Z",
      "1937-01-01T12:00:27.87+00:20",
    ] {
      try Evaluating(text).expectAll(["body isIsoDate"])
    }
    for text in ["1978-01-15", "2024-02-30T00:00:00Z", "2024-01-01T25:00:00Z", "yesterday"] {
      try Evaluating(text).expectAll(["body not isIsoDate"])
    }
  }

  @Test func `the file of a comparison is read through the context`() throws {
    var evaluating = Evaluating("Hi")
    evaluating.files["a b.bin"] = Array("Hi".utf8)
    try evaluating.expectAll([#"bytes == file,a\ b.bin;"#])
    #expect(try evaluating.assert("bytes == file,none;").actual.contains("there is no such file"))
  }

  @Test func `messages say what was expected and what was found`() throws {
    let assertion = try evaluating.assert("jsonpath \"$.zero\" not == 0")
    #expect(assertion.line == 4 && assertion.column == 1)
    #expect(assertion.description == "jsonpath \"$.zero\" not == 0")
    #expect(assertion.expected == "not == integer 0")
    #expect(assertion.actual == "integer 0")
    #expect(try evaluating.assert("jsonpath \"$.gone\" exists").actual == "nothing")
    let unfit = try evaluating.assert("jsonpath \"$.true\" > 0")
    #expect(unfit.actual == "boolean true, which > does not apply to")
    // What is told is bounded; who shows it shortens it after taking secrets out.
    let long = Evaluating(String(repeating: "x", count: 1_000_000))
    #expect(try long.assert("body == \"\"").actual.utf8.count < 300_000)
    let passed = try long.assert("body startsWith \"x\"")
    #expect(passed.passed && passed.expected.isEmpty && passed.actual.isEmpty)
  }
}
