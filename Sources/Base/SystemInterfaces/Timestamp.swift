/// A point in time: microseconds since 1970-01-01T00:00:00Z, read and written as RFC 3339.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
  public var microseconds: Int64

  /// The time `microseconds` after 1970-01-01T00:00:00Z.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// The time `seconds` after 1970-01-01T00:00:00Z.
  public init(seconds: Double) { microseconds = Int64((seconds * 1_000_000).rounded()) }

  /// Seconds since 1970-01-01T00:00:00Z.
  public var seconds: Double { Double(microseconds) / 1_000_000 }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

  /// The time `duration` later.
  public static func + (time: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(microseconds: time.microseconds + duration.microseconds)
  }

  /// The time `duration` earlier.
  public static func - (time: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(microseconds: time.microseconds - duration.microseconds)
  }

  /// The time that passed from `right` to `left`.
  public static func - (left: Timestamp, right: Timestamp) -> Duration {
    .microseconds(left.microseconds - right.microseconds)
  }
}

extension Duration {
  /// This length in whole microseconds, rounded towards zero.
  public var microseconds: Int64 {
    // Nine seconds fit 64 bits, whose division is one instruction.
    if let short = Int64(exactly: attoseconds) { return short / 1_000_000_000_000 }
    return components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }

  /// This length in seconds.
  public var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }

  /// As people write it: `30 s`, `5 min`, `1 h 30 min`, `2 d`; parts of a second only below one.
  public var words: String {
    let seconds = inSeconds
    if seconds < 0.9995 { return "\(Int((max(0, seconds) * 1000).rounded())) ms" }
    var rest = Int(min(seconds.rounded(), 1e12))
    var parts: [String] = []
    for (unit, size) in [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)] where rest / size > 0 {
      parts.append("\(rest / size) \(unit)")
      rest %= size
    }
    return parts.prefix(2).joined(separator: " ")
  }
}

// MARK: - RFC 3339

extension Timestamp: CustomStringConvertible, LosslessStringConvertible, Codable {
  /// RFC 3339 in UTC with milliseconds: `2026-11-24T00:22:13.120Z`.
  public var description: String { formatted(milliseconds: true) }

  /// RFC 3339 in UTC: `2026-11-24T00:22:13Z`, with `.120` before the `Z` where `milliseconds` is asked for.
  public func formatted(milliseconds: Bool) -> String {
    let fields = CivilFields(self)
    var text = "\(padded(fields.year, 4))-\(padded(fields.month, 2))-\(padded(fields.day, 2))"
    text += "T\(padded(fields.hour, 2)):\(padded(fields.minute, 2)):\(padded(fields.second, 2))"
    if milliseconds { text += ".\(padded(fields.microsecond / 1000, 3))" }
    return text + "Z"
  }

  /// AWS's basic format in UTC: `20261124T002213Z`.
  public var basicFormat: String {
    let fields = CivilFields(self)
    return "\(padded(fields.year, 4))\(padded(fields.month, 2))\(padded(fields.day, 2))"
      + "T\(padded(fields.hour, 2))\(padded(fields.minute, 2))\(padded(fields.second, 2))Z"
  }

  /// Reads RFC 3339: a date, `T` or a space, a time with optional fraction, `Z` or an offset.
  public init?(_ text: String) {
    var scanner = DigitScanner(text)
    guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
      let day = scanner.number(2), scanner.skip("T", "t", " "), let hour = scanner.number(2),
      scanner.skip(":"),
      let minute = scanner.number(2), scanner.skip(":"), let second = scanner.number(2),
      (1...12).contains(month), day >= 1, day <= CivilFields.days(inMonth: month, year: year), hour < 24,
      minute < 60, second <= 60
    else { return nil }
    var fraction: Int64 = 0
    if scanner.skip(".") {
      guard let micros = scanner.fraction() else { return nil }
      fraction = micros
    }
    var offset: Int64 = 0
    if !scanner.skip("Z", "z") {
      let sign: Int64 = scanner.skip("-") ? -1 : 1
      if sign == 1, !scanner.skip("+") { return nil }
      guard let hours = scanner.number(2), scanner.skip(":"), let minutes = scanner.number(2), hours < 24,
        minutes < 60
      else { return nil }
      offset = sign * Int64(hours * 3600 + minutes * 60)
    }
    guard scanner.isAtEnd else { return nil }
    let days = CivilFields.daysSinceEpoch(year: year, month: month, day: day)
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - offset
    self.init(microseconds: seconds * 1_000_000 + fraction)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time: \(text)")
    }
    self = time
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// A time as year, month, day, hour, minute, second in UTC, proleptic Gregorian.
public struct CivilFields: Hashable, Sendable {
  /// The parts of the date and of the time of day, each in its usual range.
  public var year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, microsecond: Int
  /// 0 is Sunday, 6 is Saturday.
  public var weekday: Int

  /// The fields of `time` in UTC.
  public init(_ time: Timestamp) {
    let (days, rest) = floorDivide(time.microseconds, 86_400_000_000)
    let seconds = Int(rest / 1_000_000)
    (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    microsecond = Int(rest % 1_000_000)
    weekday = Int(floorDivide(days + 4, 7).remainder)
    // Days to civil date by 400-year eras that begin on 1 March.
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    month = Int(monthIndex < 10 ? monthIndex + 3 : monthIndex - 9)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
  }

  /// The number of days of a month.
  public static func days(inMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: return 30
    default: return 31
    }
  }

  /// Days from 1970-01-01 to a date, negative before it.
  public static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let (era, yearOfEra) = floorDivide(shifted, 400)
    let monthIndex = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * monthIndex + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}

private func floorDivide(_ left: Int64, _ right: Int64) -> (quotient: Int64, remainder: Int64) {
  let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
  return remainder < 0 ? (quotient - 1, remainder + right) : (quotient, remainder)
}

private struct DigitScanner {
  private var rest: Substring.UTF8View
  init(_ text: String) { rest = Substring(text).utf8 }
  var isAtEnd: Bool { rest.isEmpty }

  mutating func number(_ width: Int) -> Int? {
    var value = 0
    for _ in 0..<width {
      guard let digit = rest.first, digit >= 48, digit <= 57 else { return nil }
      value = value * 10 + Int(digit - 48)
      rest.removeFirst()
    }
    return value
  }

  /// The fraction of a second in microseconds; further digits are dropped.
  mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var count = 0
    while let digit = rest.first, digit >= 48, digit <= 57 {
      if count < 6 { value = value * 10 + Int64(digit - 48) }
      count += 1
      rest.removeFirst()
    }
    guard count > 0 else { return nil }
    for _ in 0..<max(0, 6 - count) { value *= 10 }
    return value
  }

  mutating func skip(_ characters: Character...) -> Bool {
    guard let first = rest.first, characters.contains(where: { $0.asciiValue == first }) else { return false }
    rest.removeFirst()
    return true
  }
}
