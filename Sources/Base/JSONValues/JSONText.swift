import Glibc

/// JSON text that is written piece by piece into one buffer: what is large needs no tree in between.
///
/// Commas, lines and indentation are its own; what is written must be one value, each member a name and a value.
public struct JSONText: ~Copyable {
  /// Whether a replacement stands anywhere instead of a text that was given.
  public private(set) var hasReplaced = false
  private let isPretty: Bool
  private let replacement: ((String) -> String?)?
  private var start: UnsafeMutablePointer<UInt8>
  private var count = 0
  private var capacity: Int
  /// Whether the buffer is somebody else's: it is written to, but neither made larger nor freed.
  private var isBorrowed = false
  private var level = 0
  private var needsComma = false
  private var followsName = false

  /// - Parameters:
  ///   - pretty: two spaces a level and a line for each member; else no white space at all.
  ///   - replacement: asked for every text and every name that is not fixed: what to write instead, nil for the text.
  public init(pretty: Bool = false, replacement: ((String) -> String?)? = nil) {
    isPretty = pretty
    self.replacement = replacement
    capacity = 1024
    start = JSONText.memory(malloc(capacity))
  }

  private init(
    in buffer: UnsafeMutableBufferPointer<UInt8>, pretty: Bool, replacement: ((String) -> String?)?
  ) {
    isPretty = pretty
    self.replacement = replacement
    capacity = buffer.count
    start = buffer.baseAddress!
    isBorrowed = true
  }

  deinit { if !isBorrowed { free(start) } }

  /// What `write` writes. Up to `expected` bytes it is written right where it stays; beyond, it is copied once.
  public static func document(
    expected: Int, pretty: Bool = false, replacement: ((String) -> String?)? = nil,
    write: (inout JSONText) throws -> Void
  ) rethrows -> (bytes: [UInt8], hasReplaced: Bool) {
    var hasReplaced = false
    var longer: [UInt8]?
    let bytes = try [UInt8](unsafeUninitializedCapacity: max(expected, 1024)) { buffer, count in
      var json = JSONText(in: buffer, pretty: pretty, replacement: replacement)
      try write(&json)
      hasReplaced = json.hasReplaced
      if json.isBorrowed { count = json.count } else { longer = json.bytes }
    }
    return (longer ?? bytes, hasReplaced)
  }

  /// The system's own memory: it can be made larger where it stands. Without memory there is no going on.
  private static func memory(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<UInt8> {
    raw!.assumingMemoryBound(to: UInt8.self)
  }

  /// What has been written.
  public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }
  /// What has been written.
  public var text: String { String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }

  // MARK: Values

  /// `null`.
  public mutating func null() { word("null") }
  /// `true` or `false`.
  public mutating func bool(_ value: Bool) { word(value ? "true" : "false") }

  /// A text.
  public mutating func string(_ text: String) {
    begin(0)
    if let other = replacement?(text) {
      hasReplaced = true
      quote(other)
    } else {
      quote(text)
    }
    needsComma = true
  }

  /// A whole number.
  public mutating func number(_ value: Int) {
    begin(24)
    digits(value)
    needsComma = true
  }

  /// A finite number, written as `JSONNumber` writes it.
  public mutating func number(_ value: Double) {
    // Most are milliseconds to a microsecond, whose shortest form has three decimals at most.
    let thousandths = (value * 1000).rounded()
    guard abs(thousandths) < 1e12, thousandths / 1000 == value else { return word(JSONNumber(value).text) }
    begin(32)
    let whole = Int(thousandths)
    if whole < 0 { byte(UInt8(ascii: "-")) }
    let (quotient, rest) = whole.magnitude.quotientAndRemainder(dividingBy: 1000)
    digits(Int(quotient))
    needsComma = true
    if rest == 0 { return }
    byte(UInt8(ascii: "."))
    byte(UInt8(truncatingIfNeeded: 48 + rest / 100))
    if rest % 100 == 0 { return }
    byte(UInt8(truncatingIfNeeded: 48 + rest / 10 % 10))
    if rest % 10 != 0 { byte(UInt8(truncatingIfNeeded: 48 + rest % 10)) }
  }

