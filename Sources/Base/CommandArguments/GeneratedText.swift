/// What is made from the declarations for a package: the manual page and the shells' completions.
///
/// `--generate FORM` prints it; the option is for who builds a package and stands in no help.
enum GeneratedText: String, CaseIterable {
  case man, bash, zsh, fish

  func text(of help: HelpText) -> String {
    switch self {
    case .man: GeneratedText.manual(help)
    case .bash: GeneratedText.bash(help)
    case .zsh: GeneratedText.zsh(help)
    case .fish: GeneratedText.fish(help)
    }
  }

  // MARK: - Manual

  /// A page of section 1 in the macros of man(7).
  private static func manual(_ help: HelpText) -> String {
    let command = help.command
    var page = """
      .TH \(roff(command.name.uppercased())) 1 "" "\(roff(command.version))" "Backstop"
      .SH NAME
      \(roff(command.name)) \\- \(roff(command.abstract))
      .SH SYNOPSIS
      .B \(roff(command.name))
      \(roff(String(help.usage.dropFirst(command.name.count + 1))))

      """
    func list(_ topic: CommandDescription.Topic) {
      page += ".SH \(roff(topic.title))\n"
      for entry in topic.entries { page += ".TP\n.B \(roff(entry.term))\n\(roff(entry.meaning))\n" }
    }
    for section in help.sections { list(section) }
    if !command.examples.isEmpty { list(.init("EXAMPLES", command.examples)) }
    for topic in command.topics { list(topic) }
    return page
  }

  /// Text without meaning for roff: dashes that can be copied, no request at a line's beginning.
  private static func roff(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\"", with: "\\(dq")
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }

  // MARK: - Completions

  /// What may follow an option: files where its value is one, else nothing that a shell could know.
  private static func takesFile(_ value: String) -> Bool { ["FILE", "DIR", "PATH"].contains(value) }

  private struct Option {
    let name: String, value: String?, help: String
  }

  private static func options(_ help: HelpText) -> [Option] {
    help.declarations.compactMap { declaration in
      switch declaration.kind {
      case .argument, .argumentList: nil
      case .flag: Option(name: declaration.name, value: nil, help: declaration.help)
      case .option, .optionList:
        Option(
          name: declaration.name, value: declaration.metavariable(help.command), help: declaration.help)
      }
    } + [
      Option(name: "version", value: nil, help: "Show the version."),
      Option(name: "help", value: nil, help: "Show this help."),
    ]
  }

  /// The environments that the folder's configuration files are of.
  private static let environments =
    #"for file in deployment-*.config; do [ -e "$file" ] && file=${file#deployment-} && printf '%s\n' "${file%.config}"; done"#

  private static func bash(_ help: HelpText) -> String {
    let options = options(help)
    let function = "_" + help.command.name.replacing("-", with: "_")
    func pattern(_ chosen: [Option]) -> String { chosen.map { "--\($0.name)" }.joined(separator: "|") }
    let files = options.filter { $0.value.map(takesFile) ?? false }
    let others = options.filter { !($0.value.map(takesFile) ?? true) }
    var cases = ""
    if !files.isEmpty {
      cases += "    \(pattern(files))) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
    }
    if !others.isEmpty { cases += "    \(pattern(others))) return ;;\n" }
    return """
      # Completion of \(help.command.name) for bash.
      \(function)() {
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
        case "$before" in
      \(cases)  esac
        if [[ $word == -* ]]; then
          COMPREPLY=($(compgen -W "\(options.map { "--\($0.name)" }.joined(separator: " "))" -- "$word"))
        else
          COMPREPLY=($(compgen -W "$(\(environments))" -- "$word"))
        fi
      }
      complete -F \(function) \(help.command.name)

      """
  }

  private static func zsh(_ help: HelpText) -> String {
    func quoted(_ text: String) -> String {
      text.replacing("'", with: "'\\''").replacing("[", with: "\\[").replacing("]", with: "\\]")
        .replacing(":", with: "\\:")
    }
    let lines = options(help).map { option in
      let head = "'*--\(option.name)[\(quoted(option.help))]"
      guard let value = option.value else { return head + "'" }
      return head + ":\(quoted(value)):\(takesFile(value) ? "_files" : " ")'"
    }
    return """
      #compdef \(help.command.name)
      # Completion of \(help.command.name) for zsh.
      local -a environments
      environments=(${(f)"$(\(environments))"})
      _arguments \\
        \(lines.joined(separator: " \\\n  ")) \\
        '1:environment:($environments)'

      """
  }

  private static func fish(_ help: HelpText) -> String {
    func quoted(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    }
    let name = help.command.name
    var lines = [
      "# Completion of \(name) for fish.",
      "complete -c \(name) -f -n 'not string match -q -- \"-*\" (commandline -ct)' "
        + "-a \"(for f in deployment-*.config; string replace -r '^deployment-(.*)\\.config\\$' '\\$1' \\$f; end)\"",
    ]
    lines += options(help).map { option in
      let file = option.value.map { takesFile($0) ? " -r -F" : " -x" } ?? ""
      return "complete -c \(name) -l \(option.name)\(file) -d '\(quoted(option.help))'"
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
