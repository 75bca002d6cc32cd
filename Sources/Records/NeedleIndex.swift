/// Many strings to look for at once: found by their first eight bytes, the longest first, in one pass over the text.
struct NeedleIndex {
  static let minimumLength = 8
  private var byStart: [UInt64: [[UInt8]]] = [:]

  var isEmpty: Bool { byStart.isEmpty }

  mutating func insert(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count >= Self.minimumLength else { return }
    var start: UInt64 = 0
    for byte in bytes[..<8] { start = start << 8 | UInt64(byte) }
    var list = byStart[start] ?? []
    guard !list.contains(bytes) else { return }
    list.append(bytes)
    list.sort { $0.count > $1.count }
    byStart[start] = list
  }

  /// `text` with `mark` for each that stands in it; nil where none does.
  func replacing(in text: String, with mark: String) -> String? {
    let bytes = Array(text.utf8)
    guard bytes.count >= Self.minimumLength else { return nil }
    var out: [UInt8] = []
    var copied = 0
    var window: UInt64 = 0
    var position = 0
    // `window` always holds the eight bytes that end at `position`.
    while position < bytes.count {
      window = window << 8 | UInt64(bytes[position])
      position += 1
      guard position - copied >= 8, let candidates = byStart[window] else { continue }
      let start = position - 8
      guard let found = candidates.first(where: { bytes[start...].starts(with: $0) }) else { continue }
      out += bytes[copied..<start]
      out += mark.utf8
      copied = start + found.count
      position = copied
      window = 0
    }
    if copied == 0 { return nil }
    out += bytes[copied...]
    return String(decoding: out, as: UTF8.self)
  }
}

/// `scheme://user:password@host` inside text.
enum URLCredentials {
  static func passwords(in text: String) -> [String] {
    var found: [String] = []
    _ = scan(text) { found.append($0) }
    return found
  }

  /// `text` without passwords; nil where there are none.
  static func redacted(_ text: String) -> String? { scan(text) { _ in } }

  /// Replaces each password, and tells it first.
  private static func scan(_ text: String, _ tell: (String) -> Void) -> String? {
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    var copied = 0
    var position = 0
    while position + 2 < bytes.count {
      guard bytes[position] == UInt8(ascii: ":"), bytes[position + 1] == UInt8(ascii: "/"),
        bytes[position + 2] == UInt8(ascii: "/")
      else {
        position += 1
        continue
      }
      let start = position + 3
      let end = bytes[start...].firstIndex { endsAuthority($0) } ?? bytes.count
      position = end
      guard let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")) else { continue }
      let colon = bytes[start..<at].firstIndex(of: UInt8(ascii: ":"))
      // `scheme://token@host` is a secret as well, but SSH's name of a user is none.
      if colon == nil, bytes[..<(start - 3)].suffix(3).elementsEqual("ssh".utf8) { continue }
      let secret = (colon.map { $0 + 1 } ?? start)..<at
      guard !secret.isEmpty, !bytes[secret].elementsEqual(Redactor.mark.utf8) else { continue }
      tell(String(decoding: bytes[secret], as: UTF8.self))
      out += bytes[copied..<secret.lowerBound]
      out += Redactor.mark.utf8
      copied = at
    }
    if copied == 0 { return nil }
    out += bytes[copied...]
    return String(decoding: out, as: UTF8.self)
  }

  private static func endsAuthority(_ byte: UInt8) -> Bool {
    byte <= 0x20
      || [
        UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "'"),
        UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "`"), UInt8(ascii: "\\"),
      ].contains(byte)
  }
}

/// AWS access key ids: `AKIA` or `ASIA` and sixteen capitals or digits.
enum AccessKeyIds {
  static let length = 20

  /// `text` without key ids; nil where there are none.
  static func redacted(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard bytes.count >= length else { return nil }
    var out: [UInt8] = []
    var copied = 0
    var position = 0
    while position + length <= bytes.count {
      if bytes[position] == UInt8(ascii: "A"), isStart(bytes[position..<position + 4]),
        bytes[position + 4..<position + length].allSatisfy(isIdByte),
        position == 0 || !isIdByte(bytes[position - 1]),
        position + length == bytes.count || !isIdByte(bytes[position + length])
      {
        out += bytes[copied..<position]
        out += Redactor.mark.utf8
        position += length
        copied = position
      } else {
        position += 1
      }
    }
    if copied == 0 { return nil }
    out += bytes[copied...]
    return String(decoding: out, as: UTF8.self)
  }

  private static func isStart(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.elementsEqual("AKIA".utf8) || bytes.elementsEqual("ASIA".utf8)
  }
  private static func isIdByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
  }
}
