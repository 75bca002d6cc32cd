/// Base64, RFC 4648.
public enum Base64 {
  private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// The text of `bytes`; the URL-safe alphabet goes without padding.
  public static func encode(_ bytes: [UInt8], urlSafe isURLSafe: Bool = false) -> String {
    let digits = isURLSafe ? urlSafe : standard
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let rest = bytes.count - start
      let bits =
        UInt32(bytes[start]) << 16 | (rest > 1 ? UInt32(bytes[start + 1]) << 8 : 0)
        | (rest > 2 ? UInt32(bytes[start + 2]) : 0)
      for position in 0..<min(rest + 1, 4) {
        text.append(digits[Int(bits >> (18 - 6 * UInt32(position)) & 63)])
      }
      if !isURLSafe { text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: max(0, 3 - rest))) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of `text`; nil where it is no Base64. Padding may be left out.
  public static func decode(_ text: [UInt8], urlSafe isURLSafe: Bool = false) -> [UInt8]? {
    let digits = isURLSafe ? urlSafe : standard
    var values = [UInt8](repeating: 255, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
    let body = text.dropLast(padding)
    guard body.count % 4 != 1, padding == 0 || text.count.isMultiple(of: 4) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(body.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    for digit in body {
      let value = values[Int(digit)]
      if value == 255 { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }
}
