import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The compliance cases of RFC 9535 through the built `smoke-test`: valid paths find what they should, and invalid ones are
/// refused before anything is sent.
@Suite(.blocking, .enabled(if: SharedData.exists("smoke/jsonpath-cases.json")))
struct SmokeTestEndToEndJSONPathTests {
  private let bench: SmokeTestEndToEndMeaningTests
  private let cases: [JSONValue]

  init() throws {
    bench = try SmokeTestEndToEndMeaningTests()
    let text = try #require(SharedData.text("smoke/jsonpath-cases.json"))
    cases = try #require(JSONValue(parsing: text)["tests"]?.array)
  }

  /// `text` as a text of a Hurl file.
  private func quoted(_ text: String) -> String {
    let inside = text.unicodeScalars.map { scalar in
      let isPlain = scalar.value >= 0x20 && scalar.value < 0x7F && !"\"\\{}".unicodeScalars.contains(scalar)
      return isPlain ? String(Character(scalar)) : "\\u{\(String(scalar.value, radix: 16))}"
    }
    return "\"\(inside.joined())\""
  }

  /// A value that an assertion can name; nil for lists and objects.
  private func literal(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): quoted(text)
    case .number, .bool, .null: value.serialized()
    default: nil
    }
  }

  /// The lines that hold of a path that finds `found`.
  private func lines(_ selector: String, _ found: [JSONValue]) -> String {
    let path = "jsonpath \(quoted(selector))"
    return
      ([found.isEmpty ? "\(path) not exists" : "\(path) count == \(found.count)"]
      + found.enumerated().compactMap { position, value in
        literal(value).map { "\(path) nth \(position) == \($0)" }
      }).joined(separator: "\n")
  }

  @Test func `valid paths find what they should`() throws {
    var entries: [String] = []
    for example in cases where example["invalid_selector"]?.bool != true {
      let selector = try #require(example["selector"]?.string)
      // Where several orders are allowed, how many there are is the same in all.
      let found = example["result"]?.array
      let body = try #require(example["document"]).serialized()
      let expected =
        found.map { lines(selector, $0) }
        ?? "jsonpath \(quoted(selector)) count == \(example["results"]?[0]?.array?.count ?? 0)"
      entries.append(
        """
        POST {{API_ENDPOINT}}/back
        [Options]
        no-jsonpath-coercion: true
        ```json,novariable
        \(body)
        ```
        HTTP 200
        [Asserts]
        \(expected)

        """)
    }
    try bench.write(entries.joined(separator: "\n"), to: "a.hurl")
    let outcome = try BuiltStep("smoke-test", in: bench.folder.path).run(
      ["dev", "--settle", "0", "--smoke", "a.hurl", "--format", "json", "--deadline", "10m"])
    let checks = outcome.output.isEmpty ? [] : try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
    #expect(checks.count == entries.count && entries.count > 100, "\(outcome.error)")
    for check in checks where check["outcome"] != "pass" {
      Issue.record("\(check["line"]?.int ?? 0): \(check["message"]?.string ?? "")")
    }
    print(
      "JSONPath: \(checks.count { $0["outcome"] == "pass" }) of \(entries.count) valid cases by the executable"
    )
  }

  @Test func `paths that are none are refused with their lines`() throws {
    let selectors = cases.filter { $0["invalid_selector"]?.bool == true }.compactMap {
      $0["selector"]?.string
    }
    var text = "GET {{API_ENDPOINT}}/ok?invalid\nHTTP 200\n[Asserts]\n"
    for selector in selectors { text += "jsonpath \(quoted(selector)) exists\n" }
    try bench.write(text, to: "a.hurl")
    let outcome = try BuiltStep("smoke-test", in: bench.folder.path).run(["dev", "--smoke", "a.hurl"])
    #expect(outcome.status == 65)
    for (position, selector) in selectors.enumerated() {
      #expect(outcome.error.contains("a.hurl:\(position + 4):"), "\(selector) is taken")
    }
    #expect(try bench.asked("/ok?invalid").isEmpty)
    print("JSONPath: \(selectors.count) invalid cases by the executable")
  }
}
