/// Secrets that text shows by what stands around them: fields of queries and connection strings, bearer values, the
/// paths of webhooks. Nobody has to announce them.
enum SecretFields {
  /// Names before `=` whose value is secret wherever they stand, in lower case.
  private static let names: Set<String> = [
    "sig", "signature", "x-amz-signature", "x-amz-security-token", "x-amz-credential", "accountkey",
    "sharedaccesskey", "sharedaccesssignature", "password", "passwd", "pwd", "access_token", "refresh_token",
    "id_token", "client_secret", "api_key", "apikey", "api-key", "x-api-key", "secret", "token",
    "sslpassword",
    "auth_token", "code_verifier",
  ]
  /// Hosts whose whole path is the secret, each with how much of it is the host's own name.
  private static let webhookHosts: [(place: [UInt8], host: Int)] = [
    "hooks.slack.com/", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/", "webhook.office.com/",
    "outlook.office.com/webhook/", "events.pagerduty.com/integration/",
  ].map { (Array($0.utf8), $0.utf8.prefix { $0 != UInt8(ascii: "/") }.count) }
  private static let shortest = 4
  private static let bearerWord = Array("bearer ".utf8)

  /// `text` without them; nil where there are none.
  static func redacted(_ text: String) -> String? {
    var text = text
    return text.withUTF8 { redacted($0) }
  }

  private static func redacted(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    var out: [UInt8] = []
    var copied = 0
    func cut(_ secret: Range<Int>) {
      guard !secret.isEmpty, secret.lowerBound >= copied else { return }
      guard !bytes[secret.lowerBound...].starts(with: Redactor.mark.utf8) else { return }
      out += bytes[copied..<secret.lowerBound]
      out += Redactor.mark.utf8
      copied = secret.upperBound
    }
    var position = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "="): if let secret = value(of: bytes, at: position) { cut(secret) }
      case UInt8(ascii: "B"), UInt8(ascii: "b"): if let secret = bearer(bytes, at: position) { cut(secret) }
      case UInt8(ascii: "/") where position > 0 && bytes[position - 1] == UInt8(ascii: "/"):
        if let secret = webhook(bytes, at: position + 1) { cut(secret) }
      default: break
      }
      position = max(position + 1, copied)
    }
    if copied == 0 { return nil }
    return String(decoding: out + bytes[copied...], as: UTF8.self)
  }

  /// `name=value`, where the name is one of a secret.
  private static func value(of bytes: UnsafeBufferPointer<UInt8>, at sign: Int) -> Range<Int>? {
    var end = sign
    while end > 0, bytes[end - 1] == 0x20 { end -= 1 }
    var start = end
    while start > 0, end - start < 32, isName(bytes[start - 1]) { start -= 1 }
    let name = String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
    guard names.contains(name) else { return nil }
    var from = sign + 1
    while from < bytes.count, bytes[from] == 0x20, from - sign < 3 { from += 1 }
    let quote = from < bytes.count ? bytes[from] : 0
    if quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
      let close = bytes[(from + 1)...].firstIndex(of: quote) ?? bytes.count
      return from + 1..<close
    }
    var to = from
    while to < bytes.count, !endsValue(bytes[to]) { to += 1 }
    // `password=$1` and `token=true` tell nothing.
    return to - from >= shortest
      && !["true", "false", "null", "none"].contains(
        String(decoding: bytes[from..<to], as: UTF8.self).lowercased())
      ? from..<to : nil
  }

  /// `Bearer …`.
  private static func bearer(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Range<Int>? {
    let from = start + bearerWord.count
    guard from < bytes.count, start == 0 || !isName(bytes[start - 1]),
      bytes[start..<from].elementsEqual(bearerWord, by: { $0 | 0x20 == $1 })
    else { return nil }
    var to = from
    while to < bytes.count, isTokenByte(bytes[to]) { to += 1 }
    // A word of a sentence is no value.
    let isRandom = bytes[from..<to].contains { (0x30...0x39).contains($0) }
    return to - from >= 16 || to - from >= 8 && isRandom ? from..<to : nil
  }

  /// The path behind the host of a webhook.
  private static func webhook(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Range<Int>? {
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "/"), bytes[end] > 0x20 { end += 1 }
    for (place, host) in webhookHosts where end - start >= host {
      let from = end - host
      let path = from + place.count
      guard path < bytes.count, bytes[from..<path].elementsEqual(place) else { continue }
      var to = path
      while to < bytes.count, !endsValue(bytes[to]) { to += 1 }
      return path..<to
    }
    return nil
  }

  private static func isName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    isName(byte)
      || [UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "=")]
        .contains(byte)
  }

  private static func endsValue(_ byte: UInt8) -> Bool {
    byte <= 0x20
      || [
        UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"),
        UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"),
        UInt8(ascii: "`"), UInt8(ascii: "\\"), UInt8(ascii: "#"), UInt8(ascii: "|"),
      ].contains(byte)
  }
}
