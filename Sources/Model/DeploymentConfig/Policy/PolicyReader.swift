import YAMLDocuments

/// Reads one mapping of the policy file strictly: every value has its type, every key is known.
public struct PolicyReader {
  let path: String
  private let node: YAMLNode?
  private let place: String
  private var known: Set<String> = []

  init(_ node: YAMLNode?, path: String, place: String = "") throws(ConfigError) {
    self.path = path
    self.place = place
    self.node = node?.isNull == true ? nil : node
    if let node = self.node, node.mapping == nil {
      throw ConfigError(path: path, line: node.line, message: "expected a mapping under '\(place)'")
    }
  }

  /// Whether the mapping stands in the file at all.
  public var isPresent: Bool { node != nil }

  /// The keys of the mapping, in their order.
  var names: [String] { node?.mapping?.members.map(\.name) ?? [] }

  /// The line on which the mapping begins; 0 where it does not stand in the file.
  var line: Int { node?.line ?? 0 }

  /// Text that must be there.
  mutating func required(_ name: String) throws(ConfigError) -> String {
    guard let text = try string(name), !text.isEmpty else { throw problem("\(name) is missing") }
    return text
  }

  /// An error of the mapping as a whole.
  func problem(_ message: String) -> ConfigError {
    ConfigError(path: path, line: line, message: "\(place): \(message)")
  }

  /// The value of `name`, marked as known.
  mutating func take(_ name: String) -> YAMLNode? {
    known.insert(name)
    guard let value = node?[name], !value.isNull else { return nil }
    return value
  }

  /// Text, numbers and truth values as they are written.
  mutating func string(_ name: String) throws(ConfigError) -> String? {
    guard let value = take(name) else { return nil }
    guard let scalar = value.scalar else { throw error(name, value, "text") }
    return scalar.text
  }

  /// One of the given words.
  mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type)
    throws(ConfigError)
    -> Word? where Word.RawValue == String
  {
    guard let value = take(name) else { return nil }
    guard let text = value.scalar?.text, let word = Word(rawValue: text) else {
      throw error(name, value, "one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return word
  }

  mutating func bool(_ name: String) throws(ConfigError) -> Bool? {
    guard let value = take(name) else { return nil }
    guard let bool = value.bool else { throw error(name, value, "true or false") }
    return bool
  }

  mutating func int(_ name: String, in range: ClosedRange<Int>) throws(ConfigError) -> Int? {
    guard let value = take(name) else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw error(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func double(_ name: String, in range: ClosedRange<Double>) throws(ConfigError) -> Double? {
    guard let value = take(name) else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw error(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func duration(_ name: String) throws(ConfigError) -> Duration? {
    guard let value = take(name) else { return nil }
    guard let text = value.scalar?.text, let duration = Duration(text: text) else {
      throw error(name, value, "a duration such as 90s, 5m or 1h30m")
    }
    return duration
  }

  /// A list of text; a single text is a list of one.
  mutating func strings(_ name: String) throws(ConfigError) -> [String]? {
    guard let value = take(name) else { return nil }
    if let scalar = value.scalar { return [scalar.text] }
    guard let elements = value.sequence else { throw error(name, value, "a list of text") }
    var texts: [String] = []
    for element in elements {
      guard let scalar = element.scalar else { throw error(name, element, "text") }
      texts.append(scalar.text)
    }
    return texts
  }

  /// A mapping from names to text.
  mutating func stringMap(_ name: String) throws(ConfigError) -> [String: String]? {
    guard let value = take(name) else { return nil }
    guard let mapping = value.mapping else { throw error(name, value, "a mapping") }
    var map: [String: String] = [:]
    for member in mapping.members {
      guard let scalar = member.value.scalar else {
        throw error("\(name).\(member.name)", member.value, "text")
      }
      map[member.name] = scalar.text
    }
    return map
  }

  /// The mapping under `name`, read by a reader of its own.
  mutating func section(_ name: String) throws(ConfigError) -> PolicyReader {
    try PolicyReader(take(name), path: path, place: place.isEmpty ? name : "\(place).\(name)")
  }

  /// The mappings of a list, each with a reader of its own.
  mutating func sections(_ name: String) throws(ConfigError) -> [PolicyReader] {
    guard let value = take(name) else { return [] }
    guard let elements = value.sequence else { throw error(name, value, "a list of mappings") }
    var readers: [PolicyReader] = []
    for (index, element) in elements.enumerated() {
      readers.append(try PolicyReader(element, path: path, place: "\(qualified(name))[\(index)]"))
    }
    return readers
  }

  /// Refuses keys that nothing read: a misspelt threshold must not be taken for the default.
  func finish() throws(ConfigError) {
    guard let mapping = node?.mapping else { return }
    for member in mapping.members where !known.contains(member.name) {
      throw ConfigError(
        path: path, line: member.line,
        message:
          "unknown key '\(qualified(member.name))', expected one of \(known.sorted().joined(separator: ", "))"
      )
    }
  }

  /// An error at the value of `name`.
  func error(_ name: String, _ value: YAMLNode, _ expected: String) -> ConfigError {
    ConfigError(path: path, line: value.line, message: "\(qualified(name)): expected \(expected)")
  }

  /// An error where a key that is needed is not there.
  func missing(_ what: String) -> ConfigError {
    ConfigError(path: path, line: node?.line ?? 0, message: "\(place) needs \(what)")
  }

  private func qualified(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }
}
