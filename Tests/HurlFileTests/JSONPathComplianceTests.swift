import HurlFile
import JSONValues
import Testing

@Suite(.enabled(if: PublicCases.arePresent))
struct `JSONPath compliance` {
  @Test func `every public case has the result that RFC 9535 asks for`() throws {
    let document = try JSONValue(parsing: try PublicCases.bytes("smoke/jsonpath-cases.json"))
    let cases = try #require(document["tests"]?.array)
    var right = 0
    for example in cases {
      let name = example["name"]?.string ?? ""
      let selector = try #require(example["selector"]?.string)
      if example["invalid_selector"]?.bool == true {
        let isRefused = (try? JSONPath(selector)) == nil
        #expect(isRefused, "\(name): \(selector) is no path")
        right += isRefused ? 1 : 0
        continue
      }
      let found = try JSONPath(selector).values(in: try #require(example["document"]))
      let accepted = example["results"]?.array ?? example["result"].map { [$0] } ?? []
      let isRight = accepted.contains(.array(found))
      #expect(isRight, "\(name): \(selector) gave \(JSONValue.array(found).serialized())")
      right += isRight ? 1 : 0
      // What is right by the standard means the same in the lenient mode.
      #expect(try JSONPath(selector, mode: .lenient).values(in: try #require(example["document"])) == found)
    }
    print("JSONPath: \(right) of \(cases.count) public cases")
  }
}