  /// Any value.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .number(let number): word(number.text)
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for member in object.members {
        name(member.name)
        self.value(member.value)
      }
      endObject()
    }
  }

  /// Ends the line; nothing follows.
  public mutating func endLine() {
    reserve(1)
    byte(0x0A)
  }

  // MARK: Objects and arrays

  /// Begins an object; its members follow, then `endObject`.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// Ends the object that was begun last.
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  /// Begins an array; its elements follow, then `endArray`.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// Ends the array that was begun last.
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// The name of the member whose value follows; fixed, so that there is nothing in it to escape or to replace.
  public mutating func name(_ name: StaticString) {
    let length = name.utf8CodeUnitCount
    begin(length + 4)
    byte(UInt8(ascii: "\""))
    (start + count).update(from: name.utf8Start, count: length)
    count += length
    byte(UInt8(ascii: "\""))
    endName()
  }

  /// The name of the member whose value follows.
  public mutating func name(_ name: String) {
    string(name)
    reserve(2)
    endName()
  }

  /// A member with a text.
  public mutating func member(_ name: StaticString, _ text: String) {
    self.name(name)
    string(text)
  }
  /// A member with a text; none where there is no text.
  public mutating func member(_ name: StaticString, ifPresent text: String?) {
    if let text { member(name, text) }
  }
  /// A member with a text, `null` where there is none.
  public mutating func member(_ name: StaticString, orNull text: String?) {
    self.name(name)
    if let text { string(text) } else { null() }
  }
  /// A member with a whole number.
  public mutating func member(_ name: StaticString, _ value: Int) {
    self.name(name)
    number(value)
  }
  /// A member with a number.
  public mutating func member(_ name: StaticString, _ value: Double) {
    self.name(name)
    number(value)
  }
  /// A member that is true or false.
  public mutating func member(_ name: StaticString, _ value: Bool) {
    self.name(name)
    bool(value)
  }

  private mutating func endName() {
    byte(UInt8(ascii: ":"))
    if isPretty { byte(0x20) }
    followsName = true
  }

  private mutating func open(_ bracket: UInt8) {
    begin(1)
    byte(bracket)
    level += 1
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    level -= 1
    reserve(2 + 2 * level)
    if needsComma { newLine() }
    byte(bracket)
    needsComma = true
  }

  // MARK: Bytes

  /// What stands before a value or a name; afterwards there is room for `size` bytes.
  private mutating func begin(_ size: Int) {
    reserve(size + 2 + 2 * level)
    if followsName {
      followsName = false
      return
    }
    if needsComma { byte(UInt8(ascii: ",")) }
    if level > 0 { newLine() }
  }

  private mutating func newLine() {
    guard isPretty else { return }
    byte(0x0A)
    (start + count).update(repeating: 0x20, count: 2 * level)
    count += 2 * level
  }

  private mutating func word(_ text: String) {
    begin(text.utf8.count)
    for unit in text.utf8 { byte(unit) }
    needsComma = true
  }

  private mutating func digits(_ value: Int) {
    var rest = value.magnitude
    if value < 0 { byte(UInt8(ascii: "-")) }
    var length = 1
    var next = rest / 10
    while next > 0 {
      length += 1
      next /= 10
    }
    var position = count + length
    count = position
    repeat {
      position -= 1
      start[position] = UInt8(truncatingIfNeeded: 48 + rest % 10)
      rest /= 10
    } while rest > 0
  }

  private mutating func quote(_ text: String) {
    let length = text.utf8.count
    // Every byte may become six.
    reserve(6 * length + 4)
    byte(UInt8(ascii: "\""))
    let place = start + count
    let isWritten = text.utf8.withContiguousStorageIfAvailable { source -> Bool in
      guard let base = source.baseAddress else { return true }
      guard JSONText.isPlain(UnsafeRawBufferPointer(source)) else { return false }
      place.update(from: base, count: length)
      return true
    }
    if isWritten == true { count += length } else { escape(text) }
    byte(UInt8(ascii: "\""))
  }

  /// Whether nothing in `bytes` has to be written in another way, eight at a time.
  private static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var position = 0
    while position + 8 <= bytes.count {
      let eight = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      let quotes = eight ^ ones &* 0x22, strokes = eight ^ ones &* 0x5C, deletes = eight ^ ones &* 0x7F
      let found =
        (eight &- ones &* 0x20) & ~eight | (quotes &- ones) & ~quotes | (strokes &- ones) & ~strokes
        | (deletes &- ones) & ~deletes
      if found & highs != 0 { return false }
      position += 8
    }
    while position < bytes.count {
      let byte = bytes[position]
      if byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F { return false }
      position += 1
    }
    return true
  }

  private mutating func escape(_ text: String) {
    for unit in text.utf8 {
      switch unit {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        byte(UInt8(ascii: "\\"))
        byte(unit)
      case 0x0A: escape(UInt8(ascii: "n"))
      case 0x0D: escape(UInt8(ascii: "r"))
      case 0x09: escape(UInt8(ascii: "t"))
      case ..<0x20, 0x7F:
        escape(UInt8(ascii: "u"))
        byte(UInt8(ascii: "0"))
        byte(UInt8(ascii: "0"))
        byte(hexadecimal(unit >> 4))
        byte(hexadecimal(unit & 15))
      default: byte(unit)
      }
    }
  }

  private mutating func escape(_ letter: UInt8) {
    byte(UInt8(ascii: "\\"))
    byte(letter)
  }

  private func hexadecimal(_ digit: UInt8) -> UInt8 { digit < 10 ? 48 + digit : 87 + digit }

  /// Writes where there is room.
  @inline(__always)
  private mutating func byte(_ byte: UInt8) {
    start[count] = byte
    count += 1
  }

  @inline(__always)
  private mutating func reserve(_ size: Int) {
    // A comma, a colon and the like besides.
    if count + size + 16 > capacity { grow(size) }
  }

  private mutating func grow(_ size: Int) {
    capacity = max(2 * capacity, count + size + 16)
    if isBorrowed {
      let larger = JSONText.memory(malloc(capacity))
      larger.update(from: start, count: count)
      start = larger
      isBorrowed = false
    } else {
      start = JSONText.memory(realloc(start, capacity))
    }
  }
}
