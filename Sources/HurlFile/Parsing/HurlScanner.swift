/// Reads a Hurl file character by character and knows where it is.
struct HurlScanner {
  /// A comment and where its `#` stands.
  struct Comment {
    let position: HurlPosition
    let text: String
  }

  let file: String
  let scalars: [Unicode.Scalar]
  private(set) var index = 0
  private(set) var line = 1
  private(set) var column = 1
  /// All comments passed so far, each once, in order.
  private(set) var comments: [Comment] = []
  /// The last line that holds more than a comment.
  private(set) var lastContentLine = 0

  init(_ text: String, file: String) {
    self.file = file
    var scalars = Array(text.unicodeScalars)
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    self.scalars = scalars
  }

  // MARK: Looking

  var isAtEnd: Bool { index >= scalars.count }
  var position: HurlPosition { HurlPosition(line: line, column: column) }
  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  func peek(_ offset: Int) -> Unicode.Scalar? {
    index + offset < scalars.count ? scalars[index + offset] : nil
  }
  /// Whether `text` stands here.
  func isNext(_ text: String) -> Bool {
    var offset = index
    for scalar in text.unicodeScalars {
      guard offset < scalars.count, scalars[offset] == scalar else { return false }
      offset += 1
    }
    return true
  }
  /// What was read since `start`.
  func text(from start: Int) -> String { text(start..<index) }
  func text(_ range: Range<Int>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[range])
    return String(text)
  }

  // MARK: Moving

  mutating func advance() {
    guard index < scalars.count else { return }
    if scalars[index] == "\n" {
      line += 1
      column = 1
    } else {
      column += 1
    }
    index += 1
  }
  mutating func advance(_ count: Int) { for _ in 0..<count { advance() } }

  /// Passes over `text` where it stands here.
  mutating func take(_ text: String) -> Bool {
    guard isNext(text) else { return false }
    advance(text.unicodeScalars.count)
    return true
  }
  mutating func takeWhile(_ matches: (Unicode.Scalar) -> Bool) -> String {
    let start = index
    while let scalar = peek, matches(scalar) { advance() }
    return text(from: start)
  }
  /// Passes over spaces and tabs; whether there were any.
  @discardableResult mutating func skipSpaces() -> Bool {
    let start = index
    while let scalar = peek, scalar == " " || scalar == "\t" { advance() }
    return index > start
  }
  /// Passes over one line end.
  mutating func takeNewline() -> Bool { take("\r\n") || take("\n") }

  /// A place to come back to.
  struct Mark {
    fileprivate let index: Int, line: Int, column: Int
  }
  var mark: Mark { Mark(index: index, line: line, column: column) }
  /// Goes back to `mark`; comments passed stay known.
  mutating func reset(to mark: Mark) { (index, line, column) = (mark.index, mark.line, mark.column) }

  // MARK: Lines and comments

  /// Passes over empty lines and comment lines, and the spaces before what follows.
  mutating func skipBlankLines() {
    while true {
      skipSpaces()
      if peek == "#" { takeComment() }
      if !takeNewline() { return }
    }
  }

  /// Passes over the rest of a line that may only hold a comment.
  mutating func endLine(after what: String) throws(HurlSyntaxError) {
    lastContentLine = line
    skipSpaces()
    if peek == "#" { takeComment() }
    if isAtEnd || takeNewline() { return }
    throw error("expected the end of the line after \(what), not \(described(peek))")
  }

  private mutating func takeComment() {
    let start = position
    advance()
    let text = takeWhile { $0 != "\n" }
    if comments.last.map({ $0.position < start }) ?? true {
      comments.append(Comment(position: start, text: text.hasSuffix("\r") ? String(text.dropLast()) : text))
    }
  }

  // MARK: Errors

  func error(_ message: String, at position: HurlPosition? = nil) -> HurlSyntaxError {
    let position = position ?? self.position
    return HurlSyntaxError(
      file: file, line: position.line, column: position.column, message: message, isUnsupported: false)
  }
  func unsupported(_ construct: String, at position: HurlPosition) -> HurlSyntaxError {
    HurlSyntaxError(
      file: file, line: position.line, column: position.column, message: "\(construct): not supported here",
      isUnsupported: true)
  }
}

/// A character as it is named in messages.
func described(_ scalar: Unicode.Scalar?) -> String {
  switch scalar {
  case nil: "the end of the file"
  case "\n", "\r": "the end of the line"
  case let scalar?: scalar.value < 0x20 ? "a control character" : "'\(Character(scalar))'"
  }
}

extension Unicode.Scalar {
  /// A letter or digit of any script.
  var isAlphanumeric: Bool {
    value < 0x80
      ? isASCIILetter || isASCIIDigit : properties.isAlphabetic || properties.numericType != nil
  }
  var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
  var isASCIIDigit: Bool { ("0"..."9").contains(self) }
  /// The value of a hexadecimal digit.
  var hexDigit: UInt32? {
    switch self {
    case "0"..."9": value - 48
    case "a"..."f": value - 87
    case "A"..."F": value - 55
    default: nil
    }
  }
}
