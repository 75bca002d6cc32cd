import DeploymentRecords
import JSONValues

extension SmokePart: TextCodable {
  public func write(to json: inout JSONText) {
    json.name("checks")
    json.beginArray()
    // By number: an element that is looped over is copied, and each of its texts counted up and down.
    for number in checks.indices { checks[number].write(to: &json) }
    json.endArray()
  }

  public var expectedLength: Int { 1200 * checks.count }

  public init(members: JSONObject) throws {
    checks = try TreeReader(members["checks"], "checks").elements(CheckEntry.init)
  }

  public func encode(to encoder: any Encoder) throws {
    var json = JSONText()
    json.beginObject()
    write(to: &json)
    json.endObject()
    try JSONValue(parsing: json.bytes).encode(to: encoder)
  }

  public init(from decoder: any Decoder) throws {
    try self.init(members: JSONValue(from: decoder).object ?? JSONObject())
  }
}

extension CheckEntry {
  func write(to json: inout JSONText) {
    json.beginObject()
    json.member("name", name)
    json.member("id", id)
    json.member("file", orNull: file)
    json.name("line")
    if let line { json.number(line) } else { json.null() }
    json.member("outcome", outcome.rawValue)
    json.member("class", ifPresent: failure?.rawValue)
    json.member("message", message)
    json.member("advice", advice)
    json.name("attempts")
    json.beginArray()
    for number in attempts.indices { attempts[number].write(to: &json) }
    json.endArray()
    json.member("durationMs", durationMs)
    json.member("method", ifPresent: method)
    json.member("url", orNull: url)
    json.member("critical", critical)
    json.member("comparison", ifPresent: comparison?.rawValue)
    json.name("differences")
    json.beginArray()
    for difference in differences { json.string(difference) }
    json.endArray()
    json.member("version", ifPresent: version)
    json.name("latenciesMs")
    json.beginArray()
    for latency in latenciesMs { json.number(latency) }
    json.endArray()
    evidence?.write(to: &json)
    json.endObject()
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
    evidence = reader.value("evidence") == nil ? nil : try Evidence(reader.child("evidence"))
  }
}

extension AttemptEntry {
  func write(to json: inout JSONText) {
    json.beginObject()
    json.member("startedAfterMs", startedAfterMs)
    json.member("durationMs", durationMs)
    if let status { json.member("status", status) }
    json.member("class", ifPresent: failure?.rawValue)
    json.member("message", message)
    json.name("conditions")
    json.beginArray()
    for condition in conditions {
      json.beginObject()
      if let line = condition.line { json.member("line", line) }
      json.member("message", condition.message)
      json.endObject()
    }
    json.endArray()
    json.member("address", ifPresent: address)
    if let waterfall {
      json.name("waterfall")
      json.beginObject()
      json.member("nameLookup", waterfall.nameLookup)
      json.member("connect", waterfall.connect)
      json.member("tls", waterfall.tls)
      json.member("firstByte", waterfall.firstByte)
      json.member("total", waterfall.total)
      json.member("reused", waterfall.reused)
      json.endObject()
    }
    json.endObject()
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
