import CLibPcre2

/// A pattern that cannot be used, or that took too long.
struct PatternError: Error {
  let message: String
}

/// A compiled regular expression over PCRE2, with limits on the work a match may take.
///
/// Thread-safe: a compiled pattern is not changed by matching.
final class RegularExpression: @unchecked Sendable {
  /// Which syntax a pattern is written in.
  enum Syntax {
    /// Rust's `regex` crate, which Hurl documents.
    case rust
    /// I-Regexp, RFC 9485, which JSONPath uses.
    case iRegexp
    /// The same, and it must match the whole text.
    case wholeIRegexp
    /// ECMA-262, which JSON Schema uses, as far as PCRE2 agrees.
    case ecma
  }
  private let code: OpaquePointer

  /// Steps that one match may take before it is given up.
  private static let matchLimit: UInt32 = 2_000_000

  init(_ pattern: String, syntax: Syntax = .rust) throws(PatternError) {
    let translated =
      switch syntax {
      case .rust: try RustPattern.translated(pattern)
      case .iRegexp: try IRegexpPattern.translated(pattern)
      case .wholeIRegexp: "\\A(?:\(try IRegexpPattern.translated(pattern)))\\z"
      case .ecma: try ECMAPattern.translated(pattern)
      }
    let settings = pcre2_compile_context_create_8(nil)
    defer { pcre2_compile_context_free_8(settings) }
    pcre2_set_newline_8(settings, UInt32(PCRE2_NEWLINE_LF))
    pcre2_set_parens_nest_limit_8(settings, 100)
    pcre2_set_max_pattern_length_8(settings, 100_000)
    let options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
    var number: Int32 = 0
    var offset = 0
    var text = translated
    let compiled = text.withUTF8 {
      pcre2_compile_8($0.baseAddress, $0.count, options, &number, &offset, settings)
    }
    guard let compiled else { throw PatternError(message: RegularExpression.message(number)) }
    code = compiled
  }

  deinit { pcre2_code_free_8(code) }

  /// Whether the pattern is found anywhere in `text`.
  func isFound(in text: String) throws(PatternError) -> Bool { try groups(in: text) != nil }

  /// The text of the whole first match and of each group, nil for groups that took no part; nil without a match.
  func groups(in text: String) throws(PatternError) -> [String?]? {
    var text = text
    guard let ranges = try match(&text, from: 0, options: 0) else { return nil }
    let utf8 = Array(text.utf8)
    return ranges.map { range in range.map { String(decoding: utf8[$0], as: UTF8.self) } }
  }

  /// `text` with every match replaced; `$1`, `$name` and `${name}` stand for groups, `$$` for a dollar sign.
  func replacingMatches(in text: String, with replacement: String) throws(PatternError) -> String {
    var text = text
    let utf8 = Array(text.utf8)
    let parts = ReplacementPart.parts(of: replacement)
    var result: [UInt8] = []
    var copied = 0
    var start = 0
    while start <= utf8.count, let ranges = try match(&text, from: start, options: 0), let whole = ranges[0] {
      result += utf8[copied..<whole.lowerBound]
      for part in parts {
        switch part {
        case .text(let bytes): result += bytes
        case .group(let name):
          if let number = number(of: name), number < ranges.count, let range = ranges[number] {
            result += utf8[range]
          }
        }
      }
      copied = whole.upperBound
      start = whole.upperBound
      if whole.isEmpty {
        // An empty match: go on one character later.
        start += 1
        while start < utf8.count, utf8[start] & 0xC0 == 0x80 { start += 1 }
      }
    }
    result += utf8[min(copied, utf8.count)...]
    return String(decoding: result, as: UTF8.self)
  }

  private func number(of name: String) -> Int? {
    if let number = Int(name) { return number }
    let found = pcre2_substring_number_from_name_8(code, Array(name.utf8) + [0])
    return found > 0 ? Int(found) : nil
  }

  private func match(
    _ text: inout String, from start: Int, options: UInt32
  ) throws(PatternError) -> [Range<Int>?]? {
    let data = pcre2_match_data_create_from_pattern_8(code, nil)
    defer { pcre2_match_data_free_8(data) }
    let context = pcre2_match_context_create_8(nil)
    defer { pcre2_match_context_free_8(context) }
    pcre2_set_match_limit_8(context, RegularExpression.matchLimit)
    pcre2_set_heap_limit_8(context, 64 << 10)
    let count = text.withUTF8 { bytes -> Int32 in
      let empty: [UInt8] = [0]
      return empty.withUnsafeBufferPointer {
        pcre2_match_8(
          code, bytes.baseAddress ?? $0.baseAddress, bytes.count, start, options | PCRE2_NO_UTF_CHECK, data,
          context)
      }
    }
    if count == PCRE2_ERROR_NOMATCH { return nil }
    guard count > 0, let offsets = pcre2_get_ovector_pointer_8(data) else {
      throw PatternError(message: RegularExpression.message(count))
    }
    return (0..<Int(pcre2_get_ovector_count_8(data))).map { group in
      let (lower, upper) = (offsets[2 * group], offsets[2 * group + 1])
      return lower < 0 || lower > upper || upper > text.utf8.count ? nil : lower..<upper
    }
  }

  private static func message(_ number: Int32) -> String {
    if number == PCRE2_ERROR_MATCHLIMIT || number == PCRE2_ERROR_HEAPLIMIT || number == PCRE2_ERROR_DEPTHLIMIT
    {
      return "matching took too long and was given up"
    }
    var buffer = [UInt8](repeating: 0, count: 256)
    let length = pcre2_get_error_message_8(number, &buffer, buffer.count)
    return length > 0 ? String(decoding: buffer[..<Int(length)], as: UTF8.self) : "error \(number)"
  }
}

/// A part of a replacement text.
private enum ReplacementPart {
  case text([UInt8])
  case group(String)

  static func parts(of text: String) -> [ReplacementPart] {
    var parts: [ReplacementPart] = []
    var plain: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "$"), let next = rest.first else {
        plain.append(byte)
        continue
      }
      if next == UInt8(ascii: "$") {
        plain.append(next)
        rest.removeFirst()
        continue
      }
      let isBraced = next == UInt8(ascii: "{")
      let name = (isBraced ? rest.dropFirst() : rest).prefix {
        isBraced ? $0 != UInt8(ascii: "}") : isNameByte($0)
      }
      guard !name.isEmpty, !isBraced || name.endIndex < rest.endIndex else {
        plain.append(byte)
        continue
      }
      if !plain.isEmpty { parts.append(.text(plain)) }
      plain = []
      parts.append(.group(String(decoding: name, as: UTF8.self)))
      rest = rest[(isBraced ? name.endIndex + 1 : name.endIndex)...]
    }
    return plain.isEmpty ? parts : parts + [.text(plain)]
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 95: true
    default: false
    }
  }
}
