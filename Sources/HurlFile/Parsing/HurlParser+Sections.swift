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
  private enum Section: String {
    case query = "Query"
    case form = "Form"
    case multipart = "Multipart"
    case basicAuth = "BasicAuth"
    case cookies = "Cookies"
    case options = "Options"
    case captures = "Captures"
    case asserts = "Asserts"

    init?(name: String) {
      switch name {
      case "QueryStringParams": self = .query
      case "FormParams": self = .form
      case "MultipartFormData": self = .multipart
      default: self.init(rawValue: name)
      }
    }
  }

  mutating func requestSections() throws(HurlSyntaxError) -> HurlRequestSections {
    var sections = HurlRequestSections()
    var seen: Set<Section> = []
    while let (section, position) = try sectionHeader(after: &seen) {
      switch section {
      case .query: sections.query = try keyValues()
      case .form: sections.form = try keyValues()
      case .cookies: sections.cookies = try keyValues()
      case .basicAuth: sections.basicAuth = try keyValue()
      case .options: sections.options = try options()
      case .multipart: sections.multipart = try multipartFields()
      case .captures, .asserts:
        throw scanner.error(
          "[\(section.rawValue)] belongs to a response: expected an HTTP line before it", at: position)
      }
    }
    return sections
  }

  mutating func responseSections() throws(HurlSyntaxError) -> HurlResponseSections {
    var sections = HurlResponseSections()
    var seen: Set<Section> = []
    // Sections of a response may stand more than once.
    while let (section, position) = try sectionHeader(after: &seen) {
      seen = []
      switch section {
      case .captures:
        let lines = try captures()
        if sections.captures.isEmpty { sections.captures = lines } else { sections.captures += lines }
      case .asserts:
        let lines = try asserts()
        if sections.asserts.isEmpty { sections.asserts = lines } else { sections.asserts += lines }
      default:
        throw scanner.error(
          "[\(section.rawValue)] belongs to a request; a response has [Captures] and [Asserts]", at: position)
      }
    }
    return sections
  }

  /// The next `[Name]` line, if one follows.
  private mutating func sectionHeader(
    after seen: inout Set<Section>
  ) throws(HurlSyntaxError) -> (Section, HurlPosition)? {
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
    guard seen.insert(section).inserted else {
      throw scanner.error("the section [\(name)] stands twice", at: position)
    }
    try scanner.endLine(after: "the section's name")
    return (section, position)
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
      let isRedacted = scanner.skipSpaces() && word() == "redact"
      if isRedacted { scanner.advance(6) } else { scanner.reset(to: mark) }
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
      guard HurlParser.queryNames.contains(word()) else {
        scanner.reset(to: mark)
        return lines
      }
      let start = (scanner.position, scanner.index)
      let query = try query()
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

  /// The word that stands here, which is not passed over.
  func word() -> String {
    var end = scanner.index
    while end < scanner.scalars.count, scanner.scalars[end].isAlphanumeric || scanner.scalars[end] == "_" {
      end += 1
    }
    return scanner.text(scanner.index..<end)
  }
}
