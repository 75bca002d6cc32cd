/// Text as XML and HTML take it.
enum XMLText {
  /// `text` with markup characters as entities; characters that XML 1.0 does not allow become U+FFFD.
  static func escaped(_ text: String) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;".utf8
      case "<": out += "&lt;".utf8
      case ">": out += "&gt;".utf8
      case "\"": out += "&quot;".utf8
      case "'": out += "&#39;".utf8
      case "\n": out += "&#10;".utf8
      case "\t": out += "&#9;".utf8
      case "\r": out += "&#13;".utf8
      case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{FFFE}"..."\u{FFFF}": out += "\u{FFFD}".utf8
      default: out += UTF8.encode(scalar).map { Array($0) } ?? []
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// `text` for element content, where line ends may stay as they are.
  static func content(_ text: String) -> String { OutsideText.xml(text).replacing("&#10;", with: "\n") }

  /// Milliseconds as seconds with three decimals.
  static func seconds(_ milliseconds: Double) -> String {
    let whole = Int(max(0, milliseconds.isFinite ? milliseconds : 0).rounded())
    let rest = String(whole % 1000)
    return "\(whole / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
  }
}
