import DeploymentRecords
import Foundation
import Reporting
import StepResults
import SystemInterfaces
import Testing

private struct PagePart: StepPart {
  static let step = Step.watch30m
  struct Summary: Codable {}
}

/// A page with all that a page may have: findings, a table, checks with exchanges, a chart.
private func page() -> Report {
  let time = Timestamp("2026-11-24T10:00:00Z")!
  let record = Record<PagePart>(
    environment: "prod", commit: String(repeating: "a", count: 40), verdict: .stop, startedAt: time,
    finishedAt: time + .seconds(3), inputs: [], findings: [Finding("x", .error, "it is so")],
    summary: .init(),
    part: PagePart())
  var item = ReportCase(name: "GET /", suite: "a", outcome: .fail, milliseconds: 12, message: "502")
  item.exchanges = [
    ReportExchange(startedAfter: 0, nameLookup: 1, connect: 2, tls: 3, firstByte: 9, total: 12, status: 502)
  ]
  let checked = item
  var report = Report(
    record, headline: "stop", sections: [ReportSection("Plan", columns: ["a", "b"], rows: [["1", "2"]])],
    cases: [checked])
  report.charts = [
    ReportChart(
      title: "api", verdict: "severe", subtitle: "errors", unit: "%", start: time, period: .seconds(60),
      values: [1, 50], counts: [100, 100], dayBefore: [1, 1], usual: 0...3, limit: 10, deployedAt: time,
      onset: time,
      decidedAt: time)
  ]
  return report
}

/// The colours of the page: all text can be read in light and dark (4.5 to 1), and all marks can be seen (3 to 1).
@Suite struct PageStyleTests {
  private func luminance(_ hex: String) -> Double {
    var text = hex
    if text.count == 3 { text = text.map { "\($0)\($0)" }.joined() }
    let number = Int(text, radix: 16) ?? 0
    let parts = [16, 8, 0].map { shift -> Double in
      let value = Double(number >> shift & 255) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }

  private func contrast(_ first: String, _ second: String) -> Double {
    let values = [luminance(first), luminance(second)].sorted()
    return (values[1] + 0.05) / (values[0] + 0.05)
  }

  /// The page's style sheet, with the charts' own, parted into that of light screens and what dark ones add.
  private func sheets() throws -> (light: [(String, String)], dark: [(String, String)]) {
    let html = HTMLReport.render(page())
    let style = try #require(html.firstMatch(of: #/(?s)<style>(.*)</style>/#)).1
    var rest = String(style).replacing("\n", with: "")
    var dark = ""
    while let start = rest.range(of: "@media") {
      let open = try #require(rest.range(of: "{", range: start.upperBound..<rest.endIndex)).lowerBound
      var depth = 0, end = open
      repeat {
        if rest[end] == "{" { depth += 1 }
        if rest[end] == "}" { depth -= 1 }
        end = rest.index(after: end)
      } while depth > 0
      if rest[start.lowerBound..<open].contains("dark") {
        dark += rest[rest.index(after: open)..<rest.index(before: end)]
      }
      rest.removeSubrange(start.lowerBound..<end)
    }
    func rules(_ text: String) -> [(String, String)] {
      text.matches(of: #/([^{}]+)\{([^{}]*)\}/#).map { (String($0.1), String($0.2)) }
    }
    return (rules(rest), rules(dark))
  }

  private func colour(_ name: String, _ body: String) -> String? {
    body.split(separator: ";").compactMap { entry -> String? in
      let parts = entry.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      return parts.count == 2 && parts[0] == name && parts[1].hasPrefix("#")
        ? String(parts[1].dropFirst()) : nil
    }.first
  }

  @Test func `text reaches four and a half to one, marks three to one`() throws {
    let (light, dark) = try sheets()
    var looked = 0
    for (rules, paper) in [(light, "ffffff"), (dark, "0d1117")] {
      for (selector, body) in rules {
        if let text = colour("color", body), !selector.contains("verdict") {
          looked += 1
          #expect(
            contrast(text, paper) >= 4.5, "\(selector): #\(text) on #\(paper) is \(contrast(text, paper))")
        }
        // Bands are seen by their edge and their words, grids and papers are no marks.
        let isMark = !["paper", "usual", "grid", "pre", "body"].contains { selector.contains($0) }
        for name in ["fill", "stroke"] {
          guard isMark, let mark = colour(name, body) else { continue }
          looked += 1
          let least =
            selector.contains("title") || selector.contains("note") || selector.contains("text.") ? 4.5 : 3
          #expect(
            contrast(mark, paper) >= least, "\(selector): #\(mark) on #\(paper) is \(contrast(mark, paper))")
        }
      }
    }
    for verdict in [".go", ".stop", ".inconclusive"] {
      let body = try #require(light.last { $0.0.hasSuffix(verdict) }?.1)
      #expect(contrast("ffffff", try #require(colour("background", body))) >= 4.5, "\(verdict)")
    }
    #expect(looked > 25, "\(looked) colours")
  }

  @Test func `a page links to its run and its commit, and has heads of columns`() {
    var report = page()
    report.links.run = "https://ci.example.com/run?id=1&a=2"
    report.links.commit = "https://git.example.com/commit/1"
    let html = HTMLReport.render(report)
    #expect(html.contains("<a href=\"https://ci.example.com/run?id=1&amp;a=2\">the run</a>"))
    #expect(html.contains("commit <a href=\"https://git.example.com/commit/1\">aaaa"))
    #expect(!html.contains("<th>"))
  }
}
