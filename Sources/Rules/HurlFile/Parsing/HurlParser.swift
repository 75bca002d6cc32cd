/// Reads a Hurl file by the format's grammar (hurl.dev/docs/grammar.html, version 4.3).
struct HurlParser {
  var scanner: HurlScanner
  /// How many comments have been looked at.
  private var handedOut = 0

  init(_ text: String, file: String) { scanner = HurlScanner(text, file: file) }

  mutating func document() throws(HurlSyntaxError) -> HurlDocument {
    scanner.skipBlankLines()
    let wholeFile = scanner.isAtEnd ? [] : annotations(upTo: lastFileLine(before: scanner.position.line))
    var entries: [HurlEntry] = []
    while !scanner.isAtEnd {
      entries.append(try entry())
      scanner.skipBlankLines()
    }
    return HurlDocument(file: scanner.file, entries: entries, annotations: wholeFile)
  }

  /// The last empty line before the first request: annotations above it concern the whole file.
  private func lastFileLine(before line: Int) -> Int {
    guard line > 1 else { return 0 }
    return (1..<line).last(where: scanner.isBlank) ?? 0
  }

  /// The annotations among the comments that were passed, up to `line`, each handed out once.
  private mutating func annotations(upTo line: Int) -> [HurlAnnotation] {
    let first = handedOut
    while handedOut < scanner.comments.count, scanner.comments[handedOut].position.line <= line {
      handedOut += 1
    }
    return scanner.comments[first..<handedOut].compactMap(HurlAnnotation.init)
  }

  private mutating func entry() throws(HurlSyntaxError) -> HurlEntry {
    let start = scanner.position
    let method = scanner.takeWhile { ("A"..."Z").contains($0) }
    if method.isEmpty {
      throw scanner.error("expected a request, such as GET https://…, not \(described(scanner.peek))")
    }
    guard scanner.skipSpaces() else {
      throw scanner.error("expected a space and a URL after the method \(method)")
    }
    let url = try url()
    try scanner.endLine(after: "the URL")
    let headers = try keyValues()
    let sections = try requestSections()
    let body = try optionalBody()
    let response = try response()
    return HurlEntry(
      position: start, annotations: annotations(upTo: scanner.lastContentLine), method: method, url: url,
      headers: headers, sections: sections, body: body, response: response)
  }

  private mutating func response() throws(HurlSyntaxError) -> HurlResponseSpec? {
    let mark = scanner.mark
    scanner.skipBlankLines()
    let start = scanner.position
    guard scanner.take("HTTP"), scanner.peek.map({ !("A"..."Z").contains($0) }) ?? true else {
      scanner.reset(to: mark)
      return nil
    }
    let version = try version()
    guard scanner.skipSpaces() else {
      throw scanner.error("expected a space and a status, or *, after the HTTP version")
    }
    let statusPosition = scanner.position
    let status = try status()
    try scanner.endLine(after: "the status")
    let headers = try keyValues()
    let sections = try responseSections()
    let body = try optionalBody()
    return HurlResponseSpec(
      position: start, version: version, statusPosition: statusPosition, status: status, headers: headers,
      captures: sections.captures, asserts: sections.asserts, body: body)
  }

  /// What follows `HTTP`; nil for any version.
  private mutating func version() throws(HurlSyntaxError) -> String? {
    guard scanner.take("/") else { return nil }
    let start = scanner.position
    let text = scanner.takeWhile { $0 != " " && $0 != "\t" && $0 != "\n" && $0 != "\r" && $0 != "#" }
    switch text {
    case "*": return nil
    case "1.0", "1.1", "2", "3": return text
    default:
      throw scanner.error("expected HTTP, HTTP/1.0, HTTP/1.1, HTTP/2 or HTTP/3, not HTTP/\(text)", at: start)
    }
  }

  private mutating func status() throws(HurlSyntaxError) -> Int? {
    if scanner.take("*") { return nil }
    let start = scanner.position
    let digits = scanner.takeWhile(\.isASCIIDigit)
    guard !digits.isEmpty, let status = Int(digits), digits == "0" || !digits.hasPrefix("0") else {
      throw scanner.error("expected a status such as 200, or *", at: start)
    }
    return status
  }
}

extension HurlAnnotation {
  /// The annotation in a comment, if it is one: `@name value` or `@name: value`.
  fileprivate init?(_ comment: HurlScanner.Comment) {
    var rest = Substring(comment.text).drop { $0 == " " || $0 == "\t" }
    guard rest.popFirst() == "@" else { return nil }
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "-" || $0 == "_" }
    if name.isEmpty { return nil }
    rest = rest[name.endIndex...]
    if rest.first == ":" { rest.removeFirst() }
    if let next = rest.first, next != " ", next != "\t", rest.startIndex == name.endIndex { return nil }
    let value = String(rest).trimmingSpaces
    self.init(position: comment.position, name: String(name), value: value)
  }
}

extension String {
  /// Without spaces, tabs and line ends at both ends.
  var trimmingSpaces: String { trimmingSpacesAtStart.trimmingSpacesAtEnd }
  /// Without spaces, tabs and line ends at the beginning.
  var trimmingSpacesAtStart: String { String(unicodeScalars.drop(while: \.isSpaceOrLineEnd)) }
  /// Without spaces, tabs and line ends at the end.
  var trimmingSpacesAtEnd: String {
    var rest = unicodeScalars[...]
    while let last = rest.last, last.isSpaceOrLineEnd { rest.removeLast() }
    return String(rest)
  }
}

extension Unicode.Scalar {
  fileprivate var isSpaceOrLineEnd: Bool { self == " " || self == "\t" || self == "\r" || self == "\n" }
}
