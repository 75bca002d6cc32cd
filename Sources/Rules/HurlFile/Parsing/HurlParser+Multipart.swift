extension HurlParser {
  /// The lines of `[Multipart]`.
  mutating func multipartFields() throws(HurlSyntaxError) -> [HurlMultipartField] {
    var fields: [HurlMultipartField] = []
    while let (position, name) = try keyAndColon() {
      let content: HurlMultipartField.Content =
        scanner.isNext("file,")
        ? .file(try file(), contentType: try contentType()) : .text(try unquoted())
      try scanner.endLine(after: "the value")
      fields.append(HurlMultipartField(position: position, name: name, content: content))
    }
    return fields
  }

  /// A media type up to the end of the line; nil where nothing follows.
  private mutating func contentType() throws(HurlSyntaxError) -> HurlTemplate? {
    scanner.skipSpaces()
    let next = scanner.peek
    if next == nil || next == "\n" || next == "\r" || next == "#" { return nil }
    let position = scanner.position
    let type = try unquoted()
    for case .text(let text) in type.parts
    where !text.unicodeScalars.allSatisfy({ $0.isAlphanumeric || "/;=-+.*_\" ".unicodeScalars.contains($0) })
    {
      throw scanner.error("expected a media type, such as text/plain, not \(type.source)", at: position)
    }
    return type
  }
}
