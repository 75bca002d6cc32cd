import StepResults

/// The report on a terminal or in a log: the answer first, then why, then the details.
public enum TextReport {
  /// - Parameters:
  ///   - color: whether ANSI colours are wanted; the words say the same without them.
  ///   - width: the columns of the terminal, which tables keep to; nil for as many as they take.
  public static func render(_ report: Report, color: Bool, width: Int? = nil) -> String {
    let ink = Ink(enabled: color)
    var lines: [String] = []
    let verdict = report.verdict.rawValue.uppercased()
    lines.append(
      "\(ink.verdict(verdict, report.verdict))  \(ink.bold(report.step.rawValue)) \(OutsideText.line(report.environment)): "
        + report.headline.printable)
    for section in report.sections { lines += self.lines(of: section, ink, width) }
    if !report.findings.isEmpty {
      lines.append("")
      lines.append(ink.bold("Findings"))
      for finding in report.findings { lines += self.lines(of: finding, ink) }
    }
    for section in report.details { lines += self.lines(of: section, ink, width) }
    return lines.map(trimmedEnd).joined(separator: "\n") + "\n"
  }

  private static func lines(of section: ReportSection, _ ink: Ink, _ width: Int?) -> [String] {
    guard !(section.lines.isEmpty && section.rows.isEmpty) else { return [] }
    return [""] + (section.title.isEmpty ? [] : [ink.bold(OutsideText.line(section.title))])
      + (section.lines + table(section, width: width.map { $0 - 2 })).map { "  \($0.printable)" }
  }

  private static func lines(of finding: Finding, _ ink: Ink) -> [String] {
    let place = finding.path.map { path in finding.line.map { "\(path):\($0): " } ?? "\(path): " } ?? ""
    let text = finding.message.printable.split(separator: "\n", omittingEmptySubsequences: false)
    var lines = [
      "  \(ink.severity(finding.severity)) \(OutsideText.line(place))\(text.first ?? "") [\(finding.code)]"
    ]
    lines += text.dropFirst().map { "          \($0)" }
    return lines
  }

  /// Columns padded to their widest line, and nothing after the last word; a cell of several lines goes on below itself.
  /// - Parameter width: no line is longer where the widest column can give way: its cells then end in "…".
  public static func table(_ section: ReportSection, width: Int? = nil) -> [String] {
    guard !section.rows.isEmpty else { return [] }
    let rows =
      (section.columns.isEmpty ? section.rows : [section.columns.map { $0.uppercased() }] + section.rows)
      .map {
        $0.map { $0.printable.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
      }
    let count = rows.map(\.count).max() ?? 0
    var widths = (0..<count).map { column in
      rows.lazy.flatMap { column < $0.count ? $0[column].map(\.terminalColumns) : [] }.max() ?? 0
    }
    let excess = width.map { widths.reduce(2 * (count - 1), +) - $0 } ?? 0
    if excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }) {
      widths[widest] = max(min(widths[widest], 20), widths[widest] - excess)
    }
    return rows.flatMap { cells in
      (0..<(cells.map(\.count).max() ?? 0)).map { line in
        trimmedEnd(
          cells.enumerated().map { column, cell in
            let whole = line < cell.count ? cell[line] : ""
            let isWhole = whole.terminalColumns <= widths[column]
            let text = isWhole ? whole : whole.prefix(columns: widths[column] - 1) + "…"
            return text + String(repeating: " ", count: max(0, widths[column] - text.terminalColumns))
          }.joined(separator: "  "))
      }
    }
  }

  private static func trimmedEnd(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// ANSI colours, or none.
struct Ink {
  let enabled: Bool

  func bold(_ text: String) -> String { wrap(text, "1") }

  func verdict(_ text: String, _ verdict: Verdict) -> String {
    switch verdict {
    case .go: wrap(text, "1;32")
    case .stop: wrap(text, "1;31")
    case .inconclusive: wrap(text, "1;33")
    }
  }

  func severity(_ severity: Severity) -> String {
    switch severity {
    case .error: wrap("error", "31") + "  "
    case .warning: wrap("warning", "33")
    case .notice: wrap("notice", "36") + " "
    }
  }

  private func wrap(_ text: String, _ code: String) -> String {
    enabled ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
