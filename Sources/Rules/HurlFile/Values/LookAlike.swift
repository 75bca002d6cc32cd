/// Texts that look the same and are not: letters composed or in parts, and white space of different kinds.
enum LookAlike {
  /// Where `actual` looks as `expected` does, or holds what does, and is not the same: the code points of the first
  /// letter that differs, and no more, as the text may be secret. Nil where they can be told apart by eye.
  static func difference(expected: String, actual: String) -> String? {
    guard !expected.isExactly(actual), !expected.isEmpty else { return nil }
    let (wanted, found) = (seen(expected), seen(actual))
    // Text compares by canonical equivalence, as the eye does.
    if wanted != found {
      guard found.contains(wanted), Array(actual.utf8).firstOccurrence(of: Array(expected.utf8)) == nil else {
        return nil
      }
      return "it holds what looks the same, in other code points"
    }
    let (left, right) = (Array(expected), Array(actual))
    let place =
      zip(left, right).enumerated().first { !String($1.0).isExactly(String($1.1)) }?.offset
      ?? min(left.count, right.count)
    return
      "they look the same: character \(place + 1) is expected as \(codePoints(left, place)), got \(codePoints(right, place))"
  }

  /// What the eye sees: no difference between kinds of white space, nothing of what has no width.
  private static func seen(_ text: String) -> String {
    var seen = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !scalar.properties.isDefaultIgnorableCodePoint {
      seen.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
    }
    return String(seen)
  }

  private static func codePoints(_ text: [Character], _ place: Int) -> String {
    guard place < text.count else { return "nothing" }
    return text[place].unicodeScalars.prefix(8).map { scalar in
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }.joined(separator: " ")
  }
}

extension HurlValue {
  /// What makes this text differ from `expected`, where the eye does not see it; nil for all else.
  func unseenDifference(from expected: HurlValue?) -> String? {
    guard case .string(let expected)? = expected else { return nil }
    switch self {
    case .string(let text): return LookAlike.difference(expected: expected, actual: text)
    case .list(let values):
      return values.lazy.prefix(1000).compactMap { $0.unseenDifference(from: .string(expected)) }.first
    default: return nil
    }
  }
}
