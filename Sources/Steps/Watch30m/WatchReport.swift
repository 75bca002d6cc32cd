import DeploymentConfig
import DeploymentRecords
import HealthWatch
import Reporting
import StepResults
import SystemInterfaces

/// A watch as people read it.
enum WatchReport {
  static func make(_ record: Record<WatchPart>) -> Report {
    let part = record.part
    let window = part.window
    var lines = [
      "watched \(Duration.seconds(window.duration).text) from \(window.deployedAt.formatted(milliseconds: false)), "
        + "periods of \(Duration.seconds(window.period).text)"
        + (window.endedEarly ? ", ended early: the answer was certain" : "")
    ]
    if window.mode == "live" {
      lines.append(
        "\(window.looks) looks, \(part.calls.getMetricData) GetMetricData calls for "
          + "\(part.calls.metricsRequested) metrics (about \(cents(part.calls.estimatedUsd)) US cents)"
          + (window.revisions > 0 ? ", \(window.revisions) points revised" : ""))
    }
    var sections = [
      ReportSection(
        "Series", lines: lines, columns: ["series", "kind", "verdict", "before", "since", "why"],
        rows: part.series.map { row($0) })
    ]
    if !part.logs.isEmpty {
      sections.append(
        ReportSection(
          "New kinds of error in the logs", columns: ["log group", "count", "example"],
          rows: part.logs.map { [$0.group, String($0.count), $0.example] }))
    }
    return Report(
      record, headline: headline(record), sections: sections, cases: part.series.map { testCase($0) },
      catalog: WatchFindings.catalog)
  }

  private static func headline(_ record: Record<WatchPart>) -> String {
    let reason = record.summary.reasons.first ?? ""
    let isDegraded = record.verdict == .go && (record.summary.counts["degraded"] ?? 0) > 0
    return isDegraded ? "degraded: \(reason)" : reason
  }

  private static func row(_ series: SeriesRecord) -> [String] {
    [
      series.name, series.kind, series.verdict, figure(series.kind, series.baseline),
      figure(series.kind, series.observed), series.reasons.first ?? "",
    ]
  }

  private static func figure(_ kind: String, _ figures: [String: Double]) -> String {
    switch kind {
    case "errors":
      guard let requests = figures["requests"] else { return "–" }
      return "\(number(figures["failures"] ?? 0)) of \(number(requests))"
    case "latency": return figures["medianMs"].map { "\(number($0)) ms" } ?? "–"
    default: return (figures["median"] ?? figures["mean"]).map { "\(number($0))" } ?? "–"
    }
  }

  private static func testCase(_ series: SeriesRecord) -> ReportCase {
    let outcome: ReportCase.Outcome =
      switch series.verdict {
      case "severe": .fail
      case "inconclusive": .skipped
      case "degraded": .flaky
      default: .pass
      }
    return ReportCase(
      name: "\(series.name) \(series.kind)", suite: "watch-30m", outcome: outcome,
      message: outcome == .pass ? "" : series.reasons.joined(separator: "; "))
  }

  /// At most one decimal.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(abs(tenths % 10))"
  }

  private static func cents(_ dollars: Double) -> String {
    let hundredths = Int((dollars * 10_000).rounded())
    let fraction = String(hundredths % 100)
    return "\(hundredths / 100).\(fraction.count < 2 ? "0" : "")\(fraction)"
  }
}
