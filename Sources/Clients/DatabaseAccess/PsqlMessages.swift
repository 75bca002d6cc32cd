import SQLText

/// What psql wrote to standard error, taken apart. Its client speaks English; the server may not.
struct PsqlMessages {
  /// One message of the server: its severity, code, text, and the lines that follow.
  private struct Message {
    /// The number of the statement, as it was marked.
    var statement: Int?
    var sqlState = ""
    var text = ""
    var hint: String?
    /// The line inside the statement that the server points at, and how it reads.
    var pointed: (offset: Int, text: String)?
  }

  /// Notices and warnings, one line each.
  private(set) var notices: [String] = []
  private var failure: Message?
  /// What is no server's message: that psql could not connect.
  private var others: [String] = []

  init(_ bytes: [UInt8]) {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    var current: Message?
    var isNotice = false
    func close(_ message: Message?, _ isNotice: Bool, _ all: inout PsqlMessages) {
      guard let message else { return }
      if isNotice { all.notices.append(message.text) } else if all.failure == nil { all.failure = message }
    }
    for line in lines {
      let rest = PsqlMessages.withoutPlace(line)
      // The statement that failed, whole; what is in it is no message.
      if rest.hasPrefix("STATEMENT:  ") {
        current?.statement = PsqlMessages.statement(lines)
        break
      }
      if let (severity, code, text) = PsqlMessages.head(rest) {
        close(current, isNotice, &self)
        current = Message(sqlState: code, text: text)
        // Classes 00, 01 and 02 are no errors, in whatever language the severity stands.
        isNotice =
          ["00", "01", "02"].contains(code.prefix(2)) || ["NOTICE", "WARNING", "INFO"].contains(severity)
      } else if current == nil {
        others.append(line)
      } else if line.hasPrefix("HINT:  ") {
        current?.hint = String(line.dropFirst(7))
      } else if line.hasPrefix("LINE "), let colon = line.firstIndex(of: ":"),
        let offset = Int(line[line.index(line.startIndex, offsetBy: 5)..<colon])
      {
        current?.pointed = (offset, String(line[line.index(after: colon)...].drop { $0 == " " }))
        // The server points behind the end of what it was given.
        if current?.pointed?.text.hasPrefix(PsqlScript.mark) == true { current?.pointed = nil }
      }
      // DETAIL is left out: it quotes rows, and rows are other people's data.
    }
    close(current, isNotice, &self)
  }

  /// `psql:<stdin>:1: ` taken off.
  private static func withoutPlace(_ line: String) -> Substring {
    guard line.hasPrefix("psql:<stdin>:") else { return line[...] }
    let rest = line.dropFirst("psql:<stdin>:".count)
    let number = rest.prefix { $0.isNumber }
    return rest[number.endIndex...].hasPrefix(": ") ? rest[number.endIndex...].dropFirst(2) : line[...]
  }

  /// The number with which a statement was marked; the last line of all.
  private static func statement(_ lines: [String]) -> Int? {
    guard let last = lines.last(where: { $0.hasPrefix(PsqlScript.mark) }) else { return nil }
    return Int(last.dropFirst(PsqlScript.mark.count))
  }

