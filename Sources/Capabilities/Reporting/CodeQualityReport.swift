import JSONValues
import StepResults

/// GitLab's code quality report. Equal fingerprints collapse there, so that a finding at several lines is numbered.
public enum CodeQualityReport: ReportFormat {
  public static func render(_ report: Report) -> String {
    var seen: [String: Int] = [:]
    let entries = report.findings.compactMap { finding -> JSONValue? in
      // The widget shows nothing without a place.
      guard let path = finding.path else { return nil }
      let count = seen[finding.fingerprint, default: 0]
      seen[finding.fingerprint] = count + 1
      return [
        "description": .string(OutsideText.visible(finding.message)),
        "check_name": .string("backstop/\(report.step.rawValue)/\(finding.code)"),
        "fingerprint": .string(count == 0 ? finding.fingerprint : "\(finding.fingerprint)-\(count)"),
        "severity": .string(severity(finding.severity)),
        "location": [
          "path": .string(OutsideText.visible(path)),
          "lines": ["begin": .number(JSONNumber(max(1, finding.line ?? 1)))],
        ],
      ]
    }
    return JSONValue.array(entries).serialized(pretty: true) + "\n"
  }

  private static func severity(_ severity: Severity) -> String {
    switch severity {
    case .error: "blocker"
    case .warning: "minor"
    case .notice: "info"
    }
  }
}
