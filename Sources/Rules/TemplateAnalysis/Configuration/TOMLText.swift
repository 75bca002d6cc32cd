/// The part of TOML that configuration files of deployment tools use: tables, strings, arrays of strings, bare values.
struct TOMLText {
  /// Values by table: `default.deploy.parameters` to key to its texts (one, or those of an array).
  private(set) var tables: [String: [String: [String]]] = [:]

  init(_ text: String) {
    var table = ""
    var scanner = Scanner(text)
    while let character = scanner.next() {
      switch character {
      case " ", "\t", "\n", "\r\n", "\r": continue
      case "#": scanner.skipLine()
      case "[":
        table = scanner.take { $0 != "]" && $0 != "\n" }.filter { !" \"'[".contains($0) }
        scanner.skipLine()
      default:
        let key = (String(character) + scanner.take { $0 != "=" && $0 != "\n" }).filter {
          !" \t\"'".contains($0)
        }
        guard scanner.peek == "=" else { continue }
        _ = scanner.next()
        read(key, in: table, &scanner, depth: 0)
      }
    }
  }

  /// A value under a key, which may be dotted, or a table in one line.
  private mutating func read(_ key: String, in table: String, _ scanner: inout Scanner, depth: Int) {
    var parts = (table.isEmpty ? [] : [table]) + key.split(separator: ".").map(String.init)
    guard scanner.skipBlanks() == "{", depth < 20 else {
      let name = parts.popLast() ?? key
      tables[parts.joined(separator: "."), default: [:]][name] = scanner.value()
      return
    }
    let inner = parts.joined(separator: ".")
    _ = scanner.next()
    while let character = scanner.peek, character != "}" {
      guard !character.isWhitespace, character != "," else {
        _ = scanner.next()
        continue
      }
      let name = scanner.take { $0 != "=" && $0 != "}" && !$0.isNewline }.filter { !" \t\"'".contains($0) }
      guard scanner.peek == "=" else { return }
      _ = scanner.next()
      read(name, in: inner, &scanner, depth: depth + 1)
    }
    _ = scanner.next()
  }

  private struct Scanner {
    private let characters: [Character]
    private var position = 0

    init(_ text: String) { characters = Array(text) }

    var peek: Character? { position < characters.count ? characters[position] : nil }
    mutating func next() -> Character? {
      guard position < characters.count else { return nil }
      position += 1
      return characters[position - 1]
    }
    mutating func take(while isWanted: (Character) -> Bool) -> String {
      var taken = ""
      while let character = peek, isWanted(character) {
        taken.append(character)
        position += 1
      }
      return taken
    }
    /// What stands behind blanks.
    mutating func skipBlanks() -> Character? {
      _ = take { $0 == " " || $0 == "\t" }
      return peek
    }
    mutating func skipLine() { _ = take { !$0.isNewline } }

    /// The texts of one value.
    mutating func value() -> [String] {
      _ = take { $0 == " " || $0 == "\t" }
      guard let first = peek else { return [] }
      if first == "\"" || first == "'" { return [string()] }
      guard first == "[" else {
        let bare = take { !$0.isNewline && !"#,}".contains($0) }
        return [String(bare.reversed().drop(while: \.isWhitespace).reversed())]
      }
      position += 1
      var found: [String] = []
      while let character = peek, character != "]" {
        if character == "\"" || character == "'" {
          found.append(string())
        } else if character == "#" {
          skipLine()
        } else {
          position += 1
        }
      }
      _ = next()
      return found
    }

    private mutating func string() -> String {
      guard let quote = next() else { return "" }
      let isLong =
        position + 1 < characters.count && characters[position] == quote && characters[position + 1] == quote
      if isLong { position += 2 }
      var text = ""
      while let character = next() {
        if character == quote {
          guard isLong else { return text }
          if position + 1 < characters.count, characters[position] == quote, characters[position + 1] == quote
          {
            position += 2
            return text
          }
        }
        if character == "\\", quote == "\"", let escaped = next() {
          text.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
        } else {
          text.append(character)
        }
      }
      return text
    }
  }
}
