import DeploymentRecords
import JSONValues
import Redaction
import StepResults

/// TAP version 14: a line a check, with a YAML block of details where it did not simply pass.
public enum TAPReport: ReportFormat {
  public static func render(_ report: Report) -> String {
    var lines = ["TAP version 14", "1..\(report.cases.count)"]
    for (number, item) in report.cases.enumerated() {
      let isOk = item.outcome != .fail && item.outcome != .error
      var line = "\(isOk ? "ok" : "not ok") \(number + 1) - \(escaped(item.name))"
      if item.outcome == .skipped { line += " # SKIP \(escaped(oneLine(item.message)))" }
      lines.append(line)
      guard item.outcome != .pass, item.outcome != .skipped else { continue }
      lines.append("  ---")
      lines.append("  outcome: \(item.outcome.rawValue)")
      if let kind = item.kind { lines.append("  class: \(kind)") }
      lines.append("  message: \(quoted(item.message))")
      if let file = item.file {
        lines += ["  at:", "    file: \(quoted(file))", "    line: \(item.line ?? 1)"]
      }
      lines.append("  durationMs: \(Int(item.milliseconds.rounded()))")
      if !item.attempts.isEmpty {
        lines.append("  attempts:")
        lines += item.attempts.map { "    - \(quoted($0))" }
      }
      lines.append("  ...")
    }
    if report.cases.isEmpty { lines.append("# \(oneLine(report.headline))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func oneLine(_ text: String) -> String {
    OutsideText.visible(text).split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  /// `#` begins a directive, and a line ends a test.
  private static func escaped(_ text: String) -> String {
    OutsideText.withoutLogCommands(
      oneLine(text).replacing("\\", with: "\\\\").replacing("#", with: "\\#"))
  }

  /// A JSON string is a YAML string.
  private static func quoted(_ text: String) -> String {
    OutsideText.withoutLogCommands(JSONValue.string(OutsideText.visible(text)).serialized())
  }
}
