import Testing

@testable import HurlFile

@Suite struct `Regular expressions` {
  @Test(arguments: [
    (#"\d{4}"#, "2024", true), (#"^\w+$"#, "héllo", true), (#"^\d$"#, "٣", true), ("^a.c$", "a\nc", false),
    ("(?s)^a.c$", "a\nc", true), ("^b$", "a\nb", false), ("(?m)^b$", "a\nb\nc", true), ("a$", "a\n", false),
    ("(?i)straße", "STRAßE", true), (#"\x41\u0042\u{43}\U00000044"#, "ABCD", true),
    (#"\p{Greek}+"#, "αβγ", true),
    (#"\p{Letter}\pN\P{L}"#, "a1-", true), ("[[:alpha:]_]+", "abc_", true), ("^[[:alpha:]]$", "é", false),
    ("(?P<y>x)(?<z>y)", "xy", true), ("(?i:A)b", "aB", false), ("(?u)é", "é", true),
    ("(?x) a b # c", "ab", true),
    (#"\bword\b"#, "a word.", true), (#"\Aab\z"#, "ab", true), ("a{2,3}?", "aa", true),
    (#"\v"#, "\u{B}", true),
    (#"\<b"#, "a b", true), ("[]a]", "]", true), ("[^]a]", "a", false), (#"aa\\bb"#, #"aa\bb"#, true),
    ("x*", "", true),
    ("(?U)a+", "aa", true), ("é{2}", "éé", true), ("", "anything", true), (".", "𝌆", true),
    ("^.$", "\r", true),
  ])
  func `Rust's syntax`(pattern: String, text: String, expected: Bool) throws {
    #expect(try RegularExpression(pattern).isFound(in: text) == expected)
  }

  @Test(arguments: [
    "hi{", "x{a}", "{2}", "*a", "a**", "(", ")", "[", "[z-a]", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?>a)",
    #"(a)\1"#,
    #"\q"#, #"\Z"#, #"\K"#, "a\\", "(?P<1>a)", "[a&&b]", "[a[b]]", "[[:nope:]]", "(*UTF)", "(?-u)a", "(?z)",
    #"\x{110000}"#,
    #"\x4"#, "|*", "(?:", #"\p{Nope}"#, "??",
  ])
  func `what Rust refuses, or is not supported, is refused`(pattern: String) {
    #expect(throws: PatternError.self) { try RegularExpression(pattern) }
  }

  @Test(arguments: [
    ("a.b", "a\rb", false), ("a.b", "a\u{2028}b", true), ("ab?", "a", true), ("[0-9]{2}", "12", true),
    ("a|bc", "bc", true),
    ("(a|b)*", "abba", true), (#"\p{Lu}"#, "Ж", true), (#"\."#, ".", true), ("[^a-c]", "d", true),
    ("ab", "abc", false),
  ])
  func `I-Regexp matches whole texts`(pattern: String, text: String, expected: Bool) throws {
    #expect(try RegularExpression(pattern, syntax: .wholeIRegexp).isFound(in: text) == expected)
  }

  @Test(arguments: [
    #"\d"#, #"\bx"#, "(?:a)", "(?i)a", "a**", "[]", "[[:alpha:]]", #"\p{Greek}"#, "a{", "}", "(", ")", "*",
  ])
  func `what is no I-Regexp is refused`(pattern: String) {
    #expect(throws: PatternError.self) { try RegularExpression(pattern, syntax: .iRegexp) }
  }

  @Test func `a match that takes too long is given up`() throws {
    let hostile = try RegularExpression("^(a|aa)+$")
    let error = #expect(throws: PatternError.self) {
      try hostile.isFound(in: String(repeating: "a", count: 60) + "!")
    }
    #expect(error?.message.contains("too long") == true)
  }

  @Test func `groups that took no part are nothing`() throws {
    let groups = try RegularExpression("(a)|(b)").groups(in: "xb")
    #expect(groups == ["b", nil, "b"])
    #expect(try RegularExpression("a").groups(in: "b") == nil)
  }

  @Test func `replacement of every match`() throws {
    func replaced(_ pattern: String, _ text: String, _ new: String) throws -> String {
      try RegularExpression(pattern).replacingMatches(in: text, with: new)
    }
    #expect(try replaced("b+", "abba", "<$0>") == "a<bb>a")
    #expect(try replaced("", "é", "-") == "-é-")
    #expect(try replaced("a", "a", "$1x") == "")
    #expect(try replaced("(a)", "a", "${1}x$") == "ax$")
    #expect(try replaced("a", "bab", "") == "bb")
    #expect(try replaced("z", "bab", "q") == "bab")
    #expect(try replaced("(?P<first>.)(?P<second>.)", "ab", "$second$first") == "ba")
  }
}

@Suite struct `Patterns and formats of JSON Schema` {
  @Test(arguments: [
    (#"^\d{3}-\d{4}$"#, "555-1234", true), (#"^\d{3}$"#, "12\u{0663}", false), (#"\w+"#, "\u{E9}", false),
    (#"^\s$"#, "\u{FEFF}", true), (#"^a.c$"#, "a\nc", false), (#"^abc$"#, "abc\n", false),
    (#"\bcat\b"#, "the cat sat", true), (#"\bcat\b"#, "concat", false), (#"^\u00e9$"#, "\u{E9}", true),
    (#"^\u{1F600}$"#, "\u{1F600}", true), (#"^[^[]*$"#, "a[b", false), (#"^\p{Lu}$"#, "\u{C9}", true),
    (#"^(?<year>\d+)(?=-)"#, "2026-", true), (#"^(?:a|b)+?$"#, "abab", true),
    (#"^[\w.+-]+@\w+$"#, "a.b@c", true),
    (#"^[\d\s]+$"#, "1 2", true), (#"^\/api\/$"#, "/api/", true),
  ]) func `what both dialects read alike is judged`(pattern: String, text: String, isFound: Bool) {
    #expect(SchemaPattern.isFound(pattern, in: text) == isFound)
  }

  @Test(arguments: [
    "(?i)a", "a++", "[]", "[^]", #"(a)?\1"#, #"\Aa"#, #"a\z"#, #"\h"#, #"\p{Script=Greek}"#, #"\cA"#, "a{,3}",
    "(", "[a",
    #"\"#, "(*ACCEPT)", "(?#c)", #"\Qa\E"#, "a{2}{3}", #"\u12"#, #"\ud83d"#, "]", "}",
  ]) func `what they read differently, or what is no pattern, is not`(pattern: String) {
    #expect(SchemaPattern.isFound(pattern, in: "a") == nil)
  }

  @Test(
    arguments: [
      ("date-time", "2026-11-30T12:00:00Z", true), ("date-time", "2026-11-30T23:59:60Z", true),
      ("date-time", "2026-11-30 12:00", false), ("date", "2024-02-29", true), ("date", "2026-02-29", false),
      ("date", "2026-11-30T12:00:00Z", false), ("time", "12:00:00Z", true), ("time", "25:00:00Z", false),
      ("uuid", "123e4567-e89b-12d3-a456-426614174000", true),
      ("uuid", "123e4567e89b12d3a456426614174000", false),
      ("ipv4", "10.0.0.1", true), ("ipv4", "10.0.0", false), ("ipv6", "::1", true), ("ipv6", "1", false),
      ("email", "a@b.example", true), ("email", "nobody", false), ("uri", "https://a.example/x", true),
      ("uri", "/relative", false), ("byte", "YWJj", true), ("byte", "YWJ", false), ("hostname", "??", nil),
      ("password", "", nil),
    ] as [(String, String, Bool?)]) func `formats that all agree on`(
      format: String, text: String, holds: Bool?
    )
  {
    #expect(SchemaFormat.holds(format, text) == holds)
  }
}
