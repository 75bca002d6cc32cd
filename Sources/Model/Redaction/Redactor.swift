import CryptoDigests
import Glibc
import Synchronization
import SystemInterfaces

/// The one place where secrets are taken out, before any reporter, record, log, error or notification sees them.
///
/// Values are learned while a step runs: from the configuration, the credentials, NoEcho parameters, captures. In
/// text, values of at least eight bytes are replaced, as they are and as they look inside URLs, JSON, HTML and
/// Base64; so are passwords inside URLs and AWS access key ids, which nobody has to announce.
public final class Redactor: Sendable {
  /// What stands in a secret's place.
  public static let mark = "[redacted]"
  private let needles = Mutex(MultiPatternMatcher())

  /// A redactor that knows no values yet.
  public init() {}

  /// Whether the values of a key with this name are secret: `*KEY*`, `*SECRET*`, `*PASSWORD*`, `*TOKEN*` and the like.
  public static func isSecretName(_ name: String) -> Bool {
    // By bytes: every variable of the process is asked about at every start.
    let upper = name.utf8.map { (0x61...0x7A).contains($0) ? $0 - 32 : $0 }
    return secretWords.contains { word in
      upper.count >= word.count
        && (0...upper.count - word.count).contains { upper[$0...].starts(with: word) }
    }
  }

  private static let secretWords = ["KEY", "SECRET", "PASSWORD", "TOKEN", "PASSWD", "CREDENTIAL"].map {
    Array($0.utf8)
  }

  /// Learns a secret value. Values of fewer than eight bytes are only taken out of fields that `named` covers.
  public func learn(_ value: String) {
    guard value.utf8.count >= MultiPatternMatcher.minimumLength else { return }
    needles.withLock { index in
      for form in SecretForms.all(of: value) { index.insert(form) }
    }
  }

  /// Learns what is secret in a value that stands under `name`: all of it, or the password of a URL in it.
  public func learn(_ value: String, named name: String) {
    if Redactor.isSecretName(name) { learn(value) }
    for password in URLCredentials.passwords(in: value) { learn(password) }
  }

  /// `value` as it may be shown as the field `name`.
  public func redact(_ value: String, named name: String) -> String {
    Redactor.isSecretName(name) && !value.isEmpty ? Redactor.mark : redact(value)
  }

  /// `text` without any learned secret, URL password or access key id.
  public func redact(_ text: String) -> String { known.replacement(for: text) ?? text }

  /// What is known now, to go through many texts with.
  public var known: MultiPatternMatcher { needles.withLock { $0 } }

  /// `text` without what is secret in it; nil where nothing is.
  func replacement(for text: String) -> String? { known.replacement(for: text) }
}

extension MultiPatternMatcher {
  /// `text` without any of these, URL passwords and access key ids; nil where there is none in it.
  public func replacement(for text: String) -> String? {
    // Nothing shorter can hold a secret that is looked for.
    guard text.utf8.count >= MultiPatternMatcher.minimumLength else { return nil }
    var text = text
    let (hasKnown, hasAt, hasKey) = text.withUTF8 { bytes in
      (isFound(in: bytes), bytes.holds(UInt8(ascii: "@")), bytes.holds(UInt8(ascii: "A")))
    }
    var changed = hasKnown ? replacing(in: text, with: Redactor.mark) : nil
    // Most texts hold neither an address with a user nor a capital A in a row of twenty.
    if hasAt { changed = URLCredentials.redacted(changed ?? text) ?? changed }
    if hasKey { changed = AccessKeyIds.redacted(changed ?? text) ?? changed }
    return changed
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether `byte` stands anywhere.
  fileprivate func holds(_ byte: UInt8) -> Bool {
    guard let baseAddress else { return false }
    return memchr(baseAddress, Int32(byte), count) != nil
  }
}

/// The shapes in which a secret can turn up in text.
enum SecretForms {
  static func all(of value: String) -> Set<String> {
    var forms: Set<String> = [value]
    let encoded = PercentEncoding.encode(value)
    forms.insert(encoded)
    forms.insert(encoded.replacing("%20", with: "+"))
    forms.insert(encoded.lowercasedEscapes)
    forms.insert(minimallyEncoded(value, keepingMarks: false))
    forms.insert(minimallyEncoded(value, keepingMarks: true))
    forms.insert(jsonEscaped(value))
    // A JSON answer that is quoted in a message is escaped twice.
    forms.insert(jsonEscaped(jsonEscaped(value)))
    forms.insert(jsonEscaped(value).replacing("/", with: "\\/"))
    let hex = Digest.hex(Array(value.utf8))
    forms.insert(hex)
    forms.insert(hex.uppercased())
    forms.insert(htmlEscaped(value))
    let base64 = encodedBase64(Array(value.utf8))
    forms.insert(base64)
    forms.insert(base64.replacing("+", with: "-").replacing("/", with: "_"))
    // Inside a longer Base64 text the value starts at one of three offsets; its middle looks the same each time.
    for offset in 0..<3 {
      let shifted = encodedBase64([UInt8](repeating: 0, count: offset) + Array(value.utf8))
      let core = shifted.dropFirst(offset == 0 ? 0 : offset + 1).prefix { $0 != "=" }.dropLast(
        offset == 0 ? 2 : 2)
      if core.utf8.count >= 12 { forms.insert(String(core)) }
    }
    for line in value.split(separator: "\n") where line.utf8.count >= 16 { forms.insert(String(line)) }
    return forms.filter { $0.utf8.count >= MultiPatternMatcher.minimumLength }
  }

  /// As URL writers do that escape only what a query may not hold (RFC 3986, section 3.4): all of it, or what is no
  /// escape and no mark of a URL's parts already.
  private static func minimallyEncoded(_ text: String, keepingMarks: Bool) -> String {
    let refused = Array("\"<>\\^`{|}".utf8) + (keepingMarks ? [] : Array("#%[]".utf8))
    return PercentEncoding.encode(text.utf8) { $0 > 0x20 && $0 < 0x7F && !refused.contains($0) }
  }

  private static func jsonEscaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      .replacing("\t", with: "\\t").replacing("\r", with: "\\r")
  }

  private static func htmlEscaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }

  static func encodedBase64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    var position = 0
    while position < bytes.count {
      let count = min(3, bytes.count - position)
      var group: UInt32 = 0
      for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[position + offset]) : 0) }
      for digit in 0..<4 {
        out.append(digit <= count ? alphabet[Int(group >> UInt32(18 - 6 * digit)) & 63] : UInt8(ascii: "="))
      }
      position += 3
    }
    return String(decoding: out, as: UTF8.self)
  }
}

extension String {
  /// `%2F` as `%2f`: some writers use lower-case digits.
  fileprivate var lowercasedEscapes: String {
    var out: [UInt8] = []
    var left = 0
    for byte in utf8 {
      if byte == UInt8(ascii: "%") {
        left = 2
        out.append(byte)
      } else if left > 0 {
        left -= 1
        out.append((0x41...0x46).contains(byte) ? byte + 32 : byte)
      } else {
        out.append(byte)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
