import CIEnvironment
import DeploymentRecords
import Redaction
import Reporting
import StepResults
import SystemInterfaces

/// The reports that the command line asks for, beside standard output.
enum ReportFiles {
  static func write(_ report: Report, _ session: StepSession) throws {
    let common = session.common
    // One line a format: the option's value and the format it asks for.
    let wanted: [(path: String?, format: any ReportFormat.Type)] = [
      (common.markdown, MarkdownReport.self), (common.junit, JUnitReport.self), (common.tap, TAPReport.self),
      (common.html, HTMLReport.self), (common.sarif, SARIFReport.self),
      (common.codeQuality, CodeQualityReport.self),
    ]
    for (path, format) in wanted {
      guard let path else { continue }
      let text = session.redactor.redact(format.render(report))
      try session.context.files.writeAtomically(
        Array(text.utf8), to: session.context.absolute(path), mode: 0o644)
    }
    if session.ci.provider == .github {
      // Standard output is the result's alone; GitHub reads commands on standard error as well.
      session.output.resumeCommands()
      session.output.writeCommands(GitHubAnnotations.render(report), to: .standardError)
    }
    if let summary = session.ci.summaryFile {
      let text = session.redactor.redact(MarkdownReport.summary(report))
      try session.context.files.append(Array((text + "\n").utf8), to: summary, mode: 0o644)
    }
  }
}
