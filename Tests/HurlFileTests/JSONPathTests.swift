import HurlFile
import JSONValues
import Testing

@Suite struct `Paths into JSON` {
  static let store = #"""
    {"store":{"book":[{"category":"reference","price":8.95,"isbn":"1"},{"category":"fiction","price":12.99},
    {"category":"fiction","price":8.99,"isbn":"2","tags":["a","b"]}],"bicycle":{"color":"red","profile-id":7}},"0a":1}
    """#

  private func values(_ path: String, _ mode: JSONPath.Mode = .rfc9535) throws -> String {
    let document = try JSONValue(parsing: Self.store)
    return JSONValue.array(try JSONPath(path, mode: mode).values(in: document)).serialized()
  }

  @Test(arguments: [
    ("$.store.bicycle.color", #"["red"]"#),
    ("$.store.book[*].category", #"["reference","fiction","fiction"]"#),
    ("$..isbn", #"["1","2"]"#), ("$.store.book[-1:].price", "[8.99]"),
    ("$.store.book[?@.price<10].isbn", #"["1","2"]"#),
    ("$.store.book[?(@.isbn && @.category=='fiction')].tags[::-1]", #"["b","a"]"#),
    ("$.store.book[?!@.isbn].price", "[12.99]"),
    ("$.store.book[?count(@.tags[*])==2].isbn", #"["2"]"#),
    ("$.store.book[?length(@.tags)>=2].isbn", #"["2"]"#),
    ("$.store.book[?match(@.category,'f.*')].price", "[12.99,8.99]"),
    ("$.store.book[?search(@.category,'ere')].price", "[8.95]"),
    ("$.store.book[?@.price==$.store.book[0].price].isbn", #"["1"]"#),
    ("$.store.book[0,2]['isbn','price']", #"["1",8.95,"2",8.99]"#),
    ("$.store.gone", "[]"), ("$.store.book[9]", "[]"), ("$['0a']", "[1]"),
  ])
  func `standard paths`(path: String, expected: String) throws {
    #expect(try values(path) == expected)
    #expect(try values(path, .lenient) == expected)
  }

  @Test(arguments: [
    ("$.store.bicycle.profile-id", "[7]"), ("$.store.[ 'bicycle' ].color", #"["red"]"#),
    ("$.store.book.[0].isbn", #"["1"]"#), ("$.store.book.[?(@.isbn=='2')].price", "[8.99]"),
    ("$.store[?(@.profile-id==7)].color", #"["red"]"#), ("$..profile-id", "[7]"),
  ])
  func `older spellings are read in the lenient mode alone`(path: String, expected: String) throws {
    #expect(try values(path, .lenient) == expected)
    #expect(throws: JSONPathError.self) { try JSONPath(path) }
  }

  @Test(arguments: ["$.0a", "$.store ", "$.-a", "$.store.", "$ ", "$. a", "$.a.[", "$..-a"])
  func `no version of Hurl reads these`(path: String) {
    #expect(throws: JSONPathError.self) { try JSONPath(path, mode: .lenient) }
  }

  @Test func `which paths lead to one place`() throws {
    for path in ["$", "$.a", "$['a'][0].b", "$[-1]"] { #expect(try JSONPath(path).isSingular) }
    for path in ["$.*", "$..a", "$[0,1]", "$[:1]", "$[?@.a]"] { #expect(try !JSONPath(path).isSingular) }
  }

  @Test func `errors name the place`() throws {
    let error = #expect(throws: JSONPathError.self) { try JSONPath("$.a[?@.b=]") }
    #expect(error?.description == "at character 9: expected , or ]")
    #expect(error?.offset == 8)
  }

  @Test func `names are compared byte for byte, of two the last counts`() throws {
    let document = try JSONValue(parsing: #"{"\u00e9":1,"e\u0301":2,"a":3,"a":4}"#)
    #expect(try JSONPath("$['\u{e9}']").values(in: document) == [1])
    #expect(try JSONPath("$['e\u{301}']").values(in: document) == [2])
    #expect(try JSONPath("$.a").values(in: document) == [4])
    #expect(try JSONPath("$.*").values(in: document) == [1, 2, 4])
  }

  @Test func `depth and work are bounded`() throws {
    #expect(throws: JSONPathError.self) { try JSONPath("$" + String(repeating: "[?@", count: 10_000)) }
    #expect(throws: JSONPathError.self) { try JSONPath("$[?" + String(repeating: "(", count: 10_000)) }
    #expect(throws: JSONPathError.self) { try JSONPath("$[?" + String(repeating: "length(", count: 10_000)) }
    let wide = JSONValue.array(Array(repeating: .array(Array(repeating: 1, count: 100)), count: 100))
    let error = #expect(throws: JSONPathError.self) { try JSONPath("$..[?$..[?$..*]]").values(in: wide) }
    #expect(error?.message.contains("given up") == true)
  }
}
