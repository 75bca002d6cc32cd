/// Reads a Hurl file character by character and knows where it is.
struct HurlScanner {
  /// A comment and where its `#` stands.
  struct Comment {
    let position: HurlPosition
    let text: String
  }

  let file: String
  let scalars: [Unicode.Scalar]
  /// The same, where all of it is ASCII, as mostly; else empty.
  private let ascii: [UInt8]
  private(set) var index = 0
  /// Where each line begins.
  private let lineStarts: [Int]
  /// The line that ended last: what is asked for stands in the next one, mostly.
  private var lastLine = 0
  /// All comments passed so far, each once, in order.
  private(set) var comments: [Comment] = []
  /// The last line that holds more than a comment.
  private(set) var lastContentLine = 0

  init(_ text: String, file: String) {
    self.file = file
    let bytes = Array(text.utf8)
    var starts = [0]
    if bytes.allSatisfy({ $0 < 0x80 }) {
      ascii = bytes
      scalars = Array(unsafeUninitializedCapacity: bytes.count) { scalars, count in
        for (position, byte) in bytes.enumerated() {
          scalars.initializeElement(at: position, to: Unicode.Scalar(byte))
          if byte == 0x0A { starts.append(position + 1) }
        }
        count = bytes.count
      }
    } else {
      ascii = []
      var scalars = Array(text.unicodeScalars)
      if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
      for position in scalars.indices where scalars[position] == "\n" { starts.append(position + 1) }
      self.scalars = scalars
    }
    lineStarts = starts
  }

  // MARK: Looking

  var isAtEnd: Bool { index >= scalars.count }
  var position: HurlPosition {
    let line = line(at: index)
    return HurlPosition(line: line, column: index - lineStarts[line - 1] + 1)
  }
  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  func peek(_ offset: Int) -> Unicode.Scalar? {
    index + offset < scalars.count ? scalars[index + offset] : nil
  }
  /// Whether `text`, all ASCII, stands here.
  func isNext(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard index + count <= scalars.count else { return false }
    for offset in 0..<count where scalars[index + offset].value != UInt32(text.utf8Start[offset]) {
      return false
    }
    return true
  }
  /// Whether `word`, all ASCII, stands here, and no letter, digit or underscore follows.
  func isWord(_ word: StaticString) -> Bool {
    isNext(word) && peek(word.utf8CodeUnitCount)?.isWordCharacter != true
  }
  /// The word that stands here, which is not passed over; empty where there is none.
  var word: String {
    var end = index
    while end < scalars.count, scalars[end].isWordCharacter { end += 1 }
    return end == index ? "" : text(index..<end)
  }
  /// What was read since `start`.
  func text(from start: Int) -> String { text(start..<index) }
  func text(_ range: Range<Int>) -> String {
    if ascii.isEmpty { return String(scalars: scalars[range]) }
    return ascii.withUnsafeBufferPointer {
      String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self)
    }
  }
  /// Whether as many bytes were read since `start` as `text` has, all ASCII: then nothing in it was written as an escape.
  func isAsLong(_ text: String, since start: Int) -> Bool {
    !ascii.isEmpty && text.utf8.count == index - start
  }
  /// Whether the line holds nothing but white space.
  func isBlank(line: Int) -> Bool {
    guard line >= 1, line <= lineStarts.count else { return true }
    let end = line < lineStarts.count ? lineStarts[line] : scalars.count
    return scalars[lineStarts[line - 1]..<end].allSatisfy {
      $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n"
    }
  }

  /// The line that holds the character at `index`.
  private func line(at index: Int) -> Int {
    if lineStarts[lastLine] <= index {
      // It is the same line or the next one, mostly.
      for next in lastLine + 1...lastLine + 2 where next >= lineStarts.count || index < lineStarts[next] {
        return next
      }
    }
    var range = 0..<lineStarts.count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range = lineStarts[middle] <= index ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  // MARK: Moving

  mutating func advance() { if index < scalars.count { index += 1 } }
  mutating func advance(_ count: Int) { index = min(index + count, scalars.count) }

  /// Passes over `text` where it stands here.
  mutating func take(_ text: StaticString) -> Bool {
    guard isNext(text) else { return false }
    index += text.utf8CodeUnitCount
    return true
  }
  /// Passes over `word` where it stands here and no letter, digit or underscore follows.
  mutating func takeWord(_ word: StaticString) -> Bool {
    guard isWord(word) else { return false }
    index += word.utf8CodeUnitCount
    return true
  }
  mutating func takeWhile(_ matches: (Unicode.Scalar) -> Bool) -> String {
    let start = index
    skipWhile(matches)
    return text(from: start)
  }
  mutating func skipWhile(_ matches: (Unicode.Scalar) -> Bool) {
    while index < scalars.count, matches(scalars[index]) { index += 1 }
  }
  /// Passes over spaces and tabs; whether there were any.
  @discardableResult mutating func skipSpaces() -> Bool {
    let start = index
    while index < scalars.count, scalars[index] == " " || scalars[index] == "\t" { index += 1 }
    return index > start
  }
  /// Passes over one line end.
  mutating func takeNewline() -> Bool {
    guard take("\r\n") || take("\n") else { return false }
    lastLine = line(at: index) - 1
    return true
  }

  /// A place to come back to.
  struct Mark {
    fileprivate let index: Int
  }
  var mark: Mark { Mark(index: index) }
  /// Goes back to `mark`; comments passed stay known.
  mutating func reset(to mark: Mark) { index = mark.index }

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
    lastContentLine = line(at: index)
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
  /// A letter or digit of any script, or an underscore.
  var isWordCharacter: Bool {
    value < 0x80 ? isASCIILetter || isASCIIDigit || self == "_" : isAlphanumeric
  }
  var isASCIILetter: Bool { (value | 0x20) &- 0x61 < 26 }
  var isASCIIDigit: Bool { value &- 0x30 < 10 }
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

/// Some ASCII characters, found without hashing.
struct ASCIISet {
  private var low: UInt64 = 0, high: UInt64 = 0

  init(_ characters: StaticString) {
    for offset in 0..<characters.utf8CodeUnitCount {
      let byte = characters.utf8Start[offset]
      if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
    }
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    return value < 64 ? low >> UInt64(value) & 1 == 1 : value < 128 && high >> UInt64(value - 64) & 1 == 1
  }
}

extension String {
  /// The text of `scalars`; made at once where all are ASCII.
  init(scalars: ArraySlice<Unicode.Scalar>) {
    guard scalars.allSatisfy(\.isASCII) else {
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      self.init(text)
      return
    }
    self.init(unsafeUninitializedCapacity: scalars.count) { bytes in
      for (offset, scalar) in scalars.enumerated() { bytes[offset] = UInt8(truncatingIfNeeded: scalar.value) }
      return scalars.count
    }
  }
}
