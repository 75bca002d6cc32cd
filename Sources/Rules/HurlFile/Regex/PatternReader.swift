/// Reads a pattern character by character while it is translated.
struct PatternReader {
  let scalars: [Unicode.Scalar]
  private(set) var index = 0
  /// The translation so far.
  private(set) var output = ""

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  func peek(_ offset: Int) -> Unicode.Scalar? {
    index + offset < scalars.count ? scalars[index + offset] : nil
  }
  func isNext(_ text: String) -> Bool { scalars[index...].starts(with: text.unicodeScalars) }

  mutating func skip(_ count: Int = 1) { index += count }
  mutating func copy(_ count: Int = 1) {
    for _ in 0..<count where index < scalars.count {
      output.unicodeScalars.append(scalars[index])
      index += 1
    }
  }
  mutating func write(_ text: String) { output += text }
  mutating func takeWhile(_ matches: (Unicode.Scalar) -> Bool) -> String {
    let start = index
    while let scalar = peek, matches(scalar) { index += 1 }
    return String(String.UnicodeScalarView(scalars[start..<index]))
  }

  /// Reads a counted repetition that begins here, `{2}`, `{2,}` or `{2,5}`; nil where it is none.
  mutating func takeRepetition() -> String? {
    let mark = self
    skip()
    let first = takeWhile(\.isASCIIDigit)
    var text = "{\(first)"
    if peek == "," {
      skip()
      text += ",\(takeWhile(\.isASCIIDigit))"
    }
    guard !first.isEmpty, peek == "}" else {
      self = mark
      return nil
    }
    skip()
    return text + "}"
  }
}
