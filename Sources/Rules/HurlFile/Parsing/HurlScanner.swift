/// How many characters of a text come before a place in it, found without counting from the beginning.
private struct CharacterCounts {
  private static let block = 256
  /// How many begin before each block of bytes.
  private var before = [0]

  init(_ bytes: [UInt8]) {
    var count = 0
    for (position, byte) in bytes.enumerated() {
      if position % CharacterCounts.block == 0, position > 0 { before.append(count) }
      if byte & 0xC0 != 0x80 { count += 1 }
    }
  }

  func count(before position: Int, in bytes: [UInt8]) -> Int {
    let block = min(position / CharacterCounts.block, before.count - 1)
    return before[block] + bytes[block * CharacterCounts.block..<position].count { $0 & 0xC0 != 0x80 }
  }
}

/// Reads a Hurl file character by character and knows where it is.
struct HurlScanner {
  /// A comment and where its `#` stands.
  struct Comment {
    let position: HurlPosition
    let text: String
  }

  let file: String
  /// The text in UTF-8, without a byte order mark.
  private let bytes: [UInt8]
  /// Where the next character begins, in bytes.
  private(set) var index = 0
  /// Where each line begins.
  private let lineStarts: [Int]
  /// For columns, which count characters; nil where each is one byte.
  private let columns: CharacterCounts?
  /// The line that ended last: what is asked for stands in the next one, mostly.
  private var lastLine = 0
  /// All comments passed so far, each once, in order.
  private(set) var comments: [Comment] = []
  /// The last line that holds more than a comment.
  private(set) var lastContentLine = 0

  init(_ text: String, file: String) {
    self.file = file
    var bytes = Array(text.utf8)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    var starts = [0]
    var isASCII = true
    for (position, byte) in bytes.enumerated() {
      if byte == 0x0A { starts.append(position + 1) } else if byte >= 0x80 { isASCII = false }
    }
    self.bytes = bytes
    lineStarts = starts
    columns = isASCII ? nil : CharacterCounts(bytes)
  }

  // MARK: Looking

  var isAtEnd: Bool { index >= bytes.count }
  var position: HurlPosition {
    let line = line(at: index)
    let start = lineStarts[line - 1]
    let before = columns.map { $0.count(before: index, in: bytes) - $0.count(before: start, in: bytes) }
    return HurlPosition(line: line, column: (before ?? index - start) + 1)
  }
  var peek: Unicode.Scalar? { index < bytes.count ? scalar(at: index) : nil }
  /// The character that begins `offset` bytes from here.
  func peek(_ offset: Int) -> Unicode.Scalar? {
    index + offset < bytes.count ? scalar(at: index + offset) : nil
  }
  /// The character that begins at `position`.
  private func scalar(at position: Int) -> Unicode.Scalar {
    let byte = bytes[position]
    return byte < 0x80 ? Unicode.Scalar(byte) : longScalar(at: position)
  }
  private func longScalar(at position: Int) -> Unicode.Scalar {
    bytes[position..<min(position + 4, bytes.count)].withUnsafeBufferPointer {
      var decoder = UTF8()
      var iterator = $0.makeIterator()
      return if case .scalarValue(let scalar) = decoder.decode(&iterator) { scalar } else { "\u{FFFD}" }
    }
  }
  /// Whether `text`, all ASCII, stands here.
  func isNext(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard index + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] { return false }
    return true
  }
  /// Whether `word`, all ASCII, stands here, and no letter, digit or underscore follows.
  func isWord(_ word: StaticString) -> Bool {
    isNext(word) && peek(word.utf8CodeUnitCount)?.isWordCharacter != true
  }
  /// The word that stands here, which is not passed over; empty where there is none.
  var word: String {
    var ahead = index
    while ahead < bytes.count, case let next = scalar(at: ahead), next.isWordCharacter {
      ahead += next.utf8Length
    }
    return ahead == index ? "" : text(index..<ahead)
  }
  /// What was read since `start`.
  func text(from start: Int) -> String { text(start..<index) }
  private func text(_ range: Range<Int>) -> String {
    bytes.withUnsafeBufferPointer {
      String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self)
    }
  }
  /// All that follows.
  var rest: ArraySlice<UInt8> { bytes[index...] }
  /// Whether as many bytes were read since `start` as `text` has: then nothing in it was written as an escape.
  func isAsLong(_ text: String, since start: Int) -> Bool { text.utf8.count == index - start }
  /// Whether the line holds nothing but white space.
  func isBlank(line: Int) -> Bool {
    guard line >= 1, line <= lineStarts.count else { return true }
    let end = line < lineStarts.count ? lineStarts[line] : bytes.count
    return bytes[lineStarts[line - 1]..<end].allSatisfy {
      $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A
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

  /// Passes over one character.
  mutating func advance() { if let next = peek { index += next.utf8Length } }
  /// Passes over so many bytes.
  mutating func advance(_ count: Int) { index = min(index + count, bytes.count) }

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
    while index < bytes.count, case let next = scalar(at: index), matches(next) { index += next.utf8Length }
  }
  /// Passes over spaces and tabs; whether there were any.
  @discardableResult mutating func skipSpaces() -> Bool {
    let start = index
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
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
  /// Bytes in UTF-8.
  fileprivate var utf8Length: Int { value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4 }
  /// A letter or digit of any script.
  var isAlphanumeric: Bool {
    value < 0x80
      ? isASCIILetter || isASCIIDigit : properties.isAlphabetic || properties.numericType != nil
  }
  /// A letter or digit of any script, or an underscore.
  var isWordCharacter: Bool { self == "_" || isAlphanumeric }
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
