/// Credentials by host, as curl and ftp read them from a `.netrc` file.
struct NetrcFile {
  /// A user and what proves it.
  struct Credentials: Equatable {
    var user = "", password = ""
  }
  private var machines: [(host: String?, credentials: Credentials)] = []

  /// Reads `text`; words that mean nothing here are passed over.
  init(_ text: String) {
    // A macro goes on to the next empty line.
    var isMacro = false
    var field = ""
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let words = Self.words(line)
      if isMacro {
        isMacro = !words.isEmpty
        continue
      }
      for word in words {
        switch (field, word) {
        case ("machine", _):
          machines.append((word.lowercased(), Credentials()))
          field = ""
        case ("login", _), ("password", _):
          if let last = machines.indices.last {
            if field == "login" {
              machines[last].credentials.user = word
            } else {
              machines[last].credentials.password = word
            }
          }
          field = ""
        case ("account", _): field = ""
        case (_, "machine"), (_, "login"), (_, "password"), (_, "account"): field = word
        case (_, "default"): machines.append((nil, Credentials()))
        case (_, "macdef"):
          isMacro = true
          field = ""
        default: break
        }
        if isMacro { break }
      }
    }
  }

  /// What the file says of `host`, or of every host where it names it not.
  func credentials(for host: String) -> Credentials? {
    machines.first { $0.host == nil || $0.host == host.lowercased() }?.credentials
  }

  /// The words of a line: set apart by white space, in double quotes where they hold some; `#` begins a comment.
  private static func words(_ line: Substring) -> [String] {
    var words: [String] = []
    var word: String?
    var isQuoted = false, isEscaped = false
    for character in line {
      if isEscaped {
        word?.append(character)
        isEscaped = false
      } else if isQuoted, character == "\\" {
        isEscaped = true
      } else if character == "\"", isQuoted || word == nil {
        isQuoted.toggle()
        word = word ?? ""
      } else if !isQuoted, character == " " || character == "\t" || character == "\r" {
        if let done = word { words.append(done) }
        word = nil
      } else if !isQuoted, word == nil, character == "#" {
        return words
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return word.map { words + [$0] } ?? words
  }
}
