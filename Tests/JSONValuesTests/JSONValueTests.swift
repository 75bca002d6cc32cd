import Foundation
import JSONValues
import Testing

@Suite struct JSONValueTests {
  @Test(
    arguments: [
      ("null", JSONValue.null), (" true ", true), ("[]", []), ("{}", .object(JSONObject())),
      ("\"a\\nb\"", "a\nb"),
      ("\"\\u00e9\\ud83d\\ude00\"", "é😀"), ("[1,[2,{}]]", [1, [2, .object(JSONObject())]]),
      ("\u{FEFF}[false]", [false]), ("\"\\ud800\"", "\u{FFFD}"), ("\"ä€😀\"", "ä€😀"), ("-0.5e+3", -500.0),
    ] as [(String, JSONValue)])
  func `documents are read`(text: String, value: JSONValue) throws {
    let read = try JSONValue(parsing: text)
    if case .number(let number) = read {
      #expect(number.double == value.double)
    } else {
      #expect(read == value)
    }
  }

  @Test(
    arguments: [
      ("", 1, 1), ("[1,]", 1, 4), ("{\"a\":1,}", 1, 8), ("{a:1}", 1, 2), ("[1 2]", 1, 4), ("01", 1, 2),
      ("1.", 1, 3),
      ("\"a\nb\"", 1, 3), ("\"\\x\"", 1, 3), ("\n\n  nul", 3, 3), ("[1]x", 1, 4), ("'a'", 1, 1), ("+1", 1, 1),
      ("\"abc", 1, 5), ("{\"a\"}", 1, 5), ("[", 1, 2), ("1e", 1, 3), ("-", 1, 1), ("\"\\u12g4\"", 1, 6),
    ])
  func `errors name the place`(text: String, line: Int, column: Int) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
    #expect(error?.line == line)
    #expect(error?.column == column)
  }

  @Test func `nesting is bounded`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: deep) }
    _ = try JSONValue(parsing: String(repeating: "[", count: 512) + String(repeating: "]", count: 512))
  }

  @Test func `invalid UTF-8 is refused`() {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test func `order, repeated names and digits survive`() throws {
    let text = #"{"z":1,"a":9007199254740993,"z":1.10}"#
    let value = try JSONValue(parsing: text)
    #expect(value.serialized() == text)
    #expect(value["z"]?.double == 1.1)
    #expect(value.canonical.object?.names == ["a", "z", "z"])
  }

  @Test func `large objects find their members`() throws {
    var object = JSONObject()
    for number in 0..<1000 { object["m\(number)"] = .number(JSONNumber(number)) }
    object["m7"] = "seven"
    object["m8"] = nil
    #expect(object.count == 999)
    #expect(object["m7"]?.string == "seven")
    #expect(object["m8"] == nil)
    #expect(object["m999"]?.int == 999)
  }

  @Test func `pretty text reads back to the same value`() throws {
    let value: JSONValue = ["a": [1, "x\u{1}\"\\", .null, ["b": []]], "é": 0.25]
    #expect(try JSONValue(parsing: value.serialized(pretty: true)) == value)
    #expect(value.serialized(pretty: true).contains("\n  \"a\": ["))
  }

  @Test func `random values agree with Foundation's reader`() throws {
    var random = SystemRandomNumberGenerator()
    func make(_ depth: Int) -> JSONValue {
      switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &random) {
      case 0: return .null
      case 1: return .bool(.random(using: &random))
      case 2: return .number(JSONNumber(Int.random(in: -1_000_000...1_000_000, using: &random)))
      case 3: return .number(JSONNumber(Double.random(in: -1e6...1e6, using: &random)))
      case 4: return .string(String((0..<5).map { _ in "aé\"\\\n\t😀\u{1}/".randomElement(using: &random)! }))
      case 5: return .array((0..<3).map { _ in make(depth - 1) })
      default: return .object(JSONObject((0..<3).map { JSONObject.Member("k\($0)", make(depth - 1)) }))
      }
    }
    for _ in 0..<300 {
      let value = make(4)
      let foundation = try JSONSerialization.jsonObject(
        with: Data(value.serialized().utf8), options: .fragmentsAllowed)
      let back = try JSONSerialization.data(withJSONObject: foundation, options: .fragmentsAllowed)
      #expect(same(try JSONValue(parsing: back), value))
    }
    func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
      switch (left, right) {
      case (.number(let left), .number(let right)):
        return abs(left.double - right.double) <= abs(right.double) * 1e-12
      case (.array(let left), .array(let right)):
        return left.count == right.count && zip(left, right).allSatisfy(same)
      case (.object(let left), .object(let right)):
        return left.count == right.count
          && right.members.allSatisfy { member in left[member.name].map { same($0, member.value) } ?? false }
      default: return left == right
      }
    }
  }
}
