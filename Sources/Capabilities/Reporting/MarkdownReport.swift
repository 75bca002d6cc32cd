import StepResults

/// The report as Markdown: for a step summary and for a pull-request comment.
///
/// The first line is a comment that names the step and the environment, by which an earlier comment is found and
/// updated instead of repeated.
public enum MarkdownReport: ReportFormat {
  public static func render(_ report: Report) -> String {
    var lines = ["<!-- backstop:\(report.step.rawValue):\(OutsideText.markdownMark(report.environment)) -->"]
    lines.append(
      "### \(symbol(report.verdict)) `\(report.step.rawValue)` \(OutsideText.markdown(report.environment)): "
        + "\(report.verdict.rawValue)")
    lines += ["", OutsideText.markdown(report.headline)]
    for section in report.sections { lines += self.lines(of: section, folded: false) }
    lines += MarkdownChart.lines(report.charts)
    if !report.findings.isEmpty {
      lines += ["", "| | finding | where |", "|---|---|---|"]
      for finding in report.findings {
        let place = finding.path.map { path in finding.line.map { "\(path):\($0)" } ?? path } ?? ""
        lines.append(
          "| \(finding.severity.rawValue) | \(OutsideText.markdown(finding.message)) \(OutsideText.markdownCode(finding.code)) "
            + "| \(place.isEmpty ? "" : "\(OutsideText.markdownCode(place))") |")
      }
    }
    for section in report.details { lines += self.lines(of: section, folded: true) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines(of section: ReportSection, folded: Bool) -> [String] {
    guard !(section.lines.isEmpty && section.rows.isEmpty) else { return [] }
    var lines = [""]
    let isFolded = folded && !section.title.isEmpty
    if isFolded {
      lines += ["<details><summary>\(OutsideText.xml(section.title))</summary>", ""]
    } else if !section.title.isEmpty {
      lines += ["**\(OutsideText.markdown(section.title))**", ""]
    }
    for line in section.lines { lines += paragraph(line) }
    lines += table(section)
    return lines + (isFolded ? ["", "</details>"] : [])
  }

  /// The report within the size that GitHub takes for a step's summary; what goes beyond is cut at a line.
  public static func summary(_ report: Report, byteLimit: Int = (1 << 20) - 1024) -> String {
    let text = render(report)
    guard text.utf8.count > byteLimit else { return text }
    var kept = ""
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard kept.utf8.count + line.utf8.count < byteLimit - 200 else { break }
      kept += line + "\n"
    }
    return kept + "\nThe rest does not fit here; the record has it all.\n"
  }

  /// A line as a paragraph; one that begins with a ticked or an empty box, as an entry of a task list.
  private static func paragraph(_ line: String) -> [String] {
    for box in ["[x] ", "[ ] "] where line.hasPrefix(box) {
      return ["- \(box)\(OutsideText.markdown(String(line.dropFirst(box.count))))"]
    }
    return [OutsideText.markdown(line), ""]
  }

  private static func table(_ section: ReportSection) -> [String] {
    guard let first = section.rows.first else { return [] }
    let columns = section.columns.isEmpty ? first.map { _ in "" } : section.columns
    var lines = ["| " + columns.map(OutsideText.markdown).joined(separator: " | ") + " |"]
    lines.append("|" + columns.map { _ in "---|" }.joined())
    lines += section.rows.map { "| " + $0.map(OutsideText.markdown).joined(separator: " | ") + " |" }
    return lines
  }

  private static func symbol(_ verdict: Verdict) -> String {
    switch verdict {
    case .go: "✅"
    case .stop: "🛑"
    case .inconclusive: "❔"
    }
  }
}
