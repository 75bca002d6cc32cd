import SystemInterfaces
import Testing

@testable import Reporting

@Suite struct ChartSVGTests {
  private func chart(_ values: [Double?], limit: Double? = 10) -> ReportChart {
    ReportChart(
      title: "api/<shop>", verdict: "severe", subtitle: "errors 1 % before & 50 % since", unit: "%",
      start: Timestamp(seconds: 1_750_000_020), period: .seconds(60), values: values,
      counts: values.map { $0 == nil ? nil : 100 }, dayBefore: values.map { _ in 1 }, usual: 0...3,
      limit: limit,
      deployedAt: Timestamp(seconds: 1_750_000_080), onset: Timestamp(seconds: 1_750_000_140),
      decidedAt: Timestamp(seconds: 1_750_000_200))
  }

  @Test func `points, band, threshold, onset, decision and traffic are drawn`() {
    let drawn = ChartSVG.render(chart([1, 2, nil, 50, 60]))
    #expect(drawn.ranges(of: "class=\"point\"").count == 2)
    #expect(drawn.ranges(of: "class=\"severe\"").count == 2)
    #expect(drawn.ranges(of: "class=\"traffic\"").count == 4)
    for mark in ["usual", "limit", "deployed", "onset", "decided", "before", "line"] {
      #expect(drawn.contains("class=\"\(mark)\""), "\(mark)")
    }
    #expect(drawn.contains(">severe from 10%<"))
    #expect(drawn.contains("api/&lt;shop&gt;"))
    #expect(!drawn.contains("<shop>"))
  }

  @Test(
    arguments: [[], [nil, nil], [0], [9.3e17, 1], [-5, 5], [Double.greatestFiniteMagnitude]] as [[Double?]])
  func `anything can be drawn`(values: [Double?]) {
    let drawn = ChartSVG.page([chart(values), chart(values, limit: nil)])
    #expect(drawn.hasPrefix("<svg "))
    #expect(!drawn.contains("nan") && !drawn.contains("inf"))
  }

  @Test(arguments: [
    (0.5, "0.5"), (123.4, "123"), (12_345, "12.3k"), (2.5e6, "2.5M"), (9.3e17, "9.3e17"), (-4, "-4"),
  ])
  func `values are short`(value: Double, text: String) { #expect(ChartSVG.short(value) == text) }
}
