import CLibExpat

extension HurlParser {
  /// An XML document: from the `<` to the end of its one element, as written.
  mutating func xml() throws(HurlSyntaxError) -> String {
    let start = scanner.position
    let rest = Array(scanner.rest)
    switch XMLExtent.find(in: rest) {
    case .ends(let length):
      scanner.advance(length)
      return String(decoding: rest[..<length], as: UTF8.self)
    case .fails(let line, let column, let message):
      let place =
        line == 1
        ? HurlPosition(line: start.line, column: start.column + column)
        : HurlPosition(line: start.line + line - 1, column: column + 1)
      throw scanner.error("expected an XML document: \(message)", at: place)
    }
  }
}

/// How far an XML document goes.
private enum XMLExtent {
  /// So many bytes.
  case ends(Int)
  /// It is none: the line, counted from 1, and column, counted from 0, and why.
  case fails(line: Int, column: Int, String)

  static func find(in bytes: [UInt8]) -> XMLExtent {
    guard let parser = XML_ParserCreate("UTF-8") else {
      return .fails(line: 1, column: 0, "libexpat gave no parser")
    }
    defer { XML_ParserFree(parser) }
    let reader = Reader(parser)
    XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
    XML_SetElementHandler(
      parser, { data, _, _ in Reader.of(data)?.depth += 1 }, { data, _ in Reader.of(data)?.ended() })
    // What follows the document is none of its business: the parser is stopped at the end of the root element.
    let status = bytes.withUnsafeBytes { buffer in
      XML_Parse(
        parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: buffer.count), 1)
    }
    if let end = reader.end { return .ends(end) }
    let code = XML_GetErrorCode(parser)
    let words =
      status == XML_STATUS_OK
      ? "no element found" : XML_ErrorString(code).map { String(cString: $0) } ?? "not well-formed"
    return .fails(
      line: Int(XML_GetCurrentLineNumber(parser)), column: Int(XML_GetCurrentColumnNumber(parser)), words)
  }

  private final class Reader {
    private let parser: XML_Parser
    var depth = 0
    private(set) var end: Int?

    init(_ parser: XML_Parser) { self.parser = parser }

    static func of(_ data: UnsafeMutableRawPointer?) -> Reader? {
      data.map { Unmanaged<Reader>.fromOpaque($0).takeUnretainedValue() }
    }

    func ended() {
      depth -= 1
      guard depth == 0 else { return }
      end = Int(XML_GetCurrentByteIndex(parser)) + Int(XML_GetCurrentByteCount(parser))
      XML_StopParser(parser, 0)
    }
  }
}
