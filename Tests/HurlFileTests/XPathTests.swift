import HurlFile
import Testing

@Suite struct `XPath` {
  private static let page = """
    <!DOCTYPE html><html><head><meta charset="gb2312"><title>Hello &amp; more</title></head>
    <body><p>one<p class=x>caf\u{e9} <br>two<ul><li>a<li>b</ul><script>if (a < b) {}</script></body></html>
    """
  private static let feed = """
    <?xml version="1.0"?>
    <feed xmlns="urn:atom" xmlns:m="urn:more"><title>T</title>
    <entry id="1"><m:size>10</m:size></entry><entry id="2"><m:size>2.5</m:size><n:x xmlns:n="urn:n"/></entry>
    <!-- note --><raw><![CDATA[<b>]]></raw></feed>
    """
  private let html = Evaluating(page, headers: [("Content-Type", "text/html; charset=utf-8")])
  private let xml = Evaluating(feed, headers: [("Content-Type", "application/xml")])

  @Test func `HTML as it is, tags left open and all`() throws {
    try html.expectAll([
      #"xpath "string(//title)" == "Hello & more""#, #"xpath "//p" count == 2"#, #"xpath "//li" count == 2"#,
      #"xpath "count(//li)" == 2"#, #"xpath "string(//p[@class='x'])" contains "café""#,
      #"xpath "//table" not exists"#,
      #"xpath "normalize-space(//ul)" == "ab""#, #"xpath "boolean(//ul/li[2])" == true"#,
      #"xpath "//p" exists"#,
      #"xpath "//p" isCollection"#, #"xpath "//table" isEmpty"#, #"xpath "//p" not isEmpty"#,
      #"xpath "string(//p/@class)" startsWith "x""#, #"xpath "//body//p" count > 1"#,
      #"xpath "string(//script)" contains "a < b""#,
    ])
    try html.expectNone([
      #"xpath "//table" exists"#, #"xpath "//p" count == 3"#, #"xpath "string(//title)" == 1"#,
      #"xpath "//p" == "one""#,
    ])
  }

  @Test func `XML, its prefixes and its default namespace`() throws {
    try xml.expectAll([
      #"xpath "//_:entry" count == 2"#, #"xpath "//entry" not exists"#, #"xpath "sum(//m:size)" == 12.5"#,
      #"xpath "string(/_:feed/_:title)" == "T""#, #"xpath "//_:entry[@id='2']/m:size > 2" == true"#,
      #"xpath "//n:x" exists"#, #"xpath "string(//_:raw)" == "<b>""#, #"xpath "count(//comment())" == 1"#,
      #"xpath "string(//_:entry[last()]/@id)" == "2""#, #"xpath "number('x')" isFloat"#,
    ])
    try xml.expectNone([#"xpath "//_:entry" count == 1"#, #"xpath "number('x')" == 1"#])
  }

  @Test(arguments: [
    (page, "text/html", #"xpath "//p[" exists"#, "is no XPath expression"),
    (page, "text/html", #"xpath "//z:p" exists"#, "undeclared prefix"),
    (page, "text/html", #"xpath "{{gone}}" exists"#, "gone is not set"),
    ("<a><b></a>", "application/xml", #"xpath "//b" exists"#, "no XML document"),
    ("{}", "application/json", #"xpath "//b" exists"#, "no XML document"),
    (" \n", "text/html", #"xpath "//b" exists"#, "is empty"),
    ("", "application/xml", #"xpath "//b" exists"#, "is empty"),
    (
      "<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z '&x;&x;'>]><a>&z;</a>", "text/xml",
      #"xpath "string(//a)" exists"#,
      "declares entities"
    ),
  ])
  func `what cannot be read or evaluated fails and says why`(
    body: String, type: String, line: String, message: String
  ) throws {
    let assertion = try Evaluating(body, headers: [("Content-Type", type)]).assert(line)
    #expect(!assertion.passed && assertion.actual.contains(message), "\(assertion.actual)")
  }

  @Test func `a document is bounded in size and depth`() throws {
    let large = Evaluating(
      String(repeating: "<p>", count: 1_500_000), headers: [("Content-Type", "text/html")])
    #expect(try large.assert(#"xpath "//p" exists"#).actual.contains("at most 4194304"))
    let deep = String(repeating: "<a>", count: 100_000) + String(repeating: "</a>", count: 100_000)
    #expect(
      try Evaluating(deep, headers: [("Content-Type", "text/xml")]).assert(#"xpath "//a" exists"#).actual
        .contains("no XML document"))
  }

  @Test func `the filter reads text as HTML, captures keep what they found`() throws {
    let evaluating = Evaluating(#"{"page": "<p>Hi <b>you</b></p>", "n": 1}"#)
    try evaluating.expectAll([
      #"jsonpath "$.page" xpath "string(//b)" == "you""#, #"jsonpath "$.page" xpath "//i" not exists"#,
      #"body jsonpath "$.page" xpath "//p/b" count == 1"#,
    ])
    #expect(try evaluating.assert(#"jsonpath "$.n" xpath "//b" exists"#).actual.contains("expected a text"))
    let judged = try xml.evaluate(
      "HTTP 200\n[Captures]\ntitle: xpath \"string(//_:title)\"\nall: xpath \"//_:entry\"")
    #expect(judged.captures.map(\.value) == [.string("T"), .nodeset(2)])
  }

  @Test func `an entry says whether it needs XPath`() throws {
    for (lines, needs) in [
      ("body exists", false), ("xpath \"//a\" exists", true),
      ("body split \",\" nth 0 xpath \"//a\" exists", true),
    ] {
      let document = try HurlDocument(parsing: "GET http://a/\nHTTP 200\n[Asserts]\n\(lines)", file: "t.hurl")
      #expect(document.entries[0].usesXPath == needs)
    }
  }
}
