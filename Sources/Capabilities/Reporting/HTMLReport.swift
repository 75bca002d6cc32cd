import DeploymentRecords
import Redaction
import StepResults
import SystemInterfaces

/// One page without any other file: the answer, the checks, and each exchange as a bar of its parts.
public enum HTMLReport: ReportFormat {
  public static func render(_ report: Report) -> String {
    let cases = report.cases
    // A table of exchanges says nothing where there were none.
    let showsCases = !(cases.allSatisfy(\.exchanges.isEmpty) && cases.allSatisfy { $0.milliseconds == 0 })
    let headline = showsCases ? report.headlineAboveCases ?? report.headline : report.headline
    let title = "\(report.step.rawValue) \(report.environment): \(report.verdict.rawValue)"
    var out = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(OutsideText.xml(title))</title>
      <style>\(style)\(report.charts.isEmpty ? "" : ChartSVG.style + ChartSVG.dark + chartStyle)</style></head><body>
      <h1><span class="verdict \(report.verdict.rawValue)">\(report.verdict.rawValue)</span> \
      \(OutsideText.xml("\(report.step.rawValue) \(report.environment)"))</h1>
      <p>\(OutsideText.xml(headline))</p>
      <p class="facts">\(facts(report))</p>

      """
    // What is said of a case stands with it, once.
    let told = showsCases ? cases.reduce(into: Set<String>()) { $0.formUnion($1.findings) } : []
    let findings = report.findings.filter { !told.contains($0.fingerprint) }
    if !findings.isEmpty {
      out += "<h2>Findings</h2><ul>\n"
      for finding in findings {
        let place = finding.path.map { path in " (\(path)\(finding.line.map { ":\($0)" } ?? ""))" } ?? ""
        out += "<li class=\"\(finding.severity.rawValue)\"><b>\(finding.severity.rawValue)</b> "
        out +=
          "\(lines(finding.message))\(OutsideText.xml(place)) <code>\(OutsideText.xml(finding.code))</code></li>\n"
      }
      out += "</ul>\n"
    }
    for chart in report.charts { out += figure(chart) }
    if showsCases { out += checks(cases) }
    for section in report.sections + report.details where !(showsCases && section.isOfCases) {
      out += render(section)
    }
    return out + "</body></html>\n"
  }

  /// When, which commit, and which run, with what they link to.
  private static func facts(_ report: Report) -> String {
    func link(_ text: String, _ address: String?) -> String {
      guard let address else { return OutsideText.xml(text) }
      return "<a href=\"\(OutsideText.xml(address))\">\(OutsideText.xml(text))</a>"
    }
    var parts = [
      "\(report.startedAt.formatted(milliseconds: false)) to \(report.finishedAt.formatted(milliseconds: false))"
    ]
    if let commit = report.commit { parts.append("commit \(link(commit, report.links.commit))") }
    if let run = report.links.run { parts.append(link("the run", run)) }
    return parts.joined(separator: ", ")
  }

  private static func figure(_ chart: ReportChart) -> String {
    """
    <figure><figcaption><b>\(OutsideText.xml(chart.title))</b> <span class="mark \(OutsideText.xml(chart.verdict))">\
    \(OutsideText.xml(chart.verdict))</span><br><span class="facts">\(OutsideText.xml(chart.subtitle))</span></figcaption>
    \(ChartSVG.render(chart))</figure>

    """
  }

  private static func checks(_ cases: [ReportCase]) -> String {
    let ends = cases.flatMap(\.exchanges).map { $0.startedAfter + $0.total }
    let scale = max(1, ends.max() ?? 1)
    var out = "<h2>Checks</h2>\n<p class=\"facts\">The bars are on one time scale of \(Int(scale)) ms: "
    out += "<i class=\"dns\"></i> name <i class=\"connect\"></i> connect <i class=\"tls\"></i> TLS "
    out += "<i class=\"wait\"></i> wait <i class=\"receive\"></i> receive</p>\n"
    out +=
      "<table class=\"checks\"><tr><th scope=\"col\">outcome</th><th scope=\"col\" class=\"wide\">check</th><th scope=\"col\">ms</th>"
    out += "<th scope=\"col\">exchanges</th></tr>\n"
    for item in cases {
      let place = item.file.map { "\($0):\(item.line ?? 1) " } ?? ""
      out += "<tr class=\"\(item.outcome.rawValue)\"><td>\(item.outcome.rawValue)</td><td>"
      out += "<span class=\"facts\">\(OutsideText.xml(place))</span>\(OutsideText.xml(item.name))"
      if !item.message.isEmpty { out += "<div class=\"message\">\(lines(item.message))</div>" }
      if item.attempts.count > 1 {
        out += "<details><summary>\(item.attempts.count) tries</summary>"
        out += item.attempts.map { OutsideText.xml($0) }.joined(separator: "<br>") + "</details>"
      }
      for exhibit in item.exhibits {
        out += "<div class=\"facts\">\(OutsideText.xml(exhibit.title))</div><pre>\(lines(exhibit.text))</pre>"
      }
      out +=
        "</td><td>\(Int(item.milliseconds.rounded()))</td><td>\(waterfall(item.exchanges, scale))</td></tr>\n"
    }
    return out + "</table>\n"
  }

  /// Bars as drawings: they need no script and print well.
  private static func waterfall(_ exchanges: [ReportExchange], _ scale: Double) -> String {
    guard !exchanges.isEmpty else { return "" }
    var out = "<svg viewBox=\"0 0 1000 \(exchanges.count * 14)\" preserveAspectRatio=\"none\""
    out += " height=\"\(exchanges.count * 14)\" role=\"img\">"
    for (row, exchange) in exchanges.enumerated() {
      // Parts that did not happen (an open connection, no TLS) end where the one before ended.
      let connected = max(exchange.connect, exchange.nameLookup)
      let agreed = max(exchange.tls, connected)
      let answered = max(exchange.firstByte, agreed)
      let parts = [
        ("dns", 0, exchange.nameLookup), ("connect", exchange.nameLookup, connected),
        ("tls", connected, agreed),
        ("wait", agreed, answered), ("receive", answered, max(exchange.total, answered)),
      ]
      out += "<g><title>\(Int(exchange.startedAfter)) ms + \(Int(exchange.total.rounded())) ms"
      out += "\(exchange.status.map { ", \($0)" } ?? "")</title>"
      for (name, from, to) in parts where to > from {
        let left = (exchange.startedAfter + from) / scale * 1000
        out += "<rect class=\"\(name)\" x=\"\(Int(left))\" y=\"\(row * 14 + 2)\" height=\"10\""
        out += " width=\"\(max(2, Int((to - from) / scale * 1000)))\"/>"
      }
      out += "</g>"
    }
    return out + "</svg>"
  }

  private static func render(_ section: ReportSection) -> String {
    var out = section.title.isEmpty ? "" : "<h2>\(OutsideText.xml(section.title))</h2>\n"
    out += section.lines.map { "<p>\(OutsideText.xml($0))</p>\n" }.joined()
    out += drawn(section.spans)
    guard !section.rows.isEmpty else { return out }
    out += "<table>"
    if !section.columns.isEmpty {
      out +=
        "<tr>" + section.columns.map { "<th scope=\"col\">\(OutsideText.xml($0))</th>" }.joined() + "</tr>"
    }
    for row in section.rows {
      out += "<tr>" + row.map { "<td\(whole($0))>\(OutsideText.xml($0))</td>" }.joined() + "</tr>\n"
    }
    return out + "</table>\n"
  }

  /// Spans of time on one scale, one below the other.
  private static func drawn(_ spans: [ReportSpan]) -> String {
    guard let first = spans.map(\.from).min(), let last = spans.map(\.to).max(), last > first else {
      return ""
    }
    let scale = 560 / (last - first)
    var out =
      "<svg class=\"spans\" viewBox=\"0 0 1000 \(spans.count * 26 + 4)\" role=\"img\" "
      + "aria-label=\"what took how long, to scale\">\n"
    for (row, span) in spans.enumerated() {
      let (left, width) = ((span.from - first) * scale, max(2, (span.to - span.from) * scale))
      let y = row * 26
      out +=
        "<text x=\"0\" y=\"\(y + 17)\">\(OutsideText.xml(String(span.name.prefix(48))))</text>"
        + "<rect x=\"\(330 + Int(left))\" y=\"\(y + 4)\" width=\"\(Int(width.rounded()))\" height=\"18\""
        + "\(span.isBad ? " class=\"bad\"" : "")/>"
        + "<text x=\"\(338 + Int((left + width).rounded()))\" y=\"\(y + 17)\">"
        + "\(Duration.microseconds(Int64((span.to - span.from) * 1_000_000)).words)</text>\n"
    }
    return out + "</svg>\n"
  }

  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { OutsideText.xml(String($0)) }
      .joined(separator: "<br>")
  }

  /// A time or a short name is not broken, however much another column has to say.
  private static func whole(_ cell: String) -> String { (1...20).contains(cell.count) ? " class=whole" : "" }

  private static let chartStyle = """
    figure{margin:1.4em 0;break-inside:avoid}figcaption{margin-bottom:.3em}.mark{padding:0 .4em;border:1px solid;
    border-radius:.3em}.mark.severe{color:#b3261e;font-weight:bold}.mark.degraded{color:#8a5a00}
    svg.chart{font:11px system-ui,sans-serif;max-width:60em}td{overflow-wrap:anywhere}
    @media(max-width:40em){body{margin:1em auto}table{display:block;overflow-x:auto}svg.chart{font-size:17px}}
    @media screen and (prefers-color-scheme:dark){.mark.severe{color:#ff7b72}.mark.degraded{color:#d29922}}
    """

  private static let style = """
    body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:80em;padding:0 1em;color:#1b1f24;
    background:#fff;overflow-wrap:anywhere}a{color:#0550ae}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3em .6em;
    vertical-align:top;border-bottom:1px solid #d8dee4}.checks{table-layout:fixed}.checks th:nth-child(1){width:5em}
    .checks th:nth-child(3){width:4.5em}.wide{width:62%}.whole,th{white-space:nowrap}
    .spans{font:13px system-ui,sans-serif;fill:currentColor;max-width:70em}.spans rect{fill:#2da44e}.spans .bad{fill:#b3261e}.facts{color:#59636e}.message{white-space:normal}
    pre{font:12px/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0 .6em;padding:.4em .6em;
    background:#f2f4f7;border-radius:.3em}
    .verdict{padding:.1em .5em;border-radius:.3em;color:#fff;text-transform:uppercase}.go{background:#1a7f37}
    .stop{background:#b3261e}.inconclusive{background:#8a5a00}tr.fail td:first-child,tr.error td:first-child,
    li.error b{color:#b3261e;font-weight:bold}tr.flaky td:first-child,li.warning b{color:#8a5a00}
    svg{width:100%;display:block}i{display:inline-block;width:.8em;height:.8em}.dns{background:#8250df;
    fill:#8250df}.connect{background:#bf8700;fill:#bf8700}.tls{background:#bc4c00;fill:#bc4c00}
    .wait{background:#2da44e;fill:#2da44e}.receive{background:#218bff;fill:#218bff}
    @media(max-width:45em){body{margin:1em auto}table:not(.checks){display:block;overflow-x:auto}.checks,.checks tbody,.checks tr,.checks td{display:block;width:auto}
    .checks tr:first-child{display:none}.checks td{border:0;padding:.15em 0}.checks tr{border-bottom:1px solid #d8dee4;
    padding:.4em 0}.checks td:nth-child(3)::after{content:" ms"}}
    @media screen and (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}a{color:#58a6ff}td,th,.checks tr{border-color:#30363d}
    .facts{color:#9198a1}pre{background:#161b22}tr.fail td:first-child,tr.error td:first-child,
    li.error b{color:#ff7b72}tr.flaky td:first-child,li.warning b{color:#d29922}}
    @media print{body{margin:0;max-width:none;background:#fff;color:#000}tr,figure,pre{break-inside:avoid}
    a::after{content:" (" attr(href) ")"}}
    """
}
