import JSONValues
import Testing

@testable import YAMLDocuments

@Suite struct `Reading YAML` {
  @Test func `a document of all kinds`() throws {
    let node = try YAMLNode.parse(
      """
      # comment
      name: backstop
      steps:
        - one
        - {two: 2}
      text: |
        first
        second
      folded: >-
        a
        b
      quoted: "tab\\t\\u00e9"
      single: 'it''s'
      """)
    #expect(node["name"]?.text == "backstop")
    #expect(node["steps"]?[1]?["two"]?.int == 2)
    #expect(node["text"]?.text == "first\nsecond\n")
    #expect(node["folded"]?.text == "a b")
    #expect(node["quoted"]?.text == "tab\té")
    #expect(node["single"]?.text == "it's")
    #expect(node["absent"] == nil)
    #expect(node["steps"]?[2] == nil)
  }

  @Test func `places are counted from one`() throws {
    let node = try YAMLNode.parse("a:\n  b: [x,\n      y]\n")
    let member = try #require(node["a"]?.mapping?.member("b"))
    #expect(member.line == 2)
    #expect(member.column == 3)
    #expect(node["a"]?["b"]?[1]?.line == 3)
    #expect(node["a"]?["b"]?[1]?.column == 7)
  }

  @Test func `tags are kept as written`() throws {
    let node = try YAMLNode.parse("a: !Ref Bucket\nb: !GetAtt [A, B]\nc: !Sub {x: 1}\nd: !!str 12\n")
    #expect(node["a"]?.tag == "!Ref")
    #expect(node["b"]?.tag == "!GetAtt")
    #expect(node["c"]?.tag == "!Sub")
    #expect(node["d"]?.json == "12")
  }

  @Test func `aliases and merge keys are replaced by what they name`() throws {
    let node = try YAMLNode.parse(
      """
      base: &base {a: 1, b: 2}
      other: &other {b: 3, c: 4}
      list: [*base, &x y, *x]
      merged:
        <<: [*base, *other]
        a: own
      """)
    #expect(node["list"]?[0]?["b"]?.int == 2)
    #expect(node["list"]?[2]?.text == "y")
    #expect(node["merged"]?.json == ["a": "own", "b": 2, "c": 4])
  }

  @Test func `an empty document is null`() throws {
    #expect(try YAMLNode.parse("").isNull)
    #expect(try YAMLNode.parse("# nothing\n---\n").isNull)
  }

  @Test(arguments: [
    ("true", JSONValue.bool(true)), ("Yes", .bool(true)), ("on", .bool(true)), ("OFF", .bool(false)),
    ("no", .bool(false)), ("~", .null), ("null", .null), ("", .null), ("y", "y"), ("tRUE", "tRUE"),
    ("12", 12), ("-7", -7), ("+7", 7), ("1_000", 1000), ("0x1F", 31), ("0644", 420), ("0b101", 5),
    ("0898", "0898"), ("1.50", .number(JSONNumber(literal: "1.50"))),
    (".5", .number(JSONNumber(literal: "0.5"))), ("6.", .number(JSONNumber(literal: "6"))),
    ("1e3", .number(JSONNumber(literal: "1e3"))), ("1E+3", .number(JSONNumber(literal: "1e3"))),
    ("2012-10-17", "2012-10-17"), ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
    ("12:30", "12:30"), ("1.2.3", "1.2.3"), ("1-2", "1-2"), ("-", "-"), (".", "."), ("0x", "0x"),
    ("1e", "1e"),
    ("arn:aws:s3:::b", "arn:aws:s3:::b"), ("12abc", "12abc"), ("_1", "_1"), ("1_", "1_"),
  ])
  func `plain scalars are resolved`(text: String, value: JSONValue) {
    #expect(YAMLScalar(text, isPlain: true).resolved == value)
  }

  @Test(arguments: ["true", "12", "null", "~", ""])
  func `quoted scalars stay text`(text: String) {
    #expect(YAMLScalar(text, isPlain: false).resolved == .string(text))
  }

  @Test func `a leading zero of an account id is kept apart from octal`() throws {
    #expect(try YAMLNode.parse("id: '012345678901'")["id"]?.json == "012345678901")
    #expect(try YAMLNode.parse("id: '012345678901'")["id"]?.text == "012345678901")
  }
}

@Suite struct `Reading JSON with places` {
  @Test func `members know their line`() throws {
    let node = try YAMLNode.parse("{\n\t\"a\": {\n\t\t\"b\": [1, true, null, \"x\"]\n\t}\n}\n")
    #expect(node["a"]?.mapping?.member("b")?.line == 3)
    #expect(node["a"]?["b"]?[3]?.column == 24)
    #expect(node.json == ["a": ["b": [1, true, nil, "x"]]])
  }

