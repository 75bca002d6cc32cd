/// Source code parted into what it says and what stands in its strings: comments are neither.
struct CodeStrings: Hashable, Sendable {
  /// A string, and the line on which it begins.
  struct Literal: Hashable, Sendable {
    var text: String
    var line: Int
    /// Where it begins in the code.
    var offset: Int
  }
  /// Which marks begin a comment, and which strings a language has.
  private struct Marks {
    var hash = false, slashes = false
    /// `<<~SQL` of Ruby, `<<<SQL` of PHP.
    var heredoc: String?
    /// `~s(…)`, `~S"""…"""` of Elixir.
    var sigils = false
    /// `@"…""…"` of C#.
    var verbatim = false
  }

  private(set) var literals: [Literal] = []
  /// The code with a blank in place of each character of a string or comment; lines stay.
  private(set) var code = ""

  private let text: [Character]
  private let lines: [Int]
  private var position = 0

  init(_ lines: [CodeText.Line], tool: MigrationTool) {
    var text: [Character] = []
    var numbers: [Int] = []
    for line in lines {
      text += Array(line.text)
      text.append("\n")
      numbers.append(line.number)
    }
    self.text = text
    self.lines = numbers
    read(Self.marks(of: tool))
  }

  private static func marks(of tool: MigrationTool) -> Marks {
    switch tool {
    case .rails: Marks(hash: true, heredoc: "<<")
    case .alembic, .django: Marks(hash: true)
    case .ecto: Marks(hash: true, sigils: true)
    case .laravel, .phinx, .doctrine: Marks(hash: true, slashes: true, heredoc: "<<<")
    case .entityFramework: Marks(slashes: true, verbatim: true)
    default: Marks(slashes: true)
    }
  }

  private mutating func read(_ marks: Marks) {
    var row = 0
    func number() -> Int { row < lines.count ? lines[row] : 1 }
    var code: [Character] = []
    code.reserveCapacity(text.count)
    func blank(_ end: Int) {
      for character in text[position..<min(end, text.count)] {
        code.append(character.isNewline ? "\n" : " ")
        if character.isNewline { row += 1 }
      }
      position = min(end, text.count)
    }
    var lastEnd = -1
    func take(_ start: Int, _ end: Int, _ after: Int, isNextLine: Bool = false) {
      let content = String(text[start..<max(start, min(end, text.count))])
      let between = lastEnd >= 0 ? code[lastEnd...] : []
      // `"ALTER TABLE a " + "DROP COLUMN b"`, and strings that stand beside each other, are one.
      if lastEnd >= 0, !literals.isEmpty, between.allSatisfy({ $0.isWhitespace || "+.\\|".contains($0) }) {
        literals[literals.count - 1].text += String(between.filter(\.isNewline)) + content
      } else {
        let place = isNextLine && row + 1 < lines.count ? lines[row + 1] : number()
        literals.append(Literal(text: content, line: place, offset: code.count))
      }
      blank(after)
      lastEnd = code.count
    }
    while position < text.count {
      let character = text[position]
      if marks.hash && character == "#" || marks.slashes && begins("//") {
        blank(find("\n", from: position) ?? text.count)
      } else if marks.slashes, begins("/*") {
        blank((find("*/", from: position + 2) ?? text.count) + 2)
      } else if let mark = marks.heredoc, begins(mark), let heredoc = heredoc(after: position + mark.count) {
        take(heredoc.start, heredoc.end, heredoc.after, isNextLine: true)
      } else if marks.verbatim, begins("@\"") {
        let end = verbatimEnd(from: position + 2)
        take(position + 2, end, end + 1)
      } else if marks.sigils, character == "~", position + 2 < text.count, "sS".contains(text[position + 1]) {
        let open = begins("\"\"\"", at: position + 2) ? "\"\"\"" : String(text[position + 2])
        let close = ["(": ")", "[": "]", "{": "}", "<": ">"][open] ?? open
        let start = position + 2 + open.count
        let end = find(close, from: start) ?? text.count
        take(start, end, end + close.count)
      } else if "\"'`".contains(character) {
        let triple = String(repeating: character, count: 3)
        let mark = character != "`" && begins(triple) ? triple : String(character)
        let start = position + mark.count
        let end = close(mark, from: start)
        take(start, end, end + mark.count)
      } else {
        code.append(character)
        if character.isNewline { row += 1 }
        position += 1
      }
    }
    self.code = String(code)
  }

  private func begins(_ mark: String, at place: Int? = nil) -> Bool {
    let place = place ?? position
    guard place + mark.count <= text.count else { return false }
    return zip(mark, text[place...]).allSatisfy { $0 == $1 }
  }

  private func find(_ mark: String, from start: Int) -> Int? {
    guard start < text.count else { return nil }
    return (start..<text.count).first { begins(mark, at: $0) }
  }

  /// The end of a string: backslashes take the next character along. One that a line ends is no string, except of the
  /// kinds that go over lines.
  private func close(_ mark: String, from start: Int) -> Int {
    var place = start
    while place < text.count {
      if text[place] == "\\" {
        place += 2
        continue
      }
      if begins(mark, at: place) { return place }
      place += 1
    }
    return text.count
  }

  private func verbatimEnd(from start: Int) -> Int {
    var place = start
    while place < text.count {
      if text[place] == "\"" {
        guard begins("\"\"", at: place) else { return place }
        place += 1
      }
      place += 1
    }
    return text.count
  }

  /// The lines up to the one that holds the heredoc's name alone.
  private func heredoc(after start: Int) -> (start: Int, end: Int, after: Int)? {
    var place = start
    while place < text.count, "~-'\" ".contains(text[place]) { place += 1 }
    let name = String(text[min(place, text.count)...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    guard name.count > 1, name.first?.isUppercase == true, let first = find("\n", from: place) else {
      return nil
    }
    var line = first + 1
    while line < text.count {
      let end = find("\n", from: line) ?? text.count
      let content = String(text[line..<end].drop(while: \.isWhitespace))
      let isEnd = content.hasPrefix(name) && !(content.dropFirst(name.count).first?.isLetter ?? false)
      if isEnd { return (first + 1, line, end) }
      line = end + 1
    }
    return nil
  }
}
