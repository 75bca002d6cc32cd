/// One `KEY=value` of a configuration file.
public struct ConfigEntry: Hashable, Sendable {
  /// The name before the equals sign.
  public var name: String
  /// What a shell would set.
  public var value: String
  /// Counted from 1.
  public var line: Int
}

/// Text that is no configuration: which file and line, what was found, and why it is refused.
public struct ConfigError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file as it was given, and the line, counted from 1; 0 where the whole file is meant.
  public let path: String, line: Int
  /// What was expected or refused.
  public let message: String

  /// An error at `line` of `path`.
  public init(path: String, line: Int, message: String) {
    self.path = path
    self.line = line
    self.message = message
  }

  public var description: String { line > 0 ? "\(path):\(line): \(message)" : "\(path): \(message)" }
}

/// Reads what `set -a; source FILE` would set in bash, without running anything.
///
/// The grammar is POSIX's for simple commands made of assignments alone, with bash's `export`, `+=` and `$'…'`.
/// Whatever would run code or touch a file is an error.
struct ShellAssignments {
  private var scalars: [Unicode.Scalar]
  private var position = 0
  private var line = 1
  private let path: String
  private let environment: [String: String]
  private(set) var entries: [ConfigEntry] = []
  private var values: [String: String] = [:]
  /// How much expansions have brought in, and how deep they stand in each other.
  private var expanded = 0
  private var depth = 0
  /// More is no configuration: keys that double each other grow without end.
  private static let expansionLimit = 1 << 20
  private static let depthLimit = 64

