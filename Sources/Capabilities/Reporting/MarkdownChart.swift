import SystemInterfaces

/// Charts as text, for Markdown: a comment shows no picture that lies nowhere.
///
/// Each series is a row of bars, a column a period, with the traffic and the same time of the day before below it on the
/// scale of its own, and a row of letters that says when the deployment, the onset and the decision were.
enum MarkdownChart {
  /// Columns at most; of more periods the highest of a few stands for all of these.
  static let width = 72
  /// Charts at most: a comment has to stay one.
  static let most = 12

  private static let bars = Array("▁▂▃▄▅▆▇█")

  /// The lines of all charts: those of series that are not well as they are, the others folded.
  static func lines(_ charts: [ReportChart]) -> [String] {
    let shown = charts.prefix(most)
    let well = shown.filter { $0.verdict == "healthy" }
    var lines = shown.filter { $0.verdict != "healthy" }.flatMap(chart)
    if !well.isEmpty {
      let left = charts.count - shown.count
      let more = left > 0 ? "; \(left) more are in the record" : ""
      lines += ["", "<details><summary>Charts of \(well.count) series that are well\(more)</summary>"]
      lines += well.flatMap(chart) + ["", "</details>"]
    } else if charts.count > shown.count {
      lines += ["", "\(charts.count - shown.count) more charts are in the record."]
    }
    return lines
  }

  private static func chart(_ chart: ReportChart) -> [String] {
    let periods = max(1, (chart.values.count + width - 1) / width)
    let now = grouped(chart.values, periods), before = grouped(chart.dayBefore, periods)
    let requests = grouped(chart.counts, periods)
    let top = ([chart.usual?.upperBound] + now + before).compactMap { $0 }.max() ?? 0
    var rows = [("now", row(now, top))]
    if !before.allSatisfy({ $0 == nil }) { rows.append(("day before", row(before, top))) }
    if let most = requests.compactMap({ $0 }).max() { rows.append(("requests", row(requests, most))) }
    let moments = [
      ("D", "deployed", chart.deployedAt), ("O", "onset", chart.onset), ("X", "decided", chart.decidedAt),
    ].compactMap { letter, name, time in time.map { (letter: letter, name: name, time: $0) } }
    rows.append(("", marks(moments.map { ($0.letter, $0.time) }, chart, columns: now.count, of: periods)))
    var lines = ["", "**\(OutsideText.markdown("\(chart.title): \(chart.verdict)"))**", "", "```text"]
    lines += rows.map { name, bars in
      name + String(repeating: " ", count: "day before  ".count - name.count) + bars
    }
    lines += ["```", ""]
    var words = ["highest bar \(ChartSVG.short(top))\(chart.unit)"]
    if let usual = chart.usual {
      words.append(
        "usual \(ChartSVG.short(usual.lowerBound)) to \(ChartSVG.short(usual.upperBound))\(chart.unit)")
    }
    if let limit = chart.limit { words.append("severe from \(ChartSVG.short(limit))\(chart.unit)") }
    words += moments.map { "\($0.letter) \($0.name) \($0.time.formatted(milliseconds: false))" }
    return lines + [OutsideText.markdown(words.joined(separator: "; "))]
  }

  /// The highest of each `size` values.
  private static func grouped(_ values: [Double?], _ size: Int) -> [Double?] {
    stride(from: 0, to: values.count, by: size).map { start in
      values[start..<min(start + size, values.count)].compactMap { $0 }.max()
    }
  }

  /// Bars on a scale from zero to `top`; a period without a value is a point.
  private static func row(_ values: [Double?], _ top: Double) -> String {
    String(
      values.map { value -> Character in
        guard let value else { return "·" }
        guard top > 0, value > 0 else { return bars[0] }
        return bars[max(0, min(7, Int(min(8, 8 * value / top))))]
      })
  }

  private static func marks(
    _ moments: [(letter: String, time: Timestamp)], _ chart: ReportChart, columns: Int, of periods: Int
  ) -> String {
    var row = [String](repeating: " ", count: columns)
    for (letter, time) in moments {
      let column = ((time - chart.start) / (chart.period * periods)).rounded(.down)
      guard column >= 0, column < Double(columns) else { continue }
      // Where two fall into one column, the next free one says so too.
      let free = row[Int(column)...].firstIndex(of: " ") ?? Int(column)
      row[free] = letter
    }
    while row.last == " " { row.removeLast() }
    return row.joined()
  }
}
