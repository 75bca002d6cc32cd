/// What Jest's printer writes, as a flow mapping that a reader of YAML takes; lines stay.
///
/// The printer puts each member on a line of its own and escapes nothing in strings since its version 29, so that a string's
/// end is told by what follows: a comma, and a line that is indented like this one, or closes what holds it.
struct JestPrinter {
  private let lines: [Substring]
  /// Whether prototypes are named and strings are escaped, as versions before 29 do.
  private let isOld: Bool
  private var index = 0
  private var containers: [Character] = []
  private(set) var text = ""

  init(_ body: String) {
    lines = body.split(separator: "\n", omittingEmptySubsequences: false)
    isOld = lines.contains { $0.hasSuffix("Object {") || $0.hasSuffix("Array [") }
    while index < lines.count { step() }
  }

  private mutating func step() {
    let line = lines[index]
    let indentation = line.prefix { $0 == " " }.count
    var rest = line.dropFirst(indentation)
    var out = String(repeating: " ", count: indentation)
    if containers.last == "{", rest.first == "\"", let colon = rest.dropFirst().firstRange(of: "\": ") {
      out += "\(quoted(rest[rest.index(after: rest.startIndex)..<colon.lowerBound])): "
      rest = rest[colon.upperBound...]
    }
    if rest.first == "\"" {
      string(rest.dropFirst(), indentation, out)
      return
    }
    for name in ["Object ", "Array "] where rest.hasPrefix(name) { rest = rest.dropFirst(name.count) }
    let value = rest.last == "," ? rest.dropLast() : rest
    let comma = rest.last == "," ? "," : ""
    switch value {
    case "{", "[":
      containers.append(value == "{" ? "{" : "[")
      text += out + value + "\n"
    case "}", "]":
      _ = containers.popLast()
      text += out + value + comma + "\n"
    case "", "{}", "[]", "true", "false", "null": text += out + value + comma + "\n"
    default: text += out + (Double(value) == nil ? quoted(value) : String(value)) + comma + "\n"
    }
    index += 1
  }

  private mutating func string(_ start: Substring, _ indentation: Int, _ head: String) {
    var content = ""
    var piece = start
    var count = 1
    while !ends(piece, index + count, indentation), index + count < lines.count {
      content += piece + "\n"
      piece = lines[index + count]
      count += 1
    }
    let comma = piece.last == "," ? "," : ""
    content += piece.dropLast(comma.isEmpty ? 1 : 2)
    text += head + quoted(content[...]) + comma + String(repeating: "\n", count: count)
    index += count
  }

  /// Whether a string ends with this piece; `next` is the line after it.
  private func ends(_ piece: Substring, _ next: Int, _ indentation: Int) -> Bool {
    guard piece.hasSuffix("\",") || piece.hasSuffix("\"") else { return false }
    guard next < lines.count else { return true }
    let following = lines[next]
    let place = following.prefix { $0 == " " }.count
    let first = following.dropFirst(place).first
    if place == indentation { return piece.hasSuffix("\",") && (containers.last != "{" || first == "\"") }
    return place + 2 == indentation && (first == "}" || first == "]")
  }

  private func quoted(_ raw: Substring) -> String {
    var out = "\""
    var isEscaped = false
    for scalar in raw.unicodeScalars {
      if isOld, !isEscaped, scalar == "\\" {
        isEscaped = true
        continue
      }
      if isEscaped, scalar != "\\", scalar != "\"" { out += "\\\\" }
      isEscaped = false
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      default:
        if scalar.value < 0x20 {
          out += "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + (isEscaped ? "\\\\" : "") + "\""
  }
}
