import SystemInterfaces

/// Tells kinds of error apart: messages that differ only in numbers, ids and times are of one kind.
enum LogKinds {
  /// The kind of a message.
  static func kind(of message: String) -> String {
    let line = message.prefix { !$0.isNewline }
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { word -> String in
      isVariable(word) ? "#" : digitsReplaced(word)
    }
    return String(words.filter { $0 != "#" }.joined(separator: " ").prefix(160))
  }

  /// Ids, times and numbers: half digits, or a long word of hexadecimal digits and hyphens.
  private static func isVariable(_ word: Substring) -> Bool {
    let core = word.filter { $0.isLetter || $0.isNumber }
    guard !core.isEmpty else { return false }
    let digits = core.count { $0.isNumber }
    return digits * 2 > core.count || core.count >= 12 && digits > 0 && core.allSatisfy(\.isHexDigit)
  }

  private static func digitsReplaced(_ word: Substring) -> String {
    var out = ""
    for character in word {
      if !character.isNumber {
        out.append(character)
      } else if out.last != "#" {
        out.append("#")
      }
    }
    return out
  }

  /// Lines of kinds that `known` does not hold.
  static func lines(newTo known: Set<String>, _ lines: [LogLine]) -> [LogLine] {
    lines.filter { line in
      let kind = kind(of: line.message)
      return !kind.isEmpty && !known.contains(kind)
    }
  }

  /// Kinds of `after` that `before` does not know, most frequent first.
  static func new(in group: String, before: [LogLine], after: [LogLine]) -> [LogRecord] {
    new(in: group, known: Set(before.map { kind(of: $0.message) }), after: after)
  }

  /// The same, where the kinds of before are known.
  static func new(in group: String, known: Set<String>, after: [LogLine]) -> [LogRecord] {
    var found: [String: LogRecord] = [:]
    for event in after {
      let kind = kind(of: event.message)
      guard !known.contains(kind), !kind.isEmpty else { continue }
      if found[kind] == nil {
        let example = event.message.split(whereSeparator: \.isNewline).joined(separator: " ⏎ ")
        found[kind] = LogRecord(
          group: group, kind: kind, count: 0, firstSeen: event.time, example: String(example.prefix(300)))
      }
      found[kind]?.count += 1
      if let first = found[kind]?.firstSeen, event.time < first { found[kind]?.firstSeen = event.time }
    }
    return found.values.sorted { ($0.count, $1.kind) > ($1.count, $0.kind) }
  }
}
