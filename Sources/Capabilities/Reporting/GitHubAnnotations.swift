import StepResults

/// Workflow commands that GitHub shows beside the lines they are about.
///
/// A step may make ten errors, ten warnings and ten notices; more are dropped without a word. So the worst come first,
/// and the last of a kind counts the rest.
public enum GitHubAnnotations: ReportFormat {
  static let limit = 10

  public static func render(_ report: Report) -> String {
    var lines: [String] = []
    for severity in Severity.allCases.sorted(by: >) {
      // Without a place an annotation says no more than the summary does, but it must not be silent about what stops.
      let findings = report.findings.filter {
        $0.severity == severity && ($0.path != nil || severity == .error)
      }
      let shown = findings.count > limit ? limit - 1 : findings.count
      for finding in findings.prefix(shown) { lines.append(command(finding, report)) }
      if findings.count > shown {
        lines.append(
          "::\(severity.rawValue) title=\(OutsideText.gitHubProperty("backstop \(report.step.rawValue)"))::"
            + OutsideText.gitHubData(
              "and \(findings.count - shown) more of this kind: the step's summary and record have them all"))
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func command(_ finding: Finding, _ report: Report) -> String {
    var properties: [String] = []
    if let path = finding.path {
      properties.append("file=\(OutsideText.gitHubProperty(path))")
      if let line = finding.line { properties.append("line=\(line)") }
    }
    properties.append("title=\(OutsideText.gitHubProperty("\(report.step.rawValue): \(finding.code)"))")
    return
      "::\(finding.severity.rawValue) \(properties.joined(separator: ","))::\(OutsideText.gitHubData(finding.message))"
  }
}
