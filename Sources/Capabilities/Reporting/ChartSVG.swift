import SystemInterfaces

/// Charts as SVG: for a page, where the page's style gives the colours, or as a picture of its own.
///
/// What a mark means is told by its shape too (points, a band, dashed and dotted lines with their names), so that a chart
/// reads the same without colour.
public enum ChartSVG {
  static let width = 720.0, height = 232.0
  private static let left = 88.0, right = 12.0, top = 12.0, plot = 132.0, gap = 14.0, bars = 30.0

  /// All `charts` below each other, as one picture.
  public static func page(_ charts: [ReportChart]) -> String {
    let row = height + 46
    var out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(text(width)) \(text(max(1, Double(charts.count)) * row))\""
    out += " font-family=\"system-ui,sans-serif\" font-size=\"11\">\n<style>\(style)\(dark)</style>\n"
    out += "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
    for (index, chart) in charts.enumerated() {
      out += "<g transform=\"translate(0 \(text(Double(index) * row)))\">"
      out +=
        "<text class=\"title\" x=\"12\" y=\"20\">\(OutsideText.xml("\(chart.title): \(chart.verdict)"))</text>"
      out +=
        "<text class=\"note\" x=\"12\" y=\"36\">\(OutsideText.xml(String(chart.subtitle.prefix(120))))</text>"
      out += "<g transform=\"translate(0 42)\">\(marks(chart))</g></g>\n"
    }
    return out + "</svg>\n"
  }

  /// One chart for a page whose style sheet has `style`.
  static func render(_ chart: ReportChart) -> String {
    "<svg class=\"chart\" viewBox=\"0 0 \(text(width)) \(text(height))\" role=\"img\" aria-label=\""
      + OutsideText.xml("\(chart.title): \(chart.verdict). \(chart.subtitle)") + "\">\(marks(chart))</svg>"
  }

  private static func marks(_ chart: ReportChart) -> String {
    let scale = Scale(chart)
    var out = axes(chart, scale)
    if let usual = chart.usual {
      let (high, low) = (scale.y(usual.upperBound), scale.y(usual.lowerBound))
      out +=
        "<rect class=\"usual\" x=\"\(text(left))\" y=\"\(text(high))\" width=\"\(text(width - left - right))\""
      out += " height=\"\(text(max(1, low - high)))\"><title>nine of ten periods before</title></rect>"
    }
    if let limit = chart.limit, limit <= scale.highest {
      let y = text(scale.y(limit))
      out +=
        "<line class=\"limit\" x1=\"\(text(left))\" x2=\"\(text(width - right))\" y1=\"\(y)\" y2=\"\(y)\"/>"
      out += label("severe from \(short(limit))\(chart.unit)", x: left + 4, y: scale.y(limit) - 3, "limit")
    }
    out += line(chart.dayBefore, scale, "before") + line(chart.values, scale, "line")
    for (index, value) in chart.values.enumerated() {
      guard let value else { continue }
      let isSevere = chart.limit.map { value > $0 } ?? false
      let time = (chart.start + chart.period * index).formatted(milliseconds: false)
      let (x, y) = (text(scale.x(Double(index) + 0.5)), scale.y(value))
      out +=
        isSevere
        ? "<rect class=\"severe\" x=\"\(text(scale.x(Double(index) + 0.5) - 2.5))\" y=\"\(text(y - 2.5))\" width=\"5\" height=\"5\">"
        : "<circle class=\"point\" cx=\"\(x)\" cy=\"\(text(y))\" r=\"1.8\">"
      out += "<title>\(time): \(short(value))\(chart.unit)</title>\(isSevere ? "</rect>" : "</circle>")"
    }
    out += traffic(chart, scale)
    // Marks that fall close together have their names one below the other.
    let events: [(Timestamp?, String, String)] = [
      (chart.deployedAt, "deployed", "deployed"), (chart.onset, "onset", "onset"),
      (chart.decidedAt.map { $0 + chart.period }, "decided", "decided"),
    ]
    for (row, (time, name, style)) in events.enumerated() {
      guard let time else { continue }
      let periods = (time - chart.start) / chart.period
      guard periods >= 0, periods <= Double(chart.values.count) else { continue }
      let x = scale.x(periods)
      out +=
        "<line class=\"\(style)\" x1=\"\(text(x))\" x2=\"\(text(x))\" y1=\"\(text(top))\" y2=\"\(text(top + plot))\"/>"
      let isRight = x > width - 90
      out += label(
        name, x: isRight ? x - 3 : x + 3, y: top + 12 + Double(row) * 16, style,
        anchor: isRight ? "end" : "start")
    }
    return out
  }

  /// Where a value and a period stand.
  private struct Scale {
    var highest: Double, lowest: Double, periods: Double

    init(_ chart: ReportChart) {
      let seen =
        (chart.values + chart.dayBefore).compactMap { $0 } + [chart.usual?.upperBound].compactMap { $0 }
      var most = max(seen.max() ?? 1, 1e-9)
      // A threshold far above all that was seen would press the points to the ground.
      if let limit = chart.limit, limit <= most * 4 { most = max(most, limit) }
      highest = chart.unit == "%" ? min(100, max(most * 1.1, 1)) : most * 1.1
      lowest = min(0, seen.min() ?? 0)
      periods = Double(max(1, chart.values.count))
    }