  /// `ERROR:  42P01: relation "x" does not exist`, in any language.
  private static func head(_ line: Substring) -> (severity: String, code: String, text: String)? {
    guard let mark = line.firstRange(of: ":  ") else { return nil }
    let rest = line[mark.upperBound...]
    let code = rest.prefix(5)
    guard code.utf8.count == 5, rest.dropFirst(5).hasPrefix(": "),
      code.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) })
    else { return nil }
    return (String(line[..<mark.lowerBound]), String(code), String(rest.dropFirst(7)))
  }

  /// The error that a status other than 0 stands for.
  /// - Parameter places: where the statements begin.
  func error(
    status: Int32, name: String, place: String, _ transaction: Psql.Transaction, places: [SQLPlace],
    _ redact: (String) -> String
  ) -> PsqlError {
    guard let failure else {
      let said = redact(others.joined(separator: " ")).replacing("psql: error: ", with: "")
      // Psql's own statuses: 2 where the connection failed or broke, 1 where it has another problem.
      guard status == 2 else { return PsqlError(.other, "\(name): psql ended with \(status): \(said)") }
      return connection(said, name: name, place: place)
    }
    let found = failure.statement.flatMap { places.indices.contains($0) ? places[$0] : nil }
    let at = found.map { "\($0.name):\($0.line)" } ?? name
    let near = failure.pointed.map { ", at: \(PsqlMessages.withoutLiterals($0.text))" } ?? ""
    let hint = failure.hint.map { " (\($0))" } ?? ""
    let said = PsqlMessages.withoutValues(failure.text, failure.sqlState)
    let text = redact("\(said)\(near)\(hint)")
    let undone =
      switch transaction {
      case .readOnly, .trial: ""
      case .single: "; nothing of it stays"
      case .eachStatement: "; what came before it stays"
      }
    let message = "\(at): \(text) (\(failure.sqlState))\(undone)"
    let (kind, advice) = PsqlMessages.meaning(of: failure.sqlState)
    var error = PsqlError(kind, message, line: found?.line, sqlState: failure.sqlState, advice: advice)
    error.isOfFirstStatement = failure.statement == 0
    return error
  }

  /// The message without the values that it quotes: data exceptions quote what was put in, and syntax errors a literal of
  /// the script. Names of tables and columns stay.
  static func withoutValues(_ text: String, _ sqlState: String) -> String {
    let mark = "[redacted]"
    if sqlState.hasPrefix("22") {
      guard let open = text.firstIndex(of: "\""), let close = text.lastIndex(of: "\""), open < close else {
        return text
      }
      return String(text[...open]) + mark + String(text[close...])
    }
    if sqlState == "42601", let near = text.firstRange(of: "near \"'"), let close = text.lastIndex(of: "\"") {
      return String(text[..<near.upperBound].dropLast()) + mark + String(text[close...])
    }
    return text
  }

  /// SQL without the contents of its strings.
  static func withoutLiterals(_ sql: String) -> String {
    let bytes = Array(sql.utf8)
    var lexer = PostgresLexer(bytes)
    var out: [UInt8] = []
    var copied = 0
    while let token = lexer.next() {
      guard [.string, .escapeString, .dollarString].contains(token.kind) else { continue }
      out += bytes[copied..<token.content.lowerBound] + Array("…".utf8)
      copied = token.content.upperBound
    }
    return String(decoding: out + bytes[copied...], as: UTF8.self)
  }

  private func connection(_ said: String, name: String, place: String) -> PsqlError {
    let refusals = [
      "authentication failed", "no pg_hba.conf entry", "does not exist", "no password supplied",
    ]
    if refusals.contains(where: said.contains) {
      return PsqlError(
        .refused, "\(name): \(place) refused the connection: \(said)",
        advice: "check user, password and database name, and whether this machine may connect")
    }
    return PsqlError(
      .unreachable, "\(name): no connection to \(place): \(said)",
      advice: "check host and port, security groups, and whether this machine is inside the network")
  }

  /// What a code asks for (PostgreSQL's manual, appendix A).
  private static func meaning(of code: String) -> (PsqlError.Kind, String) {
    switch code {
    case "57014": (.timedOut, "the statement took too long: make it cheaper, or allow more time")
    case "55P03", "40P01":
      (.locked, "other sessions hold what it needs: wait for them, or end them (pg_terminate_backend)")
    case "25006": (.failed, "a probe may not write")
    case "42501": (.failed, "grant the role the right to read what the statement names")
    case "57P01", "57P02", "57P03", "08006", "08003", "08001", "53300":
      (.unreachable, "the database is stopping, starting or full of connections: try again")
    case _ where code.hasPrefix("28"): (.refused, "check user and password")
    default: (.failed, "")
    }
  }
}
