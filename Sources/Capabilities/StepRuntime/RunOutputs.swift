import CIEnvironment
import Redaction
import Reporting
import StepResults
import SystemInterfaces

/// What a run leaves for the jobs after it, whatever its end: `verdict`, `exit-code`, `record`, and what the step adds.
///
/// GitHub's output file takes them by these names. The file that the variable `BACKSTOP_OUTPUTS` names, for all other
/// systems, takes them as `BACKSTOP_EXIT_CODE=…`, the lines of a dotenv file.
struct RunOutputs {
  /// The answer; nil where the step did not come to one.
  var verdict: Verdict?
  /// The others, by name.
  var values: [String: String] = [:]

  /// The word for the answer, or for why there is none: `unavailable`, `refused`, `busy`.
  private func word(_ status: Int32) -> String {
    if let verdict, [.go, .stop, .inconclusive].contains(ExitStatus(rawValue: status)) {
      return verdict.rawValue
    }
    // `--help` and `--version` answer nothing about a deployment.
    if status == ExitStatus.go.rawValue { return "none" }
    return ExitStatus(rawValue: status).map { "\($0)" } ?? "\(status)"
  }

  /// Appends them where this run's system wants them; where that fails, it is said and the exit code stands.
  func write(status: Int32, _ context: StepContext, _ redactor: Redactor, _ terminal: some Terminal) {
    var all = values
    all["verdict"] = word(status)
    all["exit-code"] = "\(status)"
    // A line end would begin a line of its own, with whatever name stands there.
    let lines = all.sorted { $0.key < $1.key }.map { name, value in
      (name, redactor.redact(value.printable))
    }
    let environment = context.environment
    if let path = CIEnvironment(environment).outputFile {
      append(lines.map { "\($0)=\($1)\n" }.joined(), to: path, context, terminal)
    }
    if let path = environment.nonEmpty("BACKSTOP_OUTPUTS") {
      let text = lines.map { name, value in
        "BACKSTOP_\(name.uppercased().replacing("-", with: "_"))=\(value)\n"
      }.joined()
      append(text, to: context.absolute(path), context, terminal)
    }
  }

  private func append(
    _ text: String, to path: String, _ context: StepContext, _ terminal: some Terminal
  ) {
    do {
      try context.files.append(Array(text.utf8), to: path, mode: 0o644)
    } catch {
      terminal.write("the outputs for later jobs were not written: \(error)\n", to: .standardError)
    }
  }
}
