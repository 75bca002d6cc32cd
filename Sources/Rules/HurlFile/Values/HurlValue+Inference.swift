extension HurlValue {
  /// The value of a variable given as text, as on Hurl's command line: `null`, `true`, `false` and numbers have their own
  /// type, a text in double quotes is that text, everything else a text.
  public init(inferredFrom text: String) {
    switch text {
    case "null": self = .null
    case "true": self = .bool(true)
    case "false": self = .bool(false)
    default:
      if let number = HurlValue(number: text) {
        self = number
      } else if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 {
        self = .string(String(text.dropFirst().dropLast()))
      } else {
        self = .string(text)
      }
    }
  }

  /// A number written with digits, a sign and a fraction, and nothing else.
  private init?(number text: String) {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } })
    else {
      return nil
    }
    if parts.count == 2 {
      guard let value = Double(text) else { return nil }
      self = .float(value)
    } else {
      self = Int64(text).map(HurlValue.integer) ?? .bigInteger(text)
    }
  }
}
