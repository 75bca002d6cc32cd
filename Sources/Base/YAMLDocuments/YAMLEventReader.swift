internal import CLibYAML

/// Builds nodes from libyaml's events with a stack of its own, so that no nesting reaches the call stack.
struct YAMLEventReader {
  /// An open sequence or mapping.
  private struct Frame {
    let isMapping: Bool
    let tag: String?
    let anchor: String?
    let line: Int
    let column: Int
    var elements: [YAMLNode] = []
    var members: [YAMLMapping.Member] = []
    var merged: [YAMLNode] = []
    var name: (text: String, line: Int, column: Int, isMerge: Bool)?
    /// Nodes in here, this one included.
    var size = 1
  }

  private var budget: YAMLBudget
  private var frames: [Frame] = []
  private var anchors: [String: (node: YAMLNode, size: Int)] = [:]
  private var root: YAMLNode?
  private var documents = 0

  static func read(_ bytes: [UInt8], _ limits: YAMLLimits) throws(YAMLError) -> YAMLNode {
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<YAMLNode, YAMLError> in
      var reader = YAMLEventReader(budget: YAMLBudget(limits))
      do throws(YAMLError) { return .success(try reader.document(buffer)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private init(budget: YAMLBudget) { self.budget = budget }

  private mutating func document(_ buffer: UnsafeBufferPointer<UInt8>) throws(YAMLError) -> YAMLNode {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      throw YAMLError(line: 0, column: 0, message: "libyaml's parser could not be set up: out of memory")
    }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else { throw Self.syntaxError(parser) }
      defer { yaml_event_delete(&event) }
      if event.type == YAML_STREAM_END_EVENT { break }
      try take(event)
    }
    return root ?? YAMLNode(.scalar(YAMLScalar("", isPlain: true)))
  }

  private mutating func take(_ event: yaml_event_t) throws(YAMLError) {
    let line = Int(event.start_mark.line) + 1
    let column = Int(event.start_mark.column) + 1
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      documents += 1
      guard documents == 1 else {
        throw YAMLError(line: line, column: column, message: "expected one document; a second begins here")
      }
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let node = YAMLNode(
        .scalar(YAMLScalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)),
        tag: Self.string(scalar.tag), line: line, column: column)
      try count(1, line, column)
      if let anchor = Self.string(scalar.anchor) { anchors[anchor] = (node, 1) }
      try add(node, size: 1)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      try open(false, Self.string(start.tag), Self.string(start.anchor), line, column)
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      try open(true, Self.string(start.tag), Self.string(start.anchor), line, column)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: try close()
    case YAML_ALIAS_EVENT:
      let name = Self.string(event.data.alias.anchor) ?? ""
      guard let target = anchors[name] else {
        let inside = frames.contains { $0.anchor == name }
        throw YAMLError(
          line: line, column: column,
          message: inside ? "alias *\(name) names what contains it" : "alias *\(name) names no anchor")
      }
      try count(target.size, line, column)
      guard frames.count + Self.depth(of: target.node) <= budget.limits.depth else {
        throw YAMLError(line: line, column: column, message: budget.tooDeep)
      }
      try add(target.node, size: target.size)
    default: break
    }
  }

  private mutating func count(_ nodes: Int, _ line: Int, _ column: Int) throws(YAMLError) {
    guard budget.take(nodes) else { throw YAMLError(line: line, column: column, message: budget.tooMany) }
  }

  private mutating func open(
    _ isMapping: Bool, _ tag: String?, _ anchor: String?, _ line: Int, _ column: Int
  ) throws(YAMLError) {
    try count(1, line, column)
    guard frames.count < budget.limits.depth else {
      throw YAMLError(line: line, column: column, message: budget.tooDeep)
    }
    if isMapping, let frame = frames.last, frame.isMapping, frame.name == nil {
      throw YAMLError(line: line, column: column, message: "expected a scalar as the key, not a mapping")
    }
    // An anchor set again names the newer node; until it is closed it names nothing.
    if let anchor { anchors[anchor] = nil }
    frames.append(Frame(isMapping: isMapping, tag: tag, anchor: anchor, line: line, column: column))
  }

  private mutating func close() throws(YAMLError) {
    let frame = frames.removeLast()
    var members = frame.members
    if budget.limits.lastNameCounts {
      members = YAMLBudget.lastOfEqualNames(members)
    } else if let twice = YAMLBudget.duplicate(in: members) {
      throw YAMLError(
        line: twice.line, column: twice.column, message: "\(YAMLError.duplicatePrefix)\"\(twice.name)\"")
    }
    for node in frame.merged { Self.merge(node, into: &members) }
    let kind: YAMLNode.Kind = frame.isMapping ? .mapping(YAMLMapping(members)) : .sequence(frame.elements)
    let node = YAMLNode(kind, tag: frame.tag, line: frame.line, column: frame.column)
    if let anchor = frame.anchor { anchors[anchor] = (node, frame.size) }
    try add(node, size: frame.size)
  }

  /// Members named on the spot win over merged ones, and earlier merged ones over later.
  private static func merge(_ node: YAMLNode, into members: inout [YAMLMapping.Member]) {
    switch node.kind {
    case .mapping(let mapping):
      var names = Set(members.map(\.name))
      for member in mapping.members where names.insert(member.name).inserted { members.append(member) }
    case .sequence(let nodes): for node in nodes { merge(node, into: &members) }
    case .scalar: break
    }
  }

  private mutating func add(_ node: YAMLNode, size: Int) throws(YAMLError) {
    guard var frame = frames.popLast() else {
      root = node
      return
    }
    frame.size += size
    if !frame.isMapping {
      frame.elements.append(node)
    } else if let name = frame.name {
      frame.name = nil
      if name.isMerge, node.scalar == nil {
        frame.merged.append(node)
      } else {
        frame.members.append(
          .init(name: name.text, line: name.line, column: name.column, value: node))
      }
    } else {
      guard let scalar = node.scalar else {
        throw YAMLError(
          line: node.line, column: node.column, message: "expected a scalar as the key, not a collection")
      }
      frame.name = (scalar.text, node.line, node.column, scalar.isPlain && scalar.text == "<<")
    }
    frames.append(frame)
  }

  /// Bounded by the depth limit, since every node was built within it.
  private static func depth(of node: YAMLNode) -> Int {
    switch node.kind {
    case .scalar: 0
    case .sequence(let elements): 1 + (elements.lazy.map(depth).max() ?? 0)
    case .mapping(let mapping): 1 + (mapping.members.lazy.map { depth(of: $0.value) }.max() ?? 0)
    }
  }

  private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    text.map { String(cString: $0) }
  }

  private static func syntaxError(_ parser: yaml_parser_t) -> YAMLError {
    let problem = parser.problem.map { String(cString: $0) } ?? "libyaml gave no reason"
    let context = parser.context.map { " \(String(cString: $0))" } ?? ""
    return YAMLError(
      line: Int(parser.problem_mark.line) + 1, column: Int(parser.problem_mark.column) + 1,
      message: problem + context)
  }
}
