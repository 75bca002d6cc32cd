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
    // A watch that ended before its time saw no more than what had passed.
    let passed =
      window.mode == "live" ? max(.zero, record.finishedAt - window.deployedAt) : .seconds(window.duration)
    let seen = passed < .seconds(window.duration) ? "\(people(passed)) of " : ""
    var lines = [
      "watched \(seen)\(people(.seconds(window.duration))) from \(window.deployedAt.formatted(milliseconds: false)), "
        + "periods of \(people(.seconds(window.period)))"
        + (window.extended > 0
          ? ", and \(people(.seconds(window.extended))) longer: something had begun and was not decided" : "")
        + (window.endedEarly ? ", ended early: the answer was certain" : "")
    ]
    if window.mode == "live" {
      lines.append(
        "\(counted(window.looks, "look")), \(counted(part.calls.getMetricData, "GetMetricData call")) for "
          + "\(counted(part.calls.metricsRequested, "metric")) (about \(cents(part.calls.estimatedUsd)) US cents)"
          + (window.revisions > 0 ? ", \(counted(window.revisions, "point")) revised" : ""))
    }
    var sections = [
      ReportSection(
        "Series", lines: lines, columns: ["series", "kind", "verdict", "before", "since", "why"],
        rows: part.series.map { row($0) })
    ]
    sections += versions(part) + promotion(part)
    if !part.logs.isEmpty {
      sections.append(
        ReportSection(
          "New kinds of error in the logs", columns: ["log group", "count", "example"],
          rows: part.logs.map { [$0.group, String($0.count), $0.example] }))
    }
    var report = Report(
      record, headline: headline(record), sections: sections, cases: part.series.map { testCase($0) },
      catalog: WatchFindings.catalog)
    report.charts = part.series.sorted { rank($0) < rank($1) }.compactMap { chart($0, window) }
    return report
  }

  /// Two versions at the same time.
  private static func versions(_ part: WatchPart) -> [ReportSection] {
    let pairs = part.series.compactMap { series in series.comparison.map { (series, $0) } }
    guard !pairs.isEmpty else { return [] }
    return [
      ReportSection(
        "Versions at the same time",
        columns: ["series", "kind", "new", "share", "seen", "old", "seen", "evidence"],
        rows: pairs.map { series, compared in
          [
            series.name, series.kind, compared.new.version, "\(number(compared.share * 100)) %",
            figure(series.kind, compared.new.figures), compared.old.version,
            figure(series.kind, compared.old.figures),
            "\(number(compared.evidence)) of \(number(compared.evidenceNeeded))",
          ]
        })
    ]
  }

  /// The traffic that a new version was given.
  private static func promotion(_ part: WatchPart) -> [ReportSection] {
    guard let promotion = part.promotion else { return [] }
    return [
      ReportSection(
        "Promotion",
        lines: promotion.aliases.map {
          "\($0.function):\($0.alias): version \($0.new) beside version \($0.old), \(number($0.share)) % of the calls now"
        } + ["journal: \(promotion.journal)"], columns: ["share", "since", "verdict", "why"],
        rows: promotion.steps.map {
          [
            "\(number($0.share)) %", $0.since.formatted(milliseconds: false), $0.verdict,
            $0.reasons.first ?? "",
          ]
        })
    ]
  }

  /// What is worst comes first.
  private static func rank(_ series: SeriesRecord) -> Int {
    ["severe", "degraded", "inconclusive"].firstIndex(of: series.verdict) ?? 3
  }

  /// The series drawn; nil where it has no points.
  static func chart(_ series: SeriesRecord, _ window: WindowRecord) -> ReportChart? {
    guard let chart = series.chart else { return nil }
    let usual = chart.usualLow.flatMap { low in chart.usualHigh.map { low...max(low, $0) } }
    let unit = series.kind == "errors" ? "%" : series.kind == "latency" ? " ms" : ""
    return ReportChart(
      title: "\(series.name) (\(series.kind))", verdict: series.verdict, subtitle: series.reasons.first ?? "",
      unit: unit, start: chart.start, period: .seconds(chart.period), values: chart.values,
      counts: chart.counts,
      dayBefore: chart.dayBefore, usual: usual, limit: chart.limit, deployedAt: window.deployedAt,
      onset: series.onset, decidedAt: series.decidedAt)
  }

  private static func headline(_ record: Record<WatchPart>) -> String {
    let reason = record.summary.reasons.first ?? ""
    let counts = record.summary.counts
    let degraded = counts["degraded"] ?? 0
    guard record.verdict == .go, degraded > 0 else { return reason }
    let judged = record.part.series.count - (counts["inconclusive"] ?? 0)
    return
      "degraded: \(degraded) of \(judged) series that could be judged got worse, not enough to roll back: \(reason)"
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

  private static func cents(_ dollars: Double) -> String {
    let hundredths = Int((min(max(0, dollars), 1e9) * 10_000).rounded())
    let fraction = String(hundredths % 100)
    return "\(hundredths / 100).\(fraction.count < 2 ? "0" : "")\(fraction)"
  }
}
