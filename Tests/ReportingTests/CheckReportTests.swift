import DeploymentRecords
import Foundation
import FoundationXML
import Reporting
import StepResults
import SystemInterfaces
import Testing

/// A step of its own, so that reports can be made of any record.
private struct TestPart: StepPart {
  static let step = Step.smokeTest
  struct Summary: Codable {}
}

private func report(_ cases: [ReportCase], verdict: Verdict = .stop, findings: [Finding] = []) -> Report {
  let time = Timestamp("2026-11-24T10:00:00Z")!
  let record = Record<TestPart>(
    environment: "prod", commit: "0123456789abcdef", verdict: verdict, startedAt: time,
    finishedAt: time + .seconds(3), inputs: [], findings: findings, summary: .init(), part: TestPart())
  return Report(record, headline: "2 checks: 1 passed, 1 failed", cases: cases)
}

private let passed = ReportCase(
  name: "GET /health", suite: "smoke/api.hurl", file: "smoke/api.hurl", line: 3, outcome: .pass,
  milliseconds: 12.4)
private var failed: ReportCase {
  var item = ReportCase(
    name: "GET /orders <all> & \"more\"", suite: "smoke/api.hurl", file: "smoke/api.hurl", line: 9,
    outcome: .fail,
    milliseconds: 2041, message: "answered 502, expected 200\nline 10: status", attempts: ["try 1", "try 2"])
  item.kind = "function-failed"
  return item
}

@Suite struct `JUnit reports` {
  @Test func `one case a check, with file, line and all attempts`() {
    let text = JUnitReport.render(report([passed, failed]))
    #expect(
      text == """
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="smoke-test prod" tests="2" failures="1" errors="0" skipped="0" time="2.053">
          <testsuite name="smoke/api.hurl" tests="2" failures="1" errors="0" skipped="0" time="2.053" timestamp="2026-11-24T10:00:00">
            <testcase name="GET /health" classname="smoke/api.hurl" file="smoke/api.hurl" line="3" time="0.012"/>
            <testcase name="GET /orders &lt;all&gt; &amp; &quot;more&quot;" classname="smoke/api.hurl" file="smoke/api.hurl" line="9" time="2.041">
              <failure message="answered 502, expected 200" type="function-failed">answered 502, expected 200
        line 10: status
        try 1
        try 2</failure>
            </testcase>
          </testsuite>
        </testsuites>

        """)
  }

  @Test func `a flaky check is a pass that keeps its failed tries`() {
    var item = passed
    item.outcome = .flaky
    item.message = "passed at try 2; before: answered 503"
    item.attempts = ["try 1: answered 503", "try 2: passed"]
    let text = JUnitReport.render(report([item], verdict: .go))
    #expect(text.contains("failures=\"0\""))
    #expect(text.contains("<flakyFailure message=\"passed at try 2; before: answered 503\""))
  }

  @Test func `a report without checks has a case for each finding`() {
    let finding = Finding("replace", .error, "Table would be replaced", path: "template.yaml", line: 4)
    let text = JUnitReport.render(report([], findings: [finding]))
    #expect(text.contains("<testcase name=\"Table would be replaced\""))
    #expect(text.contains("file=\"template.yaml\" line=\"4\""))
    #expect(text.contains("type=\"replace\""))
  }

  @Test func `whatever bytes an answer held, the document stays well-formed`() {
    for scalar in [0x00, 0x08, 0x0B, 0x1B, 0x7F, 0x85, 0xFFFE, 0xFFFF, 0x1F600].compactMap(
      Unicode.Scalar.init)
    {
      var item = failed
      item.name = "a\(Character(scalar))]]>b"
      item.message = item.name + "\r\n\t'\""
      for text in [JUnitReport.render(report([item])), JUnitReport.render(report([], findings: []))] {
        let parser = XMLParser(data: Data(text.utf8))
        #expect(parser.parse(), "U+\(String(scalar.value, radix: 16)): \(text)")
      }
    }
  }
}

@Suite struct `TAP reports` {
  @Test func `a plan, a line a check, details where it failed`() {
    var skipped = passed
    skipped.outcome = .skipped
    skipped.message = "it writes"
    #expect(
      TAPReport.render(report([passed, failed, skipped])) == """
        TAP version 14
        1..3
        ok 1 - GET /health
        not ok 2 - GET /orders <all> & "more"
          ---
          outcome: fail
          class: function-failed
          message: "answered 502, expected 200\\nline 10: status"
          at:
            file: "smoke/api.hurl"
            line: 9
          durationMs: 2041
          attempts:
            - "try 1"
            - "try 2"
          ...
        ok 3 - GET /health # SKIP it writes

        """)
  }

  @Test func `a name can neither begin a directive nor a line`() {
    var item = passed
    item.name = "a # TODO b\nnot ok 9"
    #expect(TAPReport.render(report([item])).contains("ok 1 - a \\# TODO b; not ok 9\n"))
  }
}

