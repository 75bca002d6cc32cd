import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// Settling, latency, what looks the same and is not, and placeholders everywhere: the built `smoke-test`.
@Suite(.blocking) struct SmokeTestEndToEndDetailTests {
  private let bench: SmokeTestEndToEndMeaningTests

  init() throws { bench = try SmokeTestEndToEndMeaningTests() }

  private func settle(
    _ text: String, _ arguments: String...
  ) throws -> (status: Int32, check: JSONValue?, duration: Duration) {
    try bench.write(text, to: "a.hurl")
    let outcome = try BuiltStep("smoke-test", in: bench.folder.path).run(
      ["dev", "--smoke", "a.hurl", "--format", "json"] + arguments)
    return (outcome.status, try JSONValue(parsing: outcome.output)["checks"]?[0], outcome.duration)
  }

  // MARK: Settling

  @Test func `a route that the gateway does not know yet is asked again, and told as flaky`() throws {
    let late = "GET {{API_ENDPOINT}}/late?key=late&n=2\nHTTP 200\n"
    let (status, check, _) = try settle(late)
    #expect(status == 0)
    #expect(check?["outcome"] == "flaky" && check?["class"] == "route-missing")
    #expect(check?["attempts"]?.array?.count == 3)
    #expect(try settle(late.replacing("late&n=2", with: "other&n=2"), "--flaky", "fail").status == 1)
    // A 404 of the service itself is an answer.
    let (own, gone, _) = try settle("GET {{API_ENDPOINT}}/gone\nHTTP 200\n")
    #expect(own == 1 && gone?["class"] == "not-found" && gone?["attempts"]?.array?.count == 1)
  }

  @Test func `an answer out of a cache is asked again until the cache asks, within the deadline`() throws {
    func file(_ key: String, _ n: Int, age: Int, max: Int) -> String {
      "GET {{API_ENDPOINT}}/cached?key=\(key)&n=\(n)&age=\(age)&max=\(max)\nHTTP 200\n[Asserts]\n"
        + "jsonpath \"$.state\" == \"new\"\n"
    }
    let (status, check, _) = try settle(file("cached", 2, age: 3, max: 5))
    #expect(status == 0)
    #expect(check?["outcome"] == "flaky", "\(check?.serialized() ?? "")")
    #expect(check?["message"]?.string?.contains("the answer came out of a cache (Age: 3)") == true)
    // A window of a second would end before the cache asks again; the deadline does not.
    let (longer, flaky, _) = try settle(file("longer", 3, age: 1, max: 3), "--settle", "500ms")
    #expect(longer == 0 && flaky?["outcome"] == "flaky", "\(flaky?.serialized() ?? "")")
    // One that lasts longer than the run is not waited for.
    let (never, failed, duration) = try settle(
      file("never", 1000, age: 1, max: 600), "--settle", "500ms", "--deadline", "60s")
    #expect(never == 1 && failed?["outcome"] == "fail")
    #expect(duration < .seconds(30))
    #expect(try settle(file("once", 1, age: 1, max: 3), "--settle", "0").status == 1)
  }

  @Test func `what the run's own time cuts off or leaves out is not the deployment's fault`() throws {
    let slow = "GET {{API_ENDPOINT}}/slow?s=25\nHTTP 200\n\nGET {{API_ENDPOINT}}/ok\nHTTP 200\n"
    func run(_ text: String, _ time: String) throws -> (status: Int32, codes: [String]) {
      let outcome = try bench.run(file: text, "--format", "json", "--deadline", time)
      return (outcome.status, try bench.codes(outcome))
    }
    let cut = try run(slow, "2s")
    #expect(cut.status == 3 && cut.codes == ["check-not-finished", "check-not-finished"], "\(cut)")
    // What failed before stops, and so does an answer that takes longer than it may.
    let failed = try run("GET {{API_ENDPOINT}}/gone\nHTTP 200\n\n" + slow, "2s")
    #expect(failed.status == 1 && failed.codes.contains("check-failed"), "\(failed)")
    let tooSlow = try run(
      "GET {{API_ENDPOINT}}/slow?s=25\n[Options]\nmax-time: 1s\nHTTP 200\n", "20s")
    #expect(tooSlow.status == 1 && tooSlow.codes == ["check-failed"], "\(tooSlow)")
  }

  // MARK: Reports

