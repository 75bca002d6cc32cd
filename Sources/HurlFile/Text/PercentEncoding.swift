/// Percent-encoding, RFC 3986.
public enum PercentEncoding {
  /// Every byte but the unreserved characters and those in `kept`.
  static func encode(_ text: String, keeping kept: String = "") -> String {
    let kept = Set(kept.utf8)
    return encode(text) { byte in isUnreserved(byte) || kept.contains(byte) }
  }

  /// A URL with what cannot stand in one encoded: white space, control characters, quotes, angle brackets and braces, what
  /// is not ASCII. What is encoded already stays.
  public static func url(_ text: String) -> String {
    encode(text) { byte in
      switch byte {
      case ...0x20, 0x7F..., UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
        UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
        false
      default: true
      }
    }
  }

  /// Names and values as an `application/x-www-form-urlencoded` text; a space becomes `%20`.
  static func form(_ parameters: [HurlRequestSpec.Parameter]) -> String {
    parameters.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
  }

  /// `url` with `query` added to what it has.
  static func append(_ query: String, toQueryOf url: String) -> String {
    let parts = url.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let base = String(parts[0])
    let separator = !base.contains("?") ? "?" : base.hasSuffix("?") || base.hasSuffix("&") ? "" : "&"
    return base + separator + query + (parts.count > 1 ? "#\(parts[1])" : "")
  }

  /// The text with `%xx` replaced by bytes; nil where that is no UTF-8. A plus sign stays.
  static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = hexValue(rest.first),
        let low = hexValue(rest.dropFirst().first)
      {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func encode(_ text: String, isKept: (UInt8) -> Bool) -> String {
    if text.utf8.allSatisfy(isKept) { return text }
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isKept(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func hexValue(_ byte: UInt8?) -> UInt8? {
    guard let byte, byte < 0x80, let value = Unicode.Scalar(byte).hexDigit else { return nil }
    return UInt8(value)
  }
}
