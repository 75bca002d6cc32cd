import DeploymentRecords
import JSONValues
import StepResults
import SystemInterfaces
import Testing

@testable import Reporting

private struct NoPart: StepPart {
  static let step = Step.smokeTest
  struct Summary: Codable, Sendable {}
}

/// Text of strangers in every report: each format, each dangerous sequence, each field that takes outside text.
@Suite struct `Outside text in every report` {
  static let dangerous = [
    "::set-output name=verdict::go", "\n::error::x", "\r::add-mask::e", "\r\n  ::stop-commands::t",
    "a\n\u{A0}::warning::x",
    "##[set-output name=verdict;]go", "x ##vso[task.setvariable variable=x]y",
    "##teamcity[buildStatus status='SUCCESS']",
    "\u{1B}[0Ksection_start:1:x\r\u{1B}[0K", "\u{1B}]0;title\u{7}", "\u{9B}2J", "\u{202E}txt.exe",
    "\u{2066}a\u{2069}",
    "\u{200B}\u{FEFF}\u{E0041}", "|\u{301} c |", "`\u{301}x`", "a | b", "](javascript:alert(1))",
    "[x](https://evil.example)",
    "https://evil.example/a", "www.evil.example", "@octocat look", "#12 and org/app#3",
    "<img src=x onerror=alert(1)>",
    "<!channel> <@U1>", "&lt;script&gt; &#64;octocat", "-->", "]]>", "`` ` ``", "\u{2028}::x", "a\u{0}b",
    "=?utf-8?q?x?=",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "\u{115F}\u{3164}", "not ok 1 # TODO",
    "~~gone~~", "$(id)",
  ]

  /// A report that holds `text` wherever one takes outside text: a message, a path, a name, a cell, a headline.
  private func report(_ text: String) -> Report {
    let time = Timestamp(seconds: 0)
    let finding = Finding("check-failed", .error, "got \(text)", path: "a/\(text).sql", line: 1)
    let bare = Finding("check-failed", .error, text)
    let record = Record<NoPart>(
      environment: "prod", commit: nil, verdict: .stop, startedAt: time, finishedAt: time, inputs: [],
      findings: [finding, bare], summary: NoPart.Summary(), part: NoPart())
    var item = ReportCase(
      name: text, suite: text, file: text, line: 1, outcome: .fail, message: text, attempts: [text])
    item.kind = "x"
    let check = item
    var report = Report(record, headline: text, cases: [check])
    report.sections = [ReportSection(text, lines: [text], columns: [text, "b"], rows: [[text, "c"]])]
    return report
  }

