extension YAMLNode {
  /// Reads one YAML or JSON document.
  ///
  /// JSON is tried first where the text begins with a brace or bracket, since YAML refuses some of it (tabs,
  /// surrogate pairs). An empty document is a null scalar. More than one document, duplicate keys (unless `limits` says otherwise), invalid UTF-8,
  /// and whatever exceeds `limits` are errors.
  public static func parse(
    _ bytes: some Collection<UInt8>, limits: YAMLLimits = YAMLLimits()
  ) throws(YAMLError) -> YAMLNode {
    guard bytes.count <= limits.bytes else {
      throw YAMLError(
        line: 0, column: 0,
        message: "the document has \(bytes.count) bytes; at most \(limits.bytes) are read")
    }
    var bytes = Array(bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw firstInvalidByte(in: bytes) }
    guard let first = bytes.first(where: { $0 > 0x20 }), first == 0x7B || first == 0x5B else {
      return try YAMLEventReader.read(bytes, limits)
    }
    do throws(PositionedJSONReader.Failure) {
      return try PositionedJSONReader.read(bytes, limits)
    } catch {
      if error.isFinal { throw error.error }
      // A flow collection of YAML is no JSON: libyaml has the last word on what may stand there.
      do throws(YAMLError) { return try YAMLEventReader.read(bytes, limits) } catch let other {
        throw other.line > error.error.line ? other : error.error
      }
    }
  }

  /// Reads one YAML or JSON document.
  public static func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode {
    try parse(Array(text.utf8), limits: limits)
  }

  private static func firstInvalidByte(in bytes: [UInt8]) -> YAMLError {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var line = 1
    var column = 1
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      column += 1
      if scalar == "\n" { (line, column) = (line + 1, 1) }
    }
    return YAMLError(line: line, column: column, message: "the text is not valid UTF-8 here")
  }
}

/// Counts nodes against the limits, and refuses a name that stands twice.
struct YAMLBudget {
  let limits: YAMLLimits
  private(set) var nodes = 0

  init(_ limits: YAMLLimits) { self.limits = limits }

  /// Whether `count` more nodes still fit.
  mutating func take(_ count: Int = 1) -> Bool {
    nodes += count
    return nodes <= limits.nodes
  }

  var tooMany: String { "more than \(limits.nodes) nodes once aliases are replaced by what they name" }
  var tooDeep: String { "nested deeper than \(limits.depth) levels" }

  /// The members without those whose name comes again.
  static func lastOfEqualNames(_ members: [YAMLMapping.Member]) -> [YAMLMapping.Member] {
    var seen = Set<String>(minimumCapacity: members.count)
    return members.reversed().filter { seen.insert($0.name).inserted }.reversed()
  }

  /// The first member whose name stood before, by hashing only where there are many.
  static func duplicate(in members: [YAMLMapping.Member]) -> YAMLMapping.Member? {
    if members.count <= 8 {
      for position in members.indices.dropFirst() {
        let name = members[position].name
        if members[..<position].contains(where: { $0.name == name }) { return members[position] }
      }
      return nil
    }
    var seen = Set<String>(minimumCapacity: members.count)
    return members.first { !seen.insert($0.name).inserted }
  }
}
