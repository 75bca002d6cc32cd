/// A script for psql as plain SQL: what only psql understands is blanked, so that offsets and lines stay.
struct PsqlText {
  /// A meta-command and where it stands.
  struct MetaCommand {
    var text: String
    var offset: Int
  }
  private(set) var bytes: [UInt8]
  private(set) var metaCommands: [MetaCommand] = []

  init(_ original: [UInt8]) {
    bytes = original
    var tokenizer = SQLTokenizer(original, dialect: .postgresql)
    var statement: [String] = []
    while let token = tokenizer.next() {
      if token.kind == .metaCommand {
        metaCommands.append(MetaCommand(text: token.text, offset: token.start))
        // \g and its kin end a statement as a semicolon does.
        let ends = ["g", "gexec", "gx", "gset"].contains {
          token.text == $0 || token.text.hasPrefix($0 + " ")
            || token.text.hasPrefix($0 + "\r")
        }
        blank(token.start..<token.end)
        if ends { bytes[token.start] = UInt8(ascii: ";") }
        continue
      }
      if token.isSymbol(";") {
        if statement.first == "COPY", statement.contains("STDIN"), statement.contains("FROM") {
          let end = endOfCopyData(after: token.end)
          blank(token.end..<end)
          tokenizer = SQLTokenizer(original, dialect: .postgresql, from: end)
        }
        statement = []
      } else if statement.isEmpty || statement.first == "COPY" {
        statement.append(token.upper)
      }
    }
  }

  /// The same text with psql's `:variable`, `:'variable'` and `:"variable"` as plain words.
  func withoutVariables() -> [UInt8] {
    var result = bytes
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: ":") && index + 1 < bytes.count {
      let before = index > 0 ? bytes[index - 1] : 0x20
      let after = bytes[index + 1]
      guard before != UInt8(ascii: ":") else { continue }
      if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(after | 0x20) || after == UInt8(ascii: "_") {
        // An underscore, so that no variable's name is a reserved word.
        result[index] = UInt8(ascii: "_")
      } else if after == UInt8(ascii: "'") || after == UInt8(ascii: "\"") {
        result[index] = 0x20
      }
    }
    return result
  }

  private mutating func blank(_ range: Range<Int>) {
    for offset in range where bytes[offset] != 0x0A { bytes[offset] = 0x20 }
  }

  /// The offset after the line that holds `\.` alone, or the end of the text.
  private func endOfCopyData(after start: Int) -> Int {
    var line = start
    while line < bytes.count, bytes[line] != 0x0A { line += 1 }
    line += 1
    while line < bytes.count {
      var end = line
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      var content = bytes[line..<end]
      if content.last == 0x0D { content = content.dropLast() }
      if content.elementsEqual("\\.".utf8) { return end }
      line = end + 1
    }
    return bytes.count
  }
}