    func x(_ period: Double) -> Double { left + period / periods * (width - left - right) }
    func y(_ value: Double) -> Double {
      top + plot * (1 - (min(max(value, lowest), highest) - lowest) / (highest - lowest))
    }
  }

  private static func axes(_ chart: ReportChart, _ scale: Scale) -> String {
    var out = ""
    for step in 0...2 {
      let value = scale.lowest + (scale.highest - scale.lowest) * Double(step) / 2
      let y = scale.y(value)
      out +=
        "<line class=\"grid\" x1=\"\(text(left))\" x2=\"\(text(width - right))\" y1=\"\(text(y))\" y2=\"\(text(y))\"/>"
      out += label("\(short(value))\(chart.unit)", x: left - 5, y: y + 4, "note", anchor: "end")
    }
    let count = chart.values.count
    for index in Set([0, count / 2, max(0, count - 1)]).sorted() {
      let time = (chart.start + chart.period * index).formatted(milliseconds: false)
      let anchor = index == 0 ? "start" : index == count / 2 ? "middle" : "end"
      out += label(
        String(time.dropFirst(11).prefix(5)), x: scale.x(Double(index) + 0.5), y: height - 6, "note",
        anchor: anchor)
    }
    return out
  }

  /// A line through the points that there are, broken where there are none.
  private static func line(_ values: [Double?], _ scale: Scale, _ style: String) -> String {
    var path = ""
    var isOpen = false
    for (index, value) in values.enumerated() {
      guard let value else {
        isOpen = false
        continue
      }
      path += "\(isOpen ? "L" : "M")\(text(scale.x(Double(index) + 0.5))) \(text(scale.y(value)))"
      isOpen = true
    }
    return path.isEmpty ? "" : "<path class=\"\(style)\" d=\"\(path)\"/>"
  }

  /// The requests as bars below.
  private static func traffic(_ chart: ReportChart, _ scale: Scale) -> String {
    guard let most = chart.counts.compactMap({ $0 }).max(), most > 0 else { return "" }
    let base = top + plot + gap + bars
    let wide = max(0.6, (width - left - right) / scale.periods - 0.6)
    var out = label("≤ \(short(most))", x: left - 5, y: base - bars / 2 + 4, "note", anchor: "end")
    for (index, count) in chart.counts.enumerated() {
      guard let count, count > 0 else { continue }
      let tall = max(0.5, count / most * bars)
      out +=
        "<rect class=\"traffic\" x=\"\(text(scale.x(Double(index))))\" y=\"\(text(base - tall))\" width=\"\(text(wide))\" height=\"\(text(tall))\"/>"
    }
    return out
  }

  private static func label(
    _ words: String, x: Double, y: Double, _ style: String, anchor: String = "start"
  ) -> String {
    "<text class=\"\(style)\" x=\"\(text(x))\" y=\"\(text(y))\" text-anchor=\"\(anchor)\">\(OutsideText.xml(words))</text>"
  }

  /// A coordinate with one decimal.
  private static func text(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "0" }
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// A value in three digits or so: `0.5`, `12.3`, `1.2k`, `9.3e17`.
  static func short(_ value: Double) -> String {
    let size = abs(value)
    if size >= 1e9 {
      var (mantissa, exponent) = (size, 0)
      while mantissa >= 10 && exponent < 400 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
      return "\(value < 0 ? "-" : "")\(text(mantissa))e\(exponent)"
    }
    if size >= 1e6 { return text(value / 1e6) + "M" }
    if size >= 1e4 { return text(value / 1e3) + "k" }
    return size >= 100 ? text(value.rounded()) : text(value)
  }

  /// The colours of light paper.
  static let style = """
    .paper{fill:#fff}.title{font-weight:600;fill:#1b1f24}.note{fill:#59636e}.grid{stroke:#d8dee4;stroke-width:1}
    .usual{fill:#2da44e;fill-opacity:.16}.line{fill:none;stroke:#0550ae;stroke-width:1.4}.before{fill:none;
    stroke:#8c959f;stroke-width:1;stroke-dasharray:2 3}.point{fill:#0550ae}.severe{fill:#b3261e}
    .traffic{fill:#8c959f}line.limit{stroke:#b3261e;stroke-width:1.2;stroke-dasharray:7 4}text.limit{fill:#b3261e}
    line.deployed{stroke:#1b1f24;stroke-width:1.4}text.deployed{fill:#1b1f24}line.onset{stroke:#8a5a00;
    stroke-width:1.4;stroke-dasharray:2 2}text.onset{fill:#8a5a00}line.decided{stroke:#b3261e;stroke-width:2}
    text.decided{fill:#b3261e}
    """

  /// And those of a dark screen.
  static let dark = """
    @media screen and (prefers-color-scheme:dark){.paper{fill:#0d1117}.title,text.deployed{fill:#e6edf3}
    .note{fill:#9198a1}.grid{stroke:#30363d}.usual{fill:#3fb950;fill-opacity:.22}.line{stroke:#58a6ff}
    .before{stroke:#6e7681}.point{fill:#58a6ff}.severe,text.limit,text.decided{fill:#ff7b72}.traffic{fill:#6e7681}
    line.limit,line.decided{stroke:#ff7b72}line.deployed{stroke:#e6edf3}line.onset{stroke:#d29922}
    text.onset{fill:#d29922}}
    """
}
