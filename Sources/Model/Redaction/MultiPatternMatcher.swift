/// Many strings to look for at once: found by their first eight bytes, the longest first, in one pass over the text.
///
/// A pass looks at two bytes and mostly knows from them that none of the strings begins in the next few places: the rule
/// of Wu and Manber (A fast algorithm for multi-pattern searching, 1994) for beginnings of eight bytes.
public struct MultiPatternMatcher: Sendable {
  static let minimumLength = 8
  private var byStart: [UInt64: [[UInt8]]] = [:]
  /// By two bytes, how many places further the next beginning may end; empty where there is nothing to look for.
  private var steps: [UInt8] = []

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
    if steps.isEmpty { steps = [UInt8](repeating: 7, count: 4096) }
    for end in 1..<8 {
      let pair = Self.pair(bytes[end - 1], bytes[end])
      steps[pair] = min(steps[pair], UInt8(7 - end))
    }
  }

  private static func pair(_ first: UInt8, _ second: UInt8) -> Int {
    (Int(first) << 4 ^ Int(second)) & 4095
  }

  /// Whether any of them stands in `bytes`.
  func isFound(in bytes: UnsafeBufferPointer<UInt8>) -> Bool { first(in: bytes, from: 0) != nil }

  /// The first that begins at `from` or later, the longest of those that begin at the same place.
  private func first(in bytes: UnsafeBufferPointer<UInt8>, from: Int) -> Range<Int>? {
    if steps.isEmpty { return nil }
    return steps.withUnsafeBufferPointer { steps in
      var last = from + 7
      while last < bytes.count {
        let step = Int(steps[Self.pair(bytes[last - 1], bytes[last])])
        if step > 0 {
          last += step
          continue
        }
        let start = last - 7
        var window: UInt64 = 0
        for offset in start...last { window = window << 8 | UInt64(bytes[offset]) }
        if let found = byStart[window]?.first(where: { bytes[start...].starts(with: $0) }) {
          return start..<start + found.count
        }
        last += 1
      }
      return nil
    }
  }

  /// `text` with `mark` for each that stands in it; nil where none does.
  func replacing(in text: String, with mark: String) -> String? {
    var text = text
    return text.withUTF8 { bytes in
      var out: [UInt8] = []
      var copied = 0
      while let found = first(in: bytes, from: copied) {
        out += bytes[copied..<found.lowerBound]
        out += mark.utf8
        copied = found.upperBound
      }
      if copied == 0 { return nil }
      out += bytes[copied...]
      return String(decoding: out, as: UTF8.self)
    }
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
      // Its last byte may be the colon of the next one: `https://a@b,https://c:d@e`.
      position = max(start, end - 1)
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