@Suite struct `HTML reports` {
  @Test func `markup in a check's name stays text`() {
    let text = HTMLReport.render(report([failed]))
    #expect(text.contains("GET /orders &lt;all&gt; &amp; &quot;more&quot;"))
    #expect(!text.contains("<all>"))
    #expect(text.contains("answered 502, expected 200<br>line 10: status"))
  }

  @Test func `an exchange is drawn by its parts on one time scale`() {
    var item = passed
    item.exchanges = [
      ReportExchange(
        startedAfter: 0, nameLookup: 10, connect: 20, tls: 40, firstByte: 90, total: 100, status: 200)
    ]
    let text = HTMLReport.render(report([item], verdict: .go))
    #expect(text.contains("<rect class=\"dns\" x=\"0\" y=\"2\" height=\"10\" width=\"100\"/>"))
    #expect(text.contains("<rect class=\"wait\" x=\"400\" y=\"2\" height=\"10\" width=\"500\"/>"))
    #expect(text.contains("<rect class=\"receive\" x=\"900\" y=\"2\" height=\"10\" width=\"100\"/>"))
  }

  @Test func `what is said of a case stands with it, once`() {
    let about = Finding("check-failed", .error, "GET /orders: answered 502", path: "smoke/api.hurl", line: 9)
    let other = Finding("no-baseline", .warning, "nothing to compare with")
    var item = failed
    item.findings = [about.fingerprint]
    item.exhibits = [("Ask again", "curl -i 'https://a.example/<b>'"), ("The answer", "Via: 1.1 x\n\n{}")]
    var page = report([passed, item], findings: [about, other])
    page.headlineAboveCases = "2 checks: 1 passed, 1 failed"
    page.headline += ". First: GET /orders: answered 502"
    page.sections = [ReportSection("Notes", lines: ["a note"])]
    var table = ReportSection("Checks", columns: ["check"], rows: [["told in a table"]])
    table.isOfCases = true
    page.sections.append(table)
    let text = HTMLReport.render(page)
    #expect(text.ranges(of: "answered 502").count == 1)
    #expect(text.contains("nothing to compare with") && text.contains("a note"))
    #expect(!text.contains("told in a table"))
    #expect(text.contains("<pre>curl -i &#39;https://a.example/&lt;b&gt;&#39;</pre>"))
    #expect(text.contains("<pre>Via: 1.1 x<br><br>{}</pre>"))
  }

  @Test func `nothing on the page is wider than its screen`() {
    let text = HTMLReport.render(report([passed, failed]))
    for rule in [
      "initial-scale=1", "overflow-wrap:anywhere", "white-space:pre-wrap", "table-layout:fixed",
      "display:block",
    ] {
      #expect(text.contains(rule), "\(rule)")
    }
  }

  @Test func `the page asks for nothing from elsewhere`() {
    let text = HTMLReport.render(report([passed, failed]))
    #expect(text.contains("default-src 'none'"))
    for word in ["<script", "src=", "href="] { #expect(!text.contains(word)) }
  }

  @Test func `what took how long is drawn to scale`() {
    var page = report([])
    var section = ReportSection("What was done")
    section.spans = [
      ReportSpan("restore <api>", from: 100, to: 160),
      ReportSpan("restore workflow", from: 160, to: 340, isBad: true),
    ]
    page.sections = [section]
    let text = HTMLReport.render(page)
    #expect(text.contains("restore &lt;api&gt;"))
    #expect(text.contains("<rect x=\"330\" y=\"4\" width=\"140\" height=\"18\"/>"))
    #expect(text.contains("<rect x=\"470\" y=\"30\" width=\"420\" height=\"18\" class=\"bad\"/>"))
    #expect(text.contains(">1 min</text>") && text.contains(">3 min</text>"))
    // What took no time has no scale.
    page.sections[0].spans = [ReportSpan("none", from: 1, to: 1)]
    #expect(!HTMLReport.render(page).contains("<rect"))
  }

  @Test func `short cells of a table are not broken`() {
    var page = report([])
    page.sections = [
      ReportSection(
        "Timeline", columns: ["Time", "What"], rows: [["16:09:01", "a long word to say what has happened"]])
    ]
    let text = HTMLReport.render(page)
    #expect(text.contains("<td class=whole>16:09:01</td><td>a long"))
  }
}