  @Test func `how long answers took stands in record and report`() throws {
    let text = (0..<20).map { "GET {{API_ENDPOINT}}/ok?\($0)\nHTTP 200\n" }.joined(separator: "\n")
    let outcome = try bench.run(file: text, "--format", "json")
    let latency = try JSONValue(parsing: outcome.output)["summary"]?["latency"]
    #expect(latency?["count"] == 20)
    let values = ["p50Ms", "p90Ms", "p95Ms", "p99Ms", "maxMs"].compactMap { latency?[$0]?.double }
    #expect(values.count == 5 && values == values.sorted() && values[0] > 0, "\(values)")
    #expect(try bench.run(file: text).output.contains("20 answers: half within "))
    #expect(
      try Schema.problems(of: bench.folder(".backstop/dev/smoke-test.json"), "smoke-test") == "")
  }

  @Test(arguments: [
    (
      "jsonpath \"$.name\" == \"Zo\u{EB} M\u{FC}ller\"",
      "character 3 is expected as U+00EB, got U+0065 U+0308"
    ),
    ("jsonpath \"$.name\" contains \"M\u{FC}ll\"", "it holds what looks the same"),
    ("jsonpath \"$.name\" endsWith \"M\u{FC}ller\"", "it holds what looks the same"),
    ("jsonpath \"$.space\" == \"a b\"", "character 2 is expected as U+0020, got U+00A0"),
  ])
  func `letters that look the same and are not are told apart`(line: String, words: String) throws {
    let outcome = try bench.run(file: "GET {{API_ENDPOINT}}/letters\nHTTP 200\n[Asserts]\n\(line)\n")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains(words), "\(outcome.output)")
    let plain = try bench.run(
      file: "GET {{API_ENDPOINT}}/letters\nHTTP 200\n[Asserts]\njsonpath \"$.name\" == \"Zoe\"\n")
    #expect(plain.status == 1 && !plain.output.contains("look the same"))
  }

  @Test func `all that failed is told, with what helps to act on it`() throws {
    let outcome = try bench.run(
      file: """
        GET {{API_ENDPOINT}}/items
        HTTP 200
        [Asserts]
        jsonpath "$[0].n" == "x"
        jsonpath "$[0].price" == 1
        jsonpath "$[1].price" == 2

        GET {{API_ENDPOINT}}/failing?id=11111111-2222-3333-4444-555555555555
        HTTP 200
        """, "--html", "page.html")
    #expect(outcome.status == 1)
    for words in [
      "jsonpath \"$[0].n\"", "jsonpath \"$[0].price\"", "jsonpath \"$[1].price\"", "curl -i",
      "x-amzn-RequestId: 11111111-2222-3333-4444-555555555555", "x-amzn-trace-id: Root=1-0000-aaaa;Sampled=0",
      "Via: 1.1 gateway", "Internal server error",
    ] {
      #expect(outcome.output.contains(words), "\(words): \(outcome.output)")
    }
    let page = try LocalFileSystem().readText(bench.folder("page.html"))
    for once in [
      "got string &quot;a&quot;", "got integer 300", "answered 500", "Look at the function&#39;s log",
    ] {
      #expect(page.ranges(of: once).count <= 1, "\(once) is told more than once")
    }
    #expect(page.contains("answered 500") && page.contains("got integer 300") && page.contains("curl -i"))
  }

  // MARK: Values

  @Test func `a default namespace is asked for as libxml2 has it`() throws {
    let outcome = try bench.run(
      file: """
        GET {{API_ENDPOINT}}/feed
        HTTP 200
        [Asserts]
        xpath "string(//_:title)" == "News"
        xpath "//_:entry" count == 2
        xpath "string(//_:entry[@m:kind='x']/_:id)" == "1"
        xpath "//title" count == 0
        xpath "string(//*[local-name()='title'])" == "News"
        """)
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test func `placeholders stand in all places`() throws {
    let outcome = try bench.run(
      file: """
        POST {{API_ENDPOINT}}/{{path}}
        {{field}}: {{value}}
        [Options]
        max-time: {{seconds}}
        location: {{yes}}
        retry: {{none}}
        header: X-Option: {{value}}
        variable: made={{value}}-{{value}}
        [Query]
        {{field}}: {{value}}
        [Cookies]
        {{field}}: {{value}}
        [BasicAuth]
        {{value}}: {{value}}
        {"{{value}}": {{number}}, "text": "{{made}}"}
        HTTP 200
        Content-Type: {{kind}}
        [Captures]
        {{capture}}: jsonpath "$['{{member}}']"
        [Asserts]
        header "{{typeField}}" == "{{kind}}"
        jsonpath "$.{{member}}" contains "{{made}}"
        jsonpath "$.headers['x-f']" == "{{value}}"
        jsonpath "$.headers['x-option']" matches "^{{value}}$"
        jsonpath "$.headers.cookie" == "X-F={{value}}"
        jsonpath "$.headers.authorization" == "Basic dmFsdWU6dmFsdWU="
        jsonpath "$.path" == "/echo?X-F={{value}}"
        jsonpath "$.path" replace "{{value}}" "{{number}}" == "/echo?X-F=7"
        jsonpath "$.path" split "{{value}}" count == 2
        variable "{{capture}}" exists
        variable "{{capture}}" jsonpath "$.{{value}}" == {{number}}
        status == {{ok}}
        bytes count > {{number}}

        POST {{API_ENDPOINT}}/echo
        [Form]
        {{field}}: {{value}}
        HTTP 200
        [Asserts]
        jsonpath "$.body" == "X-F=value"

        POST {{API_ENDPOINT}}/echo
        [Multipart]
        {{field}}: {{value}}
        HTTP 200
        [Asserts]
        jsonpath "$.body" contains "name=\\"{{field}}\\""
        jsonpath "$.body" contains "{{value}}"

        POST {{API_ENDPOINT}}/echo
        ```
        <{{value}}>
        ```
        HTTP 200
        [Asserts]
        jsonpath "$.body" contains "<{{value}}>"

        POST {{API_ENDPOINT}}/echo
        `one {{value}}`
        HTTP 200
        [Asserts]
        jsonpath "$.body" == "one {{value}}"
        """, "--variable", "path=echo", "--variable", "field=X-F", "--variable", "value=value", "--variable",
      "seconds=20", "--variable", "yes=true", "--variable", "none=0", "--variable", "number=7", "--variable",
      "kind=application/json", "--variable", "capture=seen", "--variable", "member=body", "--variable",
      "typeField=Content-Type", "--variable", "ok=200")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
  }
}
