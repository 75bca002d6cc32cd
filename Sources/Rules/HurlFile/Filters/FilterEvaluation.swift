import CryptoDigests
import JSONValues
import SystemInterfaces

/// Applies filters to values.
struct FilterEvaluation {
  let renderer: HurlRenderer

  /// The value after `filter`.
  func apply(_ filter: HurlFilter, to input: HurlValue) throws(HurlRuntimeError) -> FoundValue {
    do throws(EvaluationFailure) {
      if case .jsonpath(let path) = filter.kind {
        return try QueryEvaluation.value(
          at: try text(path), in: try ResponseReader.json(try string(input), "the text"),
          coerces: renderer.context.coercesJSONPath)
      }
      return FoundValue(try result(filter, input))
    } catch {
      throw HurlRuntimeError(
        position: filter.position, message: "the filter \(filter.name): \(error.message)")
    }
  }

  private func result(_ filter: HurlFilter, _ input: HurlValue) throws(EvaluationFailure) -> HurlValue? {
    switch filter.kind {
    case .count: return .integer(Int64(try count(input)))
    case .nth(let position): return try element(try number(position), of: try list(input))
    case .first: return try list(input).first
    case .last: return try list(input).last
    case .location:
      guard case .response(_, let location, _) = input else { throw unfit(input, "a response") }
      return location.map(HurlValue.string)
    case .base64Decode, .base64URLSafeDecode:
      let isURLSafe = filter.kind == .base64URLSafeDecode
      guard let bytes = Base64.decode(Array(try string(input).utf8), urlSafe: isURLSafe) else {
        throw EvaluationFailure(message: "\(input.summary) is no Base64 text")
      }
      return .bytes(bytes)
    case .base64Encode: return .string(Base64.encode(try bytes(input)))
    case .base64URLSafeEncode: return .string(Base64.encode(try bytes(input), urlSafe: true))
    case .toHex: return .string(Digest.hex(try bytes(input)))
    case .decode(let encoding): return .string(try decoded(try bytes(input), try text(encoding)))
    case .utf8Decode: return .string(try decoded(try bytes(input), "utf-8"))
    case .utf8Encode: return .bytes(Array(try string(input).utf8))
    case .daysAfterNow, .daysBeforeNow:
      guard case .date(let date) = input else { throw unfit(input, "a date") }
      let days = (date.microseconds - renderer.context.now.microseconds) / 86_400_000_000
      return .integer(filter.kind == .daysAfterNow ? days : -days)
    case .dateFormat(let format):
      guard case .date(let date) = input else { throw unfit(input, "a date") }
      return .string(try DateText.text(of: date, format: try text(format)))
    case .toDate(let format): return .date(try DateText.date(try string(input), format: try text(format)))
    case .toInt: return try integer(input)
    case .toFloat: return try float(input)
    case .toString:
      guard let text = input.rendered else { throw unfit(input, "a value that can be written") }
      return .string(text)
    default: return try textResult(filter.kind, try string(input))
    }
  }

  /// The filters that work on text.
  private func textResult(_ kind: HurlFilter.Kind, _ input: String) throws(EvaluationFailure) -> HurlValue? {
    switch kind {
    case .htmlEscape: return .string(HTMLText.escape(input))
    case .htmlUnescape: return .string(HTMLText.unescape(input))
    case .urlEncode: return .string(PercentEncoding.encode(input, keeping: "/"))
    case .urlDecode:
      guard let text = PercentEncoding.decode(input) else {
        throw EvaluationFailure(message: "the decoded bytes are no text in UTF-8")
      }
      return .string(text)
    case .urlQueryParameter(let name): return try queryParameter(try text(name), in: input)
    // HTML's rules read XML too.
    case .xpath(let expression):
      return try XPathDocument(input, .html, "the text").value(of: try text(expression))
    case .regex(let pattern): return try QueryEvaluation.group(1, of: try expression(pattern), in: input)
    case .replace(.template(let old), let new):
      // Up to version 6 Hurl took the text as a pattern, since then as it stands.
      let old = try text(old)
      let bytes = Array(input.utf8)
      if old.isEmpty || bytes.firstOccurrence(of: Array(old.utf8)) != nil {
        return .string(input.replacing(old, with: try text(new)))
      }
      return try patternReplaced(input, filter: kind)
    case .replace, .replaceRegex: return try patternReplaced(input, filter: kind)
    case .split(let separator):
      return .list(input.separated(by: try text(separator)).map(HurlValue.string))
    default: return nil
    }
  }

  private func patternReplaced(_ input: String, filter: HurlFilter.Kind) throws(EvaluationFailure)
    -> HurlValue?
  {
    switch filter {
    case .replace(let pattern, let new), .replaceRegex(let pattern, let new):
      let expression = try expression(pattern)
      let replacement = try text(new)
      do throws(PatternError) {
        return .string(try expression.replacingMatches(in: input, with: replacement))
      } catch {
        throw EvaluationFailure(message: error.message)
      }
    default: return nil
    }
  }