  @Test func `escapes and surrogate pairs`() throws {
    let node = try YAMLNode.parse(#"["\ud83d\ude00", "\/\"\\\b\f\n\r\t", "\u00e9", "\ud800"]"#)
    #expect(node[0]?.text == "😀")
    #expect(node[1]?.text == "/\"\\\u{8}\u{C}\n\r\t")
    #expect(node[2]?.text == "é")
    #expect(node[3]?.text == "\u{FFFD}")
  }

  @Test func `a flow collection that is no JSON is read as YAML`() throws {
    #expect(try YAMLNode.parse("{a: 1, 'b': [x, !Ref y], }")["b"]?[1]?.tag == "!Ref")
  }

  @Test(arguments: ["{}", "[]", "{\"a\":[],\"b\":{}}", "[-1.5e-3,0]", "\u{FEFF}{\"a\":1}"])
  func `equals what the JSON parser reads`(text: String) throws {
    #expect(try YAMLNode.parse(text).json == JSONValue(parsing: text))
  }

  @Test(arguments: [
    ("{\n\"a\": 1,\n\"a\": 2}", 3, "duplicate key"), ("{\"a\": 1", 1, ""), ("{\"a\" 1}", 1, ""),
    ("[1,\n2", 2, ""), ("{\"a\": \"x\n\"\n", 1, ""), ("[\"\\u12\"]", 1, ""), ("{} {}", 1, ""),
    ("[\"\\x\"]", 1, ""),
  ])
  func `errors name the line`(text: String, line: Int, part: String) {
    let error = #expect(throws: YAMLError.self) { try YAMLNode.parse(text) }
    #expect((error?.line ?? 0) >= line)
    #expect(error?.message.contains(part) == true || part.isEmpty)
  }
}

@Suite struct `Hostile documents` {
  private func failure(_ text: String, _ limits: YAMLLimits = YAMLLimits()) -> YAMLError? {
    do {
      _ = try YAMLNode.parse(text, limits: limits)
      return nil
    } catch { return error }
  }

  @Test func `aliases that explode are refused`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...20 {
      let names = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    #expect(failure(text)?.message.contains("more than 1000000 nodes") == true)
    #expect(failure(text)?.line == 7)
  }

  @Test func `an alias inside its own anchor is refused`() {
    #expect(failure("a: &a [1, *a]")?.message == "alias *a names what contains it")
    #expect(failure("a: *b")?.message == "alias *b names no anchor")
  }

  @Test(arguments: [
    String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000),
    String(repeating: "{\"a\":", count: 10_000) + "1" + String(repeating: "}", count: 10_000),
    String(repeating: "- ", count: 10_000) + "x",
    "a: " + String(repeating: "{b: ", count: 10_000) + "1" + String(repeating: "}", count: 10_000),
    "x" + String(repeating: "[", count: 10_000),
  ])
  func `10,000 levels are refused`(text: String) {
    // The last one is a plain scalar, not a nesting.
    if text.hasPrefix("x") {
      #expect(failure(text) == nil)
    } else {
      #expect(failure(text)?.message == "nested deeper than 200 levels")
    }
  }

  @Test func `levels reached through aliases count too`() {
    var text = "a0: &a0 x\n"
    for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(failure(text, YAMLLimits(depth: 30))?.message == "nested deeper than 30 levels")
    #expect(failure(text) == nil)
  }

  @Test func `a text over the limit is not read`() {
    let error = failure(String(repeating: " ", count: 2000), YAMLLimits(bytes: 1000))
    #expect(error?.description == "the document has 2000 bytes; at most 1000 are read")
  }

  @Test func `too many nodes are refused in both syntaxes`() {
    let many = Array(repeating: "1", count: 50).joined(separator: ",")
    #expect(failure("[\(many)]", YAMLLimits(nodes: 50))?.message.contains("more than 50 nodes") == true)
    #expect(failure("a: [\(many)]", YAMLLimits(nodes: 50))?.message.contains("more than 50 nodes") == true)
  }

  @Test func `invalid UTF-8 is named with its place`() {
    let error = #expect(throws: YAMLError.self) {
      try YAMLNode.parse(Array("a: 1\nb: \"".utf8) + [0xC3, 0x28] + Array("\"".utf8))
    }
    #expect(error?.line == 2)
    #expect(error?.column == 5)
  }

  @Test(arguments: [
    ("a: 1\nb: 2\na: 3\n", 3, "duplicate key \"a\""), ("a: b: c\n", 1, "mapping values are not allowed"),
    ("a: 1\n--- \nb: 2\n", 2, "second"), ("? [a]\n: 1\n", 1, "expected a scalar as the key"),
    ("? {a: 1}\n: 1\n", 1, "expected a scalar as the key"), ("a: \"x", 1, "end of stream"),
    ("a: @x", 1, "cannot start any token"), ("\ta: 1", 1, "cannot start any token"),
    ("a: %\u{1}", 1, "control"),
  ])
  func `errors say what and where`(text: String, line: Int, part: String) {
    let error = failure(text)
    #expect(error?.line == line)
    #expect(error?.message.contains(part) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    "a: 1\nb: 2\na: 3\n", "{\"a\": 1, \"b\": 2, \"a\": 3}", "x: &x {a: 1}\na: 1\n<<: *x\nb: 2\na: 3\n",
  ])
  func `the last of equal names counts where the caller wants it`(text: String) throws {
    var limits = YAMLLimits()
    limits.lastNameCounts = true
    let node = try YAMLNode.parse(Array(text.utf8), limits: limits)
    #expect(node["a"]?.text == "3")
    #expect(node["b"]?.text == "2")
    #expect(node.mapping?.members.filter { $0.name == "a" }.count == 1)
  }

  @Test func `duplicates are found in large mappings too`() {
    let lines = (0..<100).map { "k\($0): 1\n" }.joined() + "k50: 2\n"
    #expect(failure(lines)?.line == 101)
  }

  @Test func `many aliases to one large node stay within the bound`() {
    let big = "big: &big [" + Array(repeating: "1", count: 5000).joined(separator: ",") + "]\nuses:\n"
    let uses = String(repeating: "  - *big\n", count: 1000)
    #expect(failure(big + uses)?.message.contains("nodes") == true)
  }
}
