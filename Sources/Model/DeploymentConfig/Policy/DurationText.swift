extension Duration {
  /// Reads `90s`, `5m`, `1h30m`, `500ms`, `2d`; a bare number is seconds. nil for anything else.
  public init?(text: String) {
    if let seconds = Double(text), seconds >= 0, seconds.isFinite, seconds < 1e9 {
      self = .milliseconds(Int64((seconds * 1000).rounded()))
      return
    }
    var total = Duration.zero
    var rest = Substring(text)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
      rest = rest[number.endIndex...]
      let unit = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest[unit.endIndex...]
      guard let value = Double(number), value.isFinite, value < 1e9, let seconds = Self.units[String(unit)]
      else {
        return nil
      }
      total += .milliseconds(Int64((value * seconds * 1000).rounded()))
    }
    self = total
  }

  private static let units: [String: Double] = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400]

  /// The shortest text that `init(text:)` reads back: `1h30m`, `90s` as `1m30s`, `500ms`.
  public var text: String {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    if milliseconds == 0 { return "0s" }
    var rest = milliseconds
    var out = ""
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
      as [(String, Int64)]
    where rest / size > 0 {
      out += "\(rest / size)\(unit)"
      rest %= size
    }
    return out
  }
}