  private func queryParameter(_ name: String, in url: String) throws(EvaluationFailure) -> HurlValue? {
    guard url.contains("://") else { throw EvaluationFailure(message: "\(url) is no URL") }
    let withoutFragment = url.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
    let parts = withoutFragment.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    for pair in parts[1].split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
        PercentEncoding.decode(String($0).replacing("+", with: " "))
      }
      if let found = sides[0], found.isExactly(name) { return .string(sides.count > 1 ? sides[1] ?? "" : "") }
    }
    return nil
  }

  // MARK: Types

  private func count(_ input: HurlValue) throws(EvaluationFailure) -> Int {
    switch input {
    case .list(let values): values.count
    case .bytes(let bytes): bytes.count
    case .nodeset(let count): count
    case .object(let members): members.count
    default: throw unfit(input, "a list, an object or bytes")
    }
  }

  private func element(_ position: Int, of values: [HurlValue]) throws(EvaluationFailure) -> HurlValue {
    let index = position < 0 ? values.count + position : position
    guard values.indices.contains(index) else {
      throw EvaluationFailure(message: "there is no element \(position): the list has \(values.count)")
    }
    return values[index]
  }

  private func integer(_ input: HurlValue) throws(EvaluationFailure) -> HurlValue {
    switch input {
    case .integer, .bigInteger: return input
    case .float(let value):
      guard let whole = Int64(exactly: value.rounded(.towardZero)) else {
        throw unfit(input, "a number that fits")
      }
      return .integer(whole)
    case .string(let text):
      guard let value = Int64(text) else { throw unfit(input, "a whole number") }
      return .integer(value)
    default: throw unfit(input, "a text or a number")
    }
  }

  private func float(_ input: HurlValue) throws(EvaluationFailure) -> HurlValue {
    if let value = input.double { return .float(value) }
    guard case .string(let text) = input else { throw unfit(input, "a text or a number") }
    guard let value = Double(text), value.isFinite else { throw unfit(input, "a number") }
    return .float(value)
  }

  private func list(_ input: HurlValue) throws(EvaluationFailure) -> [HurlValue] {
    switch input {
    case .list(let values): return values
    case .nodeset(0): return []
    default: throw unfit(input, "a list")
    }
  }
  private func bytes(_ input: HurlValue) throws(EvaluationFailure) -> [UInt8] {
    guard case .bytes(let bytes) = input else { throw unfit(input, "bytes") }
    return bytes
  }
  private func string(_ input: HurlValue) throws(EvaluationFailure) -> String {
    guard case .string(let text) = input else { throw unfit(input, "a text") }
    return text
  }
  private func unfit(_ input: HurlValue, _ expected: String) -> EvaluationFailure {
    EvaluationFailure(message: "expected \(expected), not \(input.summary)")
  }

  // MARK: Arguments

  private func number(_ expected: HurlExpected) throws(EvaluationFailure) -> Int {
    let value: HurlValue?
    do throws(HurlRuntimeError) { value = try renderer.value(expected) } catch {
      throw EvaluationFailure(message: error.message)
    }
    guard case .integer(let number)? = value, let position = Int(exactly: number) else {
      throw EvaluationFailure(message: "expected a whole number, not \(value?.summary ?? "nothing")")
    }
    return position
  }
  private func text(_ template: HurlTemplate) throws(EvaluationFailure) -> String {
    do throws(HurlRuntimeError) { return try renderer.text(template) } catch {
      throw EvaluationFailure(message: error.message)
    }
  }
  private func expression(_ pattern: HurlPattern) throws(EvaluationFailure) -> RegularExpression {
    do throws(HurlRuntimeError) { return try renderer.regularExpression(pattern) } catch {
      throw EvaluationFailure(message: error.message)
    }
  }
  private func decoded(_ bytes: [UInt8], _ encoding: String) throws(EvaluationFailure) -> String {
    do throws(CharacterSets.Failure) { return try CharacterSets.text(bytes, encoding: encoding) } catch {
      throw EvaluationFailure(message: error.message)
    }
  }
}

extension HurlFilter.Kind {
  /// Whether it asks about a list.
  var isOfLists: Bool {
    switch self {
    case .count, .nth, .first, .last: true
    default: false
    }
  }
}

extension String {
  /// The parts between occurrences of `separator`, byte for byte.
  func separated(by separator: String) -> [String] {
    let needle = Array(separator.utf8)
    guard !needle.isEmpty else { return [""] + unicodeScalars.map { String($0) } + [""] }
    let bytes = Array(utf8)
    var parts: [String] = []
    var start = 0
    while let found = bytes.firstOccurrence(of: needle, from: start) {
      parts.append(String(decoding: bytes[start..<found], as: UTF8.self))
      start = found + needle.count
    }
    return parts + [String(decoding: bytes[start...], as: UTF8.self)]
  }

  /// This text with every `old` replaced by `new`, byte for byte.
  func replacing(_ old: String, with new: String) -> String { separated(by: old).joined(separator: new) }
}
