/// The words of a command line, by what they belong to.
struct GivenArguments {
  /// For options their values in order; for flags an empty word each.
  var values: [String: [String]] = [:]
  /// The words that belong to no option.
  var arguments: [String] = []
  var wantsHelp = false
  var wantsVersion = false
  /// Which rendering of the declarations is asked for instead of a run.
  var generated: GeneratedText?

  init(
    _ words: [String], _ declarations: [ArgumentReader.Declaration], _ command: CommandDescription?
  ) throws(ArgumentError) {
    var kinds: [String: ArgumentReader.Declaration] = [:]
    for declaration in declarations where declaration.kind != .argument && declaration.kind != .argumentList {
      kinds[declaration.name] = declaration
    }
    var position = 0
    /// The next word, unless it is an option.
    func nextValue() -> String? {
      guard position < words.count, !GivenArguments.isOption(words[position]) else { return nil }
      defer { position += 1 }
      return words[position]
    }
    while position < words.count {
      let word = words[position]
      position += 1
      guard GivenArguments.isOption(word) else {
        arguments.append(word)
        continue
      }
      if word == "--" {
        arguments += words[position...]
        return
      }
      if word == "--help" || word == "-h" {
        wantsHelp = true
        continue
      }
      if word == "--version" {
        wantsVersion = true
        continue
      }
      if word == "--generate" {
        let form = nextValue() ?? ""
        generated = GeneratedText(rawValue: form)
        if generated == nil {
          let forms = GeneratedText.allCases.map(\.rawValue).joined(separator: ", ")
          throw ArgumentError("--generate does not take '\(form)'; it takes one of \(forms)")
        }
        continue
      }
      let isLong = word.hasPrefix("--")
      let equals = word.firstIndex(of: "=")
      let name = String(word[..<(equals ?? word.endIndex)].dropFirst(2))
      guard isLong, let declaration = kinds[name] else {
        let written = isLong ? "--\(name)" : word
        let near = GivenArguments.nearest(name, Array(kinds.keys) + ["help", "version"])
        throw ArgumentError(
          "there is no option \(written)" + (near.map { "; is --\($0) meant?" } ?? ""))
      }
      let attached = equals.map { String(word[word.index(after: $0)...]) }
      switch declaration.kind {
      case .flag:
        if let attached { throw ArgumentError("--\(name) takes no value, not even '\(attached)'") }
        values[name, default: []].append("")
      case .option, .optionList:
        guard let value = attached ?? nextValue() else {
          throw ArgumentError(
            "--\(name) wants a value: --\(name) \(declaration.metavariable(command)); one that begins with a dash is written --\(name)=-…"
          )
        }
        values[name, default: []].append(value)
        guard declaration.kind == .optionList else { continue }
        while let more = nextValue() { values[name, default: []].append(more) }
      case .argument, .argumentList: continue
      }
    }
  }

  /// A dash alone is a value by custom: standard input or output.
  private static func isOption(_ word: String) -> Bool { word.hasPrefix("-") && word != "-" }

  /// The name that was probably meant: the only one that begins so, or one at most two letters off, and not more than
  /// a third of them.
  static func nearest(_ name: String, _ names: [String]) -> String? {
    let longer = names.filter { !name.isEmpty && $0.hasPrefix(name) }
    if longer.count == 1 { return longer[0] }
    let wanted = Array(name.utf8)
    let distances = names.map { (distance(wanted, Array($0.utf8)), $0) }
    guard let best = distances.min(by: { $0 < $1 }), best.0 <= min(2, wanted.count / 3) else { return nil }
    return best.1
  }

  /// How many letters must be put in, taken out or changed (Levenshtein).
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let changed = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(changed, diagonal + 1, row[j] + 1)
      }
    }
    return row[b.count]
  }
}
