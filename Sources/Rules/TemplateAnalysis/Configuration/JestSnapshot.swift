/// Templates that Jest keeps as snapshots: what tests of a CDK application compare its stacks with.
public enum JestSnapshot {
  /// Whether a file of this name is one.
  public static func isOfInterest(_ path: String) -> Bool { path.hasSuffix(".snap") }

  /// The templates by the names of their snapshots; lines are those of the file. Snapshots of something else are left out.
  public static func templates(_ bytes: [UInt8], path: String) throws(TemplateError) -> [(
    name: String, template: CloudFormationTemplate
  )] {
    let text = String(decoding: bytes, as: UTF8.self)
    var found: [(name: String, template: CloudFormationTemplate)] = []
    var rest = text[...]
    var line = 1
    while let head = rest.firstRange(of: "exports[`") {
      line += rest[..<head.upperBound].count(where: \.isNewline)
      rest = rest[head.upperBound...]
      guard let (name, afterName) = literal(rest), let open = afterName.firstIndex(of: "`") else { break }
      line += rest[..<open].count(where: \.isNewline)
      let content = afterName[afterName.index(after: open)...]
      guard let (body, afterBody) = literal(content) else { break }
      if body.contains("\"Resources\"") {
        // Empty lines before it, so that places are those of the file.
        let placed = String(repeating: "\n", count: line - 1) + JestPrinter(body).text
        if let template = try CloudFormationTemplate.ifTemplate(parsing: Array(placed.utf8), path: path) {
          found.append((name, template))
        }
      }
      line += content[..<afterBody.startIndex].count(where: \.isNewline)
      rest = afterBody
    }
    return found
  }

  /// The text up to the closing backtick, and what follows it.
  private static func literal(_ text: Substring) -> (String, Substring)? {
    var out = ""
    var index = text.startIndex
    while index < text.endIndex {
      let character = text[index]
      if character == "`" { return (out, text[text.index(after: index)...]) }
      if character == "\\", text.index(after: index) < text.endIndex {
        index = text.index(after: index)
        let escaped = text[index]
        // A backslash that the printer doubled stays one; before a quote it belongs to the string.
        out += escaped == "`" || escaped == "$" || escaped == "\\" ? String(escaped) : "\\\(escaped)"
      } else {
        out.append(character)
      }
      index = text.index(after: index)
    }
    return nil
  }
}
