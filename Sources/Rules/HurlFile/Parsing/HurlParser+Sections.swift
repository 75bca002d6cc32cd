/// What the sections of a request say.
struct HurlRequestSections {
  var query: [HurlKeyValue] = []
  var form: [HurlKeyValue]?
  var multipart: [HurlMultipartField]?
  var cookies: [HurlKeyValue] = []
  var basicAuth: HurlKeyValue?
  var options: [HurlOption] = []
}

/// What the sections of a response say.
struct HurlResponseSections {
  var captures: [HurlCaptureSpec] = []
  var asserts: [HurlAssertSpec] = []
}

extension HurlParser {
  private enum Section {
    case query, form, multipart, basicAuth, cookies, options, captures, asserts

    init?(name: String) {
      switch name {
      case "Asserts": self = .asserts
      case "Captures": self = .captures
      case "Options": self = .options
      case "Query", "QueryStringParams": self = .query
      case "Form", "FormParams": self = .form
      case "Multipart", "MultipartFormData": self = .multipart
      case "BasicAuth": self = .basicAuth
      case "Cookies": self = .cookies
      default: return nil
      }
    }
  }

  /// A line `[Name]`.
  private struct SectionHeader {
    let section: Section
    let name: String
    let position: HurlPosition
  }

  mutating func requestSections() throws(HurlSyntaxError) -> HurlRequestSections {
    var sections = HurlRequestSections()
    var seen: [Section] = []
    while let header = try sectionHeader(unlessIn: seen) {
      seen.append(header.section)
      switch header.section {
      case .query: sections.query = try keyValues()
      case .form: sections.form = try keyValues()
      case .cookies: sections.cookies = try keyValues()
      case .basicAuth: sections.basicAuth = try keyValue()
      case .options: sections.options = try options()
      case .multipart: sections.multipart = try multipartFields()
      case .captures, .asserts:
        throw scanner.error(
          "[\(header.name)] belongs to a response: expected an HTTP line before it", at: header.position)
      }
    }
    return sections
  }

  mutating func responseSections() throws(HurlSyntaxError) -> HurlResponseSections {
    var sections = HurlResponseSections()
    // Sections of a response may stand more than once.
    while let header = try sectionHeader(unlessIn: []) {
      switch header.section {
      case .captures:
        let lines = try captures()
        if sections.captures.isEmpty { sections.captures = lines } else { sections.captures += lines }
      case .asserts:
        let lines = try asserts()
        if sections.asserts.isEmpty { sections.asserts = lines } else { sections.asserts += lines }
      default:
        throw scanner.error(
          "[\(header.name)] belongs to a request; a response has [Captures] and [Asserts]",
          at: header.position)
      }
    }
    return sections
  }

  /// The next `[Name]` line, if one follows; none of `seen` may stand again.
  private mutating func sectionHeader(
    unlessIn seen: [Section]
  ) throws(HurlSyntaxError) -> SectionHeader? {
    let mark = scanner.mark
    scanner.skipBlankLines()
    let position = scanner.position
    guard scanner.take("[") else {
      scanner.reset(to: mark)
      return nil
    }
    let name = scanner.takeWhile(\.isAlphanumeric)
    // A JSON array may stand here too; section names begin with a capital letter.
    guard let first = name.unicodeScalars.first, ("A"..."Z").contains(first), scanner.take("]") else {
      scanner.reset(to: mark)
      return nil
    }
    guard let section = Section(name: name) else {
      throw scanner.error(
        "[\(name)] is no section; expected one of Query, Form, Multipart, BasicAuth, Cookies, Options, Captures, Asserts",
        at: position)
    }
    if seen.contains(section) {
      throw scanner.error("the section [\(name)] stands twice", at: position)
    }
    try scanner.endLine(after: "the section's name")
    return SectionHeader(section: section, name: name, position: position)
  }

  // MARK: Lines of name and value

  mutating func keyValues() throws(HurlSyntaxError) -> [HurlKeyValue] {
    var lines: [HurlKeyValue] = []
    while let line = try keyValue() { lines.append(line) }
    return lines
  }

  /// `name: value`, where one follows.
  mutating func keyValue() throws(HurlSyntaxError) -> HurlKeyValue? {
    guard let (position, key) = try keyAndColon() else { return nil }
    let value = try unquoted()
    try scanner.endLine(after: "the value")
    return HurlKeyValue(position: position, key: key, value: value)
  }

  /// A name and a colon, the scanner standing at what follows; nil where something else stands.
  mutating func keyAndColon() throws(HurlSyntaxError) -> (HurlPosition, HurlTemplate)? {
    let mark = scanner.mark
    scanner.skipBlankLines()
    let position = scanner.position
    if let key = try key() {
      scanner.skipSpaces()
      if scanner.take(":") {
        scanner.skipSpaces()
        return (position, key)
      }
    }
    scanner.reset(to: mark)
    return nil
  }

  // MARK: Captures and asserts

  private mutating func captures() throws(HurlSyntaxError) -> [HurlCaptureSpec] {
    var lines: [HurlCaptureSpec] = []
    while let (position, name) = try keyAndColon() {
      let query = try query()
      let filters = try filters()
      let mark = scanner.mark
      let isRedacted = scanner.skipSpaces() && scanner.takeWord("redact")
      if !isRedacted { scanner.reset(to: mark) }
      try scanner.endLine(after: "the capture")
      lines.append(
        HurlCaptureSpec(
          position: position, name: name, query: query, filters: filters, isRedacted: isRedacted))
    }
    return lines
  }

  private mutating func asserts() throws(HurlSyntaxError) -> [HurlAssertSpec] {
    var lines: [HurlAssertSpec] = []
    while true {
      let mark = scanner.mark
      scanner.skipBlankLines()
      let start = (scanner.position, scanner.index)
      guard let query = try optionalQuery() else {
        scanner.reset(to: mark)
        return lines
      }
      let filters = try filters()
      guard scanner.skipSpaces() else {
        throw scanner.error(
          "expected a filter or a predicate after the query, not \(described(scanner.peek))")
      }
      let predicate = try predicate()
      let source = scanner.text(from: start.1)
      try scanner.endLine(after: "the predicate")
      lines.append(
        HurlAssertSpec(
          position: start.0, source: source, query: query, filters: filters, predicate: predicate))
    }
  }
}
