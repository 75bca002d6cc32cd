import YAMLDocuments

/// Takes the files beside a document that its references lead to into it: references then lead nowhere else.
struct OpenAPIFiles {
  /// Files that a reference names and that cannot be read, or are none of this kind.
  private(set) var missing: Set<String> = []

  /// The member of the document that holds the files, by number.
  private static let place = "x-backstop-files"
  /// More files are no description of one API.
  private static let most = 1000

  /// Where the document stands.
  private let path: String
  private var numbers: [String: Int] = [:]
  private var waiting: [(path: String, line: Int)] = []

  /// For a document that stands at `path`.
  init(path: String) { self.path = path }

  /// `root` with all that it refers to.
  /// - Parameter read: the bytes of a file; nil where it cannot be read.
  mutating func bundled(
    _ root: YAMLNode, read: (String) -> [UInt8]?
  ) throws(CheckSourceError) -> YAMLNode {
    let rewritten = self.rewritten(root, in: path, line: nil)
    guard !waiting.isEmpty, let members = rewritten.mapping?.members else { return root }
    var files: [YAMLMapping.Member] = []
    while files.count < waiting.count {
      let next = waiting[files.count]
      var node = YAMLNode(.mapping(YAMLMapping()), line: next.line)
      if let bytes = read(next.path) {
        let parsed: YAMLNode
        do throws(YAMLError) { parsed = try YAMLNode.parse(bytes) } catch {
          throw CheckSourceError(
            problems: ["\(shown(next.path)):\(error.line): \(error.message)"],
            advice: "correct the file, to which a $ref of \(shown(path)) leads")
        }
        node = self.rewritten(parsed, in: next.path, line: next.line)
      } else {
        missing.insert(shown(next.path))
      }
      files.append(.init(name: "\(files.count)", line: next.line, column: 1, value: node))
    }
    let held = YAMLNode(.mapping(YAMLMapping(files)), line: root.line)
    return YAMLNode(
      .mapping(
        YAMLMapping(members + [.init(name: OpenAPIFiles.place, line: root.line, column: 1, value: held)])),
      tag: root.tag, line: root.line, column: root.column)
  }

  /// `node` of the file `file` with its references led to where their files will be. What is of another file than the
  /// document stands in the line of the reference that led there.
  private mutating func rewritten(_ node: YAMLNode, in file: String, line: Int?) -> YAMLNode {
    let place = line ?? node.line
    switch node.kind {
    case .sequence(let elements):
      return YAMLNode(
        .sequence(elements.map { rewritten($0, in: file, line: line) }), tag: node.tag, line: place,
        column: node.column)
    case .mapping(let mapping):
      let members = mapping.members.map { member in
        var value = rewritten(member.value, in: file, line: line)
        if member.name == "$ref", let reference = member.value.text,
          let led = led(reference, in: file, line: line ?? member.line)
        {
          value = YAMLNode(.scalar(YAMLScalar(led)), line: place)
        }
        return YAMLMapping.Member(
          name: member.name, line: line ?? member.line, column: member.column, value: value)
      }
      return YAMLNode(.mapping(YAMLMapping(members)), tag: node.tag, line: place, column: node.column)
    default:
      return line == nil ? node : YAMLNode(node.kind, tag: node.tag, line: place, column: node.column)
    }
  }

  /// Where a reference of `file` leads within the document; nil where it stays what it is: an address of the network is
  /// not asked.
  private mutating func led(_ reference: String, in file: String, line: Int) -> String? {
    let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
      String.init)
    let fragment = parts.count > 1 ? parts[1] : ""
    guard !parts[0].isEmpty else { return file == path ? nil : inside(file, fragment) }
    guard !parts[0].contains(":"), !parts[0].hasPrefix("/") else { return nil }
    let target = OpenAPIFiles.joined(file, parts[0])
    if target == path { return "#" + fragment }
    if numbers[target] == nil {
      guard waiting.count < OpenAPIFiles.most else { return nil }
      numbers[target] = waiting.count
      waiting.append((target, line))
    }
    return inside(target, fragment)
  }

  private func inside(_ file: String, _ fragment: String) -> String? {
    numbers[file].map { "#/\(OpenAPIFiles.place)/\($0)\(fragment)" }
  }

  /// A path as the document's folder sees it.
  private func shown(_ file: String) -> String {
    let folder = path.prefix(upTo: path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)
    return file.hasPrefix(folder) ? String(file.dropFirst(folder.count)) : file
  }

  /// The path of `reference` as `file` names it.
  private static func joined(_ file: String, _ reference: String) -> String {
    var parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().map(String.init)
    for part in reference.split(separator: "/") {
      switch part {
      case ".": continue
      case ".." where parts.count > 1: parts.removeLast()
      default: parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }
}
