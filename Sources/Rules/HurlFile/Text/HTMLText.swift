/// Characters that HTML writes as references.
enum HTMLText {
  /// `text` with `&`, `<` and `>` written as references.
  static func escape(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// `text` with all named and numeric references replaced by their characters.
  static func unescape(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      if scalar == "&", let (characters, length) = rest.first == "#" ? numeric(rest) : named(rest) {
        result.append(contentsOf: characters)
        rest = rest.dropFirst(length)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  private static let characters: [String: [Unicode.Scalar]] = Dictionary(
    uniqueKeysWithValues: names.split { $0 == " " || $0 == "\n" }.map { entry in
      let sides = entry.split(separator: "=")
      let scalars = sides[1].split(separator: ",").compactMap {
        UInt32($0, radix: 16).flatMap(Unicode.Scalar.init)
      }
      return (String(sides[0]), scalars)
    })
  private static let bareNames = Set(
    namesWithoutSemicolon.split { $0 == " " || $0 == "\n" }.map { String($0) })

  /// The longest named reference at the start of `rest`, which stands after the ampersand.
  private static func named(_ rest: ArraySlice<Unicode.Scalar>) -> ([Unicode.Scalar], length: Int)? {
    let word = rest.prefix(40).prefix { $0.isASCIILetter || $0.isASCIIDigit }
    let name = String(String.UnicodeScalarView(word))
    if rest.dropFirst(word.count).first == ";", let found = characters[name] {
      return (found, word.count + 1)
    }
    var bare = name
    while !bare.isEmpty {
      if bareNames.contains(bare), let found = characters[bare] { return (found, bare.utf8.count) }
      bare.removeLast()
    }
    return nil
  }

  private static func numeric(_ rest: ArraySlice<Unicode.Scalar>) -> ([Unicode.Scalar], length: Int)? {
    var digits = rest.dropFirst()
    let isHexadecimal = digits.first == "x" || digits.first == "X"
    if isHexadecimal { digits = digits.dropFirst() }
    digits = digits.prefix { isHexadecimal ? $0.hexDigit != nil : $0.isASCIIDigit }
    guard !digits.isEmpty else { return nil }
    let value = UInt32(String(String.UnicodeScalarView(digits)), radix: isHexadecimal ? 16 : 10)
    let length = 1 + (isHexadecimal ? 1 : 0) + digits.count
    let hasEnd = rest.dropFirst(length).first == ";"
    // What is no character becomes the replacement character (HTML Standard, section 13.2.5.80).
    let scalar = value.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) } ?? "\u{FFFD}"
    return ([scalar], length + (hasEnd ? 1 : 0))
  }
}
