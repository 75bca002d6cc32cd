import JSONValues
import SystemInterfaces

/// Replaces placeholders by the values of variables.
struct HurlRenderer {
  let variables: HurlVariables
  let context: HurlContext

  /// The value of a placeholder.
  func value(_ expression: HurlExpression) throws(HurlRuntimeError) -> HurlValue {
    switch expression.kind {
    case .newDate: return .date(context.now)
    case .newUUID: return .string(newUUID())
    case .randomInt: return .integer(randomInt())
    case .randomString: return .string(randomString())
    case .variable(let name):
      guard let value = variables[name] else {
        throw HurlRuntimeError(position: expression.position, message: "the variable \(name) is not set")
      }
      return value
    }
  }

  /// The value that a predicate or a filter is given.
  func value(_ expected: HurlExpected) throws(HurlRuntimeError) -> HurlValue {
    switch expected {
    case .literal(let value): value
    case .text(let template): .string(try text(template))
    case .placeholder(let expression): try value(expression)
    case .file(let name, let position): .bytes(try file(name, at: position))
    }
  }

  /// The text of `template`.
  func text(_ template: HurlTemplate) throws(HurlRuntimeError) -> String {
    if template.parts.count == 1, case .text(let plain) = template.parts[0] { return plain }
    var text = ""
    for part in template.parts {
      switch part {
      case .text(let plain): text += plain
      case .placeholder(let expression): text += try rendered(expression)
      case .jsonStringPlaceholder(let expression):
        text += JSONValue.string(try rendered(expression)).serialized().dropFirst().dropLast()
      }
    }
    return text
  }

  /// The bytes of the file that `template` names.
  func file(_ template: HurlTemplate, at position: HurlPosition) throws(HurlRuntimeError) -> [UInt8] {
    let path = try text(template)
    do {
      return try context.readFile(path)
    } catch {
      throw HurlRuntimeError(position: position, message: "the file \(path) cannot be read: \(error)")
    }
  }

  /// A pattern compiled.
  func regularExpression(_ pattern: HurlPattern) throws(HurlRuntimeError) -> RegularExpression {
    let (text, position) =
      switch pattern {
      case .literal(let text, let position): (text, position)
      case .template(let template): (try self.text(template), template.position)
      }
    do throws(PatternError) { return try RegularExpression(text) } catch {
      throw HurlRuntimeError(position: position, message: "\(text) is no pattern: \(error.message)")
    }
  }

  private func rendered(_ expression: HurlExpression) throws(HurlRuntimeError) -> String {
    let value = try value(expression)
    guard let text = value.rendered else {
      throw HurlRuntimeError(
        position: expression.position, message: "\(value.summary) cannot be written into a text")
    }
    return text
  }

  /// Fits a signed number of 32 bits, as databases and languages mostly have them.
  private func randomInt() -> Int64 {
    context.randomness.bytes(4).reduce(0) { $0 << 8 | Int64($1) } & 0x7FFF_FFFF
  }

  /// Sixteen letters and digits: enough that two never meet.
  private func randomString() -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    var text = ""
    while text.utf8.count < 16 {
      // Of the 256 values those past the last multiple of 62 would favour some letters.
      for byte in context.randomness.bytes(16) where byte < 248 && text.utf8.count < 16 {
        text.append(letters[Int(byte) % 62])
      }
    }
    return text
  }

  private func newUUID() -> String {
    var digits = Array(context.randomness.hex(32))
    digits[12] = "4"
    digits[16] = Array("89ab")[(digits[16].hexDigitValue ?? 0) & 3]
    var text = ""
    for (offset, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(offset) { text.append("-") }
      text.append(digit)
    }
    return text
  }
}
