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
      case .argument: " <\(declaration.name)>"
      case .argumentList: " [<\(declaration.name)> ...]"
      case .flag, .option, .optionList: nil
      }
    }
    return command.name + arguments.joined() + " [options]"
  }

  var text: String {
    var arguments: [(String, String)] = []
    var own: [(String, String)] = []
    var shared: [(String, String)] = []
    for declaration in declarations {
      let line = (HelpText.form(declaration), declaration.help)
      switch (declaration.kind, declaration.section) {
      case (.argument, _), (.argumentList, _): arguments.append(line)
      case (_, .own): own.append(line)
      case (_, .shared): shared.append(line)
      }
    }
    shared += [("--version", "Show the version."), ("-h, --help", "Show this help.")]
    return "OVERVIEW: \(command.abstract)\n\nUSAGE: \(usage)\n"
      + HelpText.section("ARGUMENTS", arguments) + HelpText.section("OPTIONS", own)
      + HelpText.section("OPTIONS OF EVERY STEP", shared)
  }

  private static func form(_ declaration: ArgumentReader.Declaration) -> String {
    switch declaration.kind {
    case .flag: "--\(declaration.name)"
    case .option: "--\(declaration.name) <\(declaration.valueName)>"
    case .optionList: "--\(declaration.name) <\(declaration.valueName)> ..."
    case .argument, .argumentList: "<\(declaration.name)>"
    }
  }

  private static func section(_ title: String, _ lines: [(form: String, help: String)]) -> String {
    if lines.isEmpty { return "" }
    return "\n\(title):\n"
      + lines.map { line in
        let indent = String(repeating: " ", count: 26)
        let head = "  " + line.form
        let words = wrapped(line.help, to: 94).joined(separator: "\n" + indent)
        // A form that reaches into the column has its text on the next line.
        if head.count + 2 > indent.count { return "\(head)\n\(indent)\(words)\n" }
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
