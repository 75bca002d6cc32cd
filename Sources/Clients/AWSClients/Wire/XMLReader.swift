import CLibExpat

/// Why an answer is no XML that we read.
struct XMLError: Error, Hashable, Sendable, CustomStringConvertible {
  var line: Int
  var message: String
  var description: String { "line \(line): \(message)" }
}

/// Reads XML over libexpat. A document type, and with it any entity of its own, is refused; depth and number of elements are bounded.
enum XMLReader {
  static let maximumDepth = 64
  static let maximumElements = 2_000_000

  static func parse(_ bytes: [UInt8]) throws(XMLError) -> XMLElement {
    guard let parser = XML_ParserCreate("UTF-8") else {
      throw XMLError(line: 0, message: "libexpat gave no parser")
    }
    defer { XML_ParserFree(parser) }
    let builder = Builder(parser)
    XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
    XML_SetElementHandler(
      parser,
      { data, name, _ in Builder.of(data)?.start(name) },
      { data, _ in Builder.of(data)?.end() })
    XML_SetCharacterDataHandler(parser) { data, text, count in Builder.of(data)?.append(text, Int(count)) }
    XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in
      Builder.of(data)?.stop("a document type declaration is not allowed")
    }
    let status = bytes.withUnsafeBytes { buffer in
      XML_Parse(
        parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: buffer.count), 1)
    }
    if let refusal = builder.refusal { throw refusal }
    guard status == XML_STATUS_OK, bytes.count <= Int(Int32.max), let root = builder.root else {
      let words = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "not well-formed"
      throw XMLError(line: Int(XML_GetCurrentLineNumber(parser)), message: words)
    }
    return root
  }
}

private final class Builder {
  private let parser: XML_Parser
  private var open: [XMLElement] = []
  private var texts: [[UInt8]] = []
  private var count = 0
  private(set) var root: XMLElement?
  private(set) var refusal: XMLError?

  init(_ parser: XML_Parser) { self.parser = parser }

  static func of(_ data: UnsafeMutableRawPointer?) -> Builder? {
    data.map { Unmanaged<Builder>.fromOpaque($0).takeUnretainedValue() }
  }

  func start(_ name: UnsafePointer<CChar>?) {
    count += 1
    if open.count >= XMLReader.maximumDepth { return stop("elements are nested too deep") }
    if count > XMLReader.maximumElements { return stop("too many elements") }
    var name = name.map { String(cString: $0) } ?? ""
    if let colon = name.firstIndex(of: ":") { name = String(name[name.index(after: colon)...]) }
    open.append(XMLElement(name: name))
    texts.append([])
  }

  func end() {
    guard var element = open.popLast(), let text = texts.popLast() else { return }
    // White space between children is layout; an element without children keeps every byte.
    if element.children.isEmpty { element.text = String(decoding: text, as: UTF8.self) }
    if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
  }

  func append(_ text: UnsafePointer<CChar>?, _ length: Int) {
    guard let text, !texts.isEmpty else { return }
    texts[texts.count - 1].append(contentsOf: UnsafeRawBufferPointer(start: text, count: length))
  }

  func stop(_ message: String) {
    if refusal == nil { refusal = XMLError(line: Int(XML_GetCurrentLineNumber(parser)), message: message) }
    XML_StopParser(parser, 0)
  }
}
