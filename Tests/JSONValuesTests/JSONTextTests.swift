import JSONValues
import Testing

@Suite struct JSONTextTests {
  @Test func `pieces make the text that a tree makes`() throws {
    for pretty in [false, true] {
      var json = JSONText(pretty: pretty)
      json.beginObject()
      json.member("text", "a\"b\\c\n\u{1}\u{7F}é")
      json.member("none", orNull: nil)
      json.member("absent", ifPresent: nil)
      json.member("whole", -12)
      json.member("half", 0.5)
      json.member("yes", true)
      json.name("empty")
      json.beginArray()
      json.endArray()
      json.name("list \t")
      json.beginArray()
      json.string("")
      json.beginObject()
      json.endObject()
      json.null()
      json.endArray()
      json.endObject()
      let tree: JSONValue = [
        "text": "a\"b\\c\n\u{1}\u{7F}é", "none": nil, "whole": -12, "half": 0.5, "yes": true, "empty": [],
        "list \t": ["", [:], nil],
      ]
      let (text, bytes, hasReplaced) = (json.text, json.bytes, json.hasReplaced)
      #expect(text == tree.serialized(pretty: pretty))
      #expect(try JSONValue(parsing: bytes) == tree)
      #expect(!hasReplaced)
    }
  }

  @Test(arguments: [0, 7, 8, 9, 15, 16, 63]) func `a byte that must be escaped is found wherever it stands`(
    before: Int
  ) throws {
    for scalar in ["\"", "\\", "\u{0}", "\u{1F}", "\u{7F}", "\n"] {
      for after in [0, 1, 8] {
        let text = String(repeating: "x", count: before) + scalar + String(repeating: "~", count: after)
        let written = JSONValue.string(text).serialized()
        #expect(written.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        #expect(try JSONValue(parsing: written) == .string(text))
      }
    }
    let plain = String(repeating: "é ü€!~", count: before)
    #expect(JSONValue.string(plain).serialized() == "\"\(plain)\"")
  }

  @Test func `numbers are written as JSONNumber writes them`() {
    var generator = SystemRandomNumberGenerator()
    var values = [
      0, -0.0, 0.001, -0.001, 0.1, 1.5, 999.999, 1e9, 1e15, 1e300, 1.0 / 3, 123_456_789.125, 1e-7,
    ]
    for _ in 0..<2000 {
      values.append(Double(Int64.random(in: -10_000_000_000...10_000_000_000, using: &generator)) / 1000)
      values.append(Double(Int64.random(in: -1_000_000...1_000_000, using: &generator)) / 100_000)
    }
    for value in values + [.infinity, .nan] {
      var json = JSONText()
      json.number(value)
      let text = json.text
      #expect(text == JSONNumber(value).text)
    }
  }

  @Test func `replacements reach texts and names, and are told`() {
    var json = JSONText(replacement: { $0.contains("secret") ? "[gone]" : nil })
    json.value(["a": ["secret one", "plain"], "secret name": 1])
    let (text, hasReplaced) = (json.text, json.hasReplaced)
    #expect(text == #"{"a":["[gone]","plain"],"[gone]":1}"#)
    #expect(hasReplaced)
  }

  @Test(arguments: [0, 1, 1000, 5000, 20_000])
  func `a document is the same whatever length was expected`(expected: Int) {
    let value = JSONValue.array((0..<1000).map { .string("text \($0)") })
    let (bytes, hasReplaced) = JSONText.document(expected: expected, pretty: true) {
      $0 == "text 7" ? "[gone]" : nil
    } write: {
      $0.value(value)
    }
    let text = value.serialized(pretty: true).replacing("\"text 7\"", with: "\"[gone]\"")
    #expect(String(decoding: bytes, as: UTF8.self) == text)
    #expect(hasReplaced)
  }

  @Test func `a document that cannot be written to its end is none`() {
    struct Unwritable: Error {}
    #expect(throws: Unwritable.self) {
      try JSONText.document(expected: 100) { json in
        json.beginArray()
        throw Unwritable()
      }
    }
  }
}
