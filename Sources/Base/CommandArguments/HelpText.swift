/// What `--help` prints.
struct HelpText {
  let command: CommandDescription
  let declarations: [ArgumentReader.Declaration]

  init(_ command: CommandDescription, _ declarations: [ArgumentReader.Declaration]) {
    self.command = command
    self.declarations = declarations
  }

  var usage: String {
    let arguments = declarations.compactMap { declaration -> String? in
      switch declaration.kind {
      case .argument: " \(declaration.name.uppercased())"
      case .argumentList: " [\(declaration.name.uppercased())...]"
      case .flag, .option, .optionList: nil
      }
    }
    return command.name + arguments.joined() + " [OPTIONS]"
  }

  /// The options by heading, `--version` and `--help` last, without headings that have none.
  var sections: [CommandDescription.Topic] {
    var found: [(title: String, entries: [CommandDescription.Topic.Entry])] = [("ARGUMENTS", [])]
    found += ArgumentReader.Section.allCases.map { ($0.title, []) }
    for declaration in declarations {
      let isArgument = declaration.kind == .argument || declaration.kind == .argumentList
      let title = isArgument ? "ARGUMENTS" : declaration.section.title
      let index = found.firstIndex { $0.title == title } ?? 0
      found[index].entries.append((form(declaration), declaration.help))
    }
    found[found.count - 1].entries += [
      ("--version", "Show the version."), ("-h, --help", "Show this help."),
    ]
    return found.filter { !$0.entries.isEmpty }.map { CommandDescription.Topic($0.title, $0.entries) }
  }

  var text: String {
    var text = "\(command.abstract)\n\nUSAGE: \(usage)\n"
    if !command.examples.isEmpty {
      text += "\nEXAMPLES:\n"
      for example in command.examples { text += "  \(example.term)\n      \(example.meaning)\n" }
    }
    for section in sections + command.topics { text += self.section(section) }
    return text
  }

  func form(_ declaration: ArgumentReader.Declaration) -> String {
    let value = declaration.metavariable(command)
    return switch declaration.kind {
    case .flag: "--\(declaration.name)"
    case .option: "--\(declaration.name) \(value)"
    case .optionList: "--\(declaration.name) \(value)..."
    case .argument, .argumentList: declaration.name.uppercased()
    }
  }

  private func section(_ section: CommandDescription.Topic) -> String {
    // Narrow terminals have each text below its option.
    let column = command.width >= 70 ? 26 : 6
    let indent = String(repeating: " ", count: column)
    return "\n\(section.title):\n"
      + section.entries.map { line in
        let head = "  " + line.term
        let words = HelpText.wrapped(line.meaning, to: max(20, command.width - column)).joined(
          separator: "\n" + indent)
        // A form that reaches into the column has its text on the next line.
        if head.count + 2 > column { return "\(head)\n\(indent)\(words)\n" }
        return head + indent.dropFirst(head.count) + words + "\n"
      }.joined()
  }

  private static func wrapped(_ text: String, to width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      if lines[lines.count - 1].isEmpty {
        lines[lines.count - 1] = String(word)
      } else if lines[lines.count - 1].count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
