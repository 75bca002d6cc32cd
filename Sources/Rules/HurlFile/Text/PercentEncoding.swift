import SystemInterfaces

extension PercentEncoding {
  /// A URL with what cannot stand in one encoded: white space, control characters, quotes, angle brackets and braces, what
  /// is not ASCII. What is encoded already stays.
  public static func url(_ text: String) -> String {
    if text.utf8.allSatisfy(standsInURL) { return text }
    return encode(text.utf8, isKept: standsInURL)
  }

  private static func standsInURL(_ byte: UInt8) -> Bool {
    switch byte {
    case ...0x20, 0x7F..., UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
      UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
      false
    default: true
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
}
