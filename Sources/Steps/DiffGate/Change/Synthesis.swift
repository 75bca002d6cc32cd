import DeploymentConfig
import GitHistory
import Redaction
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// CDK applications synthesized at both ends of a change: by the command that the base's policy names, and inside the
/// sandbox that the command line names. The newer version's code runs then, and whoever writes the change writes it: so this
/// is never done unless the CI says where it may run.
struct Synthesis {
  let session: StepSession
  let repository: GitRepository
  /// The words that start a program inside the sandbox.
  let sandbox: String
  let base: String, head: String

  /// The folders that the templates of both versions were written to.
  struct Output {
    /// nil where there was no application before.
    var old: String?
    var new: String
  }
  /// Longer than any application's synthesis with its packages, shorter than a job.
  private static let timeout = Duration.seconds(900)
  /// What the command gets of this process's variables: nothing that lets it speak for anybody.
  private static let kept = [
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
    "https_proxy",
    "no_proxy",
  ]

  /// Synthesizes one application; nil for a side that has no such folder.
  /// - Throws: `StepFailure` where the command fails, with the end of what it wrote.
  func output(of app: GatePolicy.Synthesis, in place: Workplace) async throws -> Output {
    let old = try await run(app, base, in: place, "base")
    guard let new = try await run(app, head, in: place, "head") else {
      throw StepFailure(
        .data, "diff-gate.synth names \(app.app), which the newer version does not have",
        advice: "name the folder of its cdk.json")
    }
    return Output(old: old, new: new)
  }

  private func run(
    _ app: GatePolicy.Synthesis, _ revision: String, in place: Workplace, _ side: String
  ) async throws -> String? {
    let source = try place.export(revision, of: repository, as: side)
    let folder = app.app == "." ? source : "\(source)/\(app.app)"
    let files = session.context.files
    guard try files.status(of: folder)?.kind == .folder else { return nil }
    let output =
      "\(place.root)/out-\(side)-\(app.app.map { $0 == "/" || $0 == "." ? "_" : $0 }.map(String.init).joined())"
    try files.createFolder(output, mode: 0o777)
    var words = sandbox.split(whereSeparator: \.isWhitespace).map {
      String($0).replacing("{dir}", with: place.root)
    }
    words += [
      "sh", "-c", "cd \"$1\" && export BACKSTOP_OUTPUT=\"$2\" && \(app.command)", "synth", folder, output,
    ]
    var variables: [String: String] = [:]
    for name in Synthesis.kept { variables[name] = session.context.environment[name] }
    session.progress.update("synthesizing \(app.app) of the \(side)")
    let outcome = await session.context.processes.run(
      ProcessRequest(
        words[0], Array(words.dropFirst()), environment: Environment(variables), timeout: Synthesis.timeout,
        maximumOutput: 8 << 20))
    guard case .ended(0, _, _) = outcome else { throw failed(outcome, app, side, words[0]) }
    guard files.exists("\(output)/manifest.json") else {
      throw StepFailure(
        .data, "\(app.command) wrote no manifest.json to $BACKSTOP_OUTPUT",
        advice: "let it write there: npx cdk synth --quiet --output \"$BACKSTOP_OUTPUT\"")
    }
    return output
  }

  private func failed(
    _ outcome: ProcessOutcome, _ app: GatePolicy.Synthesis, _ side: String, _ program: String
  ) -> StepFailure {
    let what =
      switch outcome {
      case .ended(let status, let output, let errors):
        "ended with \(status): \(session.redactor.redact(String(decoding: (errors.isEmpty ? output : errors).suffix(600), as: UTF8.self)))"
      case .notFound: "there is no program \(program)"
      case .notStarted(let why): why
      case .timedOut: "it took longer than 15 minutes"
      case .wroteTooMuch: "it wrote more than 8 MB"
      case .cancelled: "it was cancelled"
      }
    return StepFailure(
      .unavailable, "cannot synthesize \(app.app) of the \(side) by \(app.command): \(what)",
      advice: "run the same command in that sandbox by hand, or compare two outputs by --old DIR --new DIR")
  }

  /// A folder for both versions, which is removed again.
  struct Workplace {
    let root: String
    let files: any FileSystem

    init(_ session: StepSession) throws {
      files = session.context.files
      let parent = session.context.environment["TMPDIR"].map { $0.isEmpty ? "/tmp" : $0 } ?? "/tmp"
      root = "\(session.context.absolute(parent))/backstop-synth-\(session.newId())"
      try files.createFolder(root, mode: 0o700)
    }

    /// Writes out all files of a revision; links and submodules stay out, since they lead elsewhere.
    func export(_ revision: String, of repository: GitRepository, as name: String) throws -> String {
      let folder = "\(root)/\(name)"
      if files.exists(folder) { return folder }
      try files.createFolder(folder, mode: 0o700)
      var made: Set<String> = [""]
      for path in try repository.paths(at: revision) {
        guard let entry = try repository.entry(at: path, revision: revision),
          entry.kind == .file || entry.kind == .executable
        else { continue }
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
          parent += parent.isEmpty ? "\(part)" : "/\(part)"
          if made.insert(parent).inserted { try files.createFolder("\(folder)/\(parent)", mode: 0o700) }
        }
        try files.createExclusively(
          try repository.blob(entry.id), at: "\(folder)/\(path)",
          mode: entry.kind == .executable ? 0o755 : 0o644)
      }
      return folder
    }

    /// Removes all of it; what cannot be removed stays for the machine's own cleaning.
    func remove() { try? files.remove(root) }
  }
}
