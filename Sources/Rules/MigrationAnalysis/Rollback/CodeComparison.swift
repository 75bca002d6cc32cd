/// Whether two versions of a migration in code differ in more than layout, comments and the quotes around strings.
public enum CodeComparison {
  /// Whether both say the same.
  public static func isSame(_ one: String, _ other: String, tool: MigrationTool) -> Bool {
    tokens(one, tool) == tokens(other, tool)
  }

  /// Words, marks and strings in their order. Formatters put commas at the end of lists, and take semicolons away.
  private static func tokens(_ text: String, _ tool: MigrationTool) -> [String] {
    let strings = CodeStrings(CodeText(text).lines, tool: tool)
    var literals = strings.literals[...]
    var found: [String] = []
    var word = ""
    func finish() {
      if !word.isEmpty { found.append(word) }
      word = ""
    }
    for (offset, character) in strings.code.enumerated() {
      if let literal = literals.first, literal.offset == offset {
        finish()
        found.append("\u{0}" + content(literal.text))
        literals.removeFirst()
      }
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
        continue
      }
      finish()
      if !character.isWhitespace, character != ",", character != ";" { found.append(String(character)) }
    }
    finish()
    return found + literals.map { "\u{0}" + content($0.text) }
  }

  /// SQL that goes over lines is laid out like code.
  private static func content(_ literal: String) -> String {
    guard literal.contains(where: \.isNewline) else { return literal }
    return literal.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
