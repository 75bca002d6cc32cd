import HurlFile
import SystemInterfaces
import Testing

@Suite struct `Filters` {
  private func holds(_ input: String, _ line: String) throws -> HurlEvaluation.Assertion {
    var evaluating = Evaluating()
    evaluating.variables["in"] = .string(input)
    return try evaluating.assert("variable \"in\" \(line)")
  }

  @Test(arguments: [
    ("a,b,c", "split \",\" count == 3"), ("a,b,c", "split \",\" nth 0 == \"a\""),
    ("a,b,c", "split \",\" nth -1 == \"c\""),
    ("a,b,c", "split \",\" first == \"a\""), ("a,b,c", "split \",\" last == \"c\""),
    ("abc", "split \", \" count == 1"),
    ("a::b", "split \"::\" nth 1 == \"b\""), ("a, b", "replace \", \" \"|\" == \"a|b\""),
    ("Welcome Bob!", "replace \"B[aoi]b\" \"Dude\" == \"Welcome Dude!\""),
    ("a[b", "replace \"[\" \"(\" == \"a(b\""),
    ("1.2.3", "replace \".\" \"-\" == \"1-2-3\""), ("a1b22", #"replace /\d+/ "x" == "axbx""#),
    ("a1b22", #"replaceRegex "\\d" "x" == "axbxx""#),
    ("John Smith", #"replaceRegex /(\w+) (\w+)/ "$2 ${1}!" == "Smith John!""#),
    ("ab", #"replaceRegex /(?P<x>a)/ "$x$$" == "a$b""#), ("aé", #"replaceRegex /x*/ "-" == "-a-é-""#),
    ("Hello Bob!", "regex \"Hello (.*)!\" == \"Bob\""), ("123", "toInt == 123"), ("-5", "toInt == -5"),
    ("3.14", "toFloat == 3.14"), ("3", "toFloat isFloat"), ("12", "toInt toString == \"12\""),
    ("a b&c=d/é", "urlEncode == \"a%20b%26c%3Dd/%C3%A9\""), ("a%20b%26+%C3%A9", "urlDecode == \"a b&+é\""),
    ("100%", "urlDecode == \"100%\""),
    ("a > b & c < \"d\"", "htmlEscape == \"a &gt; b &amp; c &lt; \\\"d\\\"\""),
    (
      "&lt;p&gt; &copy; &#169; &#xA9; &#x1D306; &amp;amp; &notin; &unknown; &copy2",
      "htmlUnescape == \"<p> © © © 𝌆 &amp; ∉ &unknown; ©2\""
    ),
    ("&#0; &#xD800; &;&", "htmlUnescape == \"\u{FFFD} \u{FFFD} &;&\""),
    ("PDw/Pz8+Pg==", "base64Decode == hex,3c3c3f3f3f3e3e;"),
    ("PDw_Pz8-Pg", "base64UrlSafeDecode == hex,3c3c3f3f3f3e3e;"), ("é", "utf8Encode == hex,c3a9;"),
    ("é", "utf8Encode utf8Decode == \"é\""), ("é", "utf8Encode toHex == \"c3a9\""),
    ("<<???>>", "utf8Encode base64Encode == \"PDw/Pz8+Pg==\""),
    ("<<???>>", "utf8Encode base64UrlSafeEncode == \"PDw_Pz8-Pg\""),
    (#"[{"name":"Dune"}]"#, "jsonpath \"$[0].name\" == \"Dune\""),
    (#"{"a":[1,2]}"#, "jsonpath \"$.a\" count == 2"),
    ("http://x/?a=1&b=x%20y+z#f?b=2", "urlQueryParam \"b\" == \"x y z\""),
    ("http://x/?a", "urlQueryParam \"a\" == \"\""),
    ("http://x/", "urlQueryParam \"a\" not exists"),
  ])
  func `on text`(input: String, line: String) throws {
    let assertion = try holds(input, line)
    #expect(assertion.passed, "\(input) \(line): \(assertion.actual)")
  }

  @Test(arguments: [
    ("abc", "toInt == 1", "expected a whole number"), ("1.5", "toInt == 1", "expected a whole number"),
    ("abc", "toFloat == 1", "expected a number"), ("abc", "count == 3", "expected a list"),
    ("abc", "nth 0 == \"a\"", "expected a list"),
    ("a,b", "split \",\" nth 2 == \"c\"", "there is no element 2"),
    ("ab*c", "base64Decode == hex,;", "no Base64"), ("ab=c", "base64Decode == hex,;", "no Base64"),
    ("%ff", "urlDecode == \"\"", "UTF-8"), ("abc", "toHex == \"\"", "expected bytes"),
    ("abc", "jsonpath \"$\" == 1", "no JSON"), ("[1]", "jsonpath \"x\" == 1", "cannot be used"),
    ("abc", "daysAfterNow == 1", "expected a date"), ("abc", "dateFormat \"%Y\" == \"\"", "expected a date"),
    ("abc", "toDate \"%Y-%m-%d\" isDate", "no such date"), ("abc", "regex \"(\" == 1", "no pattern"),
    ("abc", "location == \"\"", "expected a response"), ("abc", "urlQueryParam \"a\" exists", "no URL"),
    ("abc", "replace \"[\" \"x\" == 1", "no pattern"), ("abc", "replaceRegex \"[\" \"x\" == 1", "no pattern"),
    ("abc", "split \"{{gone}}\" count == 1", "gone is not set"),
  ])
  func `that do not apply fail the assertion and say why`(input: String, line: String, message: String) throws
  {
    let assertion = try holds(input, line)
    #expect(!assertion.passed && assertion.actual.contains(message), "\(line): \(assertion.actual)")
    #expect(assertion.column > 1, "the filter's place is named")
  }

  @Test func `a filter needs a value, a filter may find none`() throws {
    let evaluating = Evaluating(#"{"a":"x"}"#)
    for line in [
      "jsonpath \"$.gone\" count == 0", "jsonpath \"$.gone\" count not exists", "header \"X\" toInt exists",
    ] {
      #expect(try evaluating.assert(line).actual.contains("there is no value for the filter"))
    }
    try evaluating.expectAll([#"jsonpath "$.a" regex "(\\d)" not exists"#])
  }

  @Test func `numbers`() throws {
    let evaluating = Evaluating(#"{"f":2.9,"n":-2.9,"i":3,"b":true,"l":[1]}"#)
    try evaluating.expectAll([
      "jsonpath \"$.f\" toInt == 2", "jsonpath \"$.n\" toInt == -2", "jsonpath \"$.i\" toFloat isFloat",
      "jsonpath \"$.i\" toString == \"3\"", "jsonpath \"$.b\" toString == \"true\"",
      "jsonpath \"$.i\" toFloat toString == \"3.0\"", "status toString startsWith \"2\"",
    ])
    try evaluating.expectNone(["jsonpath \"$.l\" toString == \"[1]\"", "jsonpath \"$.b\" toInt == 1"])
  }

  @Test(arguments: [
    ("Wed, 21 Oct 2015 07:28:00 GMT", "%a, %d %b %Y %H:%M:%S GMT", "2015-10-21T07:28:00Z"),
    ("2023-01-23T18:25:43.511Z", "%Y-%m-%dT%H:%M:%S%.fZ", "2023-01-23T18:25:43.511Z"),
    ("2023-01-23T18:25:43.511Z", "%+", "2023-01-23T18:25:43.511Z"),
    ("2023-01-23T18:25:43+02:00", "%+", "2023-01-23T16:25:43Z"),
    ("1983 Apr 13 12:09:14.274 +0000", "%Y %b %d %H:%M:%S%.3f %z", "1983-04-13T12:09:14.274Z"),
    ("13/04/83 1:05 PM", "%d/%m/%y %I:%M %p", "1983-04-13T13:05:00Z"),
    ("2024-060 00:00", "%Y-%j %R", "2024-02-29T00:00:00Z"), ("1700000000", "%s", "2023-11-14T22:13:20Z"),
    ("Friday,  5 July 2024 23:59:59 -01:30", "%A, %e %B %Y %T %z", "2024-07-06T01:29:59Z"),
    ("2001-07-08T00:34:60.026490+09:30", "%FT%T%.f%:z", "2001-07-07T15:05:00.026Z"),
  ])
  func `dates are read by a format`(text: String, format: String, expected: String) throws {
    let assertion = try holds(
      text, "toDate \"\(format)\" dateFormat \"%+\" toDate \"%+\" format \"%s %3f\" exists")
    #expect(assertion.passed, "\(assertion.actual)")
    let time = try #require(Timestamp(expected))
    let seconds = Int64(time.seconds.rounded(.down))
    let same = try holds(
      text, "toDate \"\(format)\" format \"%s %3f\" == \"\(seconds) \(milliseconds(time))\"")
    #expect(same.passed, "\(same.actual), expected \(same.expected)")
  }

  private func milliseconds(_ time: Timestamp) -> String {
    let count = String(time.microseconds / 1000 % 1000)
    return String(repeating: "0", count: 3 - count.count) + count
  }

  @Test(arguments: [
    ("%Y-%m-%d", "2001-07-08"), ("%A %a %B %b %h", "Sunday Sun July Jul Jul"),
    ("%H:%M:%S %I %p %P", "00:34:59 12 AM am"),
    ("%C %y %j %e %-d %_d %-m", "20 01 189  8 8  8 7"), ("%u %w %U %W %V %G %g", "7 0 27 27 27 2001 01"),
    ("%D %F %T %R %r %v", "07/08/01 2001-07-08 00:34:59 00:34 12:34:59 AM  8-Jul-2001"),
    ("%f %.f %.3f %3f %6f", "026490000 .026490 .026 026 026490"), ("%z %:z %Z %%", "+0000 +00:00 UTC %"),
    ("%k|%l|%q|%n|%t|", " 0|12|3|\\n|\\t|"), ("%s", "994552499"), ("%c", "Sun Jul  8 00:34:59 2001"),
    ("%+", "2001-07-08T00:34:59.026490+00:00"),
  ])
  func `dates are written by a format`(format: String, expected: String) throws {
    let assertion = try holds(
      "2001-07-08T00:34:59.026490Z", "toDate \"%+\" dateFormat \"\(format)\" == \"\(expected)\"")
    #expect(assertion.passed, "\(assertion.actual), expected \(assertion.expected)")
  }

  @Test func `weeks of the year as ISO 8601 counts them`() throws {
    for (day, week) in [
      ("2020-12-31", "2020-53"), ("2021-01-03", "2020-53"), ("2021-01-04", "2021-01"),
      ("2018-12-31", "2019-01"),
      ("2016-01-01", "2015-53"), ("2024-12-30", "2025-01"),
    ] {
      let assertion = try holds("\(day)T00:00:00Z", "toDate \"%+\" format \"%G-%V\" == \"\(week)\"")
      #expect(assertion.passed, "\(day): \(assertion.actual)")
    }
  }

  @Test func `unknown specifiers are refused`() throws {
    #expect(try holds("x", "toDate \"%Q\" isDate").actual.contains("%Q is no part"))
    #expect(try holds("x", "toDate \"%\" isDate").actual.contains("ends in %"))
  }

  @Test func `days are counted whole, from a clock that is handed in`() throws {
    var evaluating = Evaluating()
    evaluating.variables["soon"] = .date(evaluating.now + .seconds(86400 * 2 - 1))
    evaluating.variables["past"] = .date(evaluating.now - .seconds(86400 * 2 + 1))
    try evaluating.expectAll([
      "variable \"soon\" daysAfterNow == 1", "variable \"soon\" daysBeforeNow == -1",
      "variable \"past\" daysBeforeNow == 2", "variable \"past\" daysAfterNow == -2",
    ])
  }
}
