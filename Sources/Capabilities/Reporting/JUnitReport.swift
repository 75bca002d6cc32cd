import DeploymentRecords
import Redaction
import StepResults
import SystemInterfaces

/// JUnit XML: one case a check, with file, line and every attempt. A report without checks has one case a finding.
///
/// A check that passed only after a retry is a passed case with its failed attempts as `flakyFailure`, as Maven's
/// Surefire writes it; readers that do not know that element see a pass.
public enum JUnitReport: ReportFormat {
  public static func render(_ report: Report) -> String {
    let cases = report.cases.isEmpty ? findingCases(report) : report.cases
    var suites: [(name: String, cases: [ReportCase])] = []
    var positions: [String: Int] = [:]
    for item in cases {
      if let position = positions[item.suite] {
        suites[position].cases.append(item)
      } else {
        positions[item.suite] = suites.count
        suites.append((item.suite, [item]))
      }
    }
    var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    out += "<testsuites \(attribute("name", "\(report.step.rawValue) \(report.environment)"))"
    out += " \(counts(cases))>\n"
    for suite in suites {
      out += "  <testsuite \(attribute("name", suite.name)) \(counts(suite.cases))"
      out +=
        " \(attribute("timestamp", String(report.startedAt.formatted(milliseconds: false).dropLast())))>\n"
      for item in suite.cases { out += render(item) }
      out += "  </testsuite>\n"
    }
    return out + "</testsuites>\n"
  }

  private static func render(_ item: ReportCase) -> String {
    var out = "    <testcase \(attribute("name", item.name)) \(attribute("classname", item.suite))"
    if let file = item.file { out += " \(attribute("file", file))" }
    if let line = item.line { out += " line=\"\(line)\"" }
    out += " time=\"\(XMLText.seconds(item.milliseconds))\""
    let kind = attribute("type", item.kind ?? item.outcome.rawValue)
    let first = item.message.split(separator: "\n").first.map(String.init) ?? ""
    let exhibits = item.exhibits.map { "\($0.title): \($0.text)" }
    let details = XMLText.content(([item.message] + item.attempts + exhibits).joined(separator: "\n"))
    switch item.outcome {
    case .pass where item.attempts.count < 2: return out + "/>\n"
    case .pass: out += ">\n      <system-out>\(details)</system-out>\n"
    case .fail: out += ">\n      <failure \(attribute("message", first)) \(kind)>\(details)</failure>\n"
    case .error: out += ">\n      <error \(attribute("message", first)) \(kind)>\(details)</error>\n"
    case .skipped: out += ">\n      <skipped \(attribute("message", first))/>\n"
    case .flaky:
      out += ">\n      <flakyFailure \(attribute("message", first)) \(kind)>\(details)</flakyFailure>\n"
      out += "      <system-out>\(details)</system-out>\n"
    }
    return out + "    </testcase>\n"
  }

  private static func counts(_ cases: [ReportCase]) -> String {
    func count(_ outcome: ReportCase.Outcome) -> Int { cases.count { $0.outcome == outcome } }
    let time = XMLText.seconds(cases.reduce(0) { $0 + $1.milliseconds })
    return "tests=\"\(cases.count)\" failures=\"\(count(.fail))\" errors=\"\(count(.error))\""
      + " skipped=\"\(count(.skipped))\" time=\"\(time)\""
  }

  private static func findingCases(_ report: Report) -> [ReportCase] {
    if report.findings.isEmpty {
      return [
        ReportCase(
          name: report.headline, suite: report.step.rawValue, outcome: report.verdict == .go ? .pass : .fail,
          message: report.headline)
      ]
    }
    return report.findings.map { finding in
      var item = ReportCase(
        name: finding.message.split(separator: "\n").first.map(String.init) ?? finding.code,
        suite: report.step.rawValue, file: finding.path, line: finding.line,
        outcome: finding.severity == .error ? .fail : .pass, message: finding.message)
      item.kind = finding.code
      return item
    }
  }

  private static func attribute(_ name: String, _ value: String) -> String {
    "\(name)=\"\(OutsideText.xml(value))\""
  }
}
