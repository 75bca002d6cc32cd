/// Percent-encoding (RFC 3986, section 2.1).
public enum PercentEncoding {
  /// `text` with every byte encoded but the unreserved characters and those of `kept`.
  public static func encode(_ text: some StringProtocol, keeping kept: String = "") -> String {
    encode(text.utf8) { isUnreserved($0) || kept.utf8.contains($0) }
  }

  /// `bytes` with all encoded but those that are kept, of which only ASCII may be.
  @inlinable public static func encode(_ bytes: some Collection<UInt8>, isKept: (UInt8) -> Bool) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(bytes.count)
    for byte in bytes {
      if isKept(byte) {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(digit(byte >> 4))
        encoded.append(digit(byte & 15))
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// `text` with each `%XX` as its byte; anything else that stands behind a percent sign, and plus signs, stay.
  public static func bytes(decoding text: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = value(rest.first), let low = value(rest.dropFirst().first) {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  /// As `bytes(decoding:)`; nil where that is no UTF-8.
  public static func decode(_ text: some StringProtocol) -> String? {
    String(validating: bytes(decoding: text), as: UTF8.self)
  }

  /// Letters, digits and four marks (RFC 3986, section 2.3).
  public static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  @usableFromInline static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

  private static func value(_ digit: UInt8?) -> UInt8? {
    switch digit {
    case let digit? where (0x30...0x39).contains(digit): digit - 0x30
    case let digit? where (0x41...0x46).contains(digit): digit - 0x37
    case let digit? where (0x61...0x66).contains(digit): digit - 0x57
    default: nil
    }
  }
}