  init(_ bytes: [UInt8], path: String, environment: [String: String]) throws(ConfigError) {
    self.path = path
    self.environment = environment
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let line = 1 + (ShellAssignments.firstInvalid(bytes).map { bytes[..<$0].count { $0 == 0x0A } } ?? 0)
      throw ConfigError(path: path, line: line, message: "expected UTF-8 text")
    }
    var scalars = Array(text.unicodeScalars)
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    // Windows' line ends: a shell would keep the carriage return in the value, which nobody wants.
    var unified: [Unicode.Scalar] = []
    unified.reserveCapacity(scalars.count)
    for (index, scalar) in scalars.enumerated() {
      if scalar == "\r", index + 1 == scalars.count || scalars[index + 1] == "\n" { continue }
      unified.append(scalar)
    }
    self.scalars = unified
    if let zero = unified.firstIndex(of: "\0") {
      throw ConfigError(
        path: path, line: 1 + unified[..<zero].count { $0 == "\n" }, message: "expected text, not a zero byte"
      )
    }
  }

  private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var read = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): read += String(scalar).utf8.count
      case .emptyInput: return nil
      case .error: return read
      }
    }
  }

  /// Reads the whole file.
  mutating func run() throws(ConfigError) {
    while true {
      skipBlanks(newlines: true)
      guard let scalar = peek else { return }
      if scalar == "#" {
        skipComment()
      } else {
        try command()
      }
    }
  }

  // MARK: - Commands

  /// `[export] NAME=word …` up to a newline or a semicolon.
  private mutating func command() throws(ConfigError) {
    let exports = takeExport()
    var first = true
    while true {
      skipBlanks(newlines: false)
      guard let scalar = peek, scalar != "\n" else { break }
      if scalar == "#" {
        skipComment()
        break
      }
      if scalar == ";" {
        if first && !exports { throw error("expected KEY=value before the semicolon") }
        advance()
        if peek == ";" { throw error("expected one semicolon, not two") }
        break
      }
      try assignment(exports: exports, first: first)
      first = false
    }
  }

  private mutating func takeExport() -> Bool {
    let word = Array("export".unicodeScalars)
    guard scalars[position...].starts(with: word) else { return false }
    let after = position + word.count
    guard after == scalars.count || " \t\n;".unicodeScalars.contains(scalars[after]) else { return false }
    position = after
    return true
  }

  private mutating func assignment(exports: Bool, first: Bool) throws(ConfigError) {
    let start = line
    var name = ""
    while let scalar = peek, isNameScalar(scalar, first: name.isEmpty) {
      name.unicodeScalars.append(scalar)
      advance()
    }
    guard !name.isEmpty else { throw error(refusal()) }
    var appends = false
    if peek == "+", peek(1) == "=" {
      appends = true
      advance()
    }
    guard peek == "=" else {
      // `export KEY` marks a key that is set already.
      if exports, peek.map({ " \t\n;".unicodeScalars.contains($0) }) ?? true { return }
      if peek == "[" { throw error("\(name)[…]: arrays are not supported, expected KEY=value") }
      if first, peek == " " || peek == "\t" { throw error(spaced(name)) }
      throw error("expected KEY=value, found '\(name)\(peek.map { String($0) } ?? "")'\(refusalHint)")
    }
    advance()
    if peek == "(" { throw error("\(name)=(…): arrays are not supported, expected KEY=value") }
    if exports { try refuseBraces() }
    let word = try self.word(until: { " \t\n;".unicodeScalars.contains($0) }, tilde: true)
    let value = appends ? (lookUp(name) ?? "") + word : word
    if values.updateValue(value, forKey: name) != nil { entries.removeAll { $0.name == name } }
    entries.append(ConfigEntry(name: name, value: value, line: start))
  }

  private func spaced(_ name: String) -> String {
    var ahead = position
    while ahead < scalars.count, scalars[ahead] == " " || scalars[ahead] == "\t" { ahead += 1 }
    if ahead < scalars.count, scalars[ahead] == "=" {
      return "expected \(name)=value without spaces around the equals sign: a shell would run '\(name)'"
    }
    return "expected KEY=value: a shell would run '\(name)'"
  }

  private func refusal() -> String {
    let rest = String(String.UnicodeScalarView(scalars[position...].prefix { $0 != "\n" }.prefix(24)))
    return "expected KEY=value, found '\(rest)'\(refusalHint)"
  }
  private var refusalHint: String { ": nothing in this file is run" }

  // `export A={a,b}` goes through brace expansion, a plain assignment does not.
  private func refuseBraces() throws(ConfigError) {
    var ahead = position
    while ahead < scalars.count, !" \t\n;'\"\\".unicodeScalars.contains(scalars[ahead]) {
      if scalars[ahead] == "{", ahead == position || scalars[ahead - 1] != "$" {
        throw error("braces after export would be expanded: quote the value")
      }
      if scalars[ahead] == "$", ahead + 1 < scalars.count, scalars[ahead + 1] == "{" {
        while ahead < scalars.count, scalars[ahead] != "}", scalars[ahead] != "\n" { ahead += 1 }
      }
      ahead += 1
    }
  }

  // MARK: - Words

  /// Unquoted text with quoted parts and expansions in it, up to a scalar that ends it.
  private mutating func word(until ends: (Unicode.Scalar) -> Bool, tilde: Bool) throws(ConfigError) -> String
  {
    var out = ""
    var tildeMayFollow = tilde
    while let scalar = peek, !ends(scalar) {
      let atTilde = tildeMayFollow
      tildeMayFollow = false
      switch scalar {
      case "'": out += try singleQuoted()
      case "\"":
        advance()
        out += try doubleQuoted()
      case "\\":
        advance()
        guard let next = peek else { break }
        advance()
        if next != "\n" { out.unicodeScalars.append(next) }
      case "$": out += try expansion(quoted: false)
      case "`": throw error("command substitution would run code")
      case "&", "|": throw error("'\(scalar)' would run code: quote it")
      case "(", ")": throw error("'\(scalar)' would start a subshell: quote it")
      case "<", ">": throw error("'\(scalar)' would redirect: quote it")
      case "~" where atTilde: out += try home()
      default:
        out.unicodeScalars.append(scalar)
        advance()
        tildeMayFollow = tilde && scalar == ":"
      }
    }
    return out
  }

  private mutating func home() throws(ConfigError) -> String {
    advance()
    guard peek.map({ " \t\n;/:}".unicodeScalars.contains($0) }) ?? true else {
      throw error("'~' with a name is not supported: write the folder out or quote it")
    }
    guard let home = lookUp("HOME") else { throw error("'~' needs HOME, which is not set") }
    return home
  }

  private mutating func singleQuoted() throws(ConfigError) -> String {
    let start = line
    advance()
    var out = ""
    while let scalar = peek {
      advance()
      if scalar == "'" { return out }
      out.unicodeScalars.append(scalar)
    }
    throw ConfigError(path: path, line: start, message: "expected a closing single quote")
  }

  /// After the opening quote.
  private mutating func doubleQuoted() throws(ConfigError) -> String {
    let start = line
    var out = ""
    while let scalar = peek {
      switch scalar {
      case "\"":
        advance()
        return out
      case "\\":
        out += escaped(from: "$`\"\\")
      case "$": out += try expansion(quoted: true)
      case "`": throw error("command substitution would run code")
      default:
        out.unicodeScalars.append(scalar)
        advance()
      }
    }
    throw ConfigError(path: path, line: start, message: "expected a closing double quote")
  }

  /// What a backslash inside double quotes stands for: it is kept before all but the scalars in `special`, and gone
  /// with a newline.
  private mutating func escaped(from special: String) -> String {
    advance()
    guard let next = peek else { return "" }
    advance()
    if next == "\n" { return "" }
    return special.unicodeScalars.contains(next) ? String(next) : "\\" + String(next)
  }

  // MARK: - Expansions

  private mutating func expansion(quoted: Bool) throws(ConfigError) -> String {
    depth += 1
    guard depth <= ShellAssignments.depthLimit else {
      throw error("expansions stand in each other more than \(ShellAssignments.depthLimit) deep")
    }
    let value = try expandedValue(quoted: quoted)
    depth -= 1
    expanded += value.utf8.count
    guard expanded <= ShellAssignments.expansionLimit else {
      throw error("expansions come to more than \(ShellAssignments.expansionLimit) bytes")
    }
    return value
  }

  private mutating func expandedValue(quoted: Bool) throws(ConfigError) -> String {
    advance()
    guard let scalar = peek else { return "$" }
    switch scalar {
    case "(": throw error("$(…) would run code")
    case "[": throw error("$[…] is arithmetic, which is not supported")
    case "{":
      advance()
      return try braced(quoted: quoted)
    case "'" where !quoted:
      advance()
      return try ansiQuoted()
    case "\"" where !quoted:
      advance()
      return try doubleQuoted()
    case "?", "$", "!", "#", "@", "*", "-", "0"..."9":
      throw error("$\(scalar) depends on the shell that reads the file")
    default:
      guard isNameScalar(scalar, first: true) else { return "$" }
      var name = ""
      while let next = peek, isNameScalar(next, first: name.isEmpty) {
        name.unicodeScalars.append(next)
        advance()
      }
      return lookUp(name) ?? ""
    }
  }

  /// `${NAME}` and its four forms with a default, after the brace.
  private mutating func braced(quoted: Bool) throws(ConfigError) -> String {
    let start = line
    var name = ""
    while let scalar = peek, isNameScalar(scalar, first: name.isEmpty) {
      name.unicodeScalars.append(scalar)
      advance()
    }
    guard !name.isEmpty else { throw error("expected a key after ${") }
    let value = lookUp(name)
    if peek == "}" {
      advance()
      return value ?? ""
    }
    var emptyCounts = false
    if peek == ":" {
      emptyCounts = true
      advance()
    }
    guard let mark = peek, mark == "-" || mark == "+" else {
      throw error(
        "${\(name)…}: only ${KEY}, ${KEY:-default}, ${KEY-default}, ${KEY:+other} and ${KEY+other} are read")
    }
    advance()
    let word =
      quoted
      ? try quotedWord(start: start) : try self.word(until: { $0 == "}" }, tilde: true)
    guard peek == "}" else { throw ConfigError(path: path, line: start, message: "expected a closing brace") }
    advance()
    let present = value.map { !emptyCounts || !$0.isEmpty } ?? false
    if mark == "-" { return present ? value ?? "" : word }
    return present ? word : ""
  }

  /// The word of `${KEY:-word}` inside double quotes: single quotes are plain text there, but a brace between two of
  /// them does not end the word.
  private mutating func quotedWord(start: Int) throws(ConfigError) -> String {
    var out = ""
    var isBetweenQuotes = false
    while let scalar = peek, scalar != "}" || isBetweenQuotes {
      switch scalar {
      case "'":
        isBetweenQuotes.toggle()
        out += "'"
        advance()
      case "\"":
        if isBetweenQuotes {
          throw error("a double quote between single quotes inside \"${…}\" is not supported")
        }
        advance()
        out += try doubleQuoted()
      case "\\":
        out += escaped(from: "$`\"\\}")
      case "$": out += try expansion(quoted: true)
      case "`": throw error("command substitution would run code")
      default:
        out.unicodeScalars.append(scalar)
        advance()
      }
    }
    return out
  }

  /// Text of `$'…'`, after the opening quote.
  private mutating func ansiQuoted() throws(ConfigError) -> String {
    let start = line
    var out = ""
    while let scalar = peek {
      advance()
      if scalar == "'" { return out }
      guard scalar == "\\", let next = peek else {
        out.unicodeScalars.append(scalar)
        continue
      }
      advance()
      switch next {
      case "n": out += "\n"
      case "t": out += "\t"
      case "r": out += "\r"
      case "a": out += "\u{07}"
      case "b": out += "\u{08}"
      case "e", "E": out += "\u{1B}"
      case "f": out += "\u{0C}"
      case "v": out += "\u{0B}"
      case "\\", "'", "\"", "?": out.unicodeScalars.append(next)
      case "x", "u", "U", "0"..."7":
        throw error("$'…' with a numeric escape is not supported: write the character itself")
      default:
        out += "\\"
        out.unicodeScalars.append(next)
      }
    }
    throw ConfigError(path: path, line: start, message: "expected a closing single quote")
  }

  // MARK: - Scanning

  private func lookUp(_ name: String) -> String? { values[name] ?? environment[name] }

  private func isNameScalar(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
    switch scalar {
    case "A"..."Z", "a"..."z", "_": true
    case "0"..."9": !first
    default: false
    }
  }

  private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }
  private func peek(_ ahead: Int) -> Unicode.Scalar? {
    position + ahead < scalars.count ? scalars[position + ahead] : nil
  }

  private mutating func advance() {
    if scalars[position] == "\n" { line += 1 }
    position += 1
  }

  private mutating func skipBlanks(newlines: Bool) {
    while let scalar = peek {
      if scalar == "\\", peek(1) == "\n" {
        advance()
      } else if scalar != " " && scalar != "\t" && !(newlines && scalar == "\n") {
        return
      }
      advance()
    }
  }

  private mutating func skipComment() { while let scalar = peek, scalar != "\n" { _ = scalar; advance() } }

  private func error(_ message: String) -> ConfigError {
    ConfigError(path: path, line: line, message: message)
  }
}
