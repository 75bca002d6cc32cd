import JSONValues
import Records
import SmokeChecks

extension SmokePart: TreeCodable {
  public func members() -> [JSONObject.Member] {
    [JSONObject.Member("checks", .array(checks.map(\.tree)))]
  }

  public init(members: JSONObject) throws {
    checks = try TreeReader(members["checks"], "checks").elements(CheckEntry.init)
  }

  public func encode(to encoder: any Encoder) throws {
    try JSONValue.object(JSONObject(members())).encode(to: encoder)
  }

  public init(from decoder: any Decoder) throws {
    try self.init(members: JSONValue(from: decoder).object ?? JSONObject())
  }
}

extension CheckEntry {
  var tree: JSONValue {
    var members = TreeWriter()
    members.add("name", .string(name))
    members.add("id", .string(id))
    members.add("file", file.map { .string($0) } ?? .null)
    members.add("line", line.map { .number(JSONNumber($0)) } ?? .null)
    members.add("outcome", .string(outcome.rawValue))
    members.add("class", failure?.rawValue)
    members.add("message", .string(message))
    members.add("advice", .string(advice))
    members.add("attempts", .array(attempts.map(\.tree)))
    members.add("durationMs", .number(JSONNumber(durationMs)))
    members.add("method", method)
    members.add("url", url.map { .string($0) } ?? .null)
    members.add("critical", .bool(critical))
    members.add("comparison", comparison?.rawValue)
    members.add("differences", .array(differences.map { .string($0) }))
    members.add("version", version)
    members.add("latenciesMs", .array(latenciesMs.map { .number(JSONNumber($0)) }))
    return members.tree
  }

  init(_ reader: TreeReader) throws {
    name = try reader.string("name")
    id = try reader.string("id")
    file = reader.value("file")?.string
    line = reader.value("line")?.int
    outcome = try reader.word("outcome")
    failure = try reader.optionalWord("class")
    message = try reader.string("message")
    advice = try reader.string("advice")
    attempts = try reader.child("attempts").elements(AttemptEntry.init)
    durationMs = try reader.number("durationMs")
    method = reader.value("method")?.string
    url = reader.value("url")?.string
    critical = try reader.bool("critical")
    comparison = try reader.optionalWord("comparison")
    differences = try reader.child("differences").elements { try $0.string() }
    version = reader.value("version")?.string
    latenciesMs = try reader.child("latenciesMs").elements { try $0.number() }
  }
}

extension AttemptEntry {
  var tree: JSONValue {
    var members = TreeWriter()
    members.add("startedAfterMs", .number(JSONNumber(startedAfterMs)))
    members.add("durationMs", .number(JSONNumber(durationMs)))
    if let status { members.add("status", .number(JSONNumber(status))) }
    members.add("class", failure?.rawValue)
    members.add("message", .string(message))
    members.add(
      "conditions",
      .array(
        conditions.map { condition in
          var members = TreeWriter()
          if let line = condition.line { members.add("line", .number(JSONNumber(line))) }
          members.add("message", .string(condition.message))
          return members.tree
        }))
    members.add("address", address)
    if let waterfall {
      members.add(
        "waterfall",
        [
          "nameLookup": .number(JSONNumber(waterfall.nameLookup)),
          "connect": .number(JSONNumber(waterfall.connect)), "tls": .number(JSONNumber(waterfall.tls)),
          "firstByte": .number(JSONNumber(waterfall.firstByte)),
          "total": .number(JSONNumber(waterfall.total)), "reused": .bool(waterfall.reused),
        ])
    }
    return members.tree
  }

  init(_ reader: TreeReader) throws {
    startedAfterMs = try reader.number("startedAfterMs")
    durationMs = try reader.number("durationMs")
    status = reader.value("status")?.int
    failure = try reader.optionalWord("class")
    message = try reader.string("message")
    conditions = try reader.child("conditions").elements {
      ConditionEntry(line: $0.value("line")?.int, message: try $0.string("message"))
    }
    address = reader.value("address")?.string
    if reader.value("waterfall") != nil {
      let parts = try reader.child("waterfall")
      var made = Waterfall()
      made.nameLookup = try parts.number("nameLookup")
      made.connect = try parts.number("connect")
      made.tls = try parts.number("tls")
      made.firstByte = try parts.number("firstByte")
      made.total = try parts.number("total")
      made.reusedConnection = try parts.bool("reused")
      waterfall = WaterfallEntry(made)
    }
  }
}

/// Members in order, absent ones left out.
private struct TreeWriter {
  private var members: [JSONObject.Member] = []
  var tree: JSONValue { .object(JSONObject(members)) }

  mutating func add(_ name: String, _ value: JSONValue) { members.append(JSONObject.Member(name, value)) }
  mutating func add(_ name: String, _ text: String?) { if let text { add(name, .string(text)) } }
}

/// A value and where it stands, for messages.
struct TreeReader {
  /// Written out only where it is told.
  private indirect enum Place {
    case root(String)
    case member(Place, String)
    case element(Place, Int)

    var text: String {
      switch self {
      case .root(let name): name
      case .member(let parent, let name): "\(parent.text).\(name)"
      case .element(let parent, let position): "\(parent.text)[\(position)]"
      }
    }
  }
  private let found: JSONValue?
  private let place: Place

  init(_ found: JSONValue?, _ place: String) { self.init(found, .root(place)) }

  private init(_ found: JSONValue?, _ place: Place) {
    self.found = found
    self.place = place
  }

  func value(_ name: String) -> JSONValue? { found?[name] }

  func child(_ name: String) throws -> TreeReader { TreeReader(found?[name], .member(place, name)) }

  func elements<Value>(_ read: (TreeReader) throws -> Value) throws -> [Value] {
    guard let array = found?.array else { throw wrong("a list") }
    var values: [Value] = []
    values.reserveCapacity(array.count)
    for (position, element) in array.enumerated() {
      values.append(try read(TreeReader(element, .element(place, position))))
    }
    return values
  }

  func string() throws -> String {
    guard let text = found?.string else { throw wrong("text") }
    return text
  }
  func number() throws -> Double {
    guard let number = found?.double else { throw wrong("a number") }
    return number
  }
  func string(_ name: String) throws -> String {
    guard let text = found?[name]?.string else { throw wrong("text in \(name)") }
    return text
  }
  func number(_ name: String) throws -> Double {
    guard let number = found?[name]?.double else { throw wrong("a number in \(name)") }
    return number
  }
  func bool(_ name: String) throws -> Bool {
    guard let bool = found?[name]?.bool else { throw wrong("true or false in \(name)") }
    return bool
  }
  func word<Word: RawRepresentable>(_ name: String) throws -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: try string(name)) else { throw wrong("a known word in \(name)") }
    return word
  }
  func optionalWord<Word: RawRepresentable>(_ name: String) throws -> Word? where Word.RawValue == String {
    guard found?[name] != nil else { return nil }
    return try word(name) as Word
  }

  private func wrong(_ expected: String) -> DecodingError {
    DecodingError.dataCorrupted(
      DecodingError.Context(codingPath: [], debugDescription: "\(place.text): expected \(expected)"))
  }
}
