import DeploymentRecords
import Reporting
import StepResults
import SystemInterfaces
import TestSupport
import Testing

private struct NoPart: StepPart {
  static let step = Step.smokeTest
  struct Summary: Codable, Sendable {}
}

@Suite struct `Text for terminals` {
  @Test func `control characters are shown, not obeyed`() {
    #expect("a\u{1B}[2Jb\u{7}\u{9B}c\u{7F}\r".printable == #"a\u{1b}[2Jb\u{7}\u{9b}c\u{7f}\u{d}"#)
    #expect("line\n\tnext é 発票 👍".printable == "line\n\tnext é 発票 👍")
    let time = Timestamp(seconds: 0)
    let finding = Finding("check-failed", .error, "got \u{1B}]0;title\u{7}", path: "a\u{1B}.hurl", line: 1)
    let record = Record<NoPart>(
      environment: "prod", commit: nil, verdict: .stop, startedAt: time, finishedAt: time, inputs: [],
      findings: [finding], summary: NoPart.Summary(), part: NoPart())
    var report = Report(record, headline: "1 check\u{1B}[1m")
    report.sections = [ReportSection("Checks", lines: ["x\u{8}y"])]
    let text = TextReport.render(report, color: false)
    #expect(text.contains(#"got \u{1b}]0;title\u{7}"#) && text.contains(#"x\u{8}y"#))
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
  }

  @Test(arguments: [
    (20, "0123456789abcdefghijk", "0123456789abcdefghi"), (8, "発票発票発票", "発票発"), (8, "a発票b", "a発票b"),
    (5, "a\nb\tc", "a b "), (3, "👍👍", "👍"),
  ])
  func `the live line is cut by columns, not by characters`(columns: Int, text: String, shown: String) {
    let terminal = CapturingTerminal(interactive: true, width: columns)
    let progress = Progress(terminal: terminal, clock: ManualClock(), level: .normal)
    progress.update(text)
    #expect(terminal.error == "\r\(shown)\u{1B}[K")
    progress.finish()
    #expect(terminal.error.hasSuffix("\r\u{1B}[K"))
  }
}
