/// Source code by lines: enough to find a function's body, a call's arguments and SQL in strings.
struct CodeText: Hashable, Sendable {
  struct Line: Hashable, Sendable {
    var number: Int
    var text: String
  }
  /// How a language ends a body.
  enum Blocks { case indentation, end, braces }

  let lines: [Line]

  /// Reads code; comment lines are left out.
  init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
      index, line in
      let trimmed = line.drop { $0.isWhitespace }
      return trimmed.hasPrefix("#") || trimmed.hasPrefix("//")
        ? nil : Line(number: index + 1, text: String(line))
    }
  }

  /// A part of other code.
  init(_ lines: [Line]) { self.lines = lines }

  /// The lines of the body that `head` opens; nil where there is none.
  func block(_ head: String, _ blocks: Blocks) -> [Line]? {
    guard
      let start = lines.firstIndex(where: { line in
        guard let range = line.text.firstRange(of: head) else { return false }
        // `setup(` is no `up(`.
        if range.lowerBound > line.text.startIndex {
          let before = line.text[line.text.index(before: range.lowerBound)]
          if before.isLetter || before.isNumber || before == "_" { return false }
        }
        if head.hasSuffix("(") || head.hasSuffix(":") { return true }
        guard let after = line.text[range.upperBound...].first else { return true }
        return !(after.isLetter || after.isNumber || after == "_")
      })
    else { return nil }
    let indentation = lines[start].text.prefix { $0.isWhitespace }.count
    var body: [Line] = []
    switch blocks {
    case .indentation:
      for line in lines[(start + 1)...] {
        let isBlank = line.text.allSatisfy(\.isWhitespace)
        if !isBlank, line.text.prefix(while: \.isWhitespace).count <= indentation { break }
        body.append(line)
      }
    case .end:
      // `def down, do: drop table(:jobs)` is all on one line.
      if let short = lines[start].text.firstRange(of: ", do:") {
        return [Line(number: lines[start].number, text: String(lines[start].text[short.upperBound...]))]
      }
      for line in lines[(start + 1)...] {
        if line.text.prefix(while: \.isWhitespace).count <= indentation, line.text.contains("end") { break }
        body.append(line)
      }
    case .braces:
      var depth = 0
      var hasOpened = false
      for (index, line) in lines[start...].enumerated() {
        var inside = ""
        // What stands before the head on its line belongs to what came before.
        let text =
          index == 0
          ? line.text[(line.text.firstRange(of: head)?.lowerBound ?? line.text.startIndex)...]
          : line.text[...]
        for character in text {
          if character == "{" {
            depth += 1
            if !hasOpened { hasOpened = true } else { inside.append(character) }
            continue
          }
          if character == "}" { depth -= 1 }
          if hasOpened, depth > 0 { inside.append(character) }
        }
        // An arrow function without braces is its first statement.
        if !hasOpened, index > 0 || text.contains("=>") { inside = String(text) }
        body.append(Line(number: line.number, text: inside))
        if hasOpened, depth <= 0 { break }
        if !hasOpened, line.text.contains(";") { break }
      }
    }
    return body
  }

  /// Whether a body holds a statement that is not a placeholder.
  static func doesSomething(_ lines: [Line]) -> Bool {
    lines.contains { line in
      var text = line.text.filter { !$0.isWhitespace }
      while text.hasSuffix(";") { text.removeLast() }
      if text.hasPrefix("\"\"\"") || text.hasPrefix("'''") { return false }
      let nothing: Set<String> = [
        "", "pass", "...", "return", "return;", "returnPromise.resolve()", "}", "end", "returnnull",
        "returnundefined",
        "returntrue", "Promise.resolve()", "returnknex.schema",
      ]
      return !nothing.contains(text)
    }
  }

  /// The argument text of each call of `name`, which ends in a parenthesis, and its line.
  ///
  /// - Parameter endsAtLine: for languages that call without parentheses: arguments go on after a comma alone.
  func calls(_ name: String, endsAtLine: Bool = false) -> [(arguments: String, line: Int)] {
    var found: [(String, Int)] = []
    for (index, line) in lines.enumerated() {
      guard let range = line.text.firstRange(of: name) else { continue }
      if range.lowerBound > line.text.startIndex, name.first?.isLetter == true {
        let before = line.text[line.text.index(before: range.lowerBound)]
        if before.isLetter || before.isNumber || before == "_" { continue }
      }
      var depth = 1
      var arguments = ""
      var rest = String(line.text[range.upperBound...])
      var next = index
      scan: while true {
        for character in rest {
          if "([{".contains(character) { depth += 1 }
          if ")]}".contains(character) { depth -= 1 }
          if depth == 0 { break scan }
          arguments.append(character)
        }
        next += 1
        guard next < lines.count, !endsAtLine || rest.last(where: { !$0.isWhitespace }) == "," else { break }
        rest = "\n" + lines[next].text
      }
      found.append((arguments, line.number))
    }
    return found
  }

  /// How many arguments stand outside of brackets and strings.
  static func topLevelArguments(_ text: String) -> Int {
    var depth = 0
    var quote: Character?
    var count = 0
    var hasText = false
    for character in text {
      if let open = quote {
        if character == open { quote = nil }
        continue
      }
      switch character {
      case "'", "\"": (quote, hasText) = (character, true)
      case "(", "[", "{": depth += 1
      case ")", "]", "}": depth -= 1
      case "," where depth == 0:
        if hasText { count += 1 }
        hasText = false
      case _ where !character.isWhitespace: hasText = true
      default: break
      }
    }
    return count + (hasText ? 1 : 0)
  }

  /// The words in quotes, or Ruby's symbols, of a line, joined by dots.
  static func quoted(_ text: String) -> String? {
    var words: [String] = []
    var rest = text[...]
    while let start = rest.firstIndex(where: { "'\"`:".contains($0) }) {
      let quote = rest[start]
      rest = rest[rest.index(after: start)...]
      let word =
        quote == ":"
        ? rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" } : rest.prefix { $0 != quote }
      if !word.isEmpty, word.allSatisfy({ $0.isLetter || $0.isNumber || "_.".contains($0) }) {
        words.append(String(word))
      }
      rest = rest[word.endIndex...].dropFirst(quote == ":" ? 0 : 1)
    }
    return words.isEmpty ? nil : words.prefix(2).joined(separator: ".")
  }

  /// The first word in quotes, or the first symbol, in lower case.
  static func firstQuoted(_ text: String) -> String? {
    quoted(text)?.split(separator: ".").first.map { $0.lowercased() }
  }

  /// The same for the lines of a call that goes over several.
  static func quoted(_ lines: [Line], after number: Int) -> String? {
    let next = lines.drop { $0.number <= number }.prefix(3)
    return quoted(next.map(\.text).joined(separator: " "))
  }

  /// Strings that begin as SQL does, and their lines.
  static func sql(in lines: [Line], tool: MigrationTool) -> [(text: String, line: Int)] {
    let verbs = [
      "alter ", "drop ", "truncate ", "delete from ", "update ", "with ", "merge ", "replace ", "rename ",
      "create ",
      "do $", "revoke ",
    ]
    return CodeStrings(lines, tool: tool).literals.compactMap { literal in
      let lower = literal.text.drop { $0.isWhitespace }.lowercased()
      return verbs.contains(where: lower.hasPrefix) ? (literal.text, literal.line) : nil
    }
  }

  /// Whether a text that no grammar takes is SQL all the same: a part of it is put in while the code runs.
  static func isSurelySQL(_ text: String) -> Bool {
    let words = text.split(maxSplits: 3, whereSeparator: \.isWhitespace).prefix(2).map { $0.uppercased() }
    guard words.count == 2 else { return false }
    switch words[0] {
    case "ALTER", "DROP", "CREATE":
      return [
        "TABLE", "INDEX", "VIEW", "TYPE", "SCHEMA", "DATABASE", "FUNCTION", "TRIGGER", "UNIQUE",
        "MATERIALIZED",
      ]
      .contains(words[1])
    case "TRUNCATE": return true
    case "DELETE": return words[1] == "FROM"
    case "UPDATE": return text.uppercased().contains(" SET ")
    default: return false
    }
  }
}
