import CommandArguments

/// What the help of every step says beside its options.
enum StepHelp {
  /// What stands for a value, by option. An option that is not here shows its own name.
  static let metavariables: [String: String] = {
    var names: [String: String] = [:]
    for (value, options) in [
      "REV": [
        "base", "head", "commit", "config-ref", "deployed-commit", "onto", "expect-version",
      ],
      "REV|A..B": ["revert"], "REV|ID": ["to"],
      "FILE": [
        "policy", "junit", "sarif", "tap", "code-quality", "markdown", "html", "approvals", "old-parameters",
        "new-parameters", "output", "replay", "record", "merge", "variables-file", "openapi",
        "acknowledgements",
      ],
      "FILE|DIR": ["old", "new", "smoke"], "DIR": ["config-dir", "repo", "records"],
      "PLACE": ["store"], "DURATION": ["for", "every", "settle", "period", "deadline", "since", "each"],
      "TIME": ["deployed-at", "baseline-until"], "SHARES": ["promote"],
      "NAME": ["alias", "operator", "branch", "push-to", "skip-window"],
      "TEXT": ["reason"], "WORD": ["confirm"], "ROLE": ["only"],
      "N": ["limit", "concurrency", "mainline", "show"],
      "N/M": ["shard"], "NAME=VALUE": ["variable", "secret"], "STACK/RESOURCE": ["skip", "allow-stateful"],
      "STACK/NAME": ["parameter"], "RUN": ["take-lock"], "WHEN": ["color", "database-snapshot"],
      "CODE": ["explain"], "text|json": ["format"], "go|stop": ["inconclusive"], "URL": ["ledger-remote"],
      "KEY": ["store-kms-key"],
    ] {
      for option in options { names[option] = value }
    }
    return names
  }()

  /// The exit codes, as every step has them.
  static let exitCodes = CommandDescription.Topic(
    "EXIT CODES",
    [
      ("0  go", "The step ran, and the answer is yes."), ("1  stop", "The step ran, and the answer is no."),
      ("3  inconclusive", "The step ran, and the evidence does not suffice to say."),
      ("64 usage, 65 data", "The command line or a file is wrong."),
      ("69 unavailable", "AWS, a git remote or this machine's network could not be reached."),
      ("70 software", "A defect of ours."), ("75 busy", "Another run holds the lock."),
      ("77 refused", "Credentials, a confirmation or a safety rule forbid it."),
      ("130, 143", "Interrupted; it can be run again."),
    ])

  /// Which options variables may give.
  static func variables(_ options: [String], _ flags: [String]) -> CommandDescription.Topic {
    CommandDescription.Topic(
      "ENVIRONMENT VARIABLES",
      [
        (
          "BACKSTOP_NAME",
          "The value of --name, where the command line has none: "
            + (options + flags).map(EnvironmentArguments.variable).joined(separator: ", ") + "."
        ),
        ("BACKSTOP_STORE_KEY", "The key of a sealed store: openssl rand -base64 32."),
        ("BACKSTOP_OUTPUTS", "A file that takes verdict, exit code and paths as NAME=value lines."),
        ("AWS_…, NO_COLOR, HTTPS_PROXY", "As in other programs."),
      ])
  }
}
