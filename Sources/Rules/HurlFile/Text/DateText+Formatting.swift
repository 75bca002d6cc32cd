import SystemInterfaces

extension DateText {
  /// `date` in UTC by `format`.
  static func text(of date: Timestamp, format: String) throws(EvaluationFailure) -> String {
    let writer = DateWriter(date)
    var text = ""
    for item in try items(format) {
      switch item {
      case .text(let plain): text += plain
      case .field(let specifier, let padding, let modifier): text += writer.text(specifier, padding, modifier)
      }
    }
    return text
  }
}

private struct DateWriter {
  let date: Timestamp
  let fields: CivilFields
  /// From 1.
  let dayOfYear: Int

  init(_ date: Timestamp) {
    self.date = date
    fields = CivilFields(date)
    let day = CivilFields.daysSinceEpoch(year: fields.year, month: fields.month, day: fields.day)
    dayOfYear = Int(day - CivilFields.daysSinceEpoch(year: fields.year, month: 1, day: 1)) + 1
  }

  func text(_ specifier: Unicode.Scalar, _ padding: Unicode.Scalar?, _ modifier: String) -> String {
    let hour12 = (fields.hour + 11) % 12 + 1
    switch specifier {
    case "Y": return padded(fields.year, 4, padding)
    case "C": return padded(fields.year / 100, 2, padding)
    case "y": return padded(fields.year % 100, 2, padding)
    case "G": return padded(isoWeek.year, 4, padding)
    case "g": return padded(isoWeek.year % 100, 2, padding)
    case "V": return padded(isoWeek.week, 2, padding)
    case "m": return padded(fields.month, 2, padding)
    case "q": return String((fields.month + 2) / 3)
    case "b": return String(DateText.months[fields.month - 1].prefix(3))
    case "B": return DateText.months[fields.month - 1]
    case "d": return padded(fields.day, 2, padding)
    case "e": return padded(fields.day, 2, padding ?? "_")
    case "j": return padded(dayOfYear, 3, padding)
    case "a": return String(DateText.weekdays[fields.weekday].prefix(3))
    case "A": return DateText.weekdays[fields.weekday]
    case "w": return String(fields.weekday)
    case "u": return String((fields.weekday + 6) % 7 + 1)
    case "U": return padded((dayOfYear + 6 - fields.weekday) / 7, 2, padding)
    case "W": return padded((dayOfYear + 6 - (fields.weekday + 6) % 7) / 7, 2, padding)
    case "H": return padded(fields.hour, 2, padding)
    case "k": return padded(fields.hour, 2, padding ?? "_")
    case "I": return padded(hour12, 2, padding)
    case "l": return padded(hour12, 2, padding ?? "_")
    case "M": return padded(fields.minute, 2, padding)
    case "S": return padded(fields.second, 2, padding)
    case "p": return fields.hour < 12 ? "AM" : "PM"
    case "P": return fields.hour < 12 ? "am" : "pm"
    case "f": return fraction(modifier)
    case "s": return String(Int64(date.seconds.rounded(.down)))
    case "z": return modifier.hasPrefix(":") ? modifier == "::" ? "+00:00:00" : "+00:00" : "+0000"
    case "Z": return "UTC"
    case "+": return "\(date.formatted(milliseconds: false).dropLast())\(fraction("."))+00:00"
    case "n": return "\n"
    case "t": return "\t"
    default: return "%"
    }
  }

  /// The fraction of the second: nine digits, or as many as asked for; with a dot as many as there are, in threes.
  private func fraction(_ modifier: String) -> String {
    let nanoseconds = padded(fields.microsecond, 6, nil) + "000"
    guard modifier.hasPrefix(".") else { return String(nanoseconds.prefix(Int(modifier) ?? 9)) }
    if let count = Int(modifier.dropFirst()) { return ".\(nanoseconds.prefix(count))" }
    if fields.microsecond == 0 { return "" }
    return ".\(nanoseconds.prefix(fields.microsecond % 1000 == 0 ? 3 : 6))"
  }

  /// ISO 8601: week 1 is the one with the year's first Thursday.
  private var isoWeek: (year: Int, week: Int) {
    let thursday = dayOfYear + 3 - (fields.weekday + 6) % 7
    if thursday < 1 {
      let length = days(inYear: fields.year - 1)
      return (fields.year - 1, (thursday + length - 1) / 7 + 1)
    }
    let length = days(inYear: fields.year)
    return thursday > length ? (fields.year + 1, 1) : (fields.year, (thursday - 1) / 7 + 1)
  }

  private func days(inYear year: Int) -> Int { CivilFields.days(inMonth: 2, year: year) == 29 ? 366 : 365 }

  private func padded(_ number: Int, _ width: Int, _ padding: Unicode.Scalar?) -> String {
    let digits = String(number)
    if padding == "-" { return digits }
    return String(repeating: padding == "_" ? " " : "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