  /// Scalars that no report may hold.
  private func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control: scalar != "\n" && scalar != "\t"
    case .format, .lineSeparator, .paragraphSeparator: true
    default: [0x115F, 0x3164].contains(scalar.value)
    }
  }

  /// Lines as runners part them, without the white space that they pass over.
  private func lines(_ text: String) -> [Substring.UnicodeScalarView] {
    text.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.map { $0.drop { $0.properties.isWhitespace }[...] }
      .map {
        Substring($0).unicodeScalars
      }
  }

  @Test(arguments: dangerous) func `no format holds a hidden character`(_ text: String) {
    let report = report(text)
    let formats: [(String, String)] = [
      ("text", TextReport.render(report, color: false)), ("markdown", MarkdownReport.render(report)),
      ("junit", JUnitReport.render(report)), ("tap", TAPReport.render(report)),
      ("html", HTMLReport.render(report)), ("sarif", SARIFReport.render(report)),
      ("code quality", CodeQualityReport.render(report)), ("github", GitHubAnnotations.render(report)),
      ("slack", OutsideText.slack(text)), ("message", OutsideText.message(text)),
    ]
    for (name, rendered) in formats {
      let hidden = rendered.unicodeScalars.filter(isHidden)
      #expect(hidden.isEmpty, "\(name): \(hidden.map { String($0.value, radix: 16) })")
    }
  }

  @Test(arguments: dangerous) func `no log holds a command`(_ text: String) throws {
    let json = JSONValue.string(text).serialized()
    for output in [
      TextReport.render(report(text), color: false), TextReport.render(report(text), color: true), text,
      "warning: \(text)".printable, json,
    ] {
      let shown = OutsideText.withoutLogCommands(output)
      #expect(!lines(shown).contains { String($0).hasPrefix("::") }, "\(shown)")
      for mark in ["##[", "##vso[", "##teamcity[", "section_start:"] { #expect(!shown.contains(mark)) }
    }
    // JSON stays the same document.
    #expect(try JSONValue(parsing: Array(OutsideText.withoutLogCommands(json).utf8)) == .string(text))
    // GitHub's own: nothing but the commands that were meant.
    for line in lines(GitHubAnnotations.render(report(text))) {
      #expect(String(line).hasPrefix("::error "), "\(String(line))")
    }
  }

  @Test(arguments: dangerous) func `Markdown shows it as it is`(_ text: String) {
    let markdown = MarkdownReport.render(report(text))
    let table = markdown.split(separator: "\n").filter { $0.hasPrefix("| error") }
    #expect(table.count == 2)
    for row in table {
      // Three cells, whatever stands in them.
      var bars = 0
      var previous: Unicode.Scalar = " "
      for scalar in row.unicodeScalars {
        if scalar == "|", previous != "\\" { bars += 1 }
        previous = scalar
      }
      #expect(bars == 4, "\(row)")
    }
    let outside = OutsideText.markdown(text)
    for (mark, after) in [("@", "<!-- -->"), ("#", "<!-- -->")] {
      for part in outside.components(after: mark) { #expect(part.hasPrefix(after), "\(outside)") }
    }
    #expect(!outside.contains("https://") && !outside.contains("www.evil"))
    let plain = outside.replacing("<!-- -->", with: "").replacing("<br>", with: "")
    var previous: Unicode.Scalar = " "
    for scalar in plain.unicodeScalars {
      if "|`*_<>[]~&".unicodeScalars.contains(scalar) { #expect(previous == "\\", "\(outside)") }
      previous = scalar == "\\" && previous == "\\" ? " " : scalar
    }
    let code = OutsideText.markdownCode(text)
    let fence = code.prefix { $0 == "`" }
    #expect(
      !code.dropFirst(fence.count).dropLast(fence.count).contains("`" + fence.dropFirst() + "` "), "\(code)")
  }

  @Test(arguments: dangerous) func `markup languages hold no markup of it`(_ text: String) throws {
    for rendered in [HTMLReport.render(report(text)), JUnitReport.render(report(text))] {
      #expect(!rendered.contains("<img") && !rendered.contains("]]>") && !rendered.contains("<script"))
    }
    for rendered in [SARIFReport.render(report(text)), CodeQualityReport.render(report(text))] {
      _ = try JSONValue(parsing: Array(rendered.utf8))
    }
    let message = try JSONValue(parsing: Array(SARIFReport.render(report(text)).utf8))["runs"]?[0]?[
      "results"]?[0]?[
        "message"]?["text"]?.string
    #expect(message?.replacing("\\](", with: "").contains("](") != true, "\(message ?? "")")
    #expect(!OutsideText.slack(text).contains("<"))
    #expect(OutsideText.message(text).split(whereSeparator: \.isNewline).count <= 1)
    let tap = TAPReport.render(report(text)).split(separator: "\n")
    #expect(tap.count { $0.hasPrefix("ok") || $0.hasPrefix("not ok") } == 1)
  }

  @Test func `plain text of any script stays`() {
    let plain = "naïve café e\u{301} 発票 Rechnung 👍🏽 👨‍👩‍👧 नमस्ते ไทย العربية line\n\tnext \\ \" '"
    #expect(OutsideText.visible(plain) == plain)
    #expect(OutsideText.visible("a\r\nb\rc") == "a\nb\\u{d}c")
    #expect(OutsideText.withoutLogCommands("Type: AWS::S3::Bucket # [x]") == "Type: AWS::S3::Bucket # [x]")
    #expect(OutsideText.withoutLogCommands("::x") == "\\u003a:x")
    #expect(OutsideText.markdown("a_b (c) 100 %") == "a\\_b (c) 100 %")
  }
}

extension String {
  /// What stands behind each `mark`.
  fileprivate func components(after mark: String) -> [Substring] {
    split(separator: mark, omittingEmptySubsequences: false).dropFirst().map { $0 }
  }
}
